from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

import nbtrack
from nbtrack.store import RunQuery
from nbtrack.tracking.active import current_store, run
from nbtrack.widgets.frame import Frame
from nbtrack.widgets.run_table.model import TableModel
from nbtrack.widgets.run_table.static import MAX_HTML_BYTES, static_html, summary, text_table
from tests.widgets.saying import HOSTILE


@pytest.fixture
def model(store):
    return TableModel(Frame(store, RunQuery()))


def test_the_html_has_each_run_and_marks_the_best(model):
    page = static_html(model)
    for i in range(12):
        assert f"<b>run-{i}</b>" in page
    assert re.findall(r"★ ([\d.]+)", page)[0] == "0.6100"
    assert "▁" in page, "no curve"


def test_the_html_is_what_a_sanitiser_lets_pass(model):
    page = static_html(model)
    assert set(re.findall(r"<(\w+)", page)) <= {
        "div",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "b",
        "span",
    }
    assert set(re.findall(r" (\w+)=\"", page)) == {"style"}


def test_names_and_values_of_runs_are_text_in_the_html(store):
    hostile = "<img src=x onerror=alert(1)>"
    with run(hostile, experiment="bad", p=hostile) as bad:
        bad.log({"<script>": 1.0})
        bad.log_params({"q&amp;\"'": "a"})
    with run("other", experiment="bad", p="b"):
        pass
    page = static_html(TableModel(Frame(store, RunQuery(experiments=("bad",)))))
    assert "<img" not in page
    assert "<script" not in page
    assert "&lt;img" in page


def test_the_html_is_bounded_however_long_the_values(place):
    for i in range(30):
        with run(f"long-{i}", **{f"parameter-{k}": f"{i}" + "<&>" * 500 for k in range(30)}) as r:
            r.log({f"metric-{k}": i + k / 7 for k in range(30)})
    page = static_html(TableModel(Frame(current_store(None), RunQuery())))
    assert len(page.encode()) <= MAX_HTML_BYTES
    assert "30 runs" in page


def test_the_text_is_aligned(model):
    lines = text_table(model).splitlines()
    assert lines[-1] == "[12 runs]"
    assert lines[0].split()[:3] == ["run", "status", "duration"]
    end = lines[0].index("accuracy") + len("accuracy")
    assert all(line[end - 1 : end].strip() for line in lines[1:-1] if "run-7" not in line)


def test_the_summary_does_not_change_from_execution_to_execution(model):
    assert summary(model) == "Runs: 12; parameters depth, model; metrics accuracy, loss"


@pytest.mark.parametrize(("filter", "says"), [("", "No runs yet"), ("zebra", "No run fits")])
def test_an_empty_table_says_so(place, filter, says):
    model = TableModel(Frame(current_store(None), RunQuery(filter=filter)))
    assert says in static_html(model)
    assert says in text_table(model)
    assert "none" in summary(model)


def test_the_first_runs_are_saved_as_a_picture(store, tmp_path):
    table = nbtrack.runs(order_by="metrics.accuracy DESC").table()
    picture = table.save(tmp_path / "runs.svg").read_text()
    assert picture.index(">run-11<") < picture.index(">run-10<") < picture.index(">12 runs<")
    assert table.svg(theme="dark") != picture
    assert table.save(tmp_path / "runs.png", scale=1).read_bytes()[:4] == b"\x89PNG"
    assert table.df()["run_name"].tolist()[0] == "run-11"
    table.filter = "params.model = 'none'"
    assert "No run fits the filter." in table.svg()
    assert len(table.df()) == 0


def test_a_picture_of_hostile_runs_with_many_columns_counts_what_finds_no_room(place):
    for i in range(3):
        with run(HOSTILE, **{f"{HOSTILE} {n}": f"{'x' * 60}{i}" for n in range(30)}) as r:
            r.log(loss=float("nan"))
    picture = nbtrack.runs().table().svg()
    ElementTree.fromstring(picture)
    assert "<img" not in picture
    assert "more columns<" in picture


def test_a_picture_of_no_runs_says_so(place):
    assert "No runs yet." in nbtrack.runs().table().svg()
