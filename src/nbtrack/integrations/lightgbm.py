"""LightGBM: ``train``, ``cv``, and the estimators that train through it.

Names are those of MLflow's autologging. It differs on purpose in this: the best score is told
as well, and so is ``cv``; feature importance is data and no picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any
from weakref import finalize

from nbtrack.integrations.autologging.patches import Patches
from nbtrack.integrations.autologging.record import Record
from nbtrack.integrations.autologging.rounds import (
    EstimatorFit,
    Rounds,
    first_rows,
    in_words,
    metric_key,
    tell_best_scores,
    tell_importance,
)
from nbtrack.integrations.autologging.telling import Telling
from nbtrack.tracking.run import Run

# Of the arguments of `train` and `cv` those that are settings.
_SETTINGS = ("num_boost_round", "keep_training_booster", "nfold", "stratified", "shuffle", "seed")
# LightGBM's own callbacks: they print at 10 and record at 20, and at 30 they stop a training,
# which nobody behind them hears of.
_BEFORE_STOPPING = 25


def patch(patches: Patches, module: ModuleType) -> None:
    """Wrap `train`, `cv`, and ``fit`` of the estimators with the `train` that it calls."""
    patches.wrap_function(module, "train", BoosterTraining)
    patches.wrap_function(module, "cv", CrossValidation)
    if hasattr(module.sklearn.LGBMModel, "get_params"):  # scikit-learn is installed
        patches.wrap(module.sklearn, "train", EstimatorRounds)
        patches.wrap_methods(module.sklearn.LGBMModel, "fit", LGBMModelFit, inside="lightgbm")


class NbtrackCallback:
    """Logs the rounds of a training to the active run, its results and feature importance.

    Where no run is active, the training gets one of its own. No autologging is needed::

        from nbtrack.integrations.lightgbm import NbtrackCallback
        lightgbm.train(params, data, valid_sets=[test], callbacks=[NbtrackCallback()])

    ``fit`` of the estimators takes it as its argument ``callbacks``.
    """

    def __init__(self, run: Run | None = None) -> None:
        # LightGBM sets what it does not find on the object itself.
        self.order = _BEFORE_STOPPING
        self.before_iteration = False
        self.telling = Telling("lightgbm", run)
        self.run = run
        self.rounds = 0  # those of the booster that is trained further are counted

    def __call__(self, env: Any) -> None:
        if env.iteration == env.begin_iteration:
            self._begin(env)
        self.rounds = env.iteration + 1
        points = dict(_points(env.evaluation_result_list))
        self.telling.tell("logging a round", lambda record: record.metrics(points, env.iteration))

    def _begin(self, env: Any) -> None:
        is_pack = _is_pack(env.model)
        self.telling.begin()
        if self.telling.is_given:
            return

        def begin(record: Record) -> None:
            record.name("cv" if is_pack else "Booster", env.model)
            record.params({key: in_words(value) for key, value in env.params.items()})

        self.telling.tell("looking at the booster", begin)
        # No callback is called at the end, but this copy of the parameters goes with the call.
        witness = env.params["nbtrack"] = _Witness()
        finalize(witness, self._over, self.telling, env.model, env.end_iteration).atexit = False

    def _over(self, telling: Telling, model: Any, last: int) -> None:
        """The call is over in which this was the user's own callback."""
        record, is_pack = telling.record, _is_pack(model)
        if record is None or record.run.status != "running":
            return
        is_whole = model.best_iteration > 0 or self.rounds == last
        if is_whole and not is_pack:
            telling.tell("logging the results", lambda record: tell_end(record, model, self.rounds))
        telling.end("finished" if is_whole else "failed")


class _LightGBMRounds(Rounds):
    library = "lightgbm"
    callback = NbtrackCallback

    def tell_end(self) -> None:
        """Tell what the training has come to, unless its callback tells another run."""
        if self.ours is not None:
            tell_end(self.record, self.result, self.ours.rounds)

    def settings(self) -> dict[str, object]:
        """The parameters that were given, and the arguments beside them."""
        found = {**(self.given["params"] or {}), **dict(self.arguments(_SETTINGS))}
        return {name: in_words(value) for name, value in found.items()}


class BoosterTraining(_LightGBMRounds):
    """``lightgbm.train``."""

    def begin(self) -> None:
        self.record.name("Booster", self.given["init_model"])
        self.record.params(self.settings())
        data = self.given["train_set"]
        # Once it has been trained with, LightGBM drops what it was made of.
        self._rows = first_rows(data.data)
        if self._rows is not None:
            pair = data.data if data.label is None else (data.data, data.label)
            self.record.data(pair, "train", "train")
        self.add_callback()

    def end(self) -> None:
        self.record.became(self.result)
        self.tell_end()
        if self.record.options.log_models:
            answers = None if self._rows is None else self.result.predict(self._rows)
            self.record.model(self.result, inputs=self._rows, outputs=answers)


class CrossValidation(_LightGBMRounds):
    """``lightgbm.cv``: the mean of each metric over the folds, and how it spreads."""

    def begin(self) -> None:
        self.record.name("cv")
        metrics = {"metrics": self.given["metrics"]} if self.given["metrics"] else {}
        self.record.params(self.settings() | metrics)
        self.add_callback()

    def end(self) -> None:
        # What comes back ends with the best round, where one was looked for.
        best = min(len(each) for each in self.result.values() if isinstance(each, list))
        if self.ours is not None and best < self.ours.rounds:
            self.record.results({"best_iteration": best, "stopped_iteration": self.ours.rounds})


class EstimatorRounds(_LightGBMRounds):
    """``train`` as ``fit`` of an estimator calls it."""

    def begin(self) -> None:
        if not self.record.is_in_cell:
            self.record.params(self.settings())
        self.add_callback()

    def end(self) -> None:
        self.tell_end()


class LGBMModelFit(EstimatorFit):
    """``fit`` of an estimator of LightGBM."""

    library = "lightgbm"
    inner = EstimatorRounds

    def evaluation_sets(self) -> Iterator[tuple[str, object]]:
        sets = self.given["eval_set"] or ()
        pairs: list[Any] = [sets] if isinstance(sets, tuple) else list(sets)
        if self.given.get("eval_X") is not None:  # from LightGBM 4.7 on
            inputs, targets = self.given["eval_X"], self.given["eval_y"]
            pairs = (
                list(zip(inputs, targets, strict=False))
                if isinstance(inputs, tuple)
                else [(inputs, targets)]
            )
        names = self.given["eval_names"] or ()
        for number, pair in enumerate(pair for pair in pairs if len(pair) == 2):
            yield names[number] if number < len(names) else f"valid_{number}", tuple(pair)


def tell_end(record: Record, booster: Any, rounds: int) -> None:
    """Tell what a training has come to: its best round, if it looked for one, and importance."""
    if booster.best_iteration > 0:
        record.results({"best_iteration": booster.best_iteration, "stopped_iteration": rounds})
        scores = {
            (data, name): score
            for data, metrics in booster.best_score.items()
            for name, score in metrics.items()
        }
        tell_best_scores(record, scores)
    names = booster.feature_name()
    for kind in ("split", "gain"):
        weights = booster.feature_importance(kind).tolist()
        tell_importance(record, kind, dict(zip(names, weights, strict=True)))


class _Witness(str):
    """An empty text that can be referred to weakly, and harms nobody who prints parameters."""


def _points(results: Any) -> Iterator[tuple[str, float]]:
    """The metrics of one round; of a cross-validation the mean and the deviation."""
    for each in results or ():
        data, name, value, _, *deviation = each
        if data == "cv_agg":  # before LightGBM 4.7
            data, _, name = name.partition(" ")
        key = metric_key(data, name)
        if deviation:
            yield f"{key}-mean", value
            yield f"{key}-std", deviation[0]
        else:
            yield key, value


def _is_pack(model: Any) -> bool:
    """Whether the model of a callback is the pack of boosters of a cross-validation."""
    return hasattr(model, "boosters")
