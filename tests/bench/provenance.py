"""What full capture costs a cell and the store, and what slicing and a replay cost."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from nbtrack.capture.session import SessionCell, slice_back
from tests.bench.figure import Figure

_RUNS = 200

# A session as people have it: imports, data, helpers, settings; then a cell that is edited and
# run over and over. Prints the seconds of plain and of tracked cells by turns.
_SESSION = """
import json, sys, threading, time
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
config = Config()
config.HistoryManager.enabled = False
shell = InteractiveShell.instance(config=config)
def run(cell):
    started = time.perf_counter()
    shell.run_cell(cell, store_history=True).raise_error()
    return time.perf_counter() - started
run("%load_ext nbtrack")
run("import numpy as np, pandas as pd\\nfrom sklearn.linear_model import Ridge")
run("rng = np.random.default_rng(0)\\nX = rng.normal(size=(2000, 30))\\ny = X.sum(axis=1)")
run("frame = pd.DataFrame(X).assign(y=y)")
run("def score(alpha):\\n    return Ridge(alpha=alpha).fit(X, y).score(X, y)")
cell = "alpha = {alpha}\\nr2 = score(alpha)\\nrows = len(frame)\\n"
def rest():
    for thread in threading.enumerate():
        if thread.name.startswith("nbtrack") and not thread.daemon:
            thread.join()
cells = []
for n in range(int(sys.argv[1])):
    alpha = 10.0 ** (n % 5 - 2)
    rest()
    cells.append((run(cell.format(alpha=alpha)), run("%%track\\n" + cell.format(alpha=alpha))))
rest()
print("FIGURES", json.dumps(cells))
"""


def bench_capture() -> list[Figure]:
    """A cell that fits a model in a session with data, tracked over and over; and its store."""
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / ".nbtrack"
        done = subprocess.run(
            [sys.executable, "-c", _SESSION, str(_RUNS)],
            cwd=folder,
            env={**os.environ, "NBTRACK_STORE": str(store)},
            capture_output=True,
            text=True,
            check=True,
        )
        cells = json.loads(done.stdout.rpartition("FIGURES ")[2])
        from nbtrack.store import Store

        opened = Store(store)
        opened.compact()
        size = sum(file.stat().st_size for file in store.rglob("*") if file.is_file())
    plain, tracked = (statistics.median(column) * 1000 for column in zip(*cells, strict=True))
    return [
        Figure("capture adds to a cell, p50", tracked - plain, plain, "ms", "<= 50"),
        Figure(
            f"store of 1,000 runs of one notebook (over {_RUNS})",
            size / 1e6 * 1000 / _RUNS,
            None,
            "MB",
            "<= 5",
        ),
    ]


def bench_slicing(cells: int = 500) -> list[Figure]:
    """Slice a session of 500 cells: each read as it ran, and all read for the first time."""
    session = [SessionCell(1, "import numpy as np")]
    for number in range(2, cells):
        text = f"a{number} = np.arange({number}) + a{number - 1 if number > 2 else 'b'}\n"
        text += f"def f{number}(x):\n    return x + a{number}.mean()\n"
        text += f"total = {{'n': {number}}}\ntotal['s'] = f{number}(3)\nprint(total)"
        session.append(SessionCell(number, text if number > 2 else "a2 = np.zeros(3)"))
    session.append(SessionCell(cells, f"%%track\nresult = f{cells - 1}(total['s'])"))
    figures = []
    # In a kernel each cell is read when it has run; the first time, all are read at once.
    for how, target in ((", all read for the first time", ""), ("", "<= 100")):
        began = time.perf_counter()
        slice_back(session, cells)
        taken = (time.perf_counter() - began) * 1000
        figures.append(Figure(f"slice a session of {cells} cells{how}", taken, None, "ms", target))
    return figures


_ONE_RUN = """
import sys
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
config = Config()
config.HistoryManager.enabled = False
shell = InteractiveShell.instance(config=config)
for cell in ("%load_ext nbtrack", *sys.argv[1:]):
    shell.run_cell(cell, store_history=True).raise_error()
"""
_CELLS = (
    "import numpy as np\nfrom sklearn.linear_model import Ridge",
    "X = np.random.default_rng(0).normal(size=(2000, 30))\ny = X.sum(axis=1)",
)
_FITTED = "r2 = Ridge(alpha=0.1).fit(X, y).score(X, y)"


def bench_replay(rounds: int = 3) -> Figure:
    """A replay, beside plain nbclient that executes the same cells without nbtrack."""
    import nbformat
    from nbclient import NotebookClient

    import nbtrack

    replayed, plain = [], []
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "NBTRACK_STORE": f"{folder}/.nbtrack"}
        program = [sys.executable, "-c", _ONE_RUN, *_CELLS, f"%%track r\n{_FITTED}"]
        subprocess.run(program, cwd=folder, env=environment, check=True, capture_output=True)
        for _ in range(rounds):
            began = time.perf_counter()
            report = nbtrack.replay("r", store=f"{folder}/.nbtrack")
            replayed.append(time.perf_counter() - began)
            assert report.status == "matched", report
            cells = [nbformat.v4.new_code_cell(cell) for cell in (*_CELLS, _FITTED)]
            began = time.perf_counter()
            NotebookClient(nbformat.v4.new_notebook(cells=cells)).execute()
            plain.append(time.perf_counter() - began)
    alone = statistics.median(plain)
    return Figure(
        "replay over plain nbclient", statistics.median(replayed) - alone, alone, "s", "<= 2"
    )
