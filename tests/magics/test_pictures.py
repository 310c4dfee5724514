"""``%track parallel``, ``scatter``, ``contour``, ``importance`` and ``board``."""

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
            run.log(accuracy=0.5 + i / 100)
    yield shell
    nbtrack.runs().frame.set_filter("")


COORDINATES = "Parallel coordinates of"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("parallel", f"{COORDINATES} 12 runs across depth, lr, model, accuracy"),
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


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("%track scatter a b c", "unrecognized arguments: c"),
        ("%track importance accuracy --colour model", "unrecognized arguments"),
        ("%track parallel metrics.accuracy >", "InvalidFilter"),
        ("%track parallel lr --runs depth", "takes one filter"),
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
        ("%track parallel --axes l", {"lr"}),
        ("%track board --w", {"--widgets"}),
    ],
)
def test_tab_completes_columns_and_flags(swept, text, offered):
    assert offered <= completions(swept, text)


def test_no_column_is_offered_where_a_filter_stands(swept):
    assert "depth" not in completions(swept, "%track scatter --runs d")


def test_a_saved_board_is_opened_by_its_name_and_completed(swept):
    saved = nbtrack.board("table", runs="metrics.accuracy > .55").save_as("the review")
    assert "review" in completions(swept, "%track board the")
    for line in ("the review", "'the review'"):
        opened = show(swept, f"%track board {line}")
        assert repr(opened) == "Board 'the review' of 6 runs: table"
        opened.close()
    saved.close()
