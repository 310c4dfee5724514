"""Axes: which scale and labels a column gets, what has no place, what a brush takes."""

from __future__ import annotations

import math
from datetime import datetime

import numpy as np
import pyarrow as pa
import pytest

from nbtrack.widgets.axes import MAX_LABELS, SPECIALS, axis_of, brushed

NAN, INF = math.nan, math.inf


def axis(values, name="params.x", scale=None):
    return axis_of(name, pa.chunked_array([values]), scale)


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        ([1.0, 2.0, 3.0], "linear"),
        ([1.0, 99.0], "linear"),
        ([1.0, 100.0], "log"),
        ([1e-5, 1e-1], "log"),
        ([0.0, 1000.0], "linear"),
        ([-1.0, 1000.0], "linear"),
        ([0.001, NAN, INF, None, 10.0], "log"),
        ([1e-4, *(n / 20 for n in range(1, 21))], "linear"),
        ([5.0], "linear"),
        ([NAN, NAN], "linear"),
        ([None], "linear"),
    ],
)
def test_the_scale_is_logarithmic_where_values_span_two_decades(values, scale):
    assert axis(pa.array(values, pa.float64())).scale == scale


def test_the_scale_can_be_chosen_unless_zero_is_among_the_values():
    assert axis([1.0, 2.0], scale="log").scale == "log"
    assert axis([1.0, 1e6], scale="linear").scale == "linear"
    assert axis([0.0, 1e6], scale="log").scale == "linear"


def test_places_run_from_low_to_high():
    assert axis([1.0, 10.0, 100.0]).places().tolist() == pytest.approx([0, 0.5, 1])
    assert axis([2.0, 3.0, 4.0]).places().tolist() == [0, 0.5, 1]
    assert axis([7.0, 7.0]).places().tolist() == [0.5, 0.5]


def test_what_has_no_place_is_told_apart():
    made = axis([1.0, None, NAN, INF, -INF])
    assert [SPECIALS[code] for code in made.special] == ["", "missing", "NaN", "inf", "-inf"]
    assert (made.low, made.high) == (1.0, 1.0)
    assert np.isfinite(made.values).all()


def test_labels_are_whole_and_in_reading_order_from_the_top():
    made = axis(["b" * 300, "10", "9", None, "a"])
    assert made.labels == ["b" * 300, "a", "10", "9"]
    assert [made.labels[int(v)] for v in made.values[[0, 1, 2, 4]]] == ["b" * 300, "10", "9", "a"]
    assert made.special.tolist() == [0, 0, 0, 1, 0]


def test_booleans_are_words():
    assert axis([True, False, True]).labels == ["True", "False"]


def test_times_are_milliseconds():
    made = axis([datetime(1970, 1, 1, 0, 0, 2), datetime(1970, 1, 2)])
    assert (made.kind, made.low) == ("time", 2000.0)


def test_the_rarest_of_too_many_labels_stand_together():
    words = [f"w{i:04d}" for i in range(MAX_LABELS + 50)] + ["w0007"]
    made = axis(words)
    assert len(made.labels) == MAX_LABELS
    assert made.labels[0] == "… 51 others"
    assert "w0007" in made.labels
    assert int((made.values == 0).sum()) == 51


@pytest.mark.parametrize(
    ("values", "brush", "taken"),
    [
        ([1.0, 2.0, 3.0], [1.5, 3], [1, 2]),
        ([1.0, 2.0, 3.0], [3, 1.5], [1, 2]),
        ([1.0, None, NAN, INF], [None], [1]),
        ([1.0, None, NAN, INF], [0, 9, "NaN", "inf"], [0, 2, 3]),
        ([1.0, 2.0], [], []),
        (["a", "b", None], ["b", None], [1, 2]),
        (["a", "NaN", None], ["a"], [0]),
        ([True, False], ["True"], [0]),
        (["x"], ["no such label"], []),
    ],
)
def test_a_brush_takes_a_stretch_or_labels_and_what_it_names_besides(values, brush, taken):
    assert axis(values).within(brush).nonzero()[0].tolist() == taken


def test_a_run_is_taken_where_every_brush_takes_it():
    axes = [axis([1.0, 2.0, 3.0], "params.a"), axis(["x", "x", "y"], "params.b")]
    assert brushed(axes, {}) is None
    both = brushed(axes, {"params.a": [2, 3], "params.b": ["x"]})
    assert both.nonzero()[0].tolist() == [1]
