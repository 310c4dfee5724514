"""Takes the README's pictures in a real JupyterLab: ``python -m tests.browser.picture FILE …``.

The first is of the quickstart, whose cells run in another order, so that a tracked
cell, its card and the run table stand together. The second is of the notebook about
comparing: parallel coordinates with a brush, and the curves of the same runs. The third
is of the notebook about the registry, before the last request is decided.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import nbformat
from PIL import Image
from playwright.sync_api import expect

from tests.browser.lab import IDLE, Lab, Notebook, Window, chromium
from tests.browser.server import LabServer

_NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
_QUICKSTART = ("setup", "parameters", "forest", "careful", "sweep", "bold", "table")
_COMPARE = ("compare-setup", "compare-sweep", "compare-parallel", "compare-curves")
# All up to the request, and somebody else who looks at it.
_REGISTRY = tuple(
    f"registry-{number:02d}" for number in (1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 15, 17, 18, 19, 21)
)
_WIDTH, _HEIGHT = 1240, 900
# On a machine that does other things as well, 200 networks take longer than a cell may.
_SWEEP_MS = 400_000


def take(quickstart: Path, compare: Path, registry: Path) -> None:
    """Write the pictures as PNG."""
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        root = Path(folder) / "root"
        root.mkdir()
        server, window = LabServer(Path(folder) / "home", root), Window(browser)
        try:
            with Lab(server, window, "digits") as lab:
                _take_quickstart(_run(lab, "01_quickstart.ipynb", _QUICKSTART), quickstart)
            with Lab(server, window, "networks") as lab:
                _take_compare(_run(lab, "03_compare.ipynb", _COMPARE), compare)
            with Lab(server, window, "tumours") as lab:
                _take_registry(_run(lab, "04_registry.ipynb", _REGISTRY), registry)
        finally:
            server.stop()


def _run(lab: Lab, stored: str, chosen: tuple[str, ...]) -> Notebook:
    """A notebook of these cells of a stored one, all of which have run."""
    cells = {cell.id: cell.source for cell in nbformat.read(_NOTEBOOKS / stored, 4).cells}
    lab.page.set_viewport_size({"width": _WIDTH, "height": _HEIGHT})
    notebook = lab.open(lab.write("digits.ipynb", [cells[name] for name in chosen]))
    lab.command("application:toggle-left-area")
    lab.command("notebook:run-all-cells")
    lab.page.wait_for_function(IDLE, timeout=_SWEEP_MS)
    notebook.save()
    return notebook


def _take_quickstart(notebook: Notebook, picture: Path) -> None:
    table = notebook.output(len(_QUICKSTART) - 1).locator(".nbt")
    expect(table.locator(".nbt-row[data-run]")).to_have_count(9)
    table.evaluate("table => table.closest('.jp-Cell').scrollIntoView({block: 'end'})")
    foot = table.locator(".nbt-foot").bounding_box()
    assert foot is not None
    # Without the foot, which tells where this machine keeps its temporary files.
    clip = {"x": 0, "y": 0, "width": _WIDTH, "height": foot["y"]}
    notebook.page.screenshot(path=picture, clip=clip)


def _take_compare(notebook: Notebook, picture: Path) -> None:
    # Both are to be on the page at once.
    notebook.page.set_viewport_size({"width": _WIDTH, "height": 2 * _HEIGHT})
    curves = notebook.output(3).locator(".nbt")
    expect(curves.locator(".nbt-cur-grid")).to_have_attribute("data-state", "drawn")
    parallel = notebook.output(2).locator(".nbt")
    expect(parallel.locator(".nbt-par-canvas").first).to_have_attribute("data-state", "drawn")
    accuracy = parallel.locator("[data-axis='metrics.accuracy'] .nbt-par-strip").bounding_box()
    assert accuracy is not None
    mouse = notebook.page.mouse
    x, top = accuracy["x"] + accuracy["width"] / 2, accuracy["y"]
    mouse.move(x, top + 2)
    mouse.down()
    mouse.move(x, top + accuracy["height"] / 16, steps=8)
    mouse.up()
    expect(curves.locator(".nbt-picked")).to_contain_text("selected")
    expect(parallel.locator(".nbt-par-canvas").first).to_have_attribute("data-state", "drawn")
    expect(curves.locator(".nbt-cur-grid")).to_have_attribute("data-state", "drawn")
    first = notebook.cell(2).bounding_box()
    foot = curves.locator(".nbt-foot").bounding_box()
    assert first is not None
    assert foot is not None
    clip = {
        "x": first["x"],
        "y": first["y"],
        "width": first["width"],
        "height": foot["y"] - first["y"],
    }
    notebook.page.screenshot(path=picture, clip=clip)
    lighten(picture)


def _take_registry(notebook: Notebook, picture: Path) -> None:
    notebook.page.set_viewport_size({"width": _WIDTH, "height": 2 * _HEIGHT})
    panel = notebook.output(len(_REGISTRY) - 1).locator(".nbt")
    expect(panel.get_by_role("button", name="Approve")).to_be_visible()
    panel.scroll_into_view_if_needed()
    cell = notebook.cell(len(_REGISTRY) - 1).bounding_box()
    foot = panel.locator(".nbt-foot").bounding_box()
    assert cell is not None
    assert foot is not None
    clip = {"x": cell["x"], "y": cell["y"], "width": cell["width"], "height": foot["y"] - cell["y"]}
    notebook.page.screenshot(path=picture, clip=clip)
    lighten(picture)


def lighten(picture: Path) -> None:
    """Keep 256 colours of the picture: lines over each other have ten thousand."""
    with Image.open(picture) as full:
        few = full.convert("RGB").quantize(256)
    few.save(picture, optimize=True)


if __name__ == "__main__":
    take(*map(Path, sys.argv[1:]))
