"""Stores with many runs, filled through DuckDB at once, since what is measured is reading."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

import duckdb

from nbtrack.store import Store

_FILL = """
CREATE TEMP TABLE made AS
SELECT i, TIMESTAMP '2026-01-01' + INTERVAL (i) SECOND AS ts,
       (printf('%012x', 1767225600000 + i * 1000) || '7' || right(md5(i::VARCHAR), 3)
        || '8' || left(md5('n' || i::VARCHAR), 15))::UUID AS run_id
FROM range({runs}) t(i);
INSERT INTO base.runs
SELECT run_id, NULL, 'brave-otter-' || i, 'exp' || (i % 3), ts, 'ann', 'host', 'train.ipynb', 'j'
FROM made ORDER BY i;
INSERT INTO base.run_changes
SELECT run_id, ts + INTERVAL 1 SECOND, CASE WHEN i % 17 = 0 THEN 'failed' ELSE 'finished' END,
       1.0, NULL, NULL, NULL, NULL, NULL, NULL
FROM made ORDER BY i;
INSERT INTO base.params
SELECT run_id, ts, 'p' || k,
       CASE WHEN k < 9 THEN number::VARCHAR ELSE 'choice' || (hash(i + k) % 5) END,
       CASE WHEN k < 9 THEN 'float' ELSE 'str' END, CASE WHEN k < 9 THEN number END
FROM (SELECT *, (hash(i * 31 + k) % 1000) / 1000.0::DOUBLE AS number FROM made, range(12) u(k))
ORDER BY i, k;
INSERT INTO base.summary
SELECT run_id, 'm' || k, {points}, 0, ts, ts, {points} - 1, number, number, 0, number, 0,
       ts
FROM (SELECT *, (hash(i * 7 + k) % 1000000) / 1e6::DOUBLE AS number FROM made, range(6) u(k))
ORDER BY i, k;
INSERT INTO base.tags
SELECT run_id, ts, 't' || k, 'v' || (hash(i + k) % 7) FROM made, range(3) u(k) ORDER BY i, k;
INSERT INTO base.points
SELECT run_id, 'm' || k, step, ts + INTERVAL (step) MILLISECOND,
       sin(step / 50.0 + i) + (hash(step) % 100) / 200.0
FROM made, range(6) u(k), range({points}) v(step) WHERE {points} > 1 ORDER BY i, k, step;
"""


@cache
def store_of(runs: int, points: int = 1) -> Store:
    """A store of so many runs with 12 parameters, 6 metrics and 3 tags each."""
    folder = tempfile.mkdtemp(prefix="nbtrack-bench-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    store = Store(Path(folder) / ".nbtrack")
    store.writer()
    store.fold()
    store.close()
    with duckdb.connect(str(store.path / "store.duckdb")) as connection:
        connection.execute(_FILL.format(runs=runs, points=points)).fetchall()
    store.query("SELECT 1")
    return store
