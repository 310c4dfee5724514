"""The log of records in a ``.wandb`` file: blocks of 32 kB, as LevelDB's log has them.

A record is one chunk, or several where it crosses blocks. A file that was being written ends
anywhere; what is whole before that is read.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

from nbtrack.errors import InvalidValue

_BLOCK_BYTES = 32_768
_HEADER = struct.Struct("<IHB")
_IDENT = b":W&B"
_MAGIC = 0xBEE1
_FULL, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4


def log_records(file: Path, damaged: list[int]) -> Iterator[bytes]:
    """The whole records of a file, in order; offsets of damage are added to ``damaged``.

    Raises `InvalidValue` if the file is no such log.
    """
    with file.open("rb") as stream:
        head = stream.read(7)
        ident, magic, version = head[:4], int.from_bytes(head[4:6], "little"), head[6:]
        if ident != _IDENT or magic != _MAGIC or version != b"\0":
            raise InvalidValue(
                f"{file} is no file of an offline run of W&B, or one of a newer format: it begins "
                f"with {head!r}."
            )
        block, base = head + stream.read(_BLOCK_BYTES - len(head)), 0
        at = len(head)
        parts: list[bytes] = []
        while block:
            while at + _HEADER.size <= len(block):
                check, size, kind = _HEADER.unpack_from(block, at)
                data = block[at + _HEADER.size : at + _HEADER.size + size]
                if check == size == kind == 0:
                    # The rest of a block that was filled up.
                    break
                if len(data) < size and len(block) < _BLOCK_BYTES:
                    return
                if len(data) < size or zlib.crc32(data, zlib.crc32(bytes([kind]))) != check:
                    # Where the next chunk begins is not known, but where the next block does.
                    damaged.append(base + at)
                    parts = []
                    break
                at += _HEADER.size + size
                if kind in (_FULL, _FIRST):
                    parts = []
                elif not parts:
                    # Its beginning was damaged.
                    continue
                parts.append(data)
                if kind in (_FULL, _LAST):
                    yield b"".join(parts)
                    parts = []
            base += len(block)
            block, at = stream.read(_BLOCK_BYTES), 0
