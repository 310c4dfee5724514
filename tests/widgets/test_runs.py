from __future__ import annotations

import subprocess
import sys

import polars
import pytest

import nbtrack
from nbtrack.errors import InvalidFilter, RunNotFound


def test_runs_are_a_frame(store):
    runs = nbtrack.runs("metrics.accuracy > 0.58", order_by="metrics.accuracy ASC")
    assert len(runs) == 3
    frame = runs.df()
    assert list(frame["metrics.accuracy"]) == [0.59, 0.6, 0.61]
    assert isinstance(runs.pl(), polars.DataFrame)
    assert runs.arrow().num_rows == 3
    assert "params.model" in runs.columns
    assert polars.DataFrame(runs).height == 3


def test_runs_are_found_by_name_and_place(store):
    runs = nbtrack.runs()
    assert runs["run-3"].params["depth"] == 3
    assert runs[0].name == "run-11"
    assert runs[-1].name == "run-0"
    assert [r.name for r in runs][:2] == ["run-11", "run-10"]
    assert "run-5" in runs._ipython_key_completions_()
    assert "metrics.accuracy" in runs._ipython_key_completions_()
    assert max(v for v in runs["metrics.accuracy"] if v == v and v is not None) == 0.61


def test_an_unknown_run_is_refused_with_the_closest_name(store):
    with pytest.raises(RunNotFound, match="run-"):
        nbtrack.runs()["run-33"]


def test_a_broken_filter_is_refused_at_the_call(store):
    with pytest.raises(InvalidFilter):
        nbtrack.runs("metrics.accuracy >")


def test_experiments_restrict(store):
    assert len(nbtrack.runs(experiment="wine")) == 12
    assert len(nbtrack.runs(experiment=["beer", "cheese"])) == 0


def test_runs_join_in_sql_like_a_frame(store):
    best = nbtrack.runs("metrics.accuracy > 0.6")
    assert nbtrack.sql("SELECT count(*) AS n FROM best")["n"] == [1]
    assert len(best) == 1


def test_a_console_shows_text_only(store):
    bundle = nbtrack.runs()._repr_mimebundle_()
    assert set(bundle) == {"text/plain"}
    assert "run-11" in bundle["text/plain"]


def test_runs_that_are_logged_later_show(store):
    runs = nbtrack.runs()
    assert "late" not in repr(runs)
    with nbtrack.run("late"):
        pass
    assert len(runs) == 13
    assert "late" in repr(runs)


def test_runs_import_no_widget_until_they_are_shown(store):
    code = (
        "import sys, nbtrack; r = nbtrack.runs(); len(r); repr(r); "
        "assert 'anywidget' not in sys.modules and 'ipywidgets' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={"NBTRACK_STORE": str(store.path), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
