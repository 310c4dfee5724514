"""Smoothing, by its law: on evenly spaced points it is TensorBoard's."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbtrack.widgets.curves.smoothing import smoothed

FLOATS = st.floats(-1e6, 1e6)


def tensorboard(values, weight):
    """As TensorBoard's line chart computes it."""
    last, result = 0.0, []
    for used, value in enumerate(values, 1):
        last = last * weight + (1 - weight) * value
        result.append(last / (1 - weight**used))
    return result


@given(st.lists(FLOATS, min_size=1, max_size=60), st.floats(0.01, 0.99), st.floats(0.1, 1e4))
def test_evenly_spaced_points_are_smoothed_as_tensorboard_does(values, smoothing, distance):
    x = np.arange(len(values)) * distance
    found = smoothed(x, np.array(values), np.ones(len(values)), smoothing)
    assert found.tolist() == pytest.approx(tensorboard(values, smoothing), rel=1e-6, abs=1e-4)


@given(st.lists(st.floats(), max_size=40), st.floats(0, 0.99))
def test_what_is_not_finite_stays_and_does_not_spread(values, smoothing):
    array = np.array(values, float)
    found = smoothed(np.arange(len(values), dtype=float), array, np.ones(len(values)), smoothing)
    for before, after in zip(values, found.tolist(), strict=True):
        if not math.isfinite(before):
            assert repr(before) == repr(after)


@given(st.lists(FLOATS, min_size=1, max_size=40), st.floats(0, 0.99))
def test_a_mean_lies_between_the_extremes(values, smoothing):
    array = np.array(values)
    found = smoothed(np.arange(len(values), dtype=float), array, np.ones(len(values)), smoothing)
    slack = 1e-6 * (1 + abs(array).max())
    assert found.min() >= array.min() - slack
    assert found.max() <= array.max() + slack


def test_far_points_hardly_feel_each_other_and_many_weigh_more():
    near = smoothed(np.array([0.0, 99, 100]), np.array([0.0, 0, 1]), np.ones(3), 0.5)
    far = smoothed(np.array([0.0, 1, 100]), np.array([0.0, 0, 1]), np.ones(3), 0.5)
    assert far[2] > near[2]
    heavy = smoothed(np.zeros(2), np.array([0.0, 1.0]), np.array([1.0, 3.0]), 0.5)
    assert heavy.tolist() == [0, 0.75]
