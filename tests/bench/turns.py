"""What it costs to watch a loop, beside the same loop unwatched."""

import time

from tests.bench.figure import Figure
from tests.capture.running import run_cell

ROUNDS = 5


def bench_watched_loops() -> list[Figure]:
    """Watch loops whose turns take 50 ns, and 1 ms"""
    cheap = "for i in range(1_000_000):\n    loss = i * 0.5"
    slow = (
        "import time\nfor i in range(300):\n    until = time.perf_counter() + 0.001\n"
        "    while time.perf_counter() < until:\n        pass\n    loss = i * 0.5"
    )
    return [
        _figure("a loop of 1,000,000 turns of 50 ns, watched", cheap),
        _figure("a loop of 300 turns of 1 ms, watched", slow),
    ]


def _figure(name: str, source: str) -> Figure:
    plain, watched = [], []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        exec(source, {})
        between = time.perf_counter()
        run_cell(source)
        plain.append(between - began)
        watched.append(time.perf_counter() - between)
    return Figure(
        name, sorted(watched)[ROUNDS // 2] * 1e3, sorted(plain)[ROUNDS // 2] * 1e3, "ms", ""
    )
