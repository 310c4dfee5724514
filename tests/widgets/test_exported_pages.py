"""What an exported notebook shows of widgets: nbconvert takes the html, and no script."""

from __future__ import annotations

import nbformat
import pytest

from nbtrack.tracking.active import run
from nbtrack.widgets.compare.widget import compare
from nbtrack.widgets.run_view.widget import RunView


@pytest.fixture
def two(place):
    for name, lr in (("one", 0.1), ("two", 0.25)):
        with run(name, lr=lr) as r:
            r.log_curve("loss", range(5), [lr * step for step in range(5)])


@pytest.mark.parametrize("made", [lambda: compare("one", "two"), lambda: RunView("two")])
def test_an_exported_page_has_the_values_the_folds_and_the_curves(two, made):
    from nbconvert import HTMLExporter

    widget = made()
    bundle, _ = widget._repr_mimebundle_()
    widget.close()
    shown = nbformat.v4.new_output("execute_result", data=bundle, execution_count=1)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("w", outputs=[shown])])
    page, _ = HTMLExporter().from_notebook_node(notebook)
    assert "0.25" in page
    assert "<details" in page
    assert 'src="data:image/svg+xml;base64,' in page
    assert "Error displaying widget" not in page
