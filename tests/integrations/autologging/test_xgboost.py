"""XGBoost: what `train`, `cv` and the estimators tell, beside what MLflow tells of the same.

MLflow's names, with these differences. A curve has its rounds and no best one behind them;
that is `best_score`. `cv` is told, which MLflow leaves out. Of feature importance there
is the JSON and no picture. In a tracked cell only chosen settings are told.
"""

from __future__ import annotations

import copy
import pickle
import threading
import traceback
from collections.abc import Callable
from typing import Any

import pytest
import xgboost
from IPython.core.interactiveshell import InteractiveShell
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.model_selection import GridSearchCV

import nbtrack
from nbtrack.integrations.xgboost import NbtrackCallback

Runs = Callable[[], list[Any]]

X, Y = load_breast_cancer(return_X_y=True, as_frame=True)
X, Y = X.iloc[:200, :5], Y.iloc[:200]
PARAMS = {"objective": "binary:logistic", "max_depth": 2, "nthread": 1}


@pytest.fixture(scope="module")
def data() -> tuple[Any, Any]:
    train, test = (slice(0, 120), slice(120, 200))
    return tuple(xgboost.DMatrix(X.iloc[part], Y.iloc[part]) for part in (train, test))


def light() -> None:
    nbtrack.autolog(log_models=False, log_datasets=False)


def curve(run: Any, key: str) -> tuple[list[int], list[float]]:
    points = run.history(key).arrow()
    return points["step"].to_pylist(), points["value"].to_pylist()


def train(data: tuple[Any, Any], **settings: Any) -> tuple[Any, dict[str, Any]]:
    """The booster, and what it saw in its rounds."""
    seen: dict[str, Any] = {}
    settings = {"params": PARAMS, "num_boost_round": 4, "verbose_eval": False} | settings
    sets = [(data[0], "train"), (data[1], "valid")]
    return xgboost.train(dtrain=data[0], evals=sets, evals_result=seen, **settings), seen


def test_a_training_tells_parameters_rounds_importance_and_model(
    data: tuple[Any, Any], runs: Runs
) -> None:
    nbtrack.autolog()
    params = PARAMS | {"eval_metric": ["auc", "error@0.3"]}
    booster, seen = train(data, params=params)
    [run] = runs()
    assert run.status == "finished"
    assert set(run.params) == {
        *params,
        "num_boost_round",
        "maximize",
        "early_stopping_rounds",
        "verbose_eval",
        "custom_metric",
    }
    assert run.params["max_depth"] == 2
    assert curve(run, "valid-auc") == ([0, 1, 2, 3], seen["valid"]["auc"])
    assert curve(run, "train-error_at_0.3") == ([0, 1, 2, 3], seen["train"]["error@0.3"])
    kept = run.load_dict("feature_importance_weight.json")
    assert kept == booster.get_score(importance_type="weight")
    model = nbtrack.load_model(f"runs:/{run.id}/model")
    assert model.predict(data[1]) == pytest.approx(booster.predict(data[1]))
    asked = nbtrack.pyfunc.load_model(f"runs:/{run.id}/model")
    assert [each.name for each in asked.signature.inputs] == list(X.columns)
    assert asked.predict(X.iloc[120:]) == pytest.approx(booster.predict(data[1]))


def test_early_stopping_tells_the_best_round(data: tuple[Any, Any], runs: Runs) -> None:
    light()
    settings = {"params": PARAMS | {"eta": 1}, "num_boost_round": 60}
    booster, seen = train(data, early_stopping_rounds=2, **settings)
    # As a callback of the user's it ends the training before ours is called for the round.
    stopping = xgboost.callback.EarlyStopping(rounds=2)
    train(data, callbacks=[stopping], **settings)
    for run in runs():
        last = len(seen["valid"]["logloss"]) - 1
        assert curve(run, "valid-logloss") == (list(range(last + 1)), seen["valid"]["logloss"])
        results = {key: curve(run, key) for key in ("best_iteration", "stopped_iteration")}
        assert results == {
            "best_iteration": ([0], [booster.best_iteration]),
            "stopped_iteration": ([0], [last]),
        }
        assert curve(run, "best_score")[1] == [pytest.approx(booster.best_score)]


def test_a_training_goes_on_from_a_booster(data: tuple[Any, Any], runs: Runs) -> None:
    light()
    with nbtrack.run():
        first, early = train(data, early_stopping_rounds=50)
        second, late = train(data, xgb_model=first, num_boost_round=3)
        # Another training that begins where the first ended is one of its own.
        train(data, xgb_model=first, num_boost_round=3)
        del second
    [run] = runs()
    both = early["valid"]["logloss"] + late["valid"]["logloss"]
    assert curve(run, "valid-logloss") == (list(range(7)), both)
    assert curve(run, "Booster-2.valid-logloss") == ([0, 1, 2], late["valid"]["logloss"])
    assert curve(run, "best_iteration")[1] == [3]
    assert run.params["num_boost_round"] == 4
    assert run.params["Booster.num_boost_round"] == 3


def test_cross_validation_is_told_by_the_mean(data: tuple[Any, Any], runs: Runs) -> None:
    light()
    found = xgboost.cv(PARAMS, data[0], 4, nfold=2, metrics=["auc"])
    [run] = runs()
    assert curve(run, "test-auc-mean") == ([0, 1, 2, 3], list(found["test-auc-mean"]))
    assert curve(run, "train-auc-std") == ([0, 1, 2, 3], list(found["train-auc-std"]))
    assert (run.params["nfold"], run.params["metrics"]) == (2, ["auc"])


def test_an_estimator_tells_what_it_trains_with_and_keeps_nothing_of_ours(runs: Runs) -> None:
    nbtrack.autolog()
    theirs = [xgboost.callback.LearningRateScheduler(lambda number: 0.5)]
    model = xgboost.XGBClassifier(n_estimators=3, max_depth=2, n_jobs=1, callbacks=theirs)
    flowers, kinds = load_iris(return_X_y=True)
    model.fit(flowers, kinds, eval_set=[(flowers, kinds)], verbose=False)
    assert model.get_params()["callbacks"] is theirs
    assert len(theirs) == 1
    [run] = runs()
    # What it hands to the library, where a problem of three classes has another objective.
    assert run.params["objective"] == "multi:softprob"
    assert (run.params["num_class"], run.params["num_boost_round"]) == (3, 3)
    seen = model.evals_result()["validation_0"]["mlogloss"]
    assert curve(run, "validation_0-mlogloss") == ([0, 1, 2], seen)
    loaded = nbtrack.load_model(f"runs:/{run.id}/model")
    assert type(loaded) is xgboost.XGBClassifier
    assert (loaded.predict(flowers) == model.predict(flowers)).all()
    assert {(each.name, each.context) for each in run.inputs} == {
        ("train", "train"),
        ("validation_0", "eval"),
    }


@pytest.mark.parametrize("booster", ["gblinear", "dart"])
def test_boosters_of_other_kinds_are_told(booster: str, runs: Runs) -> None:
    light()
    flowers, kinds = load_iris(return_X_y=True)
    xgboost.XGBClassifier(n_estimators=2, booster=booster, n_jobs=1).fit(flowers, kinds)
    [run] = runs()
    importance = run.load_dict("feature_importance_weight.json")
    assert set(importance) <= {"f0", "f1", "f2", "f3"}
    assert importance


def test_rows_of_a_quantile_matrix_or_of_categories_give_no_signature(runs: Runs) -> None:
    nbtrack.autolog(log_datasets=False)
    table = X.assign(kind=(X.iloc[:, 0] > 14).astype(str).astype("category"))
    for data in (
        xgboost.QuantileDMatrix(X, Y),
        xgboost.DMatrix(table, Y, enable_categorical=True),
    ):
        xgboost.train(PARAMS | {"tree_method": "hist"}, data, 1)
        run = runs()[-1]
        asked = nbtrack.pyfunc.load_model(f"runs:/{run.id}/model")
        assert asked.signature is None


def test_a_search_is_told_as_one_training(runs: Runs) -> None:
    light()
    model = xgboost.XGBClassifier(n_estimators=2, n_jobs=1)
    GridSearchCV(model, {"max_depth": [1, 2]}, cv=2).fit(X, Y)
    # The search, and its two tries.
    assert sorted("best_max_depth" in run.params for run in runs()) == [False, False, True]
    assert not [run for run in runs() if "num_boost_round" in run.params]


def test_two_trainings_in_one_run_are_told_apart(data: tuple[Any, Any], runs: Runs) -> None:
    light()
    with nbtrack.run():
        train(data)
        train(data, params=PARAMS | {"max_depth": 3})
    [run] = runs()
    assert run.params["max_depth"] == 2
    assert run.params["Booster-2.max_depth"] == 3
    assert len(curve(run, "valid-logloss")[0]) == 4
    assert len(curve(run, "Booster-2.valid-logloss")[0]) == 4
    files = {each.path for each in nbtrack.list_artifacts(run_id=run.id)}
    assert "Booster-2.feature_importance_weight.json" in files


def test_metrics_and_objectives_of_the_users_are_told_by_name(
    data: tuple[Any, Any], runs: Runs
) -> None:
    light()

    def positives(answers: Any, matrix: Any) -> tuple[str, float]:
        return "positives", float((answers > 0.5).sum())

    _, seen = train(data, custom_metric=positives)
    [run] = runs()
    assert curve(run, "valid-positives")[1] == seen["valid"]["positives"]
    assert run.params["custom_metric"].endswith("positives")


class _Breaks(xgboost.callback.TrainingCallback):  # type: ignore[misc]
    def __init__(self, error: BaseException) -> None:
        self._error = error

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        if epoch == 2:
            raise self._error
        return False


@pytest.mark.parametrize(
    ("error", "status"), [(OSError("disk"), "failed"), (KeyboardInterrupt(), "killed")]
)
def test_a_training_that_ends_in_the_middle_keeps_its_rounds(
    error: BaseException, status: str, data: tuple[Any, Any], runs: Runs
) -> None:
    light()
    with pytest.raises(type(error)) as raised:
        train(data, callbacks=[_Breaks(error)])
    assert raised.value is error
    frames = traceback.extract_tb(error.__traceback__)
    assert not [each for each in frames if "nbtrack/integrations" in each.filename]
    [run] = runs()
    assert run.status == status
    assert curve(run, "valid-logloss")[0] == [0, 1]


def test_a_training_in_a_thread_tells_the_run_that_is_open(
    data: tuple[Any, Any], runs: Runs
) -> None:
    light()
    with nbtrack.run():
        thread = threading.Thread(target=train, args=(data,))
        thread.start()
        thread.join()
    [run] = runs()
    assert len(curve(run, "valid-logloss")[0]) == 4


# The callback


def test_the_callback_needs_no_autologging_and_no_run(data: tuple[Any, Any], runs: Runs) -> None:
    _, seen = train(data, callbacks=[NbtrackCallback()])
    [run] = runs()
    assert run.status == "finished"
    assert curve(run, "valid-logloss") == ([0, 1, 2, 3], seen["valid"]["logloss"])
    assert (run.params["max_depth"], run.params["booster"]) == (2, "gbtree")
    assert [each.path for each in nbtrack.list_artifacts(run_id=run.id)] == [
        "feature_importance_weight.json"
    ]


def test_the_callback_tells_the_active_run_or_the_one_it_is_given(
    data: tuple[Any, Any], runs: Runs
) -> None:
    with nbtrack.run("other") as other, nbtrack.run("active"):
        train(data, callbacks=[NbtrackCallback()])
        train(data, callbacks=[NbtrackCallback(other)])
        assert other.status == "running"
    assert {run.name: len(curve(run, "valid-logloss")[0]) for run in runs()} == {
        "other": 4,
        "active": 4,
    }


def test_the_callback_sees_a_cross_validation(data: tuple[Any, Any], runs: Runs) -> None:
    xgboost.cv(PARAMS, data[0], 3, nfold=2, callbacks=[NbtrackCallback()])
    [run] = runs()
    assert curve(run, "test-logloss-mean")[0] == [0, 1, 2]


def test_autologging_adds_no_second_callback(data: tuple[Any, Any], runs: Runs) -> None:
    light()
    ours = NbtrackCallback()
    callbacks = [ours]
    train(data, callbacks=callbacks)
    assert callbacks == [ours]
    [run] = runs()
    assert curve(run, "valid-logloss")[0] == [0, 1, 2, 3]
    assert "num_boost_round" in run.params
    nbtrack.autolog(disable=True)
    train(data, callbacks=callbacks)
    assert len(runs()) == 2


def test_an_estimator_with_the_callback_is_cloned_and_pickled(runs: Runs) -> None:
    model = xgboost.XGBClassifier(n_estimators=2, n_jobs=1, callbacks=[NbtrackCallback()])
    for each in (clone(model), copy.deepcopy(model), pickle.loads(pickle.dumps(model)), model):
        each.fit(X, Y, eval_set=[(X, Y)], verbose=False)
    assert [curve(run, "validation_0-logloss")[0] for run in runs()] == [[0, 1]] * 4


def test_a_training_that_failed_leaves_no_run_open_for_the_next(
    data: tuple[Any, Any], runs: Runs
) -> None:
    ours = NbtrackCallback()
    with pytest.raises(OSError, match="disk"):
        train(data, callbacks=[ours, _Breaks(OSError("disk"))])
    train(data, callbacks=[NbtrackCallback()])
    assert [run.status for run in runs()] == ["failed", "finished"]


# Tracked cells


def test_a_tracked_cell_tells_nothing_twice(shell: InteractiveShell, runs: Runs) -> None:
    shell.push({"xgboost": xgboost, "X": X, "Y": Y, "history": {}})
    shell.run_cell(
        "%%track\n"
        "params = {'objective': 'binary:logistic', 'max_depth': 2}\n"
        "data = xgboost.DMatrix(X, Y)\n"
        "booster = xgboost.train(params, data, 3, evals=[(data, 'train')],\n"
        "                        evals_result=history, verbose_eval=False)\n"
    )
    shell.run_cell(
        "%%track\n"
        "model = xgboost.XGBClassifier(n_estimators=2, max_depth=2)\n"
        "model.fit(X, Y, eval_set=[(X, Y)], verbose=False)\n"
    )
    train, fit = runs()
    assert train.params == {
        "objective": "binary:logistic",
        "max_depth": 2,
        "num_boost_round": 3,
    }
    assert curve(train, "train-logloss")[1] == shell.user_ns["history"]["train"]["logloss"]
    assert fit.params == {"model.n_estimators": 2, "model.max_depth": 2}
    assert curve(fit, "validation_0-logloss")[0] == [0, 1]
    for run in (train, fit):
        own = [key for key in run.metrics if not key.startswith("system/")]
        assert len(own) == 1
        files = {each.path for each in nbtrack.list_artifacts(run_id=run.id)}
        assert files - {"outputs"} == {"feature_importance_weight.json"}


def test_a_key_that_the_cells_own_callback_logs_is_the_users(
    shell: InteractiveShell, runs: Runs
) -> None:
    class Mine(xgboost.callback.TrainingCallback):  # type: ignore[misc]
        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            nbtrack.log({"train-logloss": -1.0}, step=epoch)
            return False

    shell.push({"xgboost": xgboost, "X": X, "Y": Y, "Mine": Mine})
    shell.run_cell(
        "%%track\n"
        "data = xgboost.DMatrix(X, Y)\n"
        "xgboost.train({'objective': 'binary:logistic'}, data, 2, evals=[(data, 'train')],\n"
        "              callbacks=[Mine()], verbose_eval=False)\n"
    )
    [run] = runs()
    assert curve(run, "train-logloss") == ([0, 1], [-1.0, -1.0])
