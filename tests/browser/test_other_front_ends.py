"""The same widgets in Notebook 7 and in marimo: they draw, and nothing is asked from outside."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.browser.lab import IDLE, SCREENSHOTS
from tests.browser.server import LabServer, free_port
from tests.browser.test_run_table import LOG

SHOW = """from IPython.display import display
display(nbtrack.parallel(), nbtrack.scatter(x='depth', y='accuracy', color='model'),
        nbtrack.curves(metrics=['loss']), nbtrack.compare('run-1', 'run-2'),
        nbtrack.get_run('run-1'), nbtrack.board('curves', 'table'))"""
MARIMO = f"""
import marimo

app = marimo.App()


@app.cell
def _():
    import math, nbtrack
    {LOG.replace("import math, nbtrack", "").strip().replace(chr(10), chr(10) + "    ")}
    return (nbtrack,)


@app.cell
def _(nbtrack):
    nbtrack.parallel()
    return


@app.cell
def _(nbtrack):
    import marimo as mo
    mo.ui.anywidget(nbtrack.scatter(x="depth", y="accuracy", color="model"))
    return


@app.cell
def _(nbtrack):
    nbtrack.curves(metrics=["loss"])
    return


@app.cell
def _(nbtrack):
    nbtrack.compare("run-1", "run-2")
    return


@app.cell
def _(nbtrack):
    nbtrack.board("parallel", "table")
    return


if __name__ == "__main__":
    app.run()
"""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A window that fails the test where it asks for anything outside of this machine."""
    context = browser.new_context(viewport={"width": 1300, "height": 1200})
    outside: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            outside.append(request.url)

    context.on("request", note)
    yield context.new_page()
    context.close()
    assert outside == []


@pytest.fixture
def notebook_7(tmp_path: Path) -> Iterator[LabServer]:
    (tmp_path / "notebooks").mkdir()
    server = LabServer(tmp_path / "home", tmp_path / "notebooks", app="notebook")
    yield server
    server.shut_down_kernels()
    server.stop()


def draws_all(page: Page, *, widgets: int) -> None:
    """Every picture is drawn, and a brush in one is the selection of all the widgets."""
    lines = page.locator(".nbt-par-canvas").first
    expect(lines).to_have_attribute("data-state", "drawn", timeout=60_000)
    expect(page.locator(".nbt-chart[data-state='drawn']")).to_be_visible(timeout=60_000)
    expect(page.locator(".nbt-cur-grid[data-state='drawn']").first).to_be_visible(timeout=60_000)
    expect(page.locator(".nbt-cmp-table tr[data-row='loss']")).to_be_visible(timeout=60_000)
    depth = page.locator("[data-axis='params.depth'] .nbt-par-strip")
    depth.focus()
    depth.press("ArrowUp")
    expect(page.get_by_text("3 selected").locator("visible=true")).to_have_count(widgets)


def test_notebook_7(page: Page, notebook_7: LabServer) -> None:
    cells = [nbformat.v4.new_code_cell(source) for source in (LOG, SHOW)]
    kernel = {"name": "python3", "display_name": "Python 3"}
    made = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})
    nbformat.write(made, notebook_7.root / "seven.ipynb")
    page.goto(f"{notebook_7.url}/notebooks/seven.ipynb")
    page.wait_for_function(IDLE, timeout=60_000)
    page.evaluate("() => void window.jupyterapp.commands.execute('notebook:run-all-cells')")
    draws_all(page, widgets=5)
    expect(page.locator(".nbt-board [data-state=drawn]").first).to_be_visible()
    expect(page.locator(".nbt-board .nbt-row.nbt-selected")).to_have_count(3)
    expect(page.get_by_role("tab", name="Overview")).to_be_visible()
    page.screenshot(path=SCREENSHOTS / "notebook_7.png")


def test_marimo(page: Page, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(MARIMO)
    port = free_port()
    environment = os.environ | {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    command = ("run", "app.py", "--headless", "--no-token", "--host=127.0.0.1", f"--port={port}")
    with (tmp_path / "marimo.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "marimo", *command],
            cwd=tmp_path, env=environment, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(url, server)
        page.goto(url)
        # It finds the models of other widgets, and makes no views of them.
        board = page.get_by_alt_text("Parallel coordinates, Runs")
        expect(board).to_be_visible(timeout=60_000)
        draws_all(page, widgets=5)
        assert board.evaluate("img => img.naturalWidth") > 600
        expect(page.get_by_text("this page cannot show widgets within a widget")).to_be_visible()
        page.screenshot(path=SCREENSHOTS / "marimo.png", full_page=True)
    finally:
        server.terminate()
        server.wait(20)


def _wait_for(url: str, server: subprocess.Popen[bytes], within_s: float = 60) -> None:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
        else:
            return
    raise TimeoutError(f"marimo did not answer at {url}.")
