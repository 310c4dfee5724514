"""What is here in MLflow's words: the way back from `importing.mlflow`, with the same records."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from nbtrack.integrations.importing.source import SourceFile
from nbtrack.integrations.mlflow_entities.datasets import dataset_of
from nbtrack.integrations.mlflow_entities.records import (
    LoggedModel,
    Measured,
    MlflowExperiment,
    MlflowRun,
    Points,
)
from nbtrack.integrations.mlflow_entities.tags import (
    END,
    EXPERIMENT_LOCATION,
    FACTS,
    RUN_ID,
    run_tags,
)
from nbtrack.tracking.files.places import artifacts_of

if TYPE_CHECKING:
    import pyarrow

    from nbtrack.artifacts import Artifacts
    from nbtrack.store import ModelPoint, Store, StoredModel, WholeRun

# What MLflow takes as a key: it may be the path of a file.
_NOT_IN_KEYS = re.compile(r"[^\w.\- :/]")
_MAX_PARAM_CHARS = 6_000
# What becomes the name of a folder.
_RUN_ID = re.compile(r"[0-9a-f]{32}")

File = dict[str, Any]


class InMlflowsWords:
    """What a store has as MLflow's; what has no place there is counted in ``omitted``."""

    def __init__(self, store: Store) -> None:
        self.omitted: Counter[str] = Counter()
        self.remarks: dict[str, None] = {}
        self._store = store
        self._artifacts: Artifacts = artifacts_of(store)

    def experiments(self, names: Sequence[str] | None = None) -> list[MlflowExperiment]:
        """All experiments, or those of these names, by number."""
        rows = self._store.query(
            "SELECT number, name, deleted, location, epoch_ms(created) AS created, "
            "epoch_ms(changed) AS changed FROM experiments ORDER BY number",
        ).to_pylist()
        tags: dict[int, dict[str, str]] = defaultdict(dict)
        for row in self._store.query("SELECT number, key, value FROM experiment_tags").to_pylist():
            tags[row["number"]][row["key"]] = row["value"]
        return [
            MlflowExperiment(
                str(row["number"]),
                row["name"],
                tags[row["number"]].pop(EXPERIMENT_LOCATION, row["location"]),
                row["created"],
                row["changed"],
                row["deleted"],
                tags[row["number"]],
            )
            for row in rows
            if names is None or row["name"] in names
        ]

    def runs(self, run_ids: Sequence[str]) -> Iterator[tuple[str, MlflowRun]]:
        """Runs with their ids here, in the order that is given. Parents are named by ids here."""
        from nbtrack.store import exported_table, measured_by, stored_models, whole_runs

        self._count_what_stays(run_ids)
        points = _points_by_run(exported_table(self._store, "metrics", run_ids))
        files = _by_run(exported_table(self._store, "artifacts", run_ids))
        measured = measured_by(self._store, run_ids)
        models: dict[str | None, list[StoredModel]] = defaultdict(list)
        for model in stored_models(self._store, run_ids=run_ids):
            models[model.run_id].append(model)
        for run in whole_runs(self._store, run_ids, facts=FACTS, with_metrics=False):
            yield (
                run.run_id,
                self._run(
                    run,
                    models[run.run_id],
                    points.get(run.run_id, []),
                    files.get(run.run_id, []),
                    measured.get(run.run_id, []),
                ),
            )

    def models_of_no_run(self) -> Iterator[LoggedModel]:
        """The logged models that no run is the source of."""
        from nbtrack.store import exported_table, stored_models

        for model in stored_models(self._store, run_ids=[], with_none=True):
            kept = exported_table(self._store, "artifacts", [model.model_id]).to_pylist()
            yield self._model(model, None, kept)

    def _count_what_stays(self, run_ids: Sequence[str]) -> None:
        """What MLflow has no place for, and what it has another for, by kind."""
        found = self._store.query(
            "WITH page AS (SELECT unnest($runs::VARCHAR[])::UUID AS run_id) "
            "SELECT (SELECT count(*) FROM texts SEMI JOIN page USING (run_id)) AS texts, "
            "(SELECT count(verdict) FROM all_runs SEMI JOIN page USING (run_id)) AS verdicts, "
            "(SELECT count(*) FROM facts SEMI JOIN page USING (run_id) WHERE NOT "
            "(starts_with(key, 'mlflow.') OR starts_with(key, 'imported.'))) AS facts",
            {"runs": list(run_ids)},
        )
        [counts] = found.to_pylist()
        self.omitted.update(counts)

    def _run(
        self,
        run: WholeRun,
        stored: list[StoredModel],
        points: list[Points],
        files: list[File],
        measured: list[tuple[str, ModelPoint]],
    ) -> MlflowRun:
        told_id = run.facts.get(RUN_ID, "")
        run_id = told_id if _RUN_ID.fullmatch(told_id) else run.run_id
        end = run.facts.get(END)
        folders = [model.path for model in stored if not model.location]
        return MlflowRun(
            run_id,
            run.experiment,
            name=run.name,
            user=run.user,
            status=run.status.upper(),
            start_ms=run.started_ms,
            end_ms=run.ended_ms if end is None else int(end) if end else None,
            is_deleted=run.deleted,
            params=self._params(run.params),
            tags={self._key(key): text for key, text in run_tags(run).items()},
            datasets=[dataset_of(read) for read in run.inputs],
            models=[self._model(model, run_id, files) for model in stored],
            read=[f"m-{use.model_id}" for use in run.models if use.role == "input"],
            made=[(f"m-{use.model_id}", use.step) for use in run.models if use.role == "output"],
            measured=[
                Measured(
                    f"m-{model_id}",
                    self._key(point.key),
                    point.value,
                    point.step,
                    point.ts_ms,
                    point.data,
                    point.digest,
                )
                for model_id, point in measured
            ],
            points=partial(self._keyed, points),
            files=partial(
                self._files, [file for file in files if not _is_below(file["path"], folders)]
            ),
        )

    def _params(self, params: Mapping[str, str]) -> dict[str, str]:
        found = {}
        for key, text in params.items():
            if len(text) > _MAX_PARAM_CHARS:
                self.omitted["ends of params that MLflow finds too long"] += 1
            found[self._key(key)] = text[:_MAX_PARAM_CHARS]
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

    def _model(self, model: StoredModel, run_id: str | None, files: list[File]) -> LoggedModel:
        if model.location:
            self.omitted["files of logged models that are elsewhere"] += 1
            files = []
        folder = [model.path] if model.path else []
        below = [file for file in files if not folder or _is_below(file["path"], folder)]
        return LoggedModel(
            f"m-{model.model_id}",
            model.name,
            model.experiment,
            run_id,
            model.created_ms,
            model.changed_ms,
            model.status,  # type: ignore[arg-type]
            model.kind,
            model.params,
            model.tags,
            partial(self._files, below, within=model.path),
            model.deleted,
        )

    def _files(self, files: list[File], within: str = "") -> Iterator[SourceFile]:
        start = len(within) + 1 if within else 0
        for file in files:
            read = partial(self._artifacts.read, file["digest"])
            yield SourceFile(file["path"][start:], read)


def another_there(name: str, version: int) -> str:
    """What is said where a version of that number is another run's there."""
    return (
        f"version {version} of {name!r} is another one there; rename the model in one of the two, "
        "and export again"
    )


def _is_below(path: str, folders: Sequence[str]) -> bool:
    return any(path.startswith(f"{folder}/") for folder in folders)


def _by_run(table: pyarrow.Table) -> dict[str, list[File]]:
    found: dict[str, list[File]] = {}
    for row in table.to_pylist():
        found.setdefault(row["run_id"], []).append(row)
    return found


def _points_by_run(metrics: pyarrow.Table) -> dict[str, list[Points]]:
    """The curves of each run; the table is sorted by run and key."""
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
