"""Takes the README's picture in a real JupyterLab: ``python -m tests.browser.picture FILE``.

The quickstart's cells run in another order, so that a tracked cell, its card
and the run table stand together.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import nbformat
from playwright.sync_api import expect

from tests.browser.lab import Lab, chromium
from tests.browser.server import LabServer

_QUICKSTART = Path(__file__).parents[2] / "notebooks" / "01_quickstart.ipynb"
_CELLS = ("setup", "parameters", "forest", "careful", "sweep", "bold", "table")
_WIDTH, _HEIGHT = 1240, 900


def take(picture: Path) -> None:
    """Write the picture as PNG."""
    cells = {cell.id: cell.source for cell in nbformat.read(_QUICKSTART, as_version=4).cells}
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        root = Path(folder) / "root"
        root.mkdir()
        server = LabServer(Path(folder) / "home", root)
        try:
            with Lab(server, browser, "digits") as lab:
                lab.page.set_viewport_size({"width": _WIDTH, "height": _HEIGHT})
                notebook = lab.open(lab.write("digits.ipynb", [cells[name] for name in _CELLS]))
                lab.command("application:toggle-left-area")
                notebook.run_all()
                notebook.save()
                table = notebook.output(len(_CELLS) - 1).locator(".nbt")
                expect(table.locator(".nbt-row[data-run]")).to_have_count(9)
                table.evaluate("table => table.closest('.jp-Cell').scrollIntoView({block: 'end'})")
                foot = table.locator(".nbt-foot").bounding_box()
                assert foot is not None
                # Without the foot, which tells where this machine keeps its temporary files.
                clip = {"x": 0, "y": 0, "width": _WIDTH, "height": foot["y"]}
                lab.page.screenshot(path=picture, clip=clip)
        finally:
            server.stop()


if __name__ == "__main__":
    take(Path(sys.argv[1]))
