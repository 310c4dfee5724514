"""Every chart of every odd table compiles to a picture without NaN."""

from __future__ import annotations

import json
import math
import xml.etree.ElementTree as ET

import numpy as np
import pyarrow as pa
import pytest
import vl_convert

from nbtrack.charts import contour, importance, scatter
from tests.charts.tables import HOSTILE, sweep, table

NAN = math.nan
NAMES = [
    HOSTILE,
    "a.b",
    "a[0]",
    "quote \" and ' and `",
    "back\\slash\\",
    "😀👩‍👩‍👧",
    "שלום עולם",
    "evil \u202e reversed",
    "",
    "image",
    "title",
    "run",
    "__proto__",
    "${signal}",
    "datum.x",
    "%",
    "x" * 10_000,
]


def alone(name: str, params: int = 3, runs: int = 30) -> pa.Table:
    """Runs whose one metric and three parameters have ``name`` in theirs."""
    random = np.random.default_rng(0)
    columns = {f"params.{name}": random.normal(size=runs)}
    for number in range(params - 1):
        columns[f"params.{number}{name}"] = [
            f"{name}{each}" for each in random.integers(0, 3, runs)
        ]
    return (
        table(filler=[1] * runs, metrics_m=random.normal(size=runs))
        .append_column(f"metrics.{name}", pa.array(random.normal(size=runs)))
        .append_column(f"params.{name}", pa.array(columns[f"params.{name}"]))
        .append_column(f"params.1{name}", pa.array(columns[f"params.1{name}"]))
    )


def apart(runs: int) -> pa.Table:
    """Runs that have no parameter and no metric in common."""
    own = {
        f"params.p{number}": pa.array([1.5 if row == number else None for row in range(runs)])
        for number in range(runs)
    }
    first = table(lr=[0.1, *[None] * (runs - 1)], depth=[None, 3, *[None] * (runs - 2)])
    loss = pa.array([None, None, *[0.5] * (runs - 2)], pa.float64())
    for name, values in own.items():
        first = first.append_column(name, values)
    return first.append_column("metrics.loss", loss)


def odd_tables() -> dict[str, pa.Table]:
    grid = {"lr": [0.1, 0.2, 0.4] * 5, "depth": [1, 2, 3, 4, 5] * 3}
    plain = sweep(30)
    many = sweep(40)
    random = np.random.default_rng(1)
    for number in range(500):
        many = many.append_column(f"params.p{number}", pa.array(random.normal(size=40)))
    return {
        "no columns": pa.table({"run_id": pa.array([], pa.string())}),
        "no runs": sweep(0),
        "one run": sweep(1),
        "two runs": sweep(2),
        "nothing in common": apart(12),
        "constant metric": table(**grid, metrics_loss=[0.5] * 15),
        "metric of NaN": table(**grid, metrics_loss=[NAN] * 15),
        "metric of null": table(**grid, metrics_loss=pa.nulls(15)),
        "metric of infinity": table(**grid, metrics_loss=[math.inf, -math.inf, 1.0] * 5),
        "huge metric": table(**grid, metrics_loss=[1e308, -1e308, 1.0, 1e300, -1e300] * 3),
        "tiny metric": table(**grid, metrics_loss=[5e-324, 1e-310, 1e-20, 1e-300, 1.0] * 3),
        "overflown metric": table(**grid, metrics_loss=[1e-290, 1.0, 1e290, 0.1, 10.0] * 3),
        "same parameters": table(lr=[0.1] * 15, depth=[3] * 15, metrics_loss=list(range(15))),
        "big integers": table(
            lr=[2**62 + number for number in range(15)],
            depth=[10**18 + number for number in range(15)],
            metrics_loss=[float(number) for number in range(15)],
        ),
        "texts": table(
            lr=[f"v{number}" for number in range(60)],
            depth=["a", None, "b"] * 20,
            metrics_loss=[float(number % 7) for number in range(60)],
        ),
        "booleans": table(
            lr=[True, False, None] * 10,
            depth=[True, False] * 15,
            metrics_loss=[float(number) for number in range(30)],
        ),
        "500 parameters": many,
        "negative": table(**grid, metrics_loss=[-1000.0, -1.0, -0.001] * 5),
        "no names": plain.drop_columns(["run_name"]),
    }


TABLES = odd_tables()
DRAWN = {
    "scatter": lambda runs, **kw: scatter(runs, "lr", "loss", color="depth", **kw),
    "contour": lambda runs, **kw: contour(runs, "lr", "depth", "loss", **kw),
    "importance": lambda runs, **kw: importance(runs, "loss", **kw),
}


def drawn_svg(chart, capfd: pytest.CaptureFixture[str]) -> str:
    """The chart as SVG: it compiles without a warning, and is finite."""
    json.dumps(chart.spec, allow_nan=False)
    assert chart.spec["$schema"].startswith("https://vega.github.io/schema/vega-lite/v")
    svg = vl_convert.vegalite_to_svg({**chart.spec, "width": 400}, show_warnings=True)
    assert capfd.readouterr().err == ""
    for element in ET.fromstring(svg).iter():
        for attribute in ("d", "x", "y", "transform", "width", "height"):
            assert "NaN" not in element.get(attribute, "")
            assert "Infinity" not in element.get(attribute, "")
    return svg


@pytest.mark.parametrize("which", TABLES)
@pytest.mark.parametrize("kind", DRAWN)
def test_an_odd_table_is_drawn(kind, which, capfd):
    chart = DRAWN[kind](TABLES[which])
    svg = drawn_svg(chart, capfd)
    assert chart.title in svg


@pytest.mark.parametrize("which", ["no runs", "texts", "metric of infinity"])
@pytest.mark.parametrize("kind", DRAWN)
def test_the_dark_theme_draws_the_same_in_other_colours(kind, which, capfd):
    light, dark = (
        drawn_svg(DRAWN[kind](TABLES[which], theme=theme), capfd) for theme in ("light", "dark")
    )
    assert light != dark
    assert len(ET.fromstring(light).findall(".//*")) == len(ET.fromstring(dark).findall(".//*"))


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
@pytest.mark.parametrize("kind", DRAWN)
def test_a_hostile_name_is_only_text(kind, name, capfd):
    runs = alone(name)
    param, category, metric = f"params.{name}", f"params.1{name}", f"metrics.{name}"
    if kind == "importance":
        charts = [importance(runs, metric)]
    elif kind == "scatter":
        charts = [scatter(runs, param, metric, color=category), scatter(runs, category, metric)]
    else:
        charts = [contour(runs, param, category, metric), contour(runs, param, metric, "m")]
    for chart in charts:
        svg = drawn_svg(chart, capfd)
        assert "<script" not in svg
        assert len(chart.title) < 150
        assert all(len(line) < 100 for line in chart.spec["title"]["subtitle"])
        for layer in chart.spec.get("layer", [chart.spec]):
            for tooltip in layer.get("encoding", {}).get("tooltip", []) or []:
                assert tooltip["title"] not in ("", "image", "title")


@pytest.mark.parametrize(
    ("kind", "which", "sentence"),
    [
        ("scatter", "no columns", "There are no runs yet."),
        ("importance", "no runs", "There are no runs yet."),
        ("scatter", "nothing in common", "No run has both to show. Of 12 runs: 11 without lr, "),
        ("contour", "nothing in common", "No run has all three to show."),
        ("scatter", "metric of NaN", "15 whose loss is not finite"),
        ("importance", "metric of NaN", "No run has a finite loss (15 whose loss is not finite);"),
        ("importance", "constant metric", "loss is 0.5 in all runs."),
        ("importance", "one run", "Only 1 run with a finite loss; importance needs 10 or more."),
        ("importance", "same parameters", "No parameter differs between these runs."),
    ],
)
def test_an_empty_chart_says_why(kind, which, sentence):
    chart = DRAWN[kind](TABLES[which])
    assert sentence in chart.spec["description"]
    assert len(chart.data) == 0
    assert sentence.split()[0] in " ".join(chart.spec["mark"]["text"])


def test_a_column_that_no_run_has_is_named_with_the_closest():
    said = scatter(sweep(12), "learning", "los").spec["description"]
    assert "None of the 12 runs has learning." in said
    said = scatter(sweep(12), "lr", "metrics.los").spec["description"]
    assert said.endswith("None of the 12 runs has metrics.los. Closest: metrics.loss.")


@pytest.mark.parametrize("kind", DRAWN)
def test_the_same_runs_give_the_same_bytes(kind):
    runs = sweep(40)
    one, other = (DRAWN[kind](runs) for _ in range(2))
    assert json.dumps(one.spec) == json.dumps(other.spec)
    assert one.data == other.data
