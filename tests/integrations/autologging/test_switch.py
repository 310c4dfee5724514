"""On and off, and what is left of it: nothing; shown on scikit-learn, which is always there."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sklearn
from sklearn import model_selection
from sklearn.base import BaseEstimator
from sklearn.datasets import load_iris
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import nbtrack
from nbtrack.errors import InvalidValue
from nbtrack.integrations.autologging.patches import _subclasses
from nbtrack.integrations.autologging.switch import AutologgingWarning
from nbtrack.integrations.sklearn import EstimatorFit

Runs = Callable[[], list[Any]]

X, Y = load_iris(return_X_y=True)


def tree() -> DecisionTreeClassifier:
    return DecisionTreeClassifier(max_depth=2, random_state=0)


def light(**settings: Any) -> None:
    """Autologging without what takes time and is not asked about here."""
    nbtrack.autolog(log_models=False, log_datasets=False, **settings)


def methods() -> dict[Any, Any]:
    """All that is wrapped, as it is now."""
    kinds = {BaseEstimator, *_subclasses(BaseEstimator)}
    names = ("fit", "__init_subclass__")
    return {
        **{(kind, name): vars(kind).get(name) for kind in kinds for name in names},
        "offered": model_selection.cross_validate,
        "defined": model_selection._validation.cross_validate,
    }


def test_a_training_without_a_run_gets_one_that_ends_with_it(runs: Runs) -> None:
    light()
    model = tree().fit(X, Y)

    (run,) = runs()
    assert run.status == "finished"
    assert run.params["max_depth"] == 2
    assert run.metrics["training_accuracy_score"] == model.score(X, Y)
    assert nbtrack.active_run() is None


def test_a_training_inside_a_run_belongs_to_it(runs: Runs) -> None:
    light()
    with nbtrack.run("mine") as mine:
        tree().fit(X, Y)
        assert mine.status == "running"
        nbtrack.log(after=1.0)

    (run,) = runs()
    assert run.name == "mine"
    assert {"after", "training_accuracy_score"} <= run.metrics.keys()


def test_exclusive_gives_each_training_a_child_run_of_its_own(runs: Runs) -> None:
    light(exclusive=True, extra_tags={"team": "a"})
    with nbtrack.run("mine"):
        tree().fit(X, Y)

    mine, own = runs()
    assert not mine.params
    assert (own.parent_id, own.tags["team"]) == (mine.id, "a")


def test_nothing_is_left_when_it_is_disabled() -> None:
    before, finders = methods(), list(sys.meta_path)
    light()
    assert methods() != before
    light()  # Once more changes nothing.
    nbtrack.autolog(disable=True)
    assert methods() == before
    assert sys.meta_path == finders


def test_what_is_not_loaded_yet_is_logged_when_it_is(tmp_path: Path) -> None:
    program = textwrap.dedent(
        """
        import sys, nbtrack
        nbtrack.set_store(sys.argv[1])
        nbtrack.autolog(log_models=False)
        assert "sklearn" not in sys.modules
        import sklearn.base
        from sklearn.linear_model import LinearRegression
        LinearRegression().fit([[1.0], [2.0], [4.0]], [1.0, 2.0, 3.0])
        (run,) = nbtrack.search_runs(output_format="list")
        assert run.params["fit_intercept"] is True, run.params
        assert 0 < run.metrics["training_r2_score"] < 1
        assert sklearn.base.__loader__ is sklearn.base.__spec__.loader
        assert type(sklearn.base.__loader__).__module__.startswith(("importlib", "_frozen"))
        from sklearn.model_selection import _validation, cross_validate
        wrapped = [cross_validate]
        assert hasattr(cross_validate, "__nbtrack_training__")
        nbtrack.autolog(disable=True)
        own = {cross_validate, _validation.cross_validate, sklearn.model_selection.cross_validate}
        assert own == {wrapped[0].__wrapped__}
        """
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, str(tmp_path / "store")],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_a_training_that_raises_fails_its_run_and_shows_no_frame_of_ours(runs: Runs) -> None:
    light()
    with pytest.raises(ValueError, match="max_depth") as raised:
        DecisionTreeClassifier(max_depth="deep").fit(X, Y)

    files = [frame.filename for frame in traceback.extract_tb(raised.value.__traceback__)]
    assert not [file for file in files if "nbtrack" in Path(file).parts[:-1]]
    (run,) = runs()
    assert run.status == "failed"
    assert "max_depth" in run.text("traceback")


def test_an_interrupted_training_kills_its_run(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    light()

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(DecisionTreeClassifier, "_validate_params", interrupted)
    with pytest.raises(KeyboardInterrupt):
        tree().fit(X, Y)
    (run,) = runs()
    assert run.status == "killed"


def test_a_wrong_call_is_pythons_own_error_and_no_run(runs: Runs) -> None:
    light()
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'y'"):
        tree().fit(X)
    assert runs() == []


@pytest.mark.parametrize("moment", ["begin", "end"])
def test_a_failure_of_ours_costs_one_warning_and_not_the_model(
    runs: Runs, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    def broken(self: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(EstimatorFit, moment, broken)
    light()
    with pytest.warns(AutologgingWarning, match="RuntimeError: boom") as told:
        models = [tree().fit(X, Y), tree().fit(X, Y)]
    assert len(told) == 1
    assert all(model.score(X, Y) > 0.9 for model in models)
    assert [run.status for run in runs()] == ["finished", "finished"]


def test_silent_means_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(EstimatorFit, "begin", broken)
    light(silent=True)
    assert tree().fit(X, Y).score(X, Y) > 0.9  # Warnings are errors here.


def test_a_version_that_was_not_tried_is_told_once_and_logged(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sklearn, "__version__", "99.1.0")
    with pytest.warns(AutologgingWarning, match="sklearn 99.1.0 was not tried"):
        light()
    light()  # Warnings are errors here.
    tree().fit(X, Y)
    assert len(runs()) == 1

    light(disable_for_unsupported_versions=True)
    tree().fit(X, Y)
    assert len(runs()) == 1


def test_an_excluded_library_is_left_alone(runs: Runs) -> None:
    light(exclude_flavors=["sklearn"])
    tree().fit(X, Y)
    assert runs() == []


def test_a_library_that_is_not_known_is_named_with_its_nearest() -> None:
    with pytest.raises(InvalidValue, match=r"'sklaern'.*closest: 'sklearn'"):
        nbtrack.autolog(exclude_flavors=["sklaern"])
    with pytest.raises(InvalidValue, match="takes a list"):
        nbtrack.autolog(exclude_flavors="sklearn")


def test_what_somebody_else_wraps_around_ours_stays_and_works(runs: Runs) -> None:
    light()
    ours = DecisionTreeClassifier.fit
    calls: list[object] = []

    def theirs(self: Any, *args: Any, **kwargs: Any) -> Any:
        calls.append(self)
        return ours(self, *args, **kwargs)

    DecisionTreeClassifier.fit = theirs
    try:
        nbtrack.autolog(disable=True)
        tree().fit(X, Y)
        assert DecisionTreeClassifier.fit is theirs
        assert (len(calls), runs()) == (1, [])
    finally:
        DecisionTreeClassifier.fit = ours.__wrapped__


def test_trainings_inside_a_training_are_its_own_in_its_threads_too(runs: Runs) -> None:
    light()
    models = [("a", tree()), ("b", LogisticRegression(max_iter=1000))]
    VotingClassifier(models, n_jobs=2).fit(X, Y)
    (run,) = runs()
    assert run.tags["estimator_name"] == "VotingClassifier"


def test_threads_with_runs_of_their_own_log_apart(runs: Runs) -> None:
    light()
    both = threading.Barrier(2)

    def work(depth: int) -> None:
        with nbtrack.run(f"depth {depth}"):
            both.wait(60)
            DecisionTreeClassifier(max_depth=depth, random_state=0).fit(X, Y)
            both.wait(60)

    threads = [threading.Thread(target=work, args=(depth,)) for depth in (1, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    told = {run.name: run.params["max_depth"] for run in runs()}
    assert told == {"depth 1": 1, "depth 3": 3}


def test_what_only_prepares_data_is_no_training(runs: Runs) -> None:
    light()
    StandardScaler().fit(X)
    assert runs() == []


def test_a_second_training_of_a_run_tells_what_differs_under_its_own_name(runs: Runs) -> None:
    light()
    with nbtrack.run():
        DecisionTreeRegressor(max_depth=1).fit(X, Y)
        DecisionTreeRegressor(max_depth=2).fit(X, Y)
    (run,) = runs()
    assert (run.params["max_depth"], run.params["DecisionTreeRegressor-2.max_depth"]) == (1, 2)
    assert len([key for key in run.params if "-2." in key]) == 1
    history = run.history("training_r2_score").arrow()
    assert history["step"].to_pylist() == [0, 1]


def test_a_key_that_the_user_logs_is_the_users(runs: Runs) -> None:
    light()
    with nbtrack.run() as mine:
        mine.log(training_r2_score=-5.0)
        DecisionTreeRegressor(max_depth=1).fit(X, Y)
    (run,) = runs()
    assert run.metrics["training_r2_score"] == -5.0


def test_of_many_trainings_in_one_run_only_results_are_told(runs: Runs) -> None:
    light()
    with nbtrack.run():
        for depth in range(1, 24):
            DecisionTreeRegressor(max_depth=depth).fit(X[::10], Y[::10])
    (run,) = runs()
    assert len([key for key in run.params if key.endswith("max_depth")]) == 20
    assert len(run.history("training_r2_score").arrow()) == 23
