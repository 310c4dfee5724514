"""The quickstart in a real JupyterLab, as whoever clones the repository meets it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.lab import Lab, Notebook, Window
from tests.browser.server import LabServer

STORED = Path(__file__).parents[2] / "notebooks" / "01_quickstart.ipynb"


@pytest.fixture(scope="module")
def quickstart(window: Window, lab_server: LabServer) -> Iterator[Notebook]:
    """The quickstart, all of whose cells have just run, and saved."""
    with Lab(lab_server, window, "quickstart") as lab:
        notebook = lab.open(Path(shutil.copy(STORED, lab.folder)))
        lab.command("application:toggle-left-area")
        notebook.run_all()
        notebook.save()
        yield notebook
        assert lab.outside_requests == []
        assert lab.page_errors == []


def place_of(notebook: Notebook, source: str) -> int:
    """Where the first code cell stands whose source begins with ``source``."""
    cells = notebook.read().cells
    return next(i for i, cell in enumerate(cells) if cell.source.startswith(source))


def run_table(notebook: Notebook) -> Locator:
    table = notebook.output(place_of(notebook, "%track")).locator(".nbt")
    expect(table.locator(".nbt-row[data-run]").first).to_be_visible()
    return table


def names(table: Locator) -> list[str]:
    return table.locator(".nbt-row[data-run] .nbt-name").all_inner_texts()


def test_every_cell_runs_and_nothing_fails(quickstart: Notebook) -> None:
    assert quickstart.execution_counts() == list(range(1, 11))
    cells = [cell for cell in quickstart.read().cells if cell.cell_type == "code"]
    kinds = {output.output_type for cell in cells for output in cell.outputs}
    assert "error" not in kinds
    card = quickstart.output(place_of(quickstart, "%%track bold"))
    expect(card).to_contain_text("finished")
    expect(card).to_contain_text("★ best")
    quickstart.screenshot("card", card)


def test_the_table_is_sorted_and_filtered_by_clicking_and_typing(quickstart: Notebook) -> None:
    table = run_table(quickstart)
    assert len(names(table)) == 9
    quickstart.screenshot("quickstart-table", table)

    table.locator("[data-column='metrics.loss']").first.click()
    expect(table.locator(".nbt-row[data-run]").first).to_contain_text("net-64-0.3")

    table.locator(".nbt-search input").fill("metrics.accuracy > 0.96 and params.hidden = 16")
    expect(table.locator(".nbt-count")).to_have_text("1 of 9 runs")
    assert names(table) == ["net-16-0.3"]

    table.locator(".nbt-search input").fill("attributes.status = 'failed'")
    expect(table.locator(".nbt-count")).to_have_text("2 of 9 runs")
    assert set(names(table)) == {"net-16-30", "net-64-30"}
    quickstart.screenshot("quickstart-failed", table)


def test_reopened_with_a_new_kernel_its_card_and_table_still_show(
    quickstart: Notebook, lab: Lab
) -> None:
    reopened = lab.open(Path(shutil.copy(quickstart.path, lab.folder)))
    table = reopened.output(place_of(reopened, "%track"))
    expect(table).to_contain_text("net-64-0.3")
    expect(reopened.output(place_of(reopened, "%%track forest"))).to_contain_text("finished")
    expect(lab.page.get_by_text("Error displaying widget")).to_have_count(0)
    reopened.screenshot("quickstart-reopened", table)
