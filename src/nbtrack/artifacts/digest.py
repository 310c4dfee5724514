"""The digest by which bytes are known: BLAKE2b-256, as 64 hexadecimal digits."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

from nbtrack.errors import InvalidValue

CHUNK_BYTES = 1 << 20

# Is told of bytes as they pass, so that a bar can move.
Told = Callable[[int], object]

_DIGEST = re.compile(r"[0-9a-f]{64}")


def new_hasher() -> hashlib.blake2b:
    """A fresh one; its ``hexdigest()`` is the digest."""
    return hashlib.blake2b(digest_size=32)


def digest_of(data: bytes) -> str:
    """The digest of ``data``."""
    return hashlib.blake2b(data, digest_size=32).hexdigest()


def digest_of_file(file: Path) -> tuple[str, int]:
    """The digest and size of a file, read once in bounded memory."""
    hasher, size = new_hasher(), 0
    with file.open("rb") as reader:
        while chunk := reader.read(CHUNK_BYTES):
            hasher.update(chunk)
            size += len(chunk)
    return hasher.hexdigest(), size


def check_digest(digest: str) -> str:
    """``digest`` itself. It becomes a path, and an event may come from anybody."""
    if not _DIGEST.fullmatch(digest):
        raise InvalidValue(f"{digest!r} is not the digest of an artifact (64 hexadecimal digits).")
    return digest


def unheard(size_bytes: int) -> None:
    """Tells nobody."""
