"""Stages: one in Production, requests and answers, the way back, and all of it told."""

import datetime

import pytest

import nbtrack
from nbtrack.errors import InvalidValue, ModelNotFound, RegistryConflict


def stages(registry, name="fraud"):
    """The stage of each version, the first version first."""
    return [each.stage for each in reversed(registry.search_model_versions(f"name = '{name}'"))]


def test_what_is_in_production_is_archived_by_what_comes(fraud):
    moved = fraud.transition_stage("fraud", 1, "production", comment="to begin with")
    assert (moved.stage, moved.stage_by, moved.version) == ("Production", "ann", 1)
    nbtrack.transition_stage("fraud", "2", "Production")
    assert stages(fraud) == ["Archived", "Production", "None"]


def test_two_are_in_production_only_where_that_is_said(fraud):
    fraud.transition_stage("fraud", 1, "Production")
    fraud.transition_stage("fraud", 2, "Production", archive_existing_versions=False)
    assert stages(fraud) == ["Production", "Production", "None"]
    assert fraud.get_registered_model("fraud").in_production == (1, 2)
    assert fraud.resolve("models:/fraud/Production").version == 2
    fraud.transition_stage("fraud", 3, "Production")
    assert stages(fraud) == ["Archived", "Archived", "Production"]


def test_staging_holds_several_unless_they_are_to_be_archived(fraud):
    fraud.transition_stage("fraud", 1, "Staging")
    fraud.transition_stage("fraud", 2, "Staging")
    assert stages(fraud) == ["Staging", "Staging", "None"]
    fraud.transition_model_version_stage("fraud", 3, "Staging", archive_existing_versions=True)
    assert stages(fraud) == ["Archived", "Archived", "Staging"]


@pytest.mark.parametrize(
    ("stage", "says"),
    [("Prod", "did you mean 'Production'"), ("", "A stage is one of None, Staging")],
)
def test_a_stage_that_there_is_not_is_refused(fraud, stage, says):
    with pytest.raises(InvalidValue, match=says):
        fraud.transition_stage("fraud", 1, stage)


def test_a_version_that_is_there_already_is_told_since_when(fraud):
    fraud.transition_stage("fraud", 1, "Staging")
    with pytest.raises(InvalidValue, match=r"in Staging already since \d{4}-"):
        fraud.transition_stage("fraud", 1, "Staging")


def test_who_looked_before_somebody_else_promoted_is_told(fraud, acting_as):
    looked_at = fraud.get_model_version("fraud", 3)
    acting_as("eve")
    fraud.transition_stage("fraud", 2, "Production")
    acting_as("ann")
    with pytest.raises(
        RegistryConflict, match=r"version 2 of 'fraud' went to Production .* by eve"
    ):
        fraud.transition_stage("fraud", looked_at, "Production")
    assert stages(fraud) == ["None", "Production", "None"]
    again = fraud.get_model_version("fraud", 3)
    assert fraud.transition_stage("fraud", again, "Production").stage == "Production"


def test_a_change_that_moved_nothing_stops_nobody(fraud, trained):
    looked_at = fraud.get_model_version("fraud", 3)
    fraud.set_model_version_tag("fraud", 3, "a", 1)
    nbtrack.register_model(trained(), "other")
    fraud.transition_stage("other", 1, "Production")
    assert fraud.transition_stage("fraud", looked_at, "Production").stage == "Production"


def test_each_roll_back_goes_one_further_back(fraud):
    for version in (1, 2, 3):
        fraud.transition_stage("fraud", version, "Production")
    back = fraud.roll_back("fraud", "3 is too slow")
    assert (back.version, back.how) == (2, "roll back")
    assert stages(fraud) == ["Archived", "Production", "Archived"]
    assert fraud.roll_back("fraud").version == 1
    with pytest.raises(InvalidValue, match="Nothing of 'fraud' was in Production before version 1"):
        fraud.roll_back("fraud")
    assert "3 is too slow" in fraud.history("fraud")["comment"]


def test_a_way_back_skips_what_is_deleted_and_needs_something_to_leave(fraud):
    with pytest.raises(InvalidValue, match="Nothing of 'fraud' is in Production"):
        fraud.roll_back("fraud")
    for version in (1, 2, 3):
        fraud.transition_stage("fraud", version, "Production")
    fraud.delete_model_version("fraud", 2)
    assert fraud.roll_back("fraud").version == 1


def test_what_was_rolled_back_from_may_come_again(fraud):
    fraud.transition_stage("fraud", 1, "Production")
    fraud.transition_stage("fraud", 2, "Production")
    fraud.roll_back("fraud")
    fraud.transition_stage("fraud", 2, "Production")
    assert fraud.roll_back("fraud").version == 1


def test_a_request_is_approved_by_somebody_and_both_are_told(fraud, acting_as):
    request = fraud.request_transition("fraud", 2, "Production", "it is better")
    assert [each.request for each in fraud.requests("fraud")] == [request.request]
    acting_as("eve")
    assert fraud.approve(request, "so it is").stage == "Production"
    assert fraud.requests() == []
    [approval] = fraud.approvals("fraud")
    told = ("approved_by", "requested_by", "request", "comment", "author")
    assert [approval[key] for key in told] == ["eve", "ann", "it is better", "so it is", "ann"]
    with pytest.raises(InvalidValue, match="approved by eve already"):
        fraud.reject(request)


def test_a_rejected_request_moves_nothing(fraud):
    request = fraud.request_transition("fraud", 2, "Staging")
    assert fraud.reject(request.request, "not yet").status == "rejected"
    assert stages(fraud) == ["None"] * 3
    [told] = fraud.requests(status=None)
    assert (told.status, told.answer) == ("rejected", "not yet")
    with pytest.raises(ModelNotFound, match="no request 99"):
        fraud.approve(99)


def test_a_request_that_came_true_without_an_answer_is_overtaken(fraud):
    request = fraud.request_transition("fraud", 2, "Staging")
    fraud.transition_stage("fraud", 2, "Staging")
    assert [each.status for each in fraud.requests(status=None)] == ["overtaken"]
    with pytest.raises(InvalidValue, match="overtaken by ann already"):
        fraud.approve(request)


def test_every_change_tells_who_when_why_and_from_where(fraud, acting_as):
    before = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    acting_as("eve")
    fraud.transition_stage("fraud", 2, "Staging", comment="for the trial")
    fraud.comment("fraud", 2, "looks good")
    said, moved = list(fraud.history("fraud"))[:2]
    assert (said["change"], said["comment"], said["user"]) == ("commented", "looks good", "eve")
    assert (moved["version"], moved["key"], moved["comment"]) == (2, "Staging", "for the trial")
    assert moved["ts"] >= before
    assert moved["host"]
    assert [row["number"] for row in fraud.history()] == list(range(len(fraud.history()), 0, -1))
    with pytest.raises(InvalidValue, match="not empty"):
        fraud.comment("fraud", 2, " ")


def told(view):
    """What a view of the registry says, all of it."""
    names = view.search_registered_models()["name"]
    return (
        [repr(view.get_registered_model(name)) for name in names],
        [(repr(v), v.tags, v.description) for v in view.search_model_versions()],
        [(r["name"], r["version"], r["how"]) for r in view.in_production()],
        [(r.request, r.status) for r in view.requests(status=None)],
    )


def test_the_registry_as_it_was_is_what_it_said_then(fraud, trained):
    """After each change the whole is written down; asked for that time later, it is the same."""
    changes = [
        lambda: fraud.transition_stage("fraud", 1, "Production"),
        lambda: fraud.request_transition("fraud", 2, "Production"),
        lambda: fraud.set_model_version_tag("fraud", 2, "reviewed", "yes"),
        lambda: fraud.approve(fraud.requests()[0]),
        lambda: fraud.set_registered_model_alias("fraud", "champion", 2),
        lambda: fraud.rename_registered_model("fraud", "risk"),
        lambda: fraud.delete_model_version("risk", 3),
        lambda: fraud.roll_back("risk"),
        lambda: fraud.register("models:/risk/2", "copy", description="d"),
        lambda: fraud.transition_stage("risk", 1, "Archived"),
        lambda: fraud.delete_registered_model("risk"),
    ]
    written = []
    for change in changes:
        change()
        last = next(iter(fraud.history()))["ts"]
        written.append((last, told(fraud)))
    assert len({str(state) for _, state in written}) == len(changes)
    for time, state in written:
        assert told(fraud.as_of(time)) == state
    assert told(fraud.as_of("2020-01-01")) == ([], [], [], [])
    with pytest.raises(InvalidValue, match="A time is a datetime or text"):
        fraud.as_of("yesterday")
    assert not hasattr(fraud.as_of("2020-01-01"), "transition_stage")


def test_a_clock_that_is_set_back_changes_no_order(fraud, monkeypatch):
    import time

    fraud.transition_stage("fraud", 1, "Production")
    monkeypatch.setattr(time, "time_ns", lambda: 1_000_000_000)
    fraud.transition_stage("fraud", 2, "Production")
    times = fraud.history()["ts"]
    assert times == sorted(times, reverse=True)
    assert fraud.resolve("models:/fraud/Production").version == 2
