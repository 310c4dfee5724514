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

_PROGRAM = """
import json, logging, os, socket, sys, threading
folder = sys.argv[1]
os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
os.environ["_MLFLOW_SERVER_FILE_STORE"] = f"sqlite:///{folder}/ml.db"
os.environ["_MLFLOW_SERVER_ARTIFACT_ROOT"] = f"{folder}/served"
os.environ["MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE"] = "true"
import mlflow
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, RunTag, Param

logging.disable(logging.WARNING)

def make(uri):
    mlflow.set_tracking_uri(uri)
    client = MlflowClient(uri)
    experiment = client.create_experiment("iris", artifact_location=f"{folder}/files-{uri[:6]}")
    client.create_experiment("empty", tags={"a": "b"})
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
    client.log_inputs(one, [DatasetInput(data, [InputTag("mlflow.data.context", "training")])])
    client.log_text(one, "hello", "notes/a.txt")
    client.log_text(one, "model: 1", "classic/MLmodel")
    class Echo(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input):
            return model_input
    with mlflow.start_run(run_id=one):
        logged = mlflow.pyfunc.log_model(name="model", python_model=Echo(), pip_requirements=[])
    # Afterwards: MLflow cannot tie two points of one moment to a model.
    client.log_batch(one, [Metric("again", 2.0, at, 0), Metric("again", 1.0, at, 0)])
    client.set_terminated(one, end_time=1_700_000_009_000)
    two = run("child", parent="one")
    client.set_terminated(two, status="FAILED", end_time=1_700_000_010_000)
    run("going on")
    gone = run("gone")
    client.set_terminated(gone, end_time=1_700_000_011_000)
    client.delete_run(gone)
    client.create_registered_model("reg", tags={"k": "v"}, description="described")
    for source in (f"runs:/{one}/classic", logged.model_uri, f"runs:/{one}/classic"):
        client.create_model_version("reg", source, one)
    client.delete_model_version("reg", 1)
    client.transition_model_version_stage("reg", 3, "Production")
    client.set_registered_model_alias("reg", "champion", 2)
    client.set_model_version_tag("reg", 2, "q", "w")
    client.update_model_version("reg", 2, "second")
    return names

def show(uri, ours):
    # All that the client tells, runs by their names; with ours of those that we wrote.
    client = MlflowClient(uri)
    found = {"runs": {}, "models": {}}
    ids = [each.experiment_id for each in client.search_experiments(view_type=3)]
    runs = client.search_runs(ids, run_view_type=3)
    runs = [run for run in runs if not ours or "nbtrack.run_id" in run.data.tags]
    names = {run.info.run_id: run.info.run_name for run in runs}
    models = {each.model_id: each for each in client.search_logged_models(ids)}
    for run in runs:
        tags = dict(run.data.tags)
        tags.pop("nbtrack.run_id", None)
        if "mlflow.parentRunId" in tags:
            tags["mlflow.parentRunId"] = names[tags["mlflow.parentRunId"]]
        history = {
            key: sorted(repr((p.timestamp, p.step, p.value))
                for p in client.get_metric_history(run.info.run_id, key))
            for key in run.data.metrics
        }
        files = []
        def walk(path):
            for each in client.list_artifacts(run.info.run_id, path):
                walk(each.path) if each.is_dir else files.append((each.path, each.file_size))
        walk(None)
        outputs = run.outputs.model_outputs if run.outputs else []
        found["runs"][run.info.run_name] = {
            "about": [run.info.status, run.info.start_time, run.info.end_time,
                run.info.lifecycle_stage, client.get_experiment(run.info.experiment_id).name],
            "params": dict(run.data.params), "tags": tags, "history": history,
            "last": {key: repr(value) for key, value in run.data.metrics.items()},
            "files": sorted(files),
            "inputs": [[each.dataset.to_dictionary(), [[t.key, t.value] for t in each.tags]]
                for each in run.inputs.dataset_inputs],
            "models": [[models[each.model_id].name, models[each.model_id].params,
                str(models[each.model_id].status)] for each in outputs],
        }
    for model in client.search_registered_models():
        found["models"][model.name] = {
            "about": [model.description, model.tags, {k: str(v) for k, v in model.aliases.items()}],
            "versions": sorted(
                [each.version, names.get(each.run_id), each.current_stage, each.description or "",
                    each.tags] for each in client.search_model_versions(f"name='{model.name}'")),
        }
    return found

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
        answer = show(**json.loads(line))
    except Exception as error:
        answer = {"error": repr(error)}
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
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"uri": uri, "ours": ours}) + "\n")
        self.process.stdin.flush()
        found: dict[str, Any] = json.loads(self.process.stdout.readline())
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
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
        )
