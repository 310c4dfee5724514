"""Boards: what they share, what is saved of them, and what is told where that cannot be."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

import nbtrack
from nbtrack.errors import BoardNotFound, InvalidValue
from nbtrack.tracking import active
from nbtrack.tracking.active import run
from nbtrack.widgets.board.kinds import KINDS, options_of
from nbtrack.widgets.board.saved import SavedBoard, keep_board
from tests.widgets.saying import HOSTILE, VIEW, say

ALL = tuple(KINDS)
# Of each kind, every option at a value that nobody would choose for you.
CHANGED = {
    "parallel": {
        "axes": ["params.depth", "params.model", "metrics.accuracy"],
        "color": "params.depth",
        "inverted": ["params.depth"],
        "scales": {"metrics.accuracy": "log"},
        "brushes": {"params.depth": [1.0, 2.0], "params.model": ["forest", None]},
    },
    "curves": {
        "metrics": ["metrics.loss"],
        "x": "relative",
        "log_x": True,
        "log_y": ["metrics.loss"],
        "smoothing": 0.6,
        "color": "params.model",
        "ranges": {"metrics.loss": [0.001, 0.5]},
    },
    "scatter": {
        "x": "params.depth",
        "y": "metrics.accuracy",
        "color": "params.model",
        "log_x": True,
        "log_y": False,
    },
    "contour": {
        "x": "params.depth",
        "y": "params.seed",
        "metric": "metrics.accuracy",
        "log_x": False,
        "log_y": True,
    },
    "importance": {"metric": "metrics.loss"},
    "table": {
        "order_by": ["metrics.accuracy DESC"],
        "group_by": "params.model",
        "columns": ["metrics.accuracy", "params.depth"],
        "pinned": ["metrics.accuracy"],
    },
    "compare": {"runs": ["run-3", "run-1"]},
}


def changed(board):
    """The board, with every option of its widgets changed."""
    for cell in board.cells:
        for name, value in CHANGED[cell.kind].items():
            setattr(cell.widget, name, value)
    return board


def options(board):
    return {cell.kind: options_of(cell.kind, cell.widget) for cell in board.cells}


def notes(board):
    return [cell.note for cell in board.cells]


def test_every_option_of_every_kind_is_in_the_round_trip():
    assert {kind: set(CHANGED[kind]) for kind in KINDS} == {
        name: set(kind.options) for name, kind in KINDS.items()
    }


def test_all_options_of_all_kinds_come_back_in_another_process(store):
    board = changed(nbtrack.board(*ALL, runs="params.model = 'forest'", columns=3))
    was, picked = options(board), board.selected
    assert all(was[kind][name] for kind in was for name in was[kind] if name not in _FALSE)
    board.save_as("review")
    store.close()
    program = (
        "import json, sys, nbtrack\n"
        "from nbtrack.widgets.board.kinds import options_of\n"
        "board = nbtrack.open_board('review', store=sys.argv[1])\n"
        "told = {cell.kind: options_of(cell.kind, cell.widget) for cell in board.cells}\n"
        "notes = [cell.note for cell in board.cells]\n"
        "print(json.dumps([told, board.filter, board.columns, board.selected, notes]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, str(store.path)],
        capture_output=True,
        text=True,
        check=True,
    )
    told, filter, columns, selected, said = json.loads(done.stdout)
    assert said == [""] * len(KINDS)
    assert told == was
    assert (filter, columns) == ("params.model = 'forest'", 3)
    # What is brushed is picked.
    assert sorted(selected) == sorted(picked) != []
    board.close()


_FALSE = {"log_x", "log_y"}


def test_widgets_of_a_board_share_the_filter_and_the_selection(store):
    board = nbtrack.board("parallel", "curves", "table")
    board["table"].filter = "params.model = 'linear'"
    assert (board.filter, board["curves"].filter) == (board["table"].filter,) * 2
    board["parallel"].brushes = {"params.depth": [0, 1]}
    assert board.selected == board["table"].selected != []
    say(board, kind="filter", text="")
    assert board["curves"].filter == ""
    say(board, kind="select", runs=[])
    assert (board["table"].selected, board["parallel"].brushes) == ([], {})
    board.close()


def test_widgets_that_are_there_are_put_on_a_board(store):
    runs = nbtrack.runs("metrics.accuracy > .5")
    curves = nbtrack.curves(runs, smoothing=0.3)
    board = nbtrack.board(runs, curves, "scatter", nbtrack.compare("run-1", "run-2"))
    assert board["curves"] is board[1] is curves
    assert repr(board) == "Board of 10 runs: table, curves, scatter, compare"
    board.close()
    # Who made it closes it.
    assert curves.comm is not None
    curves.close()


def test_an_opened_board_is_as_it_was_saved_whatever_was_typed_elsewhere(store):
    nbtrack.board("table", runs="params.depth = 2").save_as("deep")
    elsewhere = nbtrack.board("table", runs="params.depth = 2")
    elsewhere.filter = "params.depth = 1"
    opened = nbtrack.open_board("deep")
    assert opened.filter == "params.depth = 2"
    opened.filter = ""
    assert elsewhere.filter == "params.depth = 1"
    assert nbtrack.curves(opened).frame is opened.frame


def test_a_board_on_an_experiment_opens_on_its_runs_as_they_now_are(store):
    with run("other", experiment="cheese"):
        pass
    nbtrack.board("table", runs=nbtrack.runs(experiment="wine")).save_as("wine")
    with run("late", experiment="wine"):
        pass
    assert repr(nbtrack.open_board("wine")) == "Board 'wine' of 13 runs: table"


@pytest.mark.parametrize("name", [HOSTILE, "a/b", "x" * 500, "'); DROP TABLE base.runs; --"])
def test_boards_of_any_name(store, name):
    board = nbtrack.board("table").save_as(name)
    assert nbtrack.list_boards()["name"] == [name]
    assert nbtrack.open_board(name).name == name
    assert "<img src=x" not in board._html()
    nbtrack.delete_board(name)
    assert nbtrack.list_boards()["name"] == []
    assert nbtrack.list_boards().columns == ["name", "saved", "widgets", "filter"]


@pytest.mark.parametrize("name", ["", "a\nb", "\ud800", 3])
def test_a_name_that_cannot_be_is_refused(store, name):
    board = nbtrack.board("table")
    with pytest.raises(InvalidValue, match="name of a board"):
        board.save_as(name)
    assert (board.name, len(nbtrack.list_boards())) == ("", 0)


def test_a_board_that_is_not_there_is_told_with_the_closest(store):
    nbtrack.board("table").save_as("review")
    with pytest.raises(BoardNotFound, match=r"No board 'reveiw' .*closest: 'review'"):
        nbtrack.open_board("reveiw")
    nbtrack.delete_board("review")
    for gone in (nbtrack.open_board, nbtrack.delete_board):
        with pytest.raises(BoardNotFound, match="List boards with"):
            gone("review")


def test_a_deleted_board_that_is_shown_goes_on_and_is_saved_again(store):
    board = nbtrack.board("table").save_as("review")
    nbtrack.delete_board("review")
    board.filter = "params.depth = 2"
    board.save_as("review")
    assert nbtrack.open_board("review").filter == "params.depth = 2"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("curve",), r"not 'curve'. nbtrack.open_board\('curve'\)"),
        ((3,), "not a int"),
    ],
)
def test_what_is_no_widget_is_told(store, given, told):
    with pytest.raises(InvalidValue, match=told):
        nbtrack.board(*given)


def test_a_widget_on_other_runs_is_told(store, tmp_path):
    with pytest.raises(InvalidValue, match="its curves shows others"):
        nbtrack.board(nbtrack.runs(), nbtrack.curves("params.depth = 1"))
    with run("far", store=tmp_path / "far"):
        pass
    with pytest.raises(InvalidValue, match="A board is on one store"):
        nbtrack.board("table", nbtrack.compare("far", store=tmp_path / "far"))


@pytest.mark.parametrize("columns", [0, 5, "two"])
def test_a_grid_that_cannot_be_is_told(store, columns):
    with pytest.raises(InvalidValue, match="columns is from 1 to 4"):
        nbtrack.board("table", columns=columns)


def test_what_a_newer_version_saved_is_told_in_its_place_and_kept(store):
    hologram = {"kind": "hologram", "options": {"depth": 3}, "new": True}
    cells = [hologram, {"kind": "table"}, "no cell", {"kind": "curves", "options": 7}]
    keep_board(store, "newer", SavedBoard(version=9, cells=cells, columns=99))
    board = nbtrack.open_board("newer")
    assert "no widget 'hologram'" in notes(board)[0]
    assert [cell.widget is None for cell in board.cells] == [True, False, True, True]
    assert "A newer nbtrack saved this board" in board._html()
    assert "cannot be read" in board._html()
    board.save_as("again")
    again = nbtrack.open_board("again")
    assert [cell.saved for cell in again.cells] == [hologram, None, *cells[2:]]


@pytest.mark.parametrize("content", ["", "no json", "[]", '{"version": "x"}', '{"cells": 3}'])
def test_what_is_no_board_is_a_sentence(store, content):
    from nbtrack.events import BoardKept

    writer = store.writer()
    writer.append(BoardKept(writer.now_us(), "odd", content))
    board = nbtrack.open_board("odd")
    assert board.widgets == []
    assert "cannot be read by this nbtrack" in board._html()
    assert nbtrack.list_boards()["name"] == ["odd"]


def test_options_that_the_runs_no_longer_have_are_told_and_the_others_hold(store):
    parallel = {"axes": ["params.gone"], "inverted": ["params.depth"], "scales": 3, "unknown": 1}
    compare = {"runs": ["0" * 32, "run-no-id", nbtrack.get_run("run-1").id]}
    cells = [{"kind": "parallel", "options": parallel}, {"kind": "compare", "options": compare}]
    keep_board(store, "old", SavedBoard(filter="metrics.accuracy >", cells=cells))
    board = nbtrack.open_board("old")
    assert "axes is not as it was saved" in notes(board)[0]
    assert "scales is not as it was saved" in notes(board)[0]
    assert board["parallel"].inverted == ["params.depth"]
    assert notes(board)[1] == "2 runs that were compared are no longer in the store."
    assert board["compare"].runs == compare["runs"][2:]
    assert (board.filter, "Its filter is left out" in board._html()) == ("", True)


def test_without_altair_a_chart_is_a_sentence_and_the_rest_is_there(store, monkeypatch):
    board = nbtrack.board("scatter", "table")
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    picture = board.svg()
    assert "pip install" in picture
    assert picture.count("<image") == 1


def nothing():
    pass


def one():
    with run("only", lr=0.1) as r:
        r.log(loss=1.0, step=0)


def nothing_in_common():
    with run("left", a=1) as left:
        left.log(x=1.0)
    with run("right", b="two") as right:
        right.log(y=2.0)


def constant():
    for i in range(3):
        with run(f"c{i}", lr=i) as r:
            r.log(loss=1.0)


def all_nan():
    for i in range(3):
        with run(f"n{i}", lr=i) as r:
            r.log(loss=float("nan"))


def many_params():
    for i in range(3):
        with run(f"p{i}", **{f"p{n}": n * i for n in range(500)}) as r:
            r.log(loss=float(i))


def hostile():
    for i in range(3):
        with run(f"{HOSTILE} {i}", experiment=HOSTILE) as r:
            r.log_param(HOSTILE, i)
            r.log_metric(HOSTILE, i)


@pytest.mark.parametrize(
    "filled", [nothing, one, nothing_in_common, constant, all_nan, many_params, hostile]
)
def test_every_store_makes_a_board_that_is_drawn_saved_and_opened(place, filled, tmp_path):
    filled()
    total = len(nbtrack.runs())
    board = nbtrack.board(*ALL).save_as("edge")
    runs = f"{total} run{'' if total == 1 else 's'}"
    assert repr(board) == f"Board 'edge' of {runs}: {', '.join(ALL)}"
    page = board._html()
    assert "<script" not in page
    assert "<img src=x" not in page
    assert page.count("<img") >= 5
    assert board.svg().count("<image") == len(ALL)
    opened = nbtrack.open_board("edge")
    assert notes(opened) == [""] * len(ALL)
    assert options(opened) == options(board)
    assert len(opened.df()) == total
    board.close()
    opened.close()


def test_it_shows_as_a_widget_as_html_and_as_one_line(store):
    board = nbtrack.board("parallel", "table")
    bundle, _ = board._repr_mimebundle_()
    assert VIEW in bundle
    assert bundle["text/plain"] == "Board of 12 runs: parallel, table"
    assert bundle["text/html"].count("<img") == bundle["text/html"].count("<table") == 1
    # Its widgets follow the store before their views can say so.
    assert all(widget._watch.is_on for widget in board)
    board.close()
    assert not any(widget._watch.is_on for widget in board.widgets)


def test_it_is_saved_as_a_picture(store, tmp_path):
    board = nbtrack.board("parallel", "scatter", "table")
    assert board.save(tmp_path / "a.png", scale=1).read_bytes()[:4] == b"\x89PNG"
    light, dark = (
        board.save(tmp_path / f"{theme}.svg", theme=theme).read_text()
        for theme in ("light", "dark")
    )
    assert light.count("data:image/svg+xml") == 3
    assert light != dark
    with pytest.raises(InvalidValue, match=r"call save_as\('review'\)"):
        board.save("review")


def test_the_browser_saves_arranges_and_takes_the_data(store):
    board = nbtrack.board("table", runs="params.depth = 2")
    assert say(board, kind="save", name=" review ")[0]["kind"] == "done"
    assert nbtrack.list_boards()["name"] == [board.name] == ["review"]
    say(board, kind="columns", columns=4)
    assert board.columns == board._snapshot["columns"] == 4
    assert "columns is from" in say(board, kind="columns", columns=0)[0]["message"]
    assert "name of a board" in say(board, kind="save", name="a\tb")[0]["message"]
    assert say(board, kind="csv")[0]["csv"].count("\n") == 1 + 3
    assert say(board, kind="svg", theme="dark")[0]["svg"].startswith("<svg")
    board.columns = 1
    assert board._snapshot["columns"] == 1


def test_a_board_sees_new_runs_and_runs_that_are_sent_to_the_trash(store):
    board = nbtrack.board("table")
    with run("late"):
        pass
    assert board._refresh()
    assert repr(board) == "Board of 13 runs: table"
    active.current_store(None)
    nbtrack.delete_run("late")
    assert board._refresh()
    assert board._draw()["state"]["total"] == 12


def test_a_widget_that_is_closed_elsewhere_leaves_its_place(store):
    curves = nbtrack.curves()
    board = nbtrack.board(curves, "table")
    curves.close()
    board.filter = "params.depth = 2"
    assert [cell["note"] for cell in board._snapshot["cells"]] == ["This widget was closed.", ""]
    assert repr(board) == "Board of 3 runs: curves, table"


def test_its_widgets_follow_a_loop_that_logs_all_at_once(store):
    """Each looks on a thread of its own; none may wait for what another one waits with."""
    board = nbtrack.board("curves", "table", "parallel")
    board._repr_mimebundle_()
    shown = [board, *board.widgets]
    patience = time.monotonic() + 30
    with run("live") as live:
        while min(widget._snapshot["state"]["total"] for widget in shown) < 13:
            assert time.monotonic() < patience, "a widget has stopped following"
            live.log(loss=1.0)
            # As the browser asks for it, on this thread.
            say(board, kind="picture")
    board.close()


def test_asking_for_a_widget_that_is_not_there_tells_what_is(store):
    board = nbtrack.board("table", "curves")
    with pytest.raises(InvalidValue, match="no 'scatter'; it has: table, curves"):
        board["scatter"]
