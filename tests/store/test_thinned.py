"""Many curves at once: thinned without losing a spike, along three axes, over a range, or whole."""

import math
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recording import change, record

from nbtrack.errors import InvalidQuery
from nbtrack.store import (
    Store,
    content_mark,
    count_points,
    later_points,
    thinned_curves,
    whole_curves,
)

NAN, INF = float("nan"), float("inf")


def curves(store, series, **how):
    """The points and levels of each series, as lists of tuples."""
    found = thinned_curves(store, series, **how)
    points, levels = defaultdict(list), defaultdict(list)
    for row in found.points.to_pylist():
        points[row["series"]].append((row["x"], row["value"]))
    for row in found.levels.to_pylist():
        levels[row["series"]].append((row["x"], row["value"], row["count"]))
    return points, levels


def test_short_curves_are_whole_and_each_series_has_its_own(store):
    first = record(store, metrics={"loss": [3.0, NAN, 1.0], "acc": [0.5]})
    second = record(store, metrics={"loss": [INF, -INF]})
    series = [(second, "loss"), (first, "acc"), (first, "loss"), (first, "none")]
    points, levels = curves(store, series)
    assert points[0] == [(0, INF), (1, -INF)]
    assert points[1] == [(0, 0.5)]
    assert repr(points[2]) == repr([(0.0, 3.0), (1.0, NAN), (2.0, 1.0)])
    assert 3 not in points
    assert levels == {}


@settings(max_examples=30)
@given(st.lists(st.floats(), min_size=1, max_size=300), st.integers(4, 40))
def test_a_thinned_curve_keeps_every_stretchs_extremes_and_what_is_not_finite(
    tmp_path_factory, values, points
):
    store = Store(tmp_path_factory.mktemp("thinned"))
    run = record(store, metrics={"m": values})
    (kept,), levels = (list(found.values()) for found in curves(store, [(run, "m")], points=points))
    store.close()
    if len(values) <= points:
        assert repr(kept) == repr([(float(step), value) for step, value in enumerate(values)])
        return
    buckets = points // 2
    # Two finite ones of each stretch, and one of each kind that is not.
    assert len(kept) <= 5 * buckets
    assert [x for x, _ in kept] == sorted(x for x, _ in kept)
    assert all(repr(values[int(x)]) == repr(value) for x, value in kept)
    stretches = defaultdict(list)
    for step, value in enumerate(values):
        stretches[min(buckets - 1, int(step * (buckets / (len(values) - 1))))].append((step, value))
    said = {repr(value) for _, value in kept}
    for stretch in stretches.values():
        finite = [value for _, value in stretch if math.isfinite(value)]
        kinds = {repr(value) for _, value in stretch if not math.isfinite(value)}
        assert {repr(min(finite)), repr(max(finite))} <= said if finite else True
        assert kinds <= said
    counted = sum(count for found in levels for _, _, count in found)
    assert counted == sum(map(math.isfinite, values))


def test_levels_are_the_means_of_stretches(store):
    run = record(store, metrics={"m": [float(n % 2) for n in range(400)]})
    points, levels = curves(store, [(run, "m")], points=40)
    assert len(levels[0]) == 20
    assert [mean for _, mean, _ in levels[0]] == pytest.approx([0.5] * 20, abs=0.05)
    assert {value for _, value in points[0]} == {0.0, 1.0}


def test_all_series_of_a_key_are_cut_at_the_same_places(store):
    long = record(store, metrics={"m": list(range(1000))})
    half = record(store, metrics={"m": list(range(500))})
    points, _ = curves(store, [(long, "m"), (half, "m")], points=20)
    assert [x for x, _ in points[0] if x < 450] == [x for x, _ in points[1] if x < 450]


def test_a_range_is_refined(store):
    values = [0.0] * 10_000
    values[5_003], values[5_004] = 7.0, -7.0
    run = record(store, metrics={"m": values, "other": values})
    points, _ = curves(store, [(run, "m")], points=100)
    assert {value for _, value in points[0]} == {0.0, 7.0, -7.0}
    points, levels = curves(
        store,
        [(run, "m"), (run, "other")],
        points=100,
        within={"m": (4_999.5, 5_009), "other": (9, 8)},
    )
    assert points[0] == [(float(step), values[step]) for step in range(5_000, 5_010)]
    assert 1 not in points
    assert levels == {}


def test_what_came_later(store):
    run = record(store, metrics={"m": [float(n) for n in range(10)], "n": [5.0, NAN]})
    found = later_points(store, [(run, "m"), (run, "n"), (run, "none")], [6.0, 0.0, 3.0])
    rows = [tuple(row.values()) for row in found.to_pylist()]
    assert repr(rows) == repr(
        [(0, 7.0, 7.0, 7.0), (0, 8.0, 8.0, 8.0), (0, 9.0, 9.0, 9.0), (1, 1.0, 1.0, NAN)]
    )
    for x in ("time", "relative"):
        ends = thinned_curves(store, [(run, "m"), (run, "n")], x=x, points=4).ends
        assert later_points(store, [(run, "m"), (run, "n")], ends.tolist(), x=x).num_rows == 0
        assert later_points(store, [(run, "m")], [ends[0] - 1e-3], x=x).num_rows >= 1


def test_along_time_and_since_the_run_began(store):
    run = record(store, metrics={"m": [1.0, 2.0]})
    [began] = store.query("SELECT epoch_us(started) AS us FROM base.runs")["us"].to_pylist()
    times = store.query("SELECT epoch_us(ts) AS us FROM base.points ORDER BY ts")["us"].to_pylist()
    points, _ = curves(store, [(run, "m")], x="time")
    assert [x for x, _ in points[0]] == [us / 1e3 for us in times]
    points, _ = curves(store, [(run, "m")], x="relative")
    assert [x for x, _ in points[0]] == [(us - began) / 1e6 for us in times]
    within = {"m": (points[0][1][0], INF)}
    points, _ = curves(store, [(run, "m")], x="relative", within=within)
    assert [value for _, value in points[0]] == [2.0]
    found = thinned_curves(store, [(run, "m")], x="time").points
    assert found["step"].to_pylist() == [0.0, 1.0]


def test_a_logarithmic_axis_has_as_many_stretches_in_each_decade(store):
    run = record(store, metrics={"m": [float(n % 7) for n in range(10_001)]})
    points, _ = curves(store, [(run, "m")], points=200, log_x=True)
    decades = np.bincount([int(math.log10(x)) for x, _ in points[0]])
    assert points[0][0][0] == 1
    assert decades[3] == pytest.approx(decades[2], rel=0.2)
    points, _ = curves(store, [(run, "m")], points=200)
    assert sum(x < 100 for x, _ in points[0]) < 5


def test_all_points_at_one_step_are_a_stretch(store):
    run = record(store)
    writer = store.writer()
    log = writer.frame((writer.open_series(run, "m"),))
    for value in (3.0, 1.0, 2.0) * 20:
        log((value,), 7)
    points, _ = curves(store, [(run, "m")], points=10)
    assert points[0] == [(7, 1.0), (7, 3.0)]


@pytest.mark.parametrize("key", ['it\'s {x} \\ "quoted"', "שלום 🦦", "a\0b"])
def test_a_key_may_be_any_text(store, key):
    run = record(store, metrics={key: [1.0, 2.0] * 20, "other": [9.0]})
    points, _ = curves(store, [(run, key)], points=10)
    assert {value for _, value in points[0]} == {1.0, 2.0}
    assert whole_curves(store, [(run, key)]).num_rows == 40


def test_questions_within_settled_see_one_state(store):
    run = record(store, metrics={"m": [1.0]})
    with store.settled():
        assert count_points(store, [run], ["m"])["count"].to_pylist() == [1]
        late = record(store, metrics={"m": [1.0, 2.0]})
        with store.settled():
            assert count_points(store, [run, late], ["m"])["count"].to_pylist() == [1]
        with pytest.raises(InvalidQuery):
            store.query("SELECT nothing")
        assert count_points(store, [run], ["m"])["count"].to_pylist() == [1]
    assert sorted(count_points(store, [run, late], ["m"])["count"].to_pylist()) == [1, 2]


def test_a_mark_changes_with_runs_and_curves_and_not_with_points(store):
    run = record(store, status="running", metrics={"m": [1.0, 2.0]})
    mark = content_mark(store)
    writer = store.writer()
    writer.frame((writer.open_series(run, "m"),))((3.0,), 2)
    assert content_mark(store) == mark
    writer.frame((writer.open_series(run, "other"),))((3.0,), 2)
    assert content_mark(store) != mark
    for add in (
        lambda: record(store),
        lambda: change(store, run, name="other"),
        lambda: change(store, run, tags={"a": "b"}),
    ):
        mark = content_mark(store)
        add()
        assert content_mark(store) != mark


def test_every_point_and_how_many_there_are(store):
    run = record(store, metrics={"a": [1.0, NAN], "b": [2.0] * 5})
    whole = whole_curves(store, [(run, "b"), (run, "a")])
    assert whole["series"].to_pylist() == [0] * 5 + [1] * 2
    assert whole["step"].to_pylist() == [0, 1, 2, 3, 4, 0, 1]
    assert math.isnan(whole["value"][6].as_py())
    counts = count_points(store, [run], ["a", "b", "c"]).to_pylist()
    assert {(row["key"], row["count"]) for row in counts} == {("a", 2), ("b", 5)}
    assert whole_curves(store, []).num_rows == 0
    assert thinned_curves(store, []).points.num_rows == 0
    assert count_points(store, [], []).num_rows == 0
