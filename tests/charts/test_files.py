from __future__ import annotations

import json
import struct
import sys
import xml.etree.ElementTree as ET

import pytest

from nbtrack.charts import contour, importance, scatter
from nbtrack.errors import InvalidValue, MissingExtra
from tests.charts.tables import HOSTILE, sweep


def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG")
    return struct.unpack(">II", png[16:24])


@pytest.mark.parametrize(
    "chart",
    [
        scatter(sweep(30), "lr", "loss", color="depth"),
        contour(sweep(30), "lr", "depth", "loss", theme="dark"),
        contour(sweep(30), "optimizer", "depth", "loss"),
        importance(sweep(30), "loss"),
        scatter(sweep(0), "lr", "loss"),
    ],
    ids=["scatter", "contour", "cells", "importance", "nothing"],
)
def test_a_chart_is_saved_in_every_format(chart, tmp_path):
    width, height = size_of(chart.save(tmp_path / "a.png", scale=1, width=500).read_bytes())
    assert abs(width - 500) <= 20
    assert size_of(chart.save(tmp_path / "b.png", width=500).read_bytes()) == (
        2 * width,
        2 * height,
    )
    svg = ET.fromstring(chart.save(str(tmp_path / "a.svg"), width=500).read_text("utf-8"))
    assert float(svg.get("width", "0")) == width
    page = chart.save(tmp_path / "a.html").read_text("utf-8")
    assert f"<title>{chart.title}</title>" in page
    assert page.count("</script>") == 2
    assert json.loads(chart.save(tmp_path / "a.json").read_text("utf-8")) == chart.spec
    assert chart.spec["width"] == "container"


def test_a_name_cannot_end_the_script_of_a_page(tmp_path):
    runs = sweep(12).append_column(f"params.{HOSTILE}", sweep(12)["params.depth"])
    page = scatter(runs, f"params.{HOSTILE}", "loss").save(tmp_path / "a.html").read_text("utf-8")
    assert page.count("</script>") == 2


def test_a_chart_goes_on_in_altair():
    chart = contour(sweep(30), "lr", "depth", "loss")
    again = chart.altair.properties(width=300)
    assert len(again.to_dict()["layer"]) == 2
    assert again.to_dict()["datasets"]["runs"] == chart.spec["datasets"]["runs"]
    assert chart.spec["width"] == "container"


def test_another_ending_is_refused(tmp_path):
    chart = scatter(sweep(3), "lr", "loss")
    with pytest.raises(InvalidValue, match=r"'a\.gif' must end in \.png, \.svg, \.html or \.json"):
        chart.save(tmp_path / "a.gif")
    with pytest.raises(FileNotFoundError):
        chart.save(tmp_path / "nowhere" / "a.png")


def test_without_vl_convert_the_install_line_is_named(monkeypatch, tmp_path):
    chart = scatter(sweep(3), "lr", "loss")
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    with pytest.raises(MissingExtra, match=r"nbtrack\[charts\]"):
        chart.save(tmp_path / "a.png")
    assert chart.save(tmp_path / "a.json").exists()
