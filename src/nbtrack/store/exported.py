"""All that is known of some runs, a table a kind: what an export reads, some runs at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow

    from nbtrack.store.store import Store

# In each, ids of runs are 32 hexadecimal digits.
_TABLES = {
    "runs": "all_runs",
    "params": "params",
    "tags": "tags",
    "metrics": "metrics",
    "facts": "facts",
    "texts": "texts",
    "inputs": "inputs",
    "artifacts": "artifacts",
}
EXPORTED = tuple(_TABLES)
_HEX = "replace({0}::VARCHAR, '-', '') AS {0}"
_ORDER = {"metrics": ", key, step, ts", "runs": ""}


def exported_table(store: Store, name: str, run_ids: Sequence[str]) -> pyarrow.Table:
    """One of the tables `EXPORTED`, of the given runs; nothing is folded for it."""
    order = _ORDER.get(name, ", 2")
    parent = f" REPLACE ({_HEX.format('parent_id')})" if name == "runs" else ""
    return store.query(
        f"SELECT {_HEX.format('run_id')}, * EXCLUDE (run_id){parent} "
        f"FROM {_TABLES[name]} SEMI JOIN (SELECT unnest($runs)::UUID AS run_id) USING (run_id) "
        f"ORDER BY run_id{order}",
        {"runs": list(run_ids)},
        fresh=False,
    )
