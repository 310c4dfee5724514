"""A tracking server of MLflow's, over its REST API: paged, patient, read only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import quote

from nbtrack.integrations.importing.mlflow.artifacts import chosen_location
from nbtrack.integrations.importing.mlflow.http import Server
from nbtrack.integrations.importing.source import Omissions, SourceFile
from nbtrack.integrations.mlflow_entities.records import (
    MODEL_STATUS_NAMES,
    LoggedModel,
    Measured,
    MlflowDataset,
    MlflowExperiment,
    MlflowModel,
    MlflowRun,
    MlflowVersion,
    Points,
)

_MODEL_STATUSES = {name: status for status, name in MODEL_STATUS_NAMES.items()}


class ServerStore:
    """What a server at ``uri`` has."""

    def __init__(self, uri: str) -> None:
        self.omissions = Omissions()
        self._server = Server(uri)
        # Asked at once: a wrong address or a refused password is told before anything is made.
        self._experiments = list(
            self._server.all("experiments/search", "experiments", view_type="ALL")
        )
        self._of_no_run: dict[str, list[LoggedModel]] = {}
        self._measured: dict[str, list[Measured]] = {}
        self._has_models = False

    def count(self) -> int | None:
        """Not known: a server tells runs by page."""
        return None

    def experiments(self) -> Iterator[MlflowExperiment]:
        """Those that it told of when it was asked first."""
        for found in self._experiments:
            number = found["experiment_id"]
            yield MlflowExperiment(
                number,
                found["name"],
                chosen_location(found.get("artifact_location", ""), number),
                _whole(found.get("creation_time")),
                _whole(found.get("last_update_time")),
                found.get("lifecycle_stage") == "deleted",
                _pairs(found.get("tags")),
            )

    def runs(self, is_there: Callable[[str], bool]) -> Iterator[MlflowRun]:
        """Experiment by experiment, in the order of their start."""
        self._of_no_run.clear()
        self._measured.clear()
        # All at first: a run of another experiment may have measured a model of this one.
        for experiment in self._experiments:
            self._read_models(experiment)
        self._has_models = bool(self._of_no_run)
        for experiment in self._experiments:
            for found in self._server.all(
                "runs/search",
                "runs",
                experiment_ids=[experiment["experiment_id"]],
                run_view_type="ALL",
                order_by=["attributes.start_time ASC"],
            ):
                run_id = found["info"]["run_id"]
                models = self._of_no_run.pop(run_id, [])
                if is_there(run_id):
                    yield MlflowRun(run_id, "")
                else:
                    if self._has_models:
                        # A search does not tell which models a run read.
                        asked = {"run_id": run_id}
                        found = self._server.ask("GET", "runs/get", asked)["run"]
                    yield self._run(experiment, found, models)

    def models_of_no_run(self) -> Iterator[LoggedModel]:
        """What is left when the runs have been told."""
        for models in self._of_no_run.values():
            yield from models

    def registered_models(self) -> Iterator[MlflowModel]:
        """With the versions that are not deleted."""
        for model in self._server.all(
            "registered-models/search", "registered_models", method="GET"
        ):
            name = model["name"]
            literal = "'" + name.replace("'", "''") + "'"
            versions = self._server.all(
                "model-versions/search",
                "model_versions",
                method="GET",
                filter=f"name={literal}",
            )
            yield MlflowModel(
                name,
                model.get("description", ""),
                int(model.get("creation_timestamp", 0)),
                int(model.get("last_updated_timestamp", 0)),
                _pairs(model.get("tags")),
                {each["alias"]: int(each["version"]) for each in model.get("aliases", ())},
                sorted(map(_version, versions), key=lambda version: version.version),
            )

    # One run

    def _run(
        self, experiment: dict[str, Any], found: dict[str, Any], models: list[LoggedModel]
    ) -> MlflowRun:
        about, data = found["info"], found.get("data", {})
        tags = _pairs(data.get("tags"))
        inputs, outputs = found.get("inputs", {}), found.get("outputs", {})
        return MlflowRun(
            about["run_id"],
            experiment["name"],
            name=about.get("run_name", ""),
            user=about.get("user_id", "") or tags.get("mlflow.user", ""),
            status=about.get("status", "FINISHED"),
            start_ms=_whole(about.get("start_time")),
            end_ms=_whole(about.get("end_time")),
            is_deleted="deleted"
            in (about.get("lifecycle_stage"), experiment.get("lifecycle_stage")),
            params=_pairs(data.get("params")),
            tags=tags,
            datasets=[_dataset(each) for each in inputs.get("dataset_inputs", ())],
            models=models,
            read=[each["model_id"] for each in inputs.get("model_inputs", ())],
            made=[
                (each["model_id"], int(each.get("step", 0)))
                for each in outputs.get("model_outputs", ())
            ],
            measured=self._measured.get(about["run_id"], []),
            points=partial(
                self._points, about["run_id"], [each["key"] for each in data.get("metrics", ())]
            ),
            files=partial(self._files, about["run_id"], ""),
        )

    def _points(self, run_id: str, keys: list[str]) -> Iterator[Points]:
        for key in keys:
            points = list(
                self._server.all(
                    "metrics/get-history",
                    "metrics",
                    method="GET",
                    page=25_000,
                    run_id=run_id,
                    metric_key=key,
                )
            )
            yield (
                key,
                [int(point["timestamp"]) for point in points],
                [float(point["value"]) for point in points],
                [int(point.get("step", 0)) for point in points],
            )

    def _files(self, run_id: str, folder: str) -> Iterator[SourceFile]:
        # A server lists a folder without pages, unless it is one of a cloud.
        asked: dict[str, Any] = {"run_id": run_id, **({"path": folder} if folder else {})}
        for file in self._server.all("artifacts/list", "files", method="GET", page=None, **asked):
            path = file["path"]
            if file.get("is_dir"):
                yield from self._files(run_id, path)
            else:
                where = f"/get-artifact?run_uuid={quote(run_id)}&path={quote(path, safe='')}"
                yield SourceFile(path, partial(self._server.read, where))

    # Logged models, which only MLflow 3 has

    def _read_models(self, experiment: dict[str, Any]) -> None:
        """Keep the models of an experiment by the run that they are of, and what was measured."""
        pages = self._server.all(
            "logged-models/search",
            "models",
            page=50,
            is_optional=True,
            experiment_ids=[experiment["experiment_id"]],
            order_by=[{"field_name": "creation_timestamp", "ascending": True}],
        )
        for model in pages:
            about, data = model["info"], model.get("data", {})
            model_id = about["model_id"]
            for metric in data.get("metrics", ()):
                told = Measured(
                    model_id,
                    metric["key"],
                    float(metric["value"]),
                    int(metric.get("step", 0)),
                    int(metric["timestamp"]),
                    metric.get("dataset_name", ""),
                    metric.get("dataset_digest", ""),
                )
                self._measured.setdefault(metric.get("run_id", ""), []).append(told)
            run_id = about.get("source_run_id", "")
            self._of_no_run.setdefault(run_id, []).append(
                LoggedModel(
                    model_id,
                    about["name"],
                    experiment["name"],
                    run_id or None,
                    int(about.get("creation_timestamp_ms", 0)),
                    int(about.get("last_updated_timestamp_ms", 0)),
                    _MODEL_STATUSES.get(about.get("status", ""), "pending"),
                    about.get("model_type", ""),
                    _pairs(data.get("params")),
                    _pairs(about.get("tags")),
                    partial(self._model_files, model_id, ""),
                )
            )

    def _model_files(self, model_id: str, folder: str) -> Iterator[SourceFile]:
        place = f"/ajax-api/2.0/mlflow/logged-models/{quote(model_id)}/artifacts"
        asked = f"?artifact_directory_path={quote(folder, safe='')}" if folder else ""
        for file in self._server.get(f"{place}/directories{asked}").get("files", ()):
            path = file["path"]
            if file.get("is_dir"):
                yield from self._model_files(model_id, path)
            else:
                where = f"{place}/files?artifact_file_path={quote(path, safe='')}"
                yield SourceFile(path, partial(self._server.read, where))


def _pairs(found: Any) -> dict[str, str]:
    return {each["key"]: each.get("value", "") for each in found or ()}


def _whole(number: Any) -> int | None:
    return None if number in (None, "", 0, "0") else int(number)


def _dataset(found: dict[str, Any]) -> MlflowDataset:
    about = found["dataset"]
    return MlflowDataset(
        about["name"],
        about["digest"],
        about.get("source_type", ""),
        about.get("source", ""),
        about.get("schema"),
        about.get("profile"),
        _pairs(found.get("tags")),
    )


def _version(found: dict[str, Any]) -> MlflowVersion:
    return MlflowVersion(
        int(found["version"]),
        found.get("run_id", ""),
        found.get("source", ""),
        found.get("model_id", ""),
        found.get("current_stage", "None"),
        found.get("description", ""),
        found.get("user_id", ""),
        int(found.get("creation_timestamp", 0)),
        int(found.get("last_updated_timestamp", 0)),
        found.get("run_link") or None,
        _pairs(found.get("tags")),
    )
