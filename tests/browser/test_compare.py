"""Runs side by side in JupyterLab, used as a person uses them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.lab import Lab, Notebook
from tests.browser.reopening import no_widget_failed, reopened

LOG = """
import math, nbtrack
import matplotlib
matplotlib.use("agg")
import io
import matplotlib.pyplot as plt
for i, name in enumerate(["forest", "boosted", "linear"]):
    with nbtrack.run(name, experiment="wine", model=name, lr=.1 / (i + 1), seed=7,
                     tags={"team": "ab"[i % 2]}) as r:
        for step in range(30):
            r.log({"loss": math.exp(-step / (i + 4)), "val/loss": .1 + math.exp(-step / (i + 5))},
                  step=step)
        r.log(accuracy=.9 + i / 50, f1=.88)
        r.keep_text("source", f"lr = {.1 / (i + 1)}\\nmodel = fit('{name}', lr)\\nscore(model)\\n")
        figure, axes = plt.subplots(figsize=(4, 3))
        axes.plot([1, 2 + i, 3])
        file = io.BytesIO()
        figure.savefig(file)
        plt.close(figure)
        r.keep_artifact("figures/1.png", file.getvalue(), "image/png")
"""
SHOW = "comparison = nbtrack.compare('forest', 'boosted'); comparison"
TABLE = "table = nbtrack.runs().table(); table"
TELL = "print([nbtrack.get_run(run).name for run in comparison.runs], len(comparison.selected))"


@pytest.fixture
def notebook(lab: Lab) -> Notebook:
    notebook = lab.open(lab.write("compare.ipynb", [LOG, SHOW, TABLE, TELL]))
    for cell in range(3):
        notebook.run_cell(cell)
    return notebook


@pytest.fixture
def comparison(notebook: Notebook) -> Locator:
    root = notebook.output(1).locator(".nbt")
    expect(root.locator("[data-state=drawn]")).to_be_visible()
    # Pictures come after the rest.
    expect(root.locator(".nbt-cmp-figures img")).to_have_count(2)
    return root


def heads(comparison: Locator) -> Locator:
    return comparison.locator(".nbt-cmp-title b")


def cells(comparison: Locator, row: str) -> Locator:
    return comparison.locator(f".nbt-cmp-table tr[data-row='{row}'] td")


def test_what_differs_is_in_sight_and_what_is_the_same_unfolds(
    comparison: Locator, notebook: Notebook
) -> None:
    expect(cells(comparison, "lr")).to_have_text(["0.1", "0.051/2"])
    expect(cells(comparison, "accuracy").nth(1)).to_have_text("0.9200+0.0200")
    expect(cells(comparison, "accuracy").locator(".nbt-cmp-good")).to_have_count(1)
    expect(cells(comparison, "loss").locator(".nbt-cmp-bad")).to_have_count(1)
    expect(cells(comparison, "seed")).to_have_count(0)
    fold = comparison.get_by_role("button", name="1 the same").nth(1)
    fold.focus()
    fold.press("Enter")
    expect(cells(comparison, "seed")).to_have_text(["7", "7"])
    # Though all was drawn anew, the keyboard is where it was.
    expect(comparison.locator("[data-fold=Parameters]")).to_be_focused()
    comparison.get_by_role("textbox", name="Find a row").fill("loss")
    expect(cells(comparison, "lr")).to_have_count(0)
    expect(cells(comparison, "val/loss")).to_have_count(2)
    expect(comparison.locator(".nbt-curve")).to_have_count(2)
    comparison.get_by_role("textbox", name="Find a row").press("Escape")
    expect(cells(comparison, "lr")).to_have_count(2)
    assert notebook.lab.page_errors == []


def test_code_is_coloured_by_line_and_by_word(comparison: Locator) -> None:
    code = comparison.locator("[data-group=Code]")
    expect(code.locator(".nbt-diff-gone mark").first).to_have_text("1")
    expect(code.locator(".nbt-diff-come mark").first).to_have_text("05")
    expect(code.locator(".nbt-diff-gone").nth(1)).to_have_text("-model = fit('forest', lr)")


def test_runs_swap_become_the_baseline_and_leave(comparison: Locator, notebook: Notebook) -> None:
    comparison.get_by_role("button", name="Swap").click()
    expect(heads(comparison)).to_have_text(["boosted", "forest"])
    expect(cells(comparison, "accuracy").locator(".nbt-cmp-bad")).to_have_count(1)
    notebook.tells(3, "['boosted', 'forest'] 0")
    comparison.get_by_role("button", name="Change forest").click()
    comparison.page.get_by_role("menuitem", name="Make it the baseline").click()
    expect(heads(comparison)).to_have_text(["forest", "boosted"])
    comparison.get_by_role("button", name="Change boosted").click()
    comparison.page.get_by_role("menuitem", name="Remove from the comparison").click()
    expect(heads(comparison)).to_have_text(["forest"])
    notebook.tells(3, "['forest'] 0")
    comparison.get_by_role("button", name="Change forest").click()
    comparison.page.get_by_role("menuitem", name="Remove from the comparison").click()
    expect(comparison.get_by_text("No runs to compare.")).to_be_visible()


def test_what_is_selected_in_the_table_is_compared(comparison: Locator, notebook: Notebook) -> None:
    boxes = notebook.output(2).locator(".nbt-row .nbt-select")
    for line in range(3):
        boxes.nth(line).click()
    notebook.output(1).get_by_role("button", name="Compare the 3 selected").click()
    expect(heads(comparison)).to_have_count(3)
    expect(comparison.get_by_role("button", name="Compare the 3 selected")).to_be_hidden()
    notebook.tells(3, "3")
    # Of three, the code of one at a time.
    comparison.get_by_role("group", name="Code of").get_by_role("button").nth(1).click()
    expect(comparison.locator(".nbt-cmp-tab[aria-pressed=true]")).to_have_count(1)
    notebook.screenshot("compare_three", comparison)


def test_the_table_opens_a_comparison_below_itself(notebook: Notebook) -> None:
    table = notebook.output(2).locator(".nbt")
    expect(table.get_by_role("button", name="Compare", exact=True)).to_be_hidden()
    for line in range(2):
        table.locator(".nbt-row .nbt-select").nth(line).click()
    table.get_by_role("button", name="Compare", exact=True).click()
    below = table.get_by_role("region", name="Comparison", exact=True)
    expect(heads(below)).to_have_count(2)
    below.get_by_role("button", name="Swap").click()
    expect(below.locator(".nbt-cmp-baseline")).to_have_count(1)
    notebook.screenshot("compare_below_table", table)
    below.get_by_role("button", name="Close the comparison").click()
    expect(heads(below)).to_have_count(0)
    assert notebook.lab.page_errors == []


def test_the_point_under_the_mouse_is_read_out_of_every_run(comparison: Locator) -> None:
    plot = comparison.locator(".nbt-curve-plot").first
    plot.hover(position={"x": 1, "y": 40})
    tip = plot.locator(".nbt-curve-tip")
    expect(tip).to_contain_text("step 0")
    expect(tip).to_contain_text("forest")
    expect(tip).to_contain_text("boosted")
    comparison.get_by_role("textbox", name="Find a row").hover()
    expect(tip).to_be_hidden()


def test_the_heads_stay_in_sight_and_a_narrow_place_holds_all(
    comparison: Locator, notebook: Notebook, lab: Lab
) -> None:
    scroll = comparison.locator(".nbt-cmp-scroll")
    scroll.evaluate("box => { box.style.height = '300px'; box.scrollTop = 400; }")
    expect(heads(comparison).first).to_be_in_viewport()
    top = scroll.evaluate(
        "box => box.querySelector('.nbt-cmp-heads').getBoundingClientRect().top"
        " - box.getBoundingClientRect().top"
    )
    assert abs(top - 1) < 1.5
    scroll.evaluate("box => { box.style.height = ''; box.scrollTop = 0; }")
    comparison.evaluate("root => { root.parentElement.style.width = '400px'; }")
    expect(comparison).to_have_class("nbt nbt-narrow")
    assert scroll.evaluate("box => box.scrollWidth <= box.clientWidth")
    assert comparison.evaluate("root => root.scrollWidth <= 400")
    notebook.screenshot("compare_narrow", comparison)
    assert lab.page_errors == []


def test_a_comparison_follows_the_theme(comparison: Locator, notebook: Notebook, lab: Lab) -> None:
    line = comparison.locator(".nbt-curve path").first
    colours = []
    for theme in ("Light", "Dark"):
        lab.set_theme(f"JupyterLab {theme}")
        expected = "rgb(13, 73, 213)" if theme == "Light" else "rgb(99, 158, 255)"
        expect(line).to_have_css("stroke", expected)
        colours.append(comparison.evaluate("root => getComputedStyle(root).color"))
        notebook.screenshot(f"compare_{theme.lower()}", comparison)
    assert colours[0] != colours[1]
    lab.set_theme("JupyterLab Light")


def test_files_are_saved_from_the_menu(comparison: Locator) -> None:
    page = comparison.page
    for entry, beginning in (
        ("Save as PNG", b"\x89PNG"),
        ("Save as SVG", b"<svg"),
        ("Save the data as CSV", b'"group","name"'),
    ):
        comparison.get_by_role("button", name="More", exact=True).click()
        with page.expect_download() as saved:
            page.get_by_role("menuitem", name=entry).click()
        assert saved.value.path().read_bytes().startswith(beginning)


def test_reopened_without_a_kernel_the_page_is_shown(
    comparison: Locator, notebook: Notebook
) -> None:
    notebook.save()
    lab = notebook.lab
    outputs = reopened(notebook, trusted=True)
    table = outputs.locator("table").first
    expect(table).to_contain_text("+0.02", timeout=30_000)
    no_widget_failed(lab)
    expect(lab.page.locator(".jp-OutputArea img[src^='data:image/png']")).to_have_count(2)
    expect(lab.page.get_by_text("Parameters: 1 the same")).to_be_visible()
    lab.screenshot("compare_reopened")
