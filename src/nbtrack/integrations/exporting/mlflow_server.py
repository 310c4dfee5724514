"""A tracking server of MLflow's as a target, over its REST API.

The server gives ids of its own. So a run bears a tag with its id here, by which it is found
again; it is set last, so that a run which was interrupted is begun anew.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from nbtrack.errors import SourceUnavailable
from nbtrack.integrations.importing.mlflow.artifacts import local_path
from nbtrack.integrations.importing.mlflow.http import Server
from nbtrack.integrations.importing.mlflow.records import MlflowModel, MlflowRun, MlflowVersion
from nbtrack.integrations.importing.source import SourceFile

OURS_TAG = "nbtrack.run_id"
_METRICS, _OTHERS = 1_000, 100
_READY = {1: "LOGGED_MODEL_PENDING", 2: "LOGGED_MODEL_READY", 3: "LOGGED_MODEL_UPLOAD_FAILED"}

T = TypeVar("T")


class ServerTarget:
    """The server at ``uri``. Raises `SourceUnavailable` where it does not answer."""

    def __init__(self, uri: str) -> None:
        self._server = Server(uri)
        self.remarks: list[str] = []
        self._experiments: dict[str, str] = {}
        self._models: dict[tuple[str, str], tuple[str, str]] = {}
        for found in self._server.all("experiments/search", "experiments", view_type="ALL"):
            self._experiments[found["name"]] = found["experiment_id"]
        self._there = self._known_runs()

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
        return found

    def run_id_of(self, run: MlflowRun) -> str | None:
        """The id that the run has on the server, if it is there whole."""
        return self._there.get(run.run_id)

    def put_run(self, run: MlflowRun, ours: str) -> str:  # noqa: ARG002 - known by MLflow's id
        """Write a run; the id that it got."""
        made = self._ask(
            "runs/create",
            experiment_id=self._experiment(run.experiment),
            user_id=run.user,
            run_name=run.name,
            start_time=run.start_ms,
        )["run"]["info"]
        run_id, address = str(made["run_id"]), made["artifact_uri"]
        for params in _portions(_pairs(run.params), _OTHERS):
            self._ask("runs/log-batch", run_id=run_id, params=params)
        for tags in _portions(_pairs(run.tags), _OTHERS):
            self._ask("runs/log-batch", run_id=run_id, tags=tags)
        for metrics in _portions(_metrics(run), _METRICS):
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
            self._put_logged_model(run, run_id, model)
        end = {"end_time": run.end_ms} if run.end_ms is not None else {}
        self._ask("runs/update", run_id=run_id, status=run.status, **end)
        self._ask("runs/set-tag", run_id=run_id, key=OURS_TAG, value=run.run_id)
        if run.is_deleted:
            self._ask("runs/delete", run_id=run_id)
        self._there[run.run_id] = run_id
        return run_id

    def put_model(self, model: MlflowModel) -> dict[int, str]:
        """Write a registered model; which of its versions are new, and their stages."""
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
        written: dict[int, str] = {}
        last = max(known, default=0)
        for version in model.versions:
            if version.version <= last:
                # There is one of that number, or there was: it is not given again.
                if known.get(version.version) != version.run_id:
                    self.remarks.append(
                        f"version {version.version} of {name!r} is another one there; rename the "
                        "model in one of the two, and export again"
                    )
                continue
            last = self._put_version(name, version)
            written[version.version] = version.stage
        for alias, number in model.aliases.items():
            if number in written:
                self._ask("registered-models/alias", name=name, alias=alias, version=str(number))
        return written

    def _put_version(self, name: str, version: MlflowVersion) -> int:
        # The server counts for itself, and leaves no gap; what was deleted here is so there.
        while True:
            made = self._ask(
                "model-versions/create",
                name=name,
                source=version.source,
                run_id=version.run_id,
                description=version.description,
                tags=_pairs(version.tags),
                **({"model_id": version.model_id} if version.model_id else {}),
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

    def source_of(self, run: MlflowRun, run_id: str, path: str) -> tuple[str, str]:
        """The address of a folder of a run, and the logged model that it is, if it is one."""
        known = self._models.get((run_id, path))
        if known is None:
            found = self._server.all(
                "logged-models/search",
                "models",
                is_optional=True,
                page=50,
                experiment_ids=[self._experiments[run.experiment]],
                filter=f"source_run_id = '{run_id}'",
            )
            for each in found:
                about = each["info"]
                place = (f"models:/{about['model_id']}", about["model_id"])
                self._models.setdefault((run_id, about["name"]), place)
            known = self._models.get((run_id, path))
        if known is not None:
            return known
        run_found = self._server.ask("GET", "runs/get", {"run_id": run_id})["run"]
        return f"{run_found['info']['artifact_uri']}/{path}", ""

    # Within

    def _experiment(self, name: str) -> str:
        if name not in self._experiments:
            self._experiments[name] = self._ask("experiments/create", name=name)["experiment_id"]
        return self._experiments[name]

    def _put_logged_model(self, run: MlflowRun, run_id: str, model: Any) -> None:
        made = self._ask(
            "logged-models",
            experiment_id=self._experiments[run.experiment],
            name=model.name,
            model_type=model.model_type,
            source_run_id=run_id,
            params=_pairs(model.params),
            tags=_pairs(model.tags),
        )["model"]["info"]
        self._put_files(made["artifact_uri"], model.files())
        status = _READY.get(model.status, "LOGGED_MODEL_READY")
        model_id = made["model_id"]
        self._server.send_json(
            "PATCH", f"logged-models/{quote(model_id)}", model_id=model_id, status=status
        )
        outputs = [{"model_id": model_id, "step": model.step}]
        self._ask("runs/outputs", run_id=run_id, models=outputs)

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


def _metrics(run: MlflowRun) -> Iterator[dict[str, Any]]:
    for key, times, values, steps in run.points():
        for time, value, step in zip(times, values, steps, strict=True):
            # As protocol buffers write them in JSON.
            told: Any = value
            if value != value or value in (float("inf"), float("-inf")):
                told = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
            yield {"key": key, "value": told, "timestamp": time, "step": step}


def _portions(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    left = iter(rows)
    while some := list(islice(left, size)):
        yield some
