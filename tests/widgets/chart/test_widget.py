"""Charts as widgets, from Python: what is chosen, what traits and intents do, what is saved."""

from __future__ import annotations

import gzip
import json
import math
import re
from base64 import b64decode

import pytest

import nbtrack
from nbtrack.charts import Chart
from nbtrack.errors import InvalidFilter, InvalidValue, MissingExtra
from nbtrack.tracking.active import run
from nbtrack.widgets.chart.vega import vega_library
from nbtrack.widgets.run_table.widget import RunTable

VIEW = "application/vnd.jupyter.widget-view+json"
HOSTILE = "<img src=x onerror=alert(1)> \"quoted\" 'x' `tick` \\ 🦦 שלום"


@pytest.fixture
def chart(store):
    chart = nbtrack.scatter(x="depth", y="accuracy")
    yield chart
    chart.close()


@pytest.fixture
def sweep(place):
    """Forty runs whose accuracy depends on lr most, then on the optimizer."""
    for i in range(40):
        lr = 10 ** -(1 + i % 5)
        params = {"noise": (i * 7) % 11, "lr": lr, "optimizer": "adam" if i % 2 else "sgd"}
        with run(f"run-{i}", seed=7, **params) as r:
            r.log(accuracy=0.9 + 0.02 * math.log10(lr) + 0.03 * (i % 2), train_time_s=i * 0.1)


def say(widget, **intent):
    """As the browser would; what comes back."""
    answers = []
    widget.send = lambda content, buffers=None: answers.append(content)
    widget._handle_custom_msg({"id": "1", **intent}, [])
    return answers[-1]


def specs(widget):
    return json.loads(widget._snapshot["specs"])


def drawn(widget):
    """The names of the runs that are drawn as dots."""
    return [row["run"] for row in widget.spec["datasets"]["runs"]]


def picture(html):
    """The picture in an html ``<img>``: its kind and its bytes."""
    kind, data = re.search(r'src="data:image/([\w+]+);base64,([^"]+)"', html).groups()
    return kind, b64decode(data)


# What is shown when nobody has chosen


def test_the_parameter_that_goes_most_with_the_telling_metric(sweep):
    chart = nbtrack.scatter()
    roles = {role["role"]: role["column"] for role in chart._snapshot["roles"]}
    assert roles == {"x": "params.lr", "y": "metrics.accuracy", "color": None}
    assert repr(chart) == "Scatter of 40 runs: accuracy by lr"
    assert (chart.x, chart.y) == (None, None)
    assert chart._snapshot["chosen_for_you"]
    chart.close()


def test_two_parameters_for_a_contour_and_a_metric_for_importance(sweep):
    contour, importance = nbtrack.contour(), nbtrack.importance()
    assert repr(contour) == "Contour of 40 runs: accuracy by lr and optimizer"
    assert repr(importance) == "Importance of 40 runs: what accuracy depends on"
    assert importance.df().parameter[0] == "lr"
    contour.close()
    importance.close()


def test_a_choice_of_one_column_leaves_the_others_chosen(sweep):
    chart = nbtrack.scatter(x="accuracy", color="optimizer")
    assert repr(chart) == "Scatter of 40 runs: accuracy by accuracy, coloured by optimizer"
    chart.y = "params.noise"
    assert repr(chart) == "Scatter of 40 runs: noise by accuracy, coloured by optimizer"
    chart.close()


def test_what_is_chosen_for_you_does_not_change_with_the_filter(sweep):
    chart = nbtrack.scatter()
    chart.filter = "params.lr = 0.1"
    assert repr(chart) == "Scatter of 8 runs: accuracy by lr"
    chart.close()


# From the user's code


def test_columns_may_be_set_by_their_keys(chart):
    assert (chart.x, chart.y) == ("params.depth", "metrics.accuracy")
    chart.color = "model"
    assert chart.color == "params.model"
    assert set(chart.df().columns) == {
        *("run_id", "run_name", "params.depth", "metrics.accuracy", "params.model")
    }
    chart.color = None
    assert "params.model" not in chart.df().columns


def test_axes_are_logarithmic_where_asked(chart):
    chart.y = "loss"
    assert chart.spec["encoding"]["y"]["scale"]["type"] == "log"
    chart.log_y = False
    assert "type" not in chart.spec["encoding"]["y"]["scale"]


def test_a_column_that_no_run_has_is_a_sentence_with_the_closest(store):
    chart = nbtrack.scatter(x="dpeth", y="accuracy")
    assert "None of the 12 runs has dpeth. Closest: params.depth." in chart.spec["description"]
    chart.x = "depth"
    assert len(drawn(chart)) == 11
    chart.close()


def test_runs_may_be_a_filter_and_a_mistake_in_it_is_told(store):
    chart = nbtrack.scatter("params.model = 'linear'", x="depth")
    assert sorted(drawn(chart)) == ["run-0", "run-3", "run-6", "run-9"]
    chart.close()
    with pytest.raises(InvalidFilter):
        nbtrack.contour("metrics.accuracy >")
    with pytest.raises(InvalidValue, match="not a int"):
        nbtrack.importance(7)


def test_the_selection_and_the_filter_are_those_of_all(chart):
    table = RunTable()
    chart.selected = ["run-3", "run-4"]
    assert table.selected == chart.selected
    assert say(chart, kind="select", runs=[nbtrack.get_run("run-5").id])["kind"] == "done"
    assert table.selected == [nbtrack.get_run("run-5").id]
    table.filter = "params.model = 'linear'"
    assert chart.filter == "params.model = 'linear'"
    assert len(drawn(chart)) == 4
    table.close()


def test_what_is_picked_is_picked_in_the_spec(chart):
    chart.selected = ["run-3", "run-7"]
    [selected] = [param for param in chart.spec["params"] if param["name"] == "selected"]
    # run-7 has no accuracy, and so no dot.
    assert selected["value"] == [{"run_id": nbtrack.get_run("run-3").id}]


def test_chart_spec_and_altair(chart):
    assert isinstance(chart.chart, Chart)
    assert chart.spec["$schema"].startswith("https://vega.github.io/schema/vega-lite/v")
    assert chart.altair().to_dict()["title"]["text"] == "accuracy by depth"


@pytest.mark.parametrize(
    ("ending", "beginning"),
    [("png", b"\x89PNG"), ("svg", b"<svg"), ("html", b"<!DOC"), ("json", b"{")],
)
def test_it_is_saved_without_a_browser(chart, tmp_path, ending, beginning):
    path = chart.save(tmp_path / f"chart.{ending}", theme="dark")
    assert path.read_bytes().startswith(beginning)


def test_a_wrong_ending_or_theme_is_refused(chart, tmp_path):
    with pytest.raises(InvalidValue, match=r"\.png, \.svg, \.html or \.json"):
        chart.save(tmp_path / "chart.jpg")
    with pytest.raises(InvalidValue, match="theme"):
        chart.save(tmp_path / "chart.svg", theme="blue")


# To and from the browser


def test_both_themes_travel_and_share_their_rows(chart):
    both = specs(chart)
    assert both["light"]["usermeta"]["page"] != both["dark"]["usermeta"]["page"]
    assert len(both["light"]["datasets"]["runs"]) == 11
    assert both["dark"]["datasets"] == {}


def test_cells_whose_ink_is_the_themes_travel_in_both(sweep):
    chart = nbtrack.contour(x="lr", y="optimizer")
    assert specs(chart)["dark"]["datasets"].keys() <= {"cells"}
    chart.close()


def test_vega_travels_once_and_not_in_the_chart(chart):
    other = nbtrack.importance()
    library = vega_library()
    assert chart._vega == other._vega == library.model_id
    assert b"vega" in gzip.decompress(library.source)
    sent = sum(
        len(value) for value in chart.get_state().values() if isinstance(value, (str, bytes))
    )
    assert sent < 60_000
    other.close()


def test_a_library_that_was_closed_is_made_anew(chart):
    vega_library().close()
    other = nbtrack.scatter()
    assert other._vega != chart._vega
    other.close()


def test_the_browser_chooses_columns_and_scales_and_the_traits_follow(chart):
    say(chart, kind="column", role="y", name="metrics.loss")
    say(chart, kind="column", role="color", name="params.model")
    say(chart, kind="log", axis="y", on=False)
    assert (chart.y, chart.color, chart.log_y) == ("metrics.loss", "params.model", False)
    assert specs(chart)["light"]["title"]["text"] == "loss by depth"
    say(chart, kind="column", role="color", name=None)
    assert chart.color is None
    say(chart, kind="choose")
    assert (chart.x, chart.y) == (None, None)
    mistake = say(chart, kind="filter", text="metrics.accuracy >")
    assert (mistake["kind"], mistake["about"]) == ("error", "filter")


def test_what_is_logged_joins_the_chart(chart):
    with run("late", experiment="wine", model="svm", depth=9) as r:
        r.log(accuracy=0.9, loss=0.1)
    chart._news()
    rows = specs(chart)["light"]["datasets"]["runs"]
    assert rows[0]["run"] == "late"


def test_the_data_goes_out_as_csv(chart):
    lines = say(chart, kind="csv")["text"].splitlines()
    assert lines[0] == '"run_id","run_name","params.depth","metrics.accuracy"'
    assert len(lines) == 12


# Where no kernel is


def test_the_bundle_has_a_widget_a_picture_and_stable_text(chart):
    bundle, _ = chart._repr_mimebundle_()
    assert set(bundle) == {VIEW, "text/html", "text/plain"}
    kind, svg = picture(bundle["text/html"])
    assert kind == "svg+xml"
    assert b"accuracy by depth" in svg
    # On the page of its own theme, wherever it is shown.
    assert b'fill="#FFFFFF"' in svg
    assert bundle["text/plain"] == repr(chart) == "Scatter of 12 runs: accuracy by depth"


def test_the_picture_is_given_as_it_now_is(chart):
    before = say(chart, kind="picture")["html"]
    assert before == chart._repr_mimebundle_()[0]["text/html"]
    chart.selected = ["run-3"]
    chart.filter = "params.depth > 0"
    now = say(chart, kind="picture")["html"]
    assert "filter: params.depth &gt; 0" in now
    assert picture(now)[1].count(b'opacity="0.85"') == 1


def test_many_dots_are_a_png(place):
    for i in range(600):
        with run(f"r{i}", depth=i) as r:
            r.log(accuracy=i % 37)
    chart = nbtrack.scatter()
    kind, png = picture(chart._html())
    assert kind == "png"
    assert len(png) < 400_000
    chart.close()


def test_without_vl_convert_the_html_is_a_line_of_text(chart, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "vl_convert", None)
    assert "<img" not in chart._html()
    assert "accuracy by depth" in chart._html()
    with pytest.raises(MissingExtra, match="pip install"):
        chart.save("chart.png")


# What every picture must bear

KINDS = [nbtrack.scatter, nbtrack.contour, nbtrack.importance]


@pytest.mark.parametrize("make", KINDS)
def test_an_empty_store(place, make):
    chart = make()
    assert repr(chart).endswith(": no runs")
    assert "There are no runs yet." in chart.spec["description"]
    assert chart._snapshot["state"]["all"] == 0
    assert picture(chart._html())[0] == "svg+xml"
    chart.close()


@pytest.mark.parametrize("make", KINDS)
def test_one_run(place, make):
    with run("only", lr=0.1) as r:
        r.log(accuracy=0.5)
    chart = make()
    told = {
        "scatter": "accuracy by lr. 1 run",
        "contour": "Contour. A contour needs two parameters that differ",
        "importance": "Only 1 run with a finite accuracy",
    }
    assert told[make.__name__] in chart.spec["description"]
    chart.close()


@pytest.mark.parametrize("make", KINDS)
def test_a_run_with_neither_parameters_nor_metrics(place, make):
    with run("bare"):
        pass
    chart = make()
    assert chart.spec["description"]
    assert picture(chart._html())
    chart.close()


@pytest.mark.parametrize("make", KINDS)
def test_runs_with_nothing_in_common(place, make):
    with run("a", lr=0.1) as r:
        r.log(accuracy=0.5)
    with run("b", depth=3) as r:
        r.log(loss=2.0)
    chart = make()
    assert chart.spec["description"]
    assert picture(chart._html())
    chart.close()


@pytest.mark.parametrize("make", KINDS)
@pytest.mark.parametrize("value", [0.5, math.nan])
def test_a_metric_that_is_the_same_everywhere(place, make, value):
    for depth in range(12):
        with run(f"r{depth}", depth=depth, width=depth**2 % 5) as r:
            r.log(accuracy=value)
    chart = make()
    told = {"scatter": "accuracy by", "contour": "accuracy by", "importance": "depends on"}
    assert told[make.__name__] in chart.spec["description"]
    if math.isnan(value):
        assert "not finite" in chart.spec["description"]
    chart.close()


@pytest.mark.parametrize("make", KINDS)
def test_five_hundred_parameters(place, make):
    for i in range(12):
        with run(f"r{i}", **{f"p{n:03d}": (n * i) % 13 for n in range(500)}) as r:
            r.log(accuracy=i / 3)
    chart = make()
    assert "accuracy" in chart.spec["title"]["text"]
    assert picture(chart._html())
    chart.close()


@pytest.mark.parametrize("make", KINDS)
def test_names_and_values_that_are_no_names(place, make):
    for i in range(12):
        with run(HOSTILE, **{HOSTILE: f"{HOSTILE}\x07{i}", "long": "x" * 5000 + str(i)}) as r:
            r.log_metric(f"a.b[{i}]", 1.0)
            r.log_metric(HOSTILE, i)
    chart = make()
    html = chart._html()
    assert "<img src=x" not in html
    assert picture(html)
    json.loads(chart._snapshot["specs"])
    assert len(repr(chart).splitlines()) == 1
    assert len(say(chart, kind="csv")["text"]) > 0
    chart.close()
