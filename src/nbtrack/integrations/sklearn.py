"""scikit-learn: any estimator that predicts, and searches with their tries as runs of their own.

Names are those of MLflow's autologging.
"""

from __future__ import annotations

import math
import sys
import time
import warnings
from collections.abc import Iterator, Mapping
from types import FrameType, ModuleType
from typing import Any

import numpy

from nbtrack.capture.estimators import chosen_params
from nbtrack.integrations.autologging.patches import Patches
from nbtrack.integrations.autologging.record import Record
from nbtrack.integrations.autologging.training import Training

_FIRST_ROWS, _GROWTH = 2048, 4
_EXAMPLE_ROWS = 5

_VALIDATION = "sklearn.model_selection._validation"
_FOLDS = ("_fit_and_score", "_fit_and_predict")


def patch(patches: Patches, module: ModuleType) -> None:
    """Wrap ``fit`` of all of scikit-learn's estimators, as they are defined, and validation."""
    if module.__name__ == "sklearn.base":
        patches.wrap_methods(module.BaseEstimator, "fit", EstimatorFit, inside="sklearn")
    else:
        # `cross_val_score` finds it where it is defined.
        patches.wrap_function(module, "cross_validate", CrossValidation)


class EstimatorFit(Training):
    """``fit`` of an estimator, or of a pipeline or search around some."""

    library = "scikit-learn"

    @classmethod
    def concerns(cls, given: Mapping[str, Any]) -> bool:
        """Scalers and encoders only prepare; and a fold is part of its validation."""
        estimator = given["self"]
        # Until it is told to refit, a search does not predict.
        learns = hasattr(estimator, "predict") or hasattr(estimator, "refit")
        return learns and not _is_in_fold()

    def begin(self) -> None:
        estimator = self.given["self"]
        _tell_estimator(self.record, estimator)
        _tell_data(self.record, self.given)

    def end(self) -> None:
        estimator, inputs = self.given["self"], self.given.get("X")
        if hasattr(estimator, "cv_results_"):
            self._tell_search(estimator)
        with warnings.catch_warnings(), self.record.spending():
            # The user has not asked for these predictions, and has seen the fit's warnings.
            warnings.simplefilter("ignore")
            self._tell_results(estimator, inputs)
            self._keep_model(estimator, inputs)

    def _tell_results(self, estimator: Any, inputs: Any) -> None:
        targets = self.given.get("y")
        kind = _kind(estimator)
        if targets is None or inputs is None or kind is None or numpy.ndim(targets) > 1:
            return
        in_cell = self.record.is_in_cell
        with_odds = kind == "classifier" and not in_cell
        predicted = _predictions(estimator, inputs, self.record.budget_s, with_odds=with_odds)
        if predicted is None:
            self.record.note(f"training score of {type(estimator).__name__} left out: too slow")
            return
        weights = self.given.get("sample_weight")
        answers, odds = predicted
        measured = (
            _regressed(targets, answers, weights)
            if kind == "regressor"
            else _classified(targets, answers, odds, estimator, weights)
        )
        name, score = next(measured)
        names = [f"training_{name}"]
        if _scores_as_usual(estimator):
            names.insert(0, "training_score")
        if in_cell:
            # Whoever has not asked for more gets one number, to hold the test's against.
            self.record.results({names[0]: score})
            return
        self.record.results(dict.fromkeys(names, score))
        for name, value in measured:
            self.record.results({f"training_{name}": value})

    def _tell_search(self, search: Any) -> None:
        """The best parameters, all tries as a table, and the best tries as runs."""
        results = search.cv_results_
        if hasattr(search, "best_params_"):
            self.record.params({f"best_{k}": v for k, v in search.best_params_.items()})
        if hasattr(search, "best_score_"):
            self.record.results({"best_cv_score": search.best_score_})
        tries = results["params"]
        columns = {
            key: [value.item() if hasattr(value, "item") else value for value in values]
            for key, values in results.items()
            if key != "params" and not key.startswith("param_")
        }
        given = {f"param_{key}": [_told(each.get(key)) for each in tries] for key in _keys(tries)}
        self.record.run.log_table({**given, **columns}, "cv_results.json")
        ranks = next((results[key] for key in results if key.startswith("rank_test_")), None)
        order = sorted(range(len(tries)), key=lambda n: n if ranks is None else (ranks[n], n))
        chosen = order[: self.record.options.max_tuning_runs]
        if len(chosen) < len(tries):
            self.record.note(f"the best {len(chosen)} of {len(tries)} tries are runs")
        for number in sorted(chosen):
            self.record.child(
                number + 1,
                tries[number],
                {
                    key: values[number]
                    for key, values in columns.items()
                    # Each fold's score is in the table.
                    if not key.startswith("split") and isinstance(values[number], (int, float))
                },
            )

    def _keep_model(self, estimator: Any, inputs: Any) -> None:
        if not self.record.options.log_models:
            return
        rows = None if inputs is None else _rows(inputs, 0, _EXAMPLE_ROWS)
        answers = None if rows is None else estimator.predict(rows)
        parts = [each for each in _parts(estimator) if hasattr(each, "get_params")]
        self.record.model(estimator, inputs=rows, outputs=answers, parts=parts)


class CrossValidation(Training):
    """``cross_validate``, which ``cross_val_score`` calls, too: one record for all folds."""

    library = "scikit-learn"

    def begin(self) -> None:
        _tell_estimator(self.record, self.given["estimator"])
        _tell_data(self.record, self.given)

    def end(self) -> None:
        for key, scores in self.result.items():
            if key.startswith(("test_", "train_")):
                self.record.results({f"mean_{key}": scores.mean(), f"std_{key}": scores.std()})


def _tell_estimator(record: Record, estimator: Any) -> None:
    kind = type(estimator)
    record.name(kind.__name__, estimator)
    params = (
        dict(chosen_params(estimator)) if record.is_in_cell else estimator.get_params(deep=True)
    )
    record.params(params, subject=estimator)
    record.tags(
        {
            "estimator_name": kind.__name__,
            "estimator_class": f"{kind.__module__}.{kind.__name__}",
        }
    )


def _tell_data(record: Record, given: Mapping[str, Any]) -> None:
    for name in ("X", "y"):
        if given.get(name) is not None:
            record.data(given[name], name, "train")


def _is_in_fold() -> bool:
    """Whether a fit is a fold of a validation that is not seen.

    ``learning_curve`` is not wrapped, and a module of the user's that has imported
    ``cross_validate`` by name has the library's own.
    """
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        code = frame.f_code
        if code.co_name in _FOLDS and frame.f_globals.get("__name__") == _VALIDATION:
            return True
        frame = frame.f_back
    return False


def _parts(estimator: Any) -> list[Any]:
    return list(estimator.get_params(deep=True).values())


def _kind(estimator: Any) -> str | None:
    """``classifier``, ``regressor`` or another; through pipelines and searches, too."""
    from sklearn.base import is_classifier, is_regressor

    if is_classifier(estimator):
        return "classifier"
    return "regressor" if is_regressor(estimator) else None


def _predictions(
    estimator: Any, inputs: Any, budget_s: float, *, with_odds: bool
) -> tuple[Any, Any] | None:
    """What is predicted for all rows, with probabilities where there are; ``None`` if too slow.

    It is done in growing parts, so that a slow one is given up early. The first, which is all
    there is of small data, is done while there is anything left to spend.
    """
    if budget_s < 0:
        return None
    count = inputs.shape[0] if hasattr(inputs, "shape") else len(inputs)
    odds_of = getattr(estimator, "predict_proba", None) if with_odds else None
    answers, odds = [], []
    start, size, began = 0, count if budget_s == math.inf else _FIRST_ROWS, time.perf_counter()
    while start < count:
        rows = _rows(inputs, start, min(start + size, count))
        answers.append(estimator.predict(rows))
        if odds_of is not None:
            odds.append(odds_of(rows))
        start += size
        took_s = time.perf_counter() - began
        size *= _GROWTH
        # The next part takes as long for each row as those so far, at most.
        if start < count and took_s * (1 + min(size, count - start) / start) > budget_s:
            return None
    return numpy.concatenate(answers), numpy.concatenate(odds) if odds else None


def _rows(inputs: Any, start: int, end: int) -> Any:
    return inputs.iloc[start:end] if hasattr(inputs, "iloc") else inputs[start:end]


def _classified(
    targets: Any, answers: Any, odds: Any, classifier: Any, weights: Any
) -> Iterator[tuple[str, float]]:
    from sklearn import metrics

    yield "accuracy_score", metrics.accuracy_score(targets, answers, sample_weight=weights)
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        targets, answers, average="weighted", sample_weight=weights, zero_division=0
    )
    yield from (("precision_score", precision), ("recall_score", recall), ("f1_score", f1))
    if odds is None:
        return
    yield (
        "log_loss",
        metrics.log_loss(targets, odds, sample_weight=weights, labels=classifier.classes_),
    )
    yield (
        "roc_auc",
        metrics.roc_auc_score(
            targets,
            odds[:, 1] if odds.shape[1] == 2 else odds,
            average="weighted",
            sample_weight=weights,
            # Pairs of classes cannot be weighted by row.
            multi_class="ovo" if weights is None else "ovr",
        ),
    )


def _regressed(targets: Any, answers: Any, weights: Any) -> Iterator[tuple[str, float]]:
    from sklearn import metrics

    yield "r2_score", metrics.r2_score(targets, answers, sample_weight=weights)
    squares = metrics.mean_squared_error(targets, answers, sample_weight=weights)
    yield "mean_squared_error", squares
    yield "root_mean_squared_error", math.sqrt(squares)
    absolute = metrics.mean_absolute_error(targets, answers, sample_weight=weights)
    yield "mean_absolute_error", absolute


def _scores_as_usual(estimator: Any) -> bool:
    """Whether its ``score`` is the accuracy of a classifier, or the R2 of a regressor."""
    from sklearn.base import ClassifierMixin, RegressorMixin
    from sklearn.pipeline import Pipeline

    while isinstance(estimator, Pipeline):
        estimator = estimator.steps[-1][1]
    return getattr(type(estimator), "score", None) in (ClassifierMixin.score, RegressorMixin.score)


def _keys(tries: Any) -> list[str]:
    return list(dict.fromkeys(key for each in tries for key in each))


def _told(value: object) -> object:
    return value if isinstance(value, (bool, int, float, str, type(None))) else str(value)
