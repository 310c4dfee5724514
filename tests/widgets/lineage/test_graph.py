"""A lineage as a widget, from Python: what is drawn, what is told of a box, what it follows."""

from __future__ import annotations

import json

import numpy as np
import pytest

import nbtrack
from nbtrack.widgets.lineage import widget
from tests.widgets.saying import HOSTILE, VIEW, say

TRAIN = np.arange(10.0)


@pytest.fixture
def made(place):
    """Two runs on the same data under two names; of the second a version is registered."""
    with nbtrack.run("first", depth=3):
        nbtrack.log_input(TRAIN, name="old name")
    with nbtrack.run(HOSTILE, experiment="wine") as second:
        second.log(accuracy=0.9)
        nbtrack.log_input(TRAIN, "training", name="train")
        nbtrack.log_input(np.arange(5.0), name="test")
        second.keep_artifact("model/MLmodel", b"flavors: {}")
    nbtrack.register_model(f"runs:/{second.id}/model", "wine", description="the first")
    return second


@pytest.fixture
def graph(made):
    graph = nbtrack.lineage().graph()
    yield graph
    graph.close()


def key(graph, title):
    """The key of the one box that is called so."""
    boxes = [box for column in graph._snapshot["columns"] for box in column]
    [found] = [box["key"] for box in boxes if box["title"] in (title, f"{title}, old name")]
    return found


def test_each_thing_is_a_box_and_each_way_a_line(graph, made):
    columns = graph._snapshot["columns"]
    assert [[box["title"] for box in column] for column in columns] == [
        ["test", "train, old name"],
        [HOSTILE, "first"],
        ["wine 1"],
    ]
    digest = nbtrack.dataset(TRAIN).digest
    assert digest in columns[0][1]["told"]
    data, run = key(graph, "train"), key(graph, HOSTILE)
    assert [data, run] in graph._snapshot["joined"][0]
    assert graph._snapshot["joined"][1] == [[run, key(graph, "wine 1")]]
    assert columns[1][0]["run_id"] == made.id
    json.dumps(graph._snapshot, allow_nan=False)


def test_of_each_box_all_that_is_known_is_told(graph):
    data, _ = say(graph, kind="look", key=key(graph, "train"))
    assert (data["as"], data["data"]["kind"], data["data"]["shape"]) == (
        "data",
        "numpy.ndarray",
        "(10,)",
    )
    run, _ = say(graph, kind="look", key=key(graph, HOSTILE))
    assert run["run"]["metrics"][0]["value"] == 0.9
    version, _ = say(graph, kind="look", key=key(graph, "wine 1"))
    assert version["version"]["uri"] == "models:/wine/1"
    assert version["version"]["description"] == "the first"
    json.dumps([data, run, version], allow_nan=False)
    assert say(graph, kind="look", key="run:nobody")[0]["as"] == "gone"


def test_it_follows_the_store_and_a_purged_run_is_said(graph):
    before = graph._snapshot
    graph._news()
    assert graph._snapshot is before
    with nbtrack.run("third"):
        nbtrack.log_input(np.arange(5.0), name="test")
    graph._news()
    assert repr(graph) == "Lineage: 2 data sets, 3 runs, 1 model version"
    third = key(graph, "third")
    nbtrack.purge("third")
    answer, _ = say(graph, kind="look", key=third)
    assert answer["kind"] == "error"
    graph._news()
    assert len(graph._snapshot["columns"][1]) == 2


def test_what_was_asked_for_stays_what_is_shown(made):
    graph = nbtrack.lineage("models:/wine/latest").graph()
    with nbtrack.run("third"):
        nbtrack.log_input(TRAIN, name="third name")
    graph._news()
    assert repr(graph) == "Lineage: 2 data sets, 1 run, 1 model version"
    graph.close()


def test_of_many_the_first_are_sent(place, monkeypatch):
    monkeypatch.setattr(widget, "MAX_BOXES", 3)
    for number in range(5):
        with nbtrack.run(f"r{number}"):
            nbtrack.log_input(np.arange(float(number + 2)), name=f"d{number}")
    graph = nbtrack.lineage().graph()
    assert [len(column) for column in graph._snapshot["columns"]] == [3, 3, 0]
    assert graph._snapshot["left_out"] == [2, 2, 0]
    graph.close()


def test_it_is_saved_and_shown_as_all_widgets_are(graph, tmp_path):
    bundle, _ = graph._repr_mimebundle_()
    assert set(bundle) == {VIEW, "text/html", "text/plain"}
    assert bundle["text/plain"] == "Lineage: 2 data sets, 2 runs, 1 model version"
    assert "image/svg+xml;base64" in bundle["text/html"]
    assert graph.save(tmp_path / "l.svg").read_text().startswith("<svg")
    assert say(graph, kind="svg", theme="dark")[0]["svg"].startswith("<svg")
    assert "wine" in say(graph, kind="csv")[0]["csv"]
    assert len(graph.df()) == 3


def test_an_empty_store_says_what_to_do(place):
    graph = nbtrack.lineage().graph()
    assert "log_input" in graph._html()
    graph.close()
