"""One page of runs, in one statement that is quick to plan.

For few runs planning is most of what a query costs. So the statement only collects
the rows that say something about the runs of the page, as they were appended; which
of them holds is found here. For all runs, `search` lets DuckDB find it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nbtrack.store.arrow_columns import arrow_column
from nbtrack.store.conditions import Key
from nbtrack.store.pivot import columns_of
from nbtrack.store.selection import PARAM_TEXT, RunQuery, Selection

if TYPE_CHECKING:
    import numpy as np
    import pyarrow

    from nbtrack.store.store import Store

    Arrays = Mapping[str, np.ma.MaskedArray[Any, Any]]

# A row is a run as it began, a change of one, or a value; each fills columns of its own.
_COLUMNS = {
    "place": "NULL::BIGINT",
    "total": "NULL::BIGINT",
    "kind": "NULL::VARCHAR",
    "ts": "NULL::TIMESTAMP",
    "step": "NULL::BIGINT",
    "key": "NULL::VARCHAR",
    "text": "NULL::VARCHAR",
    "number": "NULL::DOUBLE",
    "type": "NULL::VARCHAR",
    "run_id": "NULL::VARCHAR",
    "parent_id": "NULL::VARCHAR",
    "name": "NULL::VARCHAR",
    "experiment": "NULL::VARCHAR",
    "user": "NULL::VARCHAR",
    "host": "NULL::VARCHAR",
    "source": "NULL::VARCHAR",
    "status": "NULL::VARCHAR",
    "duration_s": "NULL::DOUBLE",
    "note": "NULL::VARCHAR",
    "verdict": "NULL::VARCHAR",
    "ended": "NULL::TIMESTAMP",
}
_RUN = {
    "kind": "'run'",
    "ts": "r.started",
    "total": "total",
    "run_id": "replace(r.run_id::VARCHAR, '-', '')",
    "parent_id": "replace(r.parent_id::VARCHAR, '-', '')",
    **{name: f'r."{name}"' for name in ("name", "experiment", "user", "host", "source")},
}
_CHANGE = {
    "kind": "'change'",
    "ts": "r.ts",
    **{n: f"r.{n}" for n in ("name", "experiment", "status", "duration_s", "note", "verdict")},
    "ended": "coalesce(r.ended, r.ts)",
}
_VALUES = {
    "params": ("base.params", {"text": PARAM_TEXT, "number": "number", "type": "type"}),
    "metrics": (
        "base.summary",
        {"ts": "last_ts", "step": "last_step", "number": "last_value", "type": "'float'"},
    ),
    "tags": ("base.tags", {"text": "value", "type": "'str'"}),
}
_ATTRIBUTES = (_RUN.keys() | _CHANGE.keys()) - {"kind", "ts", "total"}
_PAGE = """
WITH {ctes},
page AS (
    SELECT run_id, count(*) OVER () AS total, row_number() OVER (ORDER BY {order}) AS place
    FROM fit ORDER BY {order} LIMIT {limit} OFFSET {offset}
)
{parts}
"""


def read_page(
    store: Store, query: RunQuery, keys: Sequence[Key], *, offset: int, limit: int
) -> tuple[int, pyarrow.Table, dict[Key, pyarrow.Array]]:
    """How many runs fit; the attributes of those from ``offset`` on, in order; and their values."""
    import numpy as np

    selection = Selection(query)
    sql = _PAGE.format(
        order=selection.order,
        limit=selection.bind(limit),
        offset=selection.bind(offset),
        parts=" UNION ALL ".join(_parts(selection, keys)),
        ctes=selection.ctes(),
    )
    found = store.arrays(sql, selection.parameters)
    # The last that was logged comes last, and holds.
    order = np.lexsort((np.ma.getdata(found["ts"]), np.ma.filled(found["step"], 0)))
    found = {name: column[order] for name, column in found.items()}
    is_run, is_change = found["kind"] == "run", found["kind"] == "change"
    rows = _attributes(found, is_run, is_change, offset)
    total = int(found["total"][is_run][0]) if len(rows) else _count(store, query)
    is_value = ~(is_run | is_change)
    values = {n: found[n][is_value] for n in ("place", "kind", "key", "text", "number", "type")}
    values["place"] = values["place"] - offset
    return total, rows, columns_of(_table(values), len(rows), keys)


def _parts(selection: Selection, keys: Sequence[Key]) -> list[str]:
    parts = [_part("base.runs", _RUN), _part("base.run_changes", _CHANGE)]
    for kind, (table, columns) in _VALUES.items():
        names = [key.name for key in keys if key.kind == kind]
        if names:
            wanted = f"list_contains({selection.bind(names)}::VARCHAR[], r.key)"
            own = {"kind": f"'{kind}'", "ts": "r.ts", "key": "r.key", **columns}
            parts.append(f"{_part(table, own)} WHERE {wanted}")
    return parts


def _part(table: str, columns: Mapping[str, str]) -> str:
    filled = {**_COLUMNS, "place": "place", **columns}
    listed = ", ".join(f'{value} AS "{name}"' for name, value in filled.items())
    return f"SELECT {listed} FROM page JOIN {table} r USING (run_id)"


def _attributes(found: Arrays, is_run: Any, is_change: Any, offset: int) -> pyarrow.Table:
    """A row per run: what it began with, and over it what its changes say, the last one last."""
    places = found["place"] - offset - 1
    length = int(is_run.sum())

    def laid(name: str, *chosen: Any) -> Any:
        column = _empty(length, found[name].dtype)
        for rows in chosen:
            told = rows & ~_is_null(found[name])
            column[places[told]] = found[name][told]
        return column

    rows = {name: laid(name, is_run, is_change) for name in _ATTRIBUTES}
    rows["started"] = laid("ts", is_run)
    rows["ended"] = laid("ended", is_change & ~_is_null(found["status"]))
    rows["status"][_is_null(rows["status"])] = "running"
    _clear(rows["ended"], (rows["status"] == "running") | (rows["status"] == "scheduled"))
    for name in ("note", "user", "host", "source"):
        _clear(rows[name], rows[name] == "")
    return _table(rows)


def _empty(length: int, dtype: Any) -> Any:
    import numpy as np

    return np.ma.MaskedArray(np.empty(length, dtype), mask=True)


def _is_null(column: Any) -> Any:
    import numpy as np

    return np.ma.getmaskarray(column)


def _clear(column: Any, where: Any) -> None:
    """Make NULL of what is so."""
    import numpy as np

    column[np.ma.filled(where, False)] = np.ma.masked


def _count(store: Store, query: RunQuery) -> int:
    """How many runs fit, where a page beyond them was asked for."""
    selection = Selection(query)
    sql = f"WITH {selection.ctes()} SELECT count(*) AS total FROM fit"
    return int(store.arrays(sql, selection.parameters)["total"][0])


def _table(columns: Arrays) -> pyarrow.Table:
    import pyarrow as pa

    types = {"O": pa.string(), "M": pa.timestamp("us")}
    return pa.table(
        {
            name: arrow_column(column, types.get(column.dtype.kind))
            for name, column in columns.items()
        }
    )
