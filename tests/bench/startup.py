"""What nbtrack costs before anything is logged: import, first run, an empty tracked cell."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.figure import Figure

_IMPORTS = 21
_FIRST_RUNS = 11
_CELLS = 40
_FILES = 100_000

_FIRST_RUN = """
import nbtrack
with nbtrack.run("first", lr=0.1) as run:
    run.log(loss=0.5)
"""
_SAME_BYTES = """
import os
file = os.open("points", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
os.write(file, b"x" * 1024)
os.fsync(file)
"""
# Runs in the checkout: seconds of a plain cell, of a tracked one once nothing looks around any
# more for those before it, and of one that follows another at once.
_TRACKED_CELLS = """
import json, sys, threading, time
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
config = Config()
config.HistoryManager.enabled = False
shell = InteractiveShell.instance(config=config)
shell.run_cell("%load_ext nbtrack")
def rest():
    for thread in threading.enumerate():
        if thread.name in ("nbtrack-surroundings", "nbtrack-errand"):
            thread.join()
def seconds(cell):
    started = time.perf_counter()
    result = shell.run_cell(cell, store_history=True)
    took = time.perf_counter() - started
    result.raise_error()
    return took
seconds("%%track\\n")
cells = []
for _ in range(int(sys.argv[1])):
    rest()
    cells.append((seconds("pass"), seconds("%%track\\n"), seconds("%%track\\n")))
print("FIGURES", json.dumps(cells))
"""


def bench_import() -> Figure:
    """Import nbtrack in fresh processes."""
    bare, importing = _by_turns(["pass", "import nbtrack"], times=_IMPORTS)
    return Figure("import nbtrack, over bare Python", importing - bare, None, "ms", "<= 60")


def bench_first_run() -> Figure:
    """Import nbtrack and write a first run, in fresh processes."""
    floor, figure = _by_turns([_SAME_BYTES, _FIRST_RUN], times=_FIRST_RUNS)
    return Figure("import, first run written, process ended", figure, floor, "ms", "<= 300")


def bench_empty_cell() -> list[Figure]:
    """Track an empty cell in a git checkout of 100,000 files."""
    with tempfile.TemporaryDirectory() as folder:
        checkout = Path(folder)
        _make_checkout(checkout, files=_FILES)
        done = subprocess.run(
            [sys.executable, "-c", _TRACKED_CELLS, str(_CELLS)],
            cwd=checkout,
            env=_own_store(checkout),
            capture_output=True,
            text=True,
            check=True,
        )
    cells = json.loads(done.stdout.rpartition("FIGURES ")[2])
    plain, tracked, next_one = (statistics.median(c) * 1000 for c in zip(*cells, strict=True))
    name = f"%%track on an empty cell, checkout of {_FILES:,} files"
    return [
        Figure(name, tracked, plain, "ms", "<= 30"),
        Figure("the same right after another", next_one, plain, "ms", "<= 30"),
    ]


def _by_turns(programs: list[str], *, times: int) -> list[float]:
    """The median milliseconds of each program, in processes that take turns."""
    taken: list[list[float]] = [[] for _ in programs]
    with tempfile.TemporaryDirectory() as folder:
        environment = _own_store(Path(folder))
        for _ in range(times):
            for program, milliseconds in zip(programs, taken, strict=True):
                started = time.perf_counter()
                subprocess.run(
                    [sys.executable, "-c", program], cwd=folder, env=environment, check=True
                )
                milliseconds.append((time.perf_counter() - started) * 1000)
    # The first of each only warms the disk.
    return [statistics.median(milliseconds[1:]) for milliseconds in taken]


def _own_store(folder: Path) -> dict[str, str]:
    return {**os.environ, "NBTRACK_STORE": str(folder / ".nbtrack")}


def _make_checkout(folder: Path, *, files: int) -> None:
    """A git checkout with one commit of ``files`` small files, a thousand in a folder."""
    git = ["git", "-C", str(folder)]
    subprocess.run([*git, "init", "--quiet", "--initial-branch=main"], check=True)
    lines = ["commit refs/heads/main", "committer nbtrack <bench@nbtrack.invalid> 0 +0000"]
    lines += ["data 5", "files"]
    for number in range(files):
        lines += [f"M 644 inline {number // 1000:03}/{number}.txt", "data 5", f"{number % 1000:05}"]
    stream = "\n".join([*lines, ""]).encode()
    subprocess.run([*git, "fast-import", "--quiet"], input=stream, check=True)
    subprocess.run([*git, "reset", "--quiet", "--hard", "main"], check=True)
