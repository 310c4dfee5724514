"""MLflow's file store as a target: a run is a folder, which appears when it is whole."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

from nbtrack.errors import InvalidValue
from nbtrack.integrations.exporting.mlflow_runs import another_there
from nbtrack.integrations.importing.source import SourceFile
from nbtrack.integrations.mlflow_entities.records import (
    MODEL_STATUSES,
    RUN_STATUSES,
    LoggedModel,
    Measured,
    MlflowDataset,
    MlflowExperiment,
    MlflowModel,
    MlflowRun,
)

_TRASH = ".trash"


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
            for place in (self._root, self._root / _TRASH)
            for folder in (place.iterdir() if place.is_dir() else ())
            if (about := _read(folder / "meta.yaml")).get("experiment_id")
        }
        self._to_trash: list[Path] = []

    def put_experiment(self, experiment: MlflowExperiment) -> bool:
        """Write an experiment, or the tags that one of its name has not; whether it is new.

        It keeps its number, unless that is another's.
        """
        if there := self._experiments.get(experiment.name):
            new = {k: v for k, v in experiment.tags.items() if not (there / "tags" / k).exists()}
            _write_texts(there / "tags", new)
            return False
        number = experiment.experiment_id
        if any((place / number).exists() for place in (self._root, self._root / _TRASH)):
            digest = hashlib.blake2b(experiment.name.encode(), digest_size=8).digest()
            number = str(10**17 + int.from_bytes(digest, "big") % (9 * 10**17))
        folder = self._root / number
        folder.mkdir(parents=True)
        _write_texts(folder / "tags", experiment.tags)
        _write(
            folder / "meta.yaml",
            {
                "artifact_location": experiment.location or folder.as_uri(),
                "creation_time": experiment.created_ms,
                "experiment_id": number,
                "last_update_time": experiment.updated_ms,
                "lifecycle_stage": "deleted" if experiment.is_deleted else "active",
                "name": experiment.name,
            },
        )
        self._experiments[experiment.name] = folder
        if experiment.is_deleted:
            self._to_trash.append(folder)
        return True

    def finish(self) -> None:
        """Move the folders of deleted experiments to the trash."""
        for folder in self._to_trash:
            (self._root / _TRASH).mkdir(exist_ok=True)
            shutil.move(folder, self._root / _TRASH / folder.name)
        self._to_trash.clear()

    def run_id_of(self, run: MlflowRun) -> str | None:
        """The id that the run has in the store, if it is there."""
        there = [*self._experiments.values()]
        return run.run_id if any((each / run.run_id).is_dir() for each in there) else None

    def put_run(self, run: MlflowRun) -> str:
        """Write a run with its models; its id."""
        experiment = self._experiments[run.experiment]
        final = experiment / run.run_id
        part = experiment / f".{run.run_id}.part"
        shutil.rmtree(part, ignore_errors=True)
        for folder in ("artifacts", "metrics", "params", "tags"):
            (part / folder).mkdir(parents=True)
        _write_texts(part / "params", run.params)
        _write_texts(part / "tags", run.tags)
        # A point on data bears its name in the run, too.
        on = {(m.key, m.time_ms, m.step): f" {m.data} {m.digest}" for m in run.measured if m.data}
        for key, times, values, steps in run.points():
            lines = zip(times, values, steps, strict=True)
            text = "".join(
                f"{time} {value!r} {step}{on.get((key, time, step), '')}\n"
                for time, value, step in lines
            )
            _write_texts(part / "metrics", {key: text})
        write_files(part / "artifacts", run.files())
        for dataset in run.datasets:
            self._dataset(experiment, part, run.run_id, dataset)
        for model in run.models:
            self._logged_model(experiment, model)
        self._uses(part, run)
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
            "status": RUN_STATUSES.index(run.status),
            "tags": [],
            "user_id": run.user,
        }
        if run.is_deleted:
            about["deleted_time"] = run.end_ms or run.start_ms
        _write(part / "meta.yaml", about)
        os.replace(part, final)
        return run.run_id

    def put_model_of_no_run(self, model: LoggedModel) -> bool:
        """Write a logged model; whether it is new."""
        experiment = self._experiments[model.experiment]
        if (experiment / "models" / model.model_id / "meta.yaml").exists():
            return False
        self._logged_model(experiment, model)
        return True

    def put_measured(self, model_id: str, measured: Sequence[tuple[str, Measured]]) -> None:
        """Write what runs measured of a logged model, in place of what was written of it."""
        place = self._model_folder(model_id)
        if place is None:
            self.remarks.append(f"what was measured of {model_id}, which is not there, is left out")
            return
        lines: dict[str, list[str]] = {}
        for run_id, each in measured:
            data = f" {each.data} {each.digest}" if each.data else ""
            line = f"{each.time_ms} {each.value!r} {each.step} {run_id}{data}\n"
            lines.setdefault(each.key, []).append(line)
        for key, some in lines.items():
            file = place / "metrics" / key
            there = file.read_text(encoding="utf-8").splitlines(True) if file.exists() else []
            _write_texts(place / "metrics", {key: "".join(dict.fromkeys([*there, *some]))})

    def put_registered(self, model: MlflowModel) -> int:
        """Write a registered model; how many of its versions are new."""
        if model.name in (".", ".."):
            raise InvalidValue(f"{model.name!r} is no name of a model in MLflow's file store.")
        folder = self._root / "models" / model.name
        aliases = {alias: str(version) for alias, version in model.aliases.items()}
        if not (folder / "meta.yaml").exists():
            about = {
                "name": model.name,
                "description": model.description or None,
                "creation_timestamp": model.created_ms,
                "last_updated_timestamp": model.updated_ms,
            }
            folder.mkdir(parents=True, exist_ok=True)
            _write_texts(folder / "tags", model.tags)
            _write(folder / "meta.yaml", {**about, "aliases": aliases})
        written = 0
        for version in model.versions:
            place = folder / f"version-{version.version}"
            if (place / "meta.yaml").exists():
                if (_read(place / "meta.yaml").get("run_id") or "") != version.run_id:
                    self.remarks.append(another_there(model.name, version.version))
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
                    "last_updated_timestamp": version.updated_ms,
                    "current_stage": version.stage,
                    "description": version.description or None,
                    "user_id": version.user or None,
                    "run_id": version.run_id or None,
                    "run_link": version.run_link,
                    "source": version.source,
                    "status": "READY",
                    "status_message": None,
                    "storage_location": self._location(version.source),
                    **({"model_id": version.model_id} if version.model_id else {}),
                },
            )
            written += 1
        _write_texts(folder / "aliases", aliases)
        return written

    def address_of(self, run: MlflowRun, run_id: str, path: str) -> str:
        """Where the files below ``path`` of a run are."""
        return (self._experiments[run.experiment] / run_id / "artifacts" / path).as_uri()

    def model_id_of(self, model_id: str) -> str:
        """A logged model keeps its id."""
        return model_id

    def _location(self, source: str) -> str:
        if source.startswith("models:/"):
            place = self._model_folder(source.removeprefix("models:/"))
            if place is not None:
                return (place / "artifacts").as_uri()
        return source

    def _model_folder(self, model_id: str) -> Path | None:
        found = (folder / "models" / model_id for folder in self._experiments.values())
        return next((place for place in found if place.is_dir()), None)

    def _dataset(self, experiment: Path, part: Path, run_id: str, dataset: MlflowDataset) -> None:
        place = experiment / "datasets" / _hash(dataset.name, dataset.digest)
        about: dict[str, Any] = {
            "name": dataset.name,
            "digest": dataset.digest,
            "source_type": dataset.source_type,
            "source": dataset.source,
            "schema": dataset.schema,
            "profile": dataset.profile,
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
        _tie(part / "inputs" / _hash(place.name, run_id), tie)

    def _logged_model(self, experiment: Path, model: LoggedModel) -> None:
        place = experiment / "models" / model.model_id
        _write_texts(place / "params", model.params)
        _write_texts(place / "tags", model.tags)
        (place / "metrics").mkdir(parents=True, exist_ok=True)
        write_files(place / "artifacts", model.files())
        about = {
            "artifact_location": (place / "artifacts").as_uri(),
            "creation_timestamp": model.created_ms,
            "experiment_id": experiment.name,
            "last_updated_timestamp": model.updated_ms,
            "lifecycle_stage": "deleted" if model.is_deleted else "active",
            "model_id": model.model_id,
            "model_type": model.model_type or None,
            "name": model.name,
            "source_run_id": model.run_id,
            "status": MODEL_STATUSES.index(model.status, 1),
            "status_message": None,
        }
        _write(place / "meta.yaml", about)

    def _uses(self, part: Path, run: MlflowRun) -> None:
        """Tie the run to the models that it read and made."""
        for model_id in run.read:
            link = _hash(model_id, run.run_id)
            tie = {"source_type": "MODEL", "destination_type": "RUN", "tags": {}}
            _tie(part / "inputs" / link, {**tie, "source_id": model_id, "destination_id": model_id})
        for model_id, step in run.made:
            tie = {"source_type": "RUN_OUTPUT", "destination_type": "MODEL_OUTPUT", "tags": {}}
            ids = {"source_id": model_id, "destination_id": model_id}
            _tie(part / "outputs" / model_id, {**tie, **ids, "step": step})


def _hash(*texts: str) -> str:
    return hashlib.md5("".join(texts).encode(), usedforsecurity=False).hexdigest()


def _tie(folder: Path, about: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "meta.yaml", about)


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


def write_files(folder: Path, files: Iterable[SourceFile]) -> None:
    """Write files below a folder, each under its path."""
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
