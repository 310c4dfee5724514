"""Parallel coordinates from Python: what is chosen, what traits and intents do, what is saved."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree

import pyarrow as pa
import pytest

import nbtrack
from nbtrack.errors import InvalidFilter, InvalidValue
from nbtrack.tracking.active import run
from nbtrack.widgets.parallel.widget import parallel
from nbtrack.widgets.run_table.widget import RunTable

VIEW = "application/vnd.jupyter.widget-view+json"
HOSTILE = "<img src=x onerror=alert(1)> \"quoted\" 'x' `tick` 🦦 שלום"


@pytest.fixture
def picture(store):
    picture = parallel()
    yield picture
    picture.close()


def say(widget, **intent):
    """As the browser would; what comes back."""
    answers = []
    widget.send = lambda content, buffers=None: answers.append(content)
    widget._handle_custom_msg({"id": "1", **intent}, [])
    return answers[-1]


def rows(widget):
    return pa.ipc.open_stream(widget._snapshot["rows"]).read_all()


def test_parameters_that_vary_come_first_and_the_telling_metric_last(picture):
    assert picture._snapshot["shown"] == [
        "params.depth",
        "params.model",
        "metrics.accuracy",
        "metrics.loss",
    ]
    assert picture._snapshot["color"] == "metrics.loss"
    assert repr(picture) == "Parallel coordinates of 12 runs across depth, model, accuracy, loss"


def test_the_browser_gets_every_run_with_its_place_on_each_axis(picture):
    table = rows(picture)
    assert table["name"].to_pylist()[:2] == ["run-11", "run-10"]
    models = picture._snapshot["axes"][1]["labels"]
    assert models[int(table["1"][0].as_py())] == "forest"
    accuracy = table["2?"].to_pylist()
    assert [
        name for name, code in zip(table["name"].to_pylist(), accuracy, strict=True) if code
    ] == ["run-7"]


def test_columns_may_be_named_by_their_keys(store):
    picture = parallel(axes=["depth", "metrics.loss"], color="model")
    assert picture.axes == ["params.depth", "metrics.loss"]
    assert picture.color == "params.model"
    assert [axis["name"] for axis in picture._snapshot["axes"]] == [
        "params.depth",
        "metrics.loss",
        "params.model",
    ]
    picture.close()


@pytest.mark.parametrize("arguments", [{"axes": ["speed"]}, {"color": "speed"}])
def test_an_unknown_column_is_refused_with_those_that_there_are(store, arguments):
    with pytest.raises(InvalidValue, match=r"No run has 'speed'\. Columns are .*params\.depth"):
        parallel(**arguments)


def test_a_name_of_two_columns_is_refused(store):
    with run("both", loss="mse") as r:
        r.log(loss=1.0)
    with pytest.raises(InvalidValue, match=r"may be params\.loss or metrics\.loss"):
        parallel(axes=["loss"])


def test_runs_may_be_a_filter_a_frame_a_list_or_another_widget(store):
    table = RunTable("params.model = 'linear'")
    for runs, count in [
        ("params.model = 'linear'", 4),
        (nbtrack.runs("params.model = 'linear'"), 4),
        (table, 4),
        (["run-1", nbtrack.get_run("run-2")], 2),
        (None, 12),
    ]:
        picture = parallel(runs)
        assert picture._snapshot["state"]["total"] == count
        picture.close()
    with pytest.raises(InvalidValue, match="not a int"):
        parallel(7)
    with pytest.raises(InvalidFilter):
        parallel("metrics.accuracy >")
    table.close()


def test_a_brush_picks_runs_everywhere_on_the_store(picture):
    table = RunTable()
    assert say(picture, kind="brush", brushes={"metrics.accuracy": [0.605, 0.7]})["kind"] == "done"
    names = [nbtrack.get_run(run_id).name for run_id in picture.selected]
    assert names == ["run-11"]
    assert table.selected == picture.selected
    assert picture.brushes == {"metrics.accuracy": [0.605, 0.7]}
    table.selected = ["run-3"]
    assert picture.brushes == {}
    table.close()


def test_brushes_are_assignable_and_become_the_filter(picture):
    picture.brushes = {"accuracy": [0.55, 0.6], "model": ["forest"], "depth": [0, 2]}
    kept = set(picture.selected)
    assert len(kept) == 3
    picture.keep()
    assert picture.brushes == {}
    assert set(rows(picture)["run_id"].to_pylist()) == kept
    picture.filter = ""
    picture.brushes = {"accuracy": [None]}
    picture.keep()
    assert rows(picture)["name"].to_pylist() == ["run-7"]


def test_brushes_join_a_filter_that_is_there(picture):
    picture.filter = "params.model = 'linear' or params.depth = 1"
    total = picture._snapshot["state"]["total"]
    picture.brushes = {"depth": [0, 1]}
    inside = len(picture.selected)
    assert 0 < inside < total
    picture.keep()
    assert picture._snapshot["state"]["total"] == inside


def test_a_brush_that_is_no_list_is_refused_and_the_old_ones_stay(picture):
    picture.brushes = {"depth": [0, 1]}
    with pytest.raises(InvalidValue, match=r"\[low, high\]"):
        picture.brushes = {"depth": 3}
    assert picture.brushes == {"params.depth": [0, 1]}


def test_the_browser_chooses_axes_colour_and_scale_and_the_traits_follow(picture):
    say(picture, kind="axes", axes=["metrics.loss", "params.model"])
    say(picture, kind="color", color="")
    say(picture, kind="scale", axis="metrics.loss", scale="linear")
    assert (picture.axes, picture.color) == (["metrics.loss", "params.model"], "")
    assert picture._snapshot["color"] is None
    assert picture._snapshot["axes"][0]["scale"] == "linear"
    say(picture, kind="axes", axes=None)
    assert picture.axes is None
    mistake = say(picture, kind="axes", axes=["params.zebra"])
    assert (mistake["kind"], mistake["about"]) == ("error", "axes")


def test_what_is_logged_joins_the_picture(picture):
    with run("late", experiment="wine", model="svm", depth=9) as r:
        r.log(accuracy=0.9, loss=0.1)
    picture._news()
    assert rows(picture)["name"].to_pylist()[0] == "late"
    assert "svm" in picture._snapshot["axes"][1]["labels"]


def test_the_bundle_has_a_widget_a_picture_and_stable_text(picture):
    bundle, _ = picture._repr_mimebundle_()
    assert set(bundle) == {VIEW, "text/html", "text/plain"}
    assert 'src="data:image/svg+xml;base64,' in bundle["text/html"]
    assert bundle["text/plain"] == repr(picture)


def test_the_picture_is_saved_as_png_and_svg(picture, tmp_path):
    assert picture.save(tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")
    saved = picture.save(tmp_path / "p.svg", theme="dark")
    assert ElementTree.parse(saved).getroot().tag.endswith("svg")
    with pytest.raises(InvalidValue, match=r"\.png or \.svg"):
        picture.save(tmp_path / "p.jpg")
    with pytest.raises(InvalidValue, match="theme"):
        picture.save(tmp_path / "p.svg", theme="blue")


def test_the_data_is_a_frame(picture):
    frame = picture.df()
    assert list(frame.columns) == [
        "run_id",
        "name",
        "params.depth",
        "params.model",
        "metrics.accuracy",
        "metrics.loss",
    ]
    assert len(frame) == 12


def test_the_data_goes_out_as_csv_and_the_picture_as_it_now_is(picture):
    lines = say(picture, kind="csv")["text"].splitlines()
    assert lines[0].startswith('"run_id","name","params.depth"')
    assert len(lines) == 13
    before = say(picture, kind="picture")["html"]
    assert before == picture._repr_mimebundle_()[0]["text/html"]
    picture.selected = ["run-3"]
    assert say(picture, kind="picture")["html"] != before


# What every picture must bear


def drawn(widget):
    """The texts in the picture, which must be well-formed."""
    root = ElementTree.fromstring(widget.svg())
    return [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]


def lines(widget):
    root = ElementTree.fromstring(widget.svg())
    paths = [path.get("d") for path in root.iter("{http://www.w3.org/2000/svg}path")]
    return sum(path.count("M") for path in paths)


def test_an_empty_store(place):
    picture = parallel()
    assert repr(picture) == "Parallel coordinates: no runs"
    assert drawn(picture) == ["No runs to draw."]
    assert picture._snapshot["state"]["all"] == 0
    picture.close()


def test_one_run(place):
    with run("only", lr=0.1) as r:
        r.log(accuracy=0.5)
    picture = parallel()
    assert picture._snapshot["shown"] == ["params.lr", "metrics.accuracy"]
    assert lines(picture) == 1
    assert {"lr", "0.1", "accuracy", "0.5"} <= set(drawn(picture))
    picture.close()


def test_a_run_with_neither_parameters_nor_metrics(place):
    with run("bare"):
        pass
    picture = parallel()
    assert picture._snapshot["shown"] == ["attributes.duration_s"]
    assert lines(picture) == 1
    picture.close()


def test_runs_with_nothing_in_common(place):
    with run("a", lr=0.1) as r:
        r.log(accuracy=0.5)
    with run("b", depth=3) as r:
        r.log(loss=2.0)
    picture = parallel()
    assert lines(picture) == 2
    assert drawn(picture).count("missing") == 4
    picture.close()


@pytest.mark.parametrize("value", [0.5, math.nan, math.inf])
def test_a_metric_that_is_the_same_everywhere(place, value):
    for depth in range(3):
        with run(f"r{depth}", depth=depth) as r:
            r.log(accuracy=value)
    picture = parallel()
    assert lines(picture) == 3
    assert {0.5: "0.5", math.inf: "inf"}.get(value, "NaN") in drawn(picture)
    picture.close()


def test_five_hundred_parameters(place):
    for i in range(3):
        with run(f"r{i}", **{f"p{n:03d}": n * i for n in range(500)}) as r:
            r.log(accuracy=i / 3)
    picture = parallel()
    assert len(picture._snapshot["shown"]) == 12
    picture.axes = [f"p{n:03d}" for n in range(1, 500)]
    assert lines(picture) == 3
    picture.close()


def test_names_and_values_that_are_no_names(place):
    for i in range(2):
        with run(HOSTILE, **{HOSTILE: f"{HOSTILE}\x07{i}", "long": "x" * 5000 + str(i)}) as r:
            r.log_metric(f"a.b[{i}]", 1.0)
            r.log_metric(HOSTILE, i)
    picture = parallel()
    texts = drawn(picture)
    assert any("<img src=x" in text for text in texts)
    assert "<img src=x" not in picture._html()
    assert rows(picture)["name"].to_pylist() == [nbtrack.get_run(picture.df().run_id[0]).name] * 2
    name = picture._snapshot["shown"][0]
    label = picture._snapshot["axes"][0]["labels"][0]
    picture.brushes = {name: [label]}
    picture.keep()
    assert picture._snapshot["state"]["total"] == 1
    picture.close()
