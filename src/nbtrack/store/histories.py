"""Every point of a metric in several runs, in the order in which they came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pyarrow

    from nbtrack.store.store import Store

# NaN counts as zero, as it does where the last of equal points is told.
_VALUE = "CASE WHEN isnan(value) THEN 0 ELSE value END"
_ORDERS = {
    "time": f"run, ts_ms, step, {_VALUE}",
    "step": f"run, step, ts_ms, {_VALUE}, isnan(value)",
}


def point_histories(
    store: Store,
    run_ids: Sequence[str],
    key: str,
    *,
    by: Literal["time", "step"] = "time",
    steps: Sequence[int] | None = None,
    between: tuple[int, int] | None = None,
    offset: int = 0,
    limit: int | None = None,
) -> pyarrow.Table:
    """The points of ``key`` in these runs: ``run``, ``step``, ``ts_ms`` of UTC, and ``value``.

    A point that was logged twice is there once. In order of the run, and ``by`` time or step;
    ``steps``, or those ``between`` two, both included, are all that is wanted.
    """
    low, high = between or (-(2**63), 2**63 - 1)
    sql = f"""
        SELECT DISTINCT replace(run_id::VARCHAR, '-', '') AS run, step,
            epoch_us(ts) // 1000 AS ts_ms, value
        FROM base.points
        WHERE run_id IN (SELECT unnest($runs::VARCHAR[])::UUID) AND key = $key
          AND step BETWEEN $low AND $high
          AND ($steps::BIGINT[] IS NULL OR list_contains($steps::BIGINT[], step))
        ORDER BY {_ORDERS[by]} LIMIT $limit OFFSET $offset"""
    return store.query(
        sql,
        {
            "runs": list(run_ids),
            "key": key,
            "low": low,
            "high": high,
            "steps": None if steps is None else list(steps),
            "limit": 2**62 if limit is None else limit,
            "offset": offset,
        },
    )


def last_step(store: Store, run_id: str, key: str) -> int | None:
    """The greatest step of a metric in a run; ``None`` where it has no point."""
    found = store.query(
        "SELECT max(last_step) AS step FROM base.summary WHERE run_id = $run::UUID AND key = $key",
        {"run": run_id, "key": key},
    )
    step: int | None = found["step"].to_pylist()[0]
    return step
