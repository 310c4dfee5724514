"""Gates: a promotion that does not meet them is refused with every reason, and the figures."""

import msgspec
import pytest

import nbtrack
from nbtrack.errors import InvalidFilter, InvalidValue, PromotionRefused, StoreTooNew
from nbtrack.registry.turn import turn_at

SAME, OTHER = {"test": "d1" * 16}, {"test": "d2" * 16}


def refusal(registry, version, name="fraud"):
    """What is said to who promotes a version."""
    with pytest.raises(PromotionRefused) as caught:
        registry.transition_stage(name, version, "Production")
    return str(caught.value)


def register(trained, **facts):
    return nbtrack.register_model(trained(**facts), "fraud").version


def test_a_metric_is_at_least_as_good_as_in_production_on_the_same_data(fraud):
    fraud.set_gates("fraud", metric="accuracy")
    fraud.transition_stage("fraud", 2, "Production")
    said = refusal(fraud, 3)
    assert "0.91 against 0.93 of version 2 in Production: less is worse" in said
    fraud.set_gates("fraud", metric="accuracy", tolerance=0.03)
    assert fraud.transition_stage("fraud", 3, "Production").how == ""


def test_less_is_better_where_the_name_says_so_or_the_user_does(fraud, trained):
    first = register(trained, loss=0.3, data=SAME)
    worse = register(trained, loss=0.4, data=SAME)
    fraud.set_gates("fraud", metric="loss")
    fraud.transition_stage("fraud", first, "Production")
    assert "0.4 against 0.3 of version 4 in Production: more is worse" in refusal(fraud, worse)
    with pytest.raises(InvalidValue, match="'epochs' is better, its name does not tell"):
        fraud.set_gates("fraud", metric="epochs")
    fraud.set_gates("fraud", metric="loss", greater_is_better=True)
    fraud.transition_stage("fraud", worse, "Production")


@pytest.mark.parametrize(
    ("data", "gate", "says"),
    [
        (OTHER, {}, "test is not the same data (d2d2d2d2 against d1d1d1d1); if another data set"),
        ({}, {}, "the two runs have no data of the same name"),
        ({"test": ""}, {}, "test has no digest"),
        (SAME, {"data": "eval"}, "the run of version 4 and 1 read no data 'eval'"),
        (OTHER, {"data": "test"}, "test is not the same data (d2d2d2d2 against d1d1d1d1)\n"),
    ],
)
def test_values_from_other_data_are_not_compared(fraud, trained, data, gate, says):
    better = register(trained, accuracy=0.99, data=data)
    fraud.set_gates("fraud", metric="accuracy", **gate)
    fraud.transition_stage("fraud", 1, "Production")
    assert says in refusal(fraud, better)


def test_a_named_data_set_is_the_one_to_compare_on(fraud, trained):
    better = register(trained, accuracy=0.99, data={**SAME, "train": "t2"})
    worse = register(trained, accuracy=0.99, data={**SAME, "train": "t3"})
    fraud.set_gates("fraud", metric="accuracy", data="test")
    fraud.transition_stage("fraud", better, "Production")
    fraud.transition_stage("fraud", worse, "Production")


def test_a_metric_that_is_missing_or_nan_is_not_good(fraud, trained):
    nan = register(trained, accuracy=float("nan"), data=SAME)
    none = register(trained, loss=0.1, data=SAME)
    fraud.set_gates("fraud", metric=["accuracy", "loss"])
    assert "accuracy of version 4 is NaN" in refusal(fraud, nan)
    assert "accuracy of version 5 was not logged" in refusal(fraud, none)
    fraud.set_gates("fraud", metric="accuracy")
    fraud.transition_stage("fraud", none, "Production", override="to see the other side")
    assert "version 5 in Production has no accuracy to compare with" in refusal(fraud, 1)


def test_a_run_is_clean_or_was_replayed(fraud, trained):
    fraud.set_gates("fraud", verdict=True)
    stale, clean, again = (register(trained, verdict=each) for each in ("stale", "clean", "stale"))
    pending = register(trained, verdict="pending")
    assert "the run's verdict is pending until its notebook is saved" in refusal(fraud, pending)
    assert "the run's verdict is stale; it has to be clean" in refusal(fraud, stale)
    assert "unknown, since no tracked cell made it" in refusal(fraud, 1)
    fraud.transition_stage("fraud", clean, "Production")
    run = nbtrack.get_run(fraud.get_model_version("fraud", again).run_id)
    run.observe({"replayed": "differs"})
    refusal(fraud, again)
    run.observe({"replayed": "matched"})
    fraud.transition_stage("fraud", again, "Production")


def test_somebody_else_than_who_made_it_or_asked_for_it_approves(fraud, acting_as):
    fraud.set_gates("fraud", approver=True)
    assert "approved by ann, made or asked for by ann; somebody else" in refusal(fraud, 1)
    acting_as("bob")
    request = fraud.request_transition("fraud", 1, "Production")
    with pytest.raises(PromotionRefused, match="approved by bob, made or asked for by ann, bob"):
        fraud.approve(request)
    acting_as("eve")
    assert fraud.approve(request).stage_by == "eve"
    # Who had not asked for it may do so without a request.
    assert fraud.transition_stage("fraud", 2, "Production").stage_by == "eve"


def test_a_description_and_a_condition_are_asked_for(fraud):
    fraud.set_gates("fraud", description=True, where="tags.reviewed = 'yes' AND version > 1")
    said = refusal(fraud, 2)
    assert "the version has no description" in said
    assert "does not fit tags.reviewed = 'yes' AND version > 1" in said
    fraud.update_model_version("fraud", 2, "a forest")
    fraud.set_model_version_tag("fraud", 2, "reviewed", "yes")
    assert fraud.transition_stage("fraud", 2, "Production").stage == "Production"


def test_a_refusal_has_every_reason_and_changes_nothing(fraud):
    fraud.transition_stage("fraud", 2, "Production")
    fraud.set_gates("fraud", metric="accuracy", verdict=True, approver=True, description=True)
    before = len(fraud.history())
    with pytest.raises(PermissionError) as caught:
        fraud.transition_stage("fraud", 1, "Production")
    assert [check.gate for check in caught.value.checks] == [
        "metric accuracy",
        "verdict",
        "approver",
        "description",
    ]
    assert str(caught.value).count("✗") == 4
    assert fraud.check("fraud", 1) == list(caught.value.checks)
    assert len(fraud.history()) == before


def test_an_override_needs_a_reason_and_is_told_for_ever(fraud):
    fraud.set_gates("fraud", description=True)
    with pytest.raises(PromotionRefused):
        fraud.transition_stage("fraud", 1, "Production", override=" ")
    moved = fraud.transition_stage(
        "fraud", 1, "Production", comment="tonight", override="the shop is down"
    )
    assert (moved.how, moved.overridden) == ("override", True)
    [row] = fraud.in_production()
    assert (row["how"], row["comment"]) == ("override", "tonight; the shop is down")
    fraud.transition_stage("fraud", 1, "Archived")
    assert fraud.get_model_version("fraud", 1).overridden
    assert "override" in repr(fraud.get_model_version("fraud", 1))
    evidence = nbtrack.sql("SELECT evidence FROM model_history WHERE how = 'override'")["evidence"]
    assert "the version has no description" in evidence[0]


def test_an_override_that_nothing_needs_is_none(fraud):
    moved = fraud.transition_stage("fraud", 1, "Production", override="just in case")
    assert (moved.how, moved.overridden) == ("", False)


def test_gates_ask_nothing_of_other_stages_and_of_a_way_back(fraud):
    fraud.transition_stage("fraud", 1, "Production")
    fraud.transition_stage("fraud", 2, "Production")
    fraud.set_gates("fraud", description=True)
    fraud.transition_stage("fraud", 3, "Staging")
    assert fraud.roll_back("fraud").version == 1


def test_gates_are_declared_as_a_whole_and_kept_in_the_history(fraud):
    fraud.set_gates("fraud", metric="accuracy", comment="agreed on Monday")
    assert fraud.set_gates("fraud", description=True) == fraud.gates("fraud")
    assert fraud.gates("fraud").metrics == ()
    fraud.set_gates("fraud")
    assert not fraud.gates("fraud")
    assert fraud.check("fraud", 1) == []
    told = [row["comment"] for row in fraud.history() if row["change"] == "gates declared"]
    assert told == ["", "", "agreed on Monday"]


@pytest.mark.parametrize(
    ("gate", "error", "says"),
    [
        ({"where": "metric.acc >"}, InvalidFilter, "Expected a number"),
        ({"metric": "acc", "tolerance": 1.5}, InvalidValue, "a share such as 0.01"),
        ({"data": "test"}, InvalidValue, "name the metric, too"),
    ],
)
def test_a_gate_that_means_nothing_is_refused(fraud, gate, error, says):
    with pytest.raises(error, match=says):
        fraud.set_gates("fraud", **gate)


def test_a_gate_of_a_newer_version_lets_nobody_pass(fraud):
    with turn_at(fraud._store) as turn:
        newer = msgspec.json.encode({"bias_audit": True}).decode()
        turn.append("gates declared", turn.model_id("fraud"), value=newer)
    with pytest.raises(StoreTooNew, match="gate that this nbtrack does not know"):
        fraud.transition_stage("fraud", 1, "Production", override="anyway")
