from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbtrack.magics.commands import TrackMagic
from nbtrack.magics.line import TrackArguments, constant, parse_line, split_words
from nbtrack.magics.refusal import InvalidCell


def parse(text: str) -> TrackArguments:
    return parse_line(TrackMagic.track.parser, text)


def test_an_empty_line_asks_for_nothing_special():
    assert parse("") == TrackArguments()


def test_name_pairs_and_flags_stand_in_any_order():
    found = parse("-m acc lr=1e-3 forest --nested n=2**7 -t team=vision -e iris --seed 7")
    assert found.name == "forest"
    assert found.overrides == {"lr": 1e-3, "n": 128}
    assert found.metrics == ("acc",)
    assert found.tags == {"team": "vision"}
    assert (found.experiment, found.nested, found.seed) == ("iris", True, 7)


def test_quotes_hold_several_words_together():
    found = parse("""'my first run' --note "better, isn't it?" -t 'why=to see'""")
    assert found.name == "my first run"
    assert found.note == "better, isn't it?"
    assert found.tags == {"why": "to see"}


def test_an_apostrophe_inside_a_word_opens_no_quote():
    assert split_words("--note bob's run") == ["--note", "bob's", "run"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", 0.1),
        ("-1e-3", -1e-3),
        ("2**7", 128),
        ("(64, 32)", (64, 32)),
        ("[1, 2]", [1, 2]),
        ("None", None),
        ("True", True),
        ("rbf", "rbf"),
        ("'0.1'", "0.1"),
        ("data/train.csv", "data/train.csv"),
        ("1/0", "1/0"),
        ("9**9**9", "9**9**9"),
        ("2**99999999", "2**99999999"),
        ("()" * 400, "()" * 400),
        ("__import__('os')", "__import__('os')"),
    ],
)
def test_a_value_is_a_constant_or_the_text_itself(text: str, value: object):
    assert constant(text) == value
    assert type(constant(text)) is type(value)


def test_a_value_may_hold_spaces_inside_brackets():
    assert parse("hidden=(64, 32) run").overrides == {"hidden": (64, 32)}


def test_an_unquoted_value_may_hold_an_equals_sign():
    assert parse("where=a=b").overrides == {"where": "a=b"}


def test_flags_that_restrict_take_several_names():
    found = parse("--only-metrics acc,f1 --only-params lr --only-params depth --no-infer")
    assert found.only_metrics == ("acc", "f1")
    assert found.only_params == ("lr", "depth")
    assert not found.infer


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("--metrics acc", "no flag '--metrics' (did you mean --metric?)"),
        ("--zzz", "no flag '--zzz'"),
        ("-x", "no flag '-x'"),
        ("-m", "expected one argument"),
        ("-m acc -m acc", "'acc' is named twice, by -m"),
        ("-m acc -p acc", "'acc' is named twice, by -m and -p"),
        ("-m acc --only-metrics f1,acc", "'acc' is named twice, by -m and --only-metrics"),
        ("-m 2x", "takes names of variables, got '2x'"),
        ("-m acc,", "takes names of variables, got ''"),
        ("lr=1 lr=2", "lr= is given twice"),
        ("lr=", "lr= has no value"),
        ("a.b=3", "'a.b' in 'a.b=3' is not a name"),
        ("one two", "takes one name, got 'one' and 'two'"),
        ("''", "name is empty"),
        ("--seed x", "--seed takes a whole number"),
        ("--seed -1", "--seed"),
        ("--note 'open", "a quote ' is opened and not closed"),
        ("x=(1, 2", "a bracket is opened and not closed"),
        ("-t =x", "-t takes KEY=VALUE"),
        ("-e ''", "-e takes a name"),
        ("--no-infer=3", "--no-infer"),
        ("status", "%track status"),
    ],
)
def test_a_mistake_is_one_sentence(text: str, said: str):
    with pytest.raises(InvalidCell) as caught:
        parse(text)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.text(max_size=60))
def test_any_text_is_parsed_or_refused_in_one_sentence(text: str):
    try:
        parse(text.replace("\n", " "))
    except InvalidCell as refusal:
        assert "\n" not in str(refusal)  # noqa: PT017


@given(st.lists(st.from_regex(r"[a-z0-9_./-]+", fullmatch=True), max_size=6))
def test_words_without_quotes_are_split_at_spaces(words: list[str]):
    assert split_words("  ".join(words)) == words
