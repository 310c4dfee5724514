"""MLflow's file store as a target: a run is a folder, which appears when it is whole."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from nbtrack.errors import InvalidValue
from nbtrack.integrations.importing.mlflow.file_store import STATUSES
from nbtrack.integrations.importing.mlflow.records import (
    LoggedModel,
    MlflowDataset,
    MlflowModel,
    MlflowRun,
)
from nbtrack.integrations.importing.source import SourceFile


class FileTarget:
    """The store in a folder, which is made if need be."""

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()
        self.remarks: list[str] = []
        if self._root.exists() and not self._root.is_dir():
            raise InvalidValue(f"{root} is a file; name the folder mlruns.")
        # MLflow makes a fresh store's first experiment itself, unless there is a folder.
        self._experiments = {
            about["name"]: folder
            for folder in (self._root.iterdir() if self._root.is_dir() else ())
            if (about := _read(folder / "meta.yaml")).get("experiment_id")
        }

    def run_id_of(self, run: MlflowRun) -> str | None:
        """The id that the run has in the store, if it is there."""
        there = [*self._experiments.values()]
        return run.run_id if any((each / run.run_id).is_dir() for each in there) else None

    def put_run(self, run: MlflowRun, ours: str) -> str:  # noqa: ARG002 - ids are ours to give
        """Write a run; its id."""
        experiment = self._experiment(run)
        final = experiment / run.run_id
        part = experiment / f".{run.run_id}.part"
        shutil.rmtree(part, ignore_errors=True)
        for folder in ("artifacts", "metrics", "params", "tags"):
            (part / folder).mkdir(parents=True)
        _write_texts(part / "params", run.params)
        _write_texts(part / "tags", run.tags)
        for key, times, values, steps in run.points():
            lines = zip(times, values, steps, strict=True)
            text = "".join(f"{time} {value!r} {step}\n" for time, value, step in lines)
            _write_texts(part / "metrics", {key: text})
        _write_files(part / "artifacts", run.files())
        for dataset in run.datasets:
            self._dataset(experiment, part, dataset)
        for model in run.models:
            self._logged_model(experiment, part, run, model)
        about: dict[str, Any] = {
            "artifact_uri": (final / "artifacts").as_uri(),
            "end_time": run.end_ms,
            "entry_point_name": "",
            "experiment_id": experiment.name,
            "lifecycle_stage": "deleted" if run.is_deleted else "active",
            "run_id": run.run_id,
            "run_name": run.name,
            "source_name": "",
            "source_type": 4,
            "source_version": "",
            "start_time": run.start_ms,
            "status": STATUSES.index(run.status),
            "tags": [],
            "user_id": run.user,
        }
        if run.is_deleted:
            about["deleted_time"] = run.end_ms or run.start_ms
        _write(part / "meta.yaml", about)
        os.replace(part, final)
        return run.run_id

    def put_model(self, model: MlflowModel) -> dict[int, str]:
        """Write a registered model; which of its versions are new, and their stages."""
        if model.name in (".", ".."):
            raise InvalidValue(f"{model.name!r} is no name of a model in MLflow's file store.")
        folder = self._root / "models" / model.name
        aliases = {alias: str(version) for alias, version in model.aliases.items()}
        if not (folder / "meta.yaml").exists():
            about = {
                "name": model.name,
                "description": model.description or None,
                "creation_timestamp": model.created_ms,
                "last_updated_timestamp": model.created_ms,
            }
            folder.mkdir(parents=True, exist_ok=True)
            _write_texts(folder / "tags", model.tags)
            _write(folder / "meta.yaml", {**about, "aliases": aliases})
        written = {}
        for version in model.versions:
            place = folder / f"version-{version.version}"
            if (place / "meta.yaml").exists():
                if _read(place / "meta.yaml").get("run_id") != version.run_id:
                    self.remarks.append(
                        f"version {version.version} of {model.name!r} is another one there; "
                        "rename the model in one of the two, and export again"
                    )
                continue
            place.mkdir(parents=True, exist_ok=True)
            _write_texts(place / "tags", version.tags)
            # Its files are at an address of their own, whatever the source is called.
            _write(
                place / "meta.yaml",
                {
                    "name": model.name,
                    "version": version.version,
                    "creation_timestamp": version.created_ms,
                    "last_updated_timestamp": version.created_ms,
                    "current_stage": version.stage,
                    "description": version.description or None,
                    "user_id": version.user or None,
                    "run_id": version.run_id,
                    "run_link": None,
                    "source": version.source,
                    "status": "READY",
                    "status_message": None,
                    "storage_location": self._location(version.source),
                    **({"model_id": version.model_id} if version.model_id else {}),
                },
            )
            written[version.version] = version.stage
        _write_texts(folder / "aliases", aliases)
        return written

    def source_of(self, run: MlflowRun, run_id: str, path: str) -> tuple[str, str]:
        """The address of a folder of a run, and the logged model that it is, if it is one."""
        for model in run.models:
            if model.name == path or path == f"{model.name}-{model.model_id}":
                return f"models:/{model.model_id}", model.model_id
        folder = self._experiments[run.experiment] / run_id / "artifacts" / path
        return folder.as_uri(), ""

    def _location(self, source: str) -> str:
        if source.startswith("models:/"):
            model_id = source.removeprefix("models:/")
            for experiment in self._experiments.values():
                folder = experiment / "models" / model_id / "artifacts"
                if folder.is_dir():
                    return folder.as_uri()
        return source

    def _experiment(self, run: MlflowRun) -> Path:
        if run.experiment not in self._experiments:
            number = int.from_bytes(
                hashlib.blake2b(run.experiment.encode(), digest_size=8).digest(), "big"
            )
            name = "0" if run.experiment == "Default" else str(10**17 + number % (9 * 10**17))
            folder = self._root / name
            folder.mkdir(parents=True, exist_ok=True)
            _write(
                folder / "meta.yaml",
                {
                    "artifact_location": folder.as_uri(),
                    "creation_time": run.start_ms,
                    "experiment_id": name,
                    "last_update_time": run.start_ms,
                    "lifecycle_stage": "active",
                    "name": run.experiment,
                },
            )
            self._experiments[run.experiment] = folder
        return self._experiments[run.experiment]

    def _dataset(self, experiment: Path, part: Path, dataset: MlflowDataset) -> None:
        id_ = hashlib.md5(f"{dataset.name}{dataset.digest}".encode(), usedforsecurity=False)
        place = experiment / "datasets" / id_.hexdigest()
        about: dict[str, Any] = {
            "name": dataset.name,
            "digest": dataset.digest,
            "source_type": dataset.source_type,
            "source": dataset.source,
            "schema": dataset.schema or None,
            "profile": dataset.profile or None,
        }
        if not (place / "meta.yaml").exists():
            place.mkdir(parents=True, exist_ok=True)
            _write(place / "meta.yaml", about)
        tie = {
            "source_type": "DATASET",
            "source_id": place.name,
            "destination_type": "RUN",
            "destination_id": place.name,
            "tags": dataset.tags,
        }
        link = hashlib.md5(place.name.encode(), usedforsecurity=False).hexdigest()
        (part / "inputs" / link).mkdir(parents=True, exist_ok=True)
        _write(part / "inputs" / link / "meta.yaml", tie)

    def _logged_model(
        self, experiment: Path, part: Path, run: MlflowRun, model: LoggedModel
    ) -> None:
        place = experiment / "models" / model.model_id
        _write_texts(place / "params", model.params)
        _write_texts(place / "tags", model.tags)
        (place / "metrics").mkdir(parents=True, exist_ok=True)
        _write_files(place / "artifacts", model.files())
        about = {
            "artifact_location": (place / "artifacts").as_uri(),
            "creation_timestamp": model.created_ms,
            "experiment_id": experiment.name,
            "last_updated_timestamp": model.updated_ms,
            "model_id": model.model_id,
            "model_type": model.model_type or None,
            "name": model.name,
            "source_run_id": run.run_id,
            "status": model.status,
            "status_message": None,
        }
        _write(place / "meta.yaml", about)
        tie = {
            "source_type": "RUN_OUTPUT",
            "source_id": model.model_id,
            "destination_type": "MODEL_OUTPUT",
            "destination_id": model.model_id,
            "step": model.step,
            "tags": {},
        }
        (part / "outputs" / model.model_id).mkdir(parents=True, exist_ok=True)
        _write(part / "outputs" / model.model_id / "meta.yaml", tie)


def _write_texts(folder: Path, texts: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for key, text in texts.items():
        try:
            (folder / key).parent.mkdir(parents=True, exist_ok=True)
            (folder / key).write_text(
                text, encoding="utf-8", errors="backslashreplace", newline="\n"
            )
        except (NotADirectoryError, FileExistsError, IsADirectoryError) as error:
            raise InvalidValue(
                f"{key!r} and a key above or below it cannot both stand in MLflow's file store, "
                "where they are a file and a folder; export to a server."
            ) from error


def _write_files(folder: Path, files: Iterable[SourceFile]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        target = folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(file.content, Path):
            shutil.copyfile(file.content, target)
        else:
            target.write_bytes(file.content())


def _write(file: Path, about: dict[str, Any]) -> None:
    part = file.with_name(f".{file.name}.part")
    part.write_text(yaml.safe_dump(about, allow_unicode=True), encoding="utf-8")
    os.replace(part, file)


def _read(file: Path) -> dict[str, Any]:
    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return found if isinstance(found, dict) else {}
