"""Arrays held against the tensors of a signature: shape, then type."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidInput
from nbtrack.models.schema import Schema, Tensor
from nbtrack.models.signature import has_arrow_stream, plain_array, to_frame

if TYPE_CHECKING:
    import numpy as np


def arrays_of(data: object, schema: Schema, is_text: bool) -> object:
    """One array, or a dict of them by the schema's names. Raises `InvalidInput`."""
    fields = [field for field in schema if isinstance(field, Tensor)]
    if len(fields) == 1 and fields[0].name is None:
        return _tensor(_array_of(data), fields[0], "the input", is_text)
    if hasattr(data, "iloc") or has_arrow_stream(data):
        frame: Any = data if hasattr(data, "iloc") else to_frame(data)
        data = {str(name): frame[name].tolist() for name in frame.columns}
    if not isinstance(data, Mapping):
        if len(fields) == 1:
            data = {str(fields[0].name): data}
        else:
            raise InvalidInput(
                f"The model takes arrays by name ({', '.join(schema.names)}), "
                f"got {type(data).__qualname__}; give a dict."
            )
    missing = [name for name in schema.names if name not in data]
    if missing:
        got = ", ".join(map(str, data)) or "none"
        raise InvalidInput(f"The input lacks the array {missing[0]!r} (got: {got}).")
    return {
        name: _tensor(_array_of(data[name]), field, f"array {name!r}", is_text)
        for name, field in zip(schema.names, fields, strict=True)
    }


def _array_of(data: object) -> Any:
    import numpy as np

    data = plain_array(data)
    sparse = sys.modules.get("scipy.sparse")
    if isinstance(data, np.ndarray) or (sparse is not None and sparse.issparse(data)):
        return data
    if has_arrow_stream(data) and not hasattr(data, "iloc"):
        data = to_frame(data)
    if hasattr(data, "to_numpy"):
        held: Any = data
        return held.to_numpy()
    return data


def _tensor(data: Any, field: Tensor, where: str, is_text: bool) -> Any:
    import numpy as np

    wanted = np.dtype(field.dtype)
    if not hasattr(data, "dtype"):
        # Numbers in lists have no width of their own, so they take the signature's.
        is_text = True
        try:
            data = np.asarray(data)
        except ValueError as error:
            raise InvalidInput(
                f"{where}: expected {field}, got rows of several lengths."
            ) from error
    _check_shape(data, field, where)
    if data.dtype == wanted or (wanted.kind in "US" and data.dtype.kind == wanted.kind):
        return data
    if np.can_cast(data.dtype, wanted, "safe") and not _is_bool_for_number(data.dtype, wanted):
        return data.astype(wanted)
    if is_text and _loses_only_width(data, wanted):
        return data.astype(wanted)
    raise InvalidInput(f"{where}: expected {field.dtype}, got {data.dtype}.")


def _is_bool_for_number(given: np.dtype[Any], wanted: np.dtype[Any]) -> bool:
    return given.kind == "b" and wanted.kind != "b"


def _loses_only_width(data: Any, wanted: np.dtype[Any]) -> bool:
    """Whether numbers read from text are numbers of the wanted kind."""
    import numpy as np

    if data.dtype.kind in "iuf" and wanted.kind == "f":
        return True
    if data.dtype.kind in "iuf" and wanted.kind in "iu":
        limits = np.iinfo(wanted)
        return bool(
            np.isfinite(data).all()
            and (data == np.trunc(data)).all()
            and (data >= limits.min).all()
            and (data <= limits.max).all()
        )
    return wanted.kind == "O"


def _check_shape(data: Any, field: Tensor, where: str) -> None:
    shape = tuple(data.shape)
    fits = len(shape) == len(field.shape) and all(
        wanted in (-1, got) for wanted, got in zip(field.shape, shape, strict=True)
    )
    if not fits:
        wanted = ", ".join("any" if n == -1 else str(n) for n in field.shape)
        got = ", ".join(map(str, shape))
        raise InvalidInput(f"{where}: expected the shape ({wanted}), got ({got}).")
