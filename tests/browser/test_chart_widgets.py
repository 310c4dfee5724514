"""Charts as widgets in JupyterLab, used as a person uses them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.lab import Lab, Notebook
from tests.browser.test_run_table import LOG

SHOW = "chart = nbtrack.scatter(x='depth', y='loss', color='model'); chart"
TABLE = "table = nbtrack.runs().table(); table"
TELL = "print(sorted(nbtrack.get_run(r).name for r in chart.selected), chart.x, chart.y, chart.color)"
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
