"""A board in JupyterLab, used as a person uses it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, ViewportSize, expect

from tests.browser.lab import Lab, Notebook
from tests.browser.reopening import html_of, no_widget_failed, reopened
from tests.browser.test_parallel import drag, strip
from tests.browser.test_run_table import LOG

SHOW = "board = nbtrack.board('parallel', 'curves', 'table'); board"
TELL = """print(sorted(nbtrack.get_run(r).name for r in board.selected), repr(board.filter),
      board['parallel'].brushes, board['curves'].smoothing, board.columns, repr(board.name))"""
OPEN = "import nbtrack; board = nbtrack.open_board('the <b>best</b> 🦦'); board"
# A board is taller than a window of usual size.
TALL: ViewportSize = {"width": 1400, "height": 2000}


@pytest.fixture
def notebook(lab: Lab) -> Notebook:
    notebook = lab.open(lab.write("board.ipynb", [LOG, SHOW, TELL]))
    for cell in range(2):
        notebook.run_cell(cell)
    return notebook


@pytest.fixture
def board(notebook: Notebook) -> Locator:
    return drawn(notebook, 1)


def drawn(notebook: Notebook, cell: int) -> Locator:
    """The board in a cell's output, once its widgets are drawn."""
    root = notebook.output(cell).locator(".nbt-board")
    expect(root.locator(".nbt-par-canvas").first).to_have_attribute("data-state", "drawn")
    expect(root.locator("section[aria-label=Curves] [data-state=drawn]").first).to_be_visible()
    expect(root.locator("section[aria-label=Runs] .nbt-row").first).to_be_visible()
    return root


def brush_the_best(board: Locator) -> None:
    """Brush the upper quarter of the accuracy: three runs."""
    accuracy = strip(board, "metrics.accuracy")
    accuracy.scroll_into_view_if_needed()
    box = accuracy.bounding_box()
    assert box is not None
    drag(board, box["x"] + 14, (box["y"] + 2, box["y"] + 75))
    expect(board.locator(".nbt-picked:visible")).to_have_text("3 selected×")


def test_widgets_on_a_board_share_a_brush(board: Locator, notebook: Notebook) -> None:
    brush_the_best(board)
    expect(board.locator(".nbt-row.nbt-selected")).to_have_count(3)
    notebook.screenshot("board_brushed", board)
    notebook.tells(2, "['run-10', 'run-11', 'run-9']")
    assert notebook.lab.page_errors == []


def test_one_filter_bar_is_that_of_all(board: Locator, notebook: Notebook) -> None:
    expect(board.get_by_role("combobox", name="Filter runs")).to_have_count(1)
    board.get_by_role("combobox", name="Filter runs").fill("params.model = 'linear'")
    expect(board.locator(".nbt-count:visible")).to_have_text("4 of 12 runs")
    expect(board.locator(".nbt-row")).to_have_count(4)
    notebook.tells(2, "\"params.model = 'linear'\"")


def test_saved_in_one_notebook_it_opens_in_another(board: Locator, notebook: Notebook) -> None:
    lab = notebook.lab
    brush_the_best(board)
    # Wherever a user has set it, in Python or on the page.
    curves = board.locator("section[aria-label=Curves]")
    curves.get_by_role("slider", name=re.compile("moothing")).fill("0.6")
    board.get_by_role("button", name="More", exact=True).first.click()
    lab.page.get_by_role("menuitemradio", name="3 columns").click()
    board.get_by_role("button", name="Save…").click()
    lab.page.get_by_role("textbox", name="Name of the board").fill("the <b>best</b> 🦦")
    notebook.screenshot("board_saving")
    lab.page.keyboard.press("Enter")
    expect(board.locator(".nbt-board-name")).to_have_text("the <b>best</b> 🦦")
    notebook.tells(2, "0.6 3 'the <b>best</b> 🦦'")

    another = lab.open(lab.write("another.ipynb", [OPEN, TELL]))
    another.run_cell(0)
    opened = drawn(another, 0)
    expect(opened.locator(".nbt-board-name")).to_have_text("the <b>best</b> 🦦")
    expect(opened.locator(".nbt-row.nbt-selected")).to_have_count(3)
    tops = opened.locator(".nbt-board-cell").evaluate_all("all => all.map(one => one.offsetTop)")
    assert len(set(tops)) == 1
    another.tells(1, "['run-10', 'run-11', 'run-9'] '' {'metrics.accuracy'")
    another.tells(1, "0.6 3 'the <b>best</b> 🦦'")
    another.screenshot("board_opened", opened)
    assert lab.page_errors == []


def test_in_a_narrow_place_they_stand_below_each_other(board: Locator, notebook: Notebook) -> None:
    board.evaluate("root => { root.parentElement.style.width = '400px'; }")
    expect(board).to_have_class(re.compile("nbt-narrow"))
    boxes = board.locator(".nbt-board-cell").evaluate_all(
        "all => all.map(one => [one.offsetLeft, one.scrollWidth <= one.clientWidth])"
    )
    assert len({left for left, _ in boxes}) == 1
    assert all(fits for _, fits in boxes)
    notebook.page.set_viewport_size(TALL)
    notebook.screenshot("board_narrow", board)


def test_it_follows_the_theme(board: Locator, notebook: Notebook, lab: Lab) -> None:
    lab.page.set_viewport_size(TALL)
    notebook.screenshot("board_light", board)
    lab.set_theme("JupyterLab Dark")
    notebook.screenshot("board_dark", drawn(notebook, 1))
    lab.set_theme("JupyterLab Dark High Contrast")
    notebook.screenshot("board_high_contrast", drawn(notebook, 1))
    assert lab.page_errors == []


def test_a_board_of_all_kinds_and_of_what_is_unknown(lab: Lab) -> None:
    show = """
from nbtrack.widgets.board.saved import SavedBoard, keep_board
kinds = ["scatter", "contour", "importance", "compare", "hologram"]
newer = SavedBoard(version=9, cells=[{"kind": kind} for kind in kinds])
keep_board(nbtrack.runs().table().store, "newer", newer)
board = nbtrack.open_board("newer"); board["compare"].runs = ["run-3", "run-4"]
board"""
    notebook = lab.open(lab.write("all.ipynb", [LOG, show]))
    notebook.run_cell(0)
    notebook.run_cell(1)
    board = notebook.output(1).locator(".nbt-board")
    expect(board.locator(".nbt-chart[data-state='drawn']")).to_have_count(3)
    expect(board.locator("section[aria-label='Side by side'] [data-state=drawn]")).to_be_visible()
    expect(board.get_by_text("A newer nbtrack saved this board")).to_be_visible()
    expect(board.get_by_text("This nbtrack has no widget 'hologram'")).to_be_visible()
    lab.page.set_viewport_size(TALL)
    notebook.screenshot("board_all", board)
    assert lab.page_errors == []


def test_the_html_follows_what_is_done_to_any_of_its_widgets(
    board: Locator, notebook: Notebook
) -> None:
    before = html_of(notebook, 1)
    strip(board, "params.depth").press("i")
    notebook.page.wait_for_function(
        """before => window.jupyterapp.shell.currentWidget.content.widgets[1]
             .model.outputs.get(0).data['text/html'] !== before""",
        arg=before,
    )
    after = html_of(notebook, 1)
    # Of the whole board, not of the one that has changed.
    assert after.count("<img") == before.count("<img") == 2
    assert "<table" in after
    notebook.save()
    outputs = reopened(notebook, trusted=True)
    expect(outputs.locator("img")).to_have_count(2)
    expect(outputs.locator("table")).to_have_count(1)
    no_widget_failed(notebook.lab)
    notebook.lab.screenshot("board_reopened")


def test_a_kernel_that_is_gone_is_told_once(board: Locator, notebook: Notebook) -> None:
    notebook.lab.server.shut_down_kernels(notebook.lab.folder.name)
    gone = board.locator(".nbt-lost:visible")
    expect(gone).to_have_text(re.compile("The kernel that drew this is gone"), timeout=30_000)
    expect(board.locator(".nbt-row").first).to_be_visible()


def test_it_is_drawn_and_grows_while_the_cell_that_shows_it_runs(lab: Lab) -> None:
    train = """
import pathlib, time
from IPython.display import display
display(nbtrack.board("curves", "table"))
with nbtrack.run("live") as r:
    step = 0
    while not pathlib.Path("seen").exists():
        r.log(loss=1 / (step + 1), step=step)
        step += 1
        time.sleep(.002)
"""
    notebook = lab.open(lab.write("live.ipynb", [LOG, train]))
    notebook.run_cell(0)
    notebook.start_cell(1)
    board = notebook.output(1).locator(".nbt-board")
    expect(board.locator(".nbt-row", has_text="live")).to_be_visible(timeout=20_000)
    expect(board.locator(".nbt-cur-entry", has_text="live")).to_be_visible()
    expect(board.locator(".nbt-count:visible").first).to_have_text("13 runs")
    (notebook.path.parent / "seen").touch()
    notebook.wait_until_idle()
    assert lab.page_errors == []
