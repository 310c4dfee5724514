"""What a run is compared with: the last run of its cell, and the best of its experiment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbtrack.magics.notebook import CellKey
from nbtrack.widgets.card import CardMetric, CardParam
from nbtrack.widgets.direction import higher_is_better

if TYPE_CHECKING:
    from nbtrack.store import Store

# How far back the last run of a cell is looked for.
_RECENT_RUNS = 50

_RECENT = """
SELECT replace(run_id::VARCHAR, '-', '') AS run_id FROM runs
WHERE experiment = ? AND status = 'finished' AND run_id <> ?::UUID
ORDER BY started DESC LIMIT ?
"""
_CELLS = """
SELECT replace(run_id::VARCHAR, '-', '') AS run_id, key, value FROM facts
WHERE run_id IN (SELECT unnest(?)::UUID) AND key IN ('cell.id', 'cell.position', 'cell.lines')
"""
_EXTREMES = """
SELECT key, min(value) AS low, arg_min(name, value) AS low_run,
       max(value) AS high, arg_max(name, value) AS high_run
FROM latest_metrics JOIN runs USING (run_id)
WHERE experiment = ? AND status = 'finished' AND run_id <> ?::UUID AND isfinite(value)
GROUP BY key
"""


@dataclass(frozen=True, slots=True)
class PastRun:
    """A finished run: parameters as text, the last value of each metric."""

    name: str
    params: Mapping[str, str]
    metrics: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Extremes:
    """The lowest and the highest last value of a metric, with the runs that had them."""

    low: float
    low_run: str
    high: float
    high_run: str


@dataclass(frozen=True, slots=True)
class History:
    """The past as one run needs it."""

    last: PastRun | None = None
    extremes: Mapping[str, Extremes] = field(default_factory=dict)


def look_up(store: Store, run_id: str, experiment: str, cell: CellKey) -> History:
    """Ask the store for the last finished run of ``cell``, and for the experiment's extremes.

    The run ``run_id`` itself is left out: it may have ended by the time that the
    store answers. Four queries; raises `StoreError` where the store cannot answer.
    """
    from nbtrack.store import run_detail

    found = store.query(_RECENT, (experiment, run_id, _RECENT_RUNS))
    recent: list[str] = found["run_id"].to_pylist()
    if not recent:
        return History()
    extremes = {
        row["key"]: Extremes(row["low"], row["low_run"], row["high"], row["high_run"])
        for row in store.query(_EXTREMES, (experiment, run_id), fresh=False).to_pylist()
    }
    facts: dict[str, dict[str, str]] = {run: {} for run in recent}
    for row in store.query(_CELLS, (recent,), fresh=False).to_pylist():
        facts[row["run_id"]][row["key"]] = row["value"]
    previous = last_run_of(cell, [(run, CellKey.from_facts(facts[run])) for run in recent])
    if previous is None:
        return History(None, extremes)
    detail = run_detail(store, previous)
    last = PastRun(
        detail.name,
        {param.key: param.value for param in detail.params},
        {metric.key: metric.value for metric in detail.metrics},
    )
    return History(last, extremes)


def last_values(store: Store, run_id: str) -> dict[str, float]:
    """The last value of each metric of a run, those that the user logged among them."""
    from nbtrack.store import run_detail

    return {metric.key: metric.value for metric in run_detail(store, run_id).metrics}


def last_run_of(cell: CellKey, recent: Sequence[tuple[str, CellKey | None]]) -> str | None:
    """The first of ``recent`` (newest first) that is a run of ``cell``."""
    return next((run for run, key in recent if key is not None and cell.is_same_cell(key)), None)


def compare_metrics(
    metrics: Mapping[str, float], curves: Mapping[str, Sequence[float]], history: History
) -> tuple[CardMetric, ...]:
    """The metrics of a run beside those of the last and the best run."""
    last = history.last.metrics if history.last else {}
    compared = []
    for key, value in metrics.items():
        best: float | None = None
        best_run = ""
        if extremes := history.extremes.get(key):
            better = higher_is_better(key)
            if better is not None:
                best = extremes.high if better else extremes.low
                best_run = extremes.high_run if better else extremes.low_run
        compared.append(
            CardMetric(key, value, last.get(key), best, best_run, tuple(curves.get(key, ())))
        )
    return tuple(compared)


def compare_params(params: Mapping[str, str], history: History) -> tuple[CardParam, ...]:
    """The parameters of a run, with what they were in the last run of its cell if that differs."""
    last = history.last.params if history.last else {}
    return tuple(
        CardParam(key, text, last[key] if key in last and last[key] != text else None)
        for key, text in params.items()
    )
