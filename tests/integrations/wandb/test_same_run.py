"""A script for W&B makes the run that importing what the real W&B recorded makes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import nbtrack
from nbtrack.tracking.stored import StoredRun
from tests.integrations.importing.wandb_made import PROGRAM, recorded


def points(run: StoredRun) -> dict[str, list[tuple[int, float]]]:
    return {
        key: [(row["step"], pytest.approx(row["value"], nan_ok=True)) for row in run.history(key)]
        for key in run.metrics
        if not key.startswith("system/")
    }


def plain(run: StoredRun, path: str) -> Any:
    """What a file says, but for the moment at which it was said."""
    if path.endswith(".png"):
        return run.load_image(path).convert("RGB").tobytes()
    return [
        {key: value for key, value in row.items() if key != "time"} for row in run.load_table(path)
    ]


def files(run: StoredRun) -> dict[str, Any]:
    """Files by their path without the hash of their bytes."""
    own = ("output.log", "requirements.txt", "wandb-")
    return {
        path.rpartition("_")[0] or path if path.startswith("media/") else path: plain(run, path)
        for path in run.artifacts
        if not path.startswith(own)
    }


def test_script_makes_the_run_that_importing_it_makes(
    tmp_path: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nbtrack.import_wandb(recorded())
    imported = nbtrack.get_run("first")
    nbtrack.set_store(tmp_path / "ours")
    ours_imported = "import numpy, nbtrack.integrations.wandb as wandb"
    script = PROGRAM.replace("import numpy, wandb", ours_imported)
    with pytest.warns(UserWarning, match="comes after step 22 has begun"):
        exec(script, {})
    ours = nbtrack.get_run("first")
    told = points(ours)
    # What a row says again is written again; the later of them counts, and W&B has it alone.
    for key, said_before in (("later", (20, 3.0)), ("none", (30, 1.0))):
        assert told[key].pop(0) == said_before
        assert ours.metrics[key] == imported.metrics[key]
    assert told == points(imported)
    assert (ours.params, ours.tags, ours.note) == (imported.params, imported.tags, imported.note)
    assert (ours.experiment, ours.status) == (imported.experiment, imported.status)
    assert files(ours) == files(imported)
