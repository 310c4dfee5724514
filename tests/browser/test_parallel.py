"""Parallel coordinates in JupyterLab, used as a person uses them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.lab import Lab, Notebook
from tests.browser.test_run_table import LOG

SHOW = "picture = nbtrack.parallel(); picture"
TABLE = "table = nbtrack.runs().table(); table"
TELL = "print(sorted(nbtrack.get_run(r).name for r in picture.selected), picture.brushes)"


@pytest.fixture
def notebook(lab: Lab) -> Notebook:
    notebook = lab.open(lab.write("parallel.ipynb", [LOG, SHOW, TABLE, TELL]))
    for cell in range(3):
        notebook.run_cell(cell)
    return notebook


@pytest.fixture
def picture(notebook: Notebook) -> Locator:
    root = notebook.output(1).locator(".nbt")
    expect(root.locator(".nbt-par-canvas").first).to_have_attribute("data-state", "drawn")
    return root


def strip(picture: Locator, column: str) -> Locator:
    return picture.locator(f"[data-axis='{column}'] .nbt-par-strip")


def axes(picture: Locator) -> list[str]:
    """The names of the axes as they stand, from the left."""
    placed = picture.locator(".nbt-par-handle").evaluate_all(
        "all => all.map(one => [one.offsetLeft, one.dataset.axis])"
    )
    return [name for _, name in sorted(placed)]


def drag(picture: Locator, x: float, tops: tuple[float, float]) -> None:
    mouse = picture.page.mouse
    mouse.move(x, tops[0])
    mouse.down()
    mouse.move(x, sum(tops) / 2, steps=4)
    mouse.move(x, tops[1], steps=4)
    mouse.up()


def test_a_brush_picks_runs_in_every_widget_and_in_the_kernel(
    picture: Locator, notebook: Notebook
) -> None:
    accuracy = strip(picture, "metrics.accuracy")
    accuracy.scroll_into_view_if_needed()
    box = accuracy.bounding_box()
    assert box is not None
    # The three best stand in the upper quarter of the axis.
    drag(picture, box["x"] + 14, (box["y"] + 2, box["y"] + 75))
    expect(picture.get_by_text("3 selected")).to_be_visible()
    notebook.tells(3, "['run-10', 'run-11', 'run-9']")
    expect(notebook.output(3)).to_contain_text("metrics.accuracy")
    notebook.screenshot("parallel_brushed", notebook.output(1).locator(".nbt"))
    expect(notebook.output(2).locator(".nbt-row.nbt-selected")).to_have_count(3)
    # What is picked in the table is picked here, and the brush is gone.
    notebook.output(2).locator(".nbt-row[data-line='5'] .nbt-select").click()
    expect(notebook.output(1).get_by_text("4 selected")).to_be_visible()
    notebook.tells(3, "{}")


def test_keys_brush_invert_move_and_hide_an_axis(picture: Locator, notebook: Notebook) -> None:
    depth = strip(picture, "params.depth")
    depth.focus()
    depth.press("ArrowUp")
    expect(depth).to_have_attribute("aria-valuetext", "2.85 to 3")
    expect(picture.get_by_text("3 selected")).to_be_visible()
    depth.press("Escape")
    expect(depth).to_have_attribute("aria-valuetext", "not brushed")
    depth.press("i")
    expect(picture.locator("[data-axis='params.depth'] .nbt-par-hint")).to_contain_text("inverted")
    before = axes(picture)
    strip(picture, before[0]).press("Control+ArrowRight")
    assert axes(picture)[1] == before[0]
    strip(picture, before[0]).press("Delete")
    expect(picture.locator(".nbt-par-handle")).to_have_count(len(before) - 1)


def test_keep_only_makes_a_brush_the_filter_of_all(picture: Locator, notebook: Notebook) -> None:
    model = strip(picture, "params.model")
    model.focus()
    model.press("ArrowDown")
    expect(picture.get_by_text("4 selected")).to_be_visible()
    picture.get_by_role("button", name="Keep only").click()
    expect(picture.locator(".nbt-count")).to_have_text("4 of 12 runs")
    expect(notebook.output(2).locator(".nbt-count")).to_have_text("4 of 12 runs")


def test_the_picture_follows_the_theme(picture: Locator, notebook: Notebook, lab: Lab) -> None:
    notebook.screenshot("parallel_light", picture)
    lab.set_theme("JupyterLab Dark")
    root = notebook.output(1).locator(".nbt")
    expect(root.locator(".nbt-par-canvas").first).to_have_attribute("data-state", "drawn")
    notebook.screenshot("parallel_dark", root)
    assert lab.page_errors == []
