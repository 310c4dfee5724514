"""What comparing runs costs: in Python, and in a real JupyterLab until it is painted."""

from __future__ import annotations

import atexit
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

from tests.bench.browser import lab
from tests.bench.figure import Figure

_FILL = """
import sys, nbtrack
nbtrack.set_store(sys.argv[1])
for i in range(2):
    with nbtrack.run(f"two-{i}", **{f"p{n}": n * (i + 1) if n % 4 else n for n in range(200)}) as r:
        for step in range(1000):
            r.log({f"m{k}": k + i + 1 / (step + 1) for k in range(20)}, step=step)
with nbtrack.run("one", **{f"p{n}": n for n in range(500)}) as r:
    for step in range(1000):
        r.log({f"m{k}": k + 1 / (step + 1) for k in range(20)}, step=step)
"""
_COMPARE = "nbtrack.compare('two-0', 'two-1')"
_ONE = "nbtrack.get_run('one')"
# From the moment at which JupyterLab is told to run the cell, to the frame after it is drawn.
_PAINTED = """index => new Promise(resolve => {
  const app = window.jupyterapp;
  app.shell.currentWidget.content.activeCellIndex = index;
  performance.clearMarks('nbtrack:drawn');
  const began = performance.now();
  app.commands.execute('notebook:run-cell');
  const look = () => {
    if (!performance.getEntriesByName('nbtrack:drawn').length) requestAnimationFrame(look);
    else requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - began), 0));
  };
  look();
})"""


@cache
def _place() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="nbtrack-bench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    place = folder / ".nbtrack"
    subprocess.run([sys.executable, "-c", _FILL, str(place)], check=True)
    return place


def bench_in_python() -> list[Figure]:
    """A comparison and one run, made and drawn without a browser."""
    import nbtrack

    nbtrack.set_store(_place())
    compare: Callable[[], object] = lambda: nbtrack.compare("two-0", "two-1")  # noqa: E731
    one: Callable[[], object] = lambda: nbtrack.RunView(nbtrack.get_run("one"))  # noqa: E731
    made, view = nbtrack.compare("two-0", "two-1"), nbtrack.RunView(nbtrack.get_run("one"))
    return [
        Figure("2 runs x 200 parameters, 20 metrics: kernel", _ms(compare), None, "ms", "<= 500"),
        Figure("  its html", _ms(made._html), None, "ms", ""),
        Figure("  its html", len(made._html()) / 1000, None, "kB", "<= 450"),
        Figure("1 run, 500 parameters, 20 metrics: kernel", _ms(one), None, "ms", "<= 500"),
        Figure("  its html", _ms(view._html), None, "ms", ""),
        Figure("  its html", len(view._html()) / 1000, None, "kB", "<= 450"),
    ]


def bench_first_paint() -> list[Figure]:
    """From the execution of the cell to the first paint, of a comparison and of one run."""
    setup = f"import nbtrack\nnbtrack.set_store({str(_place())!r})"
    # What is imported is imported once: by the first of them, which is not counted.
    with lab() as window:
        notebook = window.open(
            window.write("compare.ipynb", [setup, _COMPARE, *[_COMPARE, _ONE] * 3])
        )
        for cell in range(2):
            notebook.run_cell(cell)
        taken = []
        for cell in range(2, 8):
            taken.append(window.page.evaluate(_PAINTED, cell))
            notebook.wait_until_idle()
    return [
        Figure("2 runs x 200 parameters: painted", statistics.median(taken[::2]), None, "ms", ""),
        Figure("1 run, 500 parameters: painted", statistics.median(taken[1::2]), None, "ms", ""),
    ]


def _ms(call: Callable[[], object], times: int = 5) -> float:
    """The processor's time, whoever else uses the machine."""
    taken = []
    for _ in range(times):
        began = time.process_time()
        call()
        taken.append(time.process_time() - began)
    return statistics.median(taken) * 1e3
