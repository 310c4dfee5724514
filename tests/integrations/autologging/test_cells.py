"""`%%track` turns it on for its cell, and tells nothing that the cell tells itself."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest
import sklearn.model_selection
from IPython.core.interactiveshell import InteractiveShell
from sklearn.linear_model import LogisticRegression

import nbtrack
from nbtrack.integrations.autologging import record
from nbtrack.integrations.sklearn import EstimatorFit
from nbtrack.magics.trouble import TrackingWarning

Runs = Callable[[], list[Any]]

DATA = """
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression, Ridge
X, y = load_iris(return_X_y=True)
"""


def metrics_of(run: Any) -> dict[str, float]:
    """Those of the cell; the machine's own are sampled where a cell takes seconds."""
    return {key: value for key, value in run.metrics.items() if not key.startswith("system/")}


@pytest.fixture
def cell(shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """``cell(code)`` runs it; what it raises is raised here. No machine is too slow for it."""
    monkeypatch.setattr(record, "_UNNOTICED_S", 60.0)
    shell.run_cell(DATA).raise_error()

    def run(code: str) -> Any:
        result = shell.run_cell(code)
        result.raise_error()
        return result.result

    return run


def test_a_tracked_cell_tells_what_is_trained_where_nobody_sees_it(
    cell: Callable[[str], Any], runs: Runs
) -> None:
    cell(
        "%%track\n"
        "def train(strength):\n"
        "    return LogisticRegression(C=strength, max_iter=500).fit(X, y)\n"
        "accuracy = train(0.5).score(X, y)"
    )
    (run,) = runs()
    # The model has no name in the cell, so that its parameters come from the library.
    assert (run.params["C"], run.params["max_iter"]) == (0.5, 500)
    assert run.metrics["training_score"] == run.metrics["accuracy"]


def test_what_the_cell_shows_itself_is_told_once(cell: Callable[[str], Any], runs: Runs) -> None:
    cell("%%track\nreg = 0.5\nmodel = LogisticRegression(C=reg, max_iter=500).fit(X, y)")
    (run,) = runs()
    assert run.params == {"reg": 0.5, "model.max_iter": 500}
    assert list(metrics_of(run)) == ["training_score"]


def test_a_function_that_an_earlier_cell_imported_by_name_is_seen(
    cell: Callable[[str], Any], shell: InteractiveShell, runs: Runs
) -> None:
    cell("from sklearn.model_selection import cross_validate as validate")
    validate = shell.user_ns["validate"]
    cell("%%track\nscores = validate(Ridge(0.5), X, y, cv=3)['test_score']")
    assert shell.user_ns["validate"] is validate
    (run,) = runs()
    scores = shell.user_ns["scores"]
    assert run.metrics["mean_test_score"] == scores.mean()
    assert run.params == {"alpha": 0.5}


def test_a_function_that_the_cell_itself_imports_is_the_librarys_own_afterwards(
    cell: Callable[[str], Any], shell: InteractiveShell, runs: Runs
) -> None:
    cell(
        "%%track\n"
        "from sklearn.model_selection import cross_validate\n"
        "scores = cross_validate(Ridge(0.5), X, y, cv=3)"
    )
    assert shell.user_ns["cross_validate"] is sklearn.model_selection.cross_validate
    (run,) = runs()
    assert "mean_test_score" in run.metrics


def test_models_of_a_loop_make_curves_of_their_results(
    cell: Callable[[str], Any], runs: Runs
) -> None:
    cell(
        "%%track\n"
        "for C in [0.01, 0.1, 1]:\n"
        "    model = LogisticRegression(C=C, max_iter=500).fit(X, y)\n"
        "    training_score = model.score(X, y)"
    )
    (run,) = runs()
    curve = run.history("training_score").arrow()
    # Once for each turn, though the loop computes it under the same name.
    assert curve["step"].to_pylist() == [0, 1, 2]
    assert not [key for key in run.params if "LogisticRegression-" in key]


def test_the_parameters_of_a_dict_are_told_once(cell: Callable[[str], Any], runs: Runs) -> None:
    cell("settings = {'alpha': 0.25}")
    cell("%%track\ndef train():\n    return Ridge(**settings).fit(X, y)\nr2 = train().score(X, y)")
    (run,) = runs()
    assert run.params == {"settings.alpha": 0.25}


def test_no_model_is_kept_unless_somebody_asked(cell: Callable[[str], Any], runs: Runs) -> None:
    cell("%%track\nmodel = Ridge().fit(X, y)")
    assert nbtrack.list_artifacts(run_id=runs()[-1].id) == []

    nbtrack.autolog()
    cell("%%track\nmodel = Ridge().fit(X, y)")
    run = runs()[-1]
    assert [file.path for file in nbtrack.list_artifacts(run_id=run.id)] == ["model"]
    # The cell has recorded its data itself.
    assert sorted(each.name for each in run.inputs) == ["X", "y"]


def test_only_metrics_keeps_the_others_out(cell: Callable[[str], Any], runs: Runs) -> None:
    cell(
        "%%track --only-metrics training_score --only-params alpha\n"
        "alpha = 0.5\n"
        "def train(): return Ridge(alpha=alpha, max_iter=7).fit(X, y)\n"
        "r2 = train().score(X, y)"
    )
    (run,) = runs()
    assert list(metrics_of(run)) == ["training_score"]
    assert list(run.params) == ["alpha"]


@pytest.mark.parametrize("off", ["%%track --no-infer", "# not tracked"])
def test_a_cell_that_did_not_ask_is_left_alone(
    cell: Callable[[str], Any], runs: Runs, off: str
) -> None:
    cell(f"{off}\nmodel = Ridge().fit(X, y)")
    assert all(not metrics_of(run) for run in runs())


def test_it_is_off_again_after_the_cell_also_after_one_that_raises(
    cell: Callable[[str], Any], shell: InteractiveShell
) -> None:
    fit, finders = LogisticRegression.fit, list(sys.meta_path)
    cell("%%track\nassert hasattr(LogisticRegression.fit, '__nbtrack_training__')")
    assert LogisticRegression.fit is fit
    result = shell.run_cell("%%track\nLogisticRegression(C=-1).fit(X, y)")
    assert isinstance(result.error_in_exec, ValueError)
    assert LogisticRegression.fit is fit
    assert sys.meta_path == finders


def test_disabled_means_in_tracked_cells_too(cell: Callable[[str], Any], runs: Runs) -> None:
    nbtrack.autolog(disable=True)
    cell("%%track\nmodel = Ridge(alpha=0.5).fit(X, y)")
    assert not metrics_of(runs()[0])


def test_a_failure_of_ours_is_told_on_the_run_and_the_cell_runs(
    cell: Callable[[str], Any], runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(EstimatorFit, "end", broken)
    with pytest.warns(TrackingWarning, match="scikit-learn trained: RuntimeError: boom"):
        cell("%%track\nr2 = Ridge().fit(X, y).score(X, y)")
    (run,) = runs()
    assert "boom" in run.facts["tracking.trouble"]
    assert run.metrics["r2"] > 0.9


def test_metrics_that_would_take_long_are_left_out_and_it_is_said(
    cell: Callable[[str], Any], runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "_UNNOTICED_S", 0.2)
    monkeypatch.setattr(record, "_SHARE", 0.0)
    cell(
        "%%track\n"
        "import time\n"
        "class Slow(Ridge):\n"
        "    def predict(self, X):\n"
        "        time.sleep(0.2)\n"
        "        return super().predict(X)\n"
        "slow = Slow().fit([[float(n)] for n in range(3000)], range(3000))"
    )
    (run,) = runs()
    assert not metrics_of(run)
    assert run.facts["autologging.notes"] == "training score of Slow left out: too slow"


def test_a_cell_of_many_small_trainings_is_not_held_up(
    cell: Callable[[str], Any], runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record, "_UNNOTICED_S", 0.02)
    cell("%%track\nfor n in range(300):\n    model = Ridge(alpha=n).fit(X, y)")
    (run,) = runs()
    told = len(run.history("training_score").arrow())
    # Those that fit into a tenth of the cell's time, and it is said that others are left out.
    assert told >= 20
    assert (told < 300) == ("left out: too slow" in run.facts.get("autologging.notes", ""))


def test_a_search_in_a_cell_tells_its_best_and_one_score_and_has_its_tries(
    cell: Callable[[str], Any], runs: Runs
) -> None:
    cell(
        "%%track\n"
        "from sklearn.model_selection import GridSearchCV\n"
        "search = GridSearchCV(Ridge(), {'alpha': [0.1, 1.0]}, cv=2).fit(X, y)"
    )
    parent, *tries = runs()
    assert set(metrics_of(parent)) == {"best_cv_score", "training_r2_score"}
    assert [run.params["alpha"] for run in tries] == [0.1, 1.0]
