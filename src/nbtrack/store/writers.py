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
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Literal

import msgspec

from nbtrack.store.locks import lock_file, try_lock_file

WRITER_FILE = "writer"
CLOSED_FILE = "closed"
# Between making its folder and locking its file a writer cannot be seen.
BIRTH_S = 60.0

Life = Literal["alive", "closed", "dead", "unknown"]


class Writer(msgspec.Struct, frozen=True):
    """A process that writes a journal. ``started`` is exact, and means something on its host."""

    pid: int
    started: str
    host: str
    boot: str
    pid_namespace: int
    nbtrack: str = ""


def this_process() -> Writer:
    """The writer that this process is."""
    pid = os.getpid()
    return Writer(pid, _started(pid) or "", platform.node(), _boot(), _pid_namespace())


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
    if writer.pid_namespace != here.pid_namespace:
        return "unknown"
    if writer.boot != here.boot:
        # Before a restart of this host, or on another one.
        return "dead" if writer.host == here.host else "unknown"
    return "alive" if _started(writer.pid) == writer.started else "dead"


def lock_writer_file(file: Path) -> int:
    """Create, lock and fill the writer file; the lock lasts as long as the descriptor."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
    # Only a reader that looks whether it is locked can be in the way, and not for long.
    lock_file(descriptor, exclusive=True)
    os.write(descriptor, msgspec.json.encode(this_process()))
    return descriptor


def process_name(pid: int) -> str:
    """The command of a process, for a message to people; ``a process`` if it is gone."""
    import psutil

    with suppress(psutil.Error, OSError):
        return " ".join(psutil.Process(pid).cmdline()[:3])[:120] or str(psutil.Process(pid).name())
    return "a process"


def _is_locked(file: Path) -> bool:
    try:
        descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    except OSError:
        return False
    try:
        return not try_lock_file(descriptor, exclusive=False)
    finally:
        os.close(descriptor)


def _started(pid: int) -> str | None:
    """When a process began, or ``None`` if it is gone, or dead and not waited for by its parent."""
    if sys.platform == "linux":
        try:
            # The name, in parentheses, may hold anything.
            fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        except OSError:
            return None
        return None if fields[0] in (b"Z", b"X") else fields[19].decode()
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else repr(process.create_time())
    except psutil.Error:
        return None


@cache
def _boot() -> str:
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    import psutil

    return f"{platform.node()}-{int(psutil.boot_time()) // 10}"


def _pid_namespace() -> int:
    with suppress(OSError):
        return os.stat("/proc/self/ns/pid").st_ino
    return 0


def _age_s(folder: Path) -> float:
    with suppress(OSError):
        return time.time() - folder.stat().st_mtime
    return 0.0
