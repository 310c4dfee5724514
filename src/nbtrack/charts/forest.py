"""How much a metric depends on each parameter, by a forest that is tested on held-out runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbtrack.charts.quantities import Quantity
from nbtrack.errors import MissingExtra

if TYPE_CHECKING:
    import numpy
    import numpy.typing
    import pyarrow

    from nbtrack.charts.quantities import Floats

    Indices = numpy.typing.NDArray[numpy.intp]

# More tell hardly more, and take longer than one waits.
MAX_RUNS = 2_000
# Of the parameters that a forest uses, those that are shuffled: each costs predictions.
MAX_TRIED = 40
_TREES = 100
_RUNS_PER_TREE = 400
# Of three parameters one is looked at in each split, as usual, but no more than these.
_PER_SPLIT = 80
_FOLDS = 5
_SHUFFLES = 10
_ROWS_AT_ONCE = 60_000


@dataclass(frozen=True, slots=True)
class Importances:
    """What a forest found.

    ``table`` has a row per parameter, the most important first: parameter, importance (by how
    much R² of held-out runs falls when the parameter is shuffled), std (of that, over folds and
    shuffles), correlation (Spearman, null for a category), runs (that have the parameter).
    ``r2`` is that of held-out runs, which ``runs`` counts.
    """

    table: pyarrow.Table
    r2: float
    runs: int


def importances(params: Sequence[Quantity], metric: Quantity, chosen: Indices) -> Importances:
    """What ``params`` tell of ``metric``, over the runs ``chosen``.

    Method: permutation importance (Breiman 2001) of a random forest on the held-out part of
    five folds; rank correlation (Spearman 1904). A missing value is one below all others, a
    category the place of its label. The same runs give the same numbers. Raises `MissingExtra`
    where scikit-learn is not installed.
    """
    import numpy as np
    import pyarrow as pa

    random = np.random.default_rng(0)
    used = np.sort(random.permutation(chosen)[:MAX_RUNS])
    features = np.column_stack([_feature(param, used) for param in params])
    target = metric.positions(metric.values[used])
    r2, losses = _held_out(features, target, random)
    importance = losses.mean(axis=1)
    order = np.argsort(-importance, kind="stable")
    correlations = [_correlation(param, metric, chosen) for param in params]
    table = pa.table(
        {
            "parameter": [param.column.removeprefix("params.") for param in params],
            "importance": importance,
            "std": losses.std(axis=1),
            "correlation": pa.array(correlations, pa.float64()),
            "runs": [int(param.drawable[chosen].sum()) for param in params],
        }
    )
    return Importances(table.take(order), r2, len(used))


def spearman(left: Floats, right: Floats) -> float | None:
    """The rank correlation of two series without NaN; ``None`` where one is constant."""
    import numpy as np

    if len(left) < 3 or np.ptp(left) == 0 or np.ptp(right) == 0:
        return None
    return float(np.corrcoef(_ranks(left), _ranks(right))[0, 1])


def _held_out(
    features: Floats, target: Floats, random: numpy.random.Generator
) -> tuple[float, Floats]:
    """R² of held-out runs, and what shuffling costs: (parameters, folds * shuffles)."""
    import numpy as np

    try:
        from sklearn.ensemble import RandomForestRegressor
    except ImportError as error:
        raise MissingExtra("Importance needs scikit-learn: pip install scikit-learn.") from error
    spread = float(target.var())
    error_sum = 0.0
    losses = np.zeros((features.shape[1], _FOLDS, _SHUFFLES))
    folds = np.array_split(random.permutation(len(target)), _FOLDS)
    for number, held in enumerate(folds):
        taught = np.setdiff1d(np.arange(len(target)), held)
        forest = RandomForestRegressor(
            _TREES,
            max_features=min(features.shape[1], max(4, features.shape[1] // 3), _PER_SPLIT),
            max_samples=min(len(taught), _RUNS_PER_TREE),
            random_state=0,
        ).fit(features[taught], target[taught])
        plain = np.square(forest.predict(features[held]) - target[held])
        error_sum += float(plain.sum())
        weights = forest.feature_importances_
        tried = np.argsort(-weights, kind="stable")[:MAX_TRIED]
        tried = tried[weights[tried] > 0]
        shuffles = [random.permutation(held) for _ in range(_SHUFFLES)]
        at_once = max(1, _ROWS_AT_ONCE // (_SHUFFLES * len(held)))
        for start in range(0, len(tried), at_once):
            some = tried[start : start + at_once]
            shuffled = np.tile(features[held], (len(some), _SHUFFLES, 1, 1))
            for place, feature in enumerate(some):
                shuffled[place, :, :, feature] = features[np.array(shuffles), feature]
            told = forest.predict(shuffled.reshape(-1, features.shape[1]))
            worse = np.square(told.reshape(len(some), _SHUFFLES, -1) - target[held]) - plain
            losses[some, number] = worse.mean(axis=2) / spread
    r2 = 1 - error_sum / (len(target) * spread)
    return r2, losses.reshape(features.shape[1], -1)


def _feature(param: Quantity, used: Indices) -> Floats:
    import numpy as np

    # Ranks, since a forest reads float32, in which distinct values may be one.
    values = param.values[used]
    ranks = np.searchsorted(np.unique(values[np.isfinite(values)]), values).astype(np.float64)
    ranks[~np.isfinite(values)] = -1.0
    return ranks


def _correlation(param: Quantity, metric: Quantity, chosen: Indices) -> float | None:
    if param.is_category and set(param.labels) != {"True", "False"}:
        return None
    both = chosen[param.drawable[chosen]]
    return spearman(param.values[both], metric.values[both])


def _ranks(values: Floats) -> Floats:
    import numpy as np

    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[place], dtype=np.float64)
