"""Runs that were really tracked, from the store to a chart."""

from __future__ import annotations

import math

import pytest

from nbtrack.charts import contour, importance, scatter
from nbtrack.store import RunQuery, run_frame
from nbtrack.tracking import active


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """Twenty runs as the store gives them; one diverged, one failed before its metric."""
    monkeypatch.setattr(active, "_chosen_store", None)
    monkeypatch.setattr(active, "_experiment", None)
    active.set_store(tmp_path / ".nbtrack")
    for number in range(20):
        params = {"lr": 10.0 ** -(number % 5), "model": "ab"[number % 2], "bias": number > 9}
        with active.run(f"run-{number}", **params) as run:
            if number != 7:
                run.log(loss=math.nan if number == 3 else number % 5 + number / 100)
    return run_frame(active.current_store(None), RunQuery())


def test_tracked_runs_are_drawn(runs):
    chart = scatter(runs, "lr", "loss", color="model")
    assert chart.spec["encoding"]["x"]["scale"]["type"] == "log"
    assert " ".join(chart.spec["title"]["subtitle"]).startswith("18 of 20 runs; ")
    assert set(chart.data["run_id"].to_pylist()) < set(runs["run_id"].to_pylist())
    assert scatter(runs, "start_time", "loss").spec["encoding"]["x"]["type"] == "temporal"
    assert sum(contour(runs, "model", "bias", "loss").data["runs"].to_pylist()) == 18
    assert importance(runs, "loss").data["parameter"][0].as_py() == "lr"
