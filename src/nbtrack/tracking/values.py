"""What may be logged: names, numbers, parameters and steps, checked at the call.

A value is recorded so that it comes back as it was, or is refused in one
sentence. Arrays, tensors and scalars of numpy, torch and the like are asked
through their own ``item()``; none of those libraries is imported.
"""

from __future__ import annotations

import enum
import json
import operator
import os
from collections.abc import Mapping

from nbtrack.errors import InvalidValue
from nbtrack.events import ParamValue

MAX_KEY_CHARS = 500
STEP_MIN, STEP_MAX = -(2**63), 2**63 - 1


def check_key(key: object, what: str) -> str:
    """``key`` itself, if it can name a ``what`` (a metric, a param, a tag).

    Any text of 1 to 500 characters can, ``/``, dots, spaces and every script
    included; control characters and lone surrogates cannot.
    """
    if not isinstance(key, str):
        raise InvalidValue(
            f"The name of a {what} must be a string, got {key!r} ({type(key).__name__})."
        )
    if not key or len(key) > MAX_KEY_CHARS:
        raise InvalidValue(
            f"The name of a {what} must have 1 to {MAX_KEY_CHARS} characters, got {len(key)}."
        )
    if not key.isprintable() and any(
        c < " " or c == "\x7f" or "\ud800" <= c <= "\udfff" for c in key
    ):
        raise InvalidValue(
            f"The name of a {what} must not hold control characters or lone surrogates: {key!r}."
        )
    return key


def metric_number(key: str, value: object) -> float:
    """``value`` as the float that is stored; NaN and infinities are numbers too.

    Takes numbers, and scalars or one-element arrays that have ``item()``.
    Raises `InvalidValue` for everything else, and for an integer that a float
    cannot hold exactly.
    """
    number = value
    if not isinstance(number, (int, float)) and hasattr(number, "item"):
        try:
            number = number.item()
        except Exception as error:
            raise InvalidValue(
                f"Metric {key!r} must be one number, got {_shape_of(value)}; "
                "log a reduction of it, such as its mean()."
            ) from error
    if isinstance(number, int):
        try:
            exact = int(float(number)) == number
        except OverflowError:
            exact = False
        if not exact:
            raise InvalidValue(
                f"Metric {key!r} = {_brief(number)} does not fit a 64-bit float exactly; "
                "log it as a parameter or a tag."
            )
        return float(number)
    if isinstance(number, float):
        return float(number)
    if hasattr(number, "__float__") and not isinstance(number, (str, bytes, complex)):
        try:
            return float(number)
        except (TypeError, ValueError, OverflowError):
            pass
    raise InvalidValue(f"Metric {key!r} must be one number, got {_brief(value)}.")


def check_step(step: object) -> int:
    """``step`` as an int that fits 64 bits; negative steps are allowed."""
    if isinstance(step, float) and step.is_integer():
        step = int(step)
    try:
        whole = operator.index(step)  # type: ignore[arg-type]
    except TypeError:
        raise InvalidValue(f"A step must be a whole number, got {_brief(step)}.") from None
    if not STEP_MIN <= whole <= STEP_MAX:
        raise InvalidValue(f"A step must lie between -2**63 and 2**63 - 1, got {_brief(whole)}.")
    return whole


def param_value(value: object) -> ParamValue:
    """A parameter's value in the form in which it is stored.

    Numbers, strings, booleans and None keep their type; enums, paths and numpy
    scalars become the plain value they stand for; tuples, lists and dicts of
    those become JSON; anything else becomes its ``str``.
    """
    if value is None:
        return ParamValue("none", "")
    if isinstance(value, enum.Enum):
        return param_value(value.name if not isinstance(value, (int, str)) else value.value)
    if isinstance(value, bool):
        return ParamValue("bool", repr(value))
    if isinstance(value, int):
        # Python refuses decimals of over 4,300 digits, which is about 14,000 bits.
        text = int.__repr__(value) if value.bit_length() < 14_000 else hex(value)
        return ParamValue("int", text)
    if isinstance(value, float):
        return ParamValue("float", float.__repr__(value))
    if isinstance(value, str):
        return ParamValue("str", _encodable(str(value)))
    if isinstance(value, os.PathLike):
        return ParamValue("str", _encodable(os.fsdecode(value)))
    if isinstance(value, (tuple, list, Mapping)):
        try:
            return ParamValue(
                "json", _encodable(json.dumps(value, ensure_ascii=False, default=_plain))
            )
        except (TypeError, ValueError):
            return ParamValue("str", _encodable(str(value)))
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        return param_value(value.item())
    return ParamValue("str", _encodable(str(value)))


def read_param(type_: str, text: str) -> object:
    """The Python value that `param_value` stored as (``type_``, ``text``)."""
    match type_:
        case "int":
            return int(text, 0)
        case "float":
            return float(text)
        case "bool":
            return text == "True"
        case "none":
            return None
        case "json":
            return json.loads(text)
        case _:
            return text


def _plain(value: object) -> object:
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, os.PathLike):
        return os.fsdecode(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    return str(value)


def _encodable(text: str) -> str:
    """``text`` with lone surrogates (bytes of a path, say) written as escapes: UTF-8 has none."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="backslashreplace").decode()
    return text


def _brief(value: object) -> str:
    text = (
        repr(value)
        if not isinstance(value, int) or abs(value) < 10**40
        else f"an integer of {value.bit_length()} bits"
    )
    return f"{text if len(text) <= 60 else text[:57] + '…'} ({type(value).__name__})"


def _shape_of(value: object) -> str:
    shape = getattr(value, "shape", None)
    return f"{type(value).__name__} of shape {tuple(shape)}" if shape is not None else _brief(value)
