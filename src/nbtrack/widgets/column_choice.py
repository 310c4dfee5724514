"""Which columns a run table shows when nobody has chosen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from nbtrack.tracking.direction import higher_is_better

if TYPE_CHECKING:
    from nbtrack.store import Column

MAX_PARAMS = 12
MAX_METRICS = 8

# Beside the run's name, which is always there.
STANDARD = ("attributes.status", "attributes.started", "attributes.duration_s")
EXPERIMENT = "attributes.experiment"
VERDICT = "attributes.verdict"

# What the machine did meanwhile is for the run's detail.
_SYSTEM = "metrics.system/"


_COST = re.compile(r"time|seconds|duration|latency|memory|bytes", re.IGNORECASE)


def is_constant(column: Column, total: int) -> bool:
    """Whether each of the ``total`` runs has this parameter, with one and the same value."""
    return column.kind == "params" and column.distinct == 1 and column.runs >= total > 1


def varying_params(columns: Sequence[Column], total: int) -> list[str]:
    """Parameters in which the runs differ, those that most runs have first."""
    varying = [c for c in columns if c.kind == "params" and not is_constant(c, total)]
    return [c.name for c in sorted(varying, key=lambda c: -c.runs)]


def metric_names(columns: Sequence[Column]) -> list[str]:
    """Metrics: those that tell how good a run is, then others, then what it cost.

    Among equals, those that most runs have come first.
    """

    def rank(column: Column) -> tuple[int, int]:
        return metric_rank(column.name.removeprefix("metrics.")), -column.runs

    metrics = (c for c in columns if c.kind == "metrics" and not c.name.startswith(_SYSTEM))
    return [c.name for c in sorted(metrics, key=rank)]


def metric_rank(key: str) -> int:
    """0 for a metric that tells how good a run is, 1 for others, 2 for what it cost."""
    return 2 if _COST.search(key) else 1 if higher_is_better(key) is None else 0


def choose_columns(columns: Sequence[Column], total: int, *, experiments: int) -> list[str]:
    """The standard columns, the metrics, and the parameters that vary, in the order to show them.

    Metrics stand first: however many parameters there are, the result is in sight.
    The experiment has a column where the runs are of several, the verdict where one has any.
    """
    judged = any(column.name == VERDICT and column.runs for column in columns)
    return [
        *STANDARD,
        *([VERDICT] if judged else []),
        *([EXPERIMENT] if experiments > 1 else []),
        *metric_names(columns)[:MAX_METRICS],
        *varying_params(columns, total)[:MAX_PARAMS],
    ]
