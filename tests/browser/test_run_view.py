"""One run in tabs in JupyterLab, as the last value of a cell."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.lab import Lab, Notebook

# Nothing but the import: no extension is loaded.
LOG = """
import math, nbtrack
params = {f"p{n:03d}": n for n in range(40)}
with nbtrack.run("full", experiment="wine", lr=.1, tags={"team": "a"}, note="a <b>note</b>",
                 **params) as r:
    for step in range(30):
        r.log(loss=math.exp(-step / 9), step=step)
        r.log({"system/cpu_utilization_percentage": 50 + step % 7}, step=step)
    r.log(accuracy=.93)
    r.keep_texts({"source": "x = '<b>'\\nfit(x)", "stdout": "done\\n", "git.diff": "-old\\n+new"})
    r.keep_texts({"packages": "\\n".join(f"package{i}==1.{i}" for i in range(40))})
    r.observe({"git.commit": "abc123", "python.version": "3.12"})
    r.keep_artifact("notes/a.txt", b"hello", "text/plain")
    r.keep_artifact("figures/1.svg", b'<svg xmlns="http://www.w3.org/2000/svg" width="90" '
                    b'height="60"><rect width="90" height="60" fill="teal"/></svg>',
                    "image/svg+xml")
"""
SHOW = "nbtrack.get_run('full')"
TABS = ["Overview", "Curves", "Code", "Environment", "Output", "Files", "Resources"]


@pytest.fixture
def notebook(lab: Lab) -> Notebook:
    notebook = lab.open(lab.write("run.ipynb", [LOG, SHOW]))
    for cell in range(2):
        notebook.run_cell(cell)
    return notebook


@pytest.fixture
def run(notebook: Notebook) -> Locator:
    root = notebook.output(1).locator(".nbt")
    expect(root.get_by_role("tab")).to_have_text(TABS)
    return root


def panel(run: Locator) -> Locator:
    return run.get_by_role("tabpanel")


def test_a_run_is_in_tabs_that_the_keyboard_reaches(run: Locator, notebook: Notebook) -> None:
    expect(panel(run)).to_contain_text("a <b>note</b>")
    expect(panel(run).locator("tr[data-metric=accuracy]")).to_contain_text("0.93")
    tab = run.get_by_role("tab", name="Overview")
    tab.focus()
    for title, text in (
        ("Curves", "0.03987"),
        ("Code", "x = '<b>'"),
        ("Environment", "package39"),
        ("Output", "done"),
        ("Files", "a.txt"),
        ("Resources", "CPU of the machine, %"),
    ):
        run.page.keyboard.press("ArrowRight")
        expect(run.get_by_role("tab", name=title)).to_be_focused()
        expect(panel(run)).to_contain_text(text)
        notebook.screenshot(f"run_{title.lower()}", run)
    run.page.keyboard.press("Home")
    expect(run.get_by_role("tab", name="Overview")).to_be_focused()
    assert notebook.lab.page_errors == []


def test_one_of_many_parameters_is_found(run: Locator) -> None:
    box = run.get_by_role("textbox", name="Find in parameters")
    box.fill("p039")
    expect(run.locator(".nbt-run-pairs .nbt-pair:visible")).to_have_count(1)
    box.fill("zebra")
    expect(run.get_by_text("Nothing has that in its name.")).to_be_visible()


def test_files_are_shown_and_saved(run: Locator) -> None:
    run.get_by_role("tab", name="Files").click()
    picture = panel(run).locator("img")
    expect(picture).to_have_count(1)
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 90
    panel(run).get_by_role("treeitem", name="a.txt, 5 bytes").click()
    with run.page.expect_download() as saved:
        panel(run).get_by_role("button", name="Download notes/a.txt").click()
    assert saved.value.suggested_filename == "a.txt"
    assert saved.value.path().read_bytes() == b"hello"
    run.get_by_role("button", name="More", exact=True).click()
    with run.page.expect_download() as saved:
        run.page.get_by_role("menuitem", name="Save as PNG").click()
    assert saved.value.path().read_bytes().startswith(b"\x89PNG")


def test_a_run_goes_on_while_its_cell_runs_and_folds_stay_open(lab: Lab) -> None:
    train = """
import time, pathlib
step = 0
while not pathlib.Path("seen").exists():
    run.log(loss=1 / (step + 1), step=step)
    step += 1
    time.sleep(.05)
run.end()
"""
    path = lab.write("live.ipynb", ["import nbtrack\nrun = nbtrack.run('live', lr=.1)\nrun", train])
    notebook = lab.open(path)
    notebook.run_cell(0)
    root = notebook.output(0).locator(".nbt")
    expect(root.locator(".nbt-run-title")).to_contain_text("running")
    expect(root.get_by_role("tab")).to_have_text(["Overview"])
    notebook.start_cell(1)
    curves = root.get_by_role("tab", name="Curves")
    expect(curves).to_be_visible(timeout=30_000)
    curves.click()
    expect(panel(root).locator(".nbt-curve path")).to_have_count(1)
    (path.parent / "seen").touch()
    notebook.wait_until_idle()
    expect(root.locator(".nbt-run-title")).to_contain_text("finished", timeout=30_000)
    expect(root.get_by_role("tab", name="Curves")).to_have_attribute("aria-selected", "true")
    assert lab.page_errors == []


def test_a_run_follows_the_theme_and_fits_a_narrow_place(
    run: Locator, notebook: Notebook, lab: Lab
) -> None:
    colours = []
    for theme in ("Light", "Dark"):
        lab.set_theme(f"JupyterLab {theme}")
        colours.append(run.evaluate("root => getComputedStyle(root).color"))
        notebook.screenshot(f"run_{theme.lower()}", run)
    assert colours[0] != colours[1]
    lab.set_theme("JupyterLab Light")
    run.evaluate("root => { root.parentElement.style.width = '400px'; }")
    expect(run).to_have_class("nbt nbt-narrow")
    assert run.evaluate("root => root.scrollWidth <= 400")
    assert panel(run).evaluate("panel => panel.scrollWidth <= panel.clientWidth")
    notebook.screenshot("run_narrow", run)
