"""Curves as they were read: each series anew only when it has grown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from nbtrack.store import Series, Store
    from nbtrack.store.thinned import X

    Floats = np.ndarray[Any, np.dtype[np.float64]]

# Of all curves together; a picture of more is slow, and shows no more.
_MAX_POINTS = 250_000
# Few numbers, so that a run that joins leaves what was read as it is.
_POINTS = (2000, 1000, 500, 250, 125, 64)


@dataclass(frozen=True, slots=True)
class Curve:
    """The points of one series in order of x, thinned where there are many.

    All arrays are float64. ``level`` is the mean of the finite values of each stretch of a
    thinned curve, at ``level_x``, and ``count`` how many those are; all three are
    empty where the points are whole.
    """

    x: Floats
    step: Floats
    value: Floats
    level_x: Floats
    level: Floats
    count: Floats


@dataclass(frozen=True, slots=True)
class Along:
    """What curves are read along."""

    x: X
    log_x: bool


class CurveReader:
    """Reads curves of a store, and remembers those that it was asked for last."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._asked: tuple[Along, int] | None = None
        self._kept: dict[Series, tuple[int, Curve]] = {}

    def read(self, counts: Mapping[Series, int], along: Along) -> dict[Series, Curve]:
        """The curves of the series that ``counts`` has, each with its number of points."""
        asked = (along, points_each(len(counts)))
        kept = self._kept if asked == self._asked else {}
        stale = [series for series, count in counts.items() if kept.get(series, (-1,))[0] != count]
        fresh = {}
        if stale:
            counted = [counts[series] for series in stale]
            fresh = self._fetch(stale, along, asked[1], counts=counted)
        self._kept = {
            series: (count, fresh[series]) if series in fresh else kept[series]
            for series, count in counts.items()
            if series in fresh or series in kept
        }
        self._asked = asked
        return {series: curve for series, (_, curve) in self._kept.items()}

    def refined(
        self, series: Sequence[Series], along: Along, within: Mapping[str, tuple[float, float]]
    ) -> dict[Series, Curve]:
        """The curves of ``series`` over a range of x for each key, as fine as there is room for."""
        return self._fetch(series, along, points_each(len(series)), within)

    def _fetch(
        self,
        series: Sequence[Series],
        along: Along,
        points: int,
        within: Mapping[str, tuple[float, float]] | None = None,
        counts: Sequence[int] | None = None,
    ) -> dict[Series, Curve]:
        import numpy as np

        from nbtrack.store import thinned_curves

        found = thinned_curves(
            self._store,
            series,
            x=along.x,
            log_x=along.log_x,
            points=points,
            within=within,
            counts=counts,
        )
        columns = []
        for table, names in (
            (found.points, ("x", "step", "value")),
            (found.levels, ("x", "value", "count")),
        ):
            of = table["series"].to_numpy()
            edges = np.searchsorted(of, np.arange(len(series) + 1))
            for name in names:
                column = table[name].to_numpy().astype(np.float64)
                columns.append([column[a:b] for a, b in pairwise(edges)])
        curves = (Curve(*arrays) for arrays in zip(*columns, strict=True))
        return {each: curve for each, curve in zip(series, curves, strict=True) if len(curve.x)}


def points_each(series: int) -> int:
    """How many points a curve may have where so many are read."""
    room = _MAX_POINTS // max(series, 1)
    return next((points for points in _POINTS if points <= room), _POINTS[-1])
