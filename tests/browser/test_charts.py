"""Charts in a real browser: as wide as their place, and with a selection to read and set."""

from __future__ import annotations

import pytest
import vl_convert
from playwright.sync_api import Browser, Page

from nbtrack.charts import contour, importance, scatter
from tests.charts.tables import HOSTILE, sweep

# What a widget does: DESIGN.md of the charts has the same lines.
_SET = """ids => {
  view.data('selected_store', ids.map(id => (
    {unit: '', fields: [{type: 'E', field: 'run_id'}], values: [id]})));
  return view.runAsync().then(() => null);
}"""
_BRUSHED = """() => {
  const {x: [left, right], y: [low, high]} = view.signal('brush');
  return view.data('runs').filter(
    ({x, y}) => left <= x && x <= right && low <= y && y <= high).map(row => row.run_id);
}"""
_BRIGHT = """() => [...document.querySelectorAll('.mark-symbol.role-mark path')]
  .filter(path => path.getAttribute('opacity') > 0.5).length"""


@pytest.fixture
def page(browser: Browser):
    context = browser.new_context(viewport={"width": 800, "height": 600})
    outside: list[str] = []
    page = context.new_page()
    page.on("request", lambda request: outside.append(request.url))
    yield page
    context.close()
    assert [url for url in outside if not url.startswith(("file:", "about:", "data:"))] == []


def show(page: Page, chart) -> None:
    page.set_content("<div id='chart' style='width: 100%'></div>")
    page.add_script_tag(content=vl_convert.javascript_bundle())
    page.evaluate(
        """spec => vegaEmbed('#chart', spec, {renderer: 'svg', actions: false})
            .then(({view}) => { window.view = view; })""",
        chart.spec,
    )


@pytest.mark.parametrize("draw", [scatter, lambda runs, x, y: contour(runs, x, "depth", y)])
def test_a_brush_and_a_selection_from_outside_dim_the_other_runs(page: Page, draw) -> None:
    runs = sweep(60)
    show(page, draw(runs, "lr", "loss"))
    assert page.evaluate(_BRIGHT) == 60
    plot = page.locator(".mark-group.role-frame > g > path.background").bounding_box()
    page.mouse.move(plot["x"] + 20, plot["y"] + 10)
    page.mouse.down()
    page.mouse.move(plot["x"] + plot["width"] / 2, plot["y"] + plot["height"] - 10, steps=5)
    page.mouse.up()
    brushed = page.evaluate(_BRUSHED)
    assert 0 < len(brushed) < 60
    assert page.evaluate(_BRIGHT) == len(brushed)
    page.mouse.dblclick(plot["x"] + plot["width"] - 5, plot["y"] + 5)
    assert page.evaluate(_BRIGHT) == 60
    some = runs["run_id"].to_pylist()[:7]
    page.evaluate(_SET, some)
    assert page.evaluate(_BRIGHT) == 7
    assert page.evaluate("() => view.signal('selected').run_id") == some


def test_a_click_selects_a_run_and_shift_adds_another(page: Page) -> None:
    show(page, scatter(sweep(12), "depth", "loss"))
    dots = page.locator(".mark-symbol.role-mark path")
    dots.nth(3).click()
    assert page.evaluate(_BRIGHT) == 1
    dots.nth(5).click(modifiers=["Shift"])
    assert len(page.evaluate("() => view.signal('selected').run_id")) == 2


def test_a_selection_in_the_spec_is_there_from_the_start(page: Page) -> None:
    chart = scatter(sweep(12), "depth", "loss")
    [selected] = [param for param in chart.spec["params"] if param["name"] == "selected"]
    selected["value"] = [{"run_id": each} for each in chart.data["run_id"].to_pylist()[:3]]
    show(page, chart)
    assert page.evaluate(_BRIGHT) == 3


@pytest.mark.parametrize("width", [400, 1200])
@pytest.mark.parametrize(
    "chart",
    [
        scatter(sweep(60), "lr", "loss", color="optimizer"),
        contour(sweep(60), "lr", "depth", "loss"),
        contour(sweep(60), "lr", "optimizer", "loss"),
        importance(sweep(60), "loss"),
        scatter(sweep(0), "lr", "loss"),
    ],
    ids=["scatter", "contour", "cells", "importance", "nothing"],
)
def test_a_chart_is_as_wide_as_its_place(page: Page, chart, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 600})
    show(page, chart)
    drawn = page.locator("#chart svg").bounding_box()
    assert width - 60 <= drawn["width"] <= width
    for text in page.locator("#chart svg text").all():
        box = text.bounding_box()
        # Text that is not shown has no box.
        assert box is None or box["x"] + box["width"] <= width


def test_a_saved_page_shows_hostile_names_as_text(page: Page, tmp_path) -> None:
    runs = sweep(12).append_column(f"params.{HOSTILE}", sweep(12)["params.depth"])
    chart = scatter(runs, f"params.{HOSTILE}", "loss", theme="dark")
    page.goto(chart.save(tmp_path / "chart.html").as_uri())
    page.locator("svg.marks").wait_for()
    assert page.evaluate("() => window.attacked") is None
    assert page.locator("svg.marks text", has_text="</script>").count() == 2
    page.locator(".mark-symbol.role-mark path").first.hover()
    page.locator("#vg-tooltip-element.visible").wait_for()
    assert page.locator("#vg-tooltip-element img, #vg-tooltip-element script").count() == 0
    keys = page.locator("#vg-tooltip-element td.key").all_inner_texts()
    assert keys == ["run", HOSTILE.strip().replace("\\", "\N{SET MINUS}"), "loss"]
