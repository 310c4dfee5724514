"""What questions about many runs cost: a page, a frame, curves, a run by its name.

The stores are filled through DuckDB at once, since what is measured is reading.
The floor of a question is attaching the database and asking it for nothing.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

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
from tests.bench.filled import store_of

PARAMS = [f"params.p{n}" for n in range(12)]
METRICS = [f"metrics.m{n}" for n in range(6)]


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
    store = store_of(10_000)
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
    store = store_of(100_000)
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
    store = store_of(1000, points=1700)
    scattered = store.query(
        "SELECT replace(run_id::VARCHAR, '-', '') AS run_id FROM runs "
        "ORDER BY hash(run_id) LIMIT 40"
    )["run_id"].to_pylist()
    keys = [name.removeprefix("metrics.") for name in METRICS]
    taken = _median_ms(lambda: run_sparklines(store, scattered, keys), times=7)
    return ("10 M points: curves of 40 runs x 6 metrics", taken, _floor_ms(store), "ms", "")
