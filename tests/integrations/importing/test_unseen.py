"""Of points that are told again, those that are new are taken, and as often as they are new."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nbtrack.integrations.importing.source import Curve
from nbtrack.integrations.importing.unseen import unseen

# Few of each, so that points are equal in one, in two and in all.
_POINTS = st.lists(
    st.tuples(
        st.sampled_from([-1, 0, 2**62]),
        st.sampled_from([0, 1_700_000_000_000]),
        st.sampled_from([0.0, -0.0, 1.5, math.nan, math.inf]),
    ),
    max_size=12,
)


def _curve(points: list[tuple[int, int, float]], microseconds: int = 0) -> Curve:
    steps, times, values = zip(*points, strict=True) if points else ((), (), ())
    times_us = np.array(times, np.int64) * 1000 + microseconds
    return Curve("loss", np.array(steps, np.int64), times_us, np.array(values, np.float64))


def _counted(curve: Curve) -> Counter[str]:
    rows = zip(curve.steps, curve.times_us // 1000, curve.values + 0.0, strict=True)
    return Counter(map(repr, ((int(s), int(t), float(v)) for s, t, v in rows)))


@given(told=_POINTS, there=_POINTS)
def test_unseen_points_are_those_told_less_those_that_are_there(
    told: list[tuple[int, int, float]], there: list[tuple[int, int, float]]
) -> None:
    # Microseconds are of our making, and make no point another one.
    found = unseen(_curve(told), _curve(there, microseconds=7))
    assert _counted(found) == _counted(_curve(told)) - _counted(_curve(there))
