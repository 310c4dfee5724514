"""Runs removed for good: from the database, and from journals that are still written.

A journal that is closed or dead is gone once it is folded. In one whose writer
lives, the lines of a purged run are overwritten where they stand, at the same
length and with checks that hold: its writer only ever appends, and what is
behind the fold's offset is never read as events again.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Collection, Sequence, Set
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.errors import StoreHeld, StoreUnavailable
from nbtrack.events import CellExecuted, SeriesOpened, TextStored
from nbtrack.store.compaction import gone_cells, gone_digests, gone_models, rewrite_without
from nbtrack.store.fold import Folder, list_segments, segment_files
from nbtrack.store.journal import PURGED_FILE
from nbtrack.store.segments import (
    HEADER_BYTES,
    RECORD_BYTES,
    RESIDUE,
    event_lines,
    record_dtype,
)

if TYPE_CHECKING:
    from nbtrack.store.database import Database
    from nbtrack.store.locks import StoreLock

# An event that changes nothing, shorter than any that names a run or a text.
_BLANK = b'{"type":"TagsSet","ts":0,"run":"","tags":{}}'


def purge(
    database: Database,
    folder: Folder,
    lock: StoreLock,
    run_ids: Sequence[str],
    *,
    models: Sequence[str] = (),
    experiments: Sequence[int] = (),
) -> int:
    """Remove runs for good, logged models, and experiments by number; how many runs were there.

    Raises `StoreHeld` if one of them is still running, `StoreUnavailable` if a
    journal could not be read to its end, so that it may hold more of them.
    """
    ids = {run_id.replace("-", "") for run_id in run_ids}
    gone = sorted(ids)
    with lock.exclusive():
        with database.attached(read_only=False) as connection:
            while not folder.fold(connection).is_complete:
                pass
        if folder.blocked:
            raise StoreUnavailable(
                f"A journal may hold more of these runs, and cannot be read here: "
                f"{next(iter(folder.blocked.values()))} Then purge again."
            )
        with database.attached(read_only=True) as connection:
            found = connection.execute(
                "SELECT replace(run_id::VARCHAR, '-', ''), name, status, journal "
                "FROM main.all_runs JOIN base.runs USING (run_id, name) "
                "WHERE run_id IN (SELECT unnest(?)::UUID)",
                [gone],
            ).fetchall()
        for _, name, status, journal in found:
            if status == "running" and (folder.journals / journal).exists():
                raise StoreHeld(
                    f"Run {name!r} is still running in another process; end it, then purge it."
                )
        with database.attached(read_only=True) as connection:
            cells = set(
                connection.execute(
                    f"SELECT replace(session::VARCHAR, '-', ''), number FROM ({gone_cells(gone)})"
                ).fetchall()
            )
            digests = {row[0] for row in connection.execute(gone_digests(gone)).fetchall()}
            ids |= {row[0].hex for row in connection.execute(gone_models(gone, models)).fetchall()}
        rewrite_without(database, gone, models=models, experiments=experiments)
        (database.file.parent / PURGED_FILE).touch()
        for journal in folder.list_journals():
            for number in list_segments(journal):
                _erase(*segment_files(journal, number), ids, cells, digests)
        folder.forget()
    return len(found)


def _erase(
    events_file: Path,
    points_file: Path,
    run_ids: Set[str],
    cells: Collection[tuple[str, int]],
    digests: Collection[str],
) -> None:
    """Overwrite what a segment holds of these runs, cells and texts."""
    series: list[int] = []
    lines = list(event_lines(events_file))
    for _, _, event in lines:
        if isinstance(event, SeriesOpened) and event.run in run_ids:
            series.append(event.series)
    descriptor = os.open(events_file, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        for start, end, event in lines:
            match event:
                case TextStored(digest=digest):
                    is_gone = digest in digests
                case CellExecuted(session=session, number=number):
                    is_gone = (session, number) in cells
                case _:
                    named = (getattr(event, "run", None), getattr(event, "model", None))
                    is_gone = not run_ids.isdisjoint(named)
            if is_gone:
                # Checksum, space and newline take ten bytes of the line.
                body = _BLANK.ljust(end - start - 10)
                _write_at(descriptor, start, b"%08x %s\n" % (zlib.crc32(body), body))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if series:
        _erase_points(points_file, series)


def _erase_points(file: Path, series: list[int]) -> None:
    import numpy as np

    data = bytearray(file.read_bytes()[HEADER_BYTES:])
    whole = len(data) // RECORD_BYTES
    records = np.frombuffer(data, record_dtype(), count=whole)
    purged = np.isin(records["series"], series)
    if not purged.any():
        return
    records["value"][purged] = 0.0
    ends = np.flatnonzero(records["check"]) + 1
    starts = np.concatenate(([0], ends[:-1]))
    touched = np.unique(np.searchsorted(ends, np.flatnonzero(purged), side="right"))
    descriptor = os.open(file, os.O_RDWR | getattr(os, "O_BINARY", 0))
    try:
        for frame in touched[touched < len(ends)]:
            first, last = int(starts[frame]) * RECORD_BYTES, int(ends[frame]) * RECORD_BYTES
            body = bytes(data[first : last - 4])
            check = zlib.crc32(body, RESIDUE).to_bytes(4, "little")
            _write_at(descriptor, HEADER_BYTES + first, body + check)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_at(descriptor: int, offset: int, data: bytes) -> None:
    os.lseek(descriptor, offset, os.SEEK_SET)
    os.write(descriptor, data)
