from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from nbtrack.charts import contour
from nbtrack.charts.surface import bands
from tests.charts.tables import sweep, table


def at(found, x, y):
    """The value of the surface at a place, or ``None`` where there is none."""
    under = [each for each in found if each.x <= x < each.x2 and each.y <= y < each.y2]
    return under[-1].value if under else None


@pytest.mark.parametrize("runs", [300, 5_000])
def test_the_surface_follows_a_smooth_function(runs):
    random = np.random.default_rng(0)
    x, y = random.random((2, runs))
    found = bands(x, y, np.sin(3 * x) + y)
    # A level is a twelfth of what the values span.
    for px, py in random.uniform(0.1, 0.9, (50, 2)):
        assert at(found, px, py) == pytest.approx(np.sin(3 * px) + py, abs=0.2)


def test_the_surface_smooths_noise_and_stays_within_the_values():
    random = np.random.default_rng(0)
    x, y = random.random((2, 400))
    values = random.normal(size=400)
    inner = [at(bands(x, y, values), px, py) for px, py in random.uniform(0.2, 0.8, (40, 2))]
    assert np.std(inner) < 0.3 * values.std()
    ends = [each.value for each in bands(x, y, x)]
    assert x.min() <= min(ends) <= max(ends) <= x.max()


def test_there_is_no_surface_out_of_reach_of_the_runs():
    random = np.random.default_rng(0)
    x = random.random(200)
    found = bands(x, x, x)
    assert at(found, 0.5, 0.5) is not None
    assert at(found, 0.9, 0.1) is None
    assert at(found, 0.1, 0.9) is None


def test_a_grid_of_runs_is_covered():
    x, y = (each.ravel() for each in np.meshgrid(np.linspace(0, 1, 5), np.linspace(0, 1, 4)))
    found = bands(x, y, x)
    assert all(at(found, px, py) is not None for px in (0.1, 0.37, 0.6) for py in (0.1, 0.5, 0.9))


def test_of_few_places_there_is_no_surface_and_it_is_told():
    chart = contour(sweep(4), "lr", "depth", "loss")
    assert chart.spec["datasets"]["surface"] == []
    assert len(chart.spec["datasets"]["runs"]) == 4
    assert "too few places for a surface" in chart.spec["title"]["subtitle"][0]


def test_rows_are_in_the_values_of_the_axes():
    chart = contour(sweep(100), "lr", "depth", "loss")
    surface = chart.spec["datasets"]["surface"]
    low, high = chart.spec["layer"][0]["encoding"]["x"]["scale"]["domain"]
    assert chart.spec["layer"][0]["encoding"]["x"]["scale"]["type"] == "log"
    # The last column reaches a fifth of a cell beyond.
    assert all(low * 0.999 <= row["x"] < row["x2"] <= high * 1.1 for row in surface)
    assert len(chart.spec["datasets"]["runs"]) == len(chart.data) == 100
    assert [param["views"] for param in chart.spec["params"]] == [["dots"], ["dots"]]


def test_a_category_gives_means_with_counts():
    runs = table(
        lr=["a", "a", "b", "b", "b", None],
        depth=[1, 1, 1, 2, 2, 2],
        metrics_loss=[1.0, 3.0, 5.0, 1.0, float("nan"), 9.0],
    )
    chart = contour(runs, "lr", "depth", "loss")
    cells = {(row["x"], row["y"]): (row["mean"], row["runs"]) for row in chart.data.to_pylist()}
    assert cells == {("a", "1"): (2.0, 2), ("b", "1"): (5.0, 1), ("b", "2"): (1.0, 1)}
    assert "4 of 6 runs; 1 without lr" in chart.spec["title"]["subtitle"][0]


def test_a_number_beside_a_category_is_taken_in_pieces_of_its_own_scale():
    chart = contour(sweep(200), "lr", "optimizer", "loss")
    assert chart.spec["layer"][0]["encoding"]["x"]["scale"]["type"] == "log"
    assert len(set(chart.data["x"].to_pylist())) == 10
    assert sum(chart.data["runs"].to_pylist()) == 200


def test_all_runs_make_the_surface_and_some_are_dots():
    chart = contour(sweep(6_000), "lr", "depth", "loss")
    assert len(chart.data) == 6_000
    assert len(chart.spec["datasets"]["runs"]) == 5_000
    assert "dots are 5,000 of them" in " ".join(chart.spec["title"]["subtitle"])


def test_a_metric_that_is_text_is_refused_in_a_sentence():
    runs = table(lr=[0.1, 0.2], depth=[1, 2], metric=pa.array(["a", "b"]))
    said = contour(runs, "lr", "depth", "metric").spec["description"]
    assert said.endswith("metric is text, and a contour needs numbers.")
