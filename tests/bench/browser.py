"""What pictures cost in a real JupyterLab: until all is drawn, and frames while one brushes.

The browser has no graphics processor here: what a laptop draws is drawn by it faster.
"""

from __future__ import annotations

import shutil
import statistics
import tempfile
from collections.abc import Iterator
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
_SINCE_DATA = "() => performance.getEntriesByName('nbtrack:data').at(-1).startTime"
_COUNT_FRAMES = """() => {
  window.frameTimes = [];
  const count = now => {
    window.frameTimes.push(now);
    window.counting = requestAnimationFrame(count);
  };
  window.counting = requestAnimationFrame(count);
}"""
_FRAMES = "() => { cancelAnimationFrame(window.counting); return window.frameTimes; }"
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


def _parallel(lab: Lab, runs: int) -> list[Figure]:
    notebook = lab.open(
        lab.write(
            f"parallel-{runs}.ipynb",
            [f"import nbtrack\nnbtrack.parallel(store={str(store_of(runs).path)!r}, axes={_AXES})"],
        )
    )
    notebook.run_cell(0)
    page = lab.page
    drawn = page.wait_for_function(_DRAWN, timeout=60_000, polling="raf").json_value()
    taken = drawn - page.evaluate(_SINCE_DATA)
    frames = _brush(page, _strip(notebook))
    told = f"{runs:,} runs x 12 axes"
    return [
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
    page.evaluate(_COUNT_FRAMES)
    for step in range(_SWEEPS):
        page.mouse.move(x, top + 4 * step)
    times = page.evaluate(_FRAMES)
    page.mouse.up()
    between = [after - before for before, after in pairwise(times)]
    return 1000 / statistics.quantiles(between, n=20)[18]
