"""Curves as charts draw them: what thinning keeps."""

from __future__ import annotations

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nbtrack.store import Store, thinned_curves
from nbtrack.tracking.active import run


def logged(place, *curves):
    """The id of a run that has these curves, by the keys m0, m1, …, and its store."""
    store = Store(place)
    with run("r", store=place) as r:
        for number, values in enumerate(curves):
            r.log_curve(f"m{number}", range(len(values)), values)
    return store, r.id


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.floats(), min_size=1, max_size=200), st.integers(6, 60))
def test_a_thinned_curve_keeps_its_ends_and_its_extremes(tmp_path_factory, values, points):
    store, run_id = logged(tmp_path_factory.mktemp("store") / ".nbtrack", values)
    thinned = thinned_curves(store, [run_id], ["m0"], points=points)
    (steps,), (kept,) = thinned["steps"].to_pylist(), thinned["values"].to_pylist()
    assert len(kept) <= points
    assert steps == sorted(set(steps))
    assert (steps[0], steps[-1]) == (0, len(values) - 1)
    finite = [value for value in values if math.isfinite(value)]
    if finite:
        assert min(finite) in kept
        assert max(finite) in kept
    assert [repr(values[int(step)]) for step in steps] == [repr(value) for value in kept]


def test_a_gap_stays_visible(tmp_path):
    values = [float(i) for i in range(1000)]
    values[500] = math.nan
    store, run_id = logged(tmp_path / ".nbtrack", values)
    (kept,) = thinned_curves(store, [run_id], ["m0"], points=40)["values"].to_pylist()
    assert any(math.isnan(value) for value in kept)


def test_only_the_curves_that_are_asked_for_come(tmp_path):
    store, run_id = logged(tmp_path / ".nbtrack", [1.0, 2.0], [3.0], [4.0])
    told = thinned_curves(store, [run_id], ["m0", "m2", "none"], points=6)
    assert told.select(["key", "steps", "values"]).to_pylist() == [
        {"key": "m0", "steps": [0.0, 1.0], "values": [1.0, 2.0]},
        {"key": "m2", "steps": [0.0], "values": [4.0]},
    ]
    assert thinned_curves(store, [], ["m0"], points=6).num_rows == 0


def test_too_few_points_are_refused(tmp_path):
    with pytest.raises(ValueError, match="at least 6, got 3"):
        thinned_curves(Store(tmp_path), [], [], points=3)
