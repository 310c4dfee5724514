"""XGBoost: ``train``, ``cv``, and the estimators that train through it.

Names are those of MLflow's autologging. It differs on purpose in this: a curve has its rounds
and no best one behind them, which is told as ``best_score``; ``cv`` is told as well; feature
importance is data and no picture; a `DMatrix`, which keeps no data as it was given, is not
told as a data set.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from types import ModuleType
from typing import Any

import numpy
import xgboost
from xgboost.callback import TrainingCallback

from nbtrack.integrations.autologging.patches import Patches
from nbtrack.integrations.autologging.record import Record
from nbtrack.integrations.autologging.rounds import (
    EXAMPLE_ROWS,
    EstimatorFit,
    Rounds,
    in_words,
    metric_key,
    shortest,
    tell_importance,
)
from nbtrack.integrations.autologging.telling import Telling
from nbtrack.tracking.run import Run

# Of the arguments of `train` and `cv` those that are settings.
_SETTINGS = (
    "num_boost_round",
    "maximize",
    "early_stopping_rounds",
    "verbose_eval",
    "custom_metric",
    "nfold",
    "stratified",
    "seed",
    "shuffle",
)


def patch(patches: Patches, module: ModuleType) -> None:
    """Wrap `train`, `cv`, and ``fit`` of the estimators with the `train` that it calls."""
    patches.wrap_function(module, "train", BoosterTraining)
    patches.wrap_function(module, "cv", CrossValidation)
    if hasattr(module, "XGBModel"):  # scikit-learn is installed
        patches.wrap(module.sklearn, "train", EstimatorRounds)
        patches.wrap_methods(module.XGBModel, "fit", XGBModelFit, inside="xgboost")


class NbtrackCallback(TrainingCallback):
    """Logs the rounds of a training to the active run, its results and feature importance.

    Where no run is active, the training gets one of its own. No autologging is needed::

        from nbtrack.integrations.xgboost import NbtrackCallback
        xgboost.train(params, data, evals=[(test, "test")], callbacks=[NbtrackCallback()])

    Estimators take it as their argument ``callbacks``.
    """

    def __init__(self, run: Run | None = None) -> None:
        super().__init__()
        self.telling = Telling("xgboost", run)
        self.run = run
        self._history: Mapping[str, Mapping[str, list[Any]]] = {}
        self._told = 0
        self._best_before: str | None = None

    def before_training(self, model: Any) -> Any:
        self._history, self._told = {}, 0
        self._best_before = model.attr("best_iteration")
        self.telling.begin("cv" if _is_pack(model) else "train")
        self.telling.tell("looking at the booster", lambda record: self._begin(record, model))
        return model

    def before_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:  # noqa: ARG002
        """Tell the round before: by now all callbacks have seen it, in whichever order."""
        self._history = evals_log
        self.telling.tell("logging a round", self._tell_rounds)
        return False

    def after_training(self, model: Any) -> Any:
        self.telling.tell("logging the results", lambda record: self._end(record, model))
        self.telling.end()
        return model

    def _begin(self, record: Record, model: Any) -> None:
        if self.telling.is_given:
            return
        record.name(type(model).__name__.lstrip("_"), model)
        if not _is_pack(model):
            record.params(dict(_settings_of(model)))

    def _tell_rounds(self, record: Record) -> None:
        while points := dict(_points(self._history, self._told)):
            record.metrics(points, self._told)
            self._told += 1

    def _end(self, record: Record, model: Any) -> None:
        self._tell_rounds(record)
        # A booster that is trained further still has the one of the training before.
        best = model.attr("best_iteration")
        if best is not None and best != self._best_before:
            record.results({"best_iteration": int(best), "stopped_iteration": self._told - 1})
            record.results({"best_score": float(model.attr("best_score"))})
        if not _is_pack(model):
            tell_importance(record, "weight", model.get_score(importance_type="weight"))


class _XGBoostRounds(Rounds):
    library = "xgboost"
    callback = NbtrackCallback

    def settings(self) -> dict[str, object]:
        """The parameters that were given, and the arguments beside them."""
        found = {**dict(self.given["params"]), **dict(self.arguments(_SETTINGS))}
        if self.record.is_in_cell:
            found.pop("verbose_eval", None)
        return {name: in_words(value) for name, value in found.items()}


class BoosterTraining(_XGBoostRounds):
    """``xgboost.train``."""

    def begin(self) -> None:
        self.record.name("Booster", self.given["xgb_model"])
        self.record.params(self.settings())
        self.add_callback()

    def end(self) -> None:
        self.record.became(self.result)
        if self.record.options.log_models:
            rows = _rows_of(self.given["dtrain"])
            answers = None if rows is None else self.result.predict(xgboost.DMatrix(rows))
            self.record.model(self.result, inputs=rows, outputs=answers)


class CrossValidation(_XGBoostRounds):
    """``xgboost.cv``: the mean of each metric over the folds, and how it spreads."""

    def begin(self) -> None:
        self.record.name("cv")
        metrics = {"metrics": self.given["metrics"]} if self.given["metrics"] else {}
        self.record.params(self.settings() | metrics)
        self.add_callback()


class EstimatorRounds(_XGBoostRounds):
    """``train`` as ``fit`` of an estimator calls it."""

    def begin(self) -> None:
        if not self.record.is_in_cell:
            self.record.params(self.settings())
        self.add_callback()


class XGBModelFit(EstimatorFit):
    """``fit`` of an estimator of XGBoost."""

    library = "xgboost"
    inner = EstimatorRounds

    def evaluation_sets(self) -> Iterator[tuple[str, object]]:
        for number, pair in enumerate(self.given["eval_set"] or ()):
            yield f"validation_{number}", tuple(pair)


def _points(history: Mapping[str, Mapping[str, list[Any]]], number: int) -> Iterator[Any]:
    """The metrics of one round; of a cross-validation the mean and the deviation."""
    for data, metrics in history.items():
        for name, values in metrics.items():
            if number >= len(values):
                continue
            key = metric_key(data, name)
            if isinstance(values[number], tuple):
                yield f"{key}-mean", values[number][0]
                yield f"{key}-std", values[number][1]
            else:
                yield key, values[number]


def _is_pack(model: Any) -> bool:
    """Whether the model of a callback is the pack of boosters of a cross-validation."""
    return not isinstance(model, xgboost.Booster)


def _settings_of(booster: Any) -> Iterator[tuple[str, object]]:
    """The settings with which a booster trains, all of them, as it tells them itself."""
    learner = json.loads(booster.save_config())["learner"]
    for name in ("booster", "objective"):
        yield name, learner["learner_train_param"][name]
    for name, text in learner["gradient_booster"].get("tree_train_param", {}).items():
        yield name, _number(text)


def _number(text: str) -> object:
    if text.lstrip("-").isdecimal():
        return int(text)
    with suppress(ValueError):
        return shortest(float(numpy.float32(text)))
    return text


def _rows_of(data: Any) -> Any:
    """The first rows as they can be predicted from, a table where columns have names.

    ``None`` where they cannot be had: of categories the codes alone are kept, and of
    what a `QuantileDMatrix` was made of, nothing.
    """
    if "c" in (data.feature_types or ()):
        return None
    with suppress(xgboost.core.XGBoostError, TypeError, AttributeError):
        held = data.slice(list(range(min(EXAMPLE_ROWS, data.num_row())))).get_data().tocoo()
        rows = numpy.full(held.shape, numpy.nan)
        rows[held.row, held.col] = held.data
        if data.feature_names is None:
            return rows
        with suppress(ImportError):
            import pandas

            return pandas.DataFrame(rows, columns=data.feature_names)
    return None
