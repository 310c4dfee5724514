"""Points as rows, and the summary of each series: what a fold adds of the curves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nbtrack.store.arrow_columns import arrow_column

if TYPE_CHECKING:
    import duckdb
    import numpy as np
    import pyarrow

    Array = np.ndarray[Any, Any]


def insert_points(
    connection: duckdb.DuckDBPyConnection,
    batches: list[tuple[Array, int]],
    series: Mapping[int, tuple[str, str]],
) -> None:
    """Insert points and their summary, sorted by run, key, step and time.

    ``batches`` are records in the layout of `segments.record_dtype`, each with an
    offset that is added to its numbers of series, so that those of several journals
    differ; ``series`` gives each number its run and key.
    """
    names, ranks, records = _sorted_points(batches, series)
    for table, rows in (
        ("points", _point_rows(names, ranks, records)),
        ("summary", _summary_rows(names, ranks, records)),
    ):
        connection.register("nbtrack_points", rows)
        try:
            connection.execute(
                f"INSERT INTO base.{table} "
                "SELECT run_id::UUID AS run_id, * EXCLUDE (run_id) FROM nbtrack_points"
            )
        finally:
            connection.unregister("nbtrack_points")


def _sorted_points(
    batches: list[tuple[Array, int]], series: Mapping[int, tuple[str, str]]
) -> tuple[list[tuple[str, str]], Array, Array]:
    """Each run and key once, sorted; which of them each record belongs to; and the records."""
    import numpy as np

    records = np.concatenate([records for records, _ in batches])
    numbers = np.concatenate([part["series"].astype(np.int64) + offset for part, offset in batches])
    # Ranks instead of names: sorting integers, and naming each series once.
    names = sorted(set(series.values()))
    rank_of = {name: rank for rank, name in enumerate(names)}
    known = np.array(sorted(series), np.int64)
    rank_of_number = np.array([rank_of[series[number]] for number in known.tolist()], np.int32)
    ranks = rank_of_number[np.searchsorted(known, numbers)]
    order = np.lexsort((records["ts"], records["step"], ranks))
    if _has_ties(ranks[order], records[order]):
        # Of equals the greatest is the last, and NaN counts as zero: so MLflow has it.
        values = np.nan_to_num(records["value"], nan=0.0, posinf=np.inf, neginf=-np.inf)
        order = np.lexsort((values, records["ts"], records["step"], ranks))
    return names, ranks[order], records[order]


def _has_ties(ranks: Array, records: Array) -> bool:
    """Whether two points of a series have one step and one time."""
    equal = ranks[1:] == ranks[:-1]
    for name in ("step", "ts"):
        equal &= records[name][1:] == records[name][:-1]
    return bool(equal.any())


def _point_rows(names: list[tuple[str, str]], ranks: Array, records: Array) -> pyarrow.Table:
    import pyarrow as pa

    return pa.table(
        {
            **_named(names, ranks),
            "step": arrow_column(records["step"]),
            "ts": _times(records["ts"]),
            "value": arrow_column(records["value"]),
        }
    )


def _summary_rows(names: list[tuple[str, str]], ranks: Array, records: Array) -> pyarrow.Table:
    """A row per series, as ``base.summary`` has it. Computed here: the query took 2.5 ms."""
    import numpy as np
    import pyarrow as pa

    steps, times, values = records["step"], records["ts"], records["value"]
    starts = np.flatnonzero(np.diff(ranks, prepend=-1))
    counts = np.diff(starts, append=len(ranks))
    lasts = starts + counts - 1
    is_finite = np.isfinite(values)
    columns = {
        **_named(names, ranks[starts]),
        "count": arrow_column(counts),
        "not_finite": arrow_column(counts - np.add.reduceat(is_finite, starts, dtype=np.int64)),
        "first_ts": _times(np.minimum.reduceat(times, starts)),
        "last_ts": _times(np.maximum.reduceat(times, starts)),
        "last_step": arrow_column(steps[lasts]),
        "last_value": arrow_column(values[lasts]),
    }
    for name, least, worst in (("min", np.minimum, np.inf), ("max", np.maximum, -np.inf)):
        extremes = least.reduceat(np.where(is_finite, values, worst), starts)
        is_there = np.isfinite(extremes)
        # The first point of each series that has its extreme; those without any are skipped.
        found = np.flatnonzero(is_finite & (values == np.repeat(extremes, counts)))
        at = np.zeros(len(starts), np.int64)
        at[is_there] = found[np.searchsorted(found, starts[is_there])]
        columns[f"{name}_value"] = arrow_column(np.ma.array(extremes, mask=~is_there))
        columns[f"{name}_step"] = arrow_column(np.ma.array(steps[at], mask=~is_there))
    columns["last_point_ts"] = _times(times[lasts])
    return pa.table(columns)


def _named(names: list[tuple[str, str]], ranks: Array) -> dict[str, pyarrow.Array]:
    import pyarrow as pa

    codes = arrow_column(ranks)
    return {
        column: pa.DictionaryArray.from_arrays(codes, arrow_column(texts, pa.string()))
        for column, texts in zip(("run_id", "key"), zip(*names, strict=True), strict=True)
    }


def _times(microseconds: Array) -> pyarrow.Array:
    import pyarrow as pa

    return arrow_column(microseconds, pa.timestamp("us"))
