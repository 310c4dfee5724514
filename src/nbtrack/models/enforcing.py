"""Data held against a signature before a model sees it: brought into shape, or refused.

What is refused is told by column: what was expected, what came. Only conversions
that lose nothing are made. Values that came as text (JSON, csv) have no width, and
take that of the signature. ``tables`` and ``arrays`` know the two kinds of data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from nbtrack.errors import InvalidInput
from nbtrack.models.arrays import arrays_of
from nbtrack.models.schema import NUMPY_OF, Column, Param, Scalar, Schema
from nbtrack.models.signature import plain_array
from nbtrack.models.tables import column_as, frame_of
from nbtrack.models.values import unlike, value_as

if TYPE_CHECKING:
    import pandas

_NUMBERS = frozenset({"boolean", "integer", "long", "float", "double"})


def enforce(data: object, schema: Schema, *, is_text: bool = False) -> object:
    """``data`` as the schema tells it: a DataFrame, an array, or a dict of arrays.

    ``is_text``: the values came as text, so that their types are the reader's guess.
    Raises `InvalidInput`.
    """
    data = plain_array(data)
    if schema.is_tensor:
        return arrays_of(data, schema, is_text)
    frame = frame_of(data, schema)
    if _fits_already(frame, schema):
        return frame
    held = [frame.iloc[:, i] for i in range(len(schema))]
    made = [
        column_as(series, field, series.name, is_text)
        for series, field in zip(held, schema, strict=True)
        if isinstance(field, Column)
    ]
    if all(new is old for new, old in zip(made, held, strict=True)):
        return frame
    return type(frame)(dict(enumerate(made)), index=frame.index).set_axis(frame.columns, axis=1)


def _fits_already(frame: pandas.DataFrame, schema: Schema) -> bool:
    """Whether all columns are numbers of NumPy's and of the right type: the usual case, told fast.

    Whole numbers of NumPy's are never missing, and floats may be.
    """
    return all(
        isinstance(field, Column)
        and isinstance(field.type, Scalar)
        and field.type.name in _NUMBERS
        and str(dtype) == NUMPY_OF[field.type.name]
        for field, dtype in zip(schema, frame.dtypes, strict=True)
    )


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
                raise unlike(where, f"a list of {param.type}", value)
            values[name] = [value_as(v, param.type, f"{where}[{i}]") for i, v in enumerate(value)]
        else:
            values[name] = value_as(value, param.type, where)
    return values
