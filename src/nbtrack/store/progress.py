"""A note beside the database of how far each journal is folded.

It spares whoever finds that another has just folded everything the opening of
the database, and the exclusive lock. It is a hint: the database alone decides
what is folded. The note names the file that it was written for, by inode and time
of change, so that it means nothing beside a copied, restored or compacted one.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import msgspec

from nbtrack.store.place import share

FILE = "progress.json"

# Of a segment, by (journal, number): bytes of events, bytes of points.
Sizes = Mapping[tuple[str, int], tuple[int, int]]


class _Note(msgspec.Struct):
    inode: int
    changed_ns: int
    folded: dict[str, tuple[int, int]]


def read_progress(database: Path) -> dict[tuple[str, int], tuple[int, int]]:
    """How far segments are folded for certain; empty where nothing is known."""
    try:
        note = msgspec.json.decode(database.with_name(FILE).read_bytes(), type=_Note)
        status = database.stat()
    except (OSError, msgspec.DecodeError):
        return {}
    if (note.inode, note.changed_ns) != (status.st_ino, status.st_mtime_ns):
        return {}
    found = {}
    for name, sizes in note.folded.items():
        journal, _, number = name.rpartition("/")
        found[journal, int(number)] = sizes
    return found


def write_progress(database: Path, folded: Sizes) -> None:
    """Note how far segments are folded; call it with the exclusive lock held."""
    file = database.with_name(FILE)
    with suppress(OSError):
        is_new = not file.exists()
        status = database.stat()
        names = {f"{journal}/{number}": sizes for (journal, number), sizes in folded.items()}
        note = _Note(status.st_ino, status.st_mtime_ns, names)
        # Not by renaming: what is read half written does not decode, and is no hint then.
        file.write_bytes(msgspec.json.encode(note))
        if is_new:
            share(file, like=file.parent)


def is_covered(wanted: Sizes, folded: Sizes) -> bool:
    """Whether everything up to ``wanted`` is folded."""
    for segment, (events, points) in wanted.items():
        folded_events, folded_points = folded.get(segment, (-1, -1))
        if events > folded_events or points > folded_points:
            return False
    return True
