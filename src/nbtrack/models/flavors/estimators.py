"""Parts of scikit-learn's models that hold data alone, though skops does not vouch for them.

skops leaves out what native code walks without looking where it steps: a forest of
crafted numbers would read beyond its arrays. So these are looked through once they are
loaded, and each step must lead to a later node of the same tree.
"""

from __future__ import annotations

import gc
from types import FunctionType, ModuleType
from typing import Any

from nbtrack.errors import InvalidModel

VOUCHED = frozenset(
    {
        "numpy.dtype",
        "numpy.mean",
        "sklearn._loss.loss.HalfTweedieLossIdentity",
        "sklearn.calibration._CalibratedClassifier",
        "sklearn.calibration._SigmoidCalibration",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.feature_selection._univariate_selection.chi2",
        "sklearn.feature_selection._univariate_selection.f_classif",
        "sklearn.feature_selection._univariate_selection.f_regression",
        "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
        *(
            f"sklearn.gaussian_process.kernels.{kernel}"
            for kernel in (
                "ConstantKernel",
                "DotProduct",
                "Exponentiation",
                "Matern",
                "Product",
                "RBF",
                "RationalQuadratic",
                "Sum",
                "WhiteKernel",
            )
        ),
        "sklearn.metrics._dist_metrics.EuclideanDistance64",
        "sklearn.metrics._scorer._PassthroughScorer",
        "sklearn.model_selection._split.KFold",
        "sklearn.model_selection._split.StratifiedKFold",
        "sklearn.neighbors._ball_tree.BallTree",
        "sklearn.neighbors._kd_tree.KDTree",
        "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
        "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
        "sklearn.tree._tree.Tree",
    }
)


def check_steps(model: Any) -> None:
    """Raise `InvalidModel` if a tree in ``model`` leads out of itself, or in circles."""
    for part in _parts(model):
        match f"{type(part).__module__}.{type(part).__qualname__}":
            case "sklearn.tree._tree.Tree":
                inner = part.children_left != -1
                _check(part.children_left, part.children_right, inner)
                _check_range(part.feature[inner], part.n_features)
            case "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor":
                nodes = part.nodes
                _check(nodes["left"], nodes["right"], nodes["is_leaf"] == 0)
            case "sklearn.neighbors._kd_tree.KDTree" | "sklearn.neighbors._ball_tree.BallTree":
                data, order, nodes, _ = part.get_arrays()
                _check_range(order, len(data))
                _check_range(nodes["idx_start"], len(data) + 1)
                _check_range(nodes["idx_end"], len(data) + 1)
            case _:
                # An estimator hands its tree rows of the width that it was fitted on.
                tree = getattr(part, "tree_", None)
                width = getattr(part, "n_features_in_", None)
                if width is not None and getattr(tree, "n_features", width) != width:
                    raise _damaged()


def _check(left: Any, right: Any, inner: Any) -> None:
    """Children come after their parent: so a walk stays in the tree, and ends."""
    import numpy as np

    parents = np.flatnonzero(inner)
    for children in (left[inner], right[inner]):
        if (children <= parents).any() or (children >= len(left)).any():
            raise _damaged()


def _check_range(values: Any, end: int) -> None:
    if len(values) and (values.min() < 0 or values.max() >= end):
        raise _damaged()


def _damaged() -> InvalidModel:
    return InvalidModel(
        "The model has a tree whose nodes lead out of it: it is damaged, or made to harm."
    )


def _parts(model: Any) -> list[Any]:
    """All objects that the model is made of; classes, modules and functions left out."""
    import numpy as np

    seen: dict[int, Any] = {}
    waiting = [model]
    while waiting:
        part = waiting.pop()
        if id(part) in seen or isinstance(part, (type, ModuleType, FunctionType, str, bytes)):
            continue
        seen[id(part)] = part
        if isinstance(part, np.ndarray):
            waiting += part.ravel().tolist() if part.dtype == object else []
        else:
            waiting += gc.get_referents(part)
    return list(seen.values())
