"""Runs and logged models of MLflow as ours: which of its tags have a place of their own here."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from nbtrack.errors import InvalidValue
from nbtrack.events import ModelMeasured, ModelUsed, Status
from nbtrack.integrations.importing.mlflow.stores import MlflowStore
from nbtrack.integrations.importing.source import Curve, Omissions, SourceModel, SourceRun
from nbtrack.integrations.mlflow_entities.datasets import input_of
from nbtrack.integrations.mlflow_entities.records import LoggedModel, MlflowRun, Points
from nbtrack.integrations.mlflow_entities.tags import (
    COMMIT,
    END,
    GIT_COMMIT,
    NAME,
    NOTE,
    PARENT,
    RUN_ID,
    SOURCE,
    USER,
    model_number,
    param_of,
)

_STATUS: dict[str, Status] = {
    "RUNNING": "running",
    "SCHEDULED": "scheduled",
    "FINISHED": "finished",
    "FAILED": "failed",
    "KILLED": "killed",
}
# What MLflow's databases hold for an infinity, and its servers tell.
_LARGEST = 1.7976931348623157e308


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
        told: set[str] = set()
        for run in self._store.runs(lambda run_id: is_there(run_identity(run_id))):
            told.add(run.run_id)
            if run.experiment:
                yield self._translated(run, told)
            else:
                yield SourceRun(run_identity(run.run_id), "", "", 0)

    def models_of_no_run(self) -> Iterator[SourceModel]:
        """The logged models that nothing which `runs` tells is the source of."""
        for model in self._store.models_of_no_run():
            if model.run_id is not None:
                self.omissions.omit("runs of logged models that are gone")
            yield from self._models([model])

    def _translated(self, run: MlflowRun, told: set[str]) -> SourceRun:
        started_us = (run.start_ms or 0) * 1000
        tags = dict(run.tags)
        # Its id is another one here, so that it is told by the run's parent; one that is not
        # among the runs stays as it was called.
        parent = tags.pop(PARENT) if tags.get(PARENT) in told else None
        name = tags.pop(NAME, "") or run.name
        note = tags.pop(NOTE, "")
        status = _STATUS.get(run.status, "finished")
        facts = {RUN_ID: run.run_id}
        if COMMIT in tags:
            facts[GIT_COMMIT] = tags[COMMIT]
        if (run.end_ms is None) != (status in ("running", "scheduled")):
            facts[END] = "" if run.end_ms is None else str(run.end_ms)
        return SourceRun(
            identity=run_identity(run.run_id),
            name=name,
            experiment=run.experiment,
            started_us=started_us,
            ended_us=None if run.end_ms is None else run.end_ms * 1000,
            status=status,
            parent=run_identity(parent) if parent else None,
            user=run.user or tags.get(USER, ""),
            program=tags.get(SOURCE, ""),
            note=note,
            is_deleted=run.is_deleted,
            params={key: param_of(text) for key, text in run.params.items()},
            tags=tags,
            facts=facts,
            inputs=[input_of(dataset) for dataset in run.datasets],
            models=list(self._models(run.models)),
            uses=list(self._uses(run)),
            measured=list(self._measured(run)),
            curves=map(_curve, run.points()),
            files=run.files() if self._artifacts else (),
        )

    def _models(self, models: list[LoggedModel]) -> Iterator[SourceModel]:
        for model in models:
            if number := self._number(model.model_id):
                yield SourceModel(
                    number,
                    model.name,
                    model.experiment,
                    model.created_ms * 1000,
                    model.updated_ms * 1000,
                    model.status,
                    model.is_deleted,
                    model.model_type,
                    model.params,
                    model.tags,
                    model.files() if self._artifacts else (),
                )

    def _uses(self, run: MlflowRun) -> Iterator[ModelUsed]:
        for model_id in run.read:
            if number := self._number(model_id):
                yield ModelUsed(0, "", number, "input")
        for model_id, step in run.made:
            if number := self._number(model_id):
                yield ModelUsed(0, "", number, "output", step)

    def _measured(self, run: MlflowRun) -> Iterator[ModelMeasured]:
        for each in run.measured:
            if number := self._number(each.model_id):
                value = repr(_unbounded(each.value))
                yield ModelMeasured(
                    0,
                    number,
                    "",
                    each.key,
                    value,
                    each.step,
                    each.time_ms * 1000,
                    each.data,
                    each.digest,
                )

    def _number(self, model_id: str) -> str | None:
        number = model_number(model_id)
        if number is None:
            self.omissions.omit("logged models whose id is none of MLflow's")
        return number


def run_identity(run_id: str) -> str:
    """MLflow's ids are random: one names its run wherever the store is, and was copied to."""
    return f"mlflow:{run_id}"


def _unbounded(value: float) -> float:
    """``value``, and infinity where MLflow's databases hold the greatest float for it."""
    return math.copysign(math.inf, value) if abs(value) >= _LARGEST else value


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
    # MLflow's last point is the greatest (step, time, value), with NaN as zero. Ours have
    # microseconds, so that those of one millisecond keep an order.
    order = np.lexsort((np.where(np.isnan(value), 0.0, value), time, step))
    step, time, value = step[order], time[order], value[order]
    is_new = np.ones(len(step), bool)
    is_new[1:] = (step[1:] != step[:-1]) | (time[1:] != time[:-1])
    places = np.arange(len(step))
    rank = places - np.maximum.accumulate(np.where(is_new, places, 0))
    return Curve(key, step, time * 1000 + np.minimum(rank, 999), value)
