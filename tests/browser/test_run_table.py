"""The run table in JupyterLab, used as a person uses it."""

from __future__ import annotations

import statistics

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.lab import Lab, Notebook
from tests.browser.reopening import no_widget_failed, reopened
from tests.widgets.many_runs import fill

LOG = """
import math, nbtrack
for i in range(12):
    try:
        with nbtrack.run(f"run-{i}", experiment="wine", model="forest" if i % 3 else "linear",
                         depth=i % 4, seed=7, tags={"team": "ab"[i % 2]}) as r:
            for step in range(20):
                r.log(loss=math.exp(-step / (i + 1)), step=step)
            if i == 7:
                raise ValueError("no <b>data</b>")
            r.log(accuracy=.5 + i / 100)
    except ValueError:
        pass
"""
SHOW = "table = nbtrack.runs().table(); table"


class Table:
    """The table under a cell, by what a person sees of it."""

    def __init__(self, root: Locator) -> None:
        self.root = root
        self.page = root.page
        self.grid = root.get_by_role("grid")
        self.filter = root.get_by_role("combobox", name="Filter runs")
        self.count = root.locator(".nbt-count")
        self.detail = root.locator(".nbt-detail")

    def names(self) -> list[str]:
        """The names of the runs on screen, from the top."""
        rows = self.root.locator(".nbt-row[data-run]").evaluate_all(
            "rows => rows.map(row => [Number(row.dataset.line), "
            "row.querySelector('.nbt-name').textContent]).sort((a, b) => a[0] - b[0])"
        )
        return [name for _, name in rows]

    def head(self, column: str) -> Locator:
        return self.root.locator(f".nbt-names [data-column='{column}']")

    def row(self, name: str) -> Locator:
        return self.root.locator(".nbt-row").filter(has=self.page.get_by_text(name, exact=True))

    def first(self, name: str) -> None:
        """Wait until the run ``name`` stands first."""
        expect(self.root.locator(".nbt-row[data-line='0'] .nbt-name")).to_have_text(name)


@pytest.fixture
def notebook(lab: Lab) -> Notebook:
    notebook = lab.open(lab.write("table.ipynb", [LOG, SHOW, "print(table.selected)"]))
    notebook.run_cell(0)
    notebook.run_cell(1)
    return notebook


@pytest.fixture
def table(notebook: Notebook) -> Table:
    table = Table(notebook.output(1).locator(".nbt"))
    table.first("run-11")
    return table


def test_a_header_sorts_best_first_then_the_other_way_then_not(table: Table) -> None:
    head = table.head("metrics.loss")
    head.click()
    table.first("run-0")
    expect(head).to_have_attribute("aria-sort", "ascending")
    head.click()
    table.first("run-11")
    expect(head).to_have_attribute("aria-sort", "descending")
    head.click()
    expect(head).to_have_attribute("aria-sort", "none")
    table.first("run-11")


def test_a_second_header_with_shift_decides_between_equals(table: Table) -> None:
    table.head("params.model").click()
    expect(table.head("params.model")).to_have_attribute("aria-sort", "ascending")
    table.head("metrics.accuracy").click(modifiers=["Shift"])
    expect(table.head("metrics.accuracy")).to_have_attribute("aria-sort", "descending")
    expect(table.head("params.model")).to_have_attribute("aria-sort", "ascending")
    table.first("run-11")
    expect(table.head("metrics.accuracy").locator(".nbt-sort")).to_have_text("↓2")


def test_typing_filters_and_a_mistake_leaves_the_table_as_it_is(
    table: Table, notebook: Notebook
) -> None:
    table.filter.press_sequentially("metrics.accuracy > 0.58")
    expect(table.count).to_have_text("3 of 12 runs")
    assert table.names() == ["run-11", "run-10", "run-9"]
    table.filter.press_sequentially(" and")
    expect(table.root.get_by_role("alert")).to_contain_text("and")
    assert table.names() == ["run-11", "run-10", "run-9"]
    notebook.screenshot("run_table_filter_mistake", table.root)
    table.filter.fill("linear")
    expect(table.count).to_have_text("4 of 12 runs")
    expect(table.root.get_by_role("alert")).to_be_hidden()
    table.filter.fill("zebra")
    expect(table.root.get_by_text("No run fits this filter.")).to_be_visible()
    table.root.get_by_role("button", name="Show all runs").click()
    expect(table.count).to_have_text("12 runs")


def test_names_of_columns_are_completed(table: Table) -> None:
    table.filter.press_sequentially("metrics.ac")
    expect(table.page.get_by_role("option", name="metrics.accuracy")).to_be_visible()
    table.filter.press("Tab")
    expect(table.filter).to_have_value("metrics.accuracy ")


def test_groups_open_to_their_runs(table: Table, notebook: Notebook) -> None:
    table.root.get_by_role("button", name="Group", exact=True).click()
    table.page.get_by_role("menuitemradio", name="model").click()
    groups = table.root.locator(".nbt-group")
    expect(groups).to_have_count(2)
    forest = groups.filter(has_text="forest")
    expect(forest).to_contain_text("8")
    forest.click()
    expect(forest).to_have_attribute("aria-expanded", "true")
    expect(table.root.locator(".nbt-row[data-run]")).to_have_count(8)
    notebook.screenshot("run_table_groups", table.root)


def test_runs_are_selected_with_the_mouse_and_known_to_the_next_cell(
    table: Table, notebook: Notebook
) -> None:
    table.row("run-10").get_by_role("checkbox").click()
    table.row("run-8").locator(".nbt-status").click(modifiers=["Shift"])
    expect(table.root.locator(".nbt-picked")).to_contain_text("3 selected")
    notebook.screenshot("run_table_selected", table.root)
    selected = [table.row(f"run-{i}").get_attribute("data-run") for i in (10, 9, 8)]
    notebook.run_cell(2)
    expect(notebook.output(2)).to_contain_text(str(selected))


def test_the_detail_of_a_failed_run_shows_its_traceback_as_text(
    table: Table, notebook: Notebook
) -> None:
    table.row("run-7").locator(".nbt-name").click()
    expect(table.detail).to_contain_text("ValueError: no <b>data</b>")
    expect(table.detail.locator("pre b")).to_have_count(0)
    expect(table.detail.locator(".nbt-curve")).to_have_count(1)
    notebook.screenshot("run_table_detail", table.root)
    table.detail.get_by_role("button", name="Close").click()
    expect(table.detail).to_have_count(0)


def test_the_keyboard_reaches_everything(table: Table, notebook: Notebook) -> None:
    keyboard = table.page.keyboard
    table.grid.focus()
    for key in ("ArrowDown", "Space", "Shift+ArrowDown"):
        keyboard.press(key)
    expect(table.root.locator(".nbt-picked")).to_contain_text("2 selected")
    keyboard.press("Enter")
    expect(table.detail.locator("b").first).to_have_text("run-9")
    keyboard.press("Escape")
    expect(table.detail).to_have_count(0)
    expect(table.grid).to_be_focused()
    for key in ("Control+Home", "ArrowUp", "End"):
        keyboard.press(key)
    active = table.grid.get_attribute("aria-activedescendant")
    assert table.page.locator(f"#{active}").get_attribute("role") == "columnheader"
    keyboard.press("Enter")
    expect(table.page.locator(f"#{active}")).not_to_have_attribute("aria-sort", "none")
    keyboard.press("/")
    expect(table.filter).to_be_focused()


def test_no_key_reaches_the_notebook(table: Table, notebook: Notebook) -> None:
    cells = "window.jupyterapp.shell.currentWidget.content.widgets.length"
    before = table.page.evaluate(cells)
    for focus in (table.grid.focus, table.row("run-9").get_by_role("checkbox").click):
        focus()
        for key in "ddxab":
            table.page.keyboard.press(key)
    assert table.page.evaluate(cells) == before


def test_columns_are_hidden_and_pinned(table: Table) -> None:
    table.root.get_by_role("button", name="Columns", exact=True).click()
    chooser = table.page.get_by_role("dialog", name="Columns")
    chooser.get_by_role("checkbox", name="Status").click()
    expect(table.head("attributes.status")).to_have_count(0)
    accuracy = chooser.locator(".nbt-choice").filter(has_text="accuracy")
    accuracy.hover()
    accuracy.get_by_role("button", name="Pin").click()
    expect(table.root.locator(".nbt-names [data-column]").nth(1)).to_have_attribute(
        "data-column", "metrics.accuracy"
    )


def test_each_theme_gives_the_table_its_colours(table: Table, notebook: Notebook) -> None:
    row = table.row("run-10")
    for theme in ("Light", "Dark", "Dark High Contrast"):
        notebook.lab.set_theme(f"JupyterLab {theme}")
        background, colour = row.evaluate(
            "row => [getComputedStyle(row).backgroundColor, getComputedStyle(row).color]"
        )
        assert (_lightness(background) < _lightness(colour)) == ("Dark" in theme)
        assert abs(_lightness(background) - _lightness(colour)) > 0.5
        notebook.screenshot(f"run_table_{theme.lower().replace(' ', '_')}", table.root)
    notebook.lab.set_theme("JupyterLab Light")


def test_runs_appear_while_a_cell_is_still_running(lab: Lab) -> None:
    wait = """
import time, pathlib
with nbtrack.run("under-way") as r:
    while not pathlib.Path("seen").exists():
        r.log(loss=1.0)
        time.sleep(.05)
"""
    path = lab.write("live.ipynb", [LOG, SHOW, wait])
    notebook = lab.open(path)
    notebook.run_cell(0)
    notebook.run_cell(1)
    table = Table(notebook.output(1).locator(".nbt"))
    table.first("run-11")
    notebook.start_cell(2)
    table.first("under-way")
    expect(table.row("under-way").locator(".nbt-status")).to_have_text("running")
    (path.parent / "seen").touch()
    notebook.wait_until_idle()
    status = table.row("under-way").locator(".nbt-status")
    # News is looked for less often where looking takes long, as on a busy machine.
    expect(status).to_have_text("finished", timeout=30_000)


def test_reopened_without_a_kernel_the_html_is_shown(table: Table, notebook: Notebook) -> None:
    notebook.save()
    data = notebook.read().cells[1].outputs[0].data
    assert {"text/html", "text/plain"} < set(data)
    lab = notebook.lab
    outputs = reopened(notebook, trusted=True)
    shown = outputs.locator("table")
    expect(shown).to_contain_text("run-11", timeout=30_000)
    no_widget_failed(lab)
    lab.screenshot("run_table_reopened")


def test_a_hundred_thousand_runs_scroll_as_smoothly_as_a_hundred(lab: Lab) -> None:
    frames = {}
    for runs in (100, 100_000):
        fill(lab.folder / f"many-{runs}", runs)
        show = f"import nbtrack\nnbtrack.runs(store='many-{runs}')"
        notebook = lab.open(lab.write(f"many-{runs}.ipynb", [show]))
        notebook.run_cell(0)
        table = Table(notebook.output(0).locator(".nbt"))
        expect(table.root.locator(".nbt-row[data-run]").first).to_be_visible(timeout=60_000)
        frames[runs] = _scroll(table)
    table.grid.evaluate("grid => { grid.scrollTop = grid.scrollHeight / 2; }")
    expect(table.root.locator(".nbt-row[data-line='50000'] .nbt-name")).to_be_visible(
        timeout=10_000
    )
    table.grid.evaluate("grid => { grid.scrollTop = grid.scrollHeight; }")
    expect(table.row("seed").or_(table.row("many-0")).first).to_be_visible(timeout=10_000)
    # The median: a shared machine has frames that are nobody's fault.
    assert statistics.median(frames[100_000]) < 2 * statistics.median(frames[100]) + 10, frames


def _scroll(table: Table) -> list[float]:
    """Milliseconds per frame while the grid is scrolled up and down by a row or two a frame."""
    frames: list[float] = table.grid.evaluate(
        """async grid => {
          const times = [];
          let last = performance.now();
          for (let i = 0; i < 120; i++) {
            grid.scrollTop += i % 80 < 40 ? 45 : -45;
            await new Promise(requestAnimationFrame);
            const now = performance.now();
            times.push(now - last);
            last = now;
          }
          return times;
        }"""
    )
    return frames


def _lightness(colour: str) -> float:
    """0 for black, 1 for white, of a computed colour such as ``rgb(…)`` or ``color(srgb …)``."""
    numbers = [
        float(part)
        for part in colour.split("(")[1]
        .rstrip(")")
        .replace(",", " ")
        .replace("srgb", "")
        .split()[:3]
    ]
    scale = 1 if colour.startswith("color") else 255
    return sum(numbers) / 3 / scale
