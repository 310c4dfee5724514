"""Data held against a signature before a model sees it: brought into shape, or refused.

What is refused is told by column: what was expected, what came. Only conversions
that lose nothing are made. Values that came as text (JSON, csv) have no width, and
take that of the signature.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidInput, MissingExtra
from nbtrack.models.schema import (
    NUMPY_OF,
    Anything,
    Array,
    Column,
    ColumnType,
    Map,
    Object,
    Param,
    Scalar,
    Schema,
    Tensor,
)
from nbtrack.models.signature import has_arrow_stream, plain_array, to_frame

if TYPE_CHECKING:
    import numpy as np
    import pandas

_NAMED = 8  # as many columns a message names


def enforce(data: object, schema: Schema, *, is_text: bool = False) -> object:
    """``data`` as the schema tells it: a DataFrame, an array, or a dict of arrays.

    ``is_text``: the values came as text, so that their types are the reader's guess.
    Raises `InvalidInput`.
    """
    data = plain_array(data)
    if schema.is_tensor:
        return _tensors(data, schema, is_text)
    frame = _frame(data, schema)
    held = [frame.iloc[:, i] for i in range(len(schema))]
    made = [
        _column(series, field, series.name, is_text)
        for series, field in zip(held, schema, strict=True)
        if isinstance(field, Column)
    ]
    if all(new is old for new, old in zip(made, held, strict=True)):
        return frame
    return type(frame)(dict(enumerate(made)), index=frame.index).set_axis(frame.columns, axis=1)


def enforce_params(
    given: Mapping[str, object] | None, params: Sequence[Param]
) -> dict[str, object]:
    """All parameters: those given, checked, and the defaults of the others."""
    known = {each.name: each for each in params}
    unknown = [name for name in given or {} if name not in known]
    if unknown:
        has = ", ".join(known) or "none"
        raise InvalidInput(f"The model takes no parameter {unknown[0]!r} (it takes: {has}).")
    values = {each.name: each.default for each in params}
    for name, value in (given or {}).items():
        param = known[name]
        where = f"parameter {name!r}"
        value = plain_array(value)
        if hasattr(value, "tolist"):
            value = value.tolist()
        if param.is_list:
            if not isinstance(value, (list, tuple)):
                raise _unlike(where, f"a list of {param.type}", value)
            values[name] = [_value(v, param.type, f"{where}[{i}]") for i, v in enumerate(value)]
        else:
            values[name] = _value(value, param.type, where)
    return values


# Tables


def _frame(data: object, schema: Schema) -> pandas.DataFrame:
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


def _column(series: pandas.Series, field: Column, name: object, is_text: bool) -> pandas.Series:
    where = f"column {name!r}" if isinstance(name, str) else f"column {name}"
    kind = field.type
    if isinstance(kind, Anything):
        return series
    if isinstance(kind, Scalar) and not _is_object(series):
        # The usual case, where the dtype alone answers.
        made = _typed(series, kind.name, where, is_text)
        if made is not None:
            return _without_missing(made, field, where)
        raise _unlike(where, str(kind), series.dtype)
    import pandas

    is_missing = series.isna()
    if isinstance(kind, Scalar) and is_missing.all():
        _without_missing(series, field, where)
        return pandas.Series([_nothing(kind)] * len(series), index=series.index)
    values = [
        _nothing(kind) if gone else _value(value, kind, f"{where}, row {row}", is_text)
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
                values = [_value(v, Scalar(kind), where, is_text) for v in series]
                return pandas.Series(values, index=series.index)
            return None
        case "binary":
            if is_text and isinstance(dtype, pandas.StringDtype):
                values = [_value(v, Scalar(kind), where, is_text) for v in series]
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
    if field.is_required and not _is_floating(field.type):
        missing = series.isna()
        if missing.any():
            first = int(missing.to_numpy().argmax())
            raise InvalidInput(
                f"{where}: expected {field.type} in every row, got {int(missing.sum())} missing "
                f"(the first in row {first})."
            )
    return series


def _is_floating(kind: ColumnType) -> bool:
    return isinstance(kind, Scalar) and kind.name in ("float", "double")


def _is_object(series: pandas.Series) -> bool:
    return str(series.dtype) == "object"


# Single values


def _value(value: Any, kind: ColumnType, where: str, is_text: bool = True) -> Any:
    """One value as that type. Raises `InvalidInput` that says where it stands."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    match kind:
        case Anything():
            return value
        case Array():
            if not isinstance(value, (list, tuple)):
                raise _unlike(where, str(kind), value)
            return [_value(v, kind.items, f"{where}[{i}]", is_text) for i, v in enumerate(value)]
        case Map():
            if not isinstance(value, Mapping):
                raise _unlike(where, str(kind), value)
            return {k: _value(v, kind.values, f"{where}.{k}", is_text) for k, v in value.items()}
        case Object():
            return _object(value, kind, where, is_text)
    return _scalar(value, kind.name, where, is_text)


def _object(value: Any, kind: Object, where: str, is_text: bool) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise _unlike(where, str(kind), value)
    known = {each.name: each for each in kind.properties}
    for name in value:
        if name not in known:
            raise InvalidInput(f"{where}: no property {name!r} (it has: {', '.join(known)}).")
    made = {}
    for name, each in known.items():
        if value.get(name) is not None:
            made[name] = _value(value[name], each.type, f"{where}.{name}", is_text)
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
    raise _unlike(where, kind, value)


def _nothing(kind: ColumnType) -> object:
    return float("nan") if _is_floating(kind) else None


# Arrays


def _tensors(data: object, schema: Schema, is_text: bool) -> object:
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


def _unlike(where: str, expected: str, got: object) -> InvalidInput:
    import numpy as np

    if isinstance(got, np.dtype) or type(got).__name__.endswith("Dtype"):
        told = str(got)
    else:
        text = repr(got)
        told = f"{text[:40] + '…' if len(text) > 40 else text} ({type(got).__name__})"
    return InvalidInput(f"{where}: expected {expected}, got {told}.")


def _count(n: int, what: str) -> str:
    return f"{n} {what}" + ("" if n == 1 else "s")
