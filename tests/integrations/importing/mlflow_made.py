"""A program that uses the real MLflow, and then serves what it has made.

Importing MLflow takes longer than all the rest, so that one process does everything.
"""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.models.other_python import CHECKOUT

_PROGRAM = """
import json, logging, os, shutil, sys, threading
folder = sys.argv[1]
os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["_MLFLOW_SERVER_FILE_STORE"] = f"sqlite:///{folder}/ml.db"
os.environ["_MLFLOW_SERVER_ARTIFACT_ROOT"] = f"{folder}/served"
os.environ["MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE"] = "true"
import mlflow
from mlflow import MlflowClient
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from mlflow.entities import (Dataset, DatasetInput, InputTag, LoggedModelInput,
    LoggedModelOutput, LoggedModelStatus, Metric, Param, RunTag)

logging.disable(logging.WARNING)

def make(uri):
    mlflow.set_tracking_uri(uri)
    client = MlflowClient(uri)
    experiment = client.create_experiment("iris", artifact_location=f"{folder}/files-{uri[:6]}")
    client.create_experiment("empty", tags={"a": "b"})
    binned = client.create_experiment("binned", tags={"why": "old"})
    thrown = client.create_run(binned, start_time=1_699_000_000_000, run_name="thrown").info.run_id
    client.set_terminated(thrown, end_time=1_699_000_001_000)
    client.delete_experiment(binned)
    names = {}
    def run(name, parent=None, **tags):
        if parent:
            tags["mlflow.parentRunId"] = names[parent]
        made = client.create_run(experiment, start_time=1_700_000_000_000 + 1000 * len(names),
            run_name=name, tags={"mlflow.user": "ada", "mlflow.source.name": "train.py", **tags})
        names[name] = made.info.run_id
        return made.info.run_id
    said = {"mlflow.note.content": "a *note*", "team": "red", "mlflow.source.type": "LOCAL"}
    one = run("one", **said)
    params = {"lr": "0.10", "depth": "3", "name": "x y", "flag": "True", "a/b c": "1e-3"}
    for key, value in params.items():
        client.log_param(one, key, value)
    at = 1_700_000_000_500
    points = [Metric("loss", 1 / (step + 1), at + step, step) for step in range(5)]
    points += [Metric("loss", 0.5, at, -1)]
    points += [Metric("nan", float("nan"), at, 0), Metric("inf", float("inf"), at, 0)]
    points += [Metric("m/low", float("-inf"), at, 0)]
    client.log_batch(one, metrics=points)
    data = Dataset("train", "abc123", "local", json.dumps({"uri": "/data/train.csv"}),
        schema=json.dumps({"mlflow_colspec": [{"name": "a", "type": "long"}]}),
        profile=json.dumps({"num_rows": 2, "num_elements": 4}))
    client.log_inputs(one, [DatasetInput(data,
        [InputTag("mlflow.data.context", "training"), InputTag("own", "1")])])
    other = Dataset("train", "def456", "code", "{}")
    client.log_inputs(one, [DatasetInput(other, [])])
    client.log_text(one, "hello", "notes/a.txt")
    client.log_text(one, "model: 1", "classic/MLmodel")
    class Echo(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input):
            return model_input
    with mlflow.start_run(run_id=one):
        logged = mlflow.pyfunc.log_model(name="model", python_model=Echo(), pip_requirements=[])
    # Afterwards: MLflow cannot tie two points of one moment to a model.
    client.log_batch(one, [Metric("again", 2.0, at, 0), Metric("again", 1.0, at, 0)])
    alone = client.create_logged_model(experiment, "alone", tags={"t": "1"}, params={"p": "2"},
        model_type="net").model_id
    client.finalize_logged_model(alone, LoggedModelStatus.FAILED)
    awaited = client.create_logged_model(experiment, "awaited", source_run_id=one).model_id
    bad = client.create_logged_model(experiment, "bad", source_run_id=one).model_id
    client.delete_logged_model(bad)
    train = {"dataset_name": "train", "dataset_digest": "d"}
    for value, step, on in ((0.5, 1, {}), (0.75, 2, train)):
        client.log_metric(one, "acc", value, at, step, model_id=logged.model_id, **on)
    client.set_terminated(one, end_time=1_700_000_009_000)
    two = run("child", parent="one")
    client.log_metric(two, "acc", 0.25, at, 3, model_id=alone)
    client.log_inputs(two, models=[LoggedModelInput(logged.model_id)])
    client.log_outputs(two, [LoggedModelOutput(awaited, 7)])
    for start in range(0, 3000, 1000):
        client.log_batch(two, metrics=[Metric("long", 1 / (step + 1), at + step // 2, step)
            for step in range(start, start + 1000)])
    client.set_terminated(two, status="FAILED", end_time=1_700_000_010_000)
    run("going on", **{"mlflow.parentRunId": "0" * 32})
    gone = run("gone")
    client.set_terminated(gone, end_time=1_700_000_011_000)
    client.delete_run(gone)
    client.create_registered_model("reg", tags={"k": "v"}, description="described")
    for source in (f"runs:/{one}/classic", logged.model_uri, f"runs:/{one}/classic"):
        client.create_model_version("reg", source, one)
    client.create_model_version("reg", "s3://bucket/elsewhere", run_link="http://there")
    client.delete_model_version("reg", 1)
    client.transition_model_version_stage("reg", 3, "Production")
    client.set_registered_model_alias("reg", "champion", 2)
    client.set_model_version_tag("reg", 2, "q", "w")
    client.update_model_version("reg", 2, "second")
    return names

def show(uri, ours):
    # All that the client tells, by names; with ours of the runs and models that we wrote.
    # What a run's files are it asks where MLflow is, not where the client is.
    mlflow.set_tracking_uri(uri)
    client = MlflowClient(uri)
    experiments = {e.experiment_id: e for e in client.search_experiments(view_type=3)}
    ids = list(experiments)
    runs = client.search_runs(ids, run_view_type=3)
    models = client.search_logged_models(ids)
    if ours:
        runs = [run for run in runs if "nbtrack.run_id" in run.data.tags]
        models = [model for model in models if "nbtrack.model_id" in model.tags]
    names = {run.info.run_id: run.info.run_name for run in runs}
    called = {model.model_id: model.name for model in models}
    called.update(names)
    known = lambda key: called.get(key, key)
    found = {"experiments": {}, "runs": {}, "logged": {}, "models": {}, "ids": {}, "times": {}}
    for e in experiments.values():
        if ours and e.name == "Default":
            continue
        own = e.artifact_location.endswith("/" + e.experiment_id)
        found["experiments"][e.name] = [e.lifecycle_stage, e.tags, own or e.artifact_location]
        found["ids"]["experiment " + e.name] = e.experiment_id
        if e.name != "Default":
            found["times"]["experiment " + e.name] = [e.creation_time, e.last_update_time]
    def tied(metric):
        return repr([known(metric.run_id), metric.key, metric.timestamp, metric.step, metric.value,
            metric.dataset_name, metric.dataset_digest])
    def files_of(list_files):
        files = []
        def walk(path):
            for each in list_files(path):
                walk(each.path) if each.is_dir else files.append([each.path, each.file_size])
        walk(None)
        # MLmodel tells ids and addresses.
        return sorted(file for file in files if not file[0].endswith("MLmodel"))
    for run in runs:
        tags = {k: v for k, v in run.data.tags.items() if k != "nbtrack.run_id"}
        if "mlflow.parentRunId" in tags:
            tags["mlflow.parentRunId"] = known(tags["mlflow.parentRunId"])
        if ours:
            # It bears ids that are others there.
            tags.pop("mlflow.log-model.history", None)
        history = {
            key: sorted(repr((p.timestamp, p.step, p.value, p.dataset_name))
                for p in client.get_metric_history(run.info.run_id, key))
            for key in run.data.metrics
        }
        # A search leaves out models that were read.
        whole = client.get_run(run.info.run_id)
        outputs = whole.outputs.model_outputs if whole.outputs else []
        found["runs"][run.info.run_name] = {
            "about": [run.info.status, run.info.start_time, run.info.end_time, run.info.user_id,
                run.info.lifecycle_stage, experiments[run.info.experiment_id].name],
            "params": dict(run.data.params), "tags": tags, "history": history,
            "last": {key: repr(value) for key, value in run.data.metrics.items()},
            "files": files_of(lambda path: client.list_artifacts(run.info.run_id, path)),
            "inputs": sorted(([each.dataset.to_dictionary(),
                sorted([t.key, t.value] for t in each.tags)]
                for each in run.inputs.dataset_inputs), key=repr),
            "read": sorted(known(each.model_id) for each in whole.inputs.model_inputs),
            "made": sorted([known(each.model_id), each.step] for each in outputs),
        }
        found["ids"]["run " + run.info.run_name] = run.info.run_id
    for model in models:
        tags = {k: v for k, v in model.tags.items() if k != "nbtrack.model_id"}
        place = model.artifact_location
        repository = get_artifact_repository(place)
        found["logged"][model.name] = {
            "about": [str(model.status), model.model_type or None,
                known(model.source_run_id) or None, experiments[model.experiment_id].name],
            "params": model.params, "tags": tags,
            "metrics": sorted(map(tied, model.metrics or [])),
            "files": files_of(repository.list_artifacts),
        }
        found["ids"]["model " + model.name] = model.model_id
        found["times"]["model " + model.name] = [
            model.creation_timestamp, model.last_updated_timestamp]
    for model in client.search_registered_models():
        versions = client.search_model_versions(f"name='{model.name}'")
        found["models"][model.name] = {
            "about": [model.description, model.tags, {k: str(v) for k, v in model.aliases.items()}],
            "versions": sorted([each.version, known(each.run_id) or None, each.current_stage,
                each.description or "", each.tags, each.status, known(each.model_id),
                each.run_link or None] for each in versions),
        }
        found["times"]["registered " + model.name] = model.creation_timestamp
        for each in versions:
            found["times"][f"version {each.version}"] = [each.creation_timestamp, each.user_id]
    return found

def go_on(uri, run_id):
    # The run that was going on logs more, and ends.
    client = MlflowClient(uri)
    client.log_batch(run_id, [Metric("late", 0.5, 1_700_000_020_000 + n, n) for n in range(5)],
        [Param("late", "1")], [RunTag("late", "yes")])
    client.log_text(run_id, "late", "late.txt")
    made = client.create_logged_model(client.get_run(run_id).info.experiment_id, "late",
        source_run_id=run_id).model_id
    client.log_outputs(run_id, [LoggedModelOutput(made, 1)])
    client.set_terminated(run_id, end_time=1_700_000_030_000)
    return {}

def export(store, uri):
    import nbtrack
    report = nbtrack.export_mlflow(uri, store=store)
    return {"runs": report.runs, "there": report.already_there, "remarks": report.remarks,
        "versions": report.carried["versions"]}

# Migrations take seconds: the second database is a copy of the first, when that is empty.
MlflowClient(f"sqlite:///{folder}/ml.db").search_experiments()
shutil.copy(f"{folder}/ml.db", f"{folder}/empty.db")
made = {"files": make(f"file://{folder}/mlruns"), "sqlite": make(f"sqlite:///{folder}/ml.db")}
from mlflow.server import app
from werkzeug.serving import make_server
servers = [make_server("127.0.0.1", 0, app, threaded=True) for _ in range(2)]
if not os.fork():
    servers[0].serve_forever()
# The second has a database of its own, which is empty.
os.environ["_MLFLOW_SERVER_FILE_STORE"] = f"sqlite:///{folder}/empty.db"
threading.Thread(target=servers[1].serve_forever, daemon=True).start()
ports = [server.server_port for server in servers]
print(json.dumps({"run_ids": made, "port": ports[0], "empty_port": ports[1]}), flush=True)
for line in sys.stdin:
    try:
        asked = json.loads(line)
        answer = {"show": show, "go_on": go_on, "export": export}[asked.pop("what")](**asked)
    except Exception as error:
        import traceback
        answer = {"error": traceback.format_exc()}
    print(json.dumps(answer), flush=True)
"""


@dataclass(frozen=True)
class MlflowMade:
    """Where the stores are, and the ids of the runs in each by name."""

    folder: Path
    run_ids: dict[str, dict[str, str]]
    port: int
    empty_port: int
    process: subprocess.Popen[str]

    def show(self, uri: str, *, ours: bool = False) -> dict[str, Any]:
        """What MLflow's client tells of a store; with ``ours``, of the runs that nbtrack wrote."""
        return self._ask(what="show", uri=uri, ours=ours)

    def go_on(self, uri: str, run_id: str) -> None:
        """Let a run log more, and end."""
        self._ask(what="go_on", uri=uri, run_id=run_id)

    def export(self, store: Path, uri: str) -> dict[str, Any]:
        """Export a store of ours where MLflow is at hand."""
        return self._ask(what="export", store=str(store), uri=uri)

    def _ask(self, **asked: Any) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        found: dict[str, Any] = json.loads(self.process.stdout.readline())
        assert "error" not in found, found["error"]
        return found

    @property
    def uris(self) -> dict[str, str]:
        """The address of each store."""
        return {
            "files": str(self.folder / "mlruns"),
            "sqlite": f"sqlite:///{self.folder}/ml.db",
            "server": f"http://127.0.0.1:{self.port}",
            "empty server": f"http://127.0.0.1:{self.empty_port}",
        }


def start_mlflow(python: Path, folder: Path) -> subprocess.Popen[Any]:
    """The process, which tells on one line what it has made."""
    with (folder / "stderr").open("w") as errors:
        return subprocess.Popen(
            [str(python), "-W", "ignore", "-c", _PROGRAM, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # With a child that serves, which ends with it.
            start_new_session=True,
            stderr=errors,
            text=True,
            env={**os.environ, "PYTHONWARNINGS": "ignore", "PYTHONPATH": str(CHECKOUT / "src")},
        )
