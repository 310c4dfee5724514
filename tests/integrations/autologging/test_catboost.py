"""CatBoost: what ``fit`` of its models tells.

MLflow has no autologging of it. Names follow those that it has for XGBoost: ``validation-Logloss``,
``best_iteration``, ``stopped_iteration``; feature importance is CatBoost's own kind.
"""

from __future__ import annotations

import copy
import pickle
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import catboost
import numpy as np
import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.model_selection import GridSearchCV

import nbtrack
from nbtrack.integrations.catboost import NbtrackCallback

Runs = Callable[[], list[Any]]

X, Y = load_breast_cancer(return_X_y=True, as_frame=True)
X, Y = X.iloc[:200, :5], Y.iloc[:200]
QUIET = {"verbose": False, "allow_writing_files": False, "thread_count": 1, "depth": 2}
IMPORTANCE = "feature_importance_prediction_values_change.json"


def light() -> None:
    nbtrack.autolog(log_models=False, log_datasets=False)


def curve(run: Any, key: str) -> tuple[list[int], list[float]]:
    points = run.history(key).arrow()
    return points["step"].to_pylist(), points["value"].to_pylist()


def fit(settings: Any = (), **given: Any) -> catboost.CatBoostClassifier:
    model = catboost.CatBoostClassifier(**{"iterations": 4, **QUIET, **dict(settings)})
    given = {"eval_set": (X.iloc[120:], Y.iloc[120:]), **given}
    return model.fit(X.iloc[:120], Y.iloc[:120], **given)


def files_of(run: Any) -> set[str]:
    return {each.path for each in nbtrack.list_artifacts(run_id=run.id)}


def test_a_training_tells_parameters_rounds_importance_and_model(runs: Runs) -> None:
    nbtrack.autolog()
    model = fit()
    [run] = runs()
    assert run.status == "finished"
    given = {"iterations": 4, **QUIET}
    assert {key: run.params[key] for key in given} == given
    # What nobody has given, and CatBoost has chosen.
    assert run.params["learning_rate"] == pytest.approx(model.learning_rate_)
    assert run.params["loss_function"] == "Logloss"
    seen = model.get_evals_result()
    assert curve(run, "validation-Logloss") == ([0, 1, 2, 3], seen["validation"]["Logloss"])
    assert curve(run, "learn-Logloss") == ([0, 1, 2, 3], seen["learn"]["Logloss"])
    assert run.load_dict(IMPORTANCE) == dict(
        zip(X.columns, model.feature_importances_, strict=True)
    )
    asked = nbtrack.pyfunc.load_model(f"runs:/{run.id}/model")
    assert [each.name for each in asked.signature.inputs] == list(X.columns)
    assert (asked.predict(X) == model.predict(X)).all()
    assert {each.name for each in run.inputs} == {"train", "validation"}


def test_early_stopping_tells_the_best_round(runs: Runs) -> None:
    light()
    model = fit({"iterations": 90, "learning_rate": 1}, early_stopping_rounds=2)
    [run] = runs()
    rounds = len(model.get_evals_result()["validation"]["Logloss"])
    assert rounds < 90
    assert run.metrics["best_iteration"] == model.get_best_iteration()
    assert run.metrics["stopped_iteration"] == rounds - 1
    assert run.metrics["best_score"] == model.get_best_score()["validation"]["Logloss"]
    assert run.params["early_stopping_rounds"] == 2


def test_rounds_without_metrics_are_left_out(runs: Runs) -> None:
    light()
    settings = {"iterations": 6, "metric_period": 2, "use_best_model": False}
    model = fit(settings)
    fit(settings, callbacks=[NbtrackCallback()])
    told, live = (curve(run, "learn-Logloss") for run in runs())
    assert told == live == ([0, 2, 4, 5], model.get_evals_result()["learn"]["Logloss"])


def test_a_training_goes_on_from_a_model(runs: Runs) -> None:
    light()
    with nbtrack.run():
        first = fit()
        second = fit({"iterations": 3}, init_model=first)
    [run] = runs()
    both = [each.get_evals_result()["validation"]["Logloss"] for each in (first, second)]
    assert curve(run, "validation-Logloss") == (list(range(7)), both[0] + both[1])


def test_classes_several_sets_and_metrics_are_told(runs: Runs) -> None:
    light()
    flowers, kinds = load_iris(return_X_y=True)
    model = catboost.CatBoostClassifier(iterations=2, custom_metric=["Accuracy"], **QUIET)
    model.fit(flowers, kinds, eval_set=[(flowers, kinds), (flowers[::2], kinds[::2])])
    [run] = runs()
    seen = model.get_evals_result()
    assert curve(run, "validation_1-Accuracy") == ([0, 1], seen["validation_1"]["Accuracy"])
    assert run.metrics["best_score-validation_0-Accuracy"] <= 1
    assert len(run.load_dict(IMPORTANCE)) == 4


def test_the_function_and_a_ranker_are_told(runs: Runs) -> None:
    nbtrack.autolog(log_datasets=False)
    pool = catboost.Pool(X, Y)
    booster = catboost.train(pool, {"iterations": 2, "loss_function": "RMSE", **QUIET})
    groups = np.repeat(np.arange(20), 10)
    catboost.CatBoostRanker(iterations=2, **QUIET).fit(X, Y, group_id=groups)
    trained, ranked = runs()
    assert curve(trained, "learn-RMSE")[0] == [0, 1]
    asked = nbtrack.pyfunc.load_model(f"runs:/{trained.id}/model")
    assert asked.predict(X) == pytest.approx(booster.predict(X))
    assert [each.name for each in asked.signature.inputs] == list(X.columns)
    # CatBoost leaves importance out where it would be expensive.
    assert IMPORTANCE not in files_of(ranked)
    assert "model" in files_of(ranked)


def test_columns_of_categories_are_trained_and_told(runs: Runs) -> None:
    nbtrack.autolog()
    table = pd.DataFrame({"size": X.iloc[:, 0], "kind": (X.iloc[:, 1] > 18).astype(str)})
    model = catboost.CatBoostClassifier(iterations=2, **QUIET)
    model.fit(table, Y, cat_features=["kind"])
    catboost.CatBoostClassifier(iterations=2, **QUIET).fit(
        catboost.Pool(table, Y, cat_features=["kind"])
    )
    told, pooled = (nbtrack.pyfunc.load_model(f"runs:/{run.id}/model") for run in runs())
    assert [str(each.type) for each in told.signature.inputs] == ["double", "string"]
    assert pooled.signature is None
    assert runs()[0].params["cat_features"] == ["kind"]


def test_a_search_is_told_as_one_training(runs: Runs) -> None:
    light()
    model = catboost.CatBoostClassifier(iterations=2, **QUIET)
    GridSearchCV(model, {"l2_leaf_reg": [1, 2]}, cv=2).fit(X, Y)
    # The search, and its two tries.
    assert sorted("best_l2_leaf_reg" in run.params for run in runs()) == [False, False, True]
    assert not [run for run in runs() if "learn-Logloss" in run.metrics]


def test_two_trainings_in_one_run_are_told_apart(runs: Runs) -> None:
    light()
    with nbtrack.run():
        fit()
        fit({"depth": 3})
    [run] = runs()
    assert run.params["depth"] == 2
    assert run.params["CatBoostClassifier-2.depth"] == 3
    assert len(curve(run, "CatBoostClassifier-2.learn-Logloss")[0]) == 4
    assert files_of(run) == {IMPORTANCE, f"CatBoostClassifier-2.{IMPORTANCE}"}


class _Breaks:
    def __init__(self, error: BaseException) -> None:
        self._error = error

    def after_iteration(self, info: Any) -> bool:
        if info.iteration == 3:
            raise self._error
        return True


def test_a_training_that_fails_fails_its_run(runs: Runs) -> None:
    light()
    with pytest.raises(catboost.CatBoostError) as raised:
        catboost.CatBoostClassifier(iterations=2, loss_function="Nonsense", **QUIET).fit(X, Y)
    frames = traceback.extract_tb(raised.value.__traceback__)
    assert not [each for each in frames if "nbtrack/integrations" in each.filename]
    [run] = runs()
    assert (run.status, run.params["loss_function"]) == ("failed", "Nonsense")


# The callback


def test_the_callback_needs_no_autologging_and_no_run(runs: Runs) -> None:
    model = fit(callbacks=[NbtrackCallback()])
    assert nbtrack.active_run() is None
    [run] = runs()
    assert run.status == "finished"
    seen = model.get_evals_result()["validation"]["Logloss"]
    assert curve(run, "validation-Logloss") == ([0, 1, 2, 3], seen)
    assert run.params == {"iterations": 4, **QUIET}
    assert run.metrics["best_iteration"] == model.get_best_iteration()
    assert files_of(run) == {IMPORTANCE}


def test_the_run_of_a_training_that_failed_ends_with_the_next_training(runs: Runs) -> None:
    with suppress(Exception):
        fit(callbacks=[NbtrackCallback(), _Breaks(OSError("disk"))])
    fit(callbacks=[NbtrackCallback()])
    assert nbtrack.active_run() is None
    failed, finished = runs()
    assert (failed.status, finished.status) == ("failed", "finished")
    assert curve(failed, "learn-Logloss")[0] == [0, 1, 2]
    assert files_of(failed) == set()


def test_autologging_adds_no_second_callback(runs: Runs) -> None:
    light()
    ours = NbtrackCallback()
    fit(callbacks=[ours])
    [run] = runs()
    assert curve(run, "learn-Logloss")[0] == [0, 1, 2, 3]
    assert "learning_rate" in run.params
    nbtrack.autolog(disable=True)
    fit(callbacks=[ours])
    assert len(runs()) == 2


def test_the_callback_is_copied_and_pickled(runs: Runs) -> None:
    ours = NbtrackCallback()
    for each in (ours, copy.deepcopy(ours), pickle.loads(pickle.dumps(ours))):
        fit(callbacks=[each])
    assert [(run.status, files_of(run)) for run in runs()] == [("finished", {IMPORTANCE})] * 3


# Tracked cells


def test_a_tracked_cell_tells_nothing_twice(shell: InteractiveShell, runs: Runs) -> None:
    shell.push({"catboost": catboost, "X": X, "Y": Y, "quiet": QUIET})
    shell.run_cell(
        "%%track\n"
        "model = catboost.CatBoostClassifier(iterations=3, depth=2, verbose=False)\n"
        "model.fit(X, Y)\n"
    )
    shell.run_cell(
        "%%track\n"
        "def go(depth):\n"
        "    catboost.CatBoostClassifier(iterations=3, depth=depth, silent=True).fit(X, Y)\n"
        "go(3)\n"
    )
    seen, hidden = runs()
    assert seen.params == {"model.iterations": 3, "model.depth": 2, "model.verbose": False}
    assert hidden.params == {"iterations": 3, "depth": 3, "silent": True}
    for run in (seen, hidden):
        own = [key for key in run.metrics if not key.startswith("system/")]
        assert own == ["learn-Logloss"]
        assert files_of(run) - {"outputs"} == {IMPORTANCE}
