"""From data to runs to versions and back, as rows and as a picture."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

import nbtrack
from nbtrack.errors import InvalidValue, ModelNotFound

TRAIN = np.arange(10.0)
TEST = np.arange(5.0)
HEADS = ["Data", "Runs", "Model versions"]
HOSTILE = "<img src=x onerror=alert(1)> 🦦 שלום"


@pytest.fixture
def made(place):
    """Two runs on the same data under two names; of the second a version is registered."""
    with nbtrack.run("first") as first:
        nbtrack.log_input(TRAIN, name="old name")
    with nbtrack.run(HOSTILE, experiment="wine") as second:
        nbtrack.log_input(TRAIN, "training", name=HOSTILE)
        nbtrack.log_input(TEST, "evaluation", name="test")
        second.keep_artifact("model/MLmodel", b"flavors: {}")
    version = nbtrack.register_model(f"runs:/{second.id}/model", "wine")
    return first, second, version


def ways(of=None):
    return [(row["data"], row["run"], row["version"]) for row in nbtrack.lineage(of)]


def test_from_any_of_its_ends(made):
    first, second, version = made
    to_version = [(HOSTILE, HOSTILE, 1), ("test", HOSTILE, 1)]
    everything = [*to_version, ("old name", "first", None)]
    assert sorted(ways()) == sorted(everything)
    for of in (second, second.id, HOSTILE, version, "models:/wine/1", "models:/wine/latest"):
        if of is not HOSTILE:
            assert sorted(ways(of)) == sorted(to_version)
    # The same content is the same data, whatever it is called.
    for of in (TRAIN, nbtrack.dataset(TRAIN), "old name", nbtrack.dataset(TRAIN).digest[:8]):
        assert ways(of) == [(HOSTILE, HOSTILE, 1), ("old name", "first", None)]
    assert ways(first) == ways("first") == [("old name", "first", None)]


def test_it_is_a_view(made):
    rows = nbtrack.sql("SELECT data, name, version FROM lineage WHERE version IS NOT NULL")
    assert {(row["data"], row["name"]) for row in rows} == {(HOSTILE, "wine"), ("test", "wine")}


def test_what_is_unknown_is_said(made):
    with pytest.raises(InvalidValue, match="No run read data called 'nothing'"):
        nbtrack.lineage("nothing")
    with pytest.raises(InvalidValue, match="A int is neither data nor a run"):
        nbtrack.lineage(3)
    with pytest.raises(ModelNotFound):
        nbtrack.lineage("models:/wine/7")


def test_the_graph_has_each_thing_once(made):
    found = nbtrack.lineage()
    assert repr(found) == "Lineage: 2 data sets, 2 runs, 1 model version"
    root = ElementTree.fromstring(found.svg())
    texts = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert [text for text in texts if text in HEADS] == HEADS
    assert texts.count("first") == 1
    assert texts.count("wine 1") == 1
    assert len(list(root.iter("{http://www.w3.org/2000/svg}path"))) == 4
    assert "<img src=" in found._repr_html_()
    assert "onerror" not in found._repr_html_().replace(repr(found), "")


def test_the_picture_is_saved(made, tmp_path):
    assert nbtrack.lineage().save(tmp_path / "l.png").read_bytes()[:4] == b"\x89PNG"
    assert nbtrack.lineage().save(tmp_path / "l.svg", theme="dark").read_text().startswith("<svg")


def test_of_many_the_first_are_drawn(place):
    for number in range(40):
        with nbtrack.run(f"r{number}"):
            nbtrack.log_input(np.arange(float(number + 2)), name=f"d{number}")
    svg = nbtrack.lineage().svg()
    assert svg.count("and 16 more") == 2


def test_an_empty_store_says_what_to_do(place):
    found = nbtrack.lineage()
    assert repr(found) == "Lineage: 0 data sets, 0 runs, 0 model versions"
    assert "log_input" in found._repr_html_()
