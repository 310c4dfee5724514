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
BOARD = "board = nbtrack.board('curves', 'parallel'); board"
COMPARE = "comparison = nbtrack.compare('run-1', 'run-2'); comparison"
RUN = "nbtrack.get_run('run-1')"
# The cells of those that show what is selected, and of those that name their runs.
SELECTED, NAMED = (1, 2, 3, 4), (5, 6)


@pytest.fixture
def notebook(lab: Lab) -> Notebook:
    return shown(lab, PARALLEL, CHART)


def shown(lab: Lab, *pictures: str) -> Notebook:
    """A notebook whose cells from the second on show these, all drawn."""
    notebook = lab.open(lab.write("pictures.ipynb", [LOG, *pictures]))
    for cell in range(1 + len(pictures)):
        notebook.run_cell(cell)
    for cell in range(1, 1 + len(pictures)):
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


def test_without_a_kernel_it_is_shown_as_it_was_seen_last(lab: Lab) -> None:
    """Exported as a page, reopened by a stranger, reopened by its owner."""
    notebook = shown(lab, PARALLEL, CHART, CURVES, BOARD, COMPARE, RUN)
    before = [html_of(notebook, cell) for cell in SELECTED]
    brush(notebook)
    html = {cell: changes(notebook, cell, was) for cell, was in zip(SELECTED, before, strict=True)}
    html |= {cell: html_of(notebook, cell) for cell in NAMED}
    notebook.save()
    seen = {cell: re.findall(r'src="(data:[^"]+)"', each) for cell, each in html.items()}
    assert [len(seen[cell]) for cell in SELECTED] == [1, 1, 1, 2]
    assert all(seen[cell] for cell in NAMED)
    is_exported(notebook, seen)
    for trusted in (False, True):
        reopened(notebook, trusted=trusted)
        is_shown(notebook, seen)
        notebook.screenshot(f"last_seen_trusted_{trusted}")


def is_exported(notebook: Notebook, seen: dict[int, list[str]]) -> None:
    """A page made by nbconvert has the pictures that were seen."""
    subprocess.run(
        [sys.executable, "-m", "nbconvert", "--to", "html", notebook.path],
        check=True,
        capture_output=True,
    )
    page = notebook.path.with_suffix(".html").read_text()
    assert all(address in page for addresses in seen.values() for address in addresses)
    assert "Error displaying widget" not in page


def is_shown(notebook: Notebook, seen: dict[int, list[str]]) -> None:
    """The cells of the notebook that is open show the pictures that were seen."""
    for cell, addresses in seen.items():
        pictures = notebook.output(cell).locator("img")
        expect(pictures).to_have_count(len(addresses))
        for place, address in enumerate(addresses):
            assert pictures.nth(place).get_attribute("src") == address
            decoded = "img => img.decode().then(() => img.naturalWidth)"
            assert pictures.nth(place).evaluate(decoded) > (200 if cell in NAMED else 600)
    no_widget_failed(notebook.lab)
    expect(notebook.output(2)).to_contain_text("Scatter of 12 runs")
    expect(notebook.output(5).locator("table").first).to_contain_text("accuracy")
    expect(notebook.output(6)).to_contain_text("run-1")


def test_a_filter_and_an_axis_that_is_turned_are_kept(notebook: Notebook) -> None:
    before = html_of(notebook, 1)
    notebook.output(1).locator("[data-axis='params.depth'] .nbt-par-strip").press("i")
    turned = changes(notebook, 1, before)
    assert "inverted" in svg_in(turned)
    box: Locator = notebook.output(1).get_by_role("combobox", name="Filter runs")
    box.fill("params.model = 'linear'")
    assert "filter: params.model" in changes(notebook, 1, turned)
