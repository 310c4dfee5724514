"""Stores with runs in them, for tables to show."""

from __future__ import annotations

import math

import pytest

from nbtrack.tracking import active
from nbtrack.tracking.active import run


@pytest.fixture
def place(tmp_path, monkeypatch):
    """The folder of a store that does not exist yet, chosen as the current one."""
    monkeypatch.setattr(active, "_chosen_store", None)
    monkeypatch.setattr(active, "_experiment", None)
    active.set_store(tmp_path / ".nbtrack")
    yield tmp_path / ".nbtrack"
    for open_run in active.open_runs():
        open_run.end()


@pytest.fixture
def store(place):
    """A store of twelve runs of two models: eleven finished, ``run-7`` failed without accuracy."""
    for i in range(12):
        params = {"model": "forest" if i % 3 else "linear", "depth": i % 4, "seed": 7}
        try:
            with run(f"run-{i}", experiment="wine", tags={"team": "ab"[i % 2]}, **params) as r:
                for step in range(20):
                    r.log(loss=math.exp(-step / (i + 1)), step=step)
                if i == 7:
                    raise ValueError("no <b>data</b>")
                r.log(accuracy=0.5 + i / 100)
        except ValueError:
            pass
    return active.current_store(None)
