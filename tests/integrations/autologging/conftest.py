"""A store, a shell, and autologging that is off again after each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

import nbtrack
from nbtrack.integrations.autologging import switch
from nbtrack.tracking import active
from tests.magics.shells import open_shell


@pytest.fixture(autouse=True)
def fresh_switch(place: Path) -> Iterator[None]:
    """As in a new process: nobody has asked for anything, nothing is wrapped."""
    yield
    nbtrack.autolog(disable=True)
    switch._SWITCH._is_disabled = False
    switch._SWITCH._warned.clear()
    for run in active.open_runs():
        run.end()


@pytest.fixture
def runs(place: Path) -> Callable[[], list[Any]]:
    """``runs()``: what a reader of the store sees, oldest first."""

    def read() -> list[Any]:
        if not place.exists():
            return []
        return nbtrack.search_runs(
            search_all_experiments=True,
            order_by=["attributes.started ASC"],
            output_format="list",
            store=place,
        )

    return read


@pytest.fixture
def shell(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[InteractiveShell]:
    """IPython in this process, where cells can be tracked."""
    monkeypatch.chdir(tmp_path)
    with open_shell() as shell:
        yield shell
