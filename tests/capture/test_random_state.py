"""States of random number generators: kept where they were used, and put back."""

import random

import numpy as np

from nbtrack.capture.random_state import RandomState, restore


def test_what_was_drawn_is_drawn_again():
    state = RandomState.now()
    drawn = (random.random(), random.gauss(0, 1), np.random.rand(3).tolist(), np.random.normal())
    text = state.if_used()
    random.seed(1)
    np.random.seed(1)
    assert restore(text) == ["python", "numpy"]
    again = (random.random(), random.gauss(0, 1), np.random.rand(3).tolist(), np.random.normal())
    assert again == drawn


def test_only_what_was_used_is_kept():
    state = RandomState.now()
    assert state.if_used() == ""
    np.random.rand()
    assert "python" not in state.if_used()
    assert "numpy" in state.if_used()


def test_a_state_takes_four_kilobytes_at_most():
    state = RandomState.now()
    random.random()
    assert len(state.if_used()) < 4096
