"""The pictures that ``%track`` makes, a command each."""

from __future__ import annotations

import pytest

import nbtrack
from tests.magics.test_extension import completions


def show(shell, line):
    done = shell.run_cell(line, store_history=True)
    done.raise_error()
    return done.result


@pytest.fixture
def swept(shell):
    for i in range(12):
        with nbtrack.run(f"run-{i}", lr=10 ** -(i % 5), depth=i, model="ab"[i % 2]) as run:
            for step in range(3):
                run.log(accuracy=0.5 + i / 100, loss=1 / (1 + step), step=step)
    yield shell
    nbtrack.runs().frame.set_filter("")


COORDINATES = "Parallel coordinates of"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("parallel", f"{COORDINATES} 12 runs across depth, lr, model, loss, accuracy"),
        (
            "parallel 'metrics.accuracy > .55' --axes lr,accuracy --color model",
            f"{COORDINATES} 6 runs across lr, accuracy",
        ),
        ("parallel metrics.accuracy > .55 --axes lr", f"{COORDINATES} 6 runs across lr"),
        ("scatter lr accuracy", "Scatter of 12 runs: accuracy by lr"),
        (
            "scatter --color model depth",
            "Scatter of 12 runs: accuracy by depth, coloured by model",
        ),
        (
            "scatter depth --runs \"params.model = 'a'\"",
            "Scatter of 6 runs: accuracy by depth",
        ),
        ("contour lr depth accuracy --log-x", "Contour of 12 runs: accuracy by lr and depth"),
        ("curves", "Curves of 12 runs: accuracy, loss"),
        ("curves loss --runs 'params.depth < 4' --x relative", "Curves of 4 runs: loss"),
        ("compare run-1 run-2", "Comparison of 2 runs; metrics, parameters differ"),
        ("importance accuracy", "Importance of 12 runs: what accuracy depends on"),
        ("board", "Board of 12 runs: parallel, curves, table"),
        (
            "board --runs 'metrics.accuracy > .55' --widgets scatter,table",
            "Board of 6 runs: scatter, table",
        ),
    ],
)
def test_a_line_makes_the_picture(swept, line, said):
    picture = show(swept, f"%track {line}")
    assert repr(picture) == said
    picture.close()


def test_a_switch_decides_and_its_absence_leaves_it_to_the_values(swept):
    plain, forced = show(swept, "%track scatter depth"), show(swept, "%track scatter depth --log-x")
    assert (plain.log_x, forced.log_x) == (None, True)
    plain.close()
    forced.close()


def test_flags_of_curves_are_its_traits(swept):
    curves = show(swept, "%track curves loss --x time --smoothing .6")
    assert (curves.metrics, curves.x, curves.smoothing) == (["metrics.loss"], "time", 0.6)
    curves.close()


def test_what_is_selected_is_compared_where_no_run_is_named(swept):
    table = nbtrack.runs().table()
    table.selected = ["run-7", "run-3"]
    compared = show(swept, "%track compare")
    assert [nbtrack.get_run(run).name for run in compared.runs] == ["run-7", "run-3"]
    compared.close()
    table.close()


def test_else_the_last_two_cells_of_this_kernel_are_compared(swept, capsys):
    assert not swept.run_cell("%track compare").success
    assert "name runs" in capsys.readouterr().out
    for name in ("first", "second", "third"):
        swept.run_cell(f"%%track {name}\nlr = .1", store_history=True).raise_error()
    compared = show(swept, "%track compare")
    assert [nbtrack.get_run(run).name for run in compared.runs] == ["second", "third"]
    compared.close()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("%track scatter a b c", "unrecognized arguments: c"),
        ("%track importance accuracy --colour model", "unrecognized arguments"),
        ("%track parallel metrics.accuracy >", "InvalidFilter"),
        ("%track parallel lr --runs depth", "takes one filter"),
        ("%track curves los", "No run has the metric 'los'"),
        ("%track curves loss --x steps", "x is 'step', 'time' or 'relative'"),
        ("%track curves loss --smoothing much", "invalid float value"),
        ("%track curves loss --smoothing 1", "smoothing is from 0"),
        ("%track compare run-1 run-12", "No run 'run-12'"),
        ("%track scater", "did you mean scatter"),
        ("%track board rewiev", "No board 'rewiev'"),
        ("%track board --widgets curve", "A board has widgets of the kinds"),
        ("%track board review --widgets curves", "has its own runs and widgets"),
    ],
)
def test_a_mistake_is_one_line(swept, capsys, line, told):
    assert not swept.run_cell(line).success
    out = capsys.readouterr().out
    assert told in out
    assert "Traceback" not in out


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("%track sc", {"scatter"}),
        ("%track scatter d", {"depth"}),
        ("%track scatter metrics.", {"metrics.accuracy"}),
        ("%track scatter lr --", {"--color", "--runs", "--log-x", "--log-y"}),
        ("%track scatter lr --color m", {"model"}),
        ("%track curves l", {"loss"}),
        ("%track curves loss --", {"--runs", "--x", "--smoothing"}),
        ("%track curves --x re", {"relative"}),
        ("%track compare run-1 run-1", {"run-10", "run-11"}),
        ("%track diff run-1", {"run-1", "run-10", "run-11"}),
        ("%track parallel --axes l", {"lr"}),
        ("%track board --w", {"--widgets"}),
    ],
)
def test_tab_completes_columns_and_flags(swept, text, offered):
    assert offered <= completions(swept, text)


@pytest.mark.parametrize("before", ["scatter --runs", "curves", "curves --smoothing"])
def test_no_parameter_is_offered_where_it_would_be_refused(swept, before):
    assert "depth" not in completions(swept, f"%track {before} d")


def test_a_saved_board_is_opened_by_its_name_and_completed(swept):
    saved = nbtrack.board("table", runs="metrics.accuracy > .55").save_as("the review")
    assert "review" in completions(swept, "%track board the")
    for line in ("the review", "'the review'"):
        opened = show(swept, f"%track board {line}")
        assert repr(opened) == "Board 'the review' of 6 runs: table"
        opened.close()
    saved.close()


def test_the_registry_is_shown_by_a_models_name_and_completed(shell):
    registry = nbtrack.Registry()
    for name in ("fraud", "churn"):
        registry.create_registered_model(name)
    assert completions(shell, "%track registry ") == {"churn", "fraud"}
    registry.rename_registered_model("fraud", "fraud detection")
    for line in ("registry fraud detection", "registry 'fraud detection'"):
        panel = show(shell, f"%track {line}")
        assert panel.model == "fraud detection"
    assert show(shell, "%track registry").model == "churn"


def test_the_files_of_a_run_are_shown_by_its_name_or_the_newest(swept):
    names = completions(swept, "%track artifacts ")
    assert len(names) == 12
    for name in (min(names), f"'{max(names)}'"):
        browser = show(swept, f"%track artifacts {name}")
        assert browser._run["name"] == name.strip("'")
        browser.close()
    newest = nbtrack.runs()[0].name
    browser = show(swept, "%track artifacts")
    assert browser._run["name"] == newest
    browser.close()
