"""A bar for what takes long, and one at a time."""

from __future__ import annotations

import pytest

from nbtrack.artifacts import progress
from nbtrack.artifacts.progress import progress_of


class Bar:
    """Stands for rich's, and notes what it was told."""

    task_ids = (0,)

    def __init__(self, what: str) -> None:
        self.what = what
        self.completed: list[int] = []
        self.is_over = False

    def update(self, task: int, *, completed: int) -> None:
        self.completed.append(completed)

    def stop(self) -> None:
        self.is_over = True


@pytest.fixture
def bars(monkeypatch: pytest.MonkeyPatch) -> list[Bar]:
    """The bars that are shown, at once where there is work left."""
    shown: list[Bar] = []

    def start(what: str, total: int, unit: str) -> Bar:
        shown.append(Bar(f"{what}: {total} {unit}"))
        return shown[-1]

    monkeypatch.setattr(progress, "MOMENT_S", 0.0)
    monkeypatch.setattr(progress, "_start_bar", start)
    return shown


def test_work_within_work_has_no_bar_of_its_own(bars: list[Bar]) -> None:
    with progress_of("Importing", 3, unit="runs") as told:
        told(1)
        with progress_of("Keeping x", 100) as inner:
            inner(50)
        told(1)
    with progress_of("Keeping y", 100) as told:
        told(50)
    assert [bar.what for bar in bars] == ["Importing: 3 runs", "Keeping y: 100 bytes"]
    assert [bar.completed for bar in bars] == [[1, 2], [50]]
    assert all(bar.is_over for bar in bars)


def test_total_that_nobody_knows_has_a_bar(bars: list[Bar]) -> None:
    with progress_of("Importing", 0, unit="runs") as told:
        told(5)
    assert [bar.completed for bar in bars] == [[5]]


def test_what_is_done_at_once_has_none(bars: list[Bar]) -> None:
    with progress_of("Keeping", 5) as told:
        told(5)
    assert not bars
