"""The lock of a store: shared for readers, exclusive for folds, with a gate in front.

Whoever wants the lock first takes the gate, and leaves it when he has the lock.
So a fold that waits for readers to finish keeps new readers behind it, and cannot
be starved. Descriptors live for one operation, are closed on exec, and are closed
in a child that is forked meanwhile: it would keep the lock past its parent's death.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import portalocker

from nbtrack.errors import StoreUnavailable

PATIENCE_S = 30.0


class StoreLock:
    """The lock of the store in a folder; it holds no state between operations."""

    def __init__(self, folder: Path) -> None:
        self._gate = folder / "gate.lock"
        self._lock = folder / "store.lock"

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Hold the lock together with other readers."""
        with self._hold(portalocker.LOCK_SH):
            yield

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the lock alone."""
        with self._hold(portalocker.LOCK_EX):
            yield

    @contextmanager
    def _hold(self, kind: portalocker.LockFlags) -> Iterator[None]:
        gate = _open(self._gate)
        try:
            lock = _open(self._lock)
        except OSError:
            _close(gate)
            raise
        try:
            if gate is not None and lock is not None:
                portalocker.lock(gate, portalocker.LOCK_EX)
                self._wait_for(lock, kind)
                portalocker.unlock(gate)
            yield
        finally:
            _close(lock)
            _close(gate)

    def _wait_for(self, lock: int, kind: portalocker.LockFlags) -> None:
        # Only the holder of the gate waits here, so that asking again and again is fair.
        deadline = time.monotonic() + PATIENCE_S
        pause_s = 0.0002
        while True:
            try:
                portalocker.lock(lock, kind | portalocker.LOCK_NB)
                return
            except portalocker.LockException:
                if time.monotonic() > deadline:
                    raise StoreUnavailable(
                        f"{self._lock} has been held for {PATIENCE_S:.0f} s; a process that uses "
                        "the store may be suspended. See nbtrack doctor."
                    ) from None
            time.sleep(pause_s)
            pause_s = min(pause_s * 1.5, 0.002)


def _open(file: Path) -> int | None:
    """A descriptor, or ``None`` on a read-only mount without lock files, where nobody writes."""
    cloexec = getattr(os, "O_CLOEXEC", 0)
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | cloexec, 0o666)
    except PermissionError:
        pass
    except FileNotFoundError:
        raise
    except OSError:
        pass
    else:
        _descriptors.add(descriptor)
        return descriptor
    with suppress(OSError):
        descriptor = os.open(file, os.O_RDONLY | cloexec)
        _descriptors.add(descriptor)
        return descriptor
    return None


def _close(descriptor: int | None) -> None:
    if descriptor is not None:
        _descriptors.discard(descriptor)
        # Closing would not be enough if a child has a copy of it.
        with suppress(OSError, portalocker.LockException):
            portalocker.unlock(descriptor)
        os.close(descriptor)


_descriptors: set[int] = set()


def _close_in_child() -> None:
    for descriptor in _descriptors:
        with suppress(OSError):
            os.close(descriptor)
    _descriptors.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_in_child)
