"""Tables held against the columns of a signature, whatever library they are of."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidInput, MissingExtra
from nbtrack.models.schema import NUMPY_OF, Anything, Array, Column, Scalar, Schema
from nbtrack.models.signature import has_arrow_stream, to_frame
from nbtrack.models.values import is_floating, nothing, unlike, value_as

if TYPE_CHECKING:
    import pandas

_NAMED = 8  # as many columns a message names


def frame_of(data: object, schema: Schema) -> pandas.DataFrame:
    """``data`` as a table that has the schema's columns, and only them, in its order."""
    frame = _any_frame(data, schema)
    if not schema.is_named:
        if len(frame.columns) != len(schema):
            raise InvalidInput(
                f"The model takes {_count(len(schema), 'column')}, got {len(frame.columns)}."
            )
        return frame
    columns = {str(name): name for name in frame.columns}
    missing = [f for f in schema if f.is_required and f.name not in columns]
    is_unnamed = all(isinstance(name, int) for name in frame.columns)
    if missing and is_unnamed and len(columns) == len(schema):
        # An array has no names: its columns are taken in order.
        return frame.set_axis(schema.names, axis=1)
    if missing:
        told = ", ".join(map(str, missing[:_NAMED])) + (", …" if len(missing) > _NAMED else "")
        got = ", ".join(list(columns)[:_NAMED]) + (", …" if len(columns) > _NAMED else "")
        raise InvalidInput(f"The input lacks columns that the model takes: {told} (got: {got}).")
    import pandas

    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise InvalidInput(f"The input has two columns {twice!r}; the model takes one.")
    if list(frame.columns) == schema.names:
        return frame
    return pandas.DataFrame(
        {name: frame[columns[name]] if name in columns else None for name in schema.names},
        index=frame.index,
    )


def _any_frame(data: object, schema: Schema) -> pandas.DataFrame:
    import numpy as np

    try:
        import pandas
    except ImportError as error:
        raise MissingExtra(
            "A model that takes a table by its columns needs pandas: pip install pandas."
        ) from error
    if isinstance(data, pandas.DataFrame):
        return data
    if isinstance(data, pandas.Series):
        return data.to_frame()
    if has_arrow_stream(data):
        return to_frame(data)
    sparse = sys.modules.get("scipy.sparse")
    if sparse is not None and sparse.issparse(data):
        held: Any = data
        return pandas.DataFrame(held.toarray())
    match data:
        case np.ndarray() if data.ndim <= 2:
            return pandas.DataFrame(data.reshape(-1, 1) if data.ndim < 2 else data)
        case np.ndarray():
            raise InvalidInput(f"The model takes a table, got an array of {data.ndim} dimensions.")
        case dict():
            return _frame_of_dict(data, schema)
        case [Mapping(), *_]:
            return pandas.DataFrame(data)
        case [[*_], *_] if len(schema) > 1 or not _takes_lists(schema):
            return pandas.DataFrame(data)
        case list() | tuple():
            return pandas.DataFrame({0: list(data)})
        case str() | bytes() | bool() | int() | float() | np.generic() | datetime.datetime():
            return pandas.DataFrame({0: [data]})
    raise InvalidInput(
        f"The model takes {schema}, got {type(data).__qualname__}; give a DataFrame, "
        "a dict of columns, a list of rows or an array."
    )


def _frame_of_dict(data: dict[Any, Any], schema: Schema) -> pandas.DataFrame:
    """One row if the values are such, else columns."""
    import numpy as np
    import pandas

    kinds = {f.name: f.type for f in schema if isinstance(f, Column)}

    def is_column(name: object, value: object) -> bool:
        if isinstance(kinds.get(str(name)), Array):
            return isinstance(value, (list, tuple)) and bool(value) and _is_listy(value[0])
        return _is_listy(value)

    if any(is_column(name, value) for name, value in data.items()):
        lengths = {len(v) for v in data.values() if isinstance(v, (list, tuple, np.ndarray))}
        if len(lengths) > 1:
            raise InvalidInput(f"The input's columns differ in length: {sorted(lengths)}.")
        return pandas.DataFrame(data)
    return pandas.DataFrame([data])


def _is_listy(value: object) -> bool:
    import numpy as np

    return isinstance(value, (list, tuple, np.ndarray)) or hasattr(value, "iloc")


def _takes_lists(schema: Schema) -> bool:
    return any(isinstance(f, Column) and isinstance(f.type, (Array, Anything)) for f in schema)


def column_as(series: pandas.Series, field: Column, name: object, is_text: bool) -> pandas.Series:
    """The column as the signature's field tells it; raises `InvalidInput` that names it."""
    where = f"column {name!r}" if isinstance(name, str) else f"column {name}"
    kind = field.type
    if isinstance(kind, Anything):
        return series
    if isinstance(kind, Scalar) and not _is_object(series):
        # The usual case, where the dtype alone answers.
        made = _typed(series, kind.name, where, is_text)
        if made is not None:
            return _without_missing(made, field, where)
        raise unlike(where, str(kind), series.dtype)
    import pandas

    is_missing = series.isna()
    if isinstance(kind, Scalar) and is_missing.all():
        _without_missing(series, field, where)
        return pandas.Series([nothing(kind)] * len(series), index=series.index)
    values = [
        nothing(kind) if gone else value_as(value, kind, f"{where}, row {row}", is_text)
        for row, (value, gone) in enumerate(zip(series.tolist(), is_missing, strict=True))
    ]
    held = _without_missing(series, field, where)
    if isinstance(kind, Scalar) and kind.name not in ("string", "binary"):
        dtype = NUMPY_OF[kind.name]
        if is_missing.any() and kind.name in ("boolean", "integer", "long"):
            dtype = "object"
        return pandas.Series(values, index=held.index, dtype=dtype)
    return pandas.Series(values, index=held.index, dtype=None if values else "object")


def _typed(series: pandas.Series, kind: str, where: str, is_text: bool) -> pandas.Series | None:
    """``series`` as that type; ``None`` where its dtype does not go with it."""
    import pandas

    types = pandas.api.types
    dtype = series.dtype
    if isinstance(dtype, pandas.CategoricalDtype):
        # A model that learned from categories wants to see categories.
        return (
            series
            if _typed(dtype.categories.to_series(), kind, where, is_text) is not None
            else None
        )
    is_bool = types.is_bool_dtype(dtype)
    is_integer = types.is_integer_dtype(dtype) and not is_bool
    is_float = types.is_float_dtype(dtype)
    match kind:
        case "boolean":
            return series if is_bool else None
        case "string":
            return series if isinstance(dtype, pandas.StringDtype) else None
        case "datetime":
            if types.is_datetime64_any_dtype(dtype):
                return series
            if is_text and isinstance(dtype, pandas.StringDtype):
                values = [value_as(v, Scalar(kind), where, is_text) for v in series]
                return pandas.Series(values, index=series.index)
            return None
        case "binary":
            if is_text and isinstance(dtype, pandas.StringDtype):
                values = [value_as(v, Scalar(kind), where, is_text) for v in series]
                return pandas.Series(values, index=series.index, dtype="object")
            return None
        case "integer" | "long" if is_integer:
            return _narrowed(series, NUMPY_OF[kind], where)
        case "integer" | "long" if is_float and _is_whole(series):
            # Missing values made a column of whole numbers float, there and here.
            return series if series.isna().any() else series.astype(NUMPY_OF[kind])
        case "float" | "double" if is_float:
            wide = kind == "float" and series.dtype != "float32"
            if wide and not is_text:
                return None
            return series.astype(NUMPY_OF[kind]) if str(dtype) != NUMPY_OF[kind] else series
        case "float" | "double" if is_integer:
            return _floated(series, kind, where)
    return None


def _narrowed(series: pandas.Series, dtype: str, where: str) -> pandas.Series:
    import numpy as np

    if str(series.dtype) == dtype or series.isna().any():
        return series
    limits = np.iinfo(dtype)
    if len(series) and (series.max() > limits.max or series.min() < limits.min):
        worst = series.max() if series.max() > limits.max else series.min()
        raise InvalidInput(f"{where}: expected {dtype}, got {worst}, which does not fit into it.")
    return series.astype(dtype)


def _floated(series: pandas.Series, kind: str, where: str) -> pandas.Series:
    """Whole numbers as floats, where each is one exactly."""
    if series.isna().any():
        return series.astype(NUMPY_OF[kind])
    exact = 2**53 if kind == "double" else 2**24
    if len(series) and (series.max() > exact or series.min() < -exact):
        worst = series.max() if series.max() > exact else series.min()
        raise InvalidInput(
            f"{where}: expected {kind}, got {worst}, which {kind} cannot tell exactly."
        )
    return series.astype(NUMPY_OF[kind])


def _is_whole(series: pandas.Series) -> bool:
    present = series.dropna()
    return bool((present == present.round()).all()) and not (present.abs() > 2**53).any()


def _without_missing(series: pandas.Series, field: Column, where: str) -> pandas.Series:
    # NaN is a value of a floating column; whether the model copes is the model's to say.
    if field.is_required and not is_floating(field.type):
        missing = series.isna()
        if missing.any():
            first = int(missing.to_numpy().argmax())
            raise InvalidInput(
                f"{where}: expected {field.type} in every row, got {int(missing.sum())} missing "
                f"(the first in row {first})."
            )
    return series


def _is_object(series: pandas.Series) -> bool:
    return str(series.dtype) == "object"


def _count(n: int, what: str) -> str:
    return f"{n} {what}" + ("" if n == 1 else "s")
