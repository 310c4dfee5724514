"""Axes: a column of runs as places along a line, with what has no place on it marked apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from nbtrack.charts.decades import spans_decades

if TYPE_CHECKING:
    import numpy as np
    import pyarrow

    Floats = np.ndarray[Any, np.dtype[np.float64]]
    Codes = np.ndarray[Any, np.dtype[np.uint8]]
    Mask = np.ndarray[Any, np.dtype[np.bool_]]

Kind = Literal["number", "time", "duration", "category"]
Scale = Literal["linear", "log"]

# What has no place on a line, in the order of its codes; 0 is a value that has one.
SPECIALS = ("", "missing", "NaN", "inf", "-inf")

MAX_LABELS = 200


@dataclass(frozen=True, slots=True)
class Axis:
    """One column of the runs that are drawn.

    ``values`` has a number per run: the value itself, milliseconds since the epoch
    for times, or the place in ``labels`` for categories. Where ``special`` is not 0 the
    run has no place on the axis, and `SPECIALS` says why. ``low`` and ``high`` are
    the least and greatest value, 0 and 1 where there is none.
    """

    name: str
    kind: Kind
    scale: Scale
    low: float
    high: float
    labels: list[str]
    values: Floats
    special: Codes

    def places(self) -> Floats:
        """Where each run is on the axis: from 0 (low) to 1 (high)."""
        import numpy as np

        low, high = self.low, self.high
        values = self.values
        if self.scale == "log":
            low, high, values = np.log(low), np.log(high), np.log(np.maximum(values, low))
        if high > low:
            return (values - low) / (high - low)
        return np.full(len(values), 0.5)

    def within(self, brush: Sequence[object]) -> Mask:
        """Which runs a brush takes: ``[low, high]`` of numbers, or a list of labels.

        ``None``, ``"NaN"``, ``"inf"`` and ``"-inf"`` in it take the runs that have no
        place on the axis.
        """
        import numpy as np

        marks = [_code(each) for each in brush]
        taken: Mask = np.isin(self.special, [code for code in marks if code])
        rest = [each for each, code in zip(brush, marks, strict=True) if not code]
        placed = self.special == 0
        if self.kind == "category":
            places = [place for place, label in enumerate(self.labels) if label in rest]
            taken |= placed & np.isin(self.values, places)
        elif len(rest) == 2:
            low, high = sorted(float(str(each)) for each in rest)
            taken |= placed & (self.values >= low) & (self.values <= high)
        return taken


def axis_of(name: str, column: pyarrow.ChunkedArray, scale: str | None = None) -> Axis:
    """The axis of a column; ``scale`` is "linear" or "log", or chosen by the values' span."""
    import pyarrow

    kind = column.type
    if pyarrow.types.is_timestamp(kind):
        microseconds = column.cast(pyarrow.timestamp("us")).cast(pyarrow.int64())
        return _numeric(name, "time", microseconds, "linear", divisor=1e3)
    if pyarrow.types.is_floating(kind) or pyarrow.types.is_integer(kind):
        what: Kind = "duration" if name == "attributes.duration_s" else "number"
        return _numeric(name, what, column, scale)
    if pyarrow.types.is_boolean(kind):
        # As Python writes them.
        words = pyarrow.array(["False", "True"])
        column = pyarrow.compute.take(words, column.cast(pyarrow.int8()))
    return _category(name, column.cast(pyarrow.string()))


def _numeric(
    name: str,
    kind: Kind,
    column: pyarrow.ChunkedArray,
    scale: str | None,
    *,
    divisor: float = 1,
) -> Axis:
    import numpy as np
    import pyarrow

    missing = np.asarray(column.is_null())
    values = np.array(column.cast(pyarrow.float64(), safe=False).fill_null(0)) / divisor
    special = np.select(
        [missing, np.isnan(values), values == np.inf, values == -np.inf], [1, 2, 3, 4], 0
    ).astype(np.uint8)
    values[special > 0] = 0
    there = values[special == 0]
    low, high = (float(there.min()), float(there.max())) if len(there) else (0.0, 1.0)
    if low <= 0 or (scale is None and not spans_decades(there)):
        scale = "linear"
    return Axis(
        name, kind, "linear" if scale == "linear" else "log", low, high, [], values, special
    )


def _category(name: str, column: pyarrow.ChunkedArray) -> Axis:
    import numpy as np

    encoded = column.combine_chunks().dictionary_encode()
    words: list[str] = encoded.dictionary.to_pylist()
    codes = np.array(encoded.indices.fill_null(-1), dtype=np.int64)
    counts = np.bincount(codes[codes >= 0], minlength=len(words))
    common = sorted(range(len(words)), key=lambda i: -counts[i])
    kept = common if len(words) <= MAX_LABELS else common[: MAX_LABELS - 1]
    # From the top downwards, as one reads.
    labels = sorted((words[i] for i in kept), key=_reading_order, reverse=True)
    place_of = {label: place for place, label in enumerate(labels)}
    if len(kept) < len(words):
        labels.insert(0, f"… {len(words) - len(kept):,} others")
        place_of = {label: place for place, label in enumerate(labels)}
    places = np.array([place_of.get(word, 0) for word in words] or [0], dtype=np.float64)
    special = (codes < 0).astype(np.uint8)
    high = max(len(labels) - 1, 1)
    return Axis(name, "category", "linear", 0.0, float(high), labels, places[codes], special)


def _reading_order(text: str) -> tuple[bool, float, str]:
    """Numbers by size, then texts by the alphabet."""
    try:
        number = float(text)
    except ValueError:
        return True, 0.0, text.casefold()
    return (False, number, text) if number == number else (True, 0.0, text)


def _code(value: object) -> int:
    if value is None:
        return SPECIALS.index("missing")
    return SPECIALS.index(value) if isinstance(value, str) and value in SPECIALS[2:] else 0


def label_of(name: str) -> str:
    """What a person reads: a column's name without its kind."""
    kind, _, key = name.partition(".")
    return key.removesuffix("_s") if kind == "attributes" else key


def brushed(axes: Sequence[Axis], brushes: Mapping[str, Sequence[object]]) -> Mask | None:
    """Which runs every brush takes, by the axis's name; ``None`` where nothing is brushed."""
    taken = None
    for axis in axes:
        if axis.name in brushes:
            within = axis.within(brushes[axis.name])
            taken = within if taken is None else taken & within
    return taken
