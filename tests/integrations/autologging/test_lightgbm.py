"""LightGBM: what `train`, `cv` and the estimators tell, beside what MLflow tells of the same.

MLflow's names, with these differences. The score of the best round is told; `cv` is, which
MLflow leaves out; of feature importance there is the JSON and no picture. In a tracked cell
only chosen settings are told.
"""

from __future__ import annotations

import copy
import gc
import inspect
import pickle
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.model_selection import GridSearchCV

import nbtrack
from nbtrack.integrations.lightgbm import NbtrackCallback

Runs = Callable[[], list[Any]]

X, Y = load_breast_cancer(return_X_y=True, as_frame=True)
X, Y = X.iloc[:200, :5], Y.iloc[:200]
PARAMS = {"objective": "binary", "num_leaves": 4, "verbose": -1, "num_threads": 1}
QUICK = {"n_estimators": 2, "n_jobs": 1, "verbose": -1}
FILES = {"feature_importance_gain.json", "feature_importance_split.json"}


def light() -> None:
    nbtrack.autolog(log_models=False, log_datasets=False)


def curve(run: Any, key: str) -> tuple[list[int], list[float]]:
    points = run.history(key).arrow()
    return points["step"].to_pylist(), points["value"].to_pylist()


def train(callbacks: Any = (), **settings: Any) -> tuple[Any, dict[str, Any]]:
    """The booster, and what it saw in its rounds."""
    data = lightgbm.Dataset(X.iloc[:120], Y.iloc[:120])
    test = lightgbm.Dataset(X.iloc[120:], Y.iloc[120:], reference=data)
    seen: dict[str, Any] = {}
    booster = lightgbm.train(
        train_set=data,
        valid_sets=[data, test],
        valid_names=["train", "valid"],
        callbacks=[*callbacks, lightgbm.record_evaluation(seen)],
        **{"params": PARAMS, "num_boost_round": 4} | settings,
    )
    return booster, seen


def files_of(run: Any) -> set[str]:
    return {each.path for each in nbtrack.list_artifacts(run_id=run.id)}


def test_a_training_tells_parameters_rounds_importance_and_model(runs: Runs) -> None:
    nbtrack.autolog()
    booster, seen = train()
    [run] = runs()
    assert run.status == "finished"
    assert run.params == PARAMS | {"num_boost_round": 4, "keep_training_booster": False}
    assert curve(run, "valid-binary_logloss") == ([0, 1, 2, 3], seen["valid"]["binary_logloss"])
    assert len(curve(run, "train-binary_logloss")[0]) == 4
    assert "best_iteration" not in run.metrics
    kept = run.load_dict("feature_importance_gain.json")
    assert list(kept) == booster.feature_name()
    assert list(kept.values()) == booster.feature_importance("gain").tolist()
    asked = nbtrack.pyfunc.load_model(f"runs:/{run.id}/model")
    assert [each.name for each in asked.signature.inputs] == list(X.columns)
    assert asked.predict(X) == pytest.approx(booster.predict(X))
    assert [each.name for each in run.inputs] == ["train"]


@pytest.mark.parametrize("given", ["callback", "parameter"])
def test_early_stopping_tells_the_best_round(given: str, runs: Runs) -> None:
    light()
    settings: dict[str, Any] = {"params": PARAMS | {"learning_rate": 0.9}, "num_boost_round": 90}
    if given == "callback":
        settings["callbacks"] = [lightgbm.early_stopping(2, verbose=False)]
    else:
        settings["params"]["early_stopping_round"] = 2
    booster, seen = train(**settings)
    [run] = runs()
    rounds = len(seen["valid"]["binary_logloss"])
    assert rounds < 90
    assert curve(run, "valid-binary_logloss")[1] == seen["valid"]["binary_logloss"]
    assert run.metrics["best_iteration"] == booster.best_iteration
    assert run.metrics["stopped_iteration"] == rounds
    best = booster.best_score["valid"]["binary_logloss"]
    assert run.metrics["best_score-valid-binary_logloss"] == best


def test_a_training_goes_on_from_a_booster(runs: Runs) -> None:
    light()
    with nbtrack.run():
        first, early = train()
        train(init_model=first, num_boost_round=3)
    [run] = runs()
    steps, values = curve(run, "valid-binary_logloss")
    assert steps == list(range(7))
    assert values[:4] == early["valid"]["binary_logloss"]


def test_cross_validation_is_told_by_the_mean(runs: Runs) -> None:
    light()
    stopping = lightgbm.early_stopping(2, verbose=False)
    params = PARAMS | {"learning_rate": 0.9}
    found = lightgbm.cv(params, lightgbm.Dataset(X, Y), 90, nfold=2, callbacks=[stopping])
    [run] = runs()
    mean = found["valid binary_logloss-mean"]
    assert run.metrics["best_iteration"] == len(mean)
    assert curve(run, "valid-binary_logloss-mean")[1][: len(mean)] == mean
    assert len(curve(run, "valid-binary_logloss-std")[0]) == run.metrics["stopped_iteration"]
    assert (run.params["nfold"], run.params["learning_rate"]) == (2, 0.9)


def test_an_estimator_tells_what_it_trains_with_and_keeps_nothing_of_ours(runs: Runs) -> None:
    nbtrack.autolog()
    model = lightgbm.LGBMClassifier(**QUICK)
    before, callbacks = str(model.get_params()), [lightgbm.log_evaluation(0)]
    flowers, kinds = load_iris(return_X_y=True, as_frame=True)
    some, theirs = flowers.iloc[::2], kinds.iloc[::2]
    sets: dict[str, Any] = {"eval_set": [(some, theirs)]}
    if "eval_X" in inspect.signature(model.fit).parameters:
        sets = {"eval_X": some, "eval_y": theirs}
    model.fit(flowers, kinds, callbacks=callbacks, **sets)
    assert str(model.get_params()) == before
    assert len(callbacks) == 1
    [run] = runs()
    # What it hands to the library, where a problem of three classes has another objective.
    assert run.params["objective"] == "multiclass"
    assert (run.params["num_class"], run.params["num_boost_round"]) == (3, 2)
    seen = model.evals_result_["valid_0"]["multi_logloss"]
    assert curve(run, "valid_0-multi_logloss") == ([0, 1], seen)
    assert {(each.name, each.context) for each in run.inputs} == {
        ("train", "train"),
        ("valid_0", "eval"),
    }
    loaded = nbtrack.load_model(f"runs:/{run.id}/model")
    assert (loaded.predict(flowers) == model.predict(flowers)).all()


def test_several_metrics_of_a_ranking_are_told(runs: Runs) -> None:
    light()
    model = lightgbm.LGBMRanker(**QUICK)
    rank = np.arange(200) % 3
    sets: dict[str, Any] = {"eval_set": [(X.iloc[:100], rank[:100])]}
    if "eval_X" in inspect.signature(model.fit).parameters:
        sets = {"eval_X": X.iloc[:100], "eval_y": rank[:100]}
    model.fit(X, rank, group=[100, 100], eval_group=[[100]], eval_at=[1, 3], **sets)
    [run] = runs()
    assert {"valid_0-ndcg_at_1", "valid_0-ndcg_at_3"} <= set(run.metrics)


def test_a_search_is_told_as_one_training(runs: Runs) -> None:
    light()
    GridSearchCV(lightgbm.LGBMClassifier(**QUICK), {"num_leaves": [2, 4]}, cv=2).fit(X, Y)
    # The search, and its two tries.
    assert sorted("best_num_leaves" in run.params for run in runs()) == [False, False, True]
    assert not [run for run in runs() if "num_boost_round" in run.params]


def test_two_trainings_in_one_run_are_told_apart(runs: Runs) -> None:
    light()
    with nbtrack.run():
        train()
        train(params=PARAMS | {"num_leaves": 3})
    [run] = runs()
    assert run.params["num_leaves"] == 4
    assert run.params["Booster-2.num_leaves"] == 3
    assert len(curve(run, "Booster-2.valid-binary_logloss")[0]) == 4
    assert files_of(run) == FILES | {f"Booster-2.{name}" for name in FILES}


def test_data_whose_rows_are_gone_give_no_signature(runs: Runs) -> None:
    nbtrack.autolog()
    data = lightgbm.Dataset(X, Y).construct()
    booster = lightgbm.train(PARAMS, data, 2)
    asked = nbtrack.pyfunc.load_model(f"runs:/{runs()[0].id}/model")
    assert asked.signature is None
    assert asked.predict(X) == pytest.approx(booster.predict(X))


def test_columns_of_categories_are_trained_and_told(runs: Runs) -> None:
    nbtrack.autolog()
    table = pd.DataFrame({"size": X.iloc[:, 0], "kind": (X.iloc[:, 1] > 18).astype(str)})
    table["kind"] = table["kind"].astype("category")
    lightgbm.train(PARAMS, lightgbm.Dataset(table, Y), 2)
    signature = nbtrack.pyfunc.load_model(f"runs:/{runs()[0].id}/model").signature
    assert [str(each.type) for each in signature.inputs] == ["double", "string"]


def breaks(error: BaseException) -> Callable[[Any], None]:
    def callback(env: Any) -> None:
        if env.iteration == 2:
            raise error

    return callback


@pytest.mark.parametrize(
    ("error", "status"), [(OSError("disk"), "failed"), (KeyboardInterrupt(), "killed")]
)
def test_a_training_that_ends_in_the_middle_keeps_its_rounds(
    error: BaseException, status: str, runs: Runs
) -> None:
    light()
    with pytest.raises(type(error)) as raised:
        train([breaks(error)])
    assert raised.value is error
    frames = traceback.extract_tb(error.__traceback__)
    assert not [each for each in frames if "nbtrack/integrations" in each.filename]
    [run] = runs()
    assert run.status == status
    assert curve(run, "valid-binary_logloss")[0] == [0, 1]


# The callback


def test_the_callback_needs_no_autologging_and_no_run(runs: Runs) -> None:
    ours = NbtrackCallback()
    booster, seen = train([ours])
    assert nbtrack.active_run() is None
    [run] = runs()
    assert run.status == "finished"
    assert curve(run, "valid-binary_logloss")[1] == seen["valid"]["binary_logloss"]
    assert run.params == PARAMS | {"num_iterations": 4}
    assert files_of(run) == FILES
    assert "nbtrack" not in booster.params


def test_the_callback_tells_the_best_round_of_a_training_that_stopped(runs: Runs) -> None:
    with nbtrack.run() as mine:
        booster, seen = train(
            [NbtrackCallback(), lightgbm.early_stopping(2, verbose=False)],
            params=PARAMS | {"learning_rate": 0.9},
            num_boost_round=90,
        )
        assert mine.status == "running"
    [run] = runs()
    assert run.metrics["best_iteration"] == booster.best_iteration
    assert run.metrics["stopped_iteration"] == len(seen["valid"]["binary_logloss"])


def test_a_training_that_fails_fails_the_run_of_the_callback(runs: Runs) -> None:
    ours = NbtrackCallback()
    with suppress(OSError):
        train([breaks(OSError("disk")), ours])
    gc.collect()
    assert nbtrack.active_run() is None
    [run] = runs()
    assert run.status == "failed"
    assert curve(run, "valid-binary_logloss")[0] == [0, 1]
    assert files_of(run) == set()


def test_the_callback_sees_a_cross_validation(runs: Runs) -> None:
    lightgbm.cv(PARAMS, lightgbm.Dataset(X, Y), 3, nfold=2, callbacks=[NbtrackCallback()])
    [run] = runs()
    assert run.status == "finished"
    assert curve(run, "valid-binary_logloss-mean")[0] == [0, 1, 2]


def test_autologging_adds_no_second_callback(runs: Runs) -> None:
    light()
    ours = NbtrackCallback()
    train([ours])
    [run] = runs()
    assert curve(run, "valid-binary_logloss")[0] == [0, 1, 2, 3]
    assert run.params["num_boost_round"] == 4
    assert files_of(run) == FILES
    nbtrack.autolog(disable=True)
    train([ours])
    assert len(runs()) == 2


def test_the_callback_is_copied_and_pickled_and_serves_estimators(runs: Runs) -> None:
    ours = NbtrackCallback()
    model = lightgbm.LGBMClassifier(**QUICK)
    for each in (ours, copy.deepcopy(ours), pickle.loads(pickle.dumps(ours))):
        clone(model).fit(X, Y, callbacks=[each])
    assert [(run.status, files_of(run)) for run in runs()] == [("finished", FILES)] * 3


# Tracked cells


def test_a_tracked_cell_tells_nothing_twice(shell: InteractiveShell, runs: Runs) -> None:
    shell.push({"lightgbm": lightgbm, "X": X, "Y": Y, "history": {}})
    shell.run_cell(
        "%%track\n"
        "params = {'objective': 'binary', 'num_leaves': 4, 'verbose': -1}\n"
        "data = lightgbm.Dataset(X, Y)\n"
        "booster = lightgbm.train(params, data, 3, valid_sets=[data], valid_names=['all'],\n"
        "                         callbacks=[lightgbm.record_evaluation(history)])\n"
    )
    shell.run_cell(
        "%%track\nmodel = lightgbm.LGBMClassifier(n_estimators=2, num_leaves=4, verbose=-1)\n"
        "model.fit(X, Y)\n"
    )
    train, fit = runs()
    assert train.params == {
        "objective": "binary",
        "num_leaves": 4,
        "verbose": -1,
        "num_boost_round": 3,
    }
    seen = shell.user_ns["history"]["all"]["binary_logloss"]
    assert curve(train, "all-binary_logloss")[1] == seen
    assert fit.params == {"model.n_estimators": 2, "model.num_leaves": 4, "model.verbose": -1}
    for run, count in ((train, 1), (fit, 0)):
        assert len([key for key in run.metrics if not key.startswith("system/")]) == count
        assert files_of(run) - {"outputs"} == FILES
