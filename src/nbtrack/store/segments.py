"""The bytes of a journal segment: how points and events are written, checked and read.

A segment is two files. ``<n>.points`` holds fixed-width records of 32 bytes,
``<n>.events`` lines of JSON. One log call is one *frame*, one ``write``: as many
records as it has metrics, of which only the last carries a check.

The check is a CRC-32 that makes the running CRC of the file come out at the same
value, the *residue*, after the header and after every intact frame. So a reader
verifies a chunk of any length with a single call of ``zlib.crc32``, and looks for
the damaged frame only when that fails. A torn tail is what follows the last check.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from nbtrack.errors import StoreTooNew
from nbtrack.events import JOURNAL_VERSION, Event, decode, encode

if TYPE_CHECKING:
    import numpy as np

RECORD_BYTES = 32
HEADER_BYTES = 32
RESIDUE = 0x2144DF1C
# A fold never cuts a frame: so many records stay within what it takes in one hold of the lock.
WIDE_RECORDS = 8_192

_MAGIC = b"nbtpoint"
_HEADER = struct.Struct("<8sII12x")
_LINE_START = re.compile(rb"[0-9a-f]{8} \{")
# How far into a broken stretch of records the start of the next intact frame is looked for.
_MAX_RESYNC_RECORDS = 4096


class SegmentHeader(msgspec.Struct, frozen=True, tag=True):
    """The first line of ``<n>.events``.

    ``open_runs`` are the journal's runs that had not ended when the segment
    began, so that the last segment alone tells which runs a dead writer left.
    """

    version: int
    segment: int
    open_runs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes ``start`` up to ``end`` of ``file`` that are not what was written."""

    file: Path
    start: int
    end: int
    reason: str


# Points


def points_header(segment: int) -> bytes:
    """The first 32 bytes of ``<segment>.points``."""
    head = _HEADER.pack(_MAGIC, JOURNAL_VERSION, segment)
    return head + zlib.crc32(head).to_bytes(4, "little")


@cache
def frame_packer(width: int) -> Callable[[Sequence[int], int, int, Sequence[float]], bytes]:
    """A function of (series, step, ts_us, values), each of ``width`` entries, that gives a frame.

    It is unrolled for its width: 0.2 µs for five metrics, 0.4 µs with a loop.
    """
    layout = struct.Struct("<" + "Iqqd4x" * (width - 1) + "Iqqd")
    records = ", ".join(f"series[{i}], step, ts, values[{i}]" for i in range(width))
    pack: Callable[[Sequence[int], int, int, Sequence[float]], bytes] = eval(
        f"lambda series, step, ts, values: pack({records})", {"pack": layout.pack}
    )

    def frame(series: Sequence[int], step: int, ts: int, values: Sequence[float]) -> bytes:
        body = pack(series, step, ts, values)
        return body + zlib.crc32(body, RESIDUE).to_bytes(4, "little")

    return frame


def wide_frames(
    series: int,
    steps: np.ndarray[Any, Any],
    times_us: np.ndarray[Any, Any],
    values: np.ndarray[Any, Any],
) -> Iterator[bytes]:
    """Many points of one series as frames of at most `WIDE_RECORDS`."""
    import numpy as np

    for start in range(0, len(values), WIDE_RECORDS):
        part = slice(start, start + WIDE_RECORDS)
        records = np.zeros(len(values[part]), record_dtype())
        records["series"] = series
        records["step"], records["ts"], records["value"] = steps[part], times_us[part], values[part]
        body = records.tobytes()[:-4]
        yield body + zlib.crc32(body, RESIDUE).to_bytes(4, "little")


@dataclass(slots=True)
class PointsChunk:
    """Whole, checked frames of ``file`` from ``start`` to ``end``, and what was skipped."""

    file: Path
    records: np.ndarray[Any, Any]
    start: int
    end: int
    damage: list[Damage] = field(default_factory=list)


@cache
def record_dtype() -> np.dtype[Any]:
    """The layout of a record: series, step, ts (µs of UTC), value, check."""
    import numpy as np

    return np.dtype(
        [("series", "<u4"), ("step", "<i8"), ("ts", "<i8"), ("value", "<f8"), ("check", "<u4")]
    )


def read_points(file: Path, offset: int, *, size: int, max_records: int) -> PointsChunk:
    """Read whole frames from ``offset``, up to byte ``size`` and about ``max_records``.

    At least one frame is read if a whole one is there, however wide it is. An
    ``offset`` of 0 reads the header too. Raises `StoreTooNew` for a newer format.
    """
    import numpy as np

    dtype = record_dtype()
    damage: list[Damage] = []
    with file.open("rb") as stream:
        if offset < HEADER_BYTES:
            header = stream.read(min(HEADER_BYTES, size))
            if len(header) < HEADER_BYTES:
                return PointsChunk(file, np.empty(0, dtype), 0, 0)
            damage += _check_header(file, header)
            offset = HEADER_BYTES
        stream.seek(offset)
        size = max(size, offset)
        wanted = max_records * RECORD_BYTES
        data = stream.read(min(size - offset, wanted))
        while True:
            records = np.frombuffer(data, dtype, count=len(data) // RECORD_BYTES)
            ends = np.flatnonzero(records["check"])
            more = b"" if len(ends) else stream.read(min(size - offset - len(data), wanted))
            if not more:
                break
            data += more
    whole = int(ends[-1]) + 1 if len(ends) else 0
    records = records[:whole]
    data = data[: whole * RECORD_BYTES]
    if zlib.crc32(data, RESIDUE) != RESIDUE and data:
        keep, broken = _intact(data, [int(end) + 1 for end in ends])
        damage += [
            Damage(file, offset + a * RECORD_BYTES, offset + b * RECORD_BYTES, "points damaged")
            for a, b in broken
        ]
        records = records[keep]
    return PointsChunk(file, records, offset, offset + whole * RECORD_BYTES, damage)


def _check_header(file: Path, header: bytes) -> list[Damage]:
    if zlib.crc32(header) != RESIDUE:
        return [Damage(file, 0, HEADER_BYTES, "header damaged")]
    _, version, _ = _HEADER.unpack(header[: _HEADER.size])
    _check_version(file, version)
    return []


def _check_version(file: Path, version: int) -> None:
    if version > JOURNAL_VERSION:
        raise StoreTooNew(
            f"{file} is written in journal format {version}, and this nbtrack reads up to "
            f"{JOURNAL_VERSION}; upgrade nbtrack in this environment."
        )


def _intact(data: bytes, ends: list[int]) -> tuple[np.ndarray[Any, Any], list[tuple[int, int]]]:
    """Which records stand in intact frames (a mask), and the stretches of the others."""
    import numpy as np

    keep = np.zeros(len(data) // RECORD_BYTES, dtype=bool)
    broken: list[tuple[int, int]] = []
    view = memoryview(data)
    start = 0
    for end in ends:
        first = start
        # A lost check joins a frame to the next, which then begins further in.
        latest = min(end, start + _MAX_RESYNC_RECORDS)
        while first < latest and not _verifies(view, first, end):
            first += 1
        if first == latest:
            first = end
        if first > start:
            if broken and broken[-1][1] == start:
                broken[-1] = (broken[-1][0], first)
            else:
                broken.append((start, first))
        keep[first:end] = True
        start = end
    return keep, broken


def _verifies(view: memoryview, first: int, end: int) -> bool:
    return zlib.crc32(view[first * RECORD_BYTES : end * RECORD_BYTES], RESIDUE) == RESIDUE


# Events


def event_line(event: Event | SegmentHeader) -> bytes:
    """One line of ``<n>.events``: a CRC-32 in hex, a space, JSON, a newline."""
    try:
        body = encode(event)
    except UnicodeEncodeError:
        # A path that is not UTF-8 comes as half surrogates, which JSON cannot hold.
        body = msgspec.json.encode(_without_surrogates(msgspec.to_builtins(event)))
    return b"%08x %s\n" % (zlib.crc32(body), body)


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if isinstance(value, dict):
        return {_without_surrogates(k): _without_surrogates(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_surrogates(each) for each in value]
    return value


@dataclass(slots=True)
class EventsChunk:
    """Whole, checked lines: the events, the header if it was read, the offset behind them.

    ``too_new`` is set where reading stopped in front of an event of a newer version.
    """

    events: list[Event]
    header: SegmentHeader | None
    end: int
    damage: list[Damage] = field(default_factory=list)
    too_new: StoreTooNew | None = None


_decode_header = msgspec.json.Decoder(SegmentHeader).decode
_HEADER_TAG = b'{"type":"SegmentHeader"'


def read_events(file: Path, offset: int, *, max_bytes: int = -1) -> EventsChunk:
    """Read whole lines from ``offset``, about ``max_bytes`` of them (default: all)."""
    with file.open("rb") as stream:
        stream.seek(offset)
        data = stream.read(max_bytes)
        if max_bytes > 0 and not data.endswith(b"\n"):
            data += stream.readline()
    data = data[: data.rfind(b"\n") + 1]
    chunk = EventsChunk([], None, offset + len(data))
    position = offset
    for line in _lines(data):
        body = _checked_body(line)
        if body is None:
            body, skipped = _resynchronised(line)
            chunk.damage.append(Damage(file, position, position + skipped, "event damaged"))
        if body is not None:
            try:
                if body.startswith(_HEADER_TAG):
                    chunk.header = _known_header(file, body)
                else:
                    chunk.events.append(_known_event(file, body))
            except StoreTooNew as error:
                chunk.end, chunk.too_new = position, error
                break
        position += len(line)
    return chunk


def event_lines(file: Path) -> Iterator[tuple[int, int, Event]]:
    """The intact lines of a segment that are events: first byte, end, and the event."""
    position = 0
    for line in _lines(file.read_bytes()):
        body = _checked_body(line)
        if body is not None and not body.startswith(_HEADER_TAG):
            yield position, position + len(line), decode(body)
        position += len(line)


def _lines(data: bytes) -> Iterator[bytes]:
    # Not splitlines: JSON escapes a carriage return, so that one in a line is damage within it.
    for line in data.split(b"\n")[:-1]:
        yield line + b"\n"


def _checked_body(line: bytes) -> bytes | None:
    body = line[9:-1]
    try:
        stated = int(line[:8], 16)
    except ValueError:
        return None
    return body if line[8:9] == b" " and zlib.crc32(body) == stated else None


def _resynchronised(line: bytes) -> tuple[bytes | None, int]:
    """A whole line behind a damaged newline, and how many bytes were skipped to reach it."""
    for found in _LINE_START.finditer(line, 1):
        body = _checked_body(line[found.start() :])
        if body is not None:
            return body, found.start()
    return None, len(line)


def _known_header(file: Path, body: bytes) -> SegmentHeader:
    try:
        header = _decode_header(body)
    except msgspec.ValidationError as error:
        raise StoreTooNew(
            f"{file} begins in a way that this nbtrack does not know ({error}); "
            "it was written by a newer one: upgrade nbtrack in this environment."
        ) from error
    _check_version(file, header.version)
    return header


def _known_event(file: Path, body: bytes) -> Event:
    try:
        event: Event = decode(body)
    except msgspec.ValidationError as error:
        raise StoreTooNew(
            f"{file} holds an event that this nbtrack does not know ({error}); "
            "it was written by a newer one: upgrade nbtrack in this environment."
        ) from error
    return event
