"""Curves from Python: what is chosen, what traits and intents do, what is saved."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nbtrack
from nbtrack.errors import InvalidFilter, InvalidValue
from nbtrack.tracking.active import run
from nbtrack.widgets.curves import model as curves_model
from nbtrack.widgets.curves.widget import curves
from nbtrack.widgets.run_table.widget import RunTable
from tests.widgets.many_runs import fill

VIEW = "application/vnd.jupyter.widget-view+json"
HOSTILE = "<img src=x onerror=alert(1)> \"quoted\" 'x' `tick` 🦦 שלום"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def picture(store):
    picture = curves()
    yield picture
    picture.close()


def say(widget, **intent):
    """As the browser would; what comes back, with its buffers."""
    answers = []
    widget.send = lambda content, buffers=None: answers.append((content, buffers))
    widget._handle_custom_msg({"id": "1", **intent}, [])
    return answers[-1]


def table(data):
    return pa.ipc.open_stream(data).read_all()


def points(snapshot, metrics):
    """The points as the browser gets them: by metric and name of the run."""
    runs = table(snapshot["runs"])["name"].to_pylist()
    found, start = {}, 0
    rows = table(snapshot["points"]).to_pylist()
    for row in table(snapshot["series"]).to_pylist():
        end = start + int(row["points"])
        own = [(each["x"], each["value"]) for each in rows[start:end]]
        found[metrics[int(row["metric"])], runs[int(row["run"])]] = own
        start = end
    assert start == len(rows)
    return found


def drawn(widget):
    """The texts in the picture, which must be well-formed."""
    root = ElementTree.fromstring(widget.svg())
    return [text.text for text in root.iter(f"{SVG}text")]


def strokes(widget, width="1.5"):
    root = ElementTree.fromstring(widget.svg())
    return [path for path in root.iter(f"{SVG}path") if path.get("stroke-width") == width]


# What is shown


def test_metrics_that_have_curves_are_chosen(picture):
    assert picture._snapshot["metrics"] == ["metrics.loss"]
    assert repr(picture) == "Curves of 12 runs: loss"
    assert picture.metrics is None


def test_the_browser_gets_every_point_of_short_curves(picture):
    found = points(picture._snapshot, ["metrics.loss"])
    assert len(found) == 12
    assert found["metrics.loss", "run-3"] == [
        (float(step), math.exp(-step / 4)) for step in range(20)
    ]
    runs = table(picture._snapshot["runs"])
    assert runs["name"].to_pylist()[:2] == ["run-11", "run-10"]
    # The oldest has the first stroke.
    assert runs["stroke"].to_pylist() == list(range(11, -1, -1))


def test_metrics_may_be_named_by_their_keys(store):
    picture = curves(metrics=["accuracy", "metrics.loss", "loss"], log_y=["loss"], color="model")
    assert picture.metrics == ["metrics.accuracy", "metrics.loss"]
    assert picture.log_y == ["metrics.loss"]
    assert picture.color == "params.model"
    assert picture._snapshot["paint"]["labels"] == ["linear", "forest"]
    picture.close()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"metrics": ["speed"]}, r"No run has the metric 'speed'\. Metrics are accuracy, loss"),
        ({"log_y": ["speed"]}, "No run has the metric 'speed'"),
        ({"color": "speed"}, r"No run has 'speed'\. Columns are .*params\.depth"),
        ({"x": "epoch"}, "x is 'step', 'time' or 'relative', got 'epoch'"),
        ({"smoothing": 1}, "smoothing is from 0 up to 1 .*got 1"),
        ({"smoothing": -0.1}, "smoothing is from 0 up to 1"),
    ],
)
def test_a_wrong_argument_is_refused_with_what_would_be_right(store, arguments, told):
    with pytest.raises(InvalidValue, match=told):
        curves(**arguments)


def test_runs_may_be_a_filter_a_frame_a_list_or_another_widget(store):
    runs = RunTable("params.model = 'linear'")
    for asked, count in [
        ("params.model = 'linear'", 4),
        (nbtrack.runs("params.model = 'linear'"), 4),
        (runs, 4),
        (["run-1", nbtrack.get_run("run-2")], 2),
        (None, 12),
    ]:
        picture = curves(asked)
        assert picture._snapshot["state"]["total"] == count
        picture.close()
    with pytest.raises(InvalidFilter):
        curves("metrics.accuracy >")
    runs.close()


def test_filter_and_selection_are_those_of_the_other_widgets(picture):
    runs = RunTable()
    runs.filter = "params.model = 'linear'"
    assert picture.filter == "params.model = 'linear'"
    assert table(picture._snapshot["runs"]).num_rows == 4
    say(picture, kind="select", runs=[nbtrack.get_run("run-3").id])
    assert runs.selected == picture.selected == [nbtrack.get_run("run-3").id]
    runs.selected = ["run-1", "run-2"]
    assert picture.selected == runs.selected
    runs.close()


def test_a_run_keeps_its_stroke_while_others_come_and_go(picture):
    def strokes_of():
        return {row["name"]: row["stroke"] for row in table(picture._snapshot["runs"]).to_pylist()}

    before = strokes_of()
    picture.filter = "params.model = 'linear'"
    assert {name: before[name] for name in strokes_of()} == strokes_of()
    with run("late", model="linear") as r:
        r.log(loss=1.0, step=0)
        r.log(loss=2.0, step=1)
    picture._news()
    now = strokes_of()
    assert {name: now[name] for name in before if name in now} == {
        name: before[name] for name in before if name in now
    }
    assert now["late"] == 1


def test_what_is_logged_joins_the_curves(picture):
    with run("live") as r:
        for step in range(5):
            r.log(loss=1.0 + step, step=step)
            picture._news()
            found = points(picture._snapshot, ["metrics.loss"])
            assert found["metrics.loss", "live"][-1] == (step, 1.0 + step)
        r.log(recall=0.5, step=0)
        r.log(recall=0.6, step=1)
        picture._news()
    assert picture._snapshot["metrics"] == ["metrics.loss", "metrics.recall"]


def test_only_curves_that_have_grown_are_read_again(picture, monkeypatch):
    from nbtrack.store import thinned

    asked = []

    def heard(name):
        ask = getattr(thinned, name)

        def hear(store, series, *more, **how):
            asked.append((name, [key for _, key in series]))
            return ask(store, series, *more, **how)

        return hear

    for name in ("thinned_curves", "later_points"):
        monkeypatch.setattr(thinned, name, heard(name))
    with run("live") as r:
        r.log(loss=1.0)
        picture._news()
        assert asked == [("thinned_curves", ["loss"])]
        # More than points: the database is asked for what was added.
        r.log(loss=2.0)
        r.set_tag("more", "than points")
        picture._news()
        assert asked[1:] == [("later_points", ["loss"])]
        # Points alone are read off the journal.
        r.log(loss=3.0)
        picture._news()
        assert asked[2:] == []
        # Not at the end: what was kept is no beginning of it.
        r.log(loss=4.0, step=-1)
        picture._news()
        assert asked[2:] == [("later_points", ["loss"]), ("thinned_curves", ["loss"])]
    assert points(picture._snapshot, ["metrics.loss"])["metrics.loss", "live"] == [
        (-1, 4.0), (0, 1.0), (1, 2.0), (2, 3.0),
    ]  # fmt: skip


@settings(max_examples=25)
@given(
    stretches=st.lists(
        st.tuples(st.integers(1, 700), st.sampled_from([1, 1, 1, 2, 0])), min_size=1, max_size=6
    ),
    x=st.sampled_from(["step", "time", "relative"]),
)
def test_a_curve_that_is_followed_is_the_curve_that_is_read_at_once(place, stretches, x):
    """However it grew: all points of short ones, every extreme and odd value of long ones."""
    with run("followed") as r:
        r.log(loss=0.0, step=0)
        r.log(loss=0.5, step=1)
        picture = curves(f"attributes.run_id = '{r.id}'", metrics=["loss"], x=x, store=place)
        logged = [(0, 0.0), (1, 0.5)]
        for count, stride in stretches:
            for _ in range(count):
                n = len(logged)
                value = math.nan if n % 97 == 96 else math.sin(n) * n
                logged.append((logged[-1][0] + stride, value))
                r.log(loss=value, step=logged[-1][0])
            picture._news()
            found = next(iter(picture._model.drawn().curves.values()))
            assert list(found.x) == sorted(found.x)
            kept = list(zip(found.step.tolist(), found.value.tolist(), strict=True))
            finite = [point for point in logged if math.isfinite(point[1])]
            for extreme in (min, max):
                assert extreme(value for _, value in finite) in found.value
            if len(logged) <= 2000:
                assert repr(sorted(kept, key=repr)) == repr(sorted(map(_floats, logged), key=repr))
            if len(found.count):
                assert found.count.sum() == len(finite)


def _floats(point):
    return (float(point[0]), point[1])


# Along x


def test_along_time_and_since_the_start(picture):
    picture.x = "time"
    assert picture._snapshot["x"] == "time"
    frame = picture.df()
    times = frame[frame.name == "run-5"].time.map(lambda time: time.timestamp() * 1000)
    found = points(picture._snapshot, ["metrics.loss"])["metrics.loss", "run-5"]
    assert [x for x, _ in found] == pytest.approx(times.tolist())
    say(picture, kind="along", x="relative", log_x=False)
    assert picture.x == "relative"
    found = points(picture._snapshot, ["metrics.loss"])["metrics.loss", "run-5"]
    assert 0 <= found[0][0] < found[-1][0] < 60
    with pytest.raises(InvalidValue, match="'relative', got 'week'"):
        picture.x = "week"
    assert picture.x == "relative"


def test_a_logarithmic_x_leaves_out_what_has_no_logarithm(picture):
    picture.log_x = True
    found = points(picture._snapshot, ["metrics.loss"])["metrics.loss", "run-5"]
    assert [x for x, _ in found] == list(range(1, 20))


def test_a_range_is_drawn_and_refined(place):
    with run("long") as r:
        for step in range(5_000):
            r.log(loss=float(step == 2_503), step=step)
    picture = curves()
    coarse = points(picture._snapshot, ["metrics.loss"])["metrics.loss", "long"]
    assert len(coarse) <= 2_000
    assert (2503.0, 1.0) in coarse
    content, buffers = say(picture, kind="curves", ranges={"metrics.loss": [2_500, 2_509.5]})
    assert (content["kind"], content["metrics"]) == ("curves", ["metrics.loss"])
    rows = table(buffers[1])
    assert rows["x"].to_pylist() == list(range(2_500, 2_510))
    picture.ranges = {"loss": [2_500, 2_510]}
    assert picture.ranges == {"metrics.loss": [2500.0, 2510.0]}
    assert {"2,500", "2,510"} <= set(drawn(picture))
    with pytest.raises(InvalidValue, match=r"A range is \[low, high\]"):
        picture.ranges = {"loss": [3, 1]}
    # Steps are no times.
    picture.x = "relative"
    assert picture.ranges == {}
    picture.close()


# Without a browser


def test_smoothing_leaves_the_raw_curve_behind(picture):
    assert len(strokes(picture)) == 12
    picture.smoothing = 0.6
    behind = [path for path in strokes(picture) if float(path.get("stroke-opacity")) < 0.3]
    assert (len(strokes(picture)), len(behind)) == (24, 12)


def test_runs_that_are_picked_stand_out_from_the_others(picture):
    picture.selected = ["run-2"]
    assert len(strokes(picture, "2.0")) == 1
    assert "run-2" in drawn(picture)
    assert "run-3" not in drawn(picture)


def test_the_bundle_has_a_widget_a_picture_and_stable_text(picture):
    bundle, _ = picture._repr_mimebundle_()
    assert set(bundle) == {VIEW, "text/html", "text/plain"}
    assert 'src="data:image/svg+xml;base64,' in bundle["text/html"]
    assert "12 runs" in bundle["text/html"]
    assert bundle["text/plain"] == repr(picture)


def test_the_picture_is_saved_as_png_and_svg(picture, tmp_path):
    assert picture.save(tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")
    saved = picture.save(tmp_path / "p.svg", theme="dark")
    assert ElementTree.parse(saved).getroot().tag.endswith("svg")
    with pytest.raises(InvalidValue, match=r"\.png or \.svg"):
        picture.save(tmp_path / "p.jpg")
    with pytest.raises(InvalidValue, match="theme"):
        picture.save(tmp_path / "p.svg", theme="blue")
    text = say(picture, kind="svg", theme="light")[0]["svg"]
    assert text == picture.svg()


def test_the_data_is_a_frame_of_every_point(picture):
    frame = picture.df()
    assert list(frame.columns) == ["run_id", "name", "metric", "step", "time", "value"]
    assert len(frame) == 12 * 20
    assert frame[frame.name == "run-3"].value.tolist() == pytest.approx(
        [math.exp(-step / 4) for step in range(20)]
    )
    assert set(frame.metric) == {"loss"}


# What every picture must bear


def test_an_empty_store(place):
    picture = curves()
    assert repr(picture) == "Curves: no runs"
    assert drawn(picture) == ["No runs to draw."]
    assert picture._snapshot["state"]["all"] == 0
    assert len(picture.df()) == 0
    picture.close()


def test_runs_without_any_curve(place):
    with run("bare", lr=0.1):
        pass
    picture = curves()
    assert repr(picture) == "Curves: 1 run without any"
    assert "No metric has more than one point yet" in drawn(picture)[0]
    picture.close()


def test_one_run_with_one_point(place):
    with run("only") as r:
        r.log(accuracy=0.5, step=7)
    picture = curves(metrics=["accuracy"])
    assert {"only", "accuracy", "7", "0.5"} <= set(drawn(picture))
    assert strokes(picture, "5"), "a dot, since one point is no line"
    picture.close()


def test_runs_with_nothing_in_common(place):
    for name, key in (("a", "loss"), ("b", "score")):
        with run(name) as r:
            for step in range(3):
                r.log_metric(key, step, step=step)
    picture = curves()
    assert picture._snapshot["metrics"] == ["metrics.loss", "metrics.score"]
    assert len(strokes(picture)) == 2
    picture.filter = "attributes.name = 'a'"
    assert "None of these runs has a point here." in drawn(picture)
    picture.close()


def test_a_metric_that_is_the_same_everywhere(place):
    with run("flat") as r:
        for step in range(3_000):
            r.log(loss=0.25, step=step)
    picture = curves()
    assert "0.25" in drawn(picture)
    assert len(picture.svg()) < 20_000
    picture.close()


def test_a_metric_of_all_nan(place):
    with run("broken") as r:
        for step in range(5):
            r.log(loss=math.nan, step=step)
    picture = curves()
    assert "No value is a finite number." in drawn(picture)
    root = ElementTree.fromstring(picture.svg())
    marks = [p for p in root.iter(f"{SVG}path") if p.get("fill-opacity")]
    assert marks[0].get("d").count("M") == 5
    picture.smoothing = 0.5
    picture.log_y = ["loss"]
    assert "No value has a place on this axis." in drawn(picture)
    picture.close()


def test_a_gap_and_the_infinities_are_seen(place):
    values = [1.0, 2.0, math.nan, 2.0, math.inf, 1.0, -math.inf, 0.0]
    with run("gaps") as r:
        for step, value in enumerate(values):
            r.log(loss=value, step=step)
    picture = curves()
    (line,) = strokes(picture)
    assert line.get("d").count("M") == 4
    root = ElementTree.fromstring(picture.svg())
    marks = [p for p in root.iter(f"{SVG}path") if p.get("fill-opacity")]
    assert len(marks) == 3
    picture.close()


def test_values_at_the_end_of_what_numbers_can_be(place):
    with run("wild") as r:
        for step, value in enumerate([1.7e308, -1.7e308, 5e-324, 0.0]):
            r.log(loss=value, step=step)
    picture = curves()
    assert len(strokes(picture)) == 1
    picture.log_y = ["loss"]
    assert len(strokes(picture)) == 1
    picture.close()


def test_five_hundred_parameters_and_as_many_metrics(place):
    with run("wide", **{f"p{n:03d}": n for n in range(500)}) as r:
        for step in range(2):
            r.log({f"m{n:03d}": n * step for n in range(100)}, step=step)
    picture = curves()
    assert len(picture._snapshot["metrics"]) == curves_model.CHOSEN_METRICS
    picture.metrics = [f"m{n:03d}" for n in range(100)]
    assert len(picture._snapshot["metrics"]) == curves_model.MAX_METRICS
    assert picture._snapshot["left_out"] == 76
    assert "76 metrics left out" in picture._html()
    picture.close()


def test_of_many_runs_the_newest_are_shown_and_it_is_said(place, monkeypatch):
    fill(place, 60)
    picture = curves()
    assert "stroke" not in table(picture._snapshot["runs"]).column_names
    assert repr(picture) == "Curves of 61 runs: accuracy"
    picture.close()
    monkeypatch.setattr(curves_model, "MAX_RUNS", 40)
    picture = curves()
    assert (picture._snapshot["asked"], picture._snapshot["state"]["total"]) == (40, 61)
    assert "the newest 40 looked at" in picture._html()
    picture.close()


def test_a_picture_of_a_thousand_runs_is_of_bounded_size(place):
    fill(place, 1_000)
    picture = curves()
    assert "100 drawn" in picture._html()
    assert len(picture._html()) < 300_000
    picture.close()


def test_names_that_are_no_names(place):
    for i in range(2):
        with run(HOSTILE, **{HOSTILE: f"{HOSTILE}\x07{i}"}) as r:
            for step in range(3):
                r.log_metric(HOSTILE, step, step=step)
                r.log_metric("a.b[0]\\", step, step=step)
    picture = curves(color=f"params.{HOSTILE}")
    assert any("<img src=x" in (text or "") for text in drawn(picture))
    assert "<img src=x" not in picture._html()
    assert set(picture.df().metric) == {HOSTILE, "a.b[0]\\"}
    picture.ranges = {HOSTILE: [0, 1]}
    assert list(picture.ranges) == [f"metrics.{HOSTILE}"]
    say(picture, kind="metrics", metrics=[f"metrics.{HOSTILE}"])
    assert picture.metrics == [f"metrics.{HOSTILE}"]
    mistake, _ = say(picture, kind="metrics", metrics=["metrics.zebra"])
    assert (mistake["kind"], mistake["about"]) == ("error", "metrics")
    picture.close()
