"""What widgets on the same runs share."""

from __future__ import annotations

import gc

import pytest

from nbtrack.errors import InvalidFilter
from nbtrack.store import RunQuery
from nbtrack.tracking.active import run as start
from nbtrack.tracking.past import get_run
from nbtrack.widgets.frame import MAX_SELECTED, Frame, Listeners, Selection
from nbtrack.widgets.run_table.widget import RunTable


class Ear:
    def __init__(self):
        self.heard = 0

    def hear(self):
        self.heard += 1


def test_frames_of_the_same_runs_are_one_and_others_are_not(store):
    frame = Frame.shared(store, RunQuery(filter="linear"))
    assert Frame.shared(store, RunQuery(filter="linear", order_by=("metrics.loss ASC",))) is frame
    assert Frame.shared(store, RunQuery(filter="forest")) is not frame
    assert Frame.shared(store, RunQuery(filter="linear", experiments=("wine",))) is not frame
    assert Frame.shared(store, RunQuery(filter="forest")).selection is frame.selection


def test_a_filter_is_told_to_all_who_listen_and_a_mistake_to_none(store):
    frame, ear = Frame(store, RunQuery()), Ear()
    frame.listeners.add(ear.hear)
    frame.set_filter("params.model = 'linear'")
    assert (ear.heard, frame.mode) == (1, "filter")
    with pytest.raises(InvalidFilter):
        frame.set_filter("metrics.accuracy >")
    assert (ear.heard, frame.filter) == (1, "params.model = 'linear'")


def test_who_is_gone_is_not_told(store):
    listeners, ear = Listeners(), Ear()
    listeners.add(ear.hear)
    del ear
    gc.collect()
    listeners.call()


def test_the_selection_keeps_the_order_and_tells_changes_only():
    selection, ear = Selection(), Ear()
    selection.listeners.add(ear.hear)
    selection.add(["b", "a", "b"])
    selection.add(["a"])
    assert (list(selection), ear.heard) == (["b", "a"], 1)
    selection.remove(["b", "z"])
    assert list(selection) == ["a"]
    selection.replace([f"{i:032x}" for i in range(MAX_SELECTED + 5)])
    assert len(selection) == MAX_SELECTED


def test_what_was_read_is_kept_until_the_store_has_news(store):
    frame = Frame(store, RunQuery())
    known = frame.known()
    assert frame.known() is known
    with start("late", experiment="wine"):
        pass
    store.fold()
    assert frame.known().total == known.total + 1


def test_widgets_on_one_store_show_one_selection_and_one_filter(store):
    first, second = RunTable(), RunTable()
    other = RunTable("params.model = 'linear'")
    first.selected = ["run-3", get_run("run-5")]
    assert second.selected == first.selected == other.selected
    assert second._picked == bytes.fromhex("".join(first.selected))
    second.filter = "params.depth = 1"
    assert first.filter == "params.depth = 1"
    assert first._snapshot["state"]["total"] == 3
    assert other.filter == "params.model = 'linear'"
    for table in (first, second, other):
        table.close()


def test_a_selection_may_be_a_frame_of_runs(store):
    from nbtrack.widgets.runs import runs

    table = RunTable()
    table.selected = runs("params.model = 'linear'")
    assert len(table.selected) == 4
    table.close()
