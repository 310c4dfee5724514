"""Failures inside tracking: they never reach the user's cell, and never pass in silence."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


class TrackingWarning(UserWarning):
    """Something about a cell could not be recorded; the cell itself ran."""


class Interrupted(Exception):
    """The user interrupted the kernel while tracking was at work."""


class Trouble:
    """What went wrong inside tracking while one cell ran: counted, and told once."""

    def __init__(self) -> None:
        self._first = ""
        self._count = 0
        self._told = False

    @contextmanager
    def caught(self, doing: str) -> Iterator[None]:
        """Let nothing out but interrupts; ``doing`` completes "… could not be recorded"."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - the border between tracking and the user's cell
            self.add(doing, error)

    def add(self, doing: str, error: Exception) -> None:
        """Count a failure; the first is the one that is told."""
        self._count += 1
        if not self._first:
            self._first = f"{doing}: {type(error).__name__}: {error}"

    def interrupted(self, doing: str) -> None:
        """Count an interrupt that came while tracking was at work, after the cell's own end."""
        self.add(doing, Interrupted("by the user"))

    def __bool__(self) -> bool:
        return self._count > 0

    def __str__(self) -> str:
        more = f" (and {self._count - 1} more)" if self._count > 1 else ""
        return f"Tracking went wrong while {self._first}{more}" if self._count else ""

    def tell(self) -> None:
        """Warn, once. Under ``-W error`` the warning is written to stderr: the cell has run."""
        if not self or self._told:
            return
        self._told = True
        try:
            warnings.warn(f"{self}. The cell itself ran.", TrackingWarning, stacklevel=2)
        except TrackingWarning as warning:
            print(f"TrackingWarning: {warning}", file=sys.stderr)
