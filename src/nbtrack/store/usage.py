"""Which kept bytes runs still need, and how many bytes each of them keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow

    from nbtrack.store.store import Store

# All that names an artifact stands here: what it leaves out may be removed from the disk.
_NAMED = """
SELECT digest, NOT deleted AS is_needed FROM artifacts JOIN all_runs USING (run_id)
-- What is registered is needed as it was then, though its run was deleted or wrote over it.
UNION ALL SELECT a.digest, true FROM base.artifacts a JOIN model_versions v USING (run_id)
WHERE starts_with(a.path || '/', v.path || '/')
-- A logged model may be of no run, or outlive its own in the trash.
UNION ALL SELECT a.digest, NOT m.deleted FROM artifacts a JOIN logged_models m
    ON a.run_id = m.model_id OR (a.run_id = m.run_id AND m.path <> ''
                                 AND starts_with(a.path || '/', m.path || '/'))
"""

# Bytes that several files share count once.
_KEPT = """
WITH file AS (
    SELECT {group}, digest, max(size_bytes) AS size_bytes, count(*) AS paths
    FROM artifacts JOIN all_runs USING (run_id) GROUP BY ALL
)
SELECT {names}, sum(paths)::BIGINT AS files, sum(size_bytes)::BIGINT AS bytes
FROM file GROUP BY ALL ORDER BY bytes DESC, 1 LIMIT {limit}
"""


def needed_digests(store: Store) -> tuple[set[str], set[str]]:
    """Digests that runs need, and those that only runs in the trash name.

    All that any process has logged is counted. Raises `StoreHeld` or `StoreUnavailable`
    where it cannot all be read: what is not read may need more.
    """
    store.fold_completely()
    found = store.query(f"SELECT digest, bool_or(is_needed) AS n FROM ({_NAMED}) GROUP BY digest")
    by_need: tuple[set[str], set[str]] = (set(), set())
    for digest, is_needed in zip(found["digest"].to_pylist(), found["n"].to_pylist(), strict=True):
        by_need[0 if is_needed else 1].add(digest)
    return by_need


def kept_by_experiment(store: Store) -> pyarrow.Table:
    """Experiment, files and bytes that its runs keep, in the trash or not; the most first."""
    return store.query(_KEPT.format(group="experiment", names="experiment", limit=2**31))


def kept_by_run(store: Store, *, limit: int) -> pyarrow.Table:
    """Name, id, files and bytes of the runs that keep the most."""
    group = "name, right(replace(run_id::VARCHAR, '-', ''), 8) AS id, deleted"
    return store.query(_KEPT.format(group=group, names="name, id, deleted", limit=limit))
