"""What the events of one run say: curves, and what else was summarised, by plugin.

A million scalars come as a million records, nearly all of them alike. So a record that is one
scalar leaves a template: what is in front of its number and behind it. Whatever fits a
template is read without looking at its fields.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.integrations.importing.tensorboard.records import Trouble, records
from nbtrack.integrations.importing.wire import double, fields, message, signed, text

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

# Numbers of fields in TensorFlow's event.proto and summary.proto.
_WALL_TIME, _STEP, _SUMMARY, _GRAPH, _META_GRAPH, _RUN_METADATA = 1, 2, 5, 4, 9, 8
_TAG, _SIMPLE, _IMAGE, _HISTOGRAM, _AUDIO, _TENSOR, _METADATA = 1, 2, 4, 5, 6, 8, 9

_MAX_TEMPLATES = 20_000

_Keep = tuple[int, Callable[[bytes], None]]


@dataclass(slots=True)
class Scalars:
    """Points of one tag: some one by one, others as arrays. ``width`` is that of a value in bytes.

    Points that were read alike come behind the others; their steps tell the order.
    """

    width: int
    steps: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    values: list[bytes] = field(default_factory=list)
    parts: list[tuple[Array, Array, Array]] = field(default_factory=list)

    def arrays(self) -> tuple[Array, Array, Array]:
        """Steps, times in µs of UTC, and values."""
        import numpy as np

        kind = "<f4" if self.width == 4 else "<f8"
        values = np.frombuffer(b"".join(self.values), kind).astype(np.float64)
        # A negative step is the number that it is modulo 2**64.
        single = (np.array(self.steps, np.uint64), np.array(self.times, np.float64), values)
        steps, times, values = map(np.concatenate, zip(single, *self.parts, strict=True))
        # What was written as 0.1 s is 100,000 µs.
        return steps.astype(np.int64), np.round(times * 1e6).astype(np.int64), values


@dataclass(slots=True)
class _Alike:
    """Records of one length that differ in time, step and one float alone.

    ``start`` is where their summary begins, behind the step; ``place`` where its float is.
    """

    scalars: Scalars
    start: int
    place: int
    records: list[bytes] = field(default_factory=list)

    def settle(self) -> None:
        """Give the points of the records to their tag."""
        import numpy as np

        if not self.records:
            return
        rows = np.frombuffer(b"".join(self.records), np.uint8).reshape(len(self.records), -1)
        steps = np.zeros(len(rows), np.uint64)
        for index, column in enumerate(range(10, self.start)):
            steps |= (rows[:, column] & 0x7F).astype(np.uint64) << np.uint64(7 * index)
        times = np.ascontiguousarray(rows[:, 1:9]).view("<f8").ravel()
        value = rows[:, self.place : self.place + 4]
        values = np.ascontiguousarray(value).view("<f4").ravel().astype(np.float64)
        self.scalars.parts.append((steps, times, values))
        self.records.clear()


@dataclass(frozen=True, slots=True)
class Summary:
    """One summary that is no scalar: where it stands, and what it is."""

    plugin: str
    tag: str
    step: int
    time_s: float
    file: Path
    offset: int
    value: dict[int, Any]


@dataclass(slots=True)
class RunEvents:
    """All that the event files of one run hold; scalars by tag and width."""

    scalars: dict[tuple[str, int], Scalars] = field(default_factory=dict)
    summaries: list[Summary] = field(default_factory=list)
    hparams: list[bytes] = field(default_factory=list)
    graphs: int = 0
    profiles: int = 0
    unreadable: int = 0
    first_s: float | None = None
    last_s: float = 0.0


def read_events(files: list[Path], trouble: Trouble, told: Callable[[str], None]) -> RunEvents:
    """Read the files of a run, in their order. ``told`` is called with each plugin that is none."""
    found = RunEvents()
    plugins: dict[str, str] = {}
    known = _Known()
    for file in files:
        for offset, record in records(file, trouble):
            try:
                # wall_time first, as every writer has it; then the step, unless it is 0.
                start = 9
                if record[9] == 0x10:
                    start = 10
                    while record[start] >= 0x80:
                        start += 1
                    start += 1
                # The number at the very end, as the oldest and most frequent kind has it.
                keep = known.at_end.get(record[start:-4])
                if keep is None or record[0] != 9 or keep[0] != start:
                    keep = known.within(record, start)
                if keep is not None:
                    keep[1](record)
                    continue
                _read(found, record, file, offset, plugins, told)
                known.learn(found, record, start)
            except (ValueError, TypeError, LookupError, AttributeError, struct.error):
                found.unreadable += 1
    for alike in known.alike:
        alike.settle()
    return found


def first_time(file: Path) -> float | None:
    """When the file was begun, in seconds; ``None`` where it holds no record."""
    for _, record in records(file, Trouble()):
        try:
            return double(message(record)[_WALL_TIME])
        except (ValueError, KeyError, AttributeError):
            return None
    return None


def summary_value(record: bytes, tag: str) -> dict[int, Any]:
    """The value of a tag in a record, once more; for what is too large to be kept meanwhile."""
    for number, summary in fields(record):
        if number == _SUMMARY:
            for _, value in fields(summary):
                found = message(value)
                if text(found.get(_TAG, b"")) == tag:
                    return found
    return {}


def _read(
    found: RunEvents,
    record: bytes,
    file: Path,
    offset: int,
    plugins: dict[str, str],
    told: Callable[[str], None],
) -> None:
    """Take one record, whatever it is."""
    event = message(record)
    time_s = double(event.get(_WALL_TIME, 0))
    step = event.get(_STEP, 0)
    if time_s:
        found.first_s = time_s if found.first_s is None else min(found.first_s, time_s)
        found.last_s = max(found.last_s, time_s)
    found.graphs += (_GRAPH in event) + (_META_GRAPH in event)
    found.profiles += _RUN_METADATA in event
    for number, data in fields(event.get(_SUMMARY, b"")):
        if number != 1:
            continue
        value = message(data)
        tag = text(value.get(_TAG, b""))
        plugin = _plugin(value, tag, plugins)
        if plugin == "hparams":
            found.hparams.append(message(message(value[_METADATA])[1]).get(2, b""))
        elif (scalar := _scalar(value, plugin)) is not None:
            _append(found, tag, step, time_s, *scalar)
        elif plugin in ("text", "images", "histograms", "audio"):
            # What is large is read again when it is wanted.
            small = value if plugin in ("text", "histograms") else {}
            found.summaries.append(Summary(plugin, tag, signed(step), time_s, file, offset, small))
        else:
            told(plugin or "no plugin")


def _plugin(value: dict[int, Any], tag: str, plugins: dict[str, str]) -> str:
    """The plugin that a value is for, which only the first of a tag need say."""
    if _METADATA in value:
        content = message(value[_METADATA]).get(1, b"")
        name = text(message(content).get(1, b""))
        if name:
            plugins[tag] = name
    old = {_SIMPLE: "scalars", _IMAGE: "images", _HISTOGRAM: "histograms", _AUDIO: "audio"}
    for number, name in old.items():
        if number in value:
            return name
    return plugins.get(tag, "")


def _scalar(value: dict[int, Any], plugin: str) -> tuple[bytes, int] | None:
    """The bytes of a scalar, and how many they are."""
    if _SIMPLE in value:
        return value[_SIMPLE].to_bytes(4, "little"), 4
    if plugin not in ("scalars", "") or _TENSOR not in value:
        return None
    # float_val and double_val may be packed or not; tensor_content is either.
    tensor = message(value[_TENSOR])
    dtype = tensor.get(1, 0)
    for number, kind, width in ((4, dtype, 0), (5, 1, 4), (6, 2, 8)):
        data = tensor.get(number)
        if data is None or kind not in (1, 2):
            continue
        width = width or 4 * kind
        if isinstance(data, int):
            data = data.to_bytes(width, "little")
        if len(data) == width:
            return data, width
    return None


def _append(found: RunEvents, tag: str, step: int, time_s: float, data: bytes, width: int) -> None:
    scalars = found.scalars.setdefault((tag, width), Scalars(width))
    scalars.steps.append(step)
    scalars.times.append(time_s)
    scalars.values.append(data)


class _Known:
    """Templates: what is around the float of a record, and where those like it are collected."""

    def __init__(self) -> None:
        self.alike: list[_Alike] = []
        # Where a summary starts, and what adds a record.
        self.at_end: dict[bytes, _Keep] = {}
        self._within: dict[tuple[int, bytes], _Keep] = {}
        # By length and start of a record: where its float may be.
        self._places: dict[tuple[int, int], list[int]] = {}

    def within(self, record: bytes, start: int) -> _Keep | None:
        """What collects records like this one, if any does."""
        for place in self._places.get((len(record), start), ()):
            around = record[start:place] + record[place + 4 :]
            keep = self._within.get((start, around))
            if keep is not None and record[0] == 9:
                return keep
        return None

    def learn(self, found: RunEvents, record: bytes, start: int) -> None:
        """Keep a record that was one scalar as a template."""
        if len(self.alike) >= _MAX_TEMPLATES or record[0] != 9:
            return
        rest = record[start:]
        for inner in _places(rest):
            tag = _only_tag(rest)
            scalars = found.scalars.get((tag, 4)) if tag is not None else None
            if scalars is None:
                return
            place = start + inner
            alike = _Alike(scalars, start, place)
            self.alike.append(alike)
            keep = (start, alike.records.append)
            around = record[start:place] + record[place + 4 :]
            self._within[start, around] = keep
            self._places.setdefault((len(record), start), []).append(place)
            if place == len(record) - 4:
                # One start a tag, the last: steps grow. Those of another are found within.
                self.at_end[record[start:place]] = keep


def _only_tag(rest: bytes) -> str | None:
    values = [value for number, value in fields(rest) if number == _SUMMARY]
    tags = [message(value).get(_TAG) for each in values for _, value in fields(each)]
    return text(tags[0]) if len(tags) == 1 and tags[0] is not None else None


def _places(rest: bytes) -> Iterator[int]:
    """Where the four bytes of a single scalar are, if that is all there is."""
    try:
        tag = _only_tag(rest)
        summary = message(rest)
        if tag is None or summary.keys() != {_SUMMARY}:
            return
        value = message(message(summary[_SUMMARY])[1])
    except (ValueError, KeyError, TypeError):
        return
    if _SIMPLE in value and value.keys() == {_TAG, _SIMPLE}:
        # The tag may hold what looks like it; the number of a record is behind its tag.
        mark = b"\x15" + value[_SIMPLE].to_bytes(4, "little")
        if rest.endswith(mark):
            yield len(rest) - 4
    elif _TENSOR in value:
        tensor = value[_TENSOR]
        at = rest.rfind(tensor)
        content = message(tensor)
        for number in (4, 5):
            data = content.get(number)
            if isinstance(data, bytes) and len(data) == 4 and content.get(1) == 1:
                key = bytes([number << 3 | 2, 4]) + data
                inner = tensor.find(key)
                if at >= 0 and inner >= 0 and tensor.count(key) == 1:
                    yield at + inner + 2
                return
