"""Objects of Python's own in arrays and columns: by value, if their classes are known ones."""

from __future__ import annotations

import datetime
import decimal
import fractions
import math
import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from nbtrack.capture.data.classes import class_name
from nbtrack.capture.scalars import loaded

if TYPE_CHECKING:
    from nbtrack.capture.data.digest import Digest

_MAX_DEPTH = 16
_BY_TEXT = (
    int,
    bool,
    complex,
    type(None),
    decimal.Decimal,
    fractions.Fraction,
    uuid.UUID,
    datetime.timedelta,
)
_BY_ISO_TEXT = (datetime.date, datetime.datetime, datetime.time)


class UnreadableError(TypeError):
    """Of this class nobody knows what its content is."""


def feed_objects(values: Iterable[Any], digest: Digest) -> None:
    """Feed objects in their order; raises `UnreadableError` for one whose content is not known."""
    texts: list[bytes] = []
    for value in values:
        _put(value, texts, 0)
    digest.texts(texts)


def _put(value: Any, texts: list[bytes], depth: int) -> None:
    kind = type(value)
    if kind is str:
        texts += (b"str", value.encode(errors="surrogatepass"))
    elif kind is float:
        texts += (b"float", b"nan" if math.isnan(value) else value.hex().encode())
    elif kind in _BY_TEXT:
        texts += (kind.__name__.encode(), str(value).encode())
    elif kind in _BY_ISO_TEXT:
        zone = getattr(getattr(value, "tzinfo", None), "key", "")
        texts += (kind.__name__.encode(), f"{value.isoformat()} {zone}".encode())
    elif kind in (bytes, bytearray):
        texts += (b"bytes", bytes(value))
    elif kind in (list, tuple) and depth < _MAX_DEPTH:
        texts += (kind.__name__.encode(), b"%d" % len(value))
        for part in value:
            _put(part, texts, depth + 1)
    elif kind is dict and depth < _MAX_DEPTH:
        texts += (b"dict", b"%d" % len(value))
        for key, part in value.items():
            _put(key, texts, depth + 1)
            _put(part, texts, depth + 1)
    else:
        _put_foreign(value, texts, depth)


def _put_foreign(value: Any, texts: list[bytes], depth: int) -> None:
    numpy, pandas = loaded("numpy"), loaded("pandas")
    if numpy is not None and type(value) is numpy.ndarray and depth < _MAX_DEPTH:
        texts += (b"array", str(value.shape).encode())
        for part in value.reshape(-1):
            _put(part, texts, depth + 1)
    elif numpy is not None and type(value).__module__ == "numpy" and hasattr(value, "dtype"):
        texts += (value.dtype.name.encode(), str(value).encode())
    elif pandas is not None and value is pandas.NA:
        texts += (b"gap", b"")
    elif pandas is not None and type(value) in (pandas.Timestamp, pandas.Timedelta):
        texts += (type(value).__name__.encode(), str(value).encode())
    elif pandas is not None and value is pandas.NaT:
        texts += (b"gap", b"time")
    else:
        raise UnreadableError(f"nobody knows the content of {class_name(value)}")
