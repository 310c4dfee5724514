"""The frames of an event file: length, its check, the record, its check.

The checks are masked CRC-32C, in a library of C: over a million records Python's own code
would take a minute.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from nbtrack.errors import MissingExtra

_LENGTH = struct.Struct("<Q")
_CHECK = struct.Struct("<I")
_BLOCK_BYTES = 8 << 20


@dataclass(slots=True)
class Trouble:
    """What was wrong with a file: records that are damaged, and bytes that nobody can read."""

    damaged: int = 0
    unread_bytes: int = 0


def records(file: Path, trouble: Trouble) -> Iterator[tuple[int, bytes]]:
    """The whole, checked records of a file, each with its offset.

    A record that is cut off at the end is none: it was being written. Behind a length that is
    damaged nothing can be found, which is told in ``trouble``. Raises `MissingExtra`.
    """
    crc = _crc32c()
    size = file.stat().st_size
    read_length, read_check = _LENGTH.unpack_from, _CHECK.unpack_from
    with file.open("rb") as stream:
        block, at, base = b"", 0, 0
        while True:
            if len(block) - at < 12:
                block = block[at:] + stream.read(_BLOCK_BYTES)
                base, at = base + at, 0
                if len(block) < 12:
                    return
            (length,) = read_length(block, at)
            end = at + 16 + length
            if end > len(block):
                if not _is_length(crc, block, at):
                    trouble.unread_bytes += size - base - at
                    return
                if base + end > size:
                    return
                block = block[at:] + stream.read(max(_BLOCK_BYTES, end - len(block)))
                base, at, end = base + at, 0, 16 + length
                if end > len(block):
                    return
            record = block[at + 12 : end - 4]
            check = crc(record)
            # As `_masked` does, without the call.
            check = ((check >> 15 | check << 17) + 0xA282EAD8) & 0xFFFFFFFF
            if check == read_check(block, end - 4)[0]:
                yield base + at, record
            elif _is_length(crc, block, at):
                trouble.damaged += 1
            else:
                trouble.unread_bytes += size - base - at
                return
            at = end


def record_at(file: Path, offset: int) -> bytes:
    """The record at an offset that `records` gave."""
    with file.open("rb") as stream:
        stream.seek(offset)
        (length,) = _LENGTH.unpack(stream.read(12)[:8])
        return stream.read(length)


def _is_length(crc: Callable[[bytes], int], block: bytes, at: int) -> bool:
    return _masked(crc(block[at : at + 8])) == int(_CHECK.unpack_from(block, at + 8)[0])


def _masked(crc: int) -> int:
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _crc32c() -> Callable[[bytes], int]:
    try:
        import google_crc32c
    except ImportError as error:
        raise MissingExtra(
            "Reading TensorBoard's files needs google-crc32c: pip install 'nbtrack[tensorboard]'."
        ) from error
    value: Callable[[bytes], int] = google_crc32c.value
    return value
