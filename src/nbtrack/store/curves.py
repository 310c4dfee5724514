"""The points of metrics, whole or thinned to what a small picture can show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from nbtrack.errors import RunNotFound

if TYPE_CHECKING:
    import pyarrow

    from nbtrack.store.store import Store

# A curve is cut along its steps or, where all points have one step, along time.
_SPARKLINES = """
WITH points AS MATERIALIZED (
    SELECT run_id, key, step, ts, value FROM base.points
    WHERE run_id IN ({ids}) AND list_contains($keys::VARCHAR[], key) AND isfinite(value)
),
curve AS (
    SELECT run_id, key, count(*) AS count, min(step) AS first, max(step) AS last,
           min(ts) AS began, max(ts) AS ended
    FROM points GROUP BY run_id, key
),
bucketed AS (
    SELECT run_id, key, value, (step, ts) AS place,
           least($buckets - 1, floor($buckets * CASE
               WHEN last > first THEN (step::DOUBLE - first) / (last::DOUBLE - first)
               WHEN ended > began THEN epoch_us(ts - began) / epoch_us(ended - began)::DOUBLE
               ELSE 0 END))::INTEGER AS bucket
    FROM points JOIN curve USING (run_id, key) WHERE count > $points
),
extremes AS (
    SELECT run_id, key, bucket, min(value) AS low, max(value) AS high,
           arg_min(place, value) < arg_max(place, value) AS rises
    FROM bucketed GROUP BY run_id, key, bucket
),
thinned AS (
    SELECT run_id, key,
           flatten(list(CASE WHEN rises THEN [low, high] ELSE [high, low] END ORDER BY bucket))
               AS values
    FROM extremes GROUP BY run_id, key
    UNION ALL
    SELECT run_id, key, list(value ORDER BY step, ts)
    FROM points JOIN curve USING (run_id, key) WHERE count <= $points GROUP BY run_id, key
)
SELECT replace(run_id::VARCHAR, '-', '') AS run_id, key, values FROM thinned ORDER BY run_id, key
"""


def run_sparklines(
    store: Store, run_ids: Sequence[str], keys: Sequence[str], *, points: int = 32
) -> pyarrow.Table:
    """The shape of each curve: run_id, key, and ``values`` as a list of at most ``points`` floats.

    Curves that are longer are cut into ``points // 2`` stretches of equal width, and
    each gives its lowest and highest finite value, in the order in which they came.
    Curves without a finite value are left out. ``keys`` are names of metrics.
    """
    return store.query(
        _SPARKLINES.format(ids=_literals(run_ids)),
        {"keys": list(keys), "points": points, "buckets": max(1, points // 2)},
    )


def metric_history(store: Store, run_id: str, key: str) -> pyarrow.Table:
    """Every point of one metric: step, ts (UTC) and value, in order of step, then time."""
    try:
        run = str(UUID(run_id))
    except ValueError:
        raise RunNotFound(
            f"{run_id!r} is not the full id of a run (32 hexadecimal digits)."
        ) from None
    return store.query(
        "SELECT step, ts, value FROM base.points WHERE run_id = $run::UUID AND key = $key "
        "ORDER BY step, ts",
        {"run": run, "key": key},
    )


def _literals(run_ids: Sequence[str]) -> str:
    """Ids as literals: DuckDB meets them in the statistics of each block, and skips the others."""
    ids = [str(UUID(run_id)) for run_id in dict.fromkeys(run_ids)]
    return ", ".join(f"'{run_id}'::UUID" for run_id in ids) or "NULL::UUID"
