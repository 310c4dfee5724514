"""A notebook that is opened again when its kernel is gone."""

from __future__ import annotations

import json
from base64 import b64decode

from playwright.sync_api import Locator, expect

from tests.browser.lab import Lab, Notebook


def reopened(notebook: Notebook, *, trusted: bool) -> Locator:
    """The notebook as it is on disk, in a window with no kernel; its outputs.

    Without trust JupyterLab shows an output's html through its sanitiser alone.
    """
    lab = notebook.lab
    document = json.loads(notebook.path.read_text())
    # Without a kernel to start: what a reader of somebody else's notebook has.
    document["metadata"].pop("kernelspec")
    path = notebook.path.with_name(f"reopened-{trusted}.ipynb")
    path.write_text(json.dumps(document))
    if trusted:
        lab.server.trust(path)
    lab.server.shut_down_kernels(lab.folder.name)
    lab.show(path)
    dialog = lab.page.get_by_role("button", name="Cancel")
    outputs = lab.page.locator(".jp-Notebook .jp-OutputArea")
    dialog.or_(outputs.locator("img, table")).first.wait_for(timeout=60_000)
    if dialog.is_visible():
        dialog.click()
    is_trusted = lab.page.evaluate(
        """() => window.jupyterapp.shell.currentWidget.content.widgets
             .every(cell => cell.model.trusted)"""
    )
    assert is_trusted == trusted
    return outputs


def no_widget_failed(lab: Lab) -> None:
    """Nowhere on the page is there a widget without its model."""
    expect(lab.page.locator("body")).not_to_contain_text("Error displaying widget")


def svg_in(html: str) -> str:
    """The text of the SVG inside an html ``<img>``."""
    return b64decode(html.partition("base64,")[2].partition('"')[0]).decode()


def html_of(notebook: Notebook, cell: int) -> str:
    """The html of a cell's only output, as the window would save it now."""
    html: str = notebook.page.evaluate(
        """cell => window.jupyterapp.shell.currentWidget.content.widgets[cell]
             .model.outputs.get(0).data['text/html']""",
        cell,
    )
    return html
