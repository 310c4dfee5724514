"""One run in full from Python: how it shows, what its tabs are made of, what is saved."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest
from ipywidgets import Widget

import nbtrack
from nbtrack.errors import InvalidValue, RunNotFound
from nbtrack.tracking.active import run
from nbtrack.widgets.run_view.widget import RunView
from tests.widgets.saying import HOSTILE, VIEW, curves, say

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'


@pytest.fixture
def view(place):
    """A run with something in every tab that a script's run can have."""
    with run("full", experiment="wine", lr=0.1, tags={"team": "a"}, note="a **note**") as r:
        for step in range(5):
            r.log(loss=1 / (step + 1), step=step)
            r.log({"system/cpu_utilization_percentage": 50.0 + step}, step=step)
        r.log(accuracy=0.9)
        r.keep_texts({"source": "fit()", "stdout": "out", "git.diff": "-a\n+b"})
        r.keep_texts({"packages": "numpy==2.0\nscipy==1.9"})
        r.observe({"git.commit": "abc", "python.version": "3.12", "platform": "x"})
        r.keep_artifact("figures/1.svg", SVG, "image/svg+xml")
        r.keep_artifact("model.bin", b"\x00" * 1234)
    view = RunView(nbtrack.get_run("full"))
    yield view
    view.close()


def drawn(view):
    """The texts in the picture, which must be well-formed."""
    root = ElementTree.fromstring(view.svg())
    return [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]


def folds(view):
    """The titles of what opens and closes in the page without a kernel, outermost or not."""
    page = view._html()
    return [part.split("</b>")[0].split("<b>")[1] for part in page.split("<summary")[1:]]


def test_the_browser_gets_everything_that_was_recorded(view):
    told, more = view._snapshot["run"], view._snapshot["more"]
    assert (told["name"], told["experiment"], told["note"]) == ("full", "wine", "a **note**")
    assert told["params"] == [{"key": "lr", "value": "0.1"}]
    assert [metric["key"] for metric in told["metrics"]] == [
        "accuracy",
        "loss",
        "system/cpu_utilization_percentage",
    ]
    assert [text["role"] for text in told["texts"]] == ["source", "stdout", "git.diff"]
    assert [(file["path"], file["is_drawn"]) for file in told["files"]] == [
        ("figures/1.svg", True),
        ("model.bin", False),
    ]
    assert more["packages"] == {"numpy": "2.0", "scipy": "1.9"}
    assert more["git"] == {"commit": "abc"}
    assert more["machine"] == {"python.version": "3.12", "platform": "x"}
    run_id = told["run_id"]
    assert set(curves(view._snapshot)) == {
        (run_id, "loss"),
        (run_id, "system/cpu_utilization_percentage"),
    }
    json.dumps({**view._snapshot, "curves": None}, allow_nan=False)


def test_without_a_kernel_each_tab_is_a_fold(view):
    assert folds(view) == [
        "Overview",
        "Curves",
        "Code",
        "Uncommitted changes",
        "Environment",
        "Packages: 2",
        "Output",
        "Files",
        "Resources",
    ]
    page = view._html()
    assert "<style" not in page
    assert page.count('src="data:image/svg+xml;base64,') == 3
    assert "1.2 kB" in page


def test_files_and_pictures_come_when_they_are_asked_for(view):
    answer, buffers = say(view, kind="figures")
    assert answer["paths"] == ["figures/1.svg"]
    assert buffers == [SVG]
    answer, buffers = say(view, kind="file", path="model.bin")
    assert (answer["kind"], buffers) == ("file", [b"\x00" * 1234])
    answer, _ = say(view, kind="file", path="../../etc/passwd")
    assert answer["kind"] == "error"
    assert "keeps no file" in answer["message"]


def test_it_follows_the_run_and_nothing_else(place):
    with run("live", experiment="e", lr=0.1) as r:
        view = RunView(r)
        assert view._snapshot["run"]["status"] == "running"
        before = view._snapshot
        with run("other"):
            pass
        view._news()
        assert view._snapshot is before
        r.log_curve("loss", range(3), [3, 2, math.nan])
        view._news()
        assert view._snapshot["run"]["metrics"][0]["value"] == "NaN"
        before = view._snapshot
        view._news()
        assert view._snapshot is before
    view._news()
    assert view._snapshot["run"]["status"] == "finished"
    nbtrack.purge("live")
    with pytest.raises(RunNotFound):
        view._news()
    assert view._snapshot["run"]["name"] == "live"
    view.close()


def test_the_bundle_has_a_widget_a_page_and_stable_text(view):
    bundle, _ = view._repr_mimebundle_()
    assert set(bundle) == {VIEW, "text/html", "text/plain"}
    assert bundle["text/plain"] == "Run of 'wine'; parameters lr; metrics accuracy, loss"


def test_the_picture_is_saved_and_the_data_is_a_frame(view, tmp_path):
    assert view.save(tmp_path / "r.png").read_bytes().startswith(b"\x89PNG")
    assert view.save(tmp_path / "r.svg", theme="dark").read_text().startswith("<svg")
    assert {"full", "accuracy", "0.9", "lr", "0.1", "loss"} <= set(drawn(view))
    frame = view.df()
    assert list(frame.columns) == ["kind", "key", "value", "number"]
    assert frame[frame.kind == "param"].value.tolist() == ["0.1"]
    assert "metric,accuracy,0.9,0.9" in say(view, kind="csv")[0]["csv"].replace('"', "")


def test_a_run_may_be_named_and_anything_else_is_refused(view):
    named = RunView("full")
    assert named._snapshot["run"]["run_id"] == view._snapshot["run"]["run_id"]
    named.close()
    with pytest.raises(RunNotFound, match="closest: 'full'"):
        RunView("ful")
    with pytest.raises(InvalidValue, match=r"not of a int: give nbtrack\.get_run"):
        RunView(7)


# What every picture must bear


def test_a_run_of_which_nothing_was_recorded(place):
    with run("bare"):
        pass
    view = RunView(nbtrack.get_run("bare"))
    assert folds(view) == ["Overview"]
    assert "Nothing was logged to this run yet." in view._html()
    assert "bare" in drawn(view)
    assert len(view.df()) == 0
    view.close()


@pytest.mark.parametrize("value", [0.5, math.nan, -math.inf])
def test_a_metric_of_one_value(place, value):
    with run("r") as r:
        r.log_curve("loss", range(4), [value] * 4)
    view = RunView(nbtrack.get_run("r"))
    assert ("No finite value." in drawn(view)) == (not math.isfinite(value))
    assert "loss" in view._html()
    view.close()


def test_five_hundred_parameters(place):
    with run("r", **{f"p{n:03d}": n for n in range(500)}):
        pass
    view = RunView(nbtrack.get_run("r"))
    assert len(view._snapshot["run"]["params"]) == 500
    assert "400 more" in view._html()
    assert repr(view).endswith("p007 and 492 more")
    assert len(view._html()) < 100_000
    view.close()


def test_names_and_values_that_are_no_names(place):
    with run(HOSTILE, experiment=HOSTILE, **{HOSTILE: HOSTILE + "\x07"}) as r:
        r.log_curve(HOSTILE, range(3), [1, 2, 3])
        r.set_tag(HOSTILE, HOSTILE)
        r.set_note(HOSTILE)
        r.keep_texts({"source": HOSTILE, "stdout": HOSTILE, "traceback": HOSTILE})
        r.keep_artifact(HOSTILE, SVG, "image/svg+xml")
    view = RunView(nbtrack.get_run(r.id))
    assert any("<img src=x" in (text or "") for text in drawn(view))
    assert "<img src=x" not in view._html()
    assert "\n" not in repr(view)
    view.close()


def test_a_long_text_says_where_it_was_cut(place):
    with run("r") as r:
        r.keep_text("stdout", "x" * 100_000)
    view = RunView(nbtrack.get_run("r"))
    assert view._snapshot["run"]["texts"][0]["cut"]
    assert "92,000 more characters" in view._html()
    view.close()


# How a run comes to its view


def shown_by(shell, given):
    return shell.display_formatter.format(given)[0]


class Kernel:
    """What tells a notebook's shell from a console's."""


@pytest.fixture
def shell(monkeypatch):
    """A shell that takes itself for a notebook's, and is the one that IPython answers."""
    import IPython
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    shell.display_formatter.active_types = shell.display_formatter.format_types
    shell.kernel = Kernel()
    monkeypatch.setattr(IPython, "get_ipython", lambda: shell)
    # The front door has given out what other tests asked for.
    for name in ("get_run", "runs", "run"):
        monkeypatch.delitem(vars(nbtrack), name, raising=False)
    yield shell
    # What was shown looks at its store until it is closed.
    Widget.close_all()


def test_whoever_gets_a_run_through_the_front_door_sees_it_in_tabs(place, shell):
    with nbtrack.run("r", lr=0.1) as live:
        assert VIEW in shown_by(shell, live)
    for stored in (nbtrack.get_run("r"), nbtrack.runs()["r"]):
        shown = shown_by(shell, stored)
        assert VIEW in shown
        assert shown["text/plain"].startswith("Run of ")


def test_a_console_shows_the_run_as_text(place, shell):
    del shell.kernel
    with nbtrack.run("r", lr=0.1):
        pass
    shown = shown_by(shell, nbtrack.get_run("r"))
    assert VIEW not in shown
    assert "<Run r" in shown["text/plain"]


def test_a_silent_ranks_run_shows_as_before(place, shell, monkeypatch):
    monkeypatch.setenv("RANK", "1")
    with nbtrack.run("r") as live:
        assert VIEW not in shown_by(shell, live)


def test_a_program_that_shows_nothing_loads_no_widget(place):
    program = (
        "import sys, nbtrack\n"
        "with nbtrack.run('r', lr=.1): pass\n"
        "nbtrack.get_run('r')\n"
        "print({'anywidget', 'IPython', 'nbtrack.widgets.live'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=place.parent,
    )
    assert done.stdout.strip() == "set()"
