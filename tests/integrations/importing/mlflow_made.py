"""A program that uses the real MLflow, and then serves what it has made.

Importing MLflow takes longer than all the rest, so that one process does everything.
"""

from __future__ import annotations

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

made = {"files": make(f"file://{folder}/mlruns"), "sqlite": make(f"sqlite:///{folder}/ml.db")}
from mlflow.server import app
from werkzeug.serving import make_server
server = make_server("127.0.0.1", 0, app, threaded=True)
print(json.dumps({"run_ids": made, "port": server.server_port}), flush=True)
server.serve_forever()
"""


@dataclass(frozen=True)
class MlflowMade:
    """Where the stores are, and the ids of the runs in each by name."""

    folder: Path
    run_ids: dict[str, dict[str, str]]
    port: int

    @property
    def uris(self) -> dict[str, str]:
        """The address of each store."""
        return {
            "files": str(self.folder / "mlruns"),
            "sqlite": f"sqlite:///{self.folder}/ml.db",
            "server": f"http://127.0.0.1:{self.port}",
        }


def start_mlflow(python: Path, folder: Path) -> subprocess.Popen[Any]:
    """The process, which tells on one line what it has made."""
    with (folder / "stderr").open("w") as errors:
        return subprocess.Popen(
            [str(python), "-W", "ignore", "-c", _PROGRAM, str(folder)],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
        )
