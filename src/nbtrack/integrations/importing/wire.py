"""The wire format of protocol buffers, for the few messages that importers need.

A library would need the descriptions of these messages, compiled; TensorFlow's and W&B's
packages have them, and are what an importer must not ask for.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any

_FIXED64 = struct.Struct("<Q").unpack_from
_FIXED32 = struct.Struct("<I").unpack_from
_DOUBLE = struct.Struct("<d")
_FLOAT = struct.Struct("<f")


def fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """The fields of a message: number and value, in their order.

    A value is an int (of a varint or fixed number, unsigned), or bytes. Raises ``ValueError``
    if the bytes are no message.
    """
    position, end = 0, len(data)
    while position < end:
        key, position = varint(data, position)
        number, kind = key >> 3, key & 7
        value: Any
        if kind == 0:
            value, position = varint(data, position)
        elif kind == 2:
            size, position = varint(data, position)
            value = data[position : position + size]
            if len(value) < size:
                raise ValueError("a field is cut off")
            position += size
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
            if position + size > end:
                raise ValueError("a number is cut off")
            value = (_FIXED64 if kind == 1 else _FIXED32)(data, position)[0]
            position += size
        else:
            raise ValueError(f"there is no kind {kind} of field")
        yield number, value


def message(data: bytes) -> dict[int, Any]:
    """The last value of each field; for messages whose fields do not repeat."""
    return dict(fields(data))


def varint(data: bytes, position: int) -> tuple[int, int]:
    """The number at ``position``, and where it ends."""
    number = shift = 0
    while True:
        if position >= len(data) or shift > 63:
            raise ValueError("a number is cut off")
        byte = data[position]
        number |= (byte & 0x7F) << shift
        position += 1
        if byte < 0x80:
            return number, position
        shift += 7


def signed(number: int) -> int:
    """An int32 or int64 from the unsigned number that stands for it."""
    return number - (1 << 64) if number >= 1 << 63 else number


def double(number: int) -> float:
    """A double from its bits."""
    found: float = _DOUBLE.unpack(number.to_bytes(8, "little"))[0]
    return found


def single(number: int) -> float:
    """A float from its bits."""
    found: float = _FLOAT.unpack(number.to_bytes(4, "little"))[0]
    return found


def text(data: bytes) -> str:
    """A string; what is no UTF-8 is shown as such."""
    return data.decode(errors="replace")
