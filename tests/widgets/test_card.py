from __future__ import annotations

import math
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbtrack.tracking.direction import higher_is_better
from nbtrack.widgets.card import (
    MAX_HTML_BYTES,
    CardMetric,
    CardParam,
    RunCard,
    duration_text,
    number_text,
    sparkline,
)

RUN_ID = "01" * 12 + "1a2b3c4d"


class Page(HTMLParser):
    """The tags, attributes and text of a card; fails where a tag is left open."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.said = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.said += data + " "

    @property
    def text(self) -> str:
        return " ".join(self.said.split())


def finished(**changes: object) -> RunCard:
    card = {
        "name": "brave-otter",
        "run_id": RUN_ID,
        "status": "finished",
        "experiment": "iris",
        "duration_s": 1.243,
        "params": (CardParam("C", "1.0", "0.1"), CardParam("solver", "lbfgs")),
        "metrics": (
            CardMetric("accuracy", 0.9533, 0.94, 0.9667, "calm-fox"),
            CardMetric("val_loss", 0.2131, 0.2544, 0.25, "calm-fox", (3.0, 2.0, 1.0)),
        ),
        "inferred": "inferred 2 parameters, 2 metrics",
        "last_run": "shy-bear",
    }
    return RunCard(**{**card, **changes})


def test_a_finished_card_says_everything_in_words():
    text = Page(finished().html()).text
    for said in (
        "brave-otter",
        "finished · 1.24 s",
        "iris · 1a2b3c4d",
        "accuracy 0.9533",
        "▲ 0.0133",
        "best 0.9667 calm-fox",
        "C 0.1 → 1.0",
        "solver lbfgs",
        "inferred 2 parameters, 2 metrics",
        "against shy-bear",
    ):
        assert said in text


def test_a_loss_that_falls_is_an_improvement():
    page = finished().html()
    tile = page[page.index("val_loss") :]
    assert re.search(r'color:#2e9d55[^>]*">▼ 0.0413', tile)
    assert "★ best" in tile


def test_a_metric_of_unknown_direction_is_compared_without_praise():
    page = finished(metrics=(CardMetric("n_iter", 37, 40, 30, "x"),)).html()
    assert "▼ 3" in page
    assert "best" not in page
    assert not re.search(r'color:#[0-9a-f]+[^>]*">▼ 3', page)


def test_what_changed_comes_first():
    params = (CardParam("a", "1"), CardParam("z", "2", "3"))
    text = Page(finished(params=params).html()).text
    assert text.index("z 3 → 2") < text.index("a 1")


def test_without_a_past_nothing_is_compared():
    page = finished(metrics=(CardMetric("accuracy", 0.9),), params=(), last_run="").html()
    assert not re.search("[▲▼★→]|against|best", page)


def test_values_that_are_no_numbers_are_shown_and_not_compared():
    page = finished(metrics=(CardMetric("loss", math.nan, 0.3, 0.2, "x"),)).html()
    assert "nan" in page
    assert "▲" not in page.replace("▲▼ against", "")


def test_a_running_card_has_no_duration():
    text = Page(RunCard("brave-otter", RUN_ID, experiment="iris").html()).text
    assert "running…" in text
    assert " s " not in text


def test_a_failed_card_shows_the_error_and_a_killed_one_is_marked():
    assert "ValueError: no" in finished(status="failed", error="ValueError: no").html()
    assert "killed" in finished(status="killed").html()


def test_a_deleted_run_shrinks_to_one_line():
    page = finished(status="deleted").html()
    assert "accuracy" not in page
    assert "inferred" not in page
    assert len(page) < 600


def test_a_folders_name_is_said_to_be_one():
    text = Page(finished(experiment_is_folder=True).html()).text
    assert "iris (folder; notebook's name unknown)" in text


def test_the_plain_text_is_the_same_from_start_to_end_and_from_run_to_run():
    start = RunCard("brave-otter", RUN_ID)
    assert repr(start) == repr(finished(name="calm-fox")) == "nbtrack run"
    assert repr(finished(name="forest", was_named=True)) == "nbtrack run 'forest'"


def test_a_console_gets_the_outcome_in_a_line():
    assert str(finished()) == (
        "brave-otter (1a2b3c4d) finished in 1.24 s · accuracy 0.9533 ▲0.0133"
        " · val_loss 0.2131 ▼0.0413\n  C 0.1 → 1.0"
    )


def test_only_what_jupyters_sanitiser_keeps():
    page = Page(finished(status="failed", error="x", notes=("y",)).html())
    assert page.tags <= {"div", "span", "b"}
    assert page.attributes <= {"style"}


def test_every_colour_reads_without_the_theme_too():
    for style in re.findall(r'style="([^"]*)"', finished(status="failed", error="x").html()):
        colours = re.findall(r"(?:^|;)color:([^;]+)", style)
        if colours:
            assert re.fullmatch(r"#[0-9a-f]{6}", colours[0])
            assert colours[1].startswith("var(--jp-")


hostile = (
    st.text(st.characters(codec=None), max_size=300)
    | st.just("&" * 300)
    | st.just('"><script>alert(1)</script>')
)
numbers = st.floats()
cards = st.builds(
    RunCard,
    name=hostile,
    run_id=st.just(RUN_ID),
    status=st.sampled_from(["running", "finished", "failed", "killed", "deleted", "not tracked"]),
    experiment=hostile,
    experiment_is_folder=st.booleans(),
    duration_s=st.none() | st.floats(min_value=0, max_value=1e7),
    params=st.lists(st.builds(CardParam, hostile, hostile, st.none() | hostile), max_size=40).map(
        tuple
    ),
    metrics=st.lists(
        st.builds(
            CardMetric,
            hostile,
            numbers,
            st.none() | numbers,
            st.none() | numbers,
            hostile,
            st.lists(numbers, max_size=40).map(tuple),
        ),
        max_size=20,
    ).map(tuple),
    inferred=hostile,
    last_run=hostile,
    error=hostile,
    notes=st.lists(hostile, max_size=8).map(tuple),
    was_named=st.booleans(),
)


@given(cards)
def test_any_card_is_small_whole_and_harmless(card: RunCard):
    page = card.html()
    assert len(page.encode()) <= MAX_HTML_BYTES
    assert Page(page).tags <= {"div", "span", "b"}
    assert "\n" not in repr(card)
    str(card)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 ms"),
        (0.0123, "12 ms"),
        (0.9999, "1 s"),
        (1.2345, "1.23 s"),
        (59.99, "1 min 0 s"),
        (200, "3 min 20 s"),
        (7500, "2 h 5 min"),
    ],
)
def test_durations(seconds: float, text: str):
    assert duration_text(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.93333333, "0.9333"),
        (37.0, "37"),
        (12500.0, "12,500"),
        (12500.25, "12,500.2"),
        (1.2345e-5, "1.23e-05"),
        (1e300, "1e+300"),
        (-0.5, "-0.5"),
        (0.0, "0"),
        (math.inf, "inf"),
        (math.nan, "nan"),
    ],
)
def test_numbers(value: float, text: str):
    assert number_text(value) == text


def test_a_curve_is_drawn_with_its_ends_and_at_most_sixteen_blocks():
    drawn = sparkline([float(i) for i in range(1000)])
    assert (len(drawn), drawn[0], drawn[-1]) == (16, "▁", "█")
    assert sparkline([1.0, math.nan, 2.0]) == ""
    assert sparkline([1.0, 1.0, 1.0]) == "▁▁▁"


@pytest.mark.parametrize(
    ("metric", "better"),
    [
        ("accuracy", True),
        ("valAccuracy", True),
        ("test/f1_macro", True),
        ("R2", True),
        ("roc_auc", True),
        ("val_loss", False),
        ("RMSE", False),
        ("log_loss", False),
        ("error rate", False),
        ("accuracy_error", False),
        ("neg_mean_squared_error", True),
        ("rank_test_score", False),
        ("std_test_score", False),
        ("epoch", None),
        ("n_iter", None),
        ("", None),
    ],
)
def test_the_name_tells_whether_more_is_better(metric: str, better: bool | None):
    assert higher_is_better(metric) is better
