"""The harness itself sees what it promises to see."""

from __future__ import annotations

from tests.browser.lab import Lab


def test_a_request_that_leaves_this_machine_goes_nowhere_and_is_listed(lab: Lab) -> None:
    notebook = lab.open(
        lab.write(
            "outside.ipynb",
            [
                "from IPython.display import HTML\nHTML('<img src=\"http://nbtrack.invalid/x.png\">')"
            ],
        )
    )
    with lab.page.expect_event("requestfailed"):
        notebook.run_cell(0)
    assert lab.outside_requests == ["http://nbtrack.invalid/x.png"]
    lab.outside_requests.clear()


def test_cells_run_in_order_and_their_outputs_are_saved(lab: Lab) -> None:
    notebook = lab.open(lab.write("two.ipynb", ["x = 20", "x + 1"]))
    notebook.run_cell(0)
    notebook.run_all()
    assert notebook.execution_counts() == [2, 3]
    assert "21" in notebook.output(1).inner_text()
    notebook.save()
    assert notebook.read().cells[1].outputs[0].data["text/plain"] == "21"
    assert lab.page_errors == []
