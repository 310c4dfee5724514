"""What questions about a registry of 10,000 versions cost, and a change of a stage."""

from __future__ import annotations

import atexit
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

from nbtrack.events import new_run_id
from nbtrack.registry.registry import Registry
from nbtrack.registry.turn import turn_at
from nbtrack.store import Store

MODELS = VERSIONS = 100


def _median_ms(question: Callable[[], object], *, times: int = 15) -> float:
    question()
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        question()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken) * 1000


@cache
def _filled() -> Registry:
    """A hundred models of a hundred versions, each tagged, promoted and archived in turn."""
    folder = tempfile.mkdtemp(prefix="nbtrack-bench-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    store = Store(Path(folder) / ".nbtrack")
    with turn_at(store) as turn:
        for number in range(MODELS):
            model = turn.append("model created", None, value=f"model-{number}").number
            for version in range(1, VERSIONS + 1):
                run = new_run_id()
                turn.append(
                    "version created", model, version, run=run, key="model", value="ab" * 32
                )
                turn.append("tagged", model, version, key="team", value="risk")
                turn.append("stage moved", model, version, key="Production", value="{}")
                if version > 1:
                    turn.append("stage moved", model, version - 1, key="Archived", value="{}")
    return Registry(store.path)


def bench_ten_thousand_versions() -> list[tuple[str, float, float | None, str, str]]:
    """10,000 versions of 100 models: all listed, one found, what is in production."""
    registry = _filled()
    floor = _median_ms(lambda: registry._store.query("SELECT 1"))
    listed = _median_ms(registry.search_model_versions)
    assert len(registry.search_model_versions()) == MODELS * VERSIONS
    return [
        ("10,000 versions: all listed", listed, floor, "ms", "<= 100"),
        (
            "10,000 versions: models:/name/Production",
            _median_ms(lambda: registry.resolve("models:/model-7/Production")),
            floor,
            "ms",
            "",
        ),
        ("10,000 versions: in production", _median_ms(registry.in_production), floor, "ms", ""),
    ]


def bench_a_promotion() -> list[tuple[str, float, float | None, str, str]]:
    """A promotion among 10,000 versions, durable when it returns."""
    registry = _filled()
    floor = _median_ms(lambda: registry._store.query("SELECT 1"))
    turn = iter(range(1, VERSIONS))
    moved = _median_ms(
        lambda: registry.transition_stage("model-9", next(turn), "Production"), times=9
    )
    return [("a promotion among 10,000 versions", moved, floor, "ms", "")]
