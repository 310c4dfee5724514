"""Figures and tables that a cell shows, kept as files."""

import json

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import HTML, display

from nbtrack.capture import outputs
from nbtrack.capture.outputs import OutputKeeper

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)


@pytest.fixture
def shell():
    shell = InteractiveShell.instance()
    yield shell
    InteractiveShell.clear_instance()


def kept(shell, code):
    keeper = OutputKeeper(shell)
    keeper.start()
    try:
        shell.run_cell(code).raise_error()
    finally:
        found, note = keeper.stop()
    return found, note


def test_a_figure_is_kept_as_its_bytes(shell):
    shell.user_ns["png"] = PNG
    [figure], note = kept(shell, "from IPython.display import Image, display\ndisplay(Image(png))")
    assert (figure.path, figure.media_type, figure.data) == ("figures/1.png", "image/png", PNG)
    assert note == ""


def test_matplotlib_figures_are_kept(shell):
    shell.run_cell("%matplotlib inline")
    code = "import matplotlib.pyplot as plt\n_ = plt.plot([1, 2])\nplt.show()"
    [figure], _ = kept(shell, code)
    assert figure.data.startswith(b"\x89PNG")


def test_a_chart_is_kept_as_json_and_a_table_as_html(shell):
    code = """
from IPython.display import display
display({"application/vnd.vegalite.v5+json": {"mark": "bar"}, "text/plain": "chart"}, raw=True)
display({"text/html": "<table></table>", "text/plain": "table"}, raw=True)
display({"text/plain": "only text"}, raw=True)
"""
    (chart, table), _ = kept(shell, code)
    assert json.loads(chart.data) == {"mark": "bar"}
    assert (table.path, table.data) == ("outputs/2.html", b"<table></table>")


def test_a_display_that_is_replaced_is_kept_as_it_was_last(shell):
    code = """
from IPython.display import HTML, display
handle = display(HTML("first"), display_id=True)
handle.update(HTML("last"))
"""
    [table], _ = kept(shell, code)
    assert table.data == b"last"


def test_a_live_widget_is_not_kept(shell):
    code = """
from IPython.display import display
view = "application/vnd.jupyter.widget-view+json"
display({view: {"model_id": "x"}, "text/html": "dead"}, raw=True)
"""
    assert kept(shell, code) == ([], "")


def test_what_is_beyond_the_bounds_is_left_out_and_said(shell, monkeypatch):
    monkeypatch.setattr(outputs, "MAX_BYTES", 10)
    code = """
from IPython.display import HTML, display
display(HTML("12345678"))
display(HTML("12345678"))
"""
    found, note = kept(shell, code)
    assert len(found) == 1
    assert "first 1 outputs" in note


def test_the_shell_is_as_before_afterwards(shell):
    kept(shell, "1")
    assert "publish" not in vars(shell.display_pub)
    assert "write_format_data" not in vars(shell.displayhook)


def test_what_is_shown_is_shown_all_the_same(shell, capsys):
    keeper = OutputKeeper(shell)
    keeper.start()
    display(HTML("x"))
    keeper.stop()
    assert "IPython.core.display.HTML" in capsys.readouterr().out
