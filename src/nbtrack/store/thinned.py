"""Many curves at once, each thinned to what a picture can show, or whole."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

if TYPE_CHECKING:
    import numpy as np
    import pyarrow

    from nbtrack.store.store import Store

    Array = np.ndarray[Any, Any]

X = Literal["step", "time", "relative"]

# A run, by its full id, and a key of its metrics.
Series = tuple[str, str]

_POINTS = """
FROM base.points p JOIN nbtrack_series s ON p.run_id = s.run_id::UUID AND p.key = s.key
WHERE p.run_id >= '{first}'::UUID AND p.run_id <= '{last}'::UUID AND {within}
"""
# Without a join DuckDB reads the ends of a curve off its statistics: a quarter of the time.
_POINTS_OF_ONE = """
FROM base.points p, nbtrack_series s
WHERE p.run_id = '{first}'::UUID AND p.key = '{key}' AND {within}
"""
_KNOWN = """
SELECT series, max(count)::BIGINT AS count, max(epoch_us(started)) AS started
FROM (
    SELECT s.series, s.run_id::UUID AS run_id, sum(m.count) AS count
    FROM nbtrack_series s JOIN base.summary m ON m.run_id = s.run_id::UUID AND m.key = s.key
    GROUP BY ALL
) LEFT JOIN base.runs USING (run_id) GROUP BY series ORDER BY series
"""
_EXTENTS = (
    "SELECT series, count(*) AS count, min({x}) AS first, max({x}) AS last {points} GROUP BY 1"
)
_WHOLE = "SELECT series, {x} AS x, step, value {points} ORDER BY series, step, ts"
# One number for the series and the stretch: to group by several columns takes twice the time.
_STRETCH = """series::BIGINT * $buckets
    + least($buckets - 1, greatest(0, floor(({place} - origin) * per)))::BIGINT"""
_EXTREMES = """
SELECT {stretch} AS stretch, count(*) AS count, avg(value) AS mean, avg({x}) AS middle,
       min(value) AS low, arg_min({x}, value) AS low_x, arg_min(step, value) AS low_step,
       max(value) AS high, arg_max({x}, value) AS high_x, arg_max(step, value) AS high_step
{points} AND isfinite(value) GROUP BY stretch
"""
_OTHERS = """
SELECT {stretch} AS stretch, min({x}) AS x, arg_min(step, {x}) AS step, any_value(value) AS value
{points} AND NOT isfinite(value) GROUP BY stretch, isnan(value), value > 0
"""


@dataclass(frozen=True, slots=True)
class ThinnedCurves:
    """Curves as tables of rows, sorted by ``series``, the place among those asked for, then x.

    ``points`` has series (int32), x, step and value (float64, NaN and infinities kept).
    ``levels`` has series, x, value and count for those curves that were thinned: the mean
    of the finite values of each stretch, where it is, and how many they are. ``ends`` is
    float64, the x of the last point of each series, kept or not; NaN where there is none.
    ``zeros`` is int64, where x is 0: 0, or the microsecond at which each run began.
    """

    points: pyarrow.Table
    levels: pyarrow.Table
    ends: Array
    zeros: Array


def thinned_curves(
    store: Store,
    series: Sequence[Series],
    *,
    x: X = "step",
    points: int = 600,
    log_x: bool = False,
    within: Mapping[str, tuple[float, float]] | None = None,
    counts: Sequence[int] | None = None,
) -> ThinnedCurves:
    """The curves of ``series``, each whole where it has at most ``points`` points.

    Longer ones are cut into ``points // 2`` stretches of x, at the same places for all
    series of a key, and each stretch gives its lowest and highest finite value where they
    are, and the first of each kind that is not finite. x is the step, milliseconds since
    the epoch (UTC), or seconds since the run began. ``log_x`` cuts by its logarithm (not
    that of a time), and leaves out what has none. ``within`` gives keys a range of x:
    points outside of it are left out. ``counts`` are those of `count_points`, where the
    caller has them: a question less. Memory is that of the answer, however many points
    there are. Method: least and greatest value per bucket (Jugel et al., VLDB 2014).
    """
    import numpy as np

    reading = _Reading(store, series, x, log_x=log_x and x != "time", within=within, counts=counts)
    extents = reading.extents(reading.count > points)
    is_long = np.zeros(len(series), bool)
    is_long[extents["series"][extents["count"] > points]] = True
    parts = [reading.whole((reading.count > 0) & ~is_long)]
    levels = _empty("series", "x", "value", "count")
    if is_long.any():
        reading.cut(extents, is_long, buckets=max(1, points // 2))
        levels, low, high = reading.extremes(is_long)
        finite = np.bincount(levels["series"], levels["count"], minlength=len(series))
        has_others = np.zeros(len(series), bool)
        has_others[extents["series"]] = extents["count"] > finite[extents["series"]]
        parts += [low, high, reading.others(is_long & has_others)]
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    ends = np.full(len(series), np.nan)
    np.fmax.at(ends, rows["series"], rows["x"])
    long = extents["series"]
    ends[long] = np.fmax(ends[long], reading.x_of(extents["last"], long))
    return ThinnedCurves(_in_order(rows), _in_order(levels), ends, reading.zero)


def later_points(
    store: Store, series: Sequence[Series], after: Sequence[float], *, x: X = "step"
) -> pyarrow.Table:
    """Every point of ``series`` beyond the x that ``after`` has for each of them.

    Columns and units are those of `ThinnedCurves`' points.
    """
    import numpy as np

    reading = _Reading(store, series, x, after=after)
    return _in_order(reading.whole(np.ones(len(series), bool)))


def listed_curves(
    store: Store, run_ids: Sequence[str], keys: Sequence[str], *, points: int
) -> pyarrow.Table:
    """The same curves, one a row: run_id, key, and ``steps`` and ``values`` as lists of floats.

    Of all these runs and keys, those that there are, in this order.
    """
    import numpy as np
    import pyarrow as pa

    series = [(run, key) for run in dict.fromkeys(run_ids) for key in dict.fromkeys(keys)]
    rows = thinned_curves(store, series, points=points).points.combine_chunks()
    counts = np.bincount(rows["series"].to_numpy(), minlength=len(series)).tolist()
    ends = [0, *itertools.accumulate(counts)]
    there = [place for place, count in enumerate(counts) if count]
    offsets = pa.array([*(ends[place] for place in there), ends[-1]], pa.int32())

    def listed(column: str) -> pyarrow.Array:
        values = rows[column].combine_chunks()
        return pa.ListArray.from_arrays(offsets, values)

    return pa.table(
        {
            "run_id": pa.array([series[place][0] for place in there], pa.string()),
            "key": pa.array([series[place][1] for place in there], pa.string()),
            "steps": listed("step"),
            "values": listed("value"),
        }
    )


def whole_curves(store: Store, series: Sequence[Series]) -> pyarrow.Table:
    """Every point of ``series``: its place among them, step, ts (UTC) and value, in this order."""
    sql = f"SELECT series, step, ts, value {_points(series)} ORDER BY series, step, ts"
    return store.query(sql, frames={"nbtrack_series": _frame(series)})


def count_points(store: Store, run_ids: Sequence[str], keys: Sequence[str]) -> pyarrow.Table:
    """How many points each series has: run_id, key, count; those that have none are left out."""
    import pyarrow as pa

    ids = pa.table({"run_id": pa.array(list(run_ids), pa.string())})
    return store.query(
        "SELECT replace(run_id::VARCHAR, '-', '') AS run_id, key, sum(count)::BIGINT AS count "
        "FROM base.summary SEMI JOIN nbtrack_runs r ON r.run_id::UUID = summary.run_id "
        "WHERE list_contains($keys::VARCHAR[], key) GROUP BY run_id, key",
        {"keys": list(keys)},
        frames={"nbtrack_runs": ids},
    )


class _Reading:
    """One question for curves. Places are integers here: steps, or microseconds."""

    def __init__(
        self,
        store: Store,
        series: Sequence[Series],
        x: X,
        *,
        log_x: bool = False,
        within: Mapping[str, tuple[float, float]] | None = None,
        after: Sequence[float] | None = None,
        counts: Sequence[int] | None = None,
    ) -> None:
        import numpy as np

        self._store, self._series, self._x, self._log_x = store, series, x, log_x
        self._within, self._after = within or {}, after
        self._raw = "step" if x == "step" else "epoch_us(ts)"
        self._unit = {"step": 1.0, "time": 1e3, "relative": 1e6}[x]
        self.count = np.array(counts or np.zeros(len(series)), np.int64)
        # Where x is 0.
        self.zero = np.zeros(len(series), np.int64)
        if (counts is None and after is None) or x == "relative":
            known = store.query(_KNOWN, frames={"nbtrack_series": _frame(series)})
            places = known["series"].to_numpy()
            self.count[places] = known["count"].to_numpy()
            if x == "relative":
                self.zero[places] = known["started"].fill_null(0).to_numpy()
        self._keys = np.array([key for _, key in series], object)
        self._origin = np.zeros(len(series))
        self._per = np.zeros(len(series))
        self._buckets = 1

    def extents(self, chosen: Array) -> dict[str, Array]:
        """Of each chosen series: series, count, and its first and last place."""
        return self._ask(_EXTENTS, chosen, ("series", "count", "first", "last"))

    def cut(self, extents: Mapping[str, Array], is_long: Array, *, buckets: int) -> None:
        """Say where the stretches of each key are."""
        import numpy as np

        self._buckets = buckets
        first, last = np.zeros(len(self._series)), np.zeros(len(self._series))
        for name, into in (("first", first), ("last", last)):
            into[extents["series"]] = extents[name] - self.zero[extents["series"]]
        for key in set(self._keys[is_long].tolist()):
            those = is_long & (self._keys == key)
            low, high = first[those].min(), last[those].max()
            if self._log_x:
                low, high = math.log(low), math.log(high)
            self._origin[those] = low
            self._per[those] = buckets / (high - low) if high > low else 0

    def whole(self, chosen: Array) -> dict[str, Array]:
        """Every point of the chosen series."""
        found = self._ask(_WHOLE, chosen, ("series", "x", "step", "value"))
        return self._rows(found["series"], found["x"], found["step"], found["value"])

    def extremes(
        self, chosen: Array
    ) -> tuple[dict[str, Array], dict[str, Array], dict[str, Array]]:
        """Of each stretch its level, and its lowest and highest point, unless that is one."""
        names = "stretch count mean middle low low_x low_step high high_x high_step".split()
        found = self._ask(_EXTREMES, chosen, names)
        series = found["stretch"] // self._buckets
        low = self._rows(series, found["low_x"], found["low_step"], found["low"])
        other = (found["low_x"] != found["high_x"]) | (found["low"] != found["high"])
        found = {**found, "series": series}
        high = self._rows(*(found[n][other] for n in ("series", "high_x", "high_step", "high")))
        levels = self._rows(series, found["middle"], found["count"], found["mean"])
        levels["count"] = levels.pop("step")
        return levels, low, high

    def others(self, chosen: Array) -> dict[str, Array]:
        """Of each stretch the first NaN, infinity and negative infinity."""
        found = self._ask(_OTHERS, chosen, ("stretch", "x", "step", "value"))
        series = found["stretch"] // self._buckets
        return self._rows(series, found["x"], found["step"], found["value"])

    def x_of(self, raw: Array, series: Array) -> Array:
        """Places of these series as x."""
        x: Array = (raw - self.zero[series]) / self._unit
        return x

    def _rows(self, series: Array, raw: Array, step: Array, value: Array) -> dict[str, Array]:
        import numpy as np

        series = series.astype(np.int32)
        x = self.x_of(raw, series)
        return {"series": series, "x": x, "step": step.astype(np.float64), "value": value}

    def _ask(self, sql: str, chosen: Array, names: Sequence[str]) -> dict[str, Array]:
        import numpy as np
        import pyarrow as pa

        if not chosen.any():
            return _empty(*names)
        places = np.flatnonzero(chosen)
        series = [self._series[place] for place in places.tolist()]
        low, high = self._range(places)
        columns = {
            "zero": self.zero[places],
            "origin": self._origin[places],
            "per": self._per[places],
            "from_x": low,
            "to_x": high,
        }
        frame = _frame(series, places)
        for name, column in columns.items():
            frame = frame.append_column(name, pa.array(column))
        condition = []
        if self._within or self._log_x or self._after is not None:
            condition = [f"{self._raw} >= from_x", f"{self._raw} <= to_x"]
            # As literals DuckDB compares them with what it knows of each block.
            bound = "{}" if self._x == "step" else "make_timestamp({})"
            raw = "step" if self._x == "step" else "ts"
            condition.append(f"{raw} >= {bound.format(low.min())}")
            condition.append(f"{raw} <= {bound.format(high.max())}")
        place = f"ln({self._raw} - zero)" if self._log_x else f"({self._raw} - zero)"
        stretch = _STRETCH.format(place=place)
        points = _points(series, " AND ".join(condition))
        asks_buckets = "{stretch}" in sql
        found = self._store.query(
            # One pass: what stands in the parts, such as a key, is not looked at again.
            sql.format(x=self._raw, stretch=stretch, points=points),
            {"buckets": self._buckets} if asks_buckets else {},
            frames={"nbtrack_series": frame},
            # Otherwise another question was before, whose state this one is about.
            fresh=self._after is not None,
        )
        return {name: found[name].to_numpy() for name in names}

    def _range(self, places: Array) -> tuple[Array, Array]:
        """The least and greatest place that is asked for, of each series."""
        import numpy as np

        low = np.full(len(places), -2 * _FAR)
        high = np.full(len(places), 2 * _FAR)
        for i, place in enumerate(places):
            if (within := self._within.get(self._keys[place])) is not None:
                first, last = (max(-_FAR, min(_FAR, x * self._unit)) for x in within)
                # A float of seconds is not quite a whole number of microseconds.
                low[i] = max(low[i], math.ceil(first - 1e-3) + self.zero[place])
                high[i] = min(high[i], math.floor(last + 1e-3) + self.zero[place])
            if self._after is not None:
                low[i] = round(self._after[place] * self._unit) + self.zero[place] + 1
            if self._log_x:
                low[i] = max(low[i], self.zero[place] + 1)
        return low, high


# Beyond every step and every microsecond that a store holds, and a timestamp still.
_FAR = 2**60


def _points(series: Sequence[Series], within: str = "") -> str:
    # Blocks of other runs are skipped by what DuckDB knows of each.
    ids = sorted(str(UUID(run_id)) for run_id, _ in series) or [str(UUID(int=0))]
    key = series[0][1] if len(series) == 1 else "\0"
    if "\0" not in key:
        key = key.replace("'", "''")
        return _POINTS_OF_ONE.format(first=ids[0], key=key, within=within or "true")
    return _POINTS.format(first=ids[0], last=ids[-1], within=within or "true")


def _frame(series: Sequence[Series], places: Array | None = None) -> pyarrow.Table:
    import pyarrow as pa

    return pa.table(
        {
            "series": pa.array(range(len(series)) if places is None else places, pa.int32()),
            "run_id": pa.array([run_id for run_id, _ in series], pa.string()),
            "key": pa.array([key for _, key in series], pa.string()),
        }
    )


def _in_order(rows: Mapping[str, Array]) -> pyarrow.Table:
    """By series and x. Stable, so that points of one place stay in the order of the time."""
    import numpy as np
    import pyarrow as pa

    order = np.lexsort((rows["x"], rows["series"]))
    return pa.table({name: column[order] for name, column in rows.items()})


def _empty(*names: str) -> dict[str, Array]:
    import numpy as np

    whole = ("series", "count", "first", "last", "stretch")
    return {name: np.empty(0, np.int64 if name in whole else np.float64) for name in names}
