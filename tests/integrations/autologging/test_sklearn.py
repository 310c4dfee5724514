"""What is told of scikit-learn's estimators.

Names are those that MLflow 3.17's autologging gave for the same trainings. On purpose we
differ in this: metrics of clusterers are not made up from labels; plots are left to the
notebook; a search, whose score may be any, has no ``training_score``; and its tries tell
the parameters that were tried, not all that the estimator has.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn import metrics
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.datasets import load_diabetes, load_iris, load_wine
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import (
    GridSearchCV,
    RandomizedSearchCV,
    cross_val_score,
    learning_curve,
)
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import nbtrack

Runs = Callable[[], list[Any]]

X, Y = load_wine(return_X_y=True)


@pytest.fixture(autouse=True)
def on(place: object) -> None:
    nbtrack.autolog(log_models=False, log_datasets=False)


def test_a_classifier_tells_its_parameters_and_training_metrics(runs: Runs) -> None:
    model = DecisionTreeClassifier(max_depth=2, random_state=0).fit(X, Y)

    (run,) = runs()
    assert run.params == model.get_params()
    answers, odds = model.predict(X), model.predict_proba(X)
    weighted = {"average": "weighted"}
    expected = {
        "training_score": model.score(X, Y),
        "training_accuracy_score": metrics.accuracy_score(Y, answers),
        "training_precision_score": metrics.precision_score(Y, answers, **weighted),
        "training_recall_score": metrics.recall_score(Y, answers, **weighted),
        "training_f1_score": metrics.f1_score(Y, answers, **weighted),
        "training_log_loss": metrics.log_loss(Y, odds),
        "training_roc_auc": metrics.roc_auc_score(Y, odds, multi_class="ovo", **weighted),
    }
    assert run.metrics == pytest.approx(expected)
    assert run.tags == {
        "estimator_name": "DecisionTreeClassifier",
        "estimator_class": "sklearn.tree._classes.DecisionTreeClassifier",
    }


def test_a_regressor_tells_its_errors(runs: Runs) -> None:
    inputs, targets = load_diabetes(return_X_y=True)
    model = Ridge(alpha=0.5).fit(inputs, targets, sample_weight=np.linspace(0, 1, len(targets)))

    (run,) = runs()
    weights = {"sample_weight": np.linspace(0, 1, len(targets))}
    answers = model.predict(inputs)
    squares = metrics.mean_squared_error(targets, answers, **weights)
    assert run.metrics == pytest.approx(
        {
            "training_score": model.score(inputs, targets, **weights),
            "training_r2_score": metrics.r2_score(targets, answers, **weights),
            "training_mean_squared_error": squares,
            "training_root_mean_squared_error": squares**0.5,
            "training_mean_absolute_error": metrics.mean_absolute_error(
                targets, answers, **weights
            ),
        }
    )


@pytest.mark.parametrize("form", [pd.DataFrame, sparse.csr_matrix, np.ndarray.tolist])
def test_inputs_of_every_kind_are_measured(runs: Runs, form: Callable[[Any], Any]) -> None:
    LinearRegression().fit(form(X), list(Y))
    (run,) = runs()
    assert run.metrics["training_r2_score"] > 0.8


def test_labels_that_are_words_and_two_classes_are_measured(runs: Runs) -> None:
    words = np.where(Y == 1, "yes", "no")
    DecisionTreeClassifier(max_depth=1).fit(X, words)
    (run,) = runs()
    assert run.metrics["training_roc_auc"] > 0.7


@pytest.mark.parametrize(
    "train",
    [
        lambda: KMeans(2, n_init=1).fit(X),
        lambda: IsolationForest(n_estimators=2).fit(X),
        lambda: MultiOutputRegressor(Ridge()).fit(X, X[:, :2]),
    ],
    ids=["clusters", "outliers", "many targets"],
)
def test_what_has_no_plain_truth_tells_parameters_alone(
    runs: Runs, train: Callable[[], Any]
) -> None:
    train()
    (run,) = runs()
    assert run.params
    assert not run.metrics


def test_a_pipeline_tells_of_all_its_steps(runs: Runs) -> None:
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(C=0.5)).fit(X, Y)
    (run,) = runs()
    assert run.params["logisticregression__C"] == 0.5
    assert run.params["standardscaler__with_mean"] is True
    assert run.metrics["training_score"] == pipeline.score(X, Y)


def test_a_search_tells_its_best_and_the_tries_are_child_runs(runs: Runs) -> None:
    search = GridSearchCV(
        DecisionTreeClassifier(random_state=0), {"max_depth": [1, 2, 3]}, cv=3
    ).fit(X, Y)

    parent, *tries = runs()
    assert parent.params["best_max_depth"] == search.best_params_["max_depth"]
    assert parent.metrics["best_cv_score"] == search.best_score_
    assert {run.parent_id for run in tries} == {parent.id}
    assert [run.params["max_depth"] for run in tries] == [1, 2, 3]
    assert [run.metrics["mean_test_score"] for run in tries] == pytest.approx(
        list(search.cv_results_["mean_test_score"])
    )
    assert [run.name for run in tries] == [f"{parent.name}-{n}" for n in (1, 2, 3)]
    assert not [key for run in tries for key in run.metrics if key.startswith("split")]
    table = nbtrack.load_table("cv_results.json", run_ids=[parent.id])
    assert list(table["param_max_depth"]) == [1, 2, 3]


@pytest.mark.parametrize("tree", [DecisionTreeClassifier, DecisionTreeRegressor])
def test_the_model_of_a_search_is_kept_and_loads(runs: Runs, tree: type) -> None:
    nbtrack.autolog(log_datasets=False)
    search = GridSearchCV(tree(random_state=0), {"max_depth": [1, 2]}, cv=2).fit(X, Y)
    loaded = nbtrack.load_model(f"runs:/{runs()[0].id}/model")
    assert (loaded.predict(X) == search.predict(X)).all()


def test_of_a_large_search_the_best_tries_are_runs(runs: Runs) -> None:
    nbtrack.autolog(log_models=False, log_datasets=False, max_tuning_runs=2)
    search = RandomizedSearchCV(
        DecisionTreeClassifier(random_state=0),
        {"max_depth": [1, 2, 3, 4], "criterion": ["gini", "entropy"]},
        n_iter=5,
        cv=2,
        random_state=0,
    ).fit(X, Y)
    parent, *tries = runs()
    ranks = sorted(run.metrics["rank_test_score"] for run in tries)
    assert ranks == sorted(search.cv_results_["rank_test_score"])[:2]
    assert len(nbtrack.load_table("cv_results.json", run_ids=[parent.id])) == 5


def test_a_search_of_several_scores_without_a_refit_is_told(runs: Runs) -> None:
    GridSearchCV(
        DecisionTreeClassifier(random_state=0),
        {"max_depth": [1, 2]},
        scoring=["accuracy", "f1_macro"],
        refit=False,
        cv=2,
        n_jobs=2,
    ).fit(X, Y)
    parent, *tries = runs()
    assert len(tries) == 2
    assert {"mean_test_accuracy", "mean_test_f1_macro"} <= tries[0].metrics.keys()
    assert "best_cv_score" not in parent.metrics


def test_folds_of_a_validation_are_one_record(runs: Runs) -> None:
    scores = cross_val_score(DecisionTreeClassifier(max_depth=2, random_state=0), X, Y, cv=4)
    (run,) = runs()
    assert run.params["max_depth"] == 2
    assert run.metrics == pytest.approx(
        {"mean_test_score": scores.mean(), "std_test_score": scores.std()}
    )


def test_folds_of_what_cannot_be_wrapped_are_no_runs(runs: Runs) -> None:
    learning_curve(DecisionTreeClassifier(), X, Y, cv=2, train_sizes=[0.5])
    assert runs() == []


def test_the_model_is_as_it_would_be_without(runs: Runs) -> None:
    logged = RandomForestClassifier(n_estimators=3, random_state=0).fit(X, Y)
    nbtrack.autolog(disable=True)
    plain = RandomForestClassifier(n_estimators=3, random_state=0).fit(X, Y)
    assert vars(logged).keys() == vars(plain).keys()
    assert (logged.predict_proba(X) == plain.predict_proba(X)).all()
    assert clone(logged).get_params() == plain.get_params()
    assert b"nbtrack" not in pickle.dumps(logged)


def test_the_model_is_kept_with_signature_and_needs_and_predicts(runs: Runs) -> None:
    nbtrack.autolog(log_input_examples=True)
    frame = load_iris(as_frame=True)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(frame.data, frame.target)

    (run,) = runs()
    loaded = nbtrack.pyfunc.load_model(f"runs:/{run.id}/model")
    assert (loaded.predict(frame.data) == model.predict(frame.data)).all()
    assert [each.name for each in loaded.signature.inputs] == list(frame.data.columns)
    lines = loaded.bundle.file("requirements.txt").read_text().splitlines()
    needs = [line.partition("==")[0] for line in lines]
    assert {"scikit-learn", "numpy", "scipy"} <= set(needs)
    assert [(data.name, data.context) for data in run.inputs] == [("X", "train"), ("y", "train")]
    assert len(json.loads(run.text("profile:X"))) == len(frame.data.columns)
