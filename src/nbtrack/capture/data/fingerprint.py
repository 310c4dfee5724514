"""What is said of data without keeping it: kind, shape, types, and a digest of its content."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nbtrack.capture.data.digest import Digest

MAX_SCHEMA_CHARS = 8_000
_MAX_PARTS = 50


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Data as it was seen. ``digest`` is empty where it could not be read, and ``note`` says why.

    ``schema`` is JSON: type by column, or the type of the elements. ``is_sampled`` says
    that the digest is of a part of the content; ``note`` then says of which.
    """

    kind: str
    digest: str
    shape: tuple[int, ...]
    schema: str
    size_bytes: int | None
    is_sampled: bool = False
    source: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader found out about a value while it fed a `Digest`."""

    kind: str
    shape: tuple[int, ...] = ()
    schema: object = None
    source: str = ""
    note: str = ""
    is_read: bool = True
    is_sampled: bool = False


# A reader answers ``None`` for a value that it does not know.
Reader = Callable[[Any, Digest], Reading | None]


def is_data(value: object) -> bool:
    """Whether a value is data, going by its type; its content is not touched."""
    return _size(value, depth=0) is not None


def size_of(value: object) -> int | None:
    """About how many bytes have to be read; ``None`` if it is no data, or nobody knows."""
    size = _size(value, depth=0)
    return None if size is None or size < 0 else size


def fingerprint(value: object) -> Fingerprint | None:
    """The fingerprint of ``value``, or ``None`` if it is no data. Never raises."""
    if not is_data(value):
        return None
    digest = Digest()
    try:
        reading = _read(value, digest, depth=0)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001 - any object may raise; a panic of Rust is no Exception
        kind = f"{type(value).__module__}.{type(value).__name__}"
        note = f"its content could not be read ({type(error).__name__})"
        return Fingerprint(kind, "", (), "", None, note=note)
    if reading is None:
        return None
    return Fingerprint(
        kind=reading.kind,
        digest=digest.hex() if reading.is_read else "",
        shape=reading.shape,
        schema=_schema_text(reading.schema),
        size_bytes=digest.size_bytes,
        is_sampled=bool(digest.note) or reading.is_sampled,
        source=reading.source,
        note="; ".join(part for part in (reading.note, digest.note) if part),
    )


def _read(value: object, digest: Digest, depth: int) -> Reading | None:
    from nbtrack.capture.data.arrays import read_array
    from nbtrack.capture.data.files import read_file
    from nbtrack.capture.data.frames import read_frame

    for reader in (read_frame, read_array, read_file):
        reading = reader(value, digest)
        if reading is not None:
            return reading
    return _read_parts(value, digest, depth)


def _read_parts(value: object, digest: Digest, depth: int) -> Reading | None:
    """Several arrays or frames that belong together: ``(X, y)``, ``{"train": …}``."""
    parts = _parts(value) if depth == 0 else None
    if parts is None:
        return None
    digest.label(len(parts))
    schema: dict[str, object] = {}
    notes = []
    is_read = True
    for name, part in parts:
        digest.label(name)
        reading = _read(part, digest, depth + 1)
        if reading is None:
            return None
        schema[name] = [reading.kind, list(reading.shape)]
        is_read &= reading.is_read
        notes += [reading.note] if reading.note else []
    return Reading(
        type(value).__name__, (len(parts),), schema, note="; ".join(notes), is_read=is_read
    )


def _parts(value: Any) -> list[tuple[str, object]] | None:
    kind = type(value)
    items: list[tuple[str, object]]
    if kind in (tuple, list):
        if not 0 < len(value) <= _MAX_PARTS:
            return None
        items = [(str(place), part) for place, part in enumerate(value)]
    elif issubclass(kind, dict) and kind.__module__.partition(".")[0] in ("builtins", "sklearn"):
        items = [(str(key), part) for key, part in dict.items(value)]
    else:
        return None
    return items if 0 < len(items) <= _MAX_PARTS else None


def _size(value: object, depth: int) -> int | None:
    """Bytes to read; -1 where nobody can tell without reading; ``None`` for what is no data."""
    from nbtrack.capture.data.arrays import array_size
    from nbtrack.capture.data.files import file_size
    from nbtrack.capture.data.frames import frame_size

    try:
        for size in (frame_size, array_size, file_size):
            found = size(value)
            if found is not None:
                return found
        parts = _parts(value) if depth == 0 else None
        if parts is None:
            return None
        total = 0
        for _, part in parts:
            found = _size(part, depth + 1)
            if found is None:
                return None
            total = -1 if found < 0 or total < 0 else total + found
        return total
    except Exception:  # noqa: BLE001 - as in `fingerprint`
        return None


def _schema_text(schema: object) -> str:
    if schema is None:
        return ""
    text = json.dumps(schema, ensure_ascii=False, default=str)
    if len(text) <= MAX_SCHEMA_CHARS:
        return text
    assert isinstance(schema, dict)
    kept: dict[str, object] = {}
    for name, type_ in schema.items():
        kept[name] = type_
        if len(json.dumps(kept, default=str)) > MAX_SCHEMA_CHARS - 100:
            break
    kept["…"] = f"{len(schema) - len(kept)} more"
    return json.dumps(kept, ensure_ascii=False, default=str)
