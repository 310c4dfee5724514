"""Single values held against a type of a signature, down to the leaf of lists and objects."""

from __future__ import annotations

import base64
import binascii
import datetime
from collections.abc import Mapping
from typing import Any

from nbtrack.errors import InvalidInput
from nbtrack.models.schema import Anything, Array, ColumnType, Map, Object, Scalar


def value_as(value: Any, kind: ColumnType, where: str, is_text: bool = True) -> Any:
    """One value as that type. Raises `InvalidInput` that says where it stands."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    match kind:
        case Anything():
            return value
        case Array():
            if not isinstance(value, (list, tuple)):
                raise unlike(where, str(kind), value)
            return [value_as(v, kind.items, f"{where}[{i}]", is_text) for i, v in enumerate(value)]
        case Map():
            if not isinstance(value, Mapping):
                raise unlike(where, str(kind), value)
            return {k: value_as(v, kind.values, f"{where}.{k}", is_text) for k, v in value.items()}
        case Object():
            return _object(value, kind, where, is_text)
    return _scalar(value, kind.name, where, is_text)


def _object(value: Any, kind: Object, where: str, is_text: bool) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise unlike(where, str(kind), value)
    known = {each.name: each for each in kind.properties}
    for name in value:
        if name not in known:
            raise InvalidInput(f"{where}: no property {name!r} (it has: {', '.join(known)}).")
    made = {}
    for name, each in known.items():
        if value.get(name) is not None:
            made[name] = value_as(value[name], each.type, f"{where}.{name}", is_text)
        elif each.is_required:
            raise InvalidInput(f"{where}: expected {kind}, got none of {name!r}.")
    return made


def _scalar(value: Any, kind: str, where: str, is_text: bool) -> Any:
    is_bool = isinstance(value, bool)
    match kind:
        case "boolean" if is_bool:
            return value
        case "string" if isinstance(value, str):
            return value
        case "integer" | "long" if isinstance(value, int) and not is_bool:
            bits = 31 if kind == "integer" else 63
            if not -(2**bits) <= value < 2**bits:
                raise InvalidInput(f"{where}: expected {kind}, got {value}, which does not fit.")
            return value
        case "integer" | "long" if isinstance(value, float) and value.is_integer():
            return int(value)
        case "float" | "double" if isinstance(value, (int, float)) and not is_bool:
            return float(value)
        case "datetime" if isinstance(value, datetime.date):
            return value
        case "datetime" if is_text and isinstance(value, str):
            try:
                return datetime.datetime.fromisoformat(value)
            except ValueError:
                pass
        case "binary" if isinstance(value, (bytes, bytearray)):
            return bytes(value)
        case "binary" if is_text and isinstance(value, str):
            try:
                return base64.b64decode(value)
            except binascii.Error:
                pass
    raise unlike(where, kind, value)


def nothing(kind: ColumnType) -> object:
    """What stands where a value of that type is missing."""
    return float("nan") if is_floating(kind) else None


def is_floating(kind: ColumnType) -> bool:
    """Whether NaN is a value of that type."""
    return isinstance(kind, Scalar) and kind.name in ("float", "double")


def unlike(where: str, expected: str, got: object) -> InvalidInput:
    """The error that says where, what was expected, and what came."""
    import numpy as np

    if isinstance(got, np.dtype) or type(got).__name__.endswith("Dtype"):
        told = str(got)
    else:
        text = repr(got)
        told = f"{text[:40] + '…' if len(text) > 40 else text} ({type(got).__name__})"
    return InvalidInput(f"{where}: expected {expected}, got {told}.")
