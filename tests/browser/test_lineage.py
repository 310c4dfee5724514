"""A lineage as a graph in JupyterLab: hovered, walked through, looked into, taken away."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.lab import Lab

LOG = """
import numpy as np, pandas as pd, nbtrack
train = pd.DataFrame({"age": range(50), "income": [x * 1.5 for x in range(50)]})
with nbtrack.run("baseline", experiment="fraud", depth=3) as first:
    nbtrack.log_input(train, "training", name="customers")
    first.log(accuracy=.8125)
with nbtrack.run("<b>boosted</b>", experiment="fraud", lr=.1, tags={"team": "a"}) as second:
    nbtrack.log_input(train, "training", name="customers 2024")
    nbtrack.log_input(np.arange(5.), "evaluation", name="holdout")
    second.log(accuracy=.9321)
    second.keep_artifact("model/MLmodel", b"flavors: {}")
nbtrack.register_model(f"runs:/{second.id}/model", "fraud", description="the first")
graph = nbtrack.lineage().graph()
"""
MORE = """
with nbtrack.run("later", experiment="fraud") as third:
    nbtrack.log_input(np.arange(9.), name="other")
"""


def test_a_lineage_is_walked_through(lab: Lab) -> None:
    cells = [LOG, "graph", "print(graph.selected == [second.id])", MORE]
    notebook = lab.open(lab.write("lineage.ipynb", cells))
    for cell in range(2):
        notebook.run_cell(cell)
    graph = notebook.output(1).locator(".nbt")
    boxes = graph.locator(".nbt-lin-box")
    details = graph.get_by_role("region")
    keys = lab.page.keyboard

    # The same content under two names is one box.
    expect(boxes).to_have_count(5)
    data = boxes.filter(has_text="customers")
    expect(data).to_have_attribute("title", re.compile("digest [0-9a-f]{16}"))
    expect(boxes.filter(has_text="<b>boosted</b>")).to_have_count(1)
    expect(graph.locator(".nbt-lin-line")).to_have_count(4)
    notebook.screenshot("lineage", graph)

    # What belongs to a box stands out.
    boxes.filter(has_text="holdout").hover()
    expect(boxes.locator("xpath=self::*[contains(@class, 'nbt-far')]")).to_have_count(2)
    expect(graph.locator(".nbt-lin-line.nbt-near")).to_have_count(2)
    notebook.screenshot("lineage_hover", graph)

    # The keyboard follows the lines.
    boxes.filter(has_text="fraud 1").focus()
    keys.press("ArrowLeft")
    expect(boxes.filter(has_text="boosted")).to_be_focused()
    keys.press("Enter")
    expect(details).to_contain_text("0.9321")
    expect(details).to_contain_text("Made from")
    expect(boxes.filter(has_text="boosted")).to_have_attribute("aria-pressed", "true")
    details.get_by_role("button", name="Select this run").click()
    expect(details.get_by_role("button", name="Selected")).to_be_visible()
    expect(boxes.filter(has_text="boosted")).to_have_class(re.compile("nbt-lin-picked"))
    notebook.screenshot("lineage_run", graph)
    notebook.tells(2, "True")

    # From one to the next, a step at a time.
    details.get_by_role("button", name="fraud 1").click()
    expect(details).to_contain_text("models:/fraud/1")
    expect(details).to_contain_text("the first")
    notebook.screenshot("lineage_version", graph)
    data.click()
    expect(details).to_contain_text("income")
    expect(details.get_by_role("button", name="baseline")).to_be_visible()
    notebook.screenshot("lineage_data", graph)

    # It follows the store, and what is looked at stays.
    notebook.run_cell(3)
    expect(boxes.filter(has_text="later")).to_have_count(1)
    expect(details).to_contain_text("income")

    # It is taken away as the others are.
    graph.get_by_role("button", name="More", exact=True).click()
    with lab.page.expect_download() as saved:
        lab.page.get_by_role("menuitem", name="Save as PNG").click()
    assert saved.value.path().read_bytes().startswith(b"\x89PNG")

    # Dark, and narrow.
    lab.set_theme("JupyterLab Dark")
    notebook.screenshot("lineage_dark", graph)
    lab.set_theme("JupyterLab Light")
    graph.evaluate("root => { root.parentElement.style.width = '400px'; }")
    expect(graph).to_have_class("nbt nbt-narrow")
    assert graph.evaluate("root => root.scrollWidth <= 400")
    notebook.screenshot("lineage_narrow", graph)
    details.get_by_role("button", name="Close").click()
    expect(details).to_be_hidden()
    assert lab.page_errors == []
