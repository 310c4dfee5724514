"""The axes of a small picture: from values to places, and what their marks say.

``js/src/curves/scale.ts`` has the same rules.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbtrack.widgets.ticks import duration_ticks, linear_ticks, log_ticks, moment_ticks, tick_texts

if TYPE_CHECKING:
    import numpy as np

    Floats = np.ndarray[Any, np.dtype[np.float64]]

# What is larger counts as infinite: the width of its axis would be.
FAR = 1e300
# Room above and below curves, as a share of their span.
_PADDING = 0.05
# The logarithms of the least number and the greatest.
_LEAST, _GREATEST = -745.0, 709.0


@dataclass(frozen=True, slots=True)
class Scale:
    """From ``low`` to ``high``; ``kind`` is "number", "step", "time" (ms) or "relative" (s)."""

    kind: str
    is_log: bool
    low: float
    high: float

    def places(self, values: Floats) -> Floats:
        """Where values are, from 0 to 1; NaN for what has no place at all."""
        import numpy as np

        low, high = self.low, self.high
        values = np.where(np.abs(values) <= FAR, values, np.nan)
        with np.errstate(all="ignore"):
            if self.is_log:
                values = np.log(np.where(values > 0, values, np.nan))
                low, high = math.log(low), math.log(high)
            places: Floats = (values - low) / (high - low)
        return places

    def ticks(self, wanted: int) -> list[tuple[float, str]]:
        """About ``wanted`` marks, as places from 0 to 1, and what they say."""
        import numpy as np

        if self.kind == "time":
            marks = moment_ticks(self.low, self.high, wanted)
        else:
            if self.is_log:
                values = log_ticks(self.low, self.high, wanted)
                values = values if len(values) > 1 else linear_ticks(self.low, self.high, wanted)
            elif self.kind == "relative":
                values = duration_ticks(self.low, self.high, wanted)
            else:
                values = linear_ticks(self.low, self.high, wanted)
            if self.kind == "step":
                values = [value for value in values if value == int(value)]
            texts = tick_texts(values, "duration" if self.kind == "relative" else "number")
            marks = list(zip(values, texts, strict=True))
        places = self.places(np.array([value for value, _ in marks], float)).tolist()
        return [(place, text) for place, (_, text) in zip(places, marks, strict=True)]


def value_scale(values: Iterable[Floats], *, is_log: bool) -> Scale | None:
    """The axis on which all of ``values`` that can be have a place; ``None`` where none can."""
    low, high = _extent(values, is_log)
    if low > high:
        return None
    if is_log:
        padding = (math.log(high) - math.log(low)) * _PADDING if high > low else math.log(2)
        ends = max(math.log(low) - padding, _LEAST), min(math.log(high) + padding, _GREATEST)
        return Scale("number", True, *map(math.exp, ends))
    padding = (high - low) * _PADDING if high > low else abs(high) * 0.1 or 0.5
    return Scale("number", False, low - padding, high + padding)


def x_scale(kind: str, xs: Iterable[Floats], *, is_log: bool) -> Scale | None:
    """The axis on which all of ``xs`` have a place; ``None`` where there are none."""
    low, high = _extent(xs, is_log)
    if low > high:
        return None
    if low == high:
        low, high = (low / 2, high * 2) if is_log else (low - 0.5, high + 0.5)
    return Scale(kind, is_log, low, high)


def _extent(arrays: Iterable[Floats], is_log: bool) -> tuple[float, float]:
    import numpy as np

    low, high = math.inf, -math.inf
    for array in arrays:
        there = array[(np.abs(array) <= FAR) & (array > 0 if is_log else True)]
        if len(there):
            low, high = min(low, float(there.min())), max(high, float(there.max()))
    return low, high
