"""Charts as widgets in JupyterLab, used as a person uses them."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.lab import Lab, Notebook
from tests.browser.test_run_table import LOG

SHOW = "chart = nbtrack.scatter(x='depth', y='loss', color='model'); chart"
TABLE = "table = nbtrack.runs().table(); table"
TELL = """names = sorted(nbtrack.get_run(run).name for run in chart.selected)
print(names, chart.x, chart.y, chart.color)"""
DRAWN = ".nbt-chart[data-state='drawn']"


@pytest.fixture
def notebook(lab: Lab) -> Notebook:
    notebook = lab.open(lab.write("chart.ipynb", [LOG, SHOW, TABLE, TELL]))
    for cell in range(3):
        notebook.run_cell(cell)
    return notebook


@pytest.fixture
def chart(notebook: Notebook) -> Locator:
    root = notebook.output(1).locator(".nbt")
    expect(root.locator(DRAWN)).to_be_visible(timeout=15_000)
    return root


def test_the_chart_follows_the_theme(chart: Locator, notebook: Notebook, lab: Lab) -> None:
    notebook.screenshot("chart_light", chart)
    lab.set_theme("JupyterLab Dark")
    expect(chart.locator(DRAWN)).to_be_visible()
    notebook.screenshot("chart_dark", chart)
    assert lab.page_errors == []


def dots(chart: Locator) -> dict[str, tuple[float, float]]:
    """Where the dot of each run is on the page, as the keys find it."""
    picture = chart.locator(".nbt-chart")
    picture.scroll_into_view_if_needed()
    picture.focus()
    picture.press("Home")
    found: dict[str, tuple[float, float]] = {}
    while True:
        name = chart.locator(".nbt-chart-tip b").inner_text()
        if name in found:
            break
        ring = chart.locator(".nbt-chart-ring").bounding_box()
        assert ring is not None
        found[name] = (ring["x"] + ring["width"] / 2, ring["y"] + ring["height"] / 2)
        picture.press("ArrowRight")
    picture.press("Escape")
    return found


def test_a_click_picks_a_run_in_every_widget_and_in_the_kernel(
    chart: Locator, notebook: Notebook
) -> None:
    where = dots(chart)
    assert len(where) == 12
    mouse = chart.page.mouse
    mouse.move(*where["run-7"])
    expect(chart.locator(".nbt-chart-tip")).to_contain_text("run-7")
    expect(chart.locator(".nbt-chart-tip")).to_contain_text("depth3")
    notebook.screenshot("chart_hovered", chart)
    mouse.click(*where["run-7"])
    expect(chart.get_by_text("1 selected")).to_be_visible()
    chart.page.keyboard.down("Shift")
    mouse.click(*where["run-5"])
    chart.page.keyboard.up("Shift")
    expect(chart.get_by_text("2 selected")).to_be_visible()
    notebook.screenshot("chart_picked", chart)
    notebook.tells(3, "['run-5', 'run-7'] params.depth metrics.loss params.model")
    expect(notebook.output(2).locator(".nbt-row.nbt-selected")).to_have_count(2)


def test_a_brush_picks_runs_and_a_pick_elsewhere_clears_it(
    chart: Locator, notebook: Notebook
) -> None:
    where = dots(chart)
    mouse = chart.page.mouse
    left, right = where["run-10"][0] - 40, where["run-11"][0] + 10
    top, bottom = where["run-11"][1] - 8, where["run-3"][1] + 25
    mouse.move(left, top)
    mouse.down()
    mouse.move((left + right) / 2, bottom, steps=5)
    mouse.move(right, bottom, steps=5)
    mouse.up()
    expect(chart.locator(".nbt-picked")).to_contain_text("selected")
    notebook.screenshot("chart_brushed", chart)
    names = [name for name, (x, y) in where.items() if left <= x <= right and top <= y <= bottom]
    assert len(names) >= 3
    notebook.tells(3, str(sorted(names)))
    row = (
        notebook.output(2)
        .locator(".nbt-row")
        .filter(has=chart.page.get_by_text("run-0", exact=True))
    )
    row.locator(".nbt-select").click()
    expect(chart.get_by_text(f"{len(names) + 1} selected")).to_be_visible()
    # The brush is gone: where it was, one brushes anew instead of moving it.
    x, y = dots(chart)["run-10"]
    mouse.move(x - 35, y - 5)
    mouse.down()
    mouse.move(x + 20, y + 22, steps=5)
    mouse.up()
    notebook.screenshot("chart_picked_elsewhere", chart)
    expect(chart.get_by_text("2 selected")).to_be_visible()


def test_keys_reach_runs_and_pick_them(chart: Locator, notebook: Notebook) -> None:
    picture = chart.locator(".nbt-chart")
    picture.focus()
    picture.press("End")
    expect(chart.locator(".nbt-chart-spoken")).to_contain_text("run run-")
    picture.press("Enter")
    picture.press("ArrowLeft")
    picture.press("Shift+Enter")
    expect(chart.get_by_text("2 selected")).to_be_visible()
    picture.press("Escape")
    expect(chart.locator(".nbt-chart-ring")).to_be_hidden()
    picture.press("Escape")
    expect(chart.locator(".nbt-picked")).to_be_empty()
    before = chart.page.evaluate("window.jupyterapp.shell.currentWidget.content.widgets.length")
    for key in "ddab":
        picture.press(key)
    after = chart.page.evaluate("window.jupyterapp.shell.currentWidget.content.widgets.length")
    assert before == after


def test_columns_are_chosen_from_menus(chart: Locator, notebook: Notebook) -> None:
    chart.get_by_role("button", name="Y loss").click()
    notebook.screenshot("chart_columns")
    chart.page.get_by_role("textbox", name="Find a column").fill("acc")
    chart.page.keyboard.press("Enter")
    expect(chart.get_by_role("button", name="Y accuracy")).to_be_visible()
    expect(chart.locator(".nbt-chart")).to_have_attribute(
        "aria-label", re.compile("^accuracy by depth. 11 of 12 runs; 1 without accuracy")
    )
    chart.get_by_role("button", name="Colour model").click()
    chart.page.get_by_role("menuitemradio", name="None").click()
    expect(chart.get_by_role("button", name="Colour", exact=True)).to_be_visible()
    notebook.tells(3, "[] params.depth metrics.accuracy None")


def test_the_menu_saves_files(chart: Locator, notebook: Notebook) -> None:
    beginnings = {
        "Save as PNG": b"\x89PNG",
        "Save as SVG": b"<svg",
        "Save the data as CSV": b'"run_id","run_name","params.depth"',
        "Save as Vega-Lite": b'{"config"',
    }
    for label, beginning in beginnings.items():
        chart.get_by_role("button", name="More").click()
        with chart.page.expect_download() as saved:
            chart.page.get_by_role("menuitem", name=label).click()
        assert saved.value.path().read_bytes().startswith(beginning)
        assert saved.value.suggested_filename.startswith("scatter.")


@pytest.mark.parametrize("kind", ["scatter", "contour", "importance"])
def test_a_narrow_column(lab: Lab, kind: str) -> None:
    show = f"""
for number in range(12, 40):
    with nbtrack.run(f"run-{{number}}", model="forest" if number % 3 else "linear",
                     depth=number % 7, lr=10 ** -(number % 5), seed=7) as r:
        r.log(loss=1 / (1 + number % 7) + number % 5, accuracy=.5 + number % 11 / 100)
chart = nbtrack.{kind}()
chart.layout.width = "400px"
chart"""
    notebook = lab.open(lab.write("narrow.ipynb", [LOG, show]))
    notebook.run_cell(0)
    notebook.run_cell(1)
    root = notebook.output(1).locator(".nbt")
    expect(root.locator(DRAWN)).to_be_visible(timeout=30_000)
    notebook.screenshot(f"{kind}_narrow", notebook.output(1))
    box = root.bounding_box()
    assert box is not None
    assert box["width"] == 400
    for part in root.locator("button, canvas, input").all():
        inner = part.bounding_box()
        assert inner is None or inner["x"] + inner["width"] <= box["x"] + box["width"] + 1


LATE = "with nbtrack.run('late', depth=3) as r: r.log(loss=math.exp(-19 / 4))"
EXECUTE = """code => new Promise(done => {
  const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
  kernel.requestExecute({ code }).done.then(() => done());
})"""


def test_a_brush_is_not_interrupted_by_a_run_that_comes_and_then_takes_it_in(
    chart: Locator, notebook: Notebook
) -> None:
    where = dots(chart)
    mouse = chart.page.mouse
    left, right = where["run-10"][0] - 40, where["run-11"][0] + 10
    top, bottom = where["run-11"][1] - 8, where["run-3"][1] + 25
    count = sum(left <= x <= right and top <= y <= bottom for x, y in where.values())
    picked = chart.locator(".nbt-picked")
    mouse.move(left, top)
    mouse.down()
    mouse.move((left + right) / 2, bottom, steps=5)
    # It is at the same place as run-3, which the brush takes.
    chart.page.evaluate(EXECUTE, LATE)
    expect(chart.locator(".nbt-count")).to_have_text("13 runs", timeout=15_000)
    mouse.move(right, bottom, steps=5)
    expect(picked).to_contain_text(f"{count} selected")
    mouse.up()
    expect(picked).to_contain_text(f"{count + 1} selected")
    # The brush is still there: dragged from within, it moves, and a new one would take nothing.
    x, y = left + 12, (top + bottom) / 2
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + 6, y, steps=3)
    mouse.up()
    expect(picked).to_contain_text(f"{count + 1} selected")
    notebook.screenshot("chart_brush_kept", chart)
