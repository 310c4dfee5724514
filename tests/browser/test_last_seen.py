"""What a notebook shows of its pictures when its kernel is gone: what was last seen of them."""

from __future__ import annotations

import subprocess
import sys

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.lab import Lab, Notebook
from tests.browser.reopening import html_of, no_widget_failed, reopened, svg_in
from tests.browser.test_run_table import LOG

PARALLEL = "picture = nbtrack.parallel(); picture"
CHART = "chart = nbtrack.scatter(x='depth', y='accuracy'); chart"


@pytest.fixture
def notebook(lab: Lab) -> Notebook:
    notebook = lab.open(lab.write("pictures.ipynb", [LOG, PARALLEL, CHART]))
    for cell in range(3):
        notebook.run_cell(cell)
    expect(notebook.output(1).locator(".nbt-par-canvas").first).to_have_attribute(
        "data-state", "drawn"
    )
    return notebook


def changes(notebook: Notebook, cell: int, before: str) -> str:
    """The html of a cell once it is another than ``before``."""
    notebook.page.wait_for_function(
        """([cell, before]) => window.jupyterapp.shell.currentWidget.content.widgets[cell]
             .model.outputs.get(0).data['text/html'] !== before""",
        arg=[cell, before],
        timeout=15_000,
    )
    return html_of(notebook, cell)


def brush(notebook: Notebook) -> None:
    """Pick the runs of the upper end of the axis of the depth: 3, 7 and 11."""
    depth = notebook.output(1).locator("[data-axis='params.depth'] .nbt-par-strip")
    depth.focus()
    depth.press("ArrowUp")
    expect(notebook.output(1).get_by_text("3 selected")).to_be_visible()


def test_the_html_follows_the_picture_and_nothing_flashes(notebook: Notebook) -> None:
    before = [html_of(notebook, cell) for cell in (1, 2)]
    root = notebook.output(1).locator(".nbt")
    root.evaluate("root => { window.kept = root; }")
    brush(notebook)
    parallel, chart = (
        changes(notebook, cell, was) for cell, was in zip((1, 2), before, strict=True)
    )
    # The three that are picked are drawn strongly, and no others.
    assert svg_in(parallel).count('stroke-opacity="0.900"') == 3
    assert svg_in(before[0]).count('stroke-opacity="0.900"') == 0
    dots = svg_in(chart).count('opacity="0.85"')
    assert (svg_in(before[1]).count('opacity="0.85"'), dots) == (11, 2)
    # The view is still the one that was there.
    assert root.evaluate("root => root === window.kept && root.isConnected")


@pytest.mark.parametrize("trusted", [True, False])
def test_reopened_without_a_kernel(notebook: Notebook, trusted: bool) -> None:
    before = html_of(notebook, 2)
    brush(notebook)
    seen = changes(notebook, 2, before)
    notebook.save()
    outputs = reopened(notebook, trusted=trusted)
    shown = outputs.locator("img")
    expect(shown).to_have_count(2)
    assert shown.nth(1).get_attribute("src") == seen.split('src="')[1].split('"')[0]
    expect(outputs.get_by_text("Scatter of 12 runs")).to_be_visible()
    for picture in (0, 1):
        assert shown.nth(picture).evaluate("img => img.decode().then(() => img.naturalWidth)") > 600
    no_widget_failed(notebook.lab)
    notebook.lab.screenshot(f"last_seen_trusted_{trusted}")


def test_exported_as_a_page(notebook: Notebook, lab: Lab) -> None:
    before = html_of(notebook, 2)
    brush(notebook)
    seen = changes(notebook, 2, before)
    notebook.save()
    subprocess.run(
        [sys.executable, "-m", "nbconvert", "--to", "html", notebook.path],
        check=True,
        capture_output=True,
    )
    page = notebook.path.with_suffix(".html").read_text()
    assert seen.split('src="')[1].split('"')[0] in page
    assert "Error displaying widget" not in page


def test_a_filter_and_an_axis_that_is_turned_are_kept(notebook: Notebook) -> None:
    before = html_of(notebook, 1)
    notebook.output(1).locator("[data-axis='params.depth'] .nbt-par-strip").press("i")
    turned = changes(notebook, 1, before)
    assert "inverted" in svg_in(turned)
    box: Locator = notebook.output(1).get_by_role("combobox", name="Filter runs")
    box.fill("params.model = 'linear'")
    assert "filter: params.model" in changes(notebook, 1, turned)
