from __future__ import annotations

import math
import sys

import numpy as np
import pyarrow as pa
import pytest

from nbtrack.charts import importance
from nbtrack.charts.forest import spearman
from nbtrack.errors import MissingExtra
from tests.charts.tables import sweep, table


def found(chart):
    return {row["parameter"]: row for row in chart.data.to_pylist()}


def test_what_matters_is_found_and_noise_is_about_zero():
    rows = found(importance(sweep(200), "loss"))
    assert next(iter(rows)) == "lr"
    assert rows["lr"]["importance"] > 0.8
    for name in ("noise0", "noise3", "optimizer", "augment"):
        assert abs(rows[name]["importance"]) < 0.03
    assert all(row["std"] >= 0 and row["runs"] == 200 for row in rows.values())


def test_a_category_matters_without_an_order():
    random = np.random.default_rng(0)
    kind = random.choice(["a", "b", "c", "d"], 120)
    depth = random.integers(1, 9, 120)
    loss = np.isin(kind, ["b", "d"]) * 1.0 - 0.1 * depth + random.normal(0, 0.05, 120)
    rows = found(importance(table(kind=kind, depth=depth, metrics_loss=loss), "loss"))
    assert list(rows) == ["kind", "depth"]
    assert rows["kind"]["correlation"] is None
    assert rows["depth"]["correlation"] < -0.2


def test_correlation_has_a_sign_and_leaves_out_what_is_missing():
    up = [float(number) for number in range(20)]
    runs = table(
        up=up,
        down=[math.exp(-each) for each in up],
        some=pa.array([None] * 10 + up[:10]),
        flag=[False] * 10 + [True] * 10,
        metrics_loss=up,
    )
    rows = found(importance(runs, "loss"))
    assert rows["up"]["correlation"] == pytest.approx(1)
    assert rows["down"]["correlation"] == pytest.approx(-1)
    assert rows["some"]["correlation"] == pytest.approx(1)
    assert rows["some"]["runs"] == 10
    assert rows["flag"]["correlation"] == pytest.approx(0.867, abs=0.001)


def test_ranks_of_equal_values_are_their_mean():
    left = np.array([1.0, 2, 2, 3, 5, 5])
    right = np.array([2.0, 1, 4, 4, 6, 6])
    # By hand: ranks 1 2.5 2.5 4 5.5 5.5 and 2 1 3.5 3.5 5.5 5.5.
    assert spearman(left, right) == pytest.approx(14.25 / math.sqrt(16.5 * 16.5))
    assert spearman(left, np.ones(6)) is None


def test_a_model_that_predicts_nothing_says_so():
    runs = sweep(60)
    noise = pa.array(np.random.default_rng(5).normal(size=60))
    chart = importance(runs.append_column("metrics.noise", noise), "noise")
    said = " ".join(chart.spec["title"]["subtitle"])
    assert said.startswith("These parameters do not predict noise (R² of held-out runs: \u2212")
    assert "mean nothing" in said
    said = " ".join(importance(runs, "loss").spec["title"]["subtitle"])
    assert said.startswith("R² of held-out runs: 0.")


def test_diverged_runs_are_left_out_and_counted():
    runs = sweep(60)
    loss = runs["metrics.loss"].to_pylist()
    loss[:7] = [math.nan, None, math.inf, math.nan, 1e308, math.nan, math.nan]
    runs = runs.set_column(4, "metrics.loss", pa.array(loss))
    said = " ".join(importance(runs, "loss").spec["title"]["subtitle"])
    assert "53 of 60 runs; 1 without loss, 6 whose loss is not finite" in said


def test_of_500_parameters_the_one_that_matters_is_first():
    random = np.random.default_rng(0)
    params = {f"p{number}": random.normal(size=100) for number in range(500)}
    runs = table(**params, metrics_loss=params["p321"] + 0.1 * random.normal(size=100))
    chart = importance(runs, "loss")
    assert len(chart.data) == 500
    assert chart.data["parameter"][0].as_py() == "p321"
    assert len(chart.spec["datasets"]["parameters"]) == 20
    assert "20 of 500 parameters" in " ".join(chart.spec["title"]["subtitle"])


def test_many_runs_are_sampled_and_it_is_told():
    chart = importance(sweep(2_500), "loss")
    assert "the forest saw 2,000 of them" in " ".join(chart.spec["title"]["subtitle"])
    assert found(chart)["lr"]["runs"] == 2_500


@pytest.mark.parametrize(
    ("missing", "line"),
    [("sklearn.ensemble", "pip install scikit-learn"), ("altair", r"nbtrack\[charts\]")],
)
def test_a_missing_library_is_named_with_its_install_line(monkeypatch, missing, line):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(MissingExtra, match=line):
        importance(sweep(30), "loss")
