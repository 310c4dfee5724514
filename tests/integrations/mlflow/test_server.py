"""MLflow's own server around a store of ours, as its command starts it and clients speak to it."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
import warnings
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException

import nbtrack
from tests.integrations.mlflow.served import Server

_TRIES = 1200


@pytest.fixture(scope="module")
def store(server: Server) -> Path:
    return server.store


@pytest.fixture(scope="module")
def address(server: Server) -> str:
    """Where the server is, once it answers."""
    for _ in range(_TRIES):
        assert server.process.poll() is None, server.log.read_text()[-3000:]
        try:
            urllib.request.urlopen(f"{server.address}/health").close()
            return server.address
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise AssertionError(f"no answer after {_TRIES} tries: {server.log.read_text()[-3000:]}")


def test_clients_of_a_server_log_search_register_and_keep_files(
    address: str, store: Path, tmp_path: Path
) -> None:
    client = MlflowClient(address, address)
    experiment = client.create_experiment("served", tags={"team": "x"})
    run = client.create_run(experiment, run_name="far").info
    points = [Metric("loss", 1 / (step + 1), 1000 + step, step) for step in range(20)]
    client.log_batch(run.run_id, points, [Param("lr", "0.1")], [RunTag("a", "b")])
    client.log_text(run.run_id, "hello", "notes/a.txt")
    (tmp_path / "MLmodel").write_text("flavors: {}")
    client.log_artifacts(run.run_id, str(tmp_path), "net")
    client.set_terminated(run.run_id)
    assert run.artifact_uri == f"mlflow-artifacts:/{experiment}/{run.run_id}/artifacts"

    [found] = client.search_runs([experiment], "metrics.loss < 0.1 AND params.lr = '0.1'")
    assert (found.info.run_name, found.info.status) == ("far", "FINISHED")
    assert [p.value for p in client.get_metric_history(run.run_id, "loss")] == [
        point.value for point in points
    ]
    assert [f.path for f in client.list_artifacts(run.run_id)] == ["net", "notes"]
    fetched = client.download_artifacts(run.run_id, "notes/a.txt", str(tmp_path))
    assert Path(fetched).read_text() == "hello"
    client.create_registered_model("served")
    client.create_model_version("served", f"runs:/{run.run_id}/net", run.run_id)
    client.set_registered_model_alias("served", "champion", "1")
    assert client.get_model_version_by_alias("served", "champion").run_id == run.run_id
    with pytest.raises(MlflowException, match="Registered Model with name=none not found"):
        client.get_registered_model("none")

    # All of it is in the store, and nothing beside it.
    ours = nbtrack.get_run(run.run_id, store=store)
    assert (ours.name, ours.params["lr"], ours.load_text("notes/a.txt")) == ("far", 0.1, "hello")
    assert nbtrack.Registry(store).get_model_version("served", 1).path == "net"
    assert sorted(each.name for each in store.parent.iterdir()) == [".nbtrack", "log"]


def test_files_of_nbtracks_runs_are_served(address: str, store: Path, tmp_path: Path) -> None:
    with nbtrack.run("near", experiment="of nbtrack", store=store) as made:
        made.log_text("hello", "a.txt")
    client = MlflowClient(address, address)
    assert Path(client.download_artifacts(made.id, "a.txt", str(tmp_path))).read_text() == "hello"


def test_an_mlflow_that_was_not_tested_is_named_once(
    nbtrack_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nbtrack.integrations.mlflow.registry_store import NbtrackRegistryStore
    from nbtrack.integrations.mlflow.tracking_store import NbtrackStore

    monkeypatch.setattr(mlflow, "__version__", "9.1.0")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        NbtrackStore(nbtrack_uri)
        NbtrackRegistryStore(nbtrack_uri)
    [said] = [str(each.message) for each in told if "9.1.0" in str(each.message)]
    assert said.startswith("nbtrack was tested under MLflow 3.17")
