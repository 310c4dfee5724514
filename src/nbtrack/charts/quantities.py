"""A column of runs as a quantity that an axis or a colour can show."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from nbtrack.charts.decades import spans_decades
from nbtrack.charts.labels import TOOLTIP_CHARS, cut, in_sentence, unlike

if TYPE_CHECKING:
    import numpy
    import numpy.typing
    import pyarrow

    Floats: TypeAlias = numpy.typing.NDArray[numpy.float64]

Kind = Literal["linear", "log", "symlog", "time", "category"]

MAX_CATEGORIES = 30
# Beyond it the width of an axis would exceed what a double holds.
_LARGEST = 1e300
_PADDING = 0.04
_TICKS = 7
_DIGITS = re.compile(r"(\d+)")


class NothingToDraw(Exception):
    """Why there is nothing to draw: one sentence, shown in place of the chart."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """One column: a number for each run, and how numbers lie on an axis.

    ``values`` is float64 (runs,), NaN where a run cannot be drawn; of a category it is the
    place of its label in ``labels``, of a time ms of UTC since 1970. ``texts`` are the labels
    as they were, for tooltips. ``losses`` says how many runs cannot be drawn, and why.
    """

    column: str
    kind: Kind
    values: Floats
    labels: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()
    constant: float = 1.0

    @property
    def is_category(self) -> bool:
        return self.kind == "category"

    @property
    def is_whole(self) -> bool:
        """Whether it counts something, so that nothing lies between 2 and 3."""
        import numpy as np

        known = self.values[self.drawable]
        return self.kind == "linear" and bool((known == np.round(known)).all())

    @property
    def drawable(self) -> numpy.typing.NDArray[numpy.bool_]:
        """Of each run whether it has a value that can be drawn."""
        import numpy as np

        return np.isfinite(self.values)

    def positions(self, values: Floats | None = None) -> Floats:
        """Where ``values`` lie, in steps of equal length on the axis."""
        import numpy as np

        values = self.values if values is None else values
        if self.kind == "log":
            return np.log10(values)
        if self.kind == "symlog":
            return np.sign(values) * np.log1p(np.abs(values) / self.constant)
        return values

    def at(self, positions: Floats) -> Floats:
        """The values that lie at ``positions``: the inverse of `positions`."""
        import numpy as np

        if self.kind == "log":
            return np.asarray(10.0**positions, dtype=np.float64)
        if self.kind == "symlog":
            return np.sign(positions) * np.expm1(np.abs(positions)) * self.constant
        return positions

    def reach(self) -> tuple[float, float]:
        """The least and the greatest position."""
        known = self.positions()[self.drawable]
        return float(known.min()), float(known.max())

    def domain(self) -> list[float]:
        """From which value to which the axis goes, with room for a dot at both ends."""
        import numpy as np

        low, high = self.reach()
        room = (high - low) * _PADDING
        if low == high:
            by_kind = {"log": 0.5, "symlog": 0.5, "time": 3_600_000.0}
            room = by_kind.get(self.kind, abs(low) * 0.1 or 1.0)
        edges = np.array([low - room, high + room])
        if self.kind == "log":
            edges = edges.clip(-307, 307)
        return [float(edge) for edge in self.at(edges)]

    def ticks(self) -> list[float] | None:
        """Where an axis in decades has its labels; ``None`` lets Vega choose."""
        if self.kind not in ("log", "symlog"):
            return None
        low, high = self.domain()
        least = low if self.kind == "log" else self.constant
        first, last = math.floor(math.log10(least)), math.ceil(math.log10(high))
        step = max(1, math.ceil((last - first) / _TICKS))
        within = [1, 2, 5] if last - first <= 2 else [1]
        ticks = [
            float(f"{digit}e{power}")
            for power in range(first, last + 1, step)
            for digit in within
            if least * 0.999 <= float(f"{digit}e{power}") <= high
        ]
        return ticks if self.kind == "log" else [0.0, *ticks]


def find_column(runs: pyarrow.Table, name: str, *, kinds: Sequence[str]) -> str:
    """The column called ``name``, or ``<kind>.<name>`` for the first of ``kinds`` that has it.

    Raises `NothingToDraw` where there are no runs, or none has it.
    """
    if not len(runs):
        raise NothingToDraw("There are no runs yet.")
    for candidate in (name, *(f"{kind}.{name}" for kind in kinds)):
        if candidate in runs.column_names:
            return candidate
    known = {column[:100]: column for column in runs.column_names}
    known |= {column.partition(".")[2][:100] or column: column for column in runs.column_names}
    near = get_close_matches(name[:100], known, n=1)
    hint = f" Closest: {cut(known[near[0]], 60)}." if near else ""
    count = f"None of the {len(runs):,} runs" if len(runs) > 1 else "The run has no value, and none"
    raise NothingToDraw(f"{count} has {in_sentence(cut(name, 60))}.{hint}")


def read_quantity(
    runs: pyarrow.Table,
    column: str,
    *,
    name: str,
    log: bool | None = None,
    most: int = MAX_CATEGORIES,
) -> Quantity:
    """``column`` of ``runs`` as a quantity, which sentences call ``name``.

    Numbers are logarithmic where all are positive and `spans_decades` says so, and symmetric
    logarithmic where zeros are among them; ``log`` decides otherwise. Texts and booleans are
    categories: the ``most`` frequent, and one for all others.
    """
    import pyarrow as pa

    values = runs[column].combine_chunks()
    kind = values.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        ms = values.cast(pa.timestamp("ms"), safe=False).cast(pa.int64())
        return _numbers(ms, column, name, log=False, kind="time")
    if pa.types.is_null(kind) or _is_number(kind):
        return _numbers(values, column, name, log=log)
    return _categories(values, column, name, most)


def quantity_of(values: Floats, column: str) -> Quantity:
    """Numbers that were computed, as a quantity."""
    import pyarrow as pa

    return _numbers(pa.array(values, pa.float64()), column, column, log=None)


def round_ticks(low: float, high: float, *, at_most: int = 5) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten within ``low`` and ``high``."""
    if not low < high:
        return [low]
    rough = (high - low) / at_most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * digit for digit in (1, 2, 5, 10) if power * digit >= rough)
    first, last = math.ceil(low / step), math.floor(high / step)
    return [float(f"{number * step:.12g}") for number in range(first, last + 1)]


def _is_number(kind: Any) -> bool:
    import pyarrow as pa

    told = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)
    return any(is_kind(kind) for is_kind in told)


def _numbers(
    column_values: pyarrow.Array,
    column: str,
    name: str,
    *,
    log: bool | None,
    kind: Kind = "linear",
) -> Quantity:
    import numpy as np
    import pyarrow as pa

    missing = column_values.null_count
    cast = column_values.cast(pa.float64(), safe=False)
    values = cast.to_numpy(zero_copy_only=False).astype(np.float64)
    outside = ~(np.abs(values) <= _LARGEST)
    values[outside] = np.nan
    losses = [
        (missing, f"without {in_sentence(name)}"),
        (int(outside.sum()) - missing, f"whose {in_sentence(name)} is not finite"),
    ]
    if log is True:
        low = values < 1 / _LARGEST
        losses.append((int(low.sum()), f"whose {in_sentence(name)} is not positive"))
        values[low] = np.nan
        kind = "log"
    elif log is None and kind == "linear":
        kind = _scale_kind(values)
    positive = values[values > 0]
    return Quantity(
        column,
        kind,
        values,
        losses=_told(losses),
        constant=float(positive.min()) if kind == "symlog" else 1.0,
    )


def _scale_kind(values: Floats) -> Kind:
    import numpy as np

    known = values[np.isfinite(values)]
    if not spans_decades(known):
        return "linear"
    return "symlog" if (known == 0).any() else "log"


def _categories(values: pyarrow.Array, column: str, name: str, most: int) -> Quantity:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    is_boolean = pa.types.is_boolean(values.type)
    texts = pc.if_else(values, "True", "False") if is_boolean else values.cast(pa.string())
    encoded = texts.dictionary_encode()
    known = encoded.dictionary.to_pylist()
    codes = encoded.indices.fill_null(-1).to_numpy().astype(np.int64)
    counts = np.bincount(codes[codes >= 0], minlength=len(known))
    kept = np.argsort(-counts, kind="stable")[:most].tolist()
    kept.sort(key=lambda code: _natural(known[code]))
    place = np.full(len(known) + 1, len(kept), dtype=np.float64)
    place[kept] = np.arange(len(kept))
    place[-1] = np.nan
    shown = [known[code] for code in kept]
    if len(known) > len(kept):
        shown.append(f"{len(known) - len(kept):,} others")
    return Quantity(
        column,
        "category",
        place[codes],
        labels=tuple(unlike(shown, 32)),
        texts=tuple(unlike(shown, TOOLTIP_CHARS)),
        losses=_told([(int((codes < 0).sum()), f"without {in_sentence(name)}")]),
    )


def _natural(text: str) -> tuple[bool, float, list[str], str]:
    """Numbers by value, before texts in which ``v2`` comes before ``v10``."""
    padded = [part.zfill(20) if part.isdigit() else part for part in _DIGITS.split(text)]
    try:
        number = float(text)
    except ValueError:
        return True, 0.0, padded, text
    is_number = math.isfinite(number)
    return not is_number, number if is_number else 0.0, padded, text


def _told(losses: Sequence[tuple[int, str]]) -> tuple[str, ...]:
    return tuple(f"{count:,} {reason}" for count, reason in losses if count)
