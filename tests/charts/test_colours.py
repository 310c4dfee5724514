"""Hues can be told apart by everybody, and seen on their page."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from nbtrack.charts.style import look_of

# Machado, Oliveira and Fernandes (2009), severity 1.0, of linear RGB.
SEEN = {
    "all cones": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
TO_XYZ = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]


def linear(colour):
    parts = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab(light):
    white = np.array([0.9505, 1, 1.089])
    x, y, z = (
        np.cbrt(each) if each > 0.008856 else 7.787 * each + 16 / 116
        for each in np.array(TO_XYZ) @ np.clip(light, 0, 1) / white
    )
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast(one, other):
    bright = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other))
    return (bright[1] + 0.05) / (bright[0] + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("eyes", SEEN)
def test_hues_stay_apart(theme, eyes):
    seen = [lab(np.array(SEEN[eyes]) @ linear(hue)) for hue in look_of(theme).hues]
    assert min(np.linalg.norm(one - other) for one, other in combinations(seen, 2)) > 20


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_is_drawn_can_be_seen_on_its_page(theme):
    look = look_of(theme)
    assert all(contrast(hue, look.page) >= 3 for hue in [*look.hues, look.none])
    assert contrast(look.ink, look.page) >= 7
    assert contrast(look.quiet, look.page) >= 4.5
