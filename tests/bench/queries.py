"""What questions about many runs cost: a page, a frame, curves, a run by its name.

The stores are filled through DuckDB at once, since what is measured is reading.
The floor of a question is attaching the database and asking it for nothing.
"""

from __future__ import annotations

import atexit
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import duckdb

from nbtrack.store import (
    RunQuery,
    Store,
    best_runs,
    find_run,
    list_columns,
    run_detail,
    run_frame,
    run_page,
    run_sparklines,
)

PARAMS = [f"params.p{n}" for n in range(12)]
METRICS = [f"metrics.m{n}" for n in range(6)]

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
       1.0, NULL, NULL, NULL, NULL, NULL
FROM made ORDER BY i;
INSERT INTO base.params
SELECT run_id, ts, 'p' || k,
       CASE WHEN k < 9 THEN number::VARCHAR ELSE 'choice' || (hash(i + k) % 5) END,
       CASE WHEN k < 9 THEN 'float' ELSE 'str' END, CASE WHEN k < 9 THEN number END
FROM (SELECT *, (hash(i * 31 + k) % 1000) / 1000.0::DOUBLE AS number FROM made, range(12) u(k))
ORDER BY i, k;
INSERT INTO base.summary
SELECT run_id, 'm' || k, {points}, 0, ts, ts, {points} - 1, number, number, 0, number, 0
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
def _store_of(runs: int, points: int = 1) -> Store:
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


def _median_ms(question: Callable[[], object], *, times: int = 15) -> float:
    question()
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        question()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken) * 1000


def _floor_ms(store: Store) -> float:
    return _median_ms(lambda: store.query("SELECT 1"))


def bench_ten_thousand_runs() -> list[tuple[str, float, float | None, str, str]]:
    """10,000 runs: the best twenty of those that fit, and all as a DataFrame."""
    store = _store_of(10_000)
    floor = _floor_ms(store)
    best = RunQuery("params.p1 > 0.5", order_by=("metrics.m1 DESC",))
    top = _median_ms(lambda: run_page(store, best, columns=[*PARAMS, *METRICS], limit=20))
    frame = _median_ms(lambda: run_frame(store, RunQuery()).to_pandas(), times=5)
    return [
        ("10,000 runs: top 20 by metric where a param > x", top, floor, "ms", "<= 15"),
        ("10,000 runs: all as a DataFrame", frame, floor, "ms", "<= 150"),
    ]


def bench_hundred_thousand_runs() -> list[tuple[str, float, float | None, str, str]]:
    """100,000 runs: pages, columns, the best, and one by its name."""
    store = _store_of(100_000)
    floor = _floor_ms(store)
    shown = [*PARAMS, *METRICS]
    by_metric = RunQuery(order_by=("metrics.m1 DESC",))
    some = "brave-otter-77777"
    detail = find_run(store, some)
    asked: list[tuple[str, Callable[[], object], str]] = [
        ("first page by a metric", lambda: run_page(store, by_metric, columns=shown), "<= 60"),
        ("first page, newest first", lambda: run_page(store, RunQuery(), columns=shown), "<= 60"),
        ("columns", lambda: list_columns(store, RunQuery()), ""),
        ("best of six metrics", lambda: best_runs(store, RunQuery(), METRICS), ""),
        ("a run by its name", lambda: find_run(store, some), ""),
        ("a run's details", lambda: run_detail(store, detail), ""),
    ]
    return [
        (f"100,000 runs: {what}", _median_ms(question, times=7), floor, "ms", target)
        for what, question, target in asked
    ]


def bench_sparklines() -> tuple[str, float, float | None, str, str]:
    """Curves of 40 scattered runs out of ten million points."""
    store = _store_of(1000, points=1700)
    scattered = store.query(
        "SELECT replace(run_id::VARCHAR, '-', '') AS run_id FROM runs "
        "ORDER BY hash(run_id) LIMIT 40"
    )["run_id"].to_pylist()
    keys = [name.removeprefix("metrics.") for name in METRICS]
    taken = _median_ms(lambda: run_sparklines(store, scattered, keys), times=7)
    return ("10 M points: curves of 40 runs x 6 metrics", taken, _floor_ms(store), "ms", "")
