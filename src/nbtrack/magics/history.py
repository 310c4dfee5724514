"""What a run is compared with: the last run of its cell, and the best of its experiment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbtrack.magics.notebook import CellKey
from nbtrack.tracking.direction import higher_is_better
from nbtrack.widgets.card import CardMetric, CardParam

if TYPE_CHECKING:
    from nbtrack.store import Store

# How far back the last run of a cell is looked for.
_RECENT_RUNS = 50

_RECENT = """
SELECT replace(run_id::VARCHAR, '-', '') AS run_id, name FROM runs
WHERE experiment = ? AND status = 'finished' AND run_id < ?::UUID
ORDER BY started DESC LIMIT ?
"""
_CELLS = """
SELECT replace(run_id::VARCHAR, '-', '') AS run_id, key, value FROM facts
WHERE run_id IN (SELECT unnest(?)::UUID) AND key IN ('cell.id', 'cell.position', 'cell.lines')
"""
# The last run's parameters and metrics, and the extremes of the experiment, in one answer.
_PAST = """
SELECT 'param' AS kind, key, value, NULL AS low, NULL AS low_run, NULL AS high, NULL AS high_run
FROM params WHERE run_id = $last::UUID
UNION ALL
SELECT 'metric', key, NULL, value, NULL, NULL, NULL
FROM latest_metrics WHERE run_id = $last::UUID
UNION ALL
SELECT 'extremes', key, NULL, min(value), arg_min(name, value), max(value), arg_max(name, value)
FROM latest_metrics JOIN runs USING (run_id)
WHERE experiment = $experiment AND status = 'finished' AND run_id < $run::UUID
  AND isfinite(value)
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

    Only runs that began before ``run_id`` count: it, and later ones, may have ended
    by the time that the store answers. Three queries; raises `StoreError` where it
    cannot answer.
    """
    found = store.query(_RECENT, (experiment, run_id, _RECENT_RUNS))
    names: dict[str, str] = dict(zip(*found.to_pydict().values(), strict=True))
    if not names:
        return History()
    facts: dict[str, dict[str, str]] = {run: {} for run in names}
    for row in store.query(_CELLS, (list(names),), fresh=False).to_pylist():
        facts[row["run_id"]][row["key"]] = row["value"]
    last = last_run_of(cell, [(run, CellKey.from_facts(facts[run])) for run in names])
    asked = {"last": last, "experiment": experiment, "run": run_id}
    params: dict[str, str] = {}
    metrics: dict[str, float] = {}
    extremes: dict[str, Extremes] = {}
    for row in store.query(_PAST, asked, fresh=False).to_pylist():
        match row["kind"]:
            case "param":
                params[row["key"]] = row["value"]
            case "metric":
                metrics[row["key"]] = row["low"]
            case _:
                extremes[row["key"]] = Extremes(
                    row["low"], row["low_run"], row["high"], row["high_run"]
                )
    return History(PastRun(names[last], params, metrics) if last else None, extremes)


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
