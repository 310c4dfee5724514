"""A tracking server of MLflow's as a target, over its REST API.

The server gives ids of its own. So a run bears a tag with its id here, by which it is found
again, and a logged model, too; it is set last, so that what was interrupted is begun anew.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from math import nan
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from nbtrack.errors import SourceUnavailable
from nbtrack.integrations.exporting.mlflow_runs import another_there
from nbtrack.integrations.importing.mlflow.artifacts import local_path
from nbtrack.integrations.importing.mlflow.http import Server
from nbtrack.integrations.importing.source import SourceFile
from nbtrack.integrations.mlflow_entities.records import (
    MODEL_STATUS_NAMES,
    LoggedModel,
    Measured,
    MlflowExperiment,
    MlflowModel,
    MlflowRun,
    MlflowVersion,
)

OURS_TAG = "nbtrack.run_id"
OUR_MODEL_TAG = "nbtrack.model_id"
_METRICS, _OTHERS = 1_000, 100

T = TypeVar("T")


class ServerTarget:
    """The server at ``uri``. Raises `SourceUnavailable` where it does not answer."""

    def __init__(self, uri: str) -> None:
        self._server = Server(uri)
        self.remarks: list[str] = []
        self._experiments: dict[str, str] = {}
        self._tags: dict[str, set[str]] = {}
        self._active: set[str] = set()
        self._new: set[str] = set()
        # Points of runs that are NaN, of which MLflow's databases tell zero as a model's.
        self._nan: set[tuple[str, str, int, int]] = set()
        self._to_trash: dict[str, list[str]] = {"runs": [], "experiments": []}
        for found in self._server.all("experiments/search", "experiments", view_type="ALL"):
            self._experiments[found["name"]] = found["experiment_id"]
            self._tags[found["experiment_id"]] = {each["key"] for each in found.get("tags", ())}
        self._there = self._known_runs()
        self._models = self._known_models()

    def _known_runs(self) -> dict[str, str]:
        ids = [*self._experiments.values()]
        found: dict[str, str] = {}
        for some in _portions(ids, _OTHERS):
            runs = self._server.all(
                "runs/search",
                "runs",
                experiment_ids=some,
                filter=f"tags.`{OURS_TAG}` LIKE '%'",
                run_view_type="ALL",
            )
            for run in runs:
                tags = {each["key"]: each["value"] for each in run["data"].get("tags", ())}
                found[tags[OURS_TAG]] = run["info"]["run_id"]
                if run["info"].get("lifecycle_stage") == "active":
                    self._active.add(run["info"]["run_id"])
        return found

    def _known_models(self) -> dict[str, str]:
        """The logged models that were written from here, by their ids here."""
        found: dict[str, str] = {}
        for some in _portions([*self._experiments.values()], _OTHERS):
            for model in self._server.all(
                "logged-models/search", "models", is_optional=True, page=50, experiment_ids=some
            ):
                tags = {each["key"]: each["value"] for each in model["info"].get("tags", ())}
                if OUR_MODEL_TAG in tags:
                    found[tags[OUR_MODEL_TAG]] = model["info"]["model_id"]
        return found

    def put_experiment(self, experiment: MlflowExperiment) -> bool:
        """Write an experiment, or the tags that one of its name has not; whether it is new."""
        if there := self._experiments.get(experiment.name):
            new = experiment.tags.keys() - self._tags.get(there, set())
            for key in sorted(new):
                pair = {"key": key, "value": experiment.tags[key]}
                self._ask("experiments/set-experiment-tag", experiment_id=there, **pair)
            return False
        place = {"artifact_location": experiment.location} if experiment.location else {}
        made = self._ask(
            "experiments/create", name=experiment.name, tags=_pairs(experiment.tags), **place
        )
        self._experiments[experiment.name] = made["experiment_id"]
        if experiment.is_deleted:
            self._to_trash["experiments"].append(made["experiment_id"])
        return True

    def finish(self) -> None:
        """Delete what is deleted here: to what is deleted nothing can be written."""
        for run_id in self._to_trash["runs"]:
            self._ask("runs/delete", run_id=run_id)
        for number in self._to_trash["experiments"]:
            self._ask("experiments/delete", experiment_id=number)

    def run_id_of(self, run: MlflowRun) -> str | None:
        """The id that the run has on the server, if it is there whole."""
        there = self._there.get(run.run_id)
        if there in self._active and run.is_deleted:
            self._to_trash["runs"].append(str(there))
        return there

    def put_run(self, run: MlflowRun) -> str:
        """Write a run with its models; the id that it got."""
        made = self._ask(
            "runs/create",
            experiment_id=self._experiments[run.experiment],
            user_id=run.user,
            run_name=run.name,
            start_time=run.start_ms,
        )["run"]["info"]
        run_id, address = str(made["run_id"]), made["artifact_uri"]
        for params in _portions(_pairs(run.params), _OTHERS):
            self._ask("runs/log-batch", run_id=run_id, params=params)
        for tags in _portions(_pairs(run.tags), _OTHERS):
            self._ask("runs/log-batch", run_id=run_id, tags=tags)
        for metrics in _portions(self._metrics(run, run_id), _METRICS):
            self._ask("runs/log-batch", run_id=run_id, metrics=metrics)
        if run.datasets:
            datasets = [
                {
                    "tags": _pairs(each.tags),
                    "dataset": {
                        "name": each.name,
                        "digest": each.digest,
                        "source_type": each.source_type,
                        "source": each.source,
                        "schema": each.schema,
                        "profile": each.profile,
                    },
                }
                for each in run.datasets
            ]
            self._ask("runs/log-inputs", run_id=run_id, datasets=datasets)
        self._put_files(address, run.files())
        for model in run.models:
            self._put_logged_model(run_id, model)
        made_there = [
            {"model_id": self._models[model_id], "step": step}
            for model_id, step in run.made
            if model_id in self._models
        ]
        read_there = [{"model_id": self._models[each]} for each in run.read if each in self._models]
        if made_there:
            self._ask("runs/outputs", run_id=run_id, models=made_there)
        if read_there:
            self._ask("runs/log-inputs", run_id=run_id, models=read_there)
        if left := len(run.made) + len(run.read) - len(made_there) - len(read_there):
            self.remarks.append(f"{left} models that {run.name!r} has are not there yet")
        end = {"end_time": run.end_ms} if run.end_ms is not None else {}
        self._ask("runs/update", run_id=run_id, status=run.status, **end)
        self._ask("runs/set-tag", run_id=run_id, key=OURS_TAG, value=run.run_id)
        if run.is_deleted:
            self._to_trash["runs"].append(run_id)
        self._there[run.run_id] = run_id
        self._new.add(run_id)
        return run_id

    def put_model_of_no_run(self, model: LoggedModel) -> bool:
        """Write a logged model; whether it is new."""
        if model.is_deleted or model.model_id in self._models:
            return False
        self._put_logged_model(None, model)
        return True

    def put_measured(self, model_id: str, measured: Sequence[tuple[str, Measured]]) -> None:
        """Write what runs measured of a logged model, unless it is there."""
        there = self._models.get(model_id)
        known: set[tuple[str, str, int, int]] = set()
        if there is not None:
            place = f"/api/2.0/mlflow/logged-models/{quote(there)}"
            data = self._server.get(place, is_optional=True).get("model", {}).get("data", {})
            known = {
                (m["run_id"], m["key"], int(m.get("step", 0)), int(m["timestamp"]))
                for m in data.get("metrics", ())
            }
        by_run: dict[str, list[dict[str, Any]]] = {}
        for run_id, each in measured:
            # Of a model that is not there it is a point of its run like any; and so is a second of
            # one moment, since MLflow has one.
            moment = (run_id, each.key, each.step, each.time_ms)
            is_tied = there is not None and moment not in known
            if run_id in self._new or (run_id in self._active and is_tied):
                value = nan if moment in self._nan else each.value
                point = _point(each.key, value, each.time_ms, each.step)
                if is_tied:
                    known.add(moment)
                    point["model_id"] = there
                if each.data:
                    point |= {"dataset_name": each.data, "dataset_digest": each.digest}
                by_run.setdefault(run_id, []).append(point)
        for run_id, points in by_run.items():
            for some in _portions(points, _METRICS):
                self._ask("runs/log-batch", run_id=run_id, metrics=some)

    def put_registered(self, model: MlflowModel) -> int:
        """Write a registered model; how many of its versions are new."""
        name = model.name
        there = self._server.ask(
            "GET", "registered-models/get", {"name": name}, is_optional=True
        ).get("registered_model")
        if there is None:
            self._ask(
                "registered-models/create",
                name=name,
                description=model.description,
                tags=_pairs(model.tags),
            )
        literal = name.replace("'", "''")
        known = {
            int(each["version"]): each.get("run_id", "")
            for each in self._server.all(
                "model-versions/search",
                "model_versions",
                method="GET",
                filter=f"name='{literal}'",
            )
        }
        written: set[int] = set()
        last = max(known, default=0)
        for version in model.versions:
            if version.version <= last:
                # There is one of that number, or there was: it is not given again.
                if known.get(version.version) != version.run_id:
                    self.remarks.append(another_there(name, version.version))
                continue
            last = self._put_version(name, version)
            written.add(version.version)
        for alias, number in model.aliases.items():
            if number in written:
                self._ask("registered-models/alias", name=name, alias=alias, version=str(number))
        return len(written)

    def _put_version(self, name: str, version: MlflowVersion) -> int:
        # A server takes a logged model as source from those alone who say its id, too.
        logged = version.source.removeprefix("models:/")
        model_id = version.model_id or (logged if logged in self._models.values() else "")
        # The server counts for itself, and leaves no gap; what was deleted here is so there.
        while True:
            made = self._ask(
                "model-versions/create",
                name=name,
                source=version.source,
                run_id=version.run_id,
                description=version.description,
                tags=_pairs(version.tags),
                **({"run_link": version.run_link} if version.run_link else {}),
                **({"model_id": model_id} if model_id else {}),
            )["model_version"]
            number = int(made["version"])
            if number >= version.version:
                break
            self._server.send_json(
                "DELETE", "model-versions/delete", name=name, version=str(number)
            )
        if version.stage != "None":
            self._ask(
                "model-versions/transition-stage",
                name=name,
                version=str(number),
                stage=version.stage,
                archive_existing_versions=False,
            )
        return number

    def address_of(self, run: MlflowRun, run_id: str, path: str) -> str:  # noqa: ARG002
        """Where the files below ``path`` of a run are."""
        found = self._server.ask("GET", "runs/get", {"run_id": run_id})["run"]
        return f"{found['info']['artifact_uri']}/{path}"

    def model_id_of(self, model_id: str) -> str:
        """The id that a logged model got."""
        return self._models.get(model_id, model_id)

    # Within

    def _metrics(self, run: MlflowRun, run_id: str) -> Iterator[dict[str, Any]]:
        """The points of a run; what is measured of a model is written when the model is there."""
        later = {(each.key, each.step, each.time_ms, repr(each.value)) for each in run.measured}
        for key, times, values, steps in run.points():
            for time, value, step in zip(times, values, steps, strict=True):
                if value != value and (key, step, time, "0.0") in later:
                    self._nan.add((run_id, key, step, time))
                elif (key, step, time, repr(value)) not in later:
                    yield _point(key, value, time, step)

    def _put_logged_model(self, run_id: str | None, model: LoggedModel) -> None:
        of_run = {"source_run_id": run_id} if run_id else {}
        made = self._ask(
            "logged-models",
            experiment_id=self._experiments[model.experiment],
            name=model.name,
            model_type=model.model_type,
            params=_pairs(model.params),
            tags=_pairs(model.tags),
            **of_run,
        )["model"]["info"]
        self._put_files(made["artifact_uri"], model.files())
        model_id = made["model_id"]
        place = f"logged-models/{quote(model_id)}"
        if model.status != "pending":
            status = MODEL_STATUS_NAMES[model.status]
            self._server.send_json("PATCH", place, model_id=model_id, status=status)
        ours = [{"key": OUR_MODEL_TAG, "value": model.model_id}]
        self._server.send_json("PATCH", f"{place}/tags", model_id=model_id, tags=ours)
        if model.is_deleted:
            self._server.send("DELETE", f"/api/2.0/mlflow/{place}")
        self._models[model.model_id] = model_id

    def _put_files(self, address: str, files: Iterable[SourceFile]) -> None:
        parts = urlsplit(address)
        for file in files:
            data = file.content.read_bytes() if isinstance(file.content, Path) else file.content()
            if parts.scheme == "mlflow-artifacts":
                path = quote(f"{parts.path.strip('/')}/{file.path}")
                self._server.send(
                    "PUT", f"/api/2.0/mlflow-artifacts/artifacts/{path}", data, kind=""
                )
            elif parts.scheme in ("", "file"):
                target = local_path(address) / file.path
                _write_near(target, data, address)
            else:
                raise SourceUnavailable(
                    f"The server keeps files at {address}, where nbtrack does not write; start it "
                    "with --serve-artifacts, or export without files."
                )

    def _ask(self, what: str, **body: Any) -> dict[str, Any]:
        return self._server.ask("POST", what, body)


def _write_near(target: Path, data: bytes, address: str) -> None:
    """Where the server and this process see one disk, as MLflow's own client assumes."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.{os.getpid()}.part")
        part.write_bytes(data)
        shutil.move(part, target)
    except OSError as error:
        raise SourceUnavailable(
            f"The server keeps files in {address}, which cannot be written from here "
            f"({error.strerror}); start it with --serve-artifacts, or export without files."
        ) from error


def _pairs(texts: dict[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": text} for key, text in texts.items()]


def _point(key: str, value: float, time: int, step: int) -> dict[str, Any]:
    # As protocol buffers write them in JSON.
    told: Any = value
    if value != value or value in (float("inf"), float("-inf")):
        told = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
    return {"key": key, "value": told, "timestamp": time, "step": step}


def _portions(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    left = iter(rows)
    while some := list(islice(left, size)):
        yield some
