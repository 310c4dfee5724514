"""What the runs of a query have in common: their columns, groups and extremes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from nbtrack.errors import InvalidFilter
from nbtrack.store.conditions import ATTRIBUTES, Key, Kind
from nbtrack.store.filters import parse_column
from nbtrack.store.selection import PARAM_TEXT, RunQuery, Selection

if TYPE_CHECKING:
    import pyarrow

    from nbtrack.store.store import Store

ColumnType = Literal["number", "text", "bool", "time", "duration"]

# Of runs that tie for the lowest or highest value, so many are named.
MAX_TIED = 100


@dataclass(frozen=True, slots=True)
class Column:
    """One column that runs of a query have: ``name`` is ``kind`` and a key, as ``params.lr``.

    ``runs`` have a value. ``distinct`` is how many of these differ, for parameters,
    tags and attributes that are texts; else it is ``runs``. ``points`` is the length
    of the longest curve, for metrics.
    """

    name: str
    kind: Kind
    type: ColumnType
    runs: int
    distinct: int
    points: int = 0


# A run logs a parameter once, so that its rows can be counted as they are; summaries
# and tags have a row per fold and per change.
_COLUMNS = f"""
WITH {{ctes}}
SELECT 'params' AS kind, key, sum(rows)::BIGINT AS runs, count(DISTINCT text) AS differing,
       list(DISTINCT type) AS types, 0 AS points
FROM (
    SELECT key, {PARAM_TEXT} AS text, type, count(*) AS rows
    FROM base.params SEMI JOIN fit USING (run_id) GROUP BY ALL
) GROUP BY key
UNION ALL
SELECT 'metrics', key, count(*), count(*), ['float'], max(points)
FROM (
    SELECT run_id, key, sum(count) AS points
    FROM base.summary SEMI JOIN fit USING (run_id) GROUP BY run_id, key
) GROUP BY key
UNION ALL
SELECT 'tags', key, count(*), count(DISTINCT value), ['str'], 0
FROM (
    SELECT run_id, key, arg_max_null(value, ts) AS value
    -- What MLflow notes for itself is no column; it stays with the run.
    FROM base.tags SEMI JOIN fit USING (run_id) WHERE NOT starts_with(key, 'mlflow.')
    GROUP BY run_id, key HAVING value IS NOT NULL
) GROUP BY key
ORDER BY kind, key
"""


# Rows are added, and never changed; a purge may take as many as were added.
# Joined, they are planned in two thirds of the time that they take as values.
_MARK = """
SELECT * FROM (SELECT count(*) AS runs, epoch_us(max(started)) AS newest FROM base.runs),
    (SELECT count(*) AS changes, epoch_us(max(ts)) AS changed FROM base.run_changes),
    (SELECT count(*) AS params FROM base.params), (SELECT count(*) AS tags FROM base.tags),
    (SELECT count(*) AS series, count(*) FILTER (count > 1) AS curves
     FROM (SELECT sum(count) AS count FROM base.summary GROUP BY run_id, key))
"""


def content_mark(store: Store) -> tuple[int, ...]:
    """Numbers that stay the same while nothing but points of known curves is added."""
    (row,) = store.query(_MARK).to_pylist()
    return tuple(value or 0 for value in row.values())


def list_columns(store: Store, query: RunQuery) -> list[Column]:
    """Every column of the runs that fit: attributes, then params, metrics and tags by name."""
    selection = Selection(query)
    found = store.query(_COLUMNS.format(ctes=selection.ctes()), selection.parameters).to_pylist()
    columns = _list_attributes(store, query)
    for kind in ("params", "metrics", "tags"):
        columns += [
            Column(
                name=f"{kind}.{row['key']}",
                kind=row["kind"],
                type=_type_of(set(row["types"])),
                runs=row["runs"],
                distinct=row["differing"],
                points=int(row["points"]),
            )
            for row in found
            if row["kind"] == kind
        ]
    return columns


def _list_attributes(store: Store, query: RunQuery) -> list[Column]:
    selection = Selection(query)
    counts = []
    for name, type_ in ATTRIBUTES.items():
        selection.show(f"a_{name}", selection.text(Key("attributes", name)))
        differing = "DISTINCT " if type_ in ("text", "status") else ""
        counts += [
            f'count(a_{name}) AS "{name}"',
            f'count({differing}a_{name}) AS "{name}, differing"',
        ]
    row = store.query(
        f"WITH {selection.ctes()} SELECT {', '.join(counts)} FROM fit",
        selection.parameters,
        fresh=False,
    ).to_pylist()[0]
    types: Mapping[str, ColumnType] = {"time": "time", "number": "duration"}
    return [
        Column(
            name=f"attributes.{name}",
            kind="attributes",
            type=types.get(type_, "text"),
            runs=row[name],
            distinct=row[f"{name}, differing"],
        )
        for name, type_ in ATTRIBUTES.items()
    ]


def run_groups(
    store: Store, query: RunQuery, by: str, metrics: Sequence[str] = ()
) -> pyarrow.Table:
    """The runs that fit, gathered by a parameter, tag or attribute: a row for each value.

    Columns are ``value`` (text; null for runs without one), ``runs``, and for each
    metric, named as ``metrics.acc``, ``metrics.acc.mean``, ``….min`` and ``….max`` over
    the finite last values. In order of the value, as a number where it is one.
    Raises `InvalidFilter`.
    """
    selection = Selection(query)
    key = parse_column(by)
    if key.kind == "metrics":
        raise InvalidFilter(f"Runs are grouped by a parameter, tag or attribute, not by {by}.")
    selection.show("value", f"({selection.text(key)})::VARCHAR")
    parts = ["value", "count(*) AS runs"]
    for number, name in enumerate(dict.fromkeys(metrics)):
        column = _show_finite(selection, name, number)
        for part, function in (("mean", "avg"), ("min", "min"), ("max", "max")):
            parts.append(f"{function}({column}) AS {_identifier(f'{name}.{part}')}")
    return store.query(
        f"WITH {selection.ctes()} SELECT {', '.join(parts)} FROM fit GROUP BY value "
        "ORDER BY TRY_CAST(value AS DOUBLE) NULLS LAST, value NULLS LAST",
        selection.parameters,
    )


def best_runs(
    store: Store, query: RunQuery, metrics: Sequence[str]
) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """For each metric, named as ``metrics.acc``, the runs with its lowest and highest last value.

    Over finite values of the runs that fit, replays of others left out; at most `MAX_TIED`
    ids where several tie, the oldest first, and none where no run has a finite value.
    Raises `InvalidFilter`.
    """
    names = list(dict.fromkeys(metrics))
    if not names:
        return {}
    selection = Selection(query)
    extremes, runs = [], []
    for number, name in enumerate(names):
        column = _show_finite(selection, name, number)
        for bound, function in (("low", "min"), ("high", "max")):
            extremes.append(f"{function}({column}) AS {bound}_{number}")
            runs.append(
                "coalesce((list(replace(run_id::VARCHAR, '-', '') ORDER BY started, run_id) "
                f"FILTER ({column} = {bound}_{number}))[1:{MAX_TIED}], []) AS {bound}_{number}"
            )
    row = store.query(
        f"WITH {selection.ctes()}, own AS (SELECT * FROM fit WHERE run_id NOT IN "
        "(SELECT run_id FROM base.facts WHERE key = 'replay.of')), "
        f"extremes AS (SELECT {', '.join(extremes)} FROM own) "
        f"SELECT {', '.join(runs)} FROM own, extremes",
        selection.parameters,
    ).to_pylist()[0]
    return {
        name: (tuple(row[f"low_{number}"]), tuple(row[f"high_{number}"]))
        for number, name in enumerate(names)
    }


def _show_finite(selection: Selection, metric: str, number: int) -> str:
    """Let the selection have a column for the metric's last value, null unless it is finite."""
    key = parse_column(metric)
    if key.kind != "metrics":
        raise InvalidFilter(f"Expected a metric such as metrics.acc, found {metric}.")
    value, column = selection.number(key), f"metric_{number}"
    selection.show(column, f"CASE WHEN isfinite({value}) THEN {value} END")
    return column


def _type_of(types: set[str]) -> ColumnType:
    told = types - {"none"}
    if told and told <= {"int", "float"}:
        return "number"
    return "bool" if told == {"bool"} else "text"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
