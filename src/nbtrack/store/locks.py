"""The lock of a store: shared for readers, exclusive for folds, with a gate in front.

Whoever wants the lock first takes the gate, and leaves it when he has the lock.
So a fold that waits for readers to finish keeps new readers behind it, and cannot
be starved. Descriptors live for one operation, are closed on exec, and are closed
in a child that is forked meanwhile: it would keep the lock past its parent's death.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nbtrack.errors import StoreHeld
from nbtrack.store.place import share

PATIENCE_S = 30.0

GATE_FILE = "gate.lock"
LOCK_FILE = "store.lock"


class StoreLock:
    """The lock of the store in a folder; it holds no state between operations.

    Under another ``name`` it is another lock: that of the files which runs keep.
    """

    def __init__(self, folder: Path, *, name: str = "", patience_s: float = PATIENCE_S) -> None:
        self._gate = folder / f"{name}{GATE_FILE}"
        self._lock = folder / f"{name}{LOCK_FILE}"
        self._patience_s = patience_s

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Hold the lock together with other readers."""
        with self._hold(exclusive=False):
            yield

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold the lock alone."""
        with self._hold(exclusive=True):
            yield

    @contextmanager
    def _hold(self, *, exclusive: bool) -> Iterator[None]:
        gate = _open(self._gate)
        try:
            lock = _open(self._lock)
        except OSError:
            _close(gate)
            raise
        try:
            if gate is not None and lock is not None:
                lock_file(gate, exclusive=True)
                self._wait_for(lock, exclusive=exclusive)
                unlock_file(gate)
            yield
        finally:
            _close(lock)
            _close(gate)

    def _wait_for(self, lock: int, *, exclusive: bool) -> None:
        # Only the holder of the gate waits here, so that asking again and again is fair.
        deadline = time.monotonic() + self._patience_s
        pause_s = 0.0002
        while not try_lock_file(lock, exclusive=exclusive):
            if time.monotonic() > deadline:
                pids = ", ".join(f"pid {pid}" for pid in lock_holders(self._lock))
                raise StoreHeld(
                    f"{self._lock} has been held for {self._patience_s:.0f} s by "
                    f"{pids or 'an unknown process'}, which may be suspended."
                )
            time.sleep(pause_s)
            pause_s = min(pause_s * 1.5, 0.002)


# One file. fcntl costs nothing to import; where it is missing, portalocker stands in.

if sys.platform == "win32":  # pragma: no cover

    def try_lock_file(descriptor: int, *, exclusive: bool) -> bool:
        """Lock an open file, or say that another holds it."""
        import portalocker

        kind = portalocker.LOCK_EX if exclusive else portalocker.LOCK_SH
        try:
            portalocker.lock(descriptor, kind | portalocker.LOCK_NB)
        except portalocker.LockException:
            return False
        return True

    def lock_file(descriptor: int, *, exclusive: bool) -> None:
        """Lock an open file, waiting for it."""
        while not try_lock_file(descriptor, exclusive=exclusive):
            time.sleep(0.001)

    def unlock_file(descriptor: int) -> None:
        """Let go of the lock of an open file."""
        import portalocker

        portalocker.unlock(descriptor)

else:
    import fcntl

    def try_lock_file(descriptor: int, *, exclusive: bool) -> bool:
        """Lock an open file, or say that another holds it."""
        kind = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EACCES):
                return False
            if error.errno in (errno.ENOTSUP, errno.ENOLCK, errno.ENOSYS):
                return True  # A mount without locks, as some network folders are.
            raise
        return True

    def lock_file(descriptor: int, *, exclusive: bool) -> None:
        """Lock an open file, waiting for it."""
        with suppress_unsupported():
            fcntl.flock(descriptor, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)

    def unlock_file(descriptor: int) -> None:
        """Let go of the lock of an open file."""
        with suppress_unsupported():
            fcntl.flock(descriptor, fcntl.LOCK_UN)

    @contextmanager
    def suppress_unsupported() -> Iterator[None]:
        """Go on where the mount knows no locks."""
        try:
            yield
        except OSError as error:
            if error.errno not in (errno.ENOTSUP, errno.ENOLCK, errno.ENOSYS):
                raise


def lock_holders(file: Path) -> list[int]:
    """The processes that hold a lock of the file, where the system tells (Linux)."""
    holders: list[int] = []
    with suppress(OSError, ValueError, IndexError):
        inode = str(file.stat().st_ino)
        for line in Path("/proc/locks").read_text().splitlines():
            fields = line.split()
            if fields[1] != "->" and fields[5].rpartition(":")[2] == inode:
                holders.append(int(fields[4]))
    return holders


def _open(file: Path) -> int | None:
    """A descriptor, or ``None`` on a read-only mount without lock files, where nobody writes."""
    cloexec = getattr(os, "O_CLOEXEC", 0)
    descriptor: int | None = None
    try:
        descriptor = os.open(file, os.O_RDWR | cloexec)
    except FileNotFoundError:
        if not file.parent.is_dir():
            raise
        with suppress(OSError):
            descriptor = os.open(file, os.O_RDWR | os.O_CREAT | cloexec, 0o666)
            share(file, like=file.parent)
    except OSError:
        with suppress(OSError):
            descriptor = os.open(file, os.O_RDONLY | cloexec)
    if descriptor is not None:
        _descriptors.add(descriptor)
    return descriptor


def _close(descriptor: int | None) -> None:
    if descriptor is not None:
        _descriptors.discard(descriptor)
        # Closing would not be enough if a child has a copy of it.
        with suppress(OSError):
            unlock_file(descriptor)
        os.close(descriptor)


_descriptors: set[int] = set()


def _close_in_child() -> None:
    for descriptor in _descriptors:
        with suppress(OSError):
            os.close(descriptor)
    _descriptors.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_close_in_child)
