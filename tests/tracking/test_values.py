"""What is logged comes back as it was, or is refused in one sentence."""

import enum
import math
import pathlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbtrack.errors import InvalidValue
from nbtrack.tracking.values import (
    check_key,
    check_step,
    metric_number,
    param_value,
    read_param,
)


class Colour(enum.Enum):
    RED = 1


class ZeroDimensional:
    """A tensor-like scalar: all that torch, jax and tensorflow have in common is ``item()``."""

    ndim = 0

    def item(self):
        return 0.25


def stored(value):
    made = param_value(value)
    return read_param(made.type, made.text)


@given(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(alphabet=st.characters(exclude_categories=["Cs"]))
)
def test_plain_params_come_back_with_value_and_type(value):
    back = stored(value)
    assert type(back) is type(value)
    assert back == value or (back != back and value != value)


@pytest.mark.parametrize(
    ("value", "back"),
    [
        (np.float64(0.1), 0.1),
        (np.int8(3), 3),
        (np.bool_(True), True),
        (Colour.RED, "RED"),
        (pathlib.PurePosixPath("a/b"), "a/b"),
        ((1, 2), [1, 2]),
        ({"a": [1, None]}, {"a": [1, None]}),
        ([np.float32(0.5)], [0.5]),
        (ZeroDimensional(), 0.25),
        (2**200, 2**200),
        pytest.param(-(10**5000), -(10**5000), id="huge"),
        ("x" * 1_000_000, "x" * 1_000_000),
    ],
)
def test_other_params_become_the_plain_value_they_stand_for(value, back):
    assert stored(value) == back


def test_a_path_that_is_not_utf8_is_kept_readable():
    assert stored("caf\udce9") == "caf\\udce9"


@given(st.floats())
def test_floats_are_stored_bit_for_bit(value):
    back = metric_number("m", value)
    assert back == value or (math.isnan(back) and math.isnan(value))


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (3, 3.0),
        (True, 1.0),
        (2**53, 2.0**53),
        (np.float32(0.1), float(np.float32(0.1))),
        (np.array([2.5]), 2.5),
        (np.array(7), 7.0),
        (ZeroDimensional(), 0.25),
    ],
)
def test_scalars_are_numbers(value, number):
    back = metric_number("m", value)
    assert back == number
    assert type(back) is float


@pytest.mark.parametrize(
    "value",
    [
        "0.5",
        b"1",
        None,
        1j,
        [1.0],
        np.array([1.0, 2.0]),
        object(),
        2**53 + 1,
        10**400,
        pytest.param(10**5000, id="huge"),
    ],
)
def test_what_is_no_single_number_is_refused_in_one_sentence(value):
    with pytest.raises(InvalidValue) as caught:
        metric_number("loss", value)
    message = str(caught.value)
    assert "'loss'" in message
    assert len(message) < 250
    assert "\n" not in message


@pytest.mark.parametrize("key", ["loss", "val/loss", "损失", "a b", "é", "x" * 500, "👩‍🔬", "a.b"])
def test_keys_in_any_script_are_taken(key):
    assert check_key(key, "metric") == key


@pytest.mark.parametrize("key", ["", "x" * 501, "a\nb", "\x00", "\ud800", 3, None])
def test_keys_that_cannot_be_written_are_refused(key):
    with pytest.raises(InvalidValue, match="name of a metric"):
        check_key(key, "metric")


@pytest.mark.parametrize("step", [0, -5, 2**63 - 1, -(2**63), np.int64(4), 3.0, True])
def test_steps_of_64_bits_are_taken(step):
    assert check_step(step) == int(step)


@pytest.mark.parametrize("step", [2**63, -(2**63) - 1, 0.5, "1", None, float("nan"), float("inf")])
def test_other_steps_are_refused(step):
    with pytest.raises(InvalidValue, match="step"):
        check_step(step)
