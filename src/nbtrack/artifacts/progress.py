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


@contextmanager
def progress_of(what: str, total_bytes: int) -> Iterator[Told]:
    """Give a function that is told of bytes as they pass; from any thread.

    The bar appears after a moment, in a notebook or a terminal, and goes when all is done.
    """
    bar = _LateBar(what, total_bytes)
    try:
        yield bar.advance
    finally:
        bar.stop()


class _LateBar:
    def __init__(self, what: str, total_bytes: int) -> None:
        self._what = what
        self._total = total_bytes
        self._done = 0
        self._since = time.monotonic()
        self._lock = threading.Lock()
        self._shown: Progress | None = None

    def advance(self, size_bytes: int) -> None:
        with self._lock:
            self._done += size_bytes
            if self._shown is None:
                if self._done >= self._total or time.monotonic() - self._since < MOMENT_S:
                    return
                self._shown = _start_bar(self._what, self._total)
            self._shown.update(self._shown.task_ids[0], completed=self._done)

    def stop(self) -> None:
        with self._lock:
            if self._shown is not None:
                self._shown.stop()


def _start_bar(what: str, total_bytes: int) -> Progress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
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
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not (console.is_terminal or console.is_jupyter),
    )
    bar.add_task(what, total=total_bytes)
    bar.start()
    return bar
