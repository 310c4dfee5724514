"""What is asked most of a registry: as a function and as a view, with one answer."""

import pytest

import nbtrack
from nbtrack.errors import InvalidValue, ModelNotFound


@pytest.fixture
def promoted(fraud, trained, acting_as):
    """Version 4 follows version 1 into Production, approved by eve; and another model."""
    fraud.transition_stage("fraud", 1, "Production")
    data = {"test": "d1" * 16, "train": "t9" * 16}
    measured = {"accuracy": 0.95, "system/cpu": 7.0}
    nbtrack.register_model(trained(**measured, data=data, params={"n": 7}), "fraud")
    request = fraud.request_transition("fraud", 4, "Production", "better")
    acting_as("eve")
    fraud.approve(request, "agreed")
    nbtrack.register_model(trained(data={"test": "d1" * 16}), "other")
    return fraud


def view(name, where=""):
    return list(nbtrack.sql(f"SELECT * FROM {name} {where}"))


def test_what_is_in_production_now(promoted):
    [row] = promoted.in_production()
    assert (row["name"], row["version"], row["previous"], row["run"]) == ("fraud", 4, 1, "forest")
    assert (row["promoted_by"], row["comment"]) == ("eve", "agreed")
    assert view("models_in_production") == [row]
    assert list(promoted.in_production("other")) == []


def test_who_approved_it(promoted):
    [row] = promoted.approvals("fraud")
    assert (row["approved_by"], row["requested_by"], row["author"]) == ("eve", "ann", "ann")
    assert view("production_approvals") == [row]


def test_on_what_data(promoted):
    rows = list(promoted.production_data("fraud"))
    assert [(row["data"], row["digest"][:4]) for row in rows] == [
        ("test", "d1d1"),
        ("train", "t9t9"),
    ]
    assert view("production_data", "ORDER BY data") == rows


def test_what_changed_since_the_previous_one(promoted):
    rows = list(promoted.changes("fraud"))
    assert rows == [
        {"kind": "metric", "key": "accuracy", "before": "0.9", "now": "0.95"},
        {"kind": "param", "key": "n", "before": None, "now": "7"},
        {"kind": "data", "key": "train", "before": None, "now": "t9" * 16},
    ]
    seen = view("production_changes", "WHERE name = 'fraud' ORDER BY kind DESC, key")
    assert sorted((r["kind"], r["before"], r["now"]) for r in seen if r["version"] == 4) == sorted(
        (r["kind"], r["before"], r["now"]) for r in rows
    )
    assert {row["previous"] for row in seen} == {1}


def test_what_would_change_if_another_were_promoted(promoted):
    rows = {row["key"]: (row["before"], row["now"]) for row in promoted.changes("fraud", 2)}
    assert rows == {"accuracy": ("0.95", "0.93"), "n": ("7", None), "train": ("t9" * 16, None)}
    assert [row["before"] for row in promoted.changes("fraud", 2, against=3)] == ["0.91"]


def test_there_is_nothing_to_hold_against(registry, trained):
    nbtrack.register_model(trained(), "fraud")
    with pytest.raises(InvalidValue, match="Nothing of 'fraud' is in Production"):
        registry.changes("fraud")
    with pytest.raises(InvalidValue, match="say against="):
        registry.changes("fraud", 1)
    with pytest.raises(ModelNotFound, match="No registered model 'frod'"):
        registry.changes("frod")


@pytest.mark.parametrize("data", ["test", "d1d1d1", "d1" * 16])
def test_which_versions_used_this_data(promoted, data):
    rows = list(promoted.versions_using(data))
    assert [(row["name"], row["version"]) for row in rows] == [
        ("fraud", 4),
        ("fraud", 3),
        ("fraud", 2),
        ("fraud", 1),
        ("other", 1),
    ]
    order = "ORDER BY name, version DESC"
    assert view("model_versions_by_data", f"WHERE data = 'test' {order}") == rows
    assert list(promoted.versions_using("d1")) == []


def test_a_version_shows_its_newest_stage_in_get_latest_versions(promoted):
    newest = {each.stage: each.version for each in promoted.get_latest_versions("fraud")}
    assert newest == {"None": 3, "Production": 4, "Archived": 1}
    assert [each.version for each in promoted.get_latest_versions("fraud", ["production"])] == [4]


def test_an_empty_store_answers(registry):
    assert list(registry.in_production()) == []
    assert list(registry.search_registered_models()) == []
    assert registry.search_model_versions() == []
    assert registry.requests() == []
    assert list(registry.history()) == []
