"""A bar for what takes more than a moment; nothing at all for the rest."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from nbtrack.artifacts.digest import Told

if TYPE_CHECKING:
    from rich.progress import Progress

MOMENT_S = 1.5

# One bar at a time: within a longer work that has one, a part of it shows none.
_is_shown = threading.Lock()


@contextmanager
def progress_of(what: str, total: int, *, unit: str = "bytes") -> Iterator[Told]:
    """Give a function that is told of bytes as they pass, or of another unit; from any thread.

    The bar appears after a moment, in a notebook or a terminal, and goes when all is done. A
    total of 0 is one that nobody knows.
    """
    bar = _LateBar(what, total, unit)
    try:
        yield bar.advance
    finally:
        bar.stop()


class _LateBar:
    def __init__(self, what: str, total: int, unit: str) -> None:
        self._what = what
        self._total = total
        self._unit = unit
        self._done = 0
        self._since = time.monotonic()
        self._lock = threading.Lock()
        self._shown: Progress | None = None

    def advance(self, count: int) -> None:
        with self._lock:
            self._done += count
            if self._shown is None:
                if 0 < self._total <= self._done or time.monotonic() - self._since < MOMENT_S:
                    return
                if not _is_shown.acquire(blocking=False):
                    return
                self._shown = _start_bar(self._what, self._total, self._unit)
            self._shown.update(self._shown.task_ids[0], completed=self._done)

    def stop(self) -> None:
        with self._lock:
            if self._shown is not None:
                self._shown.stop()
                self._shown = None
                _is_shown.release()


def _start_bar(what: str, total: int, unit: str) -> Progress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    console = Console(stderr=True)
    bar = Progress(
        # A file's name is no markup.
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        *(
            (DownloadColumn(), TransferSpeedColumn())
            if unit == "bytes"
            else (MofNCompleteColumn(), TextColumn(unit))
        ),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not (console.is_terminal or console.is_jupyter),
    )
    bar.add_task(what, total=total or None)
    bar.start()
    return bar
