"""Verdicts, differences and replays as JupyterLab shows them."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.lab import Lab, Notebook

CELLS = (
    "%load_ext nbtrack\n"
    "import matplotlib.pyplot as plt\n"
    "from sklearn.datasets import load_diabetes\n"
    "from sklearn.linear_model import Ridge",
    "X, y = load_diabetes(return_X_y=True)",
    "%%track strong\n"
    "alpha = 1.0\n"
    "model = Ridge(alpha=alpha).fit(X, y)\n"
    "r2 = model.score(X, y)\n"
    "plt.scatter(y, model.predict(X))\n"
    "plt.show()",
    "%%track weak\nalpha = 0.1\nmodel = Ridge(alpha=alpha).fit(X, y)\nr2 = model.score(X, y)",
    "%track diff strong weak",
    "%track replay weak",
    "%track",
)
STRONG, WEAK, DIFF, REPLAY, TABLE = 2, 3, 4, 5, 6


@pytest.fixture
def notebook(lab: Lab) -> Notebook:
    """A notebook whose cells have all run, and that was saved."""
    notebook = lab.open(lab.write("study.ipynb", CELLS))
    notebook.run_all()
    notebook.save()
    return notebook


def test_a_saved_notebook_settles_the_verdict_on_the_card(notebook: Notebook) -> None:
    expect(notebook.output(STRONG)).to_contain_text("clean", timeout=20_000)
    expect(notebook.output(WEAK)).to_contain_text("clean", timeout=20_000)
    notebook.screenshot("card", notebook.output(STRONG))


def test_a_difference_and_a_replay_are_shown(notebook: Notebook) -> None:
    diff = notebook.output(DIFF)
    expect(diff).to_contain_text("Parameters: 1 changed")
    expect(diff).to_contain_text("alpha")
    expect(diff).to_contain_text("environment (")
    expect(diff.locator("details").first).to_have_attribute("open", "")
    expect(notebook.output(REPLAY)).to_contain_text("matched")
    expect(notebook.output(REPLAY)).to_contain_text("the same")
    notebook.screenshot("difference", diff)
    notebook.screenshot("replay", notebook.output(REPLAY))


def test_the_detail_of_a_run_has_its_verdict_data_and_figure(notebook: Notebook) -> None:
    table = notebook.output(TABLE).locator(".nbt")
    expect(notebook.output(STRONG)).to_contain_text("clean", timeout=20_000)
    expect(table.locator(".nbt-verdict.nbt-is-clean").first).to_be_visible(timeout=20_000)
    row = table.locator(".nbt-row[data-run]", has_text="strong")
    row.locator(".nbt-name").click()
    detail = table.locator(".nbt-detail")
    expect(detail).to_contain_text("Verdict")
    expect(detail).to_contain_text("numpy.ndarray")
    figure = detail.locator("img.nbt-figure")
    expect(figure).to_be_visible()
    assert figure.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
    notebook.screenshot("detail", table)
