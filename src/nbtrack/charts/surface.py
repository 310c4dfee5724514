"""What a metric is like between scattered runs, and where nothing is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbtrack.charts.quantities import Floats

_COLUMNS, _ROWS = 96, 72
_LEVELS = 12
# Of a cell: the next one is drawn over it, so that the page does not show between them.
_OVERLAP = 0.2
_WIDTHS = (0.02, 0.03, 0.045, 0.07, 0.1, 0.15, 0.22, 0.33)
# The square of it is what choosing a width costs.
_MAX_CHOOSING = 800
_FARTHEST = 0.35
_FEWEST = 5
# Of more the means of small cells are taken: each costs a kernel at every place.
_MOST_SINGLE = 2_000


@dataclass(frozen=True, slots=True)
class Band:
    """A piece of a row of the grid in which the metric is about ``value``.

    It reaches a little into the next pieces, which are to be drawn after it.
    """

    x: float
    x2: float
    y: float
    y2: float
    value: float


def bands(x: Floats, y: Floats, values: Floats) -> list[Band]:
    """The surface through runs at ``x`` and ``y``, both in 0..1, in twelve levels.

    Method: kernel regression with a Gaussian kernel (Nadaraya 1964; Watson 1964), its width
    chosen by leave-one-out cross-validation (Stone 1974). It averages runs that lie close, so
    that it neither leaves the range of ``values`` nor follows noise into each dot. Where no
    run is within reach, 1.5 times the distance that the runs would have if they were spread
    evenly, there is no surface; and none at all with runs at less than five places.
    """
    import numpy as np

    x, y, values, counts = gathered(x, y, values)
    distinct = len(np.unique(np.column_stack([x, y]).round(6), axis=0))
    if distinct < _FEWEST:
        return []
    low, high = float(values.min()), float(values.max())
    step = (high - low) / _LEVELS or 1.0
    # From 0 to 12, so that no square of it overflows.
    levels = (values - low) / step
    width = chosen_width(x, y, levels, counts)
    columns = (np.arange(_COLUMNS) + 0.5) / _COLUMNS
    reach = min(_FARTHEST, 1.5 / distinct**0.5)
    found = []
    for row in range(_ROWS):
        squares = (columns[:, None] - x) ** 2 + ((row + 0.5) / _ROWS - y) ** 2
        level = (
            np.floor(_weighted(squares, levels, counts, width))
            .clip(0, _LEVELS - 1)
            .astype(np.int64)
        )
        level[squares.min(axis=1) > reach**2] = -1
        starts = np.flatnonzero(np.diff(level, prepend=-2))
        for start, stop in zip(starts, [*starts[1:], _COLUMNS], strict=True):
            if level[start] >= 0:
                value = low + (int(level[start]) + 0.5) * step if high > low else low
                x1, x2 = float(start / _COLUMNS), float((stop + _OVERLAP) / _COLUMNS)
                found.append(Band(x1, x2, row / _ROWS, (row + 1 + _OVERLAP) / _ROWS, value))
    return found


def gathered(x: Floats, y: Floats, values: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """The runs, or of many the means of the runs that share a small cell; and how many."""
    import numpy as np

    if len(x) <= _MOST_SINGLE:
        return x, y, values, np.ones(len(x))
    cells = np.floor(x * _COLUMNS / 2) * _ROWS + np.floor(y * _ROWS / 2)
    _, place, counts = np.unique(cells, return_inverse=True, return_counts=True)
    # Shared out first: the sum of many great values is infinite.
    share = 1 / counts[place]
    sums = (np.bincount(place, weights=each * share) for each in (x, y, values))
    x, y, values = (np.asarray(each, dtype=np.float64) for each in sums)
    return x, y, values, counts.astype(np.float64)


def chosen_width(x: Floats, y: Floats, values: Floats, counts: Floats) -> float:
    """The width of the kernel with which each run is told best by the others."""
    import numpy as np

    if len(x) < 3:
        return _WIDTHS[-1]
    some = np.random.default_rng(0).permutation(len(x))[:_MAX_CHOOSING]
    x, y, values, counts = x[some], y[some], values[some], counts[some]
    squares = (x[:, None] - x) ** 2 + (y[:, None] - y) ** 2
    np.fill_diagonal(squares, np.inf)
    errors = [
        float(counts @ np.square(_weighted(squares, values, counts, width) - values))
        for width in _WIDTHS
    ]
    return _WIDTHS[int(np.argmin(errors))]


def _weighted(squares: Floats, values: Floats, counts: Floats, width: float) -> Floats:
    """The mean of ``values`` for each row of squared distances, the near ones counting most."""
    import numpy as np

    # The nearest run always counts as 1: far from all, weights would be 0 / 0.
    nearest = squares.min(axis=1, keepdims=True)
    weights = np.exp((nearest - squares) / (2 * width**2)) * counts
    return np.asarray(weights @ values / weights.sum(axis=1), dtype=np.float64)
