"""CatBoost: ``fit`` of its models, which ``catboost.train`` calls as well.

MLflow has no autologging of it; names follow those that it has for XGBoost. Curves are told
when the training is over: for each round CatBoost gives its callbacks the whole history
anew, so that with one 2,000 rounds took three times as long. `NbtrackCallback` is for those
who want to see the rounds nevertheless.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from types import FrameType, ModuleType
from typing import Any
from weakref import finalize

import catboost
import numpy

from nbtrack.capture.estimators import chosen_params
from nbtrack.integrations.autologging.patches import Patches
from nbtrack.integrations.autologging.record import Record
from nbtrack.integrations.autologging.rounds import (
    EXAMPLE_ROWS,
    Rounds,
    first_rows,
    metric_key,
    shortest,
    tell_best_scores,
    tell_importance,
)
from nbtrack.integrations.autologging.telling import Telling
from nbtrack.tracking.run import Run

# Of the arguments of `fit` those that are settings; where they are not given, the model's hold.
_SETTINGS = ("use_best_model", "early_stopping_rounds", "metric_period", "cat_features")


def patch(patches: Patches, module: ModuleType) -> None:
    """Wrap ``fit`` of the models."""
    patches.wrap_methods(module.CatBoost, "fit", ModelFit, inside="catboost")


class NbtrackCallback:
    """Logs each round of a training as it goes on, the best one and feature importance.

    Where no run is active, the training gets one of its own. No autologging is needed::

        from nbtrack.integrations.catboost import NbtrackCallback
        CatBoostClassifier().fit(X, y, eval_set=(X2, y2), callbacks=[NbtrackCallback()])

    CatBoost takes callbacks on the CPU alone, and is slow with any: see above.
    """

    def __init__(self, run: Run | None = None) -> None:
        self.telling = Telling("catboost", run)
        self.run = run
        self._told: dict[str, int] = {}
        self._last = 0

    def after_iteration(self, info: Any) -> bool:
        if self.telling.record is None:
            self._begin(sys._getframe(1))
        metrics = info.metrics
        self.telling.tell(
            "logging a round", lambda record: self._tell_round(record, info.iteration - 1, metrics)
        )
        return True

    def _begin(self, caller: FrameType) -> None:
        self._told = {}
        self.telling.begin("fit")
        if self.telling.is_given:
            return
        model = _model_below(caller)
        self.telling.tell("looking at the model", lambda record: _tell_model(record, model))
        # No callback is called at the end; but CatBoost calls through an object that ends then.
        finalize(caller.f_locals["self"], self._over, self.telling, model).atexit = False

    def _tell_round(
        self, record: Record, step: int, metrics: Mapping[str, Mapping[str, list[float]]]
    ) -> None:
        points = {}
        for key, values in _flat(metrics):
            # With a ``metric_period`` most rounds have nothing new.
            if len(values) > self._told.get(key, 0):
                self._told[key] = len(values)
                points[key] = values[-1]
        record.metrics(points, step)
        self._last = step

    def _over(self, telling: Telling, model: Any) -> None:
        """The call is over in which this was the user's own callback."""
        record = telling.record
        if record is None or record.run.status != "running":
            return
        seen = {key: len(values) for key, values in _flat(model.get_evals_result() or {})}
        is_whole = model.is_fitted() and seen == self._told
        if is_whole:
            stopped = self._last
            telling.tell("logging the results", lambda record: _tell_end(record, model, stopped))
        telling.end("finished" if is_whole else "failed")


class ModelFit(Rounds):
    """``fit`` of one of CatBoost's models."""

    library = "catboost"
    callback = NbtrackCallback

    def begin(self) -> None:
        model, before = self.given["self"], self.given["init_model"]
        self.record.name(type(model).__name__, model if before is None else before)
        _tell_model(self.record, model)
        chosen = {k: v for k, v in self.arguments(_SETTINGS) if v is not None}
        self.record.params(chosen)
        if self.given["y"] is not None:
            self.record.data((self.given["X"], self.given["y"]), "train", "train")
        for name, pair in self._evaluation_sets():
            self.record.data(pair, name, "eval")
        self.use_callback()

    def end(self) -> None:
        model = self.given["self"]
        if self.given["init_model"] is not None:
            self.record.became(model)
        rounds = self._rounds(model)
        if self.ours is None:
            for step, points in rounds.items():
                self.record.metrics(points, step)
        if not self.record.is_in_cell:
            # What CatBoost has chosen itself, such as the learning rate.
            given = model.get_params()
            settings = {k: v for k, v in model.get_all_params().items() if k not in given}
            self.record.params(
                {k: shortest(v) if isinstance(v, float) else v for k, v in settings.items()}
            )
        _tell_end(self.record, model, max(rounds, default=0))
        if self.record.options.log_models:
            rows = _rows_of(self.given["X"])
            answers = None if rows is None else model.predict(rows)
            self.record.model(model, inputs=rows, outputs=answers)

    def _rounds(self, model: Any) -> dict[int, dict[str, float]]:
        """The metrics of those rounds that have some, by number."""
        given = model.get_params()
        period = self.given["metric_period"] or given.get("metric_period") or 1
        last = model.get_all_params()["iterations"] - 1
        rounds: dict[int, dict[str, float]] = {}
        for key, values in _flat(model.get_evals_result()):
            for number, value in enumerate(values):
                # The last round has metrics, too, when it comes before its time.
                rounds.setdefault(min(number * period, max(last, number)), {})[key] = value
        return rounds

    def _evaluation_sets(self) -> Iterator[tuple[str, object]]:
        sets = self.given["eval_set"]
        pairs: list[Any] = sets if isinstance(sets, list) else [sets]
        for number, pair in enumerate(pairs):
            if isinstance(pair, tuple):
                yield "validation" if len(pairs) == 1 else f"validation_{number}", pair


def _tell_model(record: Record, model: Any) -> None:
    if record.is_in_cell:
        record.params(dict(chosen_params(model)), subject=model)
    else:
        record.params({k: _in_words(v) for k, v in model.get_params().items()})


def _in_words(value: object) -> object:
    """A metric or a loss of the user's own by its class."""
    is_plain = value is None or isinstance(value, (str, int, float, list, tuple, dict))
    return value if is_plain else type(value).__name__


def _tell_end(record: Record, model: Any, stopped: int) -> None:
    """Tell the best round, where there was data to judge by, and feature importance."""
    best = model.get_best_iteration()
    if best is not None:
        record.results({"best_iteration": best, "stopped_iteration": stopped})
        scores = {
            (data, name): score
            for data, metrics in model.get_best_score().items()
            for name, score in metrics.items()
            if data != "learn"
        }
        tell_best_scores(record, scores)
    # Where it would be expensive, CatBoost has left it out.
    weights = numpy.asarray(model.feature_importances_)
    if weights.shape == (len(model.feature_names_),):
        pairs = zip(model.feature_names_, weights.tolist(), strict=True)
        tell_importance(record, "prediction_values_change", dict(pairs))


def _flat(metrics: Mapping[str, Mapping[str, list[float]]]) -> Iterator[tuple[str, list[float]]]:
    for data, found in metrics.items():
        for name, values in found.items():
            yield metric_key(data, name), values


def _model_below(frame: FrameType | None) -> Any:
    """The model whose ``fit`` has come to call a callback, which is not told."""
    while frame is not None:
        if isinstance(held := frame.f_locals.get("self"), catboost.CatBoost):
            return held
        frame = frame.f_back
    raise LookupError("no model trains here")


def _rows_of(inputs: Any) -> Any:
    """The first rows of what a model was given; of a `Pool` where it has but numbers."""
    if not isinstance(inputs, catboost.Pool):
        return first_rows(inputs)
    kinds = (
        inputs.get_cat_feature_indices(),
        inputs.get_text_feature_indices(),
        inputs.get_embedding_feature_indices(),
    )
    if any(kinds):
        return None
    rows = inputs.slice(list(range(min(EXAMPLE_ROWS, inputs.num_row())))).get_features()
    # Of what it was given the pool keeps 32 bits.
    rows = rows.astype(float)
    names = inputs.get_feature_names()
    if names == [str(number) for number in range(len(names))]:
        return rows
    import pandas  # CatBoost needs it, too.

    return pandas.DataFrame(rows, columns=names)
