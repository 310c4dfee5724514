"""MLflow's file store: a folder ``mlruns`` of YAML and of one file a param, tag and metric."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import yaml

from nbtrack.errors import InvalidValue
from nbtrack.integrations.importing.mlflow.artifacts import chosen_location, files_at
from nbtrack.integrations.importing.source import Omissions, parents_first
from nbtrack.integrations.mlflow_entities.records import (
    MODEL_STATUSES,
    RUN_STATUSES,
    LoggedModel,
    Measured,
    MlflowDataset,
    MlflowExperiment,
    MlflowModel,
    MlflowRun,
    MlflowVersion,
    Points,
)
from nbtrack.integrations.mlflow_entities.tags import PARENT

# libyaml's, which is ten times as fast, where PyYAML was built with it.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class FileStore:
    """The store in a folder. Raises `InvalidValue` if there is none."""

    def __init__(self, root: Path) -> None:
        self.omissions = Omissions()
        self._root = root
        if not any(root.glob("*/meta.yaml")) and not any(root.glob("models/*/meta.yaml")):
            raise InvalidValue(
                f"{root} is no file store of MLflow: it has no folder of an experiment (with a "
                "meta.yaml). Give the folder mlruns, or the address of the database or server."
            )

    @cached_property
    def _experiments(self) -> dict[Path, dict[str, Any]]:
        found = {}
        for folder in [*self._folders(self._root), *self._folders(self._root / ".trash")]:
            about = self._yaml(folder / "meta.yaml")
            if "experiment_id" in about:
                found[folder] = about
        return found

    @cached_property
    def _run_folders(self) -> dict[str, Path]:
        found = {}
        for experiment in self._experiments:
            runs = {
                folder.name: folder
                for folder in self._folders(experiment)
                if folder.name not in ("datasets", "models", "tags", "traces")
                and (folder / "meta.yaml").exists()
            }
            found.update(runs)
            self.omissions.omit("traces", len(list((experiment / "traces").glob("*"))))
        return found

    @cached_property
    def _logged(self) -> dict[str, list[LoggedModel]]:
        """The logged models by the run that they are of, in the order in which they were made."""
        found: dict[str, list[LoggedModel]] = {}
        for experiment in self._experiments:
            for folder in self._folders(experiment / "models"):
                if about := self._yaml(folder / "meta.yaml"):
                    model = self._logged_model(experiment, folder, about)
                    found.setdefault(model.run_id or "", []).append(model)
        for models in found.values():
            models.sort(key=lambda model: model.created_ms)
        return found

    @cached_property
    def _measured(self) -> dict[str, list[Measured]]:
        """What was measured of models, by the run that did so."""
        found: dict[str, list[Measured]] = {}
        for experiment in self._experiments:
            for model in self._folders(experiment / "models"):
                folder = model / "metrics"
                for file in sorted(folder.rglob("*")) if folder.is_dir() else ():
                    if file.is_file():
                        key = file.relative_to(folder).as_posix()
                        self._read_measured(file, model.name, key, found)
        return found

    def _read_measured(
        self, file: Path, model_id: str, key: str, found: dict[str, list[Measured]]
    ) -> None:
        for line in file.read_text(encoding="utf-8").splitlines():
            try:
                time, value, step, run_id, *data = line.split(" ")
                told = Measured(model_id, key, float(value), int(step), int(time), *data)
            except (ValueError, TypeError):
                self.omissions.omit("lines of metrics that are damaged")
                continue
            found.setdefault(run_id, []).append(told)

    def experiments(self) -> Iterator[MlflowExperiment]:
        """What stands in the folder and in its trash."""
        for folder, about in self._experiments.items():
            yield MlflowExperiment(
                str(about["experiment_id"]),
                str(about.get("name", folder.name)),
                chosen_location(about.get("artifact_location") or "", str(about["experiment_id"])),
                about.get("creation_time"),
                about.get("last_update_time"),
                about.get("lifecycle_stage") == "deleted",
                _texts(folder / "tags"),
            )

    def models_of_no_run(self) -> Iterator[LoggedModel]:
        """The logged models whose run is none, or is gone."""
        for run_id, models in self._logged.items():
            if run_id not in self._run_folders:
                yield from models

    def count(self) -> int | None:
        """How many folders of runs there are."""
        return len(self._run_folders)

    def runs(self, is_there: Callable[[str], bool]) -> Iterator[MlflowRun]:
        """In the order of their start."""
        new: dict[str, dict[str, Any]] = {}
        for run_id, folder in self._run_folders.items():
            if is_there(run_id):
                yield MlflowRun(run_id, "")
            else:
                about = self._yaml(folder / "meta.yaml")
                if about:
                    new[run_id] = about
        by_start = sorted(new, key=lambda run_id: new[run_id].get("start_time") or 0)
        parents = {each: self._parent(self._run_folders[each]) for each in by_start}
        for run_id in parents_first(parents):
            yield self._run(run_id, self._run_folders[run_id], new[run_id])

    def registered_models(self) -> Iterator[MlflowModel]:
        """What stands below ``models``."""
        for folder in self._folders(self._root / "models"):
            about = self._yaml(folder / "meta.yaml")
            if not about:
                continue
            yield MlflowModel(
                str(about.get("name", folder.name)),
                about.get("description") or "",
                int(about.get("creation_timestamp") or 0),
                int(about.get("last_updated_timestamp") or 0),
                _texts(folder / "tags"),
                {alias: int(number) for alias, number in _texts(folder / "aliases").items()},
                sorted(self._versions(folder), key=lambda version: version.version),
            )

    def _versions(self, model: Path) -> Iterator[MlflowVersion]:
        for folder in self._folders(model):
            if not folder.name.startswith("version-"):
                continue
            about = self._yaml(folder / "meta.yaml")
            # What was deleted stays as a folder, and says so.
            if not about or about.get("current_stage") == "Deleted_Internal":
                continue
            yield MlflowVersion(
                int(about["version"]),
                about.get("run_id") or "",
                about.get("source") or "",
                about.get("model_id") or "",
                about.get("current_stage") or "None",
                about.get("description") or "",
                about.get("user_id") or "",
                int(about.get("creation_timestamp") or 0),
                int(about.get("last_updated_timestamp") or 0),
                about.get("run_link") or None,
                _texts(folder / "tags"),
            )

    # One run

    def _run(self, run_id: str, folder: Path, about: dict[str, Any]) -> MlflowRun:
        experiment = self._experiments[folder.parent]
        status = about.get("status", 3)
        is_known = isinstance(status, int) and 0 < status < len(RUN_STATUSES)
        read, made = self._uses(folder)
        return MlflowRun(
            run_id,
            str(experiment.get("name", folder.parent.name)),
            name=about.get("run_name") or about.get("name") or "",
            user=about.get("user_id") or "",
            status=RUN_STATUSES[status] if is_known else str(status),
            start_ms=about.get("start_time"),
            end_ms=about.get("end_time"),
            is_deleted="deleted"
            in (about.get("lifecycle_stage"), experiment.get("lifecycle_stage")),
            params=_texts(folder / "params"),
            tags=_texts(folder / "tags"),
            datasets=list(self._datasets(folder)),
            models=self._logged.get(run_id, []),
            read=read,
            made=made,
            measured=self._measured.get(run_id, []),
            points=partial(self._points, folder / "metrics"),
            files=partial(
                files_at,
                about.get("artifact_uri") or "",
                self.omissions,
                otherwise=folder / "artifacts",
            ),
        )

    def _points(self, folder: Path) -> Iterator[Points]:
        for file in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if not file.is_file():
                continue
            times: list[int] = []
            values: list[float] = []
            steps: list[int] = []
            for line in file.read_text(encoding="utf-8").splitlines():
                try:
                    # The oldest have no step; behind it may stand data that it was measured on.
                    time, value, *step = line.split()
                    point = (int(time), float(value), int(step[0]) if step else 0)
                except ValueError:
                    self.omissions.omit("lines of metrics that are damaged")
                    continue
                times.append(point[0])
                values.append(point[1])
                steps.append(point[2])
            yield file.relative_to(folder).as_posix(), times, values, steps

    def _datasets(self, run: Path) -> Iterator[MlflowDataset]:
        for folder in self._folders(run / "inputs"):
            about = self._yaml(folder / "meta.yaml")
            if about.get("source_type") != "DATASET":
                continue
            found = self._yaml(run.parent / "datasets" / about["source_id"] / "meta.yaml")
            if found:
                yield MlflowDataset(
                    found["name"],
                    found["digest"],
                    found.get("source_type") or "",
                    found.get("source") or "",
                    found.get("schema"),
                    found.get("profile"),
                    {str(key): str(text) for key, text in (about.get("tags") or {}).items()},
                )

    def _uses(self, run: Path) -> tuple[list[str], list[tuple[str, int]]]:
        """The models that a run has as inputs, and as outputs with their steps."""
        read = [self._yaml(folder / "meta.yaml") for folder in self._folders(run / "inputs")]
        made = [self._yaml(folder / "meta.yaml") for folder in self._folders(run / "outputs")]
        return (
            [str(each["source_id"]) for each in read if each.get("source_type") == "MODEL"],
            [(str(each["source_id"]), int(each.get("step") or 0)) for each in made if each],
        )

    def _logged_model(self, experiment: Path, folder: Path, about: dict[str, Any]) -> LoggedModel:
        return LoggedModel(
            str(about.get("model_id", folder.name)),
            about.get("name") or "",
            str(self._experiments[experiment].get("name", experiment.name)),
            about.get("source_run_id") or None,
            int(about.get("creation_timestamp") or 0),
            int(about.get("last_updated_timestamp") or 0),
            MODEL_STATUSES[int(about.get("status") or 0)],
            about.get("model_type") or "",
            _texts(folder / "params"),
            _texts(folder / "tags"),
            partial(
                files_at,
                about.get("artifact_location") or "",
                self.omissions,
                otherwise=folder / "artifacts",
            ),
            about.get("lifecycle_stage") == "deleted",
        )

    def _parent(self, run: Path) -> str | None:
        file = run / "tags" / PARENT
        return file.read_text(encoding="utf-8") if file.exists() else None

    def _folders(self, folder: Path) -> list[Path]:
        return sorted(each for each in folder.iterdir() if each.is_dir()) if folder.is_dir() else []

    def _yaml(self, file: Path) -> dict[str, Any]:
        try:
            found = yaml.load(file.read_text(encoding="utf-8"), _Loader)
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, yaml.YAMLError):
            self.omissions.omit("folders whose meta.yaml is damaged")
            return {}
        return found if isinstance(found, dict) else {}


def _texts(folder: Path) -> dict[str, str]:
    """A text a file, by path: a key may hold ``/``."""
    if not folder.is_dir():
        return {}
    return {
        file.relative_to(folder).as_posix(): file.read_text(encoding="utf-8")
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }
