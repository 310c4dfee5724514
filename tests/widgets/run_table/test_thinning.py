from __future__ import annotations

import math

import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbtrack.widgets.run_table.thinning import thin


def history(values):
    return pyarrow.table(
        {"step": range(len(values)), "value": pyarrow.array(values, pyarrow.float64())}
    )


@given(st.lists(st.floats(), min_size=1, max_size=400), st.integers(6, 60))
def test_a_thinned_curve_keeps_its_ends_and_its_extremes(values, points):
    thinned = thin(history(values), points=points)
    steps, kept = thinned["step"].to_pylist(), thinned["value"].to_pylist()
    assert len(kept) <= points
    assert steps == sorted(set(steps))
    assert (steps[0], steps[-1]) == (0, len(values) - 1)
    finite = [value for value in values if math.isfinite(value)]
    if finite:
        assert min(finite) in kept
        assert max(finite) in kept
    assert [repr(values[int(step)]) for step in steps] == [repr(value) for value in kept]


def test_a_gap_stays_visible():
    values = [float(i) for i in range(1000)]
    values[500] = math.nan
    kept = thin(history(values), points=40)["value"].to_pylist()
    assert any(math.isnan(value) for value in kept)


def test_too_few_points_are_refused():
    with pytest.raises(ValueError, match="at least 6, got 3"):
        thin(history([1.0]), points=3)
