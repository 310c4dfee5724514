"""What pictures cost in a real JupyterLab: until all is drawn, and frames while one brushes.

The browser has no graphics processor here: what a laptop draws is drawn by it faster.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from playwright.sync_api import Locator, Page

from tests.bench.figure import Figure
from tests.bench.filled import store_of
from tests.browser.lab import Lab, Notebook, chromium
from tests.browser.server import LabServer

_AXES = [*(f"params.p{n}" for n in range(9)), *(f"metrics.m{n}" for n in range(3))]
_DRAWN = """() => {
  const canvas = document.querySelector('.nbt-par-canvas');
  return canvas?.dataset.state === 'drawn' ? performance.now() : 0;
}"""
_ROWS = "() => document.querySelector('.nbt-row[data-line]') ? performance.now() : 0"
_CHART = """() =>
  document.querySelector(".nbt-chart[data-state='drawn'] canvas") ? performance.now() : 0"""
SINCE_DATA = "() => performance.getEntriesByName('nbtrack:data').at(-1).startTime"
COUNT_FRAMES = """() => {
  window.frameTimes = [];
  const count = now => {
    window.frameTimes.push(now);
    window.counting = requestAnimationFrame(count);
  };
  window.counting = requestAnimationFrame(count);
}"""
FRAMES = "() => { cancelAnimationFrame(window.counting); return window.frameTimes; }"
_SWEEPS = 60


@contextmanager
def lab() -> Iterator[Lab]:
    """A window of JupyterLab, with a server of its own that is gone afterwards."""
    place = Path(tempfile.mkdtemp(prefix="nbtrack-bench-"))
    root = place / "notebooks"
    root.mkdir()
    server = LabServer(place / "home", root)
    try:
        with chromium() as browser, Lab(server, browser, "bench") as window:
            yield window
    finally:
        server.stop()
        shutil.rmtree(place, ignore_errors=True)


def bench_parallel_coordinates() -> list[Figure]:
    """Parallel coordinates of 12 axes: drawn, and brushed."""
    figures = []
    with lab() as window:
        for runs in (100, 10_000, 100_000):
            figures += _parallel(window, runs)
    return figures


def bench_run_table() -> list[Figure]:
    """The run table: its first rows, and scrolled."""
    figures = []
    with lab() as window:
        for runs in (100, 10_000, 100_000):
            show = f"nbtrack.runs(store={str(store_of(runs).path)!r})"
            notebook, painted, _ = _shown(window, f"table-{runs}", show, _ROWS)
            rows = notebook.output(0).locator(".nbt-scroll")
            rows.hover()
            frames = _frames(window.page, lambda step: window.page.mouse.wheel(0, 120))
            figures += [
                Figure(f"table of {runs:,} runs: rows after its cell ran", painted, None, "ms", ""),
                Figure(f"table of {runs:,} runs: frames while scrolling", frames, None, "1/s", ""),
            ]
    return figures


def bench_scatter() -> list[Figure]:
    """A scatter: drawn, and brushed where it has dots."""
    figures = []
    with lab() as window:
        for runs in (100, 4_000, 100_000):
            path = str(store_of(runs).path)
            show = f"nbtrack.scatter(x='p0', y='m0', store={path!r})"
            notebook, painted, taken = _shown(window, f"scatter-{runs}", show, _CHART)
            told = f"scatter of {runs:,} runs"
            figures += [
                Figure(f"{told}: drawn after its cell ran", painted, None, "ms", ""),
                Figure(f"{told}: drawn after the data came", taken, None, "ms", ""),
            ]
            if runs <= 5_000:
                frames = _brush(window.page, notebook.output(0).locator(".nbt-chart canvas"))
                figures.append(Figure(f"{told}: frames while brushing", frames, None, "1/s", ""))
    return figures


def _shown(lab: Lab, name: str, show: str, drawn: str) -> tuple[Notebook, float, float]:
    """A notebook that shows a picture, and the ms until it is drawn: since the cell, and the data.

    The cell before has imported what pictures need: that is paid once in a kernel.
    """
    notebook = lab.open(lab.write(f"{name}.ipynb", [show, f"import nbtrack\n{show};"]))
    notebook.run_cell(1)
    began = lab.page.evaluate("() => performance.now()")
    notebook.run_cell(0)
    drawn_at = lab.page.wait_for_function(drawn, timeout=60_000, polling="raf").json_value()
    return notebook, drawn_at - began, drawn_at - lab.page.evaluate(SINCE_DATA)


def _parallel(lab: Lab, runs: int) -> list[Figure]:
    show = f"nbtrack.parallel(store={str(store_of(runs).path)!r}, axes={_AXES})"
    notebook, painted, taken = _shown(lab, f"parallel-{runs}", show, _DRAWN)
    frames = _brush(lab.page, _strip(notebook))
    told = f"{runs:,} runs x 12 axes"
    return [
        Figure(f"{told}: drawn after its cell ran", painted, None, "ms", ""),
        Figure(f"{told}: drawn after the data came", taken, None, "ms", _DRAWN_TARGET[runs]),
        Figure(f"{told}: frames while brushing", frames, None, "1/s", _FRAMES_TARGET[runs]),
    ]


_DRAWN_TARGET = {100: "<= 500", 10_000: "<= 500", 100_000: ""}
_FRAMES_TARGET = {100: ">= 30", 10_000: ">= 30", 100_000: ""}


def _strip(notebook: Notebook) -> Locator:
    strip = notebook.output(0).locator("[data-axis='params.p3'] .nbt-par-strip")
    strip.scroll_into_view_if_needed()
    return strip


def _brush(page: Page, strip: Locator) -> float:
    """Frames a second while a brush grows, of which only one in twenty is slower."""
    box = strip.bounding_box()
    assert box is not None
    x, top = box["x"] + box["width"] / 2, box["y"] + 12
    page.mouse.move(x, top)
    page.mouse.down()
    # A little to the side, too: a brush over two axes needs both.
    frames = _frames(page, lambda step: page.mouse.move(x + step / 10, top + 4 * step))
    page.mouse.up()
    return frames


def _frames(page: Page, move: Callable[[int], None]) -> float:
    """Frames a second while somebody moves, of which only one in twenty is slower."""
    page.evaluate(COUNT_FRAMES)
    for step in range(_SWEEPS):
        move(step)
    times = page.evaluate(FRAMES)
    between = [after - before for before, after in pairwise(times)]
    return 1000 / statistics.quantiles(between, n=20)[18]
