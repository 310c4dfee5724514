"""Which runs are exported, and in which portions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from nbtrack.tracking.settling import settle

if TYPE_CHECKING:
    from nbtrack.store import Store

# Their points are in memory together.
RUNS_AT_ONCE = 100


def chosen_runs(
    store: Store, filter_string: str, experiments: Sequence[str], *, deleted: bool
) -> list[str]:
    """Full ids of the runs that fit, the oldest first, folded. Raises `InvalidFilter`."""
    from nbtrack.store import RunQuery, run_page

    settle()
    query = RunQuery(
        filter=filter_string,
        experiments=tuple(experiments) or None,
        order_by=("started",),
        lifecycle="all" if deleted else "active",
    )
    ids: list[str] = run_page(store, query, limit=2**62).table["run_id"].to_pylist()
    return ids


def portions(run_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """The runs, some at a time."""
    for start in range(0, len(run_ids), RUNS_AT_ONCE):
        yield run_ids[start : start + RUNS_AT_ONCE]
