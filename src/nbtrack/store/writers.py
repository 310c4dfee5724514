"""Who writes a journal, and whether that process is still alive.

A writer locks the file ``writer`` in its journal's folder for as long as it
lives, and says there where it runs. It is *proven dead* only if the lock is
free, it ran on this host and in this pid namespace, and no process with its pid
and start time exists. Two containers can share a boot id, and some mounts share
no locks: each test alone would be wrong somewhere.
"""

from __future__ import annotations

import os
import platform
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec
import portalocker

WRITER_FILE = "writer"
CLOSED_FILE = "closed"
# Between making its folder and locking its file a writer cannot be seen.
BIRTH_S = 60.0

Life = Literal["alive", "closed", "dead", "unknown"]


class Writer(msgspec.Struct, frozen=True):
    """A process that writes a journal. ``started`` is in seconds since 1970, as psutil tells it."""

    pid: int
    started: float
    host: str
    boot: str
    pid_namespace: int
    nbtrack: str = ""


def this_process() -> Writer:
    """The writer that this process is."""
    pid = os.getpid()
    return Writer(pid, _started(pid) or 0.0, platform.node(), _boot(), _pid_namespace())


def read_writer(journal: Path) -> Writer | None:
    """Who writes the journal, or ``None`` where its writer has not said so yet."""
    try:
        return msgspec.json.decode((journal / WRITER_FILE).read_bytes(), type=Writer)
    except (OSError, msgspec.DecodeError):
        return None


def life_of(journal: Path) -> Life:
    """Whether the journal's writer is alive, has closed it, is proven dead, or cannot be judged."""
    if (journal / CLOSED_FILE).exists():
        return "closed"
    if _is_locked(journal / WRITER_FILE):
        return "alive"
    writer = read_writer(journal)
    if writer is None:
        return "dead" if _age_s(journal) > BIRTH_S else "unknown"
    here = this_process()
    if (writer.boot, writer.pid_namespace) != (here.boot, here.pid_namespace):
        # After a restart of this very host nothing of it lives on.
        rebooted = writer.host == here.host and writer.pid_namespace == here.pid_namespace
        return "dead" if rebooted and writer.boot != here.boot else "unknown"
    started = _started(writer.pid)
    return "alive" if started is not None and abs(started - writer.started) < 1.0 else "dead"


def lock_writer_file(file: Path) -> int:
    """Create, lock and fill the writer file; the lock lasts as long as the descriptor."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
    portalocker.lock(descriptor, portalocker.LOCK_EX | portalocker.LOCK_NB)
    os.write(descriptor, msgspec.json.encode(this_process()))
    return descriptor


def process_name(pid: int) -> str:
    """The command of a process, for a message to people; ``a process`` if it is gone."""
    import psutil

    with suppress(psutil.Error, OSError):
        return " ".join(psutil.Process(pid).cmdline()[:3])[:120] or psutil.Process(pid).name()
    return "a process"


def _is_locked(file: Path) -> bool:
    try:
        descriptor = os.open(file, os.O_RDWR)
    except OSError:
        return False
    try:
        portalocker.lock(descriptor, portalocker.LOCK_EX | portalocker.LOCK_NB)
    except portalocker.LockException:
        return True
    finally:
        os.close(descriptor)
    return False


def _started(pid: int) -> float | None:
    import psutil

    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return None


@cache
def _boot() -> str:
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    import psutil

    return f"{platform.node()}-{int(psutil.boot_time()) // 10}"


def _pid_namespace() -> int:
    if sys.platform != "linux":
        return 0
    with suppress(OSError):
        return os.stat("/proc/self/ns/pid").st_ino
    return 0


def _age_s(folder: Path) -> float:
    import time

    with suppress(OSError):
        return time.time() - folder.stat().st_mtime
    return 0.0
