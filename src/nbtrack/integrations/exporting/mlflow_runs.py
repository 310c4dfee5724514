"""Runs of ours in MLflow's words: the way back from `importing.mlflow.runs`."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from nbtrack.integrations.importing.mlflow.records import (
    PARENT_TAG,
    LoggedModel,
    MlflowDataset,
    MlflowRun,
    Points,
)
from nbtrack.integrations.importing.mlflow.runs import (
    CONTEXT_TAG,
    MODEL_ROLE,
    NAME_TAG,
    NOTE_TAG,
    PROGRAM_TAG,
    RUN_ID_FACT,
    STATUS_FACT,
    USER_TAG,
)
from nbtrack.integrations.importing.source import SourceFile
from nbtrack.tracking.files.places import artifacts_of

if TYPE_CHECKING:
    import pyarrow

    from nbtrack.artifacts import Artifacts
    from nbtrack.store import Store, StoredModel

# What MLflow's file store writes for the states of a logged model.
_MODEL_STATUS = {"pending": 1, "ready": 2, "failed": 3}
# What MLflow takes as a key: it may be the path of a file.
_NOT_IN_KEYS = re.compile(r"[^\w.\- :/]")
_MAX_PARAM_CHARS = 6_000
# What becomes the name of a folder.
_RUN_ID = re.compile(r"[0-9a-f]{32}")
_MODEL_ID = re.compile(r'"model_id": "m-[0-9a-f]{32}"')


class InMlflowsWords:
    """Runs of a store as MLflow's; what has no place there is counted in ``omitted``."""

    def __init__(self, store: Store) -> None:
        self.omitted: Counter[str] = Counter()
        self.remarks: dict[str, None] = {}
        self._store = store
        self._artifacts: Artifacts = artifacts_of(store)

    def some(self, run_ids: Sequence[str]) -> Iterator[tuple[str, MlflowRun]]:
        """Runs with their ids here, in the order of their start. Parents are named by ids here."""
        from nbtrack.store import EXPORTED, exported_table, stored_models

        tables = {name: exported_table(self._store, name, run_ids) for name in EXPORTED}
        metrics = tables.pop("metrics")
        rows = {name: _by_run(table) for name, table in tables.items()}
        points = _points_by_run(metrics)
        logged: dict[str | None, list[StoredModel]] = defaultdict(list)
        experiments = sorted({run["experiment"] for [run] in rows["runs"].values()})
        for model in stored_models(self._store, experiments=experiments):
            if not model.deleted:
                logged[model.run_id].append(model)
        for run_id in run_ids:
            if run_id in rows["runs"]:
                yield run_id, self._run(run_id, rows, logged[run_id], points.get(run_id, []))

    def _run(
        self,
        run_id: str,
        rows: dict[str, dict[str, list[dict[str, Any]]]],
        logged: list[StoredModel],
        points: list[Points],
    ) -> MlflowRun:
        [run] = rows["runs"][run_id]
        facts = {row["key"]: row["value"] for row in rows["facts"].get(run_id, ())}
        tags = {self._key(r["key"]): r["value"] for r in rows["tags"].get(run_id, ())}
        for key, text in (
            (NAME_TAG, run["name"]),
            (NOTE_TAG, run["note"]),
            (USER_TAG, run["user"]),
            (PROGRAM_TAG, run["source"]),
            (PARENT_TAG, run["parent_id"]),
        ):
            if text:
                tags[key] = text
        models: dict[str, str] = {}
        for row in rows["texts"].get(run_id, ()):
            if row["role"].startswith(MODEL_ROLE) and _MODEL_ID.search(row["text"]):
                models[row["role"].removeprefix(MODEL_ROLE)] = row["text"]
            else:
                self.omitted["texts"] += 1
        self.omitted["verdicts"] += run["verdict"] is not None
        self.omitted["facts"] += sum(1 for key in facts if not key.startswith(("mlflow.", "imp")))
        files = rows["artifacts"].get(run_id, [])
        here = [model for model in logged if not model.location]
        self.omitted["logged models whose files are elsewhere"] += len(logged) - len(here)
        folders = [*models, *(model.path for model in here)]
        return MlflowRun(
            known if _RUN_ID.fullmatch(known := facts.get(RUN_ID_FACT, "")) else run_id,
            run["experiment"],
            name=run["name"],
            user=run["user"] or "",
            status=facts.get(STATUS_FACT) or run["status"].upper(),
            start_ms=_ms(run["started"]),
            end_ms=_ms(run["ended"]),
            is_deleted=run["deleted"],
            params=self._params(rows["params"].get(run_id, [])),
            tags=tags,
            datasets=[_dataset(row) for row in rows["inputs"].get(run_id, ())],
            models=[
                *(self._model(path, text, files) for path, text in models.items()),
                *(self._logged(model, files) for model in here),
            ],
            points=partial(self._keyed, points),
            files=partial(
                self._files, [file for file in files if not _is_below(file["path"], folders)]
            ),
        )

    def _params(self, rows: list[dict[str, Any]]) -> dict[str, str]:
        found = {}
        for row in rows:
            text = row["value"] if row["type"] != "none" else "None"
            if len(text) > _MAX_PARAM_CHARS:
                self.omitted["ends of params that MLflow finds too long"] += 1
            found[self._key(row["key"])] = text[:_MAX_PARAM_CHARS]
        return found

    def _keyed(self, points: list[Points]) -> Iterator[Points]:
        for key, times, values, steps in points:
            yield self._key(key), times, values, steps

    def _key(self, key: str) -> str:
        """``key``, or the nearest that MLflow takes."""
        parts = [part for part in _NOT_IN_KEYS.sub("_", key).split("/") if part]
        fit = "/".join("_" if part in (".", "..") else part for part in parts)[:250] or "_"
        if fit != key:
            self.remarks[f"{key!r} is {fit!r} there: MLflow takes no such key"] = None
        return fit

    def _model(self, path: str, text: str, files: list[dict[str, Any]]) -> LoggedModel:
        told = json.loads(text)
        below = [file for file in files if _is_below(file["path"], [path])]
        return LoggedModel(**told, files=partial(self._files, below, within=path))

    def _logged(self, model: StoredModel, files: list[dict[str, Any]]) -> LoggedModel:
        self.omitted["ties of metrics to logged models"] += len(model.metrics)
        below = [file for file in files if _is_below(file["path"], [model.path])]
        return LoggedModel(
            f"m-{model.model_id}",
            model.name,
            model.created_ms,
            model.changed_ms,
            _MODEL_STATUS[model.status],
            model.kind,
            model.params,
            model.tags,
            files=partial(self._files, below, within=model.path),
        )

    def _files(self, files: list[dict[str, Any]], within: str = "") -> Iterator[SourceFile]:
        for file in files:
            path = file["path"].removeprefix(f"{within}/") if within else file["path"]
            yield SourceFile(path, partial(self._artifacts.read, file["digest"]))


def _is_below(path: str, folders: Any) -> bool:
    return any(path.startswith(f"{folder}/") for folder in folders)


def _by_run(table: pyarrow.Table) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in table.to_pylist():
        found[row["run_id"]].append(row)
    return found


def _points_by_run(metrics: pyarrow.Table) -> dict[str, list[Points]]:
    """The points of each run by key; the table is sorted by both."""
    import numpy as np

    found: dict[str, list[Points]] = {}
    if not metrics.num_rows:
        return found
    runs, keys = metrics["run_id"].to_numpy(), metrics["key"].to_numpy()
    starts = np.flatnonzero((runs[1:] != runs[:-1]) | (keys[1:] != keys[:-1])) + 1
    edges = [0, *starts.tolist(), len(runs)]
    times = metrics["ts"].cast("int64").to_numpy() // 1000
    values, steps = metrics["value"].to_numpy(), metrics["step"].to_numpy()
    for start, end in pairwise(edges):
        part = slice(start, end)
        points = (keys[start], times[part].tolist(), values[part].tolist(), steps[part].tolist())
        found.setdefault(runs[start], []).append(points)
    return found


def _dataset(row: dict[str, Any]) -> MlflowDataset:
    tags = json.loads(row["tags"] or "{}")
    # What a run under MLflow told of it stands beside what is ours.
    told = json.loads(row["profile"]) if row["source_type"] else {}
    schema = tags.pop("mlflow.schema", told.get("schema") or "")
    if not schema and row["schema"]:
        # Ours, in the form in which MLflow's interface shows columns.
        columns = json.loads(row["schema"])
        schema = json.dumps(
            {"mlflow_colspec": [{"name": n, "type": str(t)} for n, t in columns.items()]}
        )
    found = {
        "name": tags.pop("mlflow.name", row["name"]),
        "source_type": tags.pop("mlflow.source_type", row["source_type"] or "local"),
        "source": tags.pop(
            "mlflow.source",
            row["source"] if row["source_type"] else json.dumps({"uri": row["source"] or ""}),
        ),
        "profile": tags.pop("mlflow.profile", told.get("profile") or ""),
    }
    if row["context"]:
        tags[CONTEXT_TAG] = row["context"]
    # MLflow takes 36 characters of a digest.
    return MlflowDataset(**found, digest=row["digest"][:36], schema=schema, tags=tags)


def _ms(time: Any) -> int | None:
    import datetime

    if time is None:
        return None
    since = time.replace(tzinfo=datetime.UTC) - datetime.datetime.fromtimestamp(0, datetime.UTC)
    return int(since // datetime.timedelta(milliseconds=1))
