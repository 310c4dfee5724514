"""A script for TensorBoard's writer makes the run that importing its files makes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorboardX

import nbtrack
from nbtrack.integrations.tensorboard import SummaryWriter
from nbtrack.tracking.stored import StoredRun

_SCRIPT = """
import numpy as np

with SummaryWriter("runs/net/first") as writer:
    for step in range(5):
        writer.add_scalar("loss/train", 1 / (step + 1), step)
        writer.add_histogram("weights", np.arange(100.0) - step, step)
    writer.add_scalar("later", np.float32(2.5), 7, walltime=1.7e9 + 0.25)
    writer.add_scalar("single", 3)
    writer.add_scalar("bad", float("nan"), 1)
    writer.add_histogram("few", np.array([1, 2, 2, 9]), 2, bins=4)
    writer.add_text("note", "hello", 1)
    writer.add_text("note", "*world*", 2)
    writer.add_image("im", np.arange(48, dtype=np.uint8).reshape(3, 4, 4), 3)
    writer.add_image("flat", np.linspace(0, 1, 16).reshape(4, 4), 3, dataformats="HW")
    writer.add_images("grid", np.linspace(0, 1, 9 * 48).reshape(9, 3, 4, 4), 4)
    writer.add_scalars("both", {"a": 1.5, "b": 2.5}, 1)
    writer.add_scalars("both", {"a": 1.75, "b": 2.75}, 2)
    writer.add_hparams({"lr": 0.1, "n": 3, "opt": "sgd", "on": True}, {"final": 0.5}, name="trial")
    writer.flush()
"""


def run_script(writer: type[Any]) -> None:
    exec(_SCRIPT, {"SummaryWriter": writer})


def by_name() -> dict[str, StoredRun]:
    # tensorboardX puts the parts of add_scalars into folders of two levels, torch into one.
    runs = nbtrack.search_runs(output_format="list", search_all_experiments=True)
    return {run.name.replace("both/", "both_"): run for run in runs}


def points(run: StoredRun) -> dict[str, list[tuple[int, float]]]:
    """Points as TensorBoard's 32 bits have them."""
    return {
        key: [(row["step"], float(np.float32(row["value"]))) for row in run.history(key)]
        for key in run.metrics
    }


def pictures(run: StoredRun) -> dict[str, Any]:
    return {
        path.partition("+timestamp")[0]: np.asarray(run.load_image(path).convert("RGB")).tolist()
        for path in run.artifacts
        if path.startswith("images/")
    }


def rows(run: StoredRun, path: str) -> list[dict[str, Any]]:
    return [
        {key: value for key, value in row.items() if key != "time"} for row in run.load_table(path)
    ]


def test_script_makes_the_run_that_importing_its_files_makes(
    tmp_path: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run_script(tensorboardX.SummaryWriter)
    nbtrack.import_tensorboard("runs")
    imported = by_name()
    nbtrack.set_store(tmp_path / "ours")
    run_script(SummaryWriter)
    ours = by_name()
    assert ours.keys() == imported.keys()
    for name, run in imported.items():
        mine = ours[name]
        assert repr(points(mine)) == repr(points(run))
        assert (mine.params, mine.tags, mine.status) == (run.params, run.tags, run.status)
        assert mine.experiment == run.experiment
        assert pictures(mine) == pictures(run)
        tables = {path for path in run.artifacts if not path.startswith("images/")}
        assert {path for path in mine.artifacts if not path.startswith("images/")} == tables
        for path in tables:
            assert rows(mine, path) == rows(run, path)
    [told] = nbtrack.sql("SELECT epoch_us(ts) AS us FROM metrics WHERE key = 'later'").arrow()["us"]
    assert told.as_py() == 1_700_000_000_250_000
