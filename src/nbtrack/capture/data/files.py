"""Files and folders by their content."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.capture.data.reading import Reading

if TYPE_CHECKING:
    from nbtrack.capture.data.digest import Digest

# A disk is slower than memory: what a byte of a file costs, in bytes of numbers read meanwhile.
_COST = 2
_BLOCK_BYTES = 1 << 20
# A folder's files are listed up to the first number, and opened up to the second.
MAX_LISTED = 100_000
MAX_OPENED = 10_000
_MAX_PATH_CHARS = 1_000


def file_cost(value: Any) -> int | None:
    """What a file costs to read, in bytes of numbers: -1 for a folder, ``None`` without a file."""
    path = path_of(value)
    if path is None:
        return None
    # How much is in a folder is known once it was gone through.
    return -1 if path.is_dir() else path.stat().st_size * _COST


def read_file(value: Any, digest: Digest, budget_bytes: int) -> Reading | None:
    """Feed the content of a file, or of all files of a folder, to ``digest``."""
    path = path_of(value)
    if path is None:
        return None
    source = value if isinstance(value, str) else os.fspath(value)
    if path.is_dir():
        return _read_folder(path, str(source), digest, budget_bytes)
    _feed(str(path), path.stat().st_size, digest)
    return Reading("file", source=str(source))


def path_of(value: Any) -> Path | None:
    """The path that a value is, if there is such a file, or such a folder of data."""
    if type(value) is str:
        # A word is a setting, even where a file happens to bear that name.
        if not 2 < len(value) <= _MAX_PATH_CHARS or not re.search(r"[/\\.]", value):
            return None
        if "\n" in value or "\0" in value:
            return None
    elif not issubclass(type(value), os.PathLike):
        return None
    try:
        path = Path(value).expanduser()
        # The folder that the work is done in, or one around it, is no data.
        is_there = path.is_file() or (
            path.is_dir() and not Path.cwd().is_relative_to(path.resolve())
        )
    except (OSError, ValueError, RuntimeError):
        return None
    return path if is_there else None


def _read_folder(folder: Path, source: str, digest: Digest, budget_bytes: int) -> Reading:
    listed = _listed(folder)
    files = listed[:MAX_LISTED]
    total = sum(size for _, _, size in files)
    digest.share = min(digest.share, budget_bytes / max(1, total * _COST))
    digest.label("folder", len(files))
    apart = -(-len(files) // MAX_OPENED) or 1
    for place, (name, path, size) in enumerate(files):
        digest.label(name, size)
        if place % apart == 0 or place == len(files) - 1:
            _feed(path, size, digest)
    notes = []
    if apart > 1:
        notes.append(f"names and sizes of all files, content of 1 in {apart}")
    if len(listed) > MAX_LISTED:
        notes.append(f"its first {MAX_LISTED:,} files; there are more")
    return Reading(
        "folder", (len(files),), source=source, note="; ".join(notes), is_partial=bool(notes)
    )


def _listed(folder: Path) -> list[tuple[str, str, int]]:
    """Name within the folder, path and size of its files, in an order that is always the same.

    One more than `MAX_LISTED` at most.
    """
    found = []
    for name, entry in _walk(str(folder), ""):
        found.append((name, entry.path, entry.stat().st_size))
        if len(found) > MAX_LISTED:
            break
    return found


def _walk(folder: str, within: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    with os.scandir(folder) as entries:
        ordered = sorted(entries, key=lambda entry: entry.name)
    for entry in ordered:
        # A link to a folder may lead back to one above it.
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(entry.path, f"{within}{entry.name}/")
        elif entry.is_file():
            yield f"{within}{entry.name}", entry


def _feed(path: str, size: int, digest: Digest) -> None:
    digest.label("file", size)
    digest.size_bytes += size
    with open(path, "rb", buffering=0) as file:
        for start, end in digest.ranges(size):
            file.seek(start)
            while start < end and (block := file.read(min(_BLOCK_BYTES, end - start))):
                digest.content(block)
                start += len(block)
