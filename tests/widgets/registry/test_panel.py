"""The registry's panel as Python has it: what it shows, answers and follows."""

from __future__ import annotations

import pytest

import nbtrack
from nbtrack.errors import InvalidValue, ModelNotFound
from nbtrack.tracking.active import run
from tests.widgets.saying import HOSTILE, VIEW, say


@pytest.fixture
def registry(place, monkeypatch):
    """Three versions of a model, the first in Production; a gate, which the third does not meet."""
    monkeypatch.setenv("NBTRACK_USER", "ann")
    made = nbtrack.Registry()
    for number, accuracy in enumerate((0.9, 0.95, 0.8), 1):
        with run("forest", n=number) as r:
            r.log(accuracy=accuracy)
            r.keep_artifact("model/MLmodel", b"x")
        made.register(f"runs:/{r.id}/model", "fraud")
    made.transition_stage("fraud", 1, "Production")
    made.set_gates("fraud", where="metrics.accuracy >= 0.9")
    return made


@pytest.fixture
def panel(registry):
    made = nbtrack.RegistryPanel("fraud")
    yield made
    made.close()


def stages(panel):
    return {each["version"]: each["stage"] for each in panel._snapshot["model"]["versions"]}


def test_it_shows_as_a_widget_as_html_and_as_one_line(panel):
    bundle, _ = panel._repr_mimebundle_()
    assert VIEW in bundle
    assert bundle["text/plain"] == "RegistryPanel of 1 model, 1 in Production"
    page = bundle["text/html"]
    assert "<b>fraud</b>" in page
    assert "the version does not fit metrics.accuracy &gt;= 0.9" in page
    assert "version 1 to Production" in page
    assert len(page) < 50_000
    assert "<script" not in page
    assert "<style" not in page


def test_an_empty_store_says_how_to_register(place):
    panel = nbtrack.RegistryPanel()
    assert "No registered models yet" in panel._html()
    assert repr(panel) == "RegistryPanel of 0 models, 0 in Production"
    with pytest.raises(ModelNotFound, match="No registered model 'fraud'"):
        nbtrack.RegistryPanel("fraud")


def test_a_promotion_is_decided_and_drawn(panel, registry):
    seen = panel._snapshot["model"]["seen"]
    answer, _ = say(
        panel, kind="move", name="fraud", version=2, stage="Production", comment="ok", seen=seen
    )
    assert answer["kind"] == "done"
    assert stages(panel) == {1: "Archived", 2: "Production", 3: "None"}
    assert registry.approvals("fraud")["comment"] == ["ok"]
    # What is in Production is held against what was there before it.
    chosen = panel._snapshot["model"]["chosen"]
    assert (chosen["version"], chosen["against"], chosen["against_is"]) == (2, 1, "before it")
    assert [each["passed"] for each in chosen["checks"]] == [True]
    assert (panel.model, panel.version) == ("fraud", 2)


def test_a_refusal_is_told_and_an_override_is_not(panel):
    move = {"kind": "move", "name": "fraud", "version": 3, "stage": "Production", "comment": ""}
    answer, _ = say(panel, **move, seen=panel._snapshot["model"]["seen"])
    assert answer["kind"] == "refused"
    assert "does not fit metrics.accuracy >= 0.9" in answer["message"]
    assert answer["message"].endswith("write why it goes past the gates.")
    assert stages(panel)[1] == "Production"
    say(panel, **move, override="we must", seen=panel._snapshot["model"]["seen"])
    assert stages(panel)[3] == "Production"
    first = panel._snapshot["model"]["history"][0]
    assert (first["how"], first["comment"]) == ("override", "we must")
    assert first["failed"] == ["the version does not fit metrics.accuracy >= 0.9"]
    say(panel, kind="roll_back", name="fraud", comment="", seen=panel._snapshot["model"]["seen"])
    assert stages(panel)[1] == "Production"


def test_who_decides_on_what_was_is_told(panel, registry):
    seen = panel._snapshot["model"]["seen"]
    registry.transition_stage("fraud", 2, "Production")
    answer, _ = say(
        panel, kind="move", name="fraud", version=3, stage="Archived", comment="", seen=seen
    )
    assert answer["kind"] == "error"
    assert "since you looked" in answer["message"]


def test_requests_are_asked_approved_and_rejected(panel, registry):
    for version in (2, 3):
        say(panel, kind="ask", name="fraud", version=version, stage="Staging", comment="try")
    first, second = panel._snapshot["model"]["requests"]
    assert (first["version"], first["by"]) == (3, "ann")
    say(panel, kind="reject", request=first["request"], comment="no")
    say(panel, kind="approve", request=second["request"], comment="yes", seen=10**9)
    assert stages(panel) == {1: "Production", 2: "Staging", 3: "None"}
    assert {each.status for each in registry.requests(status=None)} == {"approved", "rejected"}
    say(panel, kind="comment", version=2, comment="well")
    assert panel._snapshot["model"]["history"][0]["comment"] == "well"


def test_it_follows_the_registry_and_the_run_that_is_looked_at(panel, registry):
    assert not panel._refresh()
    registry.transition_stage("fraud", 2, "Staging")
    assert panel._refresh()
    panel._news()
    assert stages(panel)[2] == "Staging"
    assert not panel._refresh()
    chosen = panel._snapshot["model"]["chosen"]["version"]
    nbtrack.get_run(registry.get_model_version("fraud", chosen).run_id).judge("clean")
    panel._news()
    assert panel._snapshot["model"]["chosen"]["verdict"] == "clean"


def test_traits_choose_what_is_shown(panel, registry):
    registry.create_registered_model("churn")
    panel.version = 2
    assert panel._snapshot["model"]["chosen"]["version"] == 2
    panel.model = "churn"
    assert (panel._snapshot["model"]["name"], panel.version) == ("churn", None)
    with pytest.raises(ModelNotFound):
        panel.model = "chrun"
    assert panel.model == "churn"
    with pytest.raises(InvalidValue, match="A version is a number"):
        panel.version = "first"


def test_a_model_that_is_gone_gives_way_to_another(panel, registry):
    registry.create_registered_model("churn")
    registry.transition_stage("fraud", 1, "Archived")
    registry.delete_registered_model("fraud")
    assert (panel.model, panel.version) == ("fraud", 3)
    panel._news()
    assert panel._snapshot["model"]["name"] == "churn"
    assert (panel.model, panel.version) == ("churn", None)


def test_texts_of_others_are_text(panel, registry):
    name = HOSTILE.replace("/", "").replace(":", "").replace("@", "")
    registry.create_registered_model(name, description=HOSTILE)
    registry.comment(name, None, HOSTILE)
    panel.model = name
    page = panel._html()
    assert "<img src=x" not in page
    assert "&lt;img src=x" in page


def test_what_is_said_beside_a_cell_arrives(panel):
    """As a comm that the page opens brings it: on another thread, answered the usual way."""
    import queue

    from nbtrack.widgets import beside_cells

    answers = queue.SimpleQueue()
    panel.send = lambda content, buffers=None: answers.put(content)
    beside_cells._said.put((panel._beside, {"kind": "choose", "version": 1, "id": "7"}))
    assert answers.get(timeout=20)["id"] == "7"
    assert panel._snapshot["model"]["chosen"]["version"] == 1
