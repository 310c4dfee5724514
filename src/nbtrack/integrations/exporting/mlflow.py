"""Runs and registered models of a store, written into one of MLflow's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from nbtrack.artifacts.progress import progress_of
from nbtrack.errors import InvalidValue
from nbtrack.integrations.exporting.chosen import portions
from nbtrack.integrations.exporting.mlflow_runs import InMlflowsWords
from nbtrack.integrations.exporting.report import ExportReport
from nbtrack.integrations.importing.mlflow.artifacts import local_path
from nbtrack.integrations.importing.mlflow.records import (
    PARENT_TAG,
    MlflowModel,
    MlflowRun,
    MlflowVersion,
)
from nbtrack.registry.finding import find_versions
from nbtrack.registry.registry import Registry

if TYPE_CHECKING:
    from nbtrack.registry.records import ModelVersion, RegisteredModel
    from nbtrack.store import Store


class MlflowTarget(Protocol):
    """A store of MLflow's that is written to. What is there is left as it is.

    ``remarks`` are sentences on what could not be written.
    """

    remarks: list[str]

    def run_id_of(self, run: MlflowRun) -> str | None:
        """The id of the run there, or ``None``."""
        ...

    def put_run(self, run: MlflowRun, ours: str) -> str:
        """Write a run; its id there."""
        ...

    def put_model(self, model: MlflowModel) -> dict[int, str]:
        """Write what is new of a model: versions and their stages."""
        ...

    def source_of(self, run: MlflowRun, run_id: str, path: str) -> tuple[str, str]:
        """What a version is made of: its address, and the id of its logged model or ``""``."""
        ...


def open_target(uri: str) -> MlflowTarget:
    """The store at an address. Raises `InvalidValue` for one that cannot be written to."""
    parts = urlsplit(uri)
    if parts.scheme in ("http", "https"):
        from nbtrack.integrations.exporting.mlflow_server import ServerTarget

        return ServerTarget(uri)
    if parts.scheme in ("", "file") or len(parts.scheme) == 1:
        from nbtrack.integrations.exporting.mlflow_files import FileTarget

        return FileTarget(Path(local_path(uri)))
    raise InvalidValue(
        f"nbtrack writes to MLflow's folders and servers, and {parts.scheme}: is neither. A "
        f"database is written by its server: `mlflow server --backend-store-uri {parts.scheme}:…`, "
        "and export to that."
    )


def export_runs(
    store: Store, target: MlflowTarget, title: str, run_ids: Sequence[str], *, registry: bool
) -> ExportReport:
    """Write runs that are not in ``target`` yet, the oldest first, then registered models."""
    report = ExportReport(title)
    words = InMlflowsWords(store)
    # By ids here: ids there, and what of the runs the registry needs.
    there: dict[str, str] = {}
    slim: dict[str, MlflowRun] = {}
    with progress_of("Exporting runs", len(run_ids), unit="runs") as told:
        for some in portions(run_ids):
            for ours, run in words.some(some):
                _name_parent(run, there)
                known = target.run_id_of(run)
                if known is None:
                    known = target.put_run(run, ours)
                    report.runs += 1
                    report.written["params"] += len(run.params)
                    report.written["tags"] += len(run.tags)
                else:
                    report.already_there += 1
                there[ours] = known
                slim[ours] = run
                told(1)
    report.not_carried = words.omitted
    report.remarks += words.remarks
    if registry:
        for model in _models(store, target, there, slim, report):
            new = target.put_model(model)
            report.written["registered models"] += 1
            report.written["versions"] += len(new)
    report.remarks += target.remarks
    return report


def _name_parent(run: MlflowRun, there: dict[str, str]) -> None:
    """Name the run's parent as it is called there; it was written before."""
    parent = run.tags.pop(PARENT_TAG, None)
    if parent in there:
        run.tags[PARENT_TAG] = there[parent]


def _models(
    store: Store,
    target: MlflowTarget,
    there: dict[str, str],
    slim: dict[str, MlflowRun],
    report: ExportReport,
) -> Iterator[MlflowModel]:
    registry = Registry(store.path)
    for row in registry.search_registered_models():
        model: RegisteredModel = registry.get_registered_model(row["name"])
        versions = []
        for version in find_versions(store, name=model.name):
            if version.run_id not in there:
                report.not_carried["versions of runs that were not exported"] += 1
                continue
            versions.append(_version(version, target, there, slim))
        yield MlflowModel(
            model.name,
            model.description,
            int(model.created.timestamp() * 1000),
            model.tags,
            model.aliases,
            sorted(versions, key=lambda each: each.version),
        )


def _version(
    version: ModelVersion,
    target: MlflowTarget,
    there: dict[str, str],
    slim: dict[str, MlflowRun],
) -> MlflowVersion:
    run_id = there[version.run_id]
    source, model_id = target.source_of(slim[version.run_id], run_id, version.path)
    return MlflowVersion(
        version.version,
        run_id,
        source,
        model_id,
        version.stage,
        version.description,
        version.user,
        int(version.created.timestamp() * 1000),
        version.tags,
    )
