"""Tables: pandas, polars, Arrow, and relations of DuckDB.

A table is its columns in their order: name and values. The same columns have one digest in
each library, as ``columns`` tells; but where pandas has NaN among numbers, the others may
have a gap, which is something else. Of a pandas index, one that counts the rows
says nothing; any other is a column that belongs to no other library.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbtrack.capture.data.classes import class_of, is_of
from nbtrack.capture.data.reading import COLUMN_OBJECT_COST_BYTES, Reading
from nbtrack.capture.scalars import loaded

if TYPE_CHECKING:
    from nbtrack.capture.data.digest import Digest

# What a value of an extension type of pandas takes, a text as a rule, as a guess.
_EXTENSION_BYTES = 32


@dataclass(frozen=True, slots=True)
class _Column:
    """``role`` tells an index from a column that has its name. ``values`` is of the library."""

    name: object
    dtype: str
    values: Any
    role: str = "column"


def frame_cost(value: Any) -> int | None:
    """What a table costs to read, in bytes of numbers; ``None`` if it is none."""
    pandas = loaded("pandas")
    if pandas is not None and issubclass(type(value), (pandas.DataFrame, pandas.Series)):
        return _pandas_cost(value)
    if is_of(value, "polars", "DataFrame", "Series"):
        return int(value.estimated_size())
    if is_of(value, "pyarrow", "Table", "RecordBatch", "ChunkedArray", "Array"):
        return int(value.nbytes)
    return 0 if _is_relation(value) else None


def read_frame(value: Any, digest: Digest) -> Reading | None:
    """Feed a table to ``digest``."""
    if is_of(value, "pandas", "DataFrame", "Series"):
        return _read(value, _pandas_columns(value), digest, "pandas", "DataFrame", "Series")
    if is_of(value, "polars", "DataFrame", "Series"):
        return _read(value, _polars_columns(value), digest, "polars", "DataFrame", "Series")
    if is_of(value, "pyarrow", "Table", "RecordBatch", "ChunkedArray", "Array"):
        names = ("Table", "RecordBatch", "ChunkedArray", "Array")
        return _read(value, _arrow_columns(value), digest, "pyarrow", *names)
    if _is_relation(value):
        types = {str(n): str(t) for n, t in zip(value.columns, value.types, strict=True)}
        digest.label("query", value.sql_query(), *types.items())
        note = "its query, not its rows"
        return Reading("duckdb.Relation", (), types, note=note, is_partial=True)
    return None


def _read(
    value: Any, columns: Iterator[_Column], digest: Digest, library: str, *names: str
) -> Reading:
    from nbtrack.capture.data.columns import feed_column

    rows = len(value)
    digest.label("table", rows)
    schema: dict[str, str] = {}
    for column in columns:
        schema[str(column.name)] = column.dtype
        digest.label(column.role, column.name)
        feed_column(column.values, rows, digest)
    shape = getattr(value, "shape", None) or (rows,)
    found = class_of(value, library, *names)
    kind = f"{library}.{found.__name__ if found else type(value).__name__}"
    return Reading(kind, tuple(int(n) for n in shape), schema)


def _is_relation(value: object) -> bool:
    return any(is_of(value, library, "DuckDBPyRelation") for library in ("duckdb", "_duckdb"))


def _pandas_cost(value: Any) -> int:
    import numpy as np

    # To ask pandas for its memory would take longer than to read a small table.
    row = 0
    for dtype in [value.dtype] if value.ndim == 1 else value.dtypes.tolist():
        if not isinstance(dtype, np.dtype):
            row += _EXTENSION_BYTES
        else:
            row += COLUMN_OBJECT_COST_BYTES if dtype.kind == "O" else dtype.itemsize
    return len(value) * row


def _pandas_columns(value: Any) -> Iterator[_Column]:
    frame = value if value.ndim == 2 else value.to_frame(value.name)
    if not _only_counts(frame.index):
        for level in range(frame.index.nlevels):
            values = frame.index.get_level_values(level)
            yield _Column(values.name, str(values.dtype), values.to_series(), "index")
    for place, name in enumerate(frame.columns):
        column = frame.iloc[:, place]
        yield _Column(name, str(column.dtype), column)


def _only_counts(index: Any) -> bool:
    """Whether an index holds 0, 1, 2 and so on, as if it had been left to pandas."""
    import numpy as np
    import pandas as pd

    if issubclass(type(index), pd.RangeIndex):
        return bool(index.start == 0 and index.step == 1) or len(index) == 0
    if index.nlevels > 1 or index.name is not None or index.dtype != np.int64:
        return False
    return bool(np.array_equal(index.to_numpy(), np.arange(len(index))))


def _polars_columns(value: Any) -> Iterator[_Column]:
    series = [value] if is_of(value, "polars", "Series") else value
    return (_Column(each.name, str(each.dtype), each) for each in series)


def _arrow_columns(value: Any) -> Iterator[_Column]:
    if is_of(value, "pyarrow", "Table", "RecordBatch"):
        pairs = zip(value.schema.names, value.columns, strict=True)
    else:
        pairs = zip([""], [value], strict=True)
    return (_Column(name, str(column.type), column) for name, column in pairs)
