"""Waiting for what is still being recorded beside the user's cells, before it is read."""

from __future__ import annotations

from collections.abc import Callable

_recorders: list[Callable[[], None]] = []


def add_recorder(wait: Callable[[], None]) -> None:
    """``wait`` returns when what its recorder has begun stands in the store, or soon after."""
    _recorders.append(wait)


def remove_recorder(wait: Callable[[], None]) -> None:
    """Forget one that `add_recorder` was told."""
    if wait in _recorders:
        _recorders.remove(wait)


def settle() -> None:
    """Wait until everything that this process has begun to record is there to be read."""
    for wait in tuple(_recorders):
        wait()
