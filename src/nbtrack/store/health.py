"""How a store is: where it lies, who writes, who holds it, and what would fail."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.errors import NbtrackError, StoreHeld, StoreTooNew
from nbtrack.events import JOURNAL_VERSION
from nbtrack.store.fold import list_segments, segment_files
from nbtrack.store.locks import LOCK_FILE, lock_holders
from nbtrack.store.schema import SCHEMA_VERSION
from nbtrack.store.writers import Life, life_of, process_name, read_writer

if TYPE_CHECKING:
    from nbtrack.store.store import Store

# Their caches hide what another machine wrote for seconds, and their locks may not reach it.
NETWORK_FILESYSTEMS = frozenset(
    (
        *("nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afs", "9p", "ceph", "lustre"),
        *("glusterfs", "fuse.sshfs", "fuse.glusterfs"),
    )
)
_LITTLE_SPACE = 500 << 20


@dataclass(frozen=True, slots=True)
class JournalHealth:
    """One journal that is not folded to its end. ``writer`` is a program, if it lives here."""

    id: str
    life: Life
    host: str
    pid: int | None
    writer: str
    size_bytes: int
    last_written: float | None  # seconds since 1970


@dataclass(slots=True)
class StoreHealth:
    """What `nbtrack doctor` shows. ``problems`` are sentences: what is wrong, and what to do."""

    path: Path
    exists: bool = False
    schema_version: int = SCHEMA_VERSION
    journal_version: int = JOURNAL_VERSION
    duckdb_version: str = ""
    database_bytes: int = 0
    free_bytes: int | None = None
    filesystem: str = "unknown"
    is_network: bool = False
    is_writable: bool = False
    holder: str | None = None
    lock_holders: list[str] = field(default_factory=list)
    runs: int | None = None
    points: int | None = None
    damage: list[str] = field(default_factory=list)
    journals: list[JournalHealth] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def examine(store: Store) -> StoreHealth:
    """Look at a store without changing it. Never raises for what is wrong with the store."""
    import duckdb

    health = StoreHealth(store.path, duckdb_version=duckdb.__version__)
    place = _existing(store.path)
    health.exists = store.path.is_dir()
    with suppress(OSError):
        health.free_bytes = shutil.disk_usage(place).free
    health.filesystem = _filesystem(place)
    health.is_network = health.filesystem in NETWORK_FILESYSTEMS
    health.is_writable = os.access(place, os.W_OK)
    health.journals = [_journal_health(path) for path in store.journal_folders()]
    health.lock_holders = [
        f"{process_name(pid)} (pid {pid})" for pid in lock_holders(store.path / LOCK_FILE)
    ]
    if health.exists:
        _examine_database(store, health)
    health.problems += _problems(health)
    return health


def _examine_database(store: Store, health: StoreHealth) -> None:
    file = store.path / "store.duckdb"
    if not file.exists():
        return
    health.database_bytes = file.stat().st_size
    try:
        with store.reading() as connection:
            [(health.runs, health.points)] = connection.execute(
                "SELECT (SELECT count(*) FROM base.runs), (SELECT count(*) FROM base.points)"
            ).fetchall()
            health.damage = [
                f"{name}: bytes {start} to {end} ({reason})"
                for name, start, end, reason in connection.execute(
                    "SELECT file, start_offset, end_offset, reason FROM base.damage "
                    "ORDER BY found DESC LIMIT 20"
                ).fetchall()
            ]
    except StoreHeld as error:
        health.holder = str(error)
        health.problems.append(str(error))
    except StoreTooNew as error:
        health.problems.append(str(error))
    except (NbtrackError, OSError) as error:
        health.problems.append(str(error))


def _problems(health: StoreHealth) -> Iterator[str]:
    if not health.is_writable:
        yield (
            f"{health.path} cannot be written: runs can be read here, and are not recorded. "
            "Choose another place with NBTRACK_STORE."
        )
    if health.free_bytes is not None and health.free_bytes < _LITTLE_SPACE:
        yield f"Only {health.free_bytes >> 20} MB are free on the disk of {health.path}."
    if health.is_network:
        yield (
            f"{health.path} is on a network file system ({health.filesystem}): what another "
            "machine logs may show late, and two that fold at once may wait for each other."
        )
    if health.damage:
        yield f"{len(health.damage)} stretches of journals could not be read: see damage."
    unknown = [journal for journal in health.journals if journal.life == "unknown"]
    if unknown:
        hosts = ", ".join(sorted({journal.host or "?" for journal in unknown}))
        yield (
            f"{len(unknown)} journals were begun where this process cannot look ({hosts}); "
            "their open runs show as running, with no news."
        )


def _journal_health(folder: Path) -> JournalHealth:
    writer = read_writer(folder)
    life = life_of(folder)
    files = [file for number in list_segments(folder) for file in segment_files(folder, number)]
    size, last = 0, None
    for file in files:
        with suppress(OSError):
            status = file.stat()
            size += status.st_size
            last = max(last or 0.0, status.st_mtime)
    return JournalHealth(
        id=folder.name,
        life=life,
        host=writer.host if writer else "",
        pid=writer.pid if writer else None,
        writer=process_name(writer.pid) if writer and life == "alive" else "",
        size_bytes=size,
        last_written=last,
    )


def _existing(path: Path) -> Path:
    """The path, or the nearest folder above it that exists."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def _filesystem(path: Path) -> str:
    """The kind of file system, such as ``ext4`` or ``nfs4``."""
    import psutil

    best, kind = -1, "unknown"
    with suppress(OSError, psutil.Error):
        resolved = path.resolve()
        for mount in psutil.disk_partitions(all=True):
            point = Path(mount.mountpoint)
            if resolved.is_relative_to(point) and len(point.parts) >= best:
                best, kind = len(point.parts), mount.fstype
    return kind
