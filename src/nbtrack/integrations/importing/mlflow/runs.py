"""Runs of MLflow as ours: which of its tags have a place of their own here, and how values read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.events import InputRead, ParamValue, Status
from nbtrack.integrations.importing.mlflow.artifacts import below
from nbtrack.integrations.importing.mlflow.records import (
    PARENT_TAG,
    LoggedModel,
    MlflowDataset,
    MlflowRun,
    MlflowStore,
    Points,
)
from nbtrack.integrations.importing.source import Curve, Omissions, SourceFile, SourceRun

_STATUS: dict[str, Status] = {
    "RUNNING": "running",
    "SCHEDULED": "running",
    "FINISHED": "finished",
    "FAILED": "failed",
    "KILLED": "killed",
}
# Tags that say what a run of ours says elsewhere.
NAME_TAG, NOTE_TAG, USER_TAG, PROGRAM_TAG = (
    "mlflow.runName",
    "mlflow.note.content",
    "mlflow.user",
    "mlflow.source.name",
)
CONTEXT_TAG = "mlflow.data.context"
# The fact and the roles of texts under which what MLflow shows is found for the way back.
RUN_ID_FACT = "mlflow.run_id"
STATUS_FACT = "mlflow.status"
MODEL_ROLE = "mlflow.logged_model:"
# Fields of a data set that ours has in another form, as tags of the input.
DATASET_TAGS = ("name", "source_type", "source", "schema", "profile")

# What MLflow's databases hold for an infinity, and its servers tell.
_LARGEST = 1.7976931348623157e308

_INTEGER = re.compile(r"-?(0|[1-9]\d{0,17})")
_FLOAT = re.compile(r"-?(\d+\.\d*|\.\d+|\d+)([eE][-+]?\d+)?")


class MlflowSource:
    """An MLflow store as a source of runs."""

    def __init__(self, store: MlflowStore, title: str, *, artifacts: bool) -> None:
        self.title = title
        self._store = store
        self._artifacts = artifacts

    @property
    def omissions(self) -> Omissions:
        """The store's."""
        return self._store.omissions

    def count(self) -> int | None:
        """The store's."""
        return self._store.count()

    def runs(self, is_there: Callable[[str], bool]) -> Iterator[SourceRun]:
        """In the store's order."""
        for run in self._store.runs(lambda run_id: is_there(run_identity(run_id))):
            if run.experiment:
                yield self._translated(run)
            else:
                yield SourceRun(run_identity(run.run_id), "", "", 0)

    def _translated(self, run: MlflowRun) -> SourceRun:
        started_us = (run.start_ms or 0) * 1000
        tags = dict(run.tags)
        parent = tags.pop(PARENT_TAG, None)
        name = tags.pop(NAME_TAG, "") or run.name
        note = tags.pop(NOTE_TAG, "")
        user = tags.pop(USER_TAG, "") or run.user
        program = tags.pop(PROGRAM_TAG, "")
        facts = {RUN_ID_FACT: run.run_id}
        if run.status not in ("RUNNING", "FINISHED", "FAILED", "KILLED"):
            facts[STATUS_FACT] = run.status
        paths = _model_paths(run.models)
        return SourceRun(
            identity=run_identity(run.run_id),
            name=name,
            experiment=run.experiment,
            started_us=started_us,
            ended_us=None if run.end_ms is None else run.end_ms * 1000,
            status=_STATUS.get(run.status, "finished"),
            parent=run_identity(parent) if parent else None,
            user=user,
            program=program,
            note=note,
            is_deleted=run.is_deleted,
            params={key: read_param_text(text) for key, text in run.params.items()},
            tags=tags,
            facts=facts,
            texts={
                f"{MODEL_ROLE}{path}": _described(model)
                for path, model in zip(paths, run.models, strict=True)
            },
            inputs=_inputs(run.datasets),
            curves=map(_curve, run.points()),
            files=self._files(run, paths) if self._artifacts else (),
        )

    def _files(self, run: MlflowRun, paths: list[str]) -> Iterator[SourceFile]:
        yield from run.files()
        for path, model in zip(paths, run.models, strict=True):
            yield from below(path, model.files())


def run_identity(run_id: str) -> str:
    """MLflow's ids are random: one names its run wherever the store is, and was copied to."""
    return f"mlflow:{run_id}"


def read_param_text(text: str) -> ParamValue:
    """A param as what it reads like, since MLflow keeps all as text; the text stays as it is."""
    if _INTEGER.fullmatch(text):
        return ParamValue("int", text)
    if _FLOAT.fullmatch(text):
        return ParamValue("float", text)
    if text in ("True", "False"):
        return ParamValue("bool", text)
    return ParamValue("str", text)


def _curve(points: Points) -> Curve:
    import numpy as np

    key, times_ms, values, steps = points
    try:
        step, time = np.array(steps, np.int64), np.array(times_ms, np.int64)
    except OverflowError as error:
        raise InvalidValue(f"The metric {key!r} has a step that is no 64-bit integer.") from error
    value = np.array(values, np.float64)
    is_infinite = np.abs(value) >= _LARGEST
    if is_infinite.any():
        value[is_infinite] = np.copysign(np.inf, value[is_infinite])
    if (step[1:] > step[:-1]).all():
        return Curve(key, step, time * 1000, value)
    # MLflow's last point is the greatest (step, time, value). Ours have microseconds, so that
    # those of one millisecond keep an order.
    order = np.lexsort((value, time, step))
    step, time, value = step[order], time[order], value[order]
    is_new = np.ones(len(step), bool)
    is_new[1:] = (step[1:] != step[:-1]) | (time[1:] != time[:-1])
    places = np.arange(len(step))
    rank = places - np.maximum.accumulate(np.where(is_new, places, 0))
    return Curve(key, step, time * 1000 + np.minimum(rank, 999), value)


def _inputs(datasets: list[MlflowDataset]) -> list[InputRead]:
    found: dict[str, InputRead] = {}
    for dataset in datasets:
        tags = dict(dataset.tags)
        context = tags.pop(CONTEXT_TAG, "")
        for field in DATASET_TAGS:
            text = getattr(dataset, field)
            if text:
                tags[f"mlflow.{field}"] = text
        # Ours are told apart by name in a run, MLflow's by digest, too.
        name = dataset.name if dataset.name not in found else f"{dataset.name} {dataset.digest}"
        found[name] = InputRead(
            ts=0,
            run="",
            name=name,
            kind=dataset.source_type or "data",
            digest=dataset.digest,
            shape=_shape(dataset.profile),
            schema=_schema(dataset.schema),
            source=_address(dataset.source),
            note="MLflow's digest",
            context=context,
            tags=tags,
        )
    return list(found.values())


def _schema(text: str) -> str:
    """MLflow's list of columns as ours: name to type."""
    columns = _json(text).get("mlflow_colspec")
    if not isinstance(columns, list):
        return ""
    named = {
        str(column.get("name", index)): str(column.get("type", ""))
        for index, column in enumerate(columns)
        if isinstance(column, dict)
    }
    return json.dumps(named)


def _shape(text: str) -> str:
    found = _json(text)
    rows, elements = found.get("num_rows"), found.get("num_elements")
    if isinstance(rows, int) and isinstance(elements, int) and rows:
        return str((rows, elements // rows))
    return ""


def _address(text: str) -> str:
    found = _json(text)
    for key in ("uri", "url", "path"):
        if isinstance(found.get(key), str):
            return str(found[key])
    return ""


def _json(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _model_paths(models: list[LoggedModel]) -> list[str]:
    """Where each is kept in its run: under its name, and a second of that name with its id."""
    paths: list[str] = []
    for model in models:
        name = model.name.strip("/") or model.model_id
        paths.append(name if name not in paths else f"{name}-{model.model_id}")
    return paths


def _described(model: LoggedModel) -> str:
    fields = ("model_id", "name", "created_ms", "updated_ms", "status", "model_type", "params")
    return json.dumps({field: getattr(model, field) for field in (*fields, "tags", "step")})
