from __future__ import annotations

import queue

import pytest

import nbtrack
from nbtrack.errors import InvalidFilter
from nbtrack.tracking.active import run
from nbtrack.widgets.run_table.widget import RunTable

VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture
def table(store):
    table = RunTable()
    yield table
    table.close()


@pytest.fixture
def sent(table, monkeypatch):
    """What the table sends to its browser."""
    messages = []

    def send(content, buffers=None):
        messages.append((content, buffers))

    monkeypatch.setattr(table, "send", send)
    return messages


def say(table, **intent):
    """As the browser would."""
    table._handle_custom_msg(intent, [])


def test_the_bundle_has_a_widget_html_and_text(table):
    bundle, _ = table._repr_mimebundle_()
    assert set(bundle) == {VIEW, "text/html", "text/plain"}
    assert "<table" in bundle["text/html"]
    assert bundle["text/plain"] == "Runs: 12; parameters depth, model; metrics accuracy, loss"


def test_an_answer_bears_the_intents_id(table, sent):
    say(table, kind="page", id="v-7", offset=0, within=None)
    ((content, buffers),) = sent
    assert (content["id"], content["kind"]) == ("v-7", "page")
    assert len(buffers) == 1


def test_a_mistake_is_answered_and_the_table_stays(table, sent):
    say(table, kind="filter", id="a", text="metrics.accuracy >")
    ((content, _),) = sent
    assert (content["id"], content["kind"], content["about"]) == ("a", "error", "filter")
    assert "column 19" in content["message"]
    assert table.filter == ""


def test_the_traits_follow_the_browser(table, sent):
    seen = []
    table.observe(
        lambda change: seen.append((change["name"], change["new"])), ["filter", "selected"]
    )
    say(table, kind="filter", id="1", text="params.model = 'linear'")
    say(table, kind="sort", id="2", order=[{"column": "metrics.loss", "descending": True}])
    say(table, kind="group", id="3", by="params.depth")
    say(table, kind="select", id="4", runs=["f" * 32], on=True)
    assert table.filter == "params.model = 'linear'"
    assert table.order_by == ["metrics.loss DESC"]
    assert table.group_by == "params.depth"
    assert table.selected == ["f" * 32]
    assert seen == [("filter", "params.model = 'linear'"), ("selected", ["f" * 32])]
    assert all(content["kind"] != "error" for content, _ in sent)


def test_the_browser_follows_the_traits(table):
    table.filter = "metrics.accuracy > 0.58"
    assert table._snapshot["state"]["total"] == 3
    table.order_by = ["metrics.accuracy ASC"]
    assert table._snapshot["state"]["order"] == [
        {"column": "metrics.accuracy", "descending": False}
    ]
    table.pinned = ["metrics.loss"]
    assert table._snapshot["state"]["shown"][0] == "metrics.loss"
    table.columns = ["params.model"]
    assert table._snapshot["state"]["shown"] == ["params.model"]


def test_a_wrong_trait_is_refused_and_the_old_one_stays(table):
    table.filter = "linear"
    with pytest.raises(InvalidFilter):
        table.filter = "metrics.accuracy >"
    assert table.filter == "linear"
    assert table._snapshot["state"]["filter"] == "linear"


def test_arguments_are_the_traits_first_values(store):
    table = RunTable("linear", order_by=["metrics.accuracy ASC"], experiment="wine", pinned=[])
    assert (table.filter, table.order_by) == ("linear", ["metrics.accuracy ASC"])
    assert table._snapshot["state"]["place"] == "wine"
    table.close()


def test_what_is_logged_is_pushed_without_being_asked(table):
    pushed = queue.Queue()
    table.observe(lambda change: pushed.put(change["new"]["state"]["total"]), "_snapshot")
    table._repr_mimebundle_()
    with run("late", experiment="wine"):
        pass
    while pushed.get(timeout=10) != 13:
        pass


def test_a_table_that_nobody_sees_does_not_watch(table, sent):
    assert not table._watch.is_on
    say(table, kind="opened")
    say(table, kind="opened")
    say(table, kind="closed")
    assert table._watch.is_on
    say(table, kind="closed")
    assert not table._watch.is_on
    assert sent == []


def test_closing_ends_the_watching(store):
    table = RunTable()
    table._repr_mimebundle_()
    assert table._watch.is_on
    table.close()
    assert not table._watch.is_on


def test_a_store_in_trouble_is_told_and_the_rows_stay(table, monkeypatch):
    rows = table._snapshot["rows"]
    table._in_trouble(nbtrack.NbtrackError("the database is held by pid 7"))
    assert table._trouble == "the database is held by pid 7"
    assert table._snapshot["rows"] == rows
    table._push()
    assert table._trouble == ""
