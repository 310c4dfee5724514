"""A store of its own for every test; and an MLflow that was used, as files, database and server."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

import nbtrack
from nbtrack.tracking import active
from tests.integrations.importing.mlflow_made import MlflowMade, start_mlflow
from tests.models.other_python import mlflow_python


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a store that does not exist yet, chosen as the current one."""
    monkeypatch.setattr(active, "_chosen_store", None)
    monkeypatch.setattr(active, "_experiment", None)
    nbtrack.set_store(tmp_path / ".nbtrack")
    return tmp_path / ".nbtrack"


@pytest.fixture(scope="session")
def made_by_mlflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowMade]:
    """What one process of the real MLflow has made, in its file store and in SQLite, and serves."""
    folder = tmp_path_factory.mktemp("mlflow")
    process = start_mlflow(mlflow_python().executable, folder)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            process.wait()
            raise AssertionError((folder / "stderr").read_text()[-3000:])
        yield MlflowMade(folder, process=process, **json.loads(line))
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
