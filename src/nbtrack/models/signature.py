"""What a model takes, gives and may be told: the signature, inferred from data."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValue
from nbtrack.models.schema import (
    Anything,
    Array,
    Column,
    ColumnType,
    Object,
    Param,
    Property,
    Scalar,
    Schema,
    Tensor,
    params_from_json,
    params_to_json,
)

if TYPE_CHECKING:
    import numpy as np
    import pandas

# By kind and width in bytes; unsigned ones go where all their values fit.
_INTEGERS = {
    "i1": "integer",
    "i2": "integer",
    "i4": "integer",
    "i8": "long",
    "u1": "integer",
    "u2": "integer",
    "u4": "long",
}
_FLOATS = {"f2": "float", "f4": "float", "f8": "double"}


@dataclass(frozen=True, slots=True)
class ModelSignature:
    """Inputs, outputs and parameters; each is ``None`` or empty where it is not told."""

    inputs: Schema | None = None
    outputs: Schema | None = None
    params: tuple[Param, ...] = ()

    def to_dict(self) -> dict[str, str | None]:
        """As it stands in ``MLmodel``."""
        return {
            "inputs": None if self.inputs is None else self.inputs.to_json(),
            "outputs": None if self.outputs is None else self.outputs.to_json(),
            "params": params_to_json(self.params) if self.params else None,
        }

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> ModelSignature:
        """From ``MLmodel``."""
        inputs, outputs, params = (told.get(key) for key in ("inputs", "outputs", "params"))
        return cls(
            Schema.from_json(inputs) if inputs else None,
            Schema.from_json(outputs) if outputs else None,
            params_from_json(params) if params else (),
        )

    def __str__(self) -> str:
        lines = []
        for title, fields in (
            ("inputs", self.inputs or ()),
            ("outputs", self.outputs or ()),
            ("params", self.params),
        ):
            lines += [f"{title}:", *(f"  {each}" for each in fields)] if fields else []
        return "\n".join(lines)


def infer_signature(
    model_input: object = None,
    model_output: object = None,
    params: Mapping[str, object] | None = None,
) -> ModelSignature:
    """The signature of a model that takes and gives data like these.

    Tables (pandas, polars, Arrow, lists of dicts) become named columns, arrays become
    tensors whose first length is free, a dict of arrays named tensors. A column that
    has missing values is optional.
    """
    return ModelSignature(
        None if model_input is None else infer_schema(model_input),
        None if model_output is None else infer_schema(model_output),
        tuple(_param(name, value) for name, value in (params or {}).items()),
    )


def infer_schema(data: object) -> Schema:
    """The schema of data; raises `InvalidValue` for data of which none can be told."""
    import numpy as np

    pandas = sys.modules.get("pandas")
    data = plain_array(data)
    if pandas is not None and isinstance(data, pandas.DataFrame):
        return Schema(tuple(_frame_column(data.iloc[:, i], n) for i, n in enumerate(data.columns)))
    if pandas is not None and isinstance(data, pandas.Series):
        return Schema((_frame_column(data, data.name),))
    if has_arrow_stream(data):
        return infer_schema(to_frame(data))
    if isinstance(data, np.ndarray) or _is_sparse(data):
        return Schema((_tensor(data),))
    if isinstance(data, np.generic):
        return Schema((Column(_value_type(data)),))
    match data:
        case dict() if not data or not all(isinstance(key, str) for key in data):
            raise InvalidValue("A dict tells a signature by its names: text, and at least one.")
        case dict() if all(isinstance(value, np.ndarray) for value in data.values()):
            return Schema(tuple(_tensor(value, name) for name, value in data.items()))
        case dict():
            return Schema(tuple(Column(_value_type(v), k) for k, v in data.items()))
        case [first, *_] if isinstance(first, Mapping):
            merged = _merge_all([_value_type(row) for row in data])
            assert isinstance(merged, Object)
            return Schema(tuple(Column(p.type, p.name, p.is_required) for p in merged.properties))
        case [_, *_]:
            return Schema((Column(_merge_all([_value_type(value) for value in data])),))
        case str() | bytes() | bool() | int() | float() | datetime.datetime():
            return Schema((Column(_value_type(data)),))
    raise InvalidValue(
        f"No signature can be inferred from {type(data).__module__}.{type(data).__qualname__}; "
        "give a DataFrame, an array, a dict of either, or a list."
    )


def plain_array(data: object) -> object:
    """``data``, as a NumPy array if it is a tensor of another library."""
    for library, name in (("torch", "Tensor"), ("tensorflow", "Tensor")):
        module = sys.modules.get(library)
        kind = getattr(module, name, None)
        if kind is not None and isinstance(data, kind):
            held: Any = data
            return held.detach().cpu().numpy() if library == "torch" else held.numpy()
    return data


def has_arrow_stream(data: object) -> bool:
    """Whether it is a table of polars, Arrow or another library that hands Arrow out."""
    return hasattr(data, "__arrow_c_stream__")


def to_frame(data: object) -> pandas.DataFrame:
    """A table of any library as pandas."""
    import pyarrow

    return pyarrow.table(data).to_pandas()


def _frame_column(series: pandas.Series, name: object) -> Column:
    import pandas

    has_missing = bool(series.isna().any())
    kind = _dtype_type(series.dtype)
    if kind is None:
        values = series.dropna().tolist()
        if not values:
            # Nothing but missing values: any type would be a guess.
            return Column(Anything(), _text(name), is_required=False)
        try:
            kind = _merge_all([_value_type(value) for value in values])
        except InvalidValue as error:
            raise InvalidValue(f"Column {name!r}: {error}") from error
    # NaN is a value of a floating column, and whoever trained with it predicts with it.
    if has_missing and pandas.api.types.is_float_dtype(series.dtype):
        return Column(kind, _text(name), is_required=False)
    return Column(kind, _text(name), is_required=not has_missing)


def _dtype_type(dtype: Any) -> ColumnType | None:
    """The type of a column of this dtype; ``None`` where its values must be looked at."""
    import pandas

    types = pandas.api.types
    if isinstance(dtype, pandas.CategoricalDtype):
        return _dtype_type(dtype.categories.dtype) or Scalar("string")
    if types.is_bool_dtype(dtype):
        return Scalar("boolean")
    if types.is_datetime64_any_dtype(dtype):
        return Scalar("datetime")
    if types.is_integer_dtype(dtype) or types.is_float_dtype(dtype):
        import numpy as np

        # Nullable and Arrow dtypes tell the NumPy one that they stand for.
        held = getattr(dtype, "numpy_dtype", dtype)
        return _numeric(np.dtype(held))
    if isinstance(dtype, pandas.StringDtype):
        return Scalar("string")
    return None


def _numeric(dtype: np.dtype[Any]) -> ColumnType:
    code = f"{dtype.kind}{dtype.itemsize}"
    name = _INTEGERS.get(code) or _FLOATS.get(code)
    if name is None:
        raise InvalidValue(f"A column of {dtype} has no type in a signature; use int64 or float64.")
    return Scalar(name)


def _value_type(value: object) -> ColumnType:
    import numpy as np

    value = plain_array(value)
    if isinstance(value, np.generic):
        if value.dtype.kind in "iuf":
            return _numeric(value.dtype)
        value = value.item()
    if isinstance(value, np.ndarray):
        value = value.tolist()
    match value:
        case None:
            return Anything()
        case bool():
            return Scalar("boolean")
        case int():
            return Scalar("long")
        case float():
            return Scalar("double")
        case str():
            return Scalar("string")
        case bytes() | bytearray():
            return Scalar("binary")
        case datetime.date():
            return Scalar("datetime")
        case Mapping():
            return Object(tuple(Property(str(k), _value_type(v)) for k, v in value.items()))
        case Sequence():
            return Array(_merge_all([_value_type(each) for each in value]) if value else Anything())
    raise InvalidValue(f"a value of {type(value).__qualname__} has no type in a signature.")


def _merge_all(kinds: Sequence[ColumnType]) -> ColumnType:
    merged = kinds[0]
    for kind in kinds[1:]:
        merged = _merge(merged, kind)
    return merged


def _merge(one: ColumnType, other: ColumnType) -> ColumnType:
    """The type of values of both; what only some objects have is optional."""
    match one, other:
        case _ if one == other:
            return one
        case (Anything(), kind) | (kind, Anything()):
            return kind
        case Array(), Array():
            return Array(_merge(one.items, other.items))
        case Object(), Object():
            left = {each.name: each for each in one.properties}
            right = {each.name: each for each in other.properties}
            return Object(
                tuple(
                    Property(
                        name,
                        _merge(left[name].type, right[name].type)
                        if name in left and name in right
                        else (left.get(name) or right[name]).type,
                        name in left
                        and name in right
                        and left[name].is_required
                        and right[name].is_required,
                    )
                    for name in {**left, **right}
                )
            )
        case Scalar(), Scalar() if {one.name, other.name} <= {"long", "double"}:
            return Scalar("double")
    raise InvalidValue(f"values of one column are of two types, {one} and {other}.")


def _tensor(array: Any, name: str | None = None) -> Tensor:
    dtype = array.dtype
    # A width of text is that of the longest in this array, not of all that will come.
    told = "str" if dtype.kind == "U" else "bytes" if dtype.kind == "S" else str(dtype)
    shape = tuple(int(n) for n in array.shape)
    return Tensor(told, (-1, *shape[1:]), name)


def _is_sparse(data: object) -> bool:
    sparse = sys.modules.get("scipy.sparse")
    return sparse is not None and bool(sparse.issparse(data))


def _param(name: str, value: object) -> Param:
    kind = _value_type(value)
    import numpy as np

    default = value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value
    default = list(default) if isinstance(default, tuple) else default
    if isinstance(kind, Array):
        return Param(name, kind.items, default, is_list=True)
    return Param(name, kind, default)


def _text(name: object) -> str | None:
    return None if name is None else str(name)
