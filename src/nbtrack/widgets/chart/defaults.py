"""Which columns a chart shows when nobody has chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nbtrack.widgets.column_choice import metric_names, varying_params

if TYPE_CHECKING:
    import numpy
    import pyarrow

    from nbtrack.charts.quantities import Quantity
    from nbtrack.widgets.frame import Known

# Of more parameters, those that most runs have are looked at.
MAX_TRIED = 16


def best_told(known: Known) -> str | None:
    """The metric that tells most of how good a run is."""
    return next(iter(metric_names(known.columns)), None)


def candidates(known: Known) -> list[str]:
    """The parameters among which `by_strength` is to choose."""
    return varying_params(known.columns, known.total)[:MAX_TRIED]


def by_strength(runs: pyarrow.Table, params: Sequence[str], metric: str | None) -> list[str]:
    """``params``, those first that go most with ``metric``; as they are where nothing tells.

    Of numbers the rank correlation counts, of a category how much of the metric's ranks its
    labels explain, both as a share of the variance from 0 to 1.
    """
    from nbtrack.charts.quantities import read_quantity

    if metric is None or not len(runs):
        return list(params)
    measured = read_quantity(runs, metric, name=metric)
    if measured.is_category:
        return list(params)
    told = {param: _explained(read_quantity(runs, param, name=param), measured) for param in params}
    return sorted(params, key=lambda param: -told[param])


def _explained(param: Quantity, metric: Quantity) -> float:
    import numpy as np

    from nbtrack.charts.forest import spearman

    both = np.flatnonzero(param.drawable & metric.drawable)
    if len(both) < 3:
        return 0.0
    values = metric.values[both]
    if not param.is_category:
        return (spearman(param.values[both], values) or 0.0) ** 2
    return _between(param.values[both].astype(np.intp), values)


def _between(labels: numpy.ndarray, values: numpy.ndarray) -> float:
    """The share of the variance of ranks that lies between labels, less what chance gives."""
    import numpy as np

    ranks = np.argsort(np.argsort(values)).astype(np.float64)
    spread = float(((ranks - ranks.mean()) ** 2).sum())
    counts = np.bincount(labels)
    used = counts > 0
    if not spread or used.sum() < 2 or used.sum() >= len(values):
        return 0.0
    means = np.bincount(labels, weights=ranks)[used] / counts[used]
    between = float((counts[used] * (means - ranks.mean()) ** 2).sum())
    by_chance = (used.sum() - 1) / (len(values) - 1)
    return float(max(0.0, (between / spread - by_chance) / (1 - by_chance)))
