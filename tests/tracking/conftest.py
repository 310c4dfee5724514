"""A store of its own for every test, and scripts that run in a process of their own."""

import os
import subprocess
import sys
import textwrap

import pytest

import nbtrack
from nbtrack.tracking import active


@pytest.fixture
def place(tmp_path, monkeypatch):
    """The folder of a store that does not exist yet, chosen as the current one."""
    monkeypatch.setattr(active, "_chosen_store", None)
    monkeypatch.setattr(active, "_experiment", None)
    nbtrack.set_store(tmp_path / ".nbtrack")
    yield tmp_path / ".nbtrack"
    for run in active.open_runs():
        run.end()


@pytest.fixture
def script(place, tmp_path):
    """Run a script in a process of its own, on the test's store; gives the finished process."""
    file = tmp_path / "train.py"

    def run_script(source, *, env=None, **options):
        file.write_text(textwrap.dedent(source), encoding="utf-8")
        return subprocess.run(
            [sys.executable, "-W", "error", str(file)],
            env={**os.environ, "NBTRACK_STORE": str(place), **(env or {})},
            capture_output=True,
            text=True,
            timeout=60,
            **options,
        )

    return run_script
