"""Which values are settings and which are measurements, whatever library they come from.

Libraries are recognised by what a value can do, or through ``sys.modules``; none
is imported. Every question is asked so that a hostile object cannot raise: of an
object's type where that is enough, for ``isinstance`` asks the object itself.
"""

from __future__ import annotations

import dataclasses
import enum
import os
import sys
import time
import types
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

MAX_TEXT_CHARS = 200
MAX_FIELDS = 200
MAX_CURVE_POINTS = 1_000_000
_MAX_DEPTH = 5

_PLAIN = (bool, int, float, str, type(None))
_MAPPINGS = ("DictConfig", "OrderedDict", "ConfigDict", "defaultdict")
_MISSING = object()


def loaded(name: str) -> Any:
    """A module that is loaded, ``None`` if it is not, or not whole: another thread may import it.

    Then the cell has no values of it yet.
    """
    module = sys.modules.get(name)
    spec = getattr(module, "__spec__", None)
    return None if getattr(spec, "_initializing", False) else module


def is_setting(value: object) -> bool:
    """Whether a value can be a parameter: a scalar, or a short tuple of scalars."""
    kind = type(value)
    if issubclass(kind, str):
        return len(str(value)) <= MAX_TEXT_CHARS
    if issubclass(kind, (*_PLAIN, enum.Enum)):
        return True
    if kind is tuple:
        parts: tuple[object, ...] = value  # type: ignore[assignment]
        return 0 < len(parts) <= 8 and all(issubclass(type(each), _PLAIN) for each in parts)
    try:
        if isinstance(value, os.PathLike) and issubclass(kind, os.PathLike):
            return len(os.fspath(value)) <= MAX_TEXT_CHARS
    except Exception:  # noqa: BLE001 - an object of the user's own may raise anything
        return False
    numpy = loaded("numpy")
    return numpy is not None and issubclass(kind, (numpy.number, numpy.bool_))


def is_moment(value: object) -> bool:
    """Whether a number is a time that a clock told since this process began: no setting.

    Seconds (or nanoseconds) since the epoch, or of the clocks that durations are taken from.
    """
    if type(value) not in (float, int):
        return False
    number = float(value)  # type: ignore[arg-type]
    began = _process_began()
    age = time.time() - began
    if began <= number <= began + age or began <= number / 1e9 <= began + age:
        return True
    now = time.perf_counter()
    # A whole number is a choice; eight digits behind the point are a clock's.
    return type(value) is float and now - age <= number <= now and number != round(number, 4)


@lru_cache(maxsize=1)
def _process_began() -> float:
    import psutil

    return float(psutil.Process().create_time())


def fields_of(value: object) -> Iterator[tuple[str, object]]:
    """The settings in a dict, dataclass or namespace, flattened: ``optimizer.lr`` and its value."""
    return _flattened(value, depth=1)


def _flattened(value: object, depth: int) -> Iterator[tuple[str, object]]:
    for name, field in _items(value) or ():
        if name.startswith("_"):
            continue
        if is_setting(field):
            yield name, field
        elif depth < _MAX_DEPTH:
            for inner, setting in _flattened(field, depth + 1):
                yield f"{name}.{inner}", setting


def has_fields(value: object) -> bool:
    """Whether a value is a dict, dataclass or namespace whose fields are looked at."""
    return _items(value) is not None


def _items(value: object) -> list[tuple[str, object]] | None:
    """The fields of a record, ``None`` for anything else, or for too many."""
    try:
        kind = type(value)
        if kind is dict or kind.__name__ in _MAPPINGS:
            return _mapping_items(value)
        if dataclasses.is_dataclass(kind):
            names = [field.name for field in dataclasses.fields(kind)]
            found = [(name, getattr(value, name, _MISSING)) for name in names]
            return [(name, field) for name, field in found if field is not _MISSING]
        is_record = (
            issubclass(kind, types.SimpleNamespace)
            or kind.__name__ == "Namespace"
            or any("__attrs_attrs__" in vars(k) or "model_fields" in vars(k) for k in kind.__mro__)
        )
        if not is_record or issubclass(kind, type):
            return None
        return list(vars(value).items()) if len(vars(value)) <= MAX_FIELDS else None
    except Exception:  # noqa: BLE001 - a record of the user's own may raise anything
        return None


def _mapping_items(value: Any) -> list[tuple[str, object]] | None:
    if len(value) > MAX_FIELDS:
        return None
    items = list(value.items())
    return items if all(type(key) is str for key, _ in items) else None


def as_measurement(value: object, *, allow_integer: bool) -> object:
    """``value`` if it is a number that a metric can be, else ``None``.

    Floats of Python and numpy come back as ``float``, integers too, but only where the
    name says metric. The scalar of a tensor library comes back detached and not
    converted: on a GPU that would wait for the device.
    """
    kind = type(value)
    if kind is float:
        return value
    if issubclass(kind, bool):
        return None
    numpy = loaded("numpy")
    try:
        if issubclass(kind, float):
            return float(value)  # type: ignore[arg-type]
        if issubclass(kind, int):
            number: int = value  # type: ignore[assignment]
            return float(number) if allow_integer and abs(number) < 2**53 else None
        if numpy is not None and issubclass(kind, (numpy.floating, numpy.integer)):
            is_float = issubclass(kind, numpy.floating)
            return float(value) if is_float or allow_integer else None  # type: ignore[arg-type]
        return _tensor_scalar(value)
    except Exception:  # noqa: BLE001 - a proxy may raise anything
        return None


def _tensor_scalar(value: Any) -> object:
    kind = type(value)
    has_scalars = hasattr(kind, "item") or hasattr(kind, "__float__")
    if not has_scalars or not hasattr(kind, "shape") or tuple(value.shape) != ():
        return None
    if "float" not in str(value.dtype):
        return None
    return value.detach() if hasattr(kind, "detach") else value


def to_number(value: object) -> float | None:
    """The float of what `as_measurement` gave; this is where a device is waited for."""
    if type(value) is float:
        return value
    if value is None:
        return None
    try:
        scalar: Any = value
        return float(scalar.item() if hasattr(type(scalar), "item") else scalar)
    except Exception:  # noqa: BLE001 - a tensor may be gone, or its device
        return None


def numeric_list(value: object, *, allow_integers: bool) -> list[float] | None:
    """The numbers of a list or flat array of at least two, else ``None``.

    Integers alone are numbers only where the name says metric, like `as_measurement`'s.
    """
    if type(value) is list:
        if not 2 <= len(value) <= MAX_CURVE_POINTS:
            return None
        if not allow_integers and all(type(each) is int for each in value):
            return None
        floats = []
        for each in value:
            number = to_number(as_measurement(each, allow_integer=True))
            if number is None:
                return None
            floats.append(number)
        return floats
    numpy = loaded("numpy")
    if numpy is None or type(value) is not numpy.ndarray:
        return None
    array: Any = value
    if array.ndim != 1 or array.dtype.kind != "f" or not 2 <= len(array) <= MAX_CURVE_POINTS:
        return None
    return [float(number) for number in array]
