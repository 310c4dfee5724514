"""What is said of data without keeping it: kind, shape, types, and a digest of its content."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from nbtrack.capture.data.addresses import address_of, read_address
from nbtrack.capture.data.arrays import array_cost, is_few, read_array
from nbtrack.capture.data.classes import class_name, is_of
from nbtrack.capture.data.digest import Digest
from nbtrack.capture.data.files import file_cost, read_file
from nbtrack.capture.data.frames import frame_cost, read_frame
from nbtrack.capture.data.objects import UnreadableError
from nbtrack.capture.data.reading import Reading
from nbtrack.capture.data.streams import held, is_stream, read_stream

# Numbers are read at some 20 GB/s where they lie in order, at some 4 where they do not.
BUDGET_BYTES = 4 << 30
MAX_SCHEMA_CHARS = 8_000
_MAX_TYPE_CHARS = 200
_MAX_PARTS = 1_000
_MAX_DEPTH = 4


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Data as it was seen. ``digest`` is empty where it could not be read, and ``note`` says why.

    ``schema`` is JSON: type by column, or the type of the elements. ``is_sampled`` says
    that the digest does not stand for all of the content; ``note`` then says for what.
    ``source`` is the path or address that it came from, where that is known.
    """

    kind: str
    digest: str
    shape: tuple[int, ...]
    schema: str
    size_bytes: int | None
    is_sampled: bool = False
    source: str = ""
    note: str = ""


def is_data(value: object) -> bool:
    """Whether a value is data, going by its type; its content is not touched.

    A single number is a setting, also as an array or a tensor.
    """
    try:
        return not is_few(value) and _cost(value, 0) is not None
    except Exception:  # noqa: BLE001 - an object of the user's own may raise anything
        return False


def size_of(value: object) -> int | None:
    """About how many bytes have to be read; ``None`` if it is no data, or nobody knows.

    What is slow to read counts for as many bytes of numbers as are read meanwhile.
    """
    try:
        cost = _cost(value, 0)
    except Exception:  # noqa: BLE001 - as in `is_data`
        return None
    return None if cost is None or cost < 0 else cost


def fingerprint(
    value: object, *, budget_bytes: int = BUDGET_BYTES, allow_network: bool = False
) -> Fingerprint | None:
    """The fingerprint of ``value``, or ``None`` if it is no data. Never raises.

    Parameters
    ----------
    value
        It may be changed by another thread meanwhile: then nobody knows which content
        the digest is of.
    budget_bytes
        What costs more, in the sense of `size_of`, is sampled: the same stretches of the
        same shape, always with the first and the last.
    allow_network
        Whether an address may be asked about, through fsspec and for at most five
        seconds. Nothing is downloaded.
    """
    try:
        cost = _cost(value, 0)
        if cost is None:
            return None
        digest = Digest(min(1.0, budget_bytes / max(1, cost)))
        reader = _Reader(digest, budget_bytes, allow_network=allow_network)
        reading = reader.read(value, 0)
    except UnreadableError as error:
        return _unread(value, f"not read: {error}")
    except Exception as error:  # noqa: BLE001 - as in `is_data`
        return _unread(value, f"its content could not be read ({type(error).__name__})")
    except BaseException as error:
        # What goes wrong in polars' own core is no Exception.
        if type(error).__name__ != "PanicException":
            raise
        return _unread(value, "its content could not be read (polars panicked)")
    return None if reading is None else _told(reading, digest)


class _Reader:
    """Reads a value and its parts into one digest."""

    def __init__(self, digest: Digest, budget_bytes: int, *, allow_network: bool) -> None:
        self._digest = digest
        self._budget_bytes = budget_bytes
        self._allow_network = allow_network

    def read(self, value: object, depth: int) -> Reading | None:
        digest = self._digest
        return (
            read_array(value, digest)
            or read_frame(value, digest)
            or read_address(value, digest, allow_network=self._allow_network)
            or read_file(value, digest, self._budget_bytes)
            or self._read_parts(value, depth)
            or read_stream(value)
        )

    def _read_parts(self, value: object, depth: int) -> Reading | None:
        """Several arrays or frames that belong together: ``(X, y)``, ``{"train": …}``."""
        parts = _parts(value, depth)
        if not parts:
            return None
        self._digest.label("parts", len(parts))
        schema: dict[str, object] = {}
        notes = []
        readings = []
        for name, part in parts:
            self._digest.label(name)
            reading = self.read(part, depth + 1)
            if reading is None:
                return None
            readings.append(reading)
            schema[name] = [reading.kind, list(reading.shape)]
            notes += [f"{name}: {reading.note}"] if reading.note else []
        if is_stream(value):
            notes.append("by what it holds, not by what it makes of it")
        return Reading(
            class_name(value),
            (len(parts),),
            schema,
            note="; ".join(notes),
            is_read=all(reading.is_read for reading in readings),
            is_partial=is_stream(value) or any(reading.is_partial for reading in readings),
        )


def _parts(value: Any, depth: int) -> list[tuple[str, object]] | None:
    """The parts of a value that may be nothing but data; of a data set or bunch, its data."""
    kind = type(value)
    if depth >= _MAX_DEPTH:
        return None
    if kind in (tuple, list, dict):
        if not 0 < len(value) <= _MAX_PARTS:
            return None
        return [(str(n), p) for n, p in list(value.items() if kind is dict else enumerate(value))]
    mixed = dict(value) if is_of(value, "sklearn", "Bunch") else held(value)
    if mixed is None:
        return None
    return [(n, part) for n, part in mixed.items() if _cost(part, depth + 1) is not None]


def _cost(value: object, depth: int) -> int | None:
    """What reading costs: -1 where only reading tells, ``None`` for what is no data."""
    for cost in (array_cost, frame_cost, file_cost):
        found = cost(value)
        if found is not None:
            return found
    if address_of(value):
        return 0
    parts = _parts(value, depth)
    if not parts:
        return 0 if is_stream(value) else None
    total = 0
    for _, part in parts:
        found = _cost(part, depth + 1)
        if found is None:
            return None
        total = -1 if found < 0 or total < 0 else total + found
    return total


def _told(reading: Reading, digest: Digest) -> Fingerprint:
    notes = [reading.note] if reading.note else []
    if digest.was_sampled:
        apart = f"1 in {1 / digest.share:.3g}"
        notes.append(f"sampled: {apart}, in even stretches with the first and the last")
    return Fingerprint(
        kind=reading.kind,
        digest=digest.hex() if reading.is_read else "",
        shape=reading.shape,
        schema=_schema_text(reading.schema),
        size_bytes=digest.size_bytes if reading.is_read else None,
        is_sampled=digest.was_sampled or reading.is_partial,
        source=reading.source,
        note="; ".join(notes),
    )


def _unread(value: object, note: str) -> Fingerprint:
    return Fingerprint(class_name(value), "", (), "", None, note=note)


def _schema_text(schema: Any) -> str:
    """The schema as JSON; of one that is too long its beginning, and how much is missing."""
    if not schema:
        return ""
    kept: dict[str, object] = {}
    length = 0
    for name, dtype in schema.items():
        kept[name] = dtype if type(dtype) is not str else dtype[:_MAX_TYPE_CHARS]
        length += len(name) + len(str(kept[name])) + 8
        if length > MAX_SCHEMA_CHARS:
            kept.pop(name)
            kept["…"] = f"{len(schema) - len(kept)} more"
            break
    return json.dumps(kept, ensure_ascii=False, default=str)
