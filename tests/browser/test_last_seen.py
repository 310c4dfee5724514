"""What a notebook shows of its pictures when its kernel is gone: what was last seen of them."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.lab import Lab, Notebook
from tests.browser.reopening import html_of, no_widget_failed, reopened, svg_in
from tests.browser.test_run_table import LOG

PARALLEL = "picture = nbtrack.parallel(); picture"
CHART = "chart = nbtrack.scatter(x='depth', y='accuracy'); chart"
CURVES = "curves = nbtrack.curves(metrics=['loss']); curves"
COMPARE = "comparison = nbtrack.compare('run-1', 'run-2'); comparison"
# The cells of those pictures that show what is selected, and of the one that names its runs.
SELECTED, NAMED = (1, 2, 3), 4


@pytest.fixture
def notebook(lab: Lab) -> Notebook:
    notebook = lab.open(lab.write("pictures.ipynb", [LOG, PARALLEL, CHART, CURVES, COMPARE]))
    for cell in range(5):
        notebook.run_cell(cell)
    for cell in range(1, 5):
        expect(notebook.output(cell).locator("[data-state=drawn]").first).to_be_visible()
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


def brushed_and_saved(notebook: Notebook) -> dict[int, list[str]]:
    """Brush, save once every picture shows it; the pictures' addresses by cell."""
    before = [html_of(notebook, cell) for cell in SELECTED]
    brush(notebook)
    seen = {
        cell: changes(notebook, cell, was) for cell, was in zip(SELECTED, before, strict=True)
    } | {NAMED: html_of(notebook, NAMED)}
    notebook.save()
    return {cell: re.findall(r'src="(data:[^"]+)"', html) for cell, html in seen.items()}


@pytest.mark.parametrize("trusted", [True, False])
def test_reopened_without_a_kernel(notebook: Notebook, trusted: bool) -> None:
    seen = brushed_and_saved(notebook)
    reopened(notebook, trusted=trusted)
    for cell, addresses in seen.items():
        assert addresses
        shown = notebook.output(cell).locator("img")
        expect(shown).to_have_count(len(addresses))
        for place, address in enumerate(addresses):
            assert shown.nth(place).get_attribute("src") == address
            decoded = "img => img.decode().then(() => img.naturalWidth)"
            assert shown.nth(place).evaluate(decoded) > (200 if cell == NAMED else 600)
        no_widget_failed(notebook.lab)
        notebook.screenshot(f"last_seen_{cell}_trusted_{trusted}", notebook.output(cell))
    expect(notebook.output(2)).to_contain_text("Scatter of 12 runs")
    expect(notebook.output(NAMED).locator("table").first).to_contain_text("accuracy")


def test_exported_as_a_page(notebook: Notebook) -> None:
    seen = brushed_and_saved(notebook)
    subprocess.run(
        [sys.executable, "-m", "nbconvert", "--to", "html", notebook.path],
        check=True,
        capture_output=True,
    )
    page = notebook.path.with_suffix(".html").read_text()
    for addresses in seen.values():
        assert addresses
        assert all(address in page for address in addresses)
    assert "Error displaying widget" not in page


def test_a_filter_and_an_axis_that_is_turned_are_kept(notebook: Notebook) -> None:
    before = html_of(notebook, 1)
    notebook.output(1).locator("[data-axis='params.depth'] .nbt-par-strip").press("i")
    turned = changes(notebook, 1, before)
    assert "inverted" in svg_in(turned)
    box: Locator = notebook.output(1).get_by_role("combobox", name="Filter runs")
    box.fill("params.model = 'linear'")
    assert "filter: params.model" in changes(notebook, 1, turned)
