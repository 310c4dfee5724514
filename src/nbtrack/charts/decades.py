"""When numbers are told apart on a logarithmic axis only: one rule for every picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy
    import numpy.typing

    Floats = numpy.typing.NDArray[numpy.float64]

_DECADES = 2
_STRAY = 0.05
# The width of an axis from what lies below it to 1 is more than a double holds.
_LEAST = 1e-300


def spans_decades(values: Floats) -> bool:
    """Whether the positive ones of ``values``, which are finite, span two decades.

    The lowest twentieth of them does not count: of numbers that are spread evenly from
    zero, one often lies close to it. Negative numbers among them rule it out.
    """
    import numpy as np

    positive = values[values > 0]
    if not len(positive) or values.min() < 0 or positive.min() < _LEAST:
        return False
    low = np.quantile(positive, _STRAY, method="lower")
    return bool(np.log10(positive.max()) - np.log10(low) >= _DECADES - 1e-9)
