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

_READ_TIME = struct.Struct("<d").unpack_from
_MAX_TEMPLATES = 20_000

# What adds a step, a time and a value to the points of a tag.
_Appends = tuple[Callable[[int], None], Callable[[bytes], None], Callable[[bytes], None]]


@dataclass(slots=True)
class Scalars:
    """Points of one tag, raw: steps, and times and values as bytes to be joined.

    ``width`` is that of a value: 4 bytes or 8.
    """

    width: int
    steps: list[int] = field(default_factory=list)
    times: list[bytes] = field(default_factory=list)
    values: list[bytes] = field(default_factory=list)

    def arrays(self) -> tuple[Array, Array, Array]:
        """Steps, times in µs of UTC, and values."""
        import numpy as np

        times = np.frombuffer(b"".join(self.times), "<f8")
        # To the nanosecond first: what was written as 0.1 s is 100,000 µs.
        times_us = np.round(times * 1e6).astype(np.int64)
        values = np.frombuffer(b"".join(self.values), "<f4" if self.width == 4 else "<f8")
        # A negative one is the number that it is modulo 2**64.
        steps = np.array(self.steps, np.uint64).astype(np.int64)
        return steps, times_us, values.astype(np.float64)


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
    # By length of what follows the step: where the number is; and what is around it.
    offsets: dict[int, list[int]] = {}
    templates: dict[bytes, _Appends] = {}
    for file in files:
        for offset, record in records(file, trouble):
            try:
                # wall_time first, as every writer has it; then the step, unless it is 0.
                if record[:1] == b"\x09":
                    at, step = 9, 0
                    if record[9:10] == b"\x10":
                        at, shift = 10, 0
                        while (byte := record[at]) >= 0x80:
                            step |= (byte & 0x7F) << shift
                            shift += 7
                            at += 1
                        step |= byte << shift
                        at += 1
                    rest = record[at:]
                    # At the very end, as the oldest and most frequent kind has it, or within.
                    known = templates.get(rest[:-4])
                    if known is not None:
                        known[0](step)
                        known[1](record[1:9])
                        known[2](rest[-4:])
                        continue
                    for place in offsets.get(len(rest), ()):
                        known = templates.get(rest[:place] + rest[place + 4 :])
                        if known is not None:
                            known[0](step)
                            known[1](record[1:9])
                            known[2](rest[place : place + 4])
                            break
                    else:
                        _read(found, record, file, offset, plugins, told)
                        if len(templates) < _MAX_TEMPLATES:
                            _learn(found, rest, offsets, templates)
                else:
                    _read(found, record, file, offset, plugins, told)
            except (ValueError, TypeError, LookupError, AttributeError, struct.error):
                found.unreadable += 1
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
    scalars.times.append(struct.pack("<d", time_s))
    scalars.values.append(data)


def _learn(
    found: RunEvents,
    rest: bytes,
    offsets: dict[int, list[int]],
    templates: dict[bytes, _Appends],
) -> None:
    """Keep a record that was one scalar as a template."""
    for place in _places(rest):
        tag = _only_tag(rest)
        scalars = found.scalars.get((tag, 4)) if tag is not None else None
        if scalars is None:
            return
        known = offsets.setdefault(len(rest), [])
        if place not in known:
            known.append(place)
        templates[rest[:place] + rest[place + 4 :]] = (
            scalars.steps.append,
            scalars.times.append,
            scalars.values.append,
        )


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
