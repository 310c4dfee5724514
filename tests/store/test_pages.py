"""Pages, columns, groups, extremes, curves and details of recorded runs."""

import math
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recording import change, record

from nbtrack.errors import InvalidFilter, RunNotFound
from nbtrack.store import (
    Column,
    RunQuery,
    Store,
    best_runs,
    find_run,
    list_columns,
    metric_history,
    run_detail,
    run_groups,
    run_page,
    run_sparklines,
    run_text,
)

NAN, INF = float("nan"), float("inf")
EVERYTHING = RunQuery()


def test_pages_follow_one_another_and_know_the_total(store):
    made = [record(store, f"run-{n}", metrics={"acc": n % 3}) for n in range(10)]
    query = RunQuery("metrics.acc >= 1", order_by=("metrics.acc",))
    pages = [run_page(store, query, offset=offset, limit=4) for offset in (0, 4, 8)]
    assert [(page.total, page.offset, page.table.num_rows) for page in pages] == [
        (6, 0, 4),
        (6, 4, 2),
        (6, 8, 0),
    ]
    found = [run for page in pages for run in page.table["run_id"].to_pylist()]
    assert found == [made[n] for n in (7, 4, 1, 8, 5, 2)]
    total_only = run_page(store, query, limit=0)
    assert (total_only.total, total_only.table.num_rows) == (6, 0)


def test_a_page_has_the_attributes_and_the_columns_that_were_asked_for(store):
    parent = record(store, "parent", status="failed", duration_s=2.5, note="**bold**")
    record(
        store,
        "child",
        status="running",
        parent=parent,
        user="ann",
        params={"a b": "x", "n": 3},
        metrics={"l.o.s.s": [3.0, 2.0, 1.5]},
        tags={"t": "v"},
    )
    columns = ["metrics.l.o.s.s", "params.n", "params.a b", "tags.t", "params.none", "metrics.none"]
    page = run_page(store, EVERYTHING, columns=[*columns, "attributes.user", "attributes.status"])
    assert page.table.column_names == [
        *("run_id", "name", "status", "experiment", "started", "ended", "duration_s", "note"),
        *("parent_id", "verdict", "user"),
        *columns,
    ]
    child, parent_row = page.table.to_pylist()
    assert [child[name] for name in columns] == [1.5, 3, "x", "v", None, None]
    assert (child["status"], child["ended"], child["duration_s"]) == ("running", None, None)
    assert (child["parent_id"], child["user"], child["note"]) == (parent, "ann", None)
    assert (parent_row["status"], parent_row["duration_s"]) == ("failed", 2.5)
    assert isinstance(parent_row["ended"], datetime)
    assert parent_row["note"] == "**bold**"


def test_a_page_of_many_runs_is_as_one_of_few(store):
    for n in range(30):
        record(store, f"run-{n}", params={"n": n}, tags={"t": str(n)}, metrics={"m": float(n)})
    columns = ["params.n", "tags.t", "metrics.m"]
    small = run_page(store, EVERYTHING, columns=columns, limit=30).table
    large = run_page(store, EVERYTHING, columns=columns, limit=5000).table
    assert small.equals(large)
    assert large["params.n"].to_pylist() == list(range(29, -1, -1))


def test_a_page_shows_what_holds_now(store):
    run = record(store, "old", tags={"a": "1", "b": "2"})
    change(store, run, name="new", experiment="other", tags={"a": None, "b": "3"})
    (row,) = run_page(store, EVERYTHING, columns=["tags.a", "tags.b"]).table.to_pylist()
    assert (row["name"], row["experiment"], row["tags.a"], row["tags.b"]) == (
        "new",
        "other",
        None,
        "3",
    )


def test_a_column_that_cannot_be(store):
    for name, message in [
        ("lr", "There is no column 'lr'"),
        ("attributes.stats", "did you mean status"),
        ("params.", "There is no column 'params.'"),
    ]:
        with pytest.raises(InvalidFilter, match=message):
            run_page(store, EVERYTHING, columns=[name])


def test_columns_are_counted_over_the_runs_that_fit(store):
    record(store, "a", params={"lr": 1, "m": "x", "on": True, "d": None}, metrics={"acc": [1, 2]})
    record(store, "b", params={"lr": 2.5, "m": "x"}, metrics={"acc": [2]}, tags={"t": "1"})
    record(store, "c", params={"lr": "auto"}, experiment="other", deleted=True)
    found = {column.name: column for column in list_columns(store, EVERYTHING)}
    assert [name for name in found if not name.startswith("attributes.")] == [
        *("params.d", "params.lr", "params.m", "params.on", "metrics.acc", "tags.t")
    ]
    assert found["params.lr"] == Column("params.lr", "params", "number", 2, 2)
    assert found["params.m"] == Column("params.m", "params", "text", 2, 1)
    assert found["params.on"] == Column("params.on", "params", "bool", 1, 1)
    assert found["metrics.acc"] == Column("metrics.acc", "metrics", "number", 2, 2, points=2)
    assert found["tags.t"] == Column("tags.t", "tags", "text", 1, 1)
    assert found["attributes.experiment"].distinct == 1
    assert found["attributes.started"].type == "time"
    assert found["attributes.duration_s"].type == "duration"
    of_all = {c.name: c for c in list_columns(store, RunQuery(lifecycle="all"))}
    assert of_all["params.lr"].type == "text"
    assert of_all["attributes.experiment"].distinct == 2


def test_groups_gather_runs_with_the_range_of_their_metrics(store):
    for depth, acc in [(10, 0.5), (9, 0.7), (9, 0.9), (9, NAN), (None, 0.1)]:
        record(store, params={"depth": depth}, metrics={"acc": acc})
    record(store)
    groups = run_groups(store, EVERYTHING, "params.depth", ["metrics.acc"]).to_pylist()
    assert [(group["value"], group["runs"]) for group in groups] == [
        ("9", 3),
        ("10", 1),
        ("None", 1),
        (None, 1),
    ]
    assert groups[0]["metrics.acc.mean"] == pytest.approx(0.8)
    assert (groups[0]["metrics.acc.min"], groups[0]["metrics.acc.max"]) == (0.7, 0.9)
    for group in groups[:3]:
        fitting = RunQuery(f"params.depth = '{group['value']}'")
        assert run_page(store, fitting).total == group["runs"]
    by_status = run_groups(store, RunQuery("metrics.acc > 0"), "attributes.status")
    assert by_status.to_pylist() == [{"value": "finished", "runs": 4}]
    with pytest.raises(InvalidFilter, match=r"not by metrics\.acc"):
        run_groups(store, EVERYTHING, "metrics.acc")


def test_the_best_runs_are_those_of_finite_values(store):
    low, tied, high, *_ = [
        record(store, metrics={"acc": value, 'q"': 1.0}) for value in (0.1, 0.9, 0.9, NAN, INF)
    ]
    record(store, metrics={"acc": 5.0}, deleted=True)
    asked = ["metrics.acc", "metrics.none"]
    assert best_runs(store, EVERYTHING, asked) == {
        "metrics.acc": ((low,), (tied, high)),
        "metrics.none": ((), ()),
    }
    assert best_runs(store, RunQuery("metrics.acc > 5"), ["metrics.acc"])["metrics.acc"] == (
        (),
        (),
    )
    assert len(best_runs(store, EVERYTHING, ['metrics.q"'])['metrics.q"'][0]) == 5
    assert best_runs(store, EVERYTHING, []) == {}


def test_a_replay_is_never_the_best(store):
    first = record(store, metrics={"acc": 0.5})
    second = record(store, metrics={"acc": 0.4})
    record(store, metrics={"acc": 0.6}, facts={"replay.of": first})
    found = best_runs(store, EVERYTHING, ["metrics.acc"])
    assert found == {"metrics.acc": ((second,), (first,))}


def curve(store, run, key="m", points=8):
    (found,) = [
        row["values"]
        for row in run_sparklines(store, [run], [key], points=points).to_pylist()
        if row["key"] == key
    ]
    return found


def test_a_short_curve_is_drawn_as_it_is_and_a_long_one_keeps_its_extremes(store):
    values = [math.sin(n / 7) for n in range(500)]
    values[123] = 9.0
    run = record(store, metrics={"m": values, "short": [3.0, NAN, 1.0], "no": [NAN], "one": 2.0})
    thinned = curve(store, run, points=32)
    assert len(thinned) == 32
    assert max(thinned) == 9.0
    assert min(thinned) == min(values)
    assert curve(store, run, "short") == [3.0, 1.0]
    assert curve(store, run, "one") == [2.0]
    asked = run_sparklines(store, [run], ["no", "none"])
    assert asked.to_pylist() == []
    assert run_sparklines(store, [], ["m"]).num_rows == 0
    rising = record(store, metrics={"m": [float(n) for n in range(100)]})
    assert curve(store, rising) == sorted(curve(store, rising))
    falling = record(store, metrics={"m": [float(-n) for n in range(100)]})
    assert curve(store, falling) == sorted(curve(store, falling), reverse=True)


@pytest.fixture(scope="module")
def shared_store(tmp_path_factory):
    opened = Store(tmp_path_factory.mktemp("curves") / ".nbtrack")
    yield opened
    opened.close()


@settings(max_examples=40)
@given(
    pairs=st.lists(
        st.tuples(st.integers(-(2**63), 2**63 - 1), st.floats(width=64)), min_size=1, max_size=80
    ),
    points=st.integers(2, 20),
)
def test_a_thinned_curve_holds_only_values_that_were_logged(shared_store, pairs, points):
    store = shared_store
    run = record(store, status="running")
    writer = store.writer()
    log = writer.frame((writer.open_series(run, "m"),))
    for step, value in pairs:
        log((value,), step)
    finite = [value for _, value in pairs if math.isfinite(value)]
    (*rows,) = run_sparklines(store, [run], ["m"], points=points).to_pylist()
    found = rows[0]["values"] if rows else []
    assert len(found) <= points
    assert set(found) <= set(finite)
    assert bool(found) == bool(finite)
    if finite:
        assert (min(found), max(found)) == (min(finite), max(finite))


def test_a_curve_whose_points_have_one_step_is_cut_along_time(store):
    run = record(store, status="running")
    writer = store.writer()
    log = writer.frame((writer.open_series(run, "m"),))
    for value in range(100):
        log((float(value),), 0)
    found = curve(store, run)
    assert len(found) > 2
    assert found == sorted(found)


def test_a_history_is_whole_and_in_order(store):
    run = record(store, metrics={"m": [3.0, NAN, -INF], "other": 1.0})
    history = metric_history(store, run, "m")
    assert history.column_names == ["step", "ts", "value"]
    assert history["step"].to_pylist() == [0, 1, 2]
    assert repr(history["value"].to_pylist()) == "[3.0, nan, -inf]"
    assert history["ts"].to_pylist() == sorted(history["ts"].to_pylist())
    assert metric_history(store, run, "none").num_rows == 0
    with pytest.raises(RunNotFound, match="full id"):
        metric_history(store, "brave-otter", "m")


def test_the_detail_of_a_run_is_everything_about_it(store):
    run = record(
        store,
        "brave-otter",
        params={"lr": 0.1, "depth": None},
        metrics={"acc": [0.1, 0.9, NAN]},
        tags={"team": "blue"},
        facts={"git.commit": "abc"},
        texts={"source": "x = 1", "stdout": "ü"},
        note="why",
        user="ann",
        status="failed",
        duration_s=2.0,
    )
    record(store, "other", params={"lr": 5}, texts={"source": "y"})
    detail = run_detail(store, run)
    assert (detail.run_id, detail.name, detail.status) == (run, "brave-otter", "failed")
    assert (detail.note, detail.user, detail.host) == ("why", "ann", "")
    assert (detail.duration_s, detail.parent_id, detail.deleted) == (2.0, None, False)
    assert detail.started < detail.ended
    assert [(p.key, p.value, p.type) for p in detail.params] == [
        ("depth", "", "none"),
        ("lr", "0.1", "float"),
    ]
    assert detail.params[1].stored.text == "0.1"
    (acc,) = detail.metrics
    assert math.isnan(acc.value)
    assert (acc.count, acc.not_finite, acc.step) == (3, 1, 2)
    assert (acc.min, acc.min_step, acc.max, acc.max_step) == (0.1, 0, 0.9, 1)
    assert (detail.tags, detail.facts) == ({"team": "blue"}, {"git.commit": "abc"})
    assert detail.texts == {"source": 5, "stdout": 1}
    assert run_text(store, run, "stdout") == "ü"
    with pytest.raises(KeyError, match=r"no text 'stderr' \(it has: source, stdout\)"):
        run_text(store, run, "stderr")


def test_the_detail_of_an_empty_run_is_empty(store):
    detail = run_detail(store, record(store, "empty", status="running"))
    assert (detail.params, detail.metrics, detail.tags, detail.texts) == ((), (), {}, {})
    assert detail.ended is None
    assert find_run(store, "empty") == detail.run_id


def test_the_detail_of_no_run_is_refused(store):
    with pytest.raises(RunNotFound, match="not the full id"):
        run_detail(store, "brave-otter")
    with pytest.raises(RunNotFound, match="No run has the id"):
        run_detail(store, "0" * 32)
