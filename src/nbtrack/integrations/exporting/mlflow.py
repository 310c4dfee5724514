"""Runs, models and experiments of a store, written into one of MLflow's."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from nbtrack.artifacts.progress import progress_of
from nbtrack.errors import InvalidValue
from nbtrack.integrations.exporting.chosen import portions
from nbtrack.integrations.exporting.mlflow_runs import InMlflowsWords
from nbtrack.integrations.importing.mlflow.artifacts import local_path
from nbtrack.integrations.mlflow_entities.origins import Origin, origin_of
from nbtrack.integrations.mlflow_entities.records import (
    LoggedModel,
    Measured,
    MlflowExperiment,
    MlflowModel,
    MlflowRun,
    MlflowVersion,
)
from nbtrack.integrations.mlflow_entities.tags import PARENT
from nbtrack.integrations.report import Report
from nbtrack.registry.finding import find_versions
from nbtrack.registry.records import NO_RUN
from nbtrack.registry.registry import Registry

if TYPE_CHECKING:
    from nbtrack.registry.records import ModelVersion, RegisteredModel
    from nbtrack.store import Store

_LOGGED = "models:/"
SQL_SCHEMES = ("sqlite", "postgresql", "mysql", "mssql")


class MlflowTarget(Protocol):
    """A store of MLflow's that is written to. What is there is left as it is.

    Experiments come first, then runs with their models, then what was measured of these, and
    registered models. ``remarks`` are sentences on what could not be written.
    """

    remarks: list[str]

    def put_experiment(self, experiment: MlflowExperiment) -> bool:
        """Write an experiment, active as yet; whether it is new."""
        ...

    def run_id_of(self, run: MlflowRun) -> str | None:
        """The id of the run there, or ``None``."""
        ...

    def put_run(self, run: MlflowRun) -> str:
        """Write a run with the models that it is the source of; its id there."""
        ...

    def put_model_of_no_run(self, model: LoggedModel) -> bool:
        """Write a logged model; whether it is new."""
        ...

    def put_measured(self, model_id: str, measured: Sequence[tuple[str, Measured]]) -> None:
        """Write what runs, by their ids there, measured of a logged model."""
        ...

    def put_registered(self, model: MlflowModel) -> int:
        """Write what is new of a registered model; how many versions are."""
        ...

    def address_of(self, run: MlflowRun, run_id: str, path: str) -> str:
        """Where the files below ``path`` of a run are."""
        ...

    def model_id_of(self, model_id: str) -> str:
        """The id there of a logged model."""
        ...

    def finish(self) -> None:
        """Send to the trash what is there in the store that is written from."""
        ...


def open_target(uri: str) -> MlflowTarget:
    """The store at an address. Raises `InvalidValue` for one that cannot be written to."""
    parts = urlsplit(uri)
    if parts.scheme in ("http", "https"):
        from nbtrack.integrations.exporting.mlflow_server import ServerTarget

        return ServerTarget(uri)
    if parts.scheme.partition("+")[0] in SQL_SCHEMES:
        from nbtrack.integrations.exporting.mlflow_sql import SqlTarget

        return SqlTarget(uri)
    if parts.scheme in ("", "file") or len(parts.scheme) == 1:
        from nbtrack.integrations.exporting.mlflow_files import FileTarget

        return FileTarget(Path(local_path(uri)))
    raise InvalidValue(
        f"{uri!r} is no address that nbtrack writes to: a folder, sqlite:///file, postgresql://…, "
        "mysql://…, mssql://…, http://… or https://…"
    )


@dataclass(slots=True)
class _Written:
    """What is there: runs by their ids here, and what of them the registry needs."""

    runs: dict[str, tuple[str, MlflowRun]] = field(default_factory=dict)
    # The logged model that a run keeps under a path.
    models: dict[tuple[str, str], str] = field(default_factory=dict)
    measured: dict[str, list[tuple[str, Measured]]] = field(default_factory=dict)


def export_runs(
    store: Store,
    target: MlflowTarget,
    title: str,
    run_ids: Sequence[str],
    *,
    is_all: bool,
    registry: bool,
) -> Report:
    """Write runs that are not in ``target`` yet, the oldest first, then registered models.

    With ``is_all`` also experiments and logged models that no run is in, or of.
    """
    report = Report("exported", title)
    words = InMlflowsWords(store)
    written = _Written()
    names = None if is_all else _experiments_of(store, run_ids)
    for experiment in words.experiments(names):
        report.carried["experiments"] += target.put_experiment(experiment)
    with progress_of("Exporting runs", len(run_ids), unit="runs") as told:
        for some in portions(run_ids):
            for ours, run in words.runs(some):
                _put_run(ours, run, target, written, report)
                told(1)
    if is_all:
        for model in words.models_of_no_run():
            report.carried["logged models"] += target.put_model_of_no_run(model)
    for model_id, measured in written.measured.items():
        target.put_measured(model_id, measured)
    report.not_carried += words.omitted
    report.remarks += words.remarks
    if registry:
        for registered in _registered(store, target, written, report):
            report.carried["registered models"] += 1
            report.carried["versions"] += target.put_registered(registered)
    target.finish()
    report.remarks += target.remarks
    return report


def _experiments_of(store: Store, run_ids: Sequence[str]) -> list[str]:
    found = store.query(
        "SELECT DISTINCT experiment FROM all_runs "
        "WHERE run_id IN (SELECT unnest($runs::VARCHAR[])::UUID)",
        {"runs": list(run_ids)},
    )
    names: list[str] = found["experiment"].to_pylist()
    return names


def _put_run(
    ours: str, run: MlflowRun, target: MlflowTarget, written: _Written, report: Report
) -> None:
    # A parent was written before, and may be called otherwise there.
    if (parent := run.tags.get(PARENT)) in written.runs:
        run.tags[PARENT] = written.runs[str(parent)][0]
    there = target.run_id_of(run)
    if there is None:
        there = target.put_run(run)
        report.runs += 1
        for what in ("params", "tags", "datasets"):
            report.carried[what] += len(getattr(run, what))
        report.carried["logged models"] += len(run.models)
        report.carried["measurements of models"] += len(run.measured)
    else:
        report.already_there += 1
    for each in run.measured:
        written.measured.setdefault(each.model_id, []).append((there, each))
    written.runs[ours] = there, MlflowRun(run.run_id, run.experiment)


def _registered(
    store: Store, target: MlflowTarget, written: _Written, report: Report
) -> Iterator[MlflowModel]:
    from nbtrack.store import model_changes, stored_models, version_origins

    registry = Registry(store.path)
    written.models = {
        (model.run_id or "", model.path): f"m-{model.model_id}" for model in stored_models(store)
    }
    changed = {row["name"]: row for row in model_changes(store).to_pylist()}
    told = {(row["name"], row["version"]): row for row in version_origins(store).to_pylist()}
    for row in registry.search_registered_models():
        model: RegisteredModel = registry.get_registered_model(row["name"])
        made = origin_of(changed[model.name]["how"], "")
        versions = []
        for version in find_versions(store, name=model.name):
            if version.path and version.run_id not in written.runs:
                report.not_carried["versions of runs that were not exported"] += 1
                continue
            origin = origin_of(told[version.name, version.version]["how"], "")
            changed_ms = told[version.name, version.version]["changed_ms"]
            versions.append(_version(version, origin, changed_ms, target, written))
        yield MlflowModel(
            model.name,
            model.description,
            made.created_ms or _ms(model.created),
            changed[model.name]["changed_ms"],
            model.tags,
            model.aliases,
            sorted(versions, key=lambda each: each.version),
        )


def _version(
    version: ModelVersion,
    origin: Origin,
    changed_ms: int,
    target: MlflowTarget,
    written: _Written,
) -> MlflowVersion:
    run_id, run = written.runs.get(version.run_id, ("", None))
    model_id = origin.model_id or ""
    if not origin.source:
        model_id = written.models.get((version.run_id, version.path), "")
    logged = model_id or origin.source.removeprefix(_LOGGED)
    if model_id or origin.source.startswith(f"{_LOGGED}m-"):
        source = _LOGGED + target.model_id_of(logged)
    elif run is not None and version.path:
        source = target.address_of(run, run_id, version.path)
    else:
        source = origin.source
    return MlflowVersion(
        version.version,
        run_id or (version.run_id if version.run_id != NO_RUN else ""),
        source,
        target.model_id_of(model_id) if model_id else "",
        version.stage,
        version.description,
        version.user if origin.created_ms is None else origin.user or "",
        origin.created_ms or _ms(version.created),
        changed_ms,
        origin.run_link,
        version.tags,
    )


def _ms(time: datetime.datetime) -> int:
    """Milliseconds of a time of the registry, which is in UTC and does not say so."""
    return int(time.replace(tzinfo=datetime.UTC).timestamp() * 1000)
