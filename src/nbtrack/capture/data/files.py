"""Files and folders by their content, and addresses by their name."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbtrack.capture.data.digest import Digest
    from nbtrack.capture.data.fingerprint import Reading

MAX_FILE_BYTES = 2 << 30
MAX_FILES = 10_000
_CHUNK_BYTES = 8 << 20
_MAX_PATH_CHARS = 1_000

_ADDRESS = re.compile(
    r"(?:s3|s3a|gs|gcs|az|abfs|abfss|adl|hf|http|https|ftp|memory|r2|oci)://\S+\Z"
)


def file_size(value: Any) -> int | None:
    """Bytes of a file or folder that a path names, ``None`` if it is no path to one."""
    if _address(value):
        return 0
    path = _path(value)
    if path is None:
        return None
    # How much is in a folder is known once it was gone through.
    return -1 if path.is_dir() else path.stat().st_size


def read_file(value: Any, digest: Digest) -> Reading | None:
    """Feed the content of a file, or of all files of a folder, to ``digest``."""
    from nbtrack.capture.data.fingerprint import Reading

    if address := _address(value):
        return Reading(
            "address", source=address, note="not read: it is on another machine", is_read=False
        )
    path = _path(value)
    if path is None:
        return None
    source = os.fspath(value)
    if path.is_dir():
        return _read_folder(path, source, digest)
    _feed(path, digest)
    return Reading("file", source=source)


def _read_folder(folder: Path, source: str, digest: Digest) -> Reading:
    from nbtrack.capture.data.fingerprint import Reading

    files = sorted(path for path in folder.rglob("*") if path.is_file())
    left_out = max(0, len(files) - MAX_FILES)
    digest.label("folder", len(files))
    for file in files[:MAX_FILES]:
        digest.label(file.relative_to(folder).as_posix())
        _feed(file, digest)
    note = f"without {left_out:,} of its {len(files):,} files" if left_out else ""
    return Reading("folder", (len(files),), source=source, note=note, is_sampled=bool(left_out))


def _feed(file: Path, digest: Digest) -> None:
    size = file.stat().st_size
    digest.label("file", size)
    with file.open("rb") as reader:
        if size <= MAX_FILE_BYTES:
            while chunk := reader.read(_CHUNK_BYTES):
                digest.content(chunk)
            return
        blocks = MAX_FILE_BYTES // _CHUNK_BYTES
        for block in range(blocks):
            reader.seek((size - _CHUNK_BYTES) * block // (blocks - 1))
            digest.content(reader.read(_CHUNK_BYTES))
    digest.sampled(MAX_FILE_BYTES, size)


def _path(value: Any) -> Path | None:
    """The path that a value is, if there is such a file, or such a folder."""
    if isinstance(value, str):
        # A word is a setting, even where a file happens to bear that name.
        if not 2 < len(value) <= _MAX_PATH_CHARS or not re.search(r"[/\\.]", value):
            return None
        if "\n" in value or "\0" in value:
            return None
    elif not isinstance(value, os.PathLike):
        return None
    path = Path(value)
    try:
        is_there = path.is_file() or (path.is_dir() and path.resolve() != Path.cwd())
    except (OSError, ValueError):
        return None
    return path if is_there else None


def _address(value: Any) -> str:
    text = value if isinstance(value, str) and len(value) <= _MAX_PATH_CHARS else ""
    return text if _ADDRESS.match(text) else ""
