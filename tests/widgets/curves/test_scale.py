"""Axes of small pictures: where values are, and what the marks say."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nbtrack.widgets.curves.scale import FAR, Scale, value_scale, x_scale


@given(st.lists(st.floats(), max_size=30), st.booleans())
@example([1.0, 1.0000000000000002e300], True)
def test_every_value_that_can_have_a_place_has_one_within(values, is_log):
    array = np.array(values, float)
    scale = value_scale([array], is_log=is_log)
    there = [v for v in values if abs(v) <= FAR and (v > 0 or not is_log)]
    assert (scale is None) == (not there)
    if scale is not None:
        places = scale.places(array)
        assert np.isfinite(places).sum() == len(there)
        inside = places[np.isfinite(places)]
        assert (inside >= -1e-6).all()
        assert (inside <= 1 + 1e-6).all()


@pytest.mark.parametrize("is_log", [False, True])
def test_a_constant_stands_in_the_middle(is_log):
    scale = value_scale([np.array([3.0])], is_log=is_log)
    assert scale.places(np.array([3.0])).tolist() == pytest.approx([0.5])


def texts(scale, wanted=4):
    return [text for _, text in scale.ticks(wanted)]


def test_marks_say_steps_durations_and_moments():
    assert texts(Scale("step", False, 0, 2)) == ["0", "1", "2"]
    assert texts(Scale("relative", False, 0, 130), 3) == ["0", "1 min", "2 min"]
    assert texts(Scale("relative", False, 0, 0.0004), 2) == ["0", "0.2 ms", "0.4 ms"]
    assert texts(Scale("number", True, 0.001, 10)) == ["0.001", "0.01", "0.1", "1", "10"]
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp() * 1000
    seconds = texts(Scale("time", False, noon, noon + 2_000), 4)
    assert [text[6:] for text in seconds] == ["00.000", "00.500", "01.000", "01.500", "02.000"]
    assert all(len(text) == 5 for text in texts(Scale("time", False, noon, noon + 3_600_000)))
    assert all(len(text) == 5 for text in texts(Scale("time", False, noon, noon + 9 * 86_400_000)))


def test_marks_that_are_close_have_the_digits_that_tell_them_apart():
    found = texts(Scale("number", False, 1000.001, 1000.003))
    assert len(set(found)) == len(found) > 2


def test_one_place_of_x_is_the_middle_of_an_axis():
    scale = x_scale("step", [np.array([7.0])], is_log=False)
    assert scale.places(np.array([7.0])).tolist() == [0.5]
    assert x_scale("step", [np.array([])], is_log=False) is None
