"""A store of each test's own."""

import pytest

import nbtrack
from nbtrack.tracking import active


@pytest.fixture
def place(tmp_path, monkeypatch):
    """The current store, which does not exist yet."""
    monkeypatch.setattr(active, "_chosen_store", None)
    monkeypatch.setattr(active, "_experiment", None)
    monkeypatch.chdir(tmp_path)
    nbtrack.set_store(tmp_path / ".nbtrack")
    yield tmp_path / ".nbtrack"
    for run in active.open_runs():
        run.end()
    active.current_store().close()
