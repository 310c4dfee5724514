"""Runs side by side from Python: what is compared, what traits and intents do, what is saved."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree

import pytest

import nbtrack
from nbtrack.errors import InvalidValue, RunNotFound
from nbtrack.tracking.active import run
from nbtrack.widgets.compare.widget import compare
from nbtrack.widgets.parallel.widget import parallel
from nbtrack.widgets.run_table.widget import RunTable
from tests.widgets.saying import HOSTILE, VIEW, curves, say

PIXEL = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"
    b"\x1f\x15\xc4\x89\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99=\x1d"
    b"\x00\x00\x00\x00IEND\xaeB`\x82"
)


@pytest.fixture
def two(place):
    """Two runs of one experiment that differ in a parameter, the metrics, the code and a figure."""
    for name, lr, accuracy in (("one", 0.1, 0.9), ("two", 0.01, 0.95)):
        with run(name, experiment="wine", lr=lr, seed=7, tags={"team": "a"}, note="n") as r:
            for step in range(5):
                r.log(loss=1 / (step + 1) + lr, step=step)
            r.log(accuracy=accuracy, batch=32)
            r.keep_text("source", f"lr = {lr}\nmodel = fit(lr)\nscore(model)\n")
            r.keep_artifact("figures/1.png", PIXEL + name.encode(), "image/png")
            r.keep_artifact("same.png", PIXEL, "image/png")
    widget = compare("one", "two")
    yield widget
    widget.close()


def names(widget):
    return [head["name"] for head in widget._snapshot["runs"]]


def row(widget, name):
    """A row of the snapshot by the name of what it is about."""
    rows = [row for group in widget._snapshot["groups"] for row in group["rows"]]
    return next(row for row in rows if row["name"] == name)


def group(widget, title):
    return next(g["rows"] for g in widget._snapshot["groups"] if g["title"] == title)


def drawn(widget):
    """The texts in the picture, which must be well-formed."""
    root = ElementTree.fromstring(widget.svg())
    return [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]


def test_what_differs_comes_first_and_what_is_the_same_is_known(two):
    assert [(row["name"], row["same"]) for row in group(two, "Parameters")] == [
        ("lr", False),
        ("seed", True),
    ]
    assert row(two, "lr")["texts"] == ["0.1", "0.01"]
    assert row(two, "lr")["notes"] == ("", "1/10")
    assert repr(two) == "Comparison of 2 runs; metrics, parameters, files differ"


def test_what_was_not_recorded_of_a_run_is_no_difference(two):
    with nbtrack.start_run("one") as r:
        r.keep_text("packages", "numpy==2.0\nscipy==1.9")
    two._news()
    assert [row["same"] for row in group(two, "Packages")] == [True, True]
    with nbtrack.start_run("two") as r:
        r.keep_text("packages", "numpy==2.1\nscipy==1.9")
    two._news()
    assert [(row["name"], row["same"]) for row in group(two, "Packages")] == [
        ("numpy", False),
        ("scipy", True),
    ]


def test_texts_that_differ_beyond_what_is_shown_of_them_differ(place):
    for name in "ab":
        with run(name, text="x" * 5000 + name):
            pass
    widget = compare("a", "b")
    assert not row(widget, "text")["same"]
    assert row(widget, "text")["differs"] == [False, True]
    assert len(row(widget, "text")["texts"][0]) < 2100
    assert len(widget.df().a[0]) == 5001
    widget.close()


def test_metrics_come_as_numbers_with_which_way_is_better(two):
    assert row(two, "accuracy") == {
        "name": "accuracy",
        "same": False,
        "numbers": [0.9, 0.95],
        "higher": True,
    }
    assert row(two, "loss")["higher"] is False
    assert row(two, "batch")["same"]
    page = two._html()
    assert "+0.05" in page
    assert "-0.09" in page


def test_curves_of_both_are_in_one_buffer(two):
    found = curves(two._snapshot)
    assert set(found) == {(run_id, "loss") for run_id in two.runs}
    assert found[two.runs[0], "loss"][0] == 1.1
    assert two._snapshot["keys"] == ("loss",)


def test_code_is_held_against_the_baselines_line_by_line(two):
    (code,) = two._snapshot["code"]
    (change,) = code["changes"]
    marked = [(sign, text) for sign, parts in change["lines"] for text, changed in parts if changed]
    assert marked == [("-", "1"), ("+", "01")]
    assert ">01</span>" in two._html()


def test_pictures_come_when_they_are_asked_for_and_only_those_of_these_runs(two, store):
    figure, same = two._snapshot["figures"]
    assert figure["path"] == "figures/1.png"
    assert len(set(figure["digests"])) == 2
    assert len(set(same["digests"])) == 1
    with run("other") as r:
        r.keep_artifact("secret.png", PIXEL + b"other", "image/png")
    (secret,) = nbtrack.compare("other")._snapshot["figures"][0]["digests"]
    answer, buffers = say(two, kind="figures", digests=[figure["digests"][1], secret])
    assert answer["digests"] == [figure["digests"][1]]
    assert buffers == [PIXEL + b"two"]
    assert two._html().count('src="data:image/png') == 4


def test_the_baseline_changes_runs_swap_and_leave(two):
    one, other = two.runs
    two.swap()
    assert (names(two), two.baseline) == (["two", "one"], other)
    two.baseline = "one"
    assert (names(two), two.baseline) == (["one", "two"], one)
    two.remove("one")
    assert (names(two), two.runs) == (["two"], [other])
    with pytest.raises(InvalidValue, match="not among the runs"):
        two.remove("one")
    two.runs = [nbtrack.get_run("one"), "two"]
    assert names(two) == ["one", "two"]
    with pytest.raises(RunNotFound):
        two.runs = ["three"]
    assert names(two) == ["one", "two"]


def test_a_run_keeps_its_hue_when_others_go_or_come(two):
    hues = {head["name"]: head["hue"] for head in two._snapshot["runs"]}
    two.swap()
    assert {head["name"]: head["hue"] for head in two._snapshot["runs"]} == hues
    two.remove("one")
    with run("late"):
        pass
    two.runs = ["late", "two"]
    assert [head["hue"] for head in two._snapshot["runs"]] == [hues["one"], hues["two"]]


def test_the_browser_chooses_the_runs_and_the_traits_follow(two):
    one, other = two.runs
    assert say(two, kind="runs", runs=[other, one])[0] == {"id": "1", "kind": "done"}
    assert (two.runs, two.baseline) == ([other, one], other)
    answer, _ = say(two, kind="runs", runs=[one] * 9)
    assert answer["kind"] == "error"
    assert "at most 8" in answer["message"]
    say(two, kind="select", runs=[other])
    assert two.selected == [other]
    assert "lr,false,0.01,0.1" in say(two, kind="csv")[0]["csv"].replace('"', "")
    assert say(two, kind="svg", theme="dark")[0]["svg"].startswith("<svg")


def test_runs_may_be_names_ids_runs_a_frame_or_a_list(store):
    first = nbtrack.get_run("run-1")
    for given, expected in [
        (("run-1", "run-2"), ["run-1", "run-2"]),
        ((first, first.short_id, "run-3"), ["run-1", "run-3"]),
        ((["run-4", "run-5"],), ["run-4", "run-5"]),
        ((nbtrack.runs("params.depth = 1 and params.model = 'linear'"),), ["run-9"]),
    ]:
        widget = compare(*given)
        assert names(widget) == expected
        widget.close()
    with pytest.raises(InvalidValue, match="not a int"):
        compare(7)
    with pytest.raises(RunNotFound, match="closest: 'run-"):
        compare("run-1", "run-x")
    with pytest.raises(InvalidValue, match="12 runs, and a comparison shows at most 8"):
        compare(nbtrack.runs())
    with pytest.raises(InvalidValue, match="at most 8 runs, not 9"):
        compare(*[f"run-{i}" for i in range(9)])


def test_a_run_of_another_store_is_refused(two, tmp_path):
    with run("far", store=tmp_path / "other") as far:
        pass
    with pytest.raises(RunNotFound, match="runs of the same store"):
        compare("one", nbtrack.get_run("far", store=tmp_path / "other"), store=two.store.path)
    with pytest.raises(RunNotFound, match="runs of the same store"):
        two.runs = [far]
    assert names(two) == ["one", "two"]


def test_a_widget_gives_what_is_selected_in_it_and_so_does_the_store(store):
    table, picture = RunTable(), parallel()
    table.selected = ["run-2", "run-3"]
    for given in ((table,), (picture,), ()):
        widget = compare(*given)
        assert names(widget) == ["run-2", "run-3"]
        widget.close()
    table.selected = []
    with pytest.raises(InvalidValue, match="select some in the widget"):
        compare(table)
    table.close()
    picture.close()


def test_the_table_opens_a_comparison_of_what_is_selected_and_closes_it(store):
    table = RunTable()
    table.selected = ["run-2", "run-3"]
    opened = say(table, kind="compare", on=True)[0]
    assert opened["model"] == table._comparison.model_id
    assert names(table._comparison) == ["run-2", "run-3"]
    assert say(table, kind="compare", on=False)[0]["model"] is None
    say(table, kind="compare", on=True)
    below = table._comparison
    table.close()
    assert below.comm is None


def test_what_is_logged_shows_and_what_was_purged_goes(two):
    with nbtrack.start_run("two") as r:
        r.log(accuracy=0.99)
    two._news()
    assert row(two, "accuracy")["numbers"] == [0.9, 0.99]
    before = two._snapshot
    with run("elsewhere"):
        pass
    two._news()
    assert two._snapshot is before
    nbtrack.purge("two")
    two._news()
    assert names(two) == ["one"]


def test_the_bundle_has_a_widget_a_page_and_stable_text(two):
    bundle, _ = two._repr_mimebundle_()
    assert set(bundle) == {VIEW, "text/html", "text/plain"}
    assert "<style" not in bundle["text/html"]
    assert 'src="data:image/svg+xml;base64,' in bundle["text/html"]
    assert bundle["text/plain"] == repr(two)


def test_the_picture_is_saved_as_png_and_svg(two, tmp_path):
    assert two.save(tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")
    saved = two.save(tmp_path / "c.svg", theme="dark")
    assert ElementTree.parse(saved).getroot().tag.endswith("svg")
    assert {"one", "two", "lr", "0.1", "0.01", "+0.05", "loss"} <= set(drawn(two))
    with pytest.raises(InvalidValue, match=r"\.png or \.svg"):
        two.save(tmp_path / "c.jpg")


def test_the_data_is_a_frame_with_a_column_per_run(two):
    frame = two.df()
    assert list(frame.columns) == ["group", "name", "same", "one", "two"]
    assert frame[frame.name == "lr"].iloc[0].tolist() == ["Parameters", "lr", False, "0.1", "0.01"]


# What every picture must bear


def test_an_empty_store(place):
    widget = compare()
    assert repr(widget) == "Comparison of no runs"
    assert drawn(widget)[0].startswith("No runs to compare")
    assert "No runs to compare" in widget._html()
    assert list(widget.df().columns) == ["group", "name", "same"]
    assert compare(nbtrack.runs()).runs == []
    widget.close()


def test_one_run(place):
    with run("only", lr=0.1) as r:
        r.log(accuracy=0.5)
    widget = compare("only")
    assert {"only", "lr", "0.1", "accuracy", "0.5"} <= set(drawn(widget))
    assert "baseline" not in "".join(filter(None, drawn(widget)))
    assert "0.1" in widget._html()
    widget.close()


def test_the_same_run_twice_is_one(place):
    with run("only"):
        pass
    assert len(compare("only", "only").runs) == 1


def test_runs_with_neither_parameters_nor_metrics(place):
    for name in "ab":
        with run(name, experiment="e"):
            pass
    widget = compare("a", "b")
    assert "Nothing that was recorded differs" in widget._html()
    assert repr(widget) == "Comparison of 2 runs"
    widget.close()


def test_runs_with_nothing_in_common(place):
    with run("a", lr=0.1) as r:
        r.log_curve("accuracy", range(3), [0.1, 0.2, 0.3])
    with run("b", depth=3) as r:
        r.log_curve("loss", range(3), [3, 2, 1])
    widget = compare("a", "b")
    assert row(widget, "lr")["texts"] == ["0.1", None]
    assert row(widget, "loss")["numbers"] == [None, 1.0]
    assert widget._snapshot["keys"] == ()
    assert drawn(widget).count("—") == 4
    widget.close()


@pytest.mark.parametrize("value", [0.5, math.nan, math.inf])
def test_a_metric_that_is_the_same_everywhere(place, value):
    for name in "ab":
        with run(name) as r:
            r.log_curve("accuracy", range(4), [value] * 4)
    widget = compare("a", "b")
    assert row(widget, "accuracy")["same"]
    if not math.isfinite(value):
        assert "No finite value." in drawn(widget)
    assert "accuracy" in widget._html()
    widget.close()


def test_a_metric_that_became_nan_in_one_run(place):
    for name, value in (("a", 0.5), ("b", math.nan)):
        with run(name) as r:
            r.log(accuracy=value)
    widget = compare("a", "b")
    assert row(widget, "accuracy")["numbers"] == [0.5, "NaN"]
    assert not row(widget, "accuracy")["same"]
    assert "nan" in drawn(widget)
    widget.close()


def test_five_hundred_parameters(place):
    for i in range(2):
        with run(f"r{i}", **{f"p{n:03d}": n * (i + 1) for n in range(500)}) as r:
            r.log(accuracy=i / 3)
    widget = compare("r0", "r1")
    assert len(group(widget, "Parameters")) == 500
    page = widget._html()
    assert len(page) < 150_000
    assert "439 more" in page
    assert "… 459 more" in drawn(widget)
    widget.close()


def test_names_and_values_that_are_no_names(place):
    for i in range(2):
        with run(HOSTILE, experiment=HOSTILE, **{HOSTILE: f"{HOSTILE}\x07{i}"}) as r:
            r.log_curve(HOSTILE, range(3), [1, 2, 3 + i])
            r.set_tag(HOSTILE, HOSTILE * (i + 1))
            r.set_note(HOSTILE + str(i))
            r.keep_text("source", f"{HOSTILE} = {i}")
            r.keep_artifact(f"{HOSTILE}.png", PIXEL, "image/png")
    widget = compare(nbtrack.runs())
    assert any("<img src=x" in (text or "") for text in drawn(widget))
    page = widget._html()
    assert "<img src=x" not in page
    assert "onerror=alert(1)>" not in page
    titles = [f"{HOSTILE} ({nbtrack.get_run(run_id).short_id})" for run_id in widget.runs]
    assert list(widget.df().columns) == ["group", "name", "same", *titles]
    widget.close()


def test_figures_that_do_not_fit_a_page_are_counted(place):
    for name in "ab":
        with run(name) as r:
            r.keep_artifact("f.png", PIXEL + bytes(200_000) + name.encode(), "image/png")
    widget = compare("a", "b")
    assert "1 not shown here" in widget._html()
    assert "too large for this page" in widget._html()
    widget.close()
