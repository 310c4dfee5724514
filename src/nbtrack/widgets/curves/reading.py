"""Curves as they were read: of a series that has grown a little, only what was added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pyarrow

    from nbtrack.store import Series, Store
    from nbtrack.store.tail import Points
    from nbtrack.store.thinned import X

    Floats = np.ndarray[Any, np.dtype[np.float64]]

# Of all curves together; a picture of more is slow, and shows no more.
_MAX_POINTS = 250_000
# Few numbers, so that a run that joins leaves what was read as it is.
_POINTS = (2000, 1000, 500, 250, 125, 64)

# What curves may grow by before they are thinned anew: half, or so many points together.
_MAX_ADDED = 20_000


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

    def then(self, x: Floats, step: Floats, value: Floats) -> Curve:
        """This curve with points added at its end."""
        import numpy as np

        level_x, level, count = self.level_x, self.level, self.count
        if len(count):
            finite = np.isfinite(value)
            level_x = np.concatenate([level_x, x[finite]])
            level = np.concatenate([level, value[finite]])
            count = np.concatenate([count, np.ones(finite.sum())])
        return Curve(
            x=np.concatenate([self.x, x]),
            step=np.concatenate([self.step, step]),
            value=np.concatenate([self.value, value]),
            level_x=level_x,
            level=level,
            count=count,
        )


@dataclass(frozen=True, slots=True)
class _Kept:
    """A curve as it was when its series had ``count`` points, the last of them at ``end``.

    Those beyond the first ``thinned`` have been added as they are. ``zero`` is the
    microsecond at which x is 0, where that is a time.
    """

    count: int
    thinned: int
    end: float
    zero: int
    curve: Curve

    def then(self, x: Floats, step: Floats, value: Floats) -> _Kept:
        """With points added at its end."""
        if not len(x):
            return self
        curve = self.curve.then(x, step, value)
        return replace(self, count=self.count + len(x), end=float(x[-1]), curve=curve)


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
        self._kept: dict[Series, _Kept] = {}
        # What was asked for, and has points, but none that can be drawn.
        self._missing: set[Series] = set()

    def read(self, counts: Mapping[Series, int], along: Along) -> dict[Series, Curve]:
        """The curves of the series that ``counts`` has, each with its number of points."""
        points = points_each(len(counts))
        if self._asked != (along, points):
            self._asked, self._kept = (along, points), {}
        kept = {series: self._kept[series] for series in counts if series in self._kept}
        grown = {
            series: counts[series] for series, each in kept.items() if each.count < counts[series]
        }
        room = _room(points, len(grown))
        grown = {s: count for s, count in grown.items() if count <= kept[s].thinned + room}
        if grown:
            kept |= self._added(grown, along)
        stale = [s for s, count in counts.items() if s not in kept or kept[s].count != count]
        if stale:
            counted = [counts[series] for series in stale]
            fresh = self._fetch(stale, along, points, counts=counted)
            for series, count in zip(stale, counted, strict=True):
                kept.pop(series, None)
                if series in fresh:
                    curve, end, zero = fresh[series]
                    kept[series] = _Kept(count, count, end, zero, curve)
        self._kept, self._missing = kept, counts.keys() - kept.keys()
        return {series: kept[series].curve for series in counts if series in kept}

    def append(self, added: Mapping[Series, Points]) -> dict[Series, Curve] | None:
        """The curves that were read last, with these points at their ends; others are left.

        ``None``, and all as before, where the points do not belong there, or are too many.
        """
        if self._asked is None:
            return None
        along, points = self._asked
        room = _room(points, len(added))
        grown = {}
        for series, records in added.items():
            if series in self._missing:
                return None
            if (was := self._kept.get(series)) is None:
                continue
            if was.count + len(records) > was.thinned + room:
                return None
            x = _x_of(records, along, was.zero)
            order = x.argsort(kind="stable")
            if not x[order[0]] > was.end:
                return None
            step, value = records["step"].astype(float), records["value"].astype(float)
            grown[series] = was.then(x[order], step[order], value[order])
        self._kept |= grown
        return {series: each.curve for series, each in self._kept.items()}

    def refined(
        self, series: Sequence[Series], along: Along, within: Mapping[str, tuple[float, float]]
    ) -> dict[Series, Curve]:
        """The curves of ``series`` over a range of x for each key, as fine as there is room for."""
        found = self._fetch(series, along, points_each(len(series)), within)
        return {each: curve for each, (curve, _, _) in found.items()}

    def _added(self, counts: Mapping[Series, int], along: Along) -> dict[Series, _Kept]:
        """Of the series that have grown at their end only: the kept curve, and what was added."""
        from nbtrack.store import later_points

        grown = list(counts)
        after = [self._kept[series].end for series in grown]
        rows = later_points(self._store, grown, after, x=along.x)
        added = _cut(rows, ("x", "step", "value"), len(grown))
        found = {}
        for series, points in zip(grown, zip(*added, strict=True), strict=True):
            was = self._kept[series]
            if was.count + len(points[0]) == counts[series]:
                found[series] = was.then(*points)
        return found

    def _fetch(
        self,
        series: Sequence[Series],
        along: Along,
        points: int,
        within: Mapping[str, tuple[float, float]] | None = None,
        counts: Sequence[int] | None = None,
    ) -> dict[Series, tuple[Curve, float, int]]:
        """Of those that have points: their curve, the x of the last point, where x is 0."""
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
        columns = _cut(found.points, ("x", "step", "value"), len(series))
        columns += _cut(found.levels, ("x", "value", "count"), len(series))
        curves = (Curve(*arrays) for arrays in zip(*columns, strict=True))
        each = zip(curves, found.ends.tolist(), found.zeros.tolist(), strict=True)
        return {own: told for own, told in zip(series, each, strict=True) if len(told[0].x)}


def _room(points: int, growing: int) -> int:
    return max(points // 2, _MAX_ADDED // max(growing, 1))


def _x_of(records: Points, along: Along, zero: int) -> Floats:
    """Where points as they were logged are along x."""
    match along.x:
        case "step":
            x = records["step"].astype(float)
        case "time":
            x = records["ts"] / 1e3
        case "relative":
            x = (records["ts"] - zero) / 1e6
    return x


def _cut(rows: pyarrow.Table, names: Sequence[str], series: int) -> list[list[Floats]]:
    """Of each column one array per series; the rows are in the order of the series."""
    import numpy as np

    edges = np.searchsorted(rows["series"].to_numpy(), np.arange(series + 1))
    columns = (rows[name].to_numpy().astype(np.float64) for name in names)
    return [[column[a:b] for a, b in pairwise(edges)] for column in columns]


def points_each(series: int) -> int:
    """How many points a curve may have where so many are read."""
    room = _MAX_POINTS // max(series, 1)
    return next((points for points in _POINTS if points <= room), _POINTS[-1])
