"""A widget whose kernel or whose store is gone keeps its last picture, and says so below it."""

from __future__ import annotations

import os
import shutil
import signal

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.lab import Lab, Notebook
from tests.browser.test_run_table import LOG

PICTURES = """from IPython.display import display
picture, chart = nbtrack.parallel(), nbtrack.scatter(x='depth', y='accuracy')
display(picture, chart)"""


@pytest.fixture
def notebook(lab: Lab) -> Notebook:
    notebook = lab.open(lab.write("gone.ipynb", [LOG, PICTURES, "import os; print(os.getpid())"]))
    for cell in range(3):
        notebook.run_cell(cell)
    expect(notebook.output(1).locator(".nbt-chart[data-state='drawn']")).to_be_visible()
    return notebook


def both(notebook: Notebook) -> list[Locator]:
    return [notebook.output(1).locator(".nbt").nth(place) for place in (0, 1)]


@pytest.mark.parametrize("end", ["killed", "shut down", "restarted"])
def test_a_kernel_that_is_gone(notebook: Notebook, end: str) -> None:
    pid = int(notebook.output(2).inner_text())
    match end:
        case "killed":
            os.kill(pid, signal.SIGKILL)
        case "shut down":
            notebook.lab.server.shut_down_kernels(notebook.lab.folder.name)
        case "restarted":
            notebook.page.evaluate(
                "() => window.jupyterapp.shell.currentWidget.sessionContext.restartKernel()"
            )
    for root in both(notebook):
        expect(root.get_by_text("The kernel that drew this is gone")).to_be_visible(timeout=30_000)
    parallel, chart = both(notebook)
    expect(parallel.locator(".nbt-par-canvas").first).to_have_attribute("data-state", "drawn")
    expect(chart.locator("canvas.marks")).to_be_visible()
    # JupyterLab tells of a kernel that died in a dialog.
    ok = notebook.page.get_by_role("button", name="Ok", exact=True)
    if end == "killed":
        ok.click()
    # What the page can do alone it still does.
    chart.locator(".nbt-chart").press("End")
    expect(chart.locator(".nbt-chart-tip")).to_be_visible()
    notebook.screenshot(f"kernel_{end.replace(' ', '_')}", notebook.output(1))


def test_a_store_that_is_gone(notebook: Notebook, lab: Lab) -> None:
    store = lab.folder / ".nbtrack"
    kept = shutil.move(store, store.with_name("moved"))
    for root in both(notebook):
        expect(root.locator(".nbt-trouble")).to_contain_text("is gone", timeout=15_000)
        expect(root.locator(".nbt-count")).to_have_text("12 runs")
    expect(both(notebook)[1].locator("canvas.marks")).to_be_visible()
    notebook.screenshot("store_gone", notebook.output(1))
    shutil.move(kept, store)
    for root in both(notebook):
        expect(root.locator(".nbt-trouble")).to_be_empty(timeout=15_000)
