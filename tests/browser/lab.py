"""JupyterLab as a person drives it: open a notebook, run its cells, look at their outputs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

import nbformat
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Locator,
    Page,
    Request,
    WebSocket,
    expect,
    sync_playwright,
)

from tests.browser.chromium import find_browser
from tests.browser.server import LabServer

SCREENSHOTS = Path(__file__).parents[1] / "screenshots"
_READY_MS = 60_000
_SIZE = {"width": 1400, "height": 1000}
_LIGHT = "JupyterLab Light"
_CHROMIUM = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
# JupyterLab keeps its application on the window because the server was asked to expose it.
IDLE = """() => {
  const session = window.jupyterapp?.shell.currentWidget?.sessionContext?.session;
  return session?.kernel?.status === 'idle';
}"""
_RUN_CELL = """async index => {
  const app = window.jupyterapp;
  app.shell.currentWidget.content.activeCellIndex = index;
  await app.commands.execute('notebook:run-cell');
}"""
_IS_SHOWN = """place => {
  const panel = window.jupyterapp?.shell?.currentWidget;
  return panel?.context?.localPath === place && panel.context.isReady;
}"""
_CLOSE_ALL = """() => {
  for (const widget of [...window.jupyterapp.shell.widgets('main')]) {
    if (widget.context) widget.context.model.dirty = false;
    widget.dispose();
  }
}"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Chromium, headless, as it was found on this machine; it resolves no name."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=_CHROMIUM)
        yield browser
        browser.close()


class Window:
    """A window in which JupyterLab, once loaded, stays from one test to the next.

    Loading it takes half the time of most tests. Requests that leave 127.0.0.1, where
    no name is resolved, are listed in ``outside_requests``; errors that no script
    caught are listed in ``page_errors``.
    """

    def __init__(self, browser: Browser) -> None:
        self.outside_requests: list[str] = []
        self.page_errors: list[str] = []
        # The pages are not routed through here: that would keep nothing in the browser's cache.
        self._context: BrowserContext = browser.new_context(viewport=_SIZE, device_scale_factor=1)
        self._context.on("request", self._look_at)
        self._context.on("weberror", lambda error: self.page_errors.append(str(error.error)))
        self.page: Page = self._context.new_page()
        self.page.on("websocket", lambda socket: self._look_at(socket))

    def clear(self) -> None:
        """Be as a window that was just opened, but for what it has loaded."""
        self.outside_requests.clear()
        self.page_errors.clear()
        self.page.set_viewport_size(_SIZE)
        self.page.mouse.move(0, 0)

    def close(self) -> None:
        """Close it, and forget what it has loaded."""
        self._context.close()

    def _look_at(self, request: Request | WebSocket) -> None:
        where = urlsplit(request.url)
        if where.scheme not in ("data", "blob", "about") and where.hostname != "127.0.0.1":
            self.outside_requests.append(request.url)


class Lab:
    """JupyterLab in a window, and a folder called ``name`` on the server for its notebooks."""

    def __init__(self, server: LabServer, window: Window, name: str) -> None:
        self.server = server
        self.folder = server.root / re.sub(r"\W+", "-", name)
        self.folder.mkdir()
        self.page = window.page
        self.outside_requests = window.outside_requests
        self.page_errors = window.page_errors
        window.clear()

    def __enter__(self) -> Lab:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, name: str, cells: Sequence[str]) -> Path:
        """Write a notebook of code ``cells`` into the folder; its path. It is trusted once run."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in cells],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        )
        path = self.folder / name
        nbformat.write(notebook, path)
        return path

    def open(self, notebook: Path) -> Notebook:
        """Open a notebook below the server's root, alone; its kernel is idle."""
        self.show(notebook)
        self.page.wait_for_function(IDLE, timeout=_READY_MS)
        return Notebook(self, notebook)

    def show(self, notebook: Path) -> None:
        """Open a notebook below the server's root, alone, whether or not it will have a kernel."""
        place = notebook.relative_to(self.server.root).as_posix()
        if self._is_loaded():
            self.page.evaluate(_CLOSE_ALL)
            self.command("docmanager:open", path=place, factory="Notebook")
        else:
            self.page.goto(f"{self.server.url}/lab/tree/{quote(place)}?reset")
        self.page.wait_for_function(_IS_SHOWN, arg=place, timeout=_READY_MS)
        self._wait_for_the_curtain()

    def command(self, command: str, **arguments: object) -> None:
        """Execute one of JupyterLab's commands, and wait for it."""
        self.page.evaluate(
            "([command, args]) => window.jupyterapp.commands.execute(command, args).then(() => {})",
            [command, arguments],
        )

    def set_theme(self, name: str) -> None:
        """Change JupyterLab's theme: 'JupyterLab Light' or 'JupyterLab Dark'."""
        self.command("apputils:change-theme", theme=name)
        self.page.wait_for_function(
            "name => document.body.dataset.jpThemeName === name", arg=name, timeout=_READY_MS
        )
        self._wait_for_the_curtain()

    def screenshot(self, name: str, of: Locator | None = None) -> Path:
        """Keep a picture of the window, or of one element, as tests/screenshots/<name>.png."""
        SCREENSHOTS.mkdir(exist_ok=True)
        path = SCREENSHOTS / f"{name}.png"
        if of is None:
            self.page.screenshot(path=path)
        else:
            of.scroll_into_view_if_needed()
            of.screenshot(path=path)
        return path

    def close(self) -> None:
        """Close its notebooks, without saving, and end their kernels."""
        if self._is_loaded():
            self.page.evaluate(_CLOSE_ALL)
            if self.page.evaluate("() => document.body.dataset.jpThemeName") != _LIGHT:
                self.set_theme(_LIGHT)
            if self.page.locator(".jp-Dialog").count():
                self.page.goto("about:blank")  # Loaded anew, and without what it asks.
        self.server.shut_down_kernels(self.folder.name)

    def _is_loaded(self) -> bool:
        is_loaded: bool = self.page.evaluate("() => window.jupyterapp?.shell != null")
        return is_loaded

    def _wait_for_the_curtain(self) -> None:
        self.page.locator("#jupyterlab-splash").wait_for(state="detached", timeout=_READY_MS)


class Notebook:
    """The notebook in front."""

    def __init__(self, lab: Lab, path: Path) -> None:
        self.lab = lab
        self.path = path
        self.page = lab.page

    def cell(self, index: int) -> Locator:
        """Cell ``index``, counted from 0 with the markdown cells; scrolled to where it is drawn."""
        self.page.evaluate(
            "index => window.jupyterapp.shell.currentWidget.content.scrollToItem(index, 'center')",
            index,
        )
        return self.page.locator(f'.jp-Notebook .jp-Cell[data-windowed-list-index="{index}"]')

    def output(self, index: int) -> Locator:
        """The output area of cell ``index``."""
        return self.cell(index).locator(".jp-Cell-outputArea")

    def run_cell(self, index: int) -> None:
        """Run cell ``index``, and wait until it is done."""
        self.page.evaluate(_RUN_CELL, index)
        self.wait_until_idle()

    def tells(self, index: int, text: str, *, tries: int = 10) -> None:
        """Run cell ``index`` until its output has ``text``.

        What a widget tells the kernel travels beside the cells that are run, and one of
        them may overtake it.
        """
        for _ in range(tries - 1):
            self.run_cell(index)
            if text in self.output(index).inner_text():
                return
        self.run_cell(index)
        expect(self.output(index)).to_contain_text(text)

    def start_cell(self, index: int) -> None:
        """Run cell ``index``, and do not wait."""
        self.page.evaluate(f"index => {{ ({_RUN_CELL})(index); }}", index)

    def run_all(self) -> None:
        """Run every cell, and wait until the last is done."""
        self.lab.command("notebook:run-all-cells")
        self.wait_until_idle()

    def wait_until_idle(self) -> None:
        """Wait until the kernel has nothing to do."""
        self.page.wait_for_function(IDLE, timeout=_READY_MS)

    def save(self) -> None:
        """Save, as Ctrl+S does."""
        self.lab.command("docmanager:save")

    def read(self) -> nbformat.NotebookNode:
        """The notebook as it is on disk."""
        return nbformat.read(self.path, as_version=4)

    def execution_counts(self) -> list[int | None]:
        """Of the code cells, in order, as the window has them."""
        counts: list[int | None] = self.page.evaluate(
            """() => window.jupyterapp.shell.currentWidget.content.widgets
                 .filter(cell => cell.model.type === 'code')
                 .map(cell => cell.model.executionCount)"""
        )
        return counts

    def screenshot(self, name: str, of: Locator | None = None) -> Path:
        """Keep a picture of the window, or of one element."""
        return self.lab.screenshot(name, of)
