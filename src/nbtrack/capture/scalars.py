"""Which values are settings and which are measurements, whatever library they come from.

Libraries are recognised by what a value can do, or through ``sys.modules``; none
is imported. Every question is asked so that a hostile object cannot raise.
"""

from __future__ import annotations

import dataclasses
import enum
import os
import sys
import types
from collections.abc import Iterator, Mapping
from typing import Any

MAX_TEXT_CHARS = 200
MAX_FIELDS = 200
MAX_CURVE_POINTS = 1_000_000

_PLAIN = (bool, int, float, str, type(None))
_MISSING = object()


def is_setting(value: object) -> bool:
    """Whether a value can be a parameter: a scalar, or a short tuple of scalars."""
    if isinstance(value, (str, os.PathLike)):
        return len(os.fspath(value)) <= MAX_TEXT_CHARS
    if isinstance(value, (_PLAIN, enum.Enum)):
        return True
    if type(value) is tuple:
        return 0 < len(value) <= 8 and all(isinstance(each, _PLAIN) for each in value)
    return _is_numpy_scalar(value)


def fields_of(value: object) -> Iterator[tuple[str, object]]:
    """The settings in a dict, dataclass or namespace, flattened: ``optimizer.lr`` and its value."""
    for name, field in _items(value):
        if name.startswith("_"):
            continue
        if is_setting(field):
            yield name, field
        else:
            for inner, setting in _shallow(field):
                yield f"{name}.{inner}", setting


def has_fields(value: object) -> bool:
    """Whether a value is a dict, dataclass or namespace whose fields are looked at."""
    return _items(value) is not _NOTHING


_NOTHING: Mapping[str, object] = {}


def _items(value: object) -> Any:
    if type(value) is dict or type(value).__name__ in ("DictConfig", "OrderedDict", "ConfigDict"):
        try:
            small = len(value) <= MAX_FIELDS  # type: ignore[arg-type]
            return list(value.items()) if small and all(type(k) is str for k in value) else _NOTHING  # type: ignore[attr-defined]
        except Exception:  # noqa: BLE001 - a mapping of the user's own may raise anything
            return _NOTHING
    is_record = (
        dataclasses.is_dataclass(value)
        or isinstance(value, types.SimpleNamespace)
        or type(value).__name__ == "Namespace"
        or hasattr(type(value), "__attrs_attrs__")
        or hasattr(type(value), "model_fields")
    )
    if isinstance(value, type) or not is_record:
        return _NOTHING
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
        return [
            (name, found) for name in names if (found := _attribute(value, name)) is not _MISSING
        ]
    return list(vars(value).items()) if hasattr(value, "__dict__") else _NOTHING


def _shallow(value: object) -> Iterator[tuple[str, object]]:
    for name, field in _items(value):
        if not name.startswith("_") and is_setting(field):
            yield name, field


def _attribute(value: object, name: str) -> object:
    try:
        return getattr(value, name, _MISSING)
    except Exception:  # noqa: BLE001 - a property of the user's own may raise anything
        return _MISSING


def as_measurement(value: object, *, allow_integer: bool) -> object:
    """``value`` if it is a number that a metric can be, else ``None``.

    Floats of Python and numpy count, and scalars of tensors; integers only where
    the name says metric. A tensor comes back detached, and is not converted: on a
    GPU that would wait for the device.
    """
    if isinstance(value, bool) or type(value).__name__ == "bool_":
        return None
    if isinstance(value, float):
        return value
    if isinstance(value, int):
        return float(value) if allow_integer and abs(value) < 2**53 else None
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, (numpy.floating, numpy.integer)):
        is_float = isinstance(value, numpy.floating)
        return float(value) if is_float or allow_integer else None
    return _tensor_scalar(value)


def _tensor_scalar(value: object) -> object:
    kind = type(value)
    if not hasattr(kind, "item") or not hasattr(kind, "shape"):
        return None
    try:
        if tuple(value.shape) != ():  # type: ignore[attr-defined]
            return None
        if "float" not in str(value.dtype):  # type: ignore[attr-defined]
            return None
        return value.detach() if hasattr(value, "detach") else value
    except Exception:  # noqa: BLE001 - a proxy may raise anything
        return None


def to_number(value: object) -> float | None:
    """The float of what `as_measurement` gave; this is where a device is waited for."""
    if isinstance(value, float):
        return value
    try:
        return float(value.item())  # type: ignore[attr-defined]
    except Exception:  # noqa: BLE001 - a tensor may be gone, or its device
        return None


def numeric_list(value: object) -> list[float] | None:
    """The numbers of a list or flat array of at least two, else ``None``."""
    if type(value) is list:
        if not 2 <= len(value) <= MAX_CURVE_POINTS:
            return None
        numbers = [as_measurement(each, allow_integer=True) for each in value]
        if any(number is None for number in numbers):
            return None
        floats = [to_number(number) for number in numbers]
        return None if None in floats else [number for number in floats if number is not None]
    numpy = sys.modules.get("numpy")
    if numpy is None or type(value) is not numpy.ndarray:
        return None
    array: Any = value
    if array.ndim != 1 or array.dtype.kind != "f" or not 2 <= len(array) <= MAX_CURVE_POINTS:
        return None
    return [float(number) for number in array]


def _is_numpy_scalar(value: object) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, (numpy.number, numpy.bool_))
