"""What the store costs, each figure beside its floor.

The floor is what the same work costs with nothing of nbtrack in it.
"""

from __future__ import annotations

import os
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from nbtrack.store import Store
from nbtrack.tracking.run import Run
from tests.bench.figure import Figure

KEYS = ("loss", "acc", "val_loss", "val_acc", "lr")


@contextmanager
def fresh_store() -> Iterator[Store]:
    """A store in a folder of its own, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="nbtrack-bench-"))
    store = Store(folder / ".nbtrack")
    try:
        yield store
    finally:
        store.close()
        shutil.rmtree(folder, ignore_errors=True)


def start(store: Store, name: str = "bench") -> Run:
    from nbtrack.events import RunStarted, new_run_id

    writer = store.writer()
    run_id = new_run_id()
    writer.append(RunStarted(writer.now_us(), run_id, name, "bench"))
    return Run(store, run_id, name=name, experiment="bench")


def bench_log_call(calls: int = 200_000) -> list[Figure]:
    """One ``log`` of five metrics, alone and beside a busy thread, against pack and write."""
    values = dict.fromkeys(KEYS, 0.5)
    with fresh_store() as store:
        run = start(store)
        alone = _times_us(lambda step: run.log(values, step=step), calls)
        with _busy_thread():
            beside = _times_us(lambda step: run.log(values, step=step), calls // 10)
        run.end()
        floor = _floor_us(store.path.parent / "floor", calls)
    least = _quantile(floor, 0.5)
    reach = f"<= {min(8.0, 3 * least):.2f}"
    return [
        Figure("log of 5 metrics, p50", _quantile(alone, 0.5), least, "µs", reach),
        Figure("log of 5 metrics, p99", _quantile(alone, 0.99), _quantile(floor, 0.99), "µs", ""),
        Figure("the same beside a busy thread, p50", _quantile(beside, 0.5), least, "µs", ""),
        Figure("the same beside a busy thread, p99", _quantile(beside, 0.99), None, "µs", ""),
    ]


def bench_points_to_answer(steps: int = 200_000) -> list[Figure]:
    """Writing points until a new process has queried them, its import of DuckDB apart."""
    values = dict.fromkeys(KEYS, 0.5)
    with fresh_store() as store:
        began = time.perf_counter()
        run = start(store)
        for step in range(steps):
            run.log(values, step=step)
        run.end()
        store.close()
        written_s = time.perf_counter() - began
        source = (
            "import sys, time; import duckdb, pyarrow, numpy; began = time.perf_counter();"
            "from pathlib import Path; from nbtrack.store import Store;"
            "answer = Store(Path(sys.argv[1])).query('SELECT count(*) AS n FROM metrics');"
            "n = answer['n'][0].as_py();"
            f"assert n == {steps * len(KEYS)}, n; print(time.perf_counter() - began)"
        )
        out = subprocess.run(
            [sys.executable, "-c", source, str(store.path)],
            check=True,
            capture_output=True,
            text=True,
        )
    rate = steps * len(KEYS) / (written_s + float(out.stdout))
    name = f"{steps:,} steps × 5 metrics until a new process has queried them"
    return [Figure(name, rate, None, "points/s", ">= 500000")]


def bench_many_runs(runs: int = 5000) -> list[Figure]:
    """Runs of 12 params, 6 metrics and 3 tags: opened, closed and folded; and their disk."""
    params = {f"param_{n}": n * 0.001 for n in range(12)}
    metrics = {f"metric_{n}": n * 0.5 for n in range(6)}
    tags = {f"tag_{n}": f"value {n}" for n in range(3)}
    import duckdb  # noqa: F401 - its import is not what is measured
    import pyarrow  # noqa: F401

    with fresh_store() as store:
        began = time.perf_counter()
        for number in range(runs):
            run = start(store, f"run-{number}")
            run.log_params(params)
            run.set_tags(tags)
            run.log(metrics, step=0)
            run.end()
        store.fold()
        rate = runs / (time.perf_counter() - began)
        store.close()
        store.compact()
        size_mb = _folder_bytes(store.path) / 1e6 / runs * 1000
    return [
        Figure("runs opened, closed and folded", rate, None, "runs/s", ">= 1000"),
        Figure("disk per 1,000 runs, after compaction", size_mb, None, "MB", "<= 0.5"),
    ]


def bench_small_operations(times: int = 50) -> list[Figure]:
    """A fold of one call, and a trivial query, in a store that has some runs already."""
    with fresh_store() as store:
        run = start(store)
        for step in range(20_000):
            run.log(dict.fromkeys(KEYS, 0.5), step=step)
        store.fold()
        folds, queries = [], []
        for step in range(times):
            run.log(dict.fromkeys(KEYS, 0.5), step=20_000 + step)
            began = time.perf_counter()
            store.fold()
            folds.append((time.perf_counter() - began) * 1e3)
            began = time.perf_counter()
            store.query("SELECT 1", fresh=False)
            queries.append((time.perf_counter() - began) * 1e3)
        run.end()
    return [
        Figure("a small fold", statistics.median(folds), None, "ms", "<= 15"),
        Figure("attach, trivial query, detach", statistics.median(queries), None, "ms", "<= 3"),
    ]


def bench_readers_beside_writers(writers: int = 4, readers: int = 4) -> list[Figure]:
    """Processes that look all the time, beside as many that log 1,000 steps a second."""
    write = f"""
while time.perf_counter() < began + {_CROWD_S}:
    with nbtrack.run(store=sys.argv[1]) as run:
        for step in range(2000):
            run.log(loss=1 / (1 + step), acc=0.5)
            if step % 10 == 9:
                time.sleep(0.01)
"""
    read = f"""
store, taken = Store(Path(sys.argv[1])), []
while time.perf_counter() < began + {_CROWD_S}:
    asked = time.perf_counter()
    store.query("SELECT count(*) FROM metrics")
    taken.append(time.perf_counter() - asked)
print(*taken)
"""
    with fresh_store() as store:
        start(store).end()
        store.fold()
        everyone = [
            subprocess.Popen(
                [sys.executable, "-c", _CROWD_BEGINS + source, str(store.path)],
                stdout=subprocess.PIPE,
                text=True,
            )
            for source in [write] * writers + [read] * readers
        ]
        printed = "".join(process.communicate()[0] for process in everyone)
    taken = sorted(map(float, printed.split()))
    name = f"a look beside {writers} writers and {readers - 1} other readers"
    return [
        Figure(f"{name}, p50", 1e3 * statistics.median(taken), None, "ms", ""),
        Figure(f"{name}, slowest", 1e3 * taken[-1], None, "ms", "<= 1000"),
    ]


_CROWD_S = 10
_CROWD_BEGINS = """
import sys, time
from pathlib import Path
import duckdb, pyarrow, nbtrack
from nbtrack.store import Store
began = time.perf_counter()
"""


def bench_disk_of_points(folds: int = 300, points: int = 100_000) -> list[Figure]:
    """Disk per 100,000 points of noisy curves that came in over many small folds, compacted."""
    import random

    chance = random.Random(1)
    with fresh_store() as store:
        run = start(store)
        steps = points // len(KEYS)
        for step in range(steps):
            run.log({key: chance.gauss(1.0, 0.1) / (1 + step) for key in KEYS}, step=step)
            if step % (steps // folds) == 0:
                store.fold()
        run.end()
        store.close()
        store.compact()
        size_mb = _folder_bytes(store.path) / 1e6 * 100_000 / points
    name = "disk per 100,000 points, after many small folds and compaction"
    return [Figure(name, size_mb, points * 32 / 1e6, "MB", "<= 1.5")]


def _times_us(call: Callable[[int], object], calls: int) -> list[float]:
    clock, times = time.perf_counter_ns, []
    for step in range(calls):
        began = clock()
        call(step)
        times.append((clock() - began) / 1e3)
    return times


def _floor_us(file: Path, calls: int) -> list[float]:
    """Packing five records and writing them, with nothing around it."""
    pack = struct.Struct("<" + "IqqdI" * 5).pack
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        return _times_us(
            lambda step: os.write(
                descriptor,
                pack(1, step, 7, 0.5, 0, 2, step, 7, 0.5, 0, 3, step, 7, 0.5, 0,
                     4, step, 7, 0.5, 0, 5, step, 7, 0.5, 9),
            ),
            calls,
        )  # fmt: skip
    finally:
        os.close(descriptor)


@contextmanager
def _busy_thread() -> Iterator[None]:
    stop = threading.Event()

    def spin() -> None:
        while not stop.is_set():
            sum(range(1000))

    thread = threading.Thread(target=spin)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _quantile(values: list[float], q: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * q))]


def _folder_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
