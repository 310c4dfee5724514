"""Which points of a curve that is told again are not here yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbtrack.integrations.importing.source import Curve

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


def unseen(curve: Curve, there: Curve) -> Curve:
    """The points of ``curve`` that ``there`` has not, each as often as it has more.

    Compared are step, millisecond and value: microseconds are no source's own.
    """
    import numpy as np

    both = [_numbered(each.steps, each.times_us // 1000, each.values) for each in (curve, there)]
    is_new = ~np.isin(both[0], both[1])
    return Curve(curve.key, curve.steps[is_new], curve.times_us[is_new], curve.values[is_new])


def _numbered(steps: Array, times_ms: Array, values: Array) -> Array:
    """The points as bytes that are equal where they are, the second of equals with its number."""
    import numpy as np

    # One NaN is like another, and so is zero.
    plain = np.where(np.isnan(values), np.nan, values + 0.0)
    bits = np.ascontiguousarray(plain, np.float64).view(np.int64)
    order = np.lexsort((bits, times_ms, steps))
    rows = np.stack((steps, times_ms, bits, np.zeros_like(bits)), axis=1).astype(np.int64)
    sorted_ = rows[order]
    is_first = np.ones(len(sorted_), bool)
    is_first[1:] = (sorted_[1:] != sorted_[:-1]).any(axis=1)
    places = np.arange(len(sorted_))
    rows[order, 3] = places - np.maximum.accumulate(np.where(is_first, places, 0))
    return np.ascontiguousarray(rows).view("V32").ravel()
