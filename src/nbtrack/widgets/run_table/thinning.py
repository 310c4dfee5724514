"""Curves with fewer points that look the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow


def thin(history: pyarrow.Table, *, points: int) -> pyarrow.Table:
    """At most ``points`` rows of a metric's history: step (float64) and value (float64).

    ``history`` has columns step and value, ordered by step. The first and the last
    point and the extremes are kept; a bucket that holds a value that is not finite
    keeps one, so that gaps stay visible. Raises ``ValueError`` if ``points < 6``.
    Method: least and greatest value per bucket (as in Jugel et al., VLDB 2014, "M4").
    """
    import numpy
    import pyarrow

    if points < 6:
        raise ValueError(f"points must be at least 6, got {points}")
    steps = history["step"].to_numpy().astype("float64")
    values = history["value"].to_numpy()
    if len(values) > points:
        edges = numpy.linspace(0, len(values), (points - 2) // 3 + 1).astype("int64")[:-1]
        finite = numpy.isfinite(values)
        kept = {0, len(values) - 1}
        for start, stop in zip(edges, [*edges[1:], len(values)], strict=True):
            bucket, is_finite = values[start:stop], finite[start:stop]
            if is_finite.any():
                kept.add(start + int(numpy.where(is_finite, bucket, numpy.inf).argmin()))
                kept.add(start + int(numpy.where(is_finite, bucket, -numpy.inf).argmax()))
            if not is_finite.all():
                kept.add(start + int(is_finite.argmin()))
        rows = numpy.array(sorted(kept))
        steps, values = steps[rows], values[rows]
    return pyarrow.table({"step": steps, "value": values})
