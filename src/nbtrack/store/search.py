"""Runs that fit a query, as a page of chosen columns or as one wide frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbtrack.store.conditions import ATTRIBUTES
from nbtrack.store.filters import parse_column
from nbtrack.store.page import read_page
from nbtrack.store.pivot import columns_of, values_sql
from nbtrack.store.selection import ATTRIBUTE_VALUES, CHANGES, RunQuery, Selection

if TYPE_CHECKING:
    import pyarrow

    from nbtrack.store.store import Store

_ATTRIBUTES = (
    "run_id",
    "name",
    "status",
    "experiment",
    "started",
    "ended",
    "duration_s",
    "note",
    "parent_id",
    "verdict",
)
# MLflow's names, where it has the column.
_IN_FRAMES = {"name": "run_name", "started": "start_time", "ended": "end_time"}

# Only what is asked for is looked up in full; `fit` has what the filter and order need.
_ROWS = f"""
WITH {{ctes}},
page AS (
    SELECT *, row_number() OVER (ORDER BY {{order}}) AS place
    FROM (SELECT * FROM fit ORDER BY {{order}} LIMIT {{limit}})
),
change AS (
    SELECT run_id, {", ".join(f"{sql} AS {name}" for name, sql in CHANGES.items())}
    FROM base.run_changes SEMI JOIN page USING (run_id) GROUP BY run_id
)
SELECT place, {", ".join(f'{sql} AS "{name}"' for name, sql in ATTRIBUTE_VALUES.items())}
FROM page JOIN base.runs r USING (run_id) LEFT JOIN change c USING (run_id) ORDER BY place
"""
_LONG = "WITH page AS (SELECT place, run_id::UUID AS run_id FROM nbtrack_page) {values}"


@dataclass(frozen=True, slots=True)
class Page:
    """Rows ``offset`` and following of the ``total`` runs that fit a query."""

    total: int
    offset: int
    table: pyarrow.Table


def run_page(
    store: Store,
    query: RunQuery,
    *,
    columns: Sequence[str] = (),
    offset: int = 0,
    limit: int = 200,
) -> Page:
    """Up to ``limit`` of the runs that fit, from ``offset`` on, and how many there are.

    The table has run_id (32 hex digits), name, status, experiment, started and ended
    (UTC), duration_s, note, parent_id, and ``columns`` under the names asked for:
    ``params.lr``, ``metrics.a b``, ``tags.x``, never quoted. Attributes come without
    their prefix. Raises `InvalidFilter` for a filter, order or column it cannot read.
    """
    keys = {name: parse_column(name) for name in columns}
    extra = [key.name for key in keys.values() if key.kind == "attributes"]
    held = {name: key for name, key in keys.items() if key.kind != "attributes"}
    total, rows, found = read_page(store, query, list(held.values()), offset=offset, limit=limit)
    table = rows.select(list(dict.fromkeys([*_ATTRIBUTES, *extra])))
    for name, key in held.items():
        table = table.append_column(name, found[key])
    return Page(total, offset, table)


def run_frame(store: Store, query: RunQuery, *, limit: int | None = None) -> pyarrow.Table:
    """Everything about the runs that fit, a row each: the first ``limit``, or all.

    Columns are named as MLflow's: run_id, run_name, experiment, status, start_time and
    end_time (UTC), …, then every ``metrics.…`` (the last value), ``params.…`` and
    ``tags.…`` that one of the runs has. Raises `InvalidFilter`.
    """
    selection = Selection(query)
    sql = _ROWS.format(
        order=selection.order,
        limit=selection.bind(2**62 if limit is None else limit),
        ctes=selection.ctes(),
    )
    rows = store.query(sql, selection.parameters)
    page = {"nbtrack_page": rows.select(["place", "run_id"])}
    values = store.query(_LONG.format(values=values_sql()), frames=page, fresh=False)
    names = [*_ATTRIBUTES, *(name for name in ATTRIBUTES if name not in _ATTRIBUTES)]
    table = rows.select(names).rename_columns([_IN_FRAMES.get(name, name) for name in names])
    for key, column in columns_of(values, len(rows), None).items():
        table = table.append_column(f"{key.kind}.{key.name}", column)
    return table
