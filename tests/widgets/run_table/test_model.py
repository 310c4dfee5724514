from __future__ import annotations

import json

import pyarrow
import pytest

from nbtrack.errors import InvalidFilter, RunNotFound
from nbtrack.store import RunQuery
from nbtrack.tracking.active import run
from nbtrack.widgets.frame import Frame
from nbtrack.widgets.run_table.answers import answer
from nbtrack.widgets.run_table.model import PAGE_ROWS, TableModel


@pytest.fixture
def model(store):
    return TableModel(Frame(store, RunQuery()))


def rows(buffer):
    with pyarrow.ipc.open_stream(buffer) as reader:
        return reader.read_all().to_pylist()


def names(model, **page):
    asked = {"kind": "page", "offset": 0, "within": None, **page}
    return [row["name"] for row in rows(answer(model, asked).buffers[0])]


def test_shows_params_that_vary_and_names_the_constant_ones(model):
    state = model.state()
    assert "params.model" in state["shown"]
    assert "params.depth" in state["shown"]
    assert "params.seed" not in state["shown"]
    (seed,) = [column for column in state["columns"] if column["name"] == "params.seed"]
    assert (seed["constant"], seed["value"]) == (True, "7")


def test_constant_params_become_columns_on_demand(model):
    model.set_columns(constant=True)
    shown = model.shown_columns()
    assert shown[-1] == "params.seed"
    model.set_columns(constant=False)
    assert "params.seed" not in model.shown_columns()


def test_the_newest_run_is_first_until_the_user_sorts(model):
    assert names(model)[:2] == ["run-11", "run-10"]
    order = [{"column": "metrics.accuracy", "descending": False}]
    said = answer(model, {"kind": "sort", "order": order})
    assert [row["name"] for row in rows(said.buffers[0])][:2] == ["run-0", "run-1"]
    assert said.content["state"]["order"] == order


def test_a_second_key_decides_between_equals(model):
    order = [
        {"column": "params.model", "descending": False},
        {"column": "metrics.accuracy", "descending": True},
    ]
    answer(model, {"kind": "sort", "order": order})
    assert names(model)[:3] == ["run-11", "run-10", "run-8"]


def test_a_filter_that_parses_is_one(model):
    said = answer(model, {"kind": "filter", "text": "metrics.accuracy > 0.58"})
    state = said.content["state"]
    assert (state["mode"], state["total"], state["all"]) == ("filter", 3, 12)


def test_words_are_searched_for(model):
    state = answer(model, {"kind": "filter", "text": "linear"}).content["state"]
    assert (state["mode"], state["total"]) == ("search", 4)


@pytest.mark.parametrize("text", ["metrics.accuracy >", "metrics.accuracy > 0.5 and", "lr = 3"])
def test_a_broken_filter_is_refused_and_the_table_stays(model, text):
    answer(model, {"kind": "filter", "text": "linear"})
    before = model.state()
    with pytest.raises(InvalidFilter):
        answer(model, {"kind": "filter", "text": text})
    assert model.state() == before


def test_an_order_that_does_not_parse_is_refused_and_the_old_one_stays(model):
    model.set_order([("metrics.accuracy", True)])
    with pytest.raises(InvalidFilter):
        model.set_order([("nonsense.thing", False)])
    assert model.order == [("metrics.accuracy", True)]


@pytest.mark.parametrize("by", ["params.model", "params.depth", "attributes.status", "tags.team"])
def test_each_group_opens_to_as_many_runs_as_it_says(model, by):
    groups = answer(model, {"kind": "group", "by": by}).content["state"]["groups"]
    assert sum(group["runs"] for group in groups) == 12
    for place, group in enumerate(groups):
        assert len(names(model, within=place)) == group["runs"], group


def test_runs_without_the_param_are_a_group_of_their_own(model, store):
    with run("bare", experiment="wine"):
        pass
    model.refresh()
    groups = answer(model, {"kind": "group", "by": "params.model"}).content["state"]["groups"]
    place = [group["value"] for group in groups].index(None)
    assert names(model, within=place) == ["bare"]


@pytest.mark.parametrize("value", ["it's", "a`b", 'say "x"', "a and b = 'c'"])
def test_groups_by_odd_keys_and_values_open(place, store, value):
    with run("odd", experiment="odd") as odd:
        odd.log_params({"a b`c/d": value})
    model = TableModel(Frame(store, RunQuery(experiments=("odd",))))
    groups = answer(model, {"kind": "group", "by": "params.a b`c/d"}).content["state"]["groups"]
    assert [group["value"] for group in groups] == [value]
    assert names(model, within=0) == ["odd"]


def test_groups_follow_the_order_by_a_metric(model):
    answer(model, {"kind": "group", "by": "params.model"})
    for descending in (True, False):
        model.set_order([("metrics.accuracy", descending)])
        means = [g["metrics"]["metrics.accuracy"][0] for g in model.state()["groups"]]
        assert means == sorted(means, reverse=descending)


def test_the_best_run_follows_the_metrics_name_until_the_user_says_otherwise(model, store):
    best = model.state()["best"]
    assert best["metrics.accuracy"]["direction"] == "max"
    assert best["metrics.loss"]["direction"] == "min"
    name_of = {row["run_id"]: row["name"] for row in model.page(0, limit=50).table.to_pylist()}
    assert [name_of[run_id] for run_id in best["metrics.accuracy"]["runs"]] == ["run-11"]
    columns = {"kind": "columns", "shown": None, "pinned": [], "constant": False}
    state = answer(model, {**columns, "best": {"metrics.accuracy": "min"}}).content["state"]
    runs = state["best"]["metrics.accuracy"]["runs"]
    assert [name_of[run_id] for run_id in runs] == ["run-0"]
    state = answer(model, {**columns, "best": {"metrics.accuracy": "none"}}).content["state"]
    assert "metrics.accuracy" not in state["best"]


def test_the_best_is_the_best_of_the_runs_that_are_listed(model):
    model.frame.set_filter("metrics.accuracy < 0.55")
    best = model.state()["best"]["metrics.accuracy"]["runs"]
    name_of = {row["run_id"]: row["name"] for row in model.page(0, limit=50).table.to_pylist()}
    assert [name_of[run_id] for run_id in best] == ["run-4"]


def test_selecting_a_range_reaches_rows_that_no_page_brought(model):
    asked = {"kind": "select_range", "from": 9, "to": 2, "on": True, "within": None}
    answer(model, asked)
    selected = list(model.frame.selection)
    name_of = {row["run_id"]: row["name"] for row in model.page(0, limit=50).table.to_pylist()}
    assert [name_of[run_id] for run_id in selected] == [f"run-{i}" for i in range(9, 1, -1)]


def test_selecting_all_takes_what_is_listed_and_nothing_else(model):
    model.frame.set_filter("linear")
    answer(model, {"kind": "select_all", "on": True})
    assert len(model.frame.selection) == 4
    answer(model, {"kind": "select_all", "on": False})
    assert len(model.frame.selection) == 0


def test_pinned_columns_come_first(model):
    model.set_columns(pinned=["metrics.loss"])
    assert model.shown_columns()[0] == "metrics.loss"
    page = rows(answer(model, {"kind": "page", "offset": 0, "within": None}).buffers[0])
    assert page[0]["metrics.loss"] > 0


def test_columns_that_no_run_has_are_left_out(model):
    model.set_columns(["params.model", "params.nowhere"])
    assert model.shown_columns() == ["params.model"]


def test_curves_are_told_of_metrics_that_have_more_than_a_point(model):
    flags = {column["name"]: column["curve"] for column in model.state()["columns"]}
    assert flags["metrics.loss"]
    assert not flags["metrics.accuracy"]
    assert not flags["params.model"]
    run_id = model.page(0, limit=1).table["run_id"][0].as_py()
    curves = rows(answer(model, {"kind": "curves", "runs": [run_id]}).buffers[0])
    assert [curve["key"] for curve in curves] == ["loss"]
    assert 2 <= len(curves[0]["values"]) <= 64


def test_the_detail_of_a_failed_run_has_its_traceback_as_text(model):
    failed = next(
        row for row in model.page(0, limit=50).table.to_pylist() if row["name"] == "run-7"
    )
    said = answer(model, {"kind": "detail", "run": failed["run_id"]})
    detail = said.content["detail"]
    assert detail["status"] == "failed"
    assert {"key": "depth", "value": "3"} in detail["params"]
    (traceback,) = [text for text in detail["texts"] if text["role"] == "traceback"]
    assert "no <b>data</b>" in traceback["text"]
    (curve,) = rows(said.buffers[0])
    assert (curve["key"], curve["steps"]) == ("loss", list(range(20)))


def test_the_detail_of_an_unknown_run_is_refused(model):
    with pytest.raises(RunNotFound):
        answer(model, {"kind": "detail", "run": "0" * 32})


def test_news_changes_the_revision_once(model, store):
    before = model.state()["revision"]
    assert not model.refresh()
    with run("late", experiment="wine"):
        pass
    assert model.refresh()
    assert not model.refresh()
    state = model.state()
    assert state["revision"] > before
    assert state["total"] == 13


def test_a_snapshot_holds_the_rows_on_screen(model, store):
    for i in range(PAGE_ROWS + 30):
        with run(f"more-{i}", experiment="wine"):
            pass
    model.refresh()
    model.look_at(PAGE_ROWS, None)
    snapshot = model.snapshot()
    assert snapshot["page"] == {"offset": PAGE_ROWS, "within": None}
    assert rows(snapshot["rows"])[-1]["name"] == "run-0"


def test_everything_said_in_json_is_json(model):
    with run("odd numbers", experiment="wine") as odd:
        odd.log(accuracy=float("nan"), loss=float("inf"))
    model.refresh()
    answer(model, {"kind": "group", "by": "params.model"})
    json.dumps(model.state(), allow_nan=False)
    run_id = model.page(0, limit=1).table["run_id"][0].as_py()
    detail = answer(model, {"kind": "detail", "run": run_id}).content
    written = json.loads(json.dumps(detail, allow_nan=False))["detail"]["metrics"]
    assert {metric["key"]: metric["value"] for metric in written} == {
        "accuracy": "NaN",
        "loss": "Infinity",
    }


def test_a_table_of_no_runs_has_a_state(place):
    from nbtrack.tracking.active import current_store

    model = TableModel(Frame(current_store(None), RunQuery()))
    snapshot = model.snapshot()
    assert (snapshot["state"]["total"], snapshot["state"]["all"]) == (0, 0)
    assert rows(snapshot["rows"]) == []
