"""Curves as a chart of few runs takes them: one a row."""

from __future__ import annotations

from nbtrack.store import Store, listed_curves
from nbtrack.tracking.active import run


def logged(place, *curves):
    """The id of a run that has these curves, by the keys m0, m1, …, and its store."""
    store = Store(place)
    with run("r", store=place) as r:
        for number, values in enumerate(curves):
            r.log_curve(f"m{number}", range(len(values)), values)
    return store, r.id


def test_only_the_curves_that_are_asked_for_come(tmp_path):
    store, run_id = logged(tmp_path / ".nbtrack", [1.0, 2.0], [3.0], [4.0])
    told = listed_curves(store, [run_id], ["m0", "m2", "none"], points=6)
    assert told.select(["key", "steps", "values"]).to_pylist() == [
        {"key": "m0", "steps": [0.0, 1.0], "values": [1.0, 2.0]},
        {"key": "m2", "steps": [0.0], "values": [4.0]},
    ]
    assert listed_curves(store, [], ["m0"], points=6).num_rows == 0
