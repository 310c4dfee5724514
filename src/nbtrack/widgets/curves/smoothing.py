"""Smoothing as TensorBoard has it, for points that need not be evenly spaced.

``js/src/curves/smoothing.ts`` has the same rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Floats = np.ndarray[Any, np.dtype[np.float64]]

# However many points there are, the strongest smoothing still shows.
MAX_SPACINGS = 1000


def smoothed(x: Floats, values: Floats, counts: Floats, smoothing: float) -> Floats:
    """The debiased exponential moving average of ``values``, which lie at increasing ``x``.

    What is ``d`` spacings back weighs ``smoothing ** d``, a spacing being the mean distance
    of points: on evenly spaced points this is TensorBoard's. ``counts`` says for how
    many points each value stands. Values that are not finite have no part in it, and
    stay as they are.
    """
    import numpy as np

    finite = np.isfinite(values)
    at, told, weights = x[finite], values[finite], counts[finite]
    if not smoothing or not len(at):
        return values
    span = float(at[-1] - at[0])
    spacings = min(max(float(weights.sum()) - 1, 1), MAX_SPACINGS)
    distances = np.diff(at, prepend=at[0]) / (span / spacings if span > 0 else 1)
    total = weight = 0.0
    means = []
    keeps = smoothing**distances
    for value, count, keep in zip(told.tolist(), weights.tolist(), keeps.tolist(), strict=True):
        total = total * keep + value * count
        weight = weight * keep + count
        means.append(total / weight)
    result = values.copy()
    result[finite] = means
    return result
