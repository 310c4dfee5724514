from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from nbtrack.magics.sketch import Sketch


@given(st.integers(min_value=1, max_value=2000))
def test_a_sketch_is_short_evenly_spaced_and_ends_with_the_last_value(length: int):
    sketch = Sketch()
    for step in range(length):
        sketch.add(float(step))
    values = sketch.values
    assert len(values) <= 130
    assert (values[0], values[-1], sketch.last) == (0.0, length - 1, length - 1)
    gaps = {after - before for before, after in pairwise(values[:-1])}
    assert len(gaps) <= 1
    assert sketch.length == length


def test_a_short_curve_is_kept_whole():
    sketch = Sketch()
    for value in (3.0, 2.0, 2.5):
        sketch.add(value)
    assert sketch.values == (3.0, 2.0, 2.5)
