"""What curves cost: read from the store, drawn in a real JupyterLab, pointed at, and live.

The browser has no graphics processor here: what a laptop draws is drawn by it faster.
"""

from __future__ import annotations

import atexit
import shutil
import statistics
import tempfile
import time
from functools import cache
from itertools import pairwise
from pathlib import Path

import duckdb
from playwright.sync_api import Page

from nbtrack.store import Store, thinned_curves
from tests.bench.browser import COUNT_FRAMES, FRAMES, SINCE_DATA, lab
from tests.bench.figure import Figure
from tests.bench.filled import store_of
from tests.browser.lab import Lab, Notebook

_LONG = 10_000_000
_ROUNDS = 5
_DRAWN = """() => {
  const grid = document.querySelector('.nbt-cur-grid');
  return grid?.dataset.state === 'drawn' ? performance.now() : 0;
}"""
_COUNT_UPDATES = """() => {
  window.updates = [];
  const grid = document.querySelector('.nbt-cur-grid');
  const say = () => grid.dataset.state === 'drawn' && window.updates.push(performance.now());
  new MutationObserver(say).observe(grid, { attributes: true, attributeFilter: ['data-state'] });
}"""
_POINTED = 120
_TRAIN = """
import time

def train(seconds, work):
    steps, end = 0, time.perf_counter() + seconds
    with nbtrack.run("live", store={place!r}) as run:
        while time.perf_counter() < end:
            run.log(m0=steps % 7, m1=1 / (steps + 1), step=steps)
            steps += 1
            sum(range(work))
    return steps / seconds
"""
_SECONDS = 10


def bench_reading() -> list[Figure]:
    """Read curves from the store, thinned to what a picture can show."""
    store = long_store()
    [run] = store.query("SELECT replace(run_id::VARCHAR, '-', '') AS id FROM base.runs")[
        "id"
    ].to_pylist()
    series = [(run, "loss")]
    many = store_of(1_000, 1_000)
    ids = many.query(
        "SELECT replace(run_id::VARCHAR, '-', '') AS id FROM base.runs ORDER BY run_id DESC"
    )["id"].to_pylist()
    first = [(each, f"m{n}") for each in ids[:100] for n in range(4)]
    every = [(each, f"m{n}") for each in ids for n in range(4)]
    middle = {"loss": (_LONG / 2, _LONG / 2 + 5_000)}
    return [
        _read("10 M points", lambda: thinned_curves(store, series, points=2000), "<= 1000"),
        _read(
            "5,000 of them, zoomed into",
            lambda: thinned_curves(store, series, points=2000, within=middle),
            "<= 200",
        ),
        _read("100 runs x 4 metrics x 1,000", lambda: thinned_curves(many, first, points=500), ""),
        _read("1,000 runs x 4 metrics x 1,000", lambda: thinned_curves(many, every, points=64), ""),
    ]


def bench_drawing() -> list[Figure]:
    """Draw curves in JupyterLab, and point at them."""
    figures = []
    metrics = [f"m{n}" for n in range(4)]
    with lab() as window:
        for told, store, filter_, wanted, target in (
            ("100 runs x 4 metrics x 1,000", store_of(1_000, 1_000), _NEWEST, metrics, "<= 1000"),
            ("1,000 runs x 4 metrics x 1,000", store_of(1_000, 1_000), None, metrics, "<= 3000"),
            ("10 M points in one run", long_store(), None, ["loss"], "<= 500"),
        ):
            figures += _drawn(window, told, store, filter_, wanted, target)
    return figures


def bench_live() -> list[Figure]:
    """Follow a run while a loop that never yields trains it."""
    place = str(store_of(100, 200).path)
    figures = []
    with lab() as window:
        for told, work, target in (
            ("that trains (about 1 ms a step)", 50_000, ">= 2"),
            ("that does nothing but log", 0, ""),
        ):
            notebook = window.open(
                window.write(
                    f"live-{work}.ipynb",
                    [
                        "import nbtrack" + _TRAIN.format(place=place),
                        f"print(train({_SECONDS / 2}, {work}))",
                        f"nbtrack.curves(store={place!r}, metrics=['m0', 'm1'])",
                        f"print(train({_SECONDS}, {work}))",
                    ],
                )
            )
            for cell in range(3):
                notebook.run_cell(cell)
            window.page.wait_for_function(_DRAWN, timeout=60_000)
            window.page.evaluate(_COUNT_UPDATES)
            notebook.run_cell(3)
            updates = window.page.evaluate("window.updates.length") / _SECONDS
            alone, watched = (float(_printed(notebook, cell)) for cell in (1, 3))
            figures += [
                Figure(f"updates beside a loop {told}", updates, None, "1/s", target),
                Figure("  its steps, watched", watched, alone, "1/s", ""),
            ]
    return figures


_NEWEST = "attributes.run_id IN ({})"


@cache
def long_store() -> Store:
    """A store of one run with 10 M points."""
    folder = tempfile.mkdtemp(prefix="nbtrack-bench-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    store = Store(Path(folder) / ".nbtrack")
    store.writer()
    store.fold()
    store.close()
    with duckdb.connect(str(store.path / "store.duckdb")) as connection:
        connection.execute(
            f"""
            CREATE TEMP TABLE made AS SELECT '01890000000070008000000000000001'::UUID AS run_id,
                'loss' AS key, i AS step, TIMESTAMP '2026-01-01' + INTERVAL (i) MILLISECOND AS ts,
                exp(-i / 3e6) + (hash(i) % 1000) / 5e3 AS value
            FROM range({_LONG}) t(i);
            INSERT INTO base.points FROM made;
            INSERT INTO base.summary SELECT run_id, key, count(*), 0, min(ts), max(ts), max(step),
                arg_max(value, step), min(value), arg_min(step, value), max(value),
                arg_max(step, value), max(ts) FROM made GROUP BY run_id, key;
            INSERT INTO base.runs SELECT DISTINCT run_id, NULL, 'long', 'exp',
                TIMESTAMP '2026-01-01', 'ann', 'host', 'train.ipynb', 'j' FROM made;
            """
        ).fetchall()
    store.query("SELECT 1")
    return store


def _read(told: str, read: object, target: str) -> Figure:
    taken = []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        read()  # type: ignore[operator]
        taken.append(time.perf_counter() - began)
    return Figure(f"{told}: read", statistics.median(taken) * 1e3, None, "ms", target)


def _drawn(
    lab: Lab, told: str, store: Store, filter_: str | None, metrics: list[str], target: str
) -> list[Figure]:
    if filter_:
        ids = store.query(
            "SELECT replace(run_id::VARCHAR, '-', '') AS id FROM base.runs "
            "ORDER BY run_id DESC LIMIT 100"
        )["id"].to_pylist()
        filter_ = filter_.format(", ".join(f"'{each}'" for each in ids))
    made = f"nbtrack.curves({filter_!r}, store={str(store.path)!r}, metrics={metrics})"
    name = "-".join(filter(str.isalnum, told))
    notebook = lab.open(
        lab.write(
            f"{name}.ipynb",
            [
                f"import time, nbtrack\nbegan = time.perf_counter()\npicture = {made}\n"
                "print(1e3 * (time.perf_counter() - began))",
                "picture",
            ],
        )
    )
    notebook.run_cell(0)
    notebook.run_cell(1)
    page = lab.page
    drawn = page.wait_for_function(_DRAWN, timeout=60_000, polling="raf").json_value()
    taken = drawn - page.evaluate(SINCE_DATA)
    return [
        Figure(f"{told}: made, in a fresh kernel", float(_printed(notebook, 0)), None, "ms", ""),
        Figure(f"{told}: drawn after the data came", taken, None, "ms", target),
        Figure(f"{told}: frames while pointing", _point(page, notebook), None, "1/s", ">= 30"),
    ]


def _point(page: Page, notebook: Notebook) -> float:
    """Frames a second while the pointer moves, of which only one in twenty is slower."""
    area = notebook.output(1).locator(".nbt-cur-area").first
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 60, box["y"] + box["height"] / 2)
    page.evaluate(COUNT_FRAMES)
    for step in range(_POINTED):
        across = 60 + (box["width"] - 80) * step / _POINTED
        page.mouse.move(box["x"] + across, box["y"] + box["height"] * (0.4 + step % 5 / 20))
    times = page.evaluate(FRAMES)
    between = [after - before for before, after in pairwise(times)]
    return 1000 / statistics.quantiles(between, n=20)[18]


def _printed(notebook: Notebook, cell: int) -> str:
    return notebook.output(cell).inner_text().strip().splitlines()[-1]
