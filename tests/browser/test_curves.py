"""Curves in JupyterLab, used as a person uses them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.lab import SCREENSHOTS, Lab, Notebook

LOG = """
import math, random, nbtrack
random.seed(7)
for i in range(12):
    with nbtrack.run(f"run-{i}", model="forest" if i % 3 else "linear", lr=10 ** -(i / 4)) as r:
        for step in range(200):
            noise = .05 * random.random()
            loss = math.exp(-step / (20 * (i + 1))) + noise
            r.log(loss=math.nan if i == 3 and 50 <= step < 53 else loss, accuracy=1 - loss / 2,
                  step=step)
        r.log(final=i)
with nbtrack.run("long", model="long") as r:
    for step in range(20_000):
        r.log(spikes=float(step == 12_345), step=step)
"""
SHOW = "picture = nbtrack.curves(); picture"
TABLE = "table = nbtrack.runs().table(); table"
TELL = (
    "print(sorted(nbtrack.get_run(r).name for r in picture.selected), picture.ranges, "
    "picture.smoothing, picture.log_y, picture.x, picture.color, picture.metrics)"
)


@pytest.fixture
def notebook(lab: Lab) -> Notebook:
    notebook = lab.open(lab.write("curves.ipynb", [LOG, SHOW, TABLE, TELL]))
    for cell in range(3):
        notebook.run_cell(cell)
    return notebook


@pytest.fixture
def picture(notebook: Notebook) -> Locator:
    root = notebook.output(1).locator(".nbt")
    drawn(root)
    return root


def drawn(root: Locator) -> None:
    expect(root.locator(".nbt-cur-grid")).to_have_attribute("data-state", "drawn")


def area(picture: Locator, metric: str) -> Locator:
    found = picture.locator(f".nbt-cur-area[data-metric='metrics.{metric}']")
    found.scroll_into_view_if_needed()
    return found


def at(area: Locator, across: float, down: float) -> tuple[float, float]:
    """A place in the area, as shares of its width and height."""
    box = area.bounding_box()
    assert box is not None
    return box["x"] + across * box["width"], box["y"] + down * box["height"]


def x_marks(area: Locator) -> list[str]:
    return area.locator(".nbt-cur-x").all_inner_texts()


def test_the_nearest_run_is_named_and_a_click_picks_it_everywhere(
    picture: Locator, notebook: Notebook
) -> None:
    loss = area(picture, "loss")
    page = picture.page
    # The steepest curve is alone in the lower left.
    page.mouse.move(*at(loss, 0.35, 0.82))
    tip = picture.locator(".nbt-cur-tip")
    expect(tip).to_contain_text("run-0")
    expect(tip).to_contain_text("step")
    notebook.screenshot("curves_hovered", picture)
    page.mouse.click(*at(loss, 0.35, 0.82))
    expect(picture.get_by_text("1 selected")).to_be_visible()
    notebook.tells(3, "['run-0']")
    expect(notebook.output(2).locator(".nbt-row.nbt-selected")).to_have_count(1)
    # What is picked in the table is picked here.
    notebook.output(2).locator(".nbt-row[data-line='5'] .nbt-select").click()
    picture = notebook.output(1).locator(".nbt")
    expect(picture.get_by_text("2 selected")).to_be_visible()
    expect(picture.locator(".nbt-cur-entry[aria-pressed='true']")).to_have_count(2)
    drawn(picture)
    notebook.screenshot("curves_picked", picture)


def test_the_legend_picks_and_takes_back(picture: Locator, notebook: Notebook) -> None:
    entries = picture.locator(".nbt-cur-entry")
    assert entries.all_inner_texts()[:2] == ["run-0", "run-1"]
    entries.nth(4).click()
    expect(entries.nth(4)).to_have_attribute("aria-pressed", "true")
    entries.nth(6).click(modifiers=["Control"])
    notebook.tells(3, "['run-4', 'run-6']")
    entries.nth(6).click(modifiers=["Control"])
    entries.nth(4).click()
    notebook.tells(3, "[] {}")


def test_a_drag_zooms_to_what_the_store_has_and_a_double_click_zooms_out(
    picture: Locator, notebook: Notebook
) -> None:
    spikes = area(picture, "spikes")
    page = picture.page
    whole = x_marks(spikes)
    for _ in range(3):
        # The spike stands three fifths along; after the first time in the middle.
        left, right = (0.57, 0.72) if x_marks(spikes) == whole else (0.4, 0.7)
        before = x_marks(spikes)
        page.mouse.move(*at(spikes, left, 0.5))
        page.mouse.down()
        page.mouse.move(*at(spikes, (left + right) / 2, 0.5), steps=3)
        page.mouse.move(*at(spikes, right, 0.5), steps=3)
        page.mouse.up()
        expect(spikes.locator(".nbt-cur-x").first).not_to_have_text(before[0])
        drawn(picture)
    notebook.screenshot("curves_zoomed", picture)
    notebook.tells(3, "{'metrics.spikes': [1")
    # Now every step is there; before, one in twenty was.
    spikes.focus()
    steps = []
    for _ in range(3):
        spikes.press("ArrowRight")
        step = picture.locator(".nbt-pair", has_text="step").locator(".nbt-value").inner_text()
        steps.append(int(step.replace(",", "")))
    assert steps == list(range(steps[0], steps[0] + 3))
    picture.get_by_role("button", name="Reset zoom").click()
    assert x_marks(spikes) == whole
    spikes.focus()
    spikes.press("+")
    expect(picture.get_by_role("button", name="Reset zoom")).to_be_visible()
    page.mouse.dblclick(*at(spikes, 0.5, 0.2))
    expect(picture.get_by_role("button", name="Reset zoom")).to_be_hidden()
    notebook.tells(3, "[] {}")


def test_keys_go_along_a_run_from_run_to_run_and_pick(picture: Locator, notebook: Notebook) -> None:
    loss = area(picture, "loss")
    loss.focus()
    loss.press("ArrowRight")
    tip, said = picture.locator(".nbt-cur-tip"), picture.locator(".nbt-cur-said")
    first = tip.inner_text()
    loss.press("Shift+ArrowRight")
    expect(tip).to_contain_text("10")
    expect(said).to_contain_text("step 10")
    loss.press("ArrowDown")
    assert tip.locator("b").inner_text() not in first
    name = tip.locator("b").inner_text()
    loss.press("Enter")
    notebook.tells(3, f"['{name}']")
    loss.press("l")
    notebook.tells(3, "['metrics.loss']")
    expect(loss).to_have_attribute("aria-label", "loss: 12 runs, along step from about 0 to 150. "
                                   "Arrow keys go along a run and from run to run.")  # fmt: skip


def test_smoothing_x_colour_and_metrics_are_chosen_above(
    picture: Locator, notebook: Notebook
) -> None:
    picture.get_by_role("slider", name="Smoothing").fill("0.8")
    picture.get_by_role("button", name="Along step").click()
    picture.get_by_role("menuitemradio", name="Time since each run began").click()
    expect(picture.get_by_role("button", name="Along since start")).to_be_visible()
    picture.get_by_role("button", name="Colour").click()
    picture.get_by_role("menuitemradio", name="model").click()
    expect(picture.locator(".nbt-cur-entry")).to_have_text(["forest", "linear", "long"])
    picture.locator(".nbt-cur-title", has_text="accuracy").click()
    picture.get_by_role("menuitem", name="Hide").click()
    expect(picture.locator(".nbt-cur-panel")).to_have_count(2)
    drawn(picture)
    notebook.screenshot("curves_chosen", picture)
    notebook.tells(3, "[] {} 0.8 [] relative params.model ['metrics.loss', 'metrics.spikes']")
    picture.locator(".nbt-cur-entry", has_text="linear").click()
    notebook.tells(3, "['run-0', 'run-3', 'run-6', 'run-9']")


def test_the_picture_follows_the_theme_and_the_width(
    picture: Locator, notebook: Notebook, lab: Lab
) -> None:
    notebook.screenshot("curves_light", picture)
    lab.set_theme("JupyterLab Dark")
    root = notebook.output(1).locator(".nbt")
    drawn(root)
    notebook.screenshot("curves_dark", root)
    root.evaluate("root => { root.style.width = '400px'; }")
    panels = root.locator(".nbt-cur-panel")
    lefts = "panels => new Set(panels.map(panel => panel.offsetLeft)).size"
    lab.page.wait_for_function(
        "() => new Set([...document.querySelectorAll('.nbt-cur-panel')]"
        ".map(panel => panel.offsetLeft)).size === 1"
    )
    assert panels.evaluate_all(lefts) == 1
    drawn(root)
    notebook.screenshot("curves_narrow", root)
    assert root.evaluate("root => root.scrollWidth <= root.clientWidth")
    assert lab.page_errors == []


def test_png_svg_and_points_leave_the_page(picture: Locator, lab: Lab) -> None:
    for name, begins in (
        ("Save as PNG", b"\x89PNG"),
        ("Save as SVG", b"<svg"),
        ("Save points as CSV", b"run_id,name,metric,step,x,value\n"),
    ):
        picture.get_by_role("button", name="More").click()
        with picture.page.expect_download() as download:
            picture.get_by_role("menuitem", name=name).click()
        path = download.value.path()
        assert path.read_bytes().startswith(begins)
        if name == "Save as PNG":
            SCREENSHOTS.mkdir(exist_ok=True)
            download.value.save_as(SCREENSHOTS / "curves_saved.png")
    assert lab.page_errors == []


def test_curves_grow_while_a_cell_never_yields(lab: Lab) -> None:
    train = (
        "import time\nend = time.monotonic() + 8\nwith nbtrack.run('live') as r:\n"
        "    step = 0\n    while time.monotonic() < end:\n"
        "        r.log(loss=step % 7, step=step)\n        step += 1\n"
        "        sum(range(20_000))"
    )
    notebook = lab.open(lab.write("live.ipynb", [LOG, "nbtrack.curves(metrics=['loss'])", train]))
    notebook.run_cell(0)
    notebook.run_cell(1)
    picture = notebook.output(1).locator(".nbt")
    drawn(picture)
    notebook.start_cell(2)
    busy = "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'busy'"
    expect(picture.locator(".nbt-cur-entry", has_text="live")).to_be_visible(timeout=6_000)
    before = x_marks(area(picture, "loss"))
    expect(picture.locator(".nbt-cur-x").last).not_to_have_text(before[-1], timeout=6_000)
    # All of that was seen before the cell was done.
    assert lab.page.evaluate(busy)
    notebook.wait_until_idle()
    notebook.screenshot("curves_live", picture)
