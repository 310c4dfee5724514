from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest

from nbtrack.charts import scatter
from nbtrack.errors import InvalidValue
from tests.charts.tables import sweep, table

X = [float(number) for number in range(1, 41)]


def rows(chart):
    return chart.spec["datasets"]["runs"]


def scale(chart, channel):
    return chart.spec["encoding"][channel]["scale"]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([0.001, 0.01, 0.1], "log"),
        ([0.0011, 0.01, 0.1], None),
        ([0.0, 0.001, 0.01, 0.1], "symlog"),
        ([-0.001, 0.01, 10.0], None),
        ([1e-5, *[0.1] * 40], None),
        ([1e5, *[0.1] * 40], "log"),
        ([5.0], None),
        ([1, 1000], "log"),
    ],
)
def test_an_axis_is_logarithmic_where_values_span_two_decades(values, kind):
    runs = table(lr=values, metrics_loss=[1.0] * len(values))
    assert scale(scatter(runs, "lr", "loss"), "x").get("type") == kind
    assert scale(scatter(runs, "lr", "loss", log_x=False), "x").get("type") is None


def test_a_log_axis_that_is_asked_for_counts_the_runs_that_it_cannot_show():
    runs = table(lr=[-1.0, 0.0, 1.0, 2.0], metrics_loss=X[:4])
    chart = scatter(runs, "lr", "loss", log_x=True)
    assert scale(chart, "x")["type"] == "log"
    assert len(rows(chart)) == 2
    assert "2 of 4 runs; 2 whose lr is not positive" in chart.spec["title"]["subtitle"]


def test_runs_without_a_value_are_counted_in_the_subtitle():
    lr = pa.array([None, None, 1.0, 2.0, 3.0])
    runs = table(lr=lr, metrics_loss=[1.0, math.nan, math.inf, 2.0, 3.0])
    chart = scatter(runs, "lr", "loss")
    assert chart.spec["title"]["subtitle"] == [
        "2 of 5 runs; 2 without lr, 2 whose loss is not finite"
    ]
    assert chart.data.column_names == ["run_id", "run_name", "params.lr", "metrics.loss"]
    assert chart.data["run_name"].to_pylist() == ["run-3", "run-4"]
    assert [row["run"] for row in rows(chart)] == ["run-3", "run-4"]


def test_a_category_is_in_natural_order_and_its_dots_stay_where_they_are():
    texts = ["v10", "9", "v9", "-1"] * 5
    runs = table(lr=texts, metrics_loss=X[:20])
    chart = scatter(runs, "lr", "loss")
    assert scale(chart, "x")["domain"] == ["-1", "9", "v9", "v10"]
    asides = {row["run_id"]: row["x_aside"] for row in rows(chart)}
    assert len(set(asides.values())) == 20
    assert all(-0.5 <= aside <= 0.5 for aside in asides.values())
    fewer = rows(scatter(runs.slice(7, 9), "lr", "loss"))
    assert {row["run_id"]: row["x_aside"] for row in fewer}.items() <= asides.items()


def test_dots_between_two_categories_are_moved_in_all_directions():
    drawn = rows(scatter(sweep(400), "optimizer", "augment"))
    x, y = ([row[field] for row in drawn] for field in ("x_aside", "y_aside"))
    assert abs(np.corrcoef(x, y)[0, 1]) < 0.1
    quarters = {(a // 0.25, b // 0.25) for a, b in zip(x, y, strict=True)}
    assert len(quarters) == 16


def test_rare_categories_are_drawn_together():
    runs = table(lr=[f"v{number}" for number in range(40)], metrics_loss=X)
    chart = scatter(runs, "lr", "loss", color="lr")
    assert len(scale(chart, "x")["domain"]) == 31
    assert scale(chart, "x")["domain"][-1] == "10 others"
    colours = chart.spec["encoding"]["color"]["condition"]
    colours = colours[0] if isinstance(colours, list) else colours
    assert len(colours["scale"]["domain"]) == 8
    assert colours["scale"]["domain"][-1] == "33 others"
    shapes = chart.spec["encoding"]["shape"]["condition"]
    shapes = shapes[0] if isinstance(shapes, list) else shapes
    assert len(set(shapes["scale"]["range"])) == 8


def test_long_texts_are_cut_in_the_middle_and_told_apart():
    texts = ["a" * 5_000 + tail + "b" * 5_000 for tail in ("1", "2")]
    chart = scatter(table(lr=texts, metrics_loss=[1.0, 2.0]), "lr", "loss")
    labels = scale(chart, "x")["domain"]
    assert len(set(labels)) == 2
    assert all(label.startswith("aaa") and len(label) <= 36 for label in labels)
    assert {len(row["x_text"]) <= 210 for row in rows(chart)} == {True}


def test_a_run_without_the_colour_is_drawn_in_grey():
    runs = table(lr=X[:3], depth=pa.array([None, 1, 2]), metrics_loss=X[:3])
    chart = scatter(runs, "lr", "loss", color="depth")
    assert [row["colour"] for row in rows(chart)] == [None, 1.0, 2.0]
    assert "grey: 1 without depth" in " ".join(chart.spec["title"]["subtitle"])


def test_columns_of_one_name_keep_their_kind():
    runs = table(loss=X, metrics_loss=X)
    chart = scatter(runs, "params.loss", "metrics.loss")
    assert chart.title == "metrics.loss by params.loss"
    assert scatter(runs, "loss", "loss").title == "metrics.loss by params.loss"


def test_the_selection_is_over_run_ids_and_the_brush_over_numeric_axes():
    def params(chart):
        return {param["name"]: param["select"] for param in chart.spec["params"]}

    runs = sweep(20)
    assert params(scatter(runs, "lr", "loss")) == {
        "selected": {"type": "point", "fields": ["run_id"]},
        "brush": {"type": "interval", "encodings": ["x", "y"]},
    }
    assert params(scatter(runs, "optimizer", "loss"))["brush"]["encodings"] == ["y"]
    assert params(scatter(runs, "optimizer", "augment")).keys() == {"selected"}


def test_more_runs_than_dots_are_drawn_as_a_density_of_all():
    few, many = scatter(sweep(5_000), "lr", "loss"), scatter(sweep(12_000), "lr", "loss")
    assert len(rows(few)) == 5_000
    assert "params" not in many.spec
    assert len(rows(many)) < 48 * 32
    assert sum(many.data["runs"].to_pylist()) == 12_000
    assert "too many for dots" in " ".join(many.spec["title"]["subtitle"])
    said = scatter(sweep(12_000), "lr", "loss", color="optimizer").spec["title"]["subtitle"]
    assert "number of runs in a cell, not optimizer" in " ".join(said)
    mean = scatter(sweep(12_000), "lr", "optimizer", color="depth").data
    assert mean.column_names == ["x", "y", "runs", "mean depth"]
    assert set(mean["y"].to_pylist()) == {"adam", "sgd", "rmsprop"}
    assert all(2 <= each <= 11 for each in mean["mean depth"].to_pylist())


@pytest.mark.parametrize("depth", [math.nan, 1e300])
def test_a_density_has_no_colour_that_cannot_be_drawn(depth):
    lr = [float(number % 20) for number in range(6_000)]
    chart = scatter(
        table(lr=lr, depth=[depth] * 6_000, metrics_loss=lr), "lr", "loss", color="depth"
    )
    means = chart.data.to_pydict().get("mean depth", [])
    assert means == ([] if math.isnan(depth) else [pytest.approx(1e300)] * 20)


def test_an_unknown_theme_is_refused():
    with pytest.raises(InvalidValue, match="'light' or 'dark', got 'solarized'"):
        scatter(sweep(3), "lr", "loss", theme="solarized")
