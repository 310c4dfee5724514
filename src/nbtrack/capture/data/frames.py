"""Tables: pandas, polars, Arrow, and relations of DuckDB.

A column of numbers without gaps is hashed as a numpy array, anything else as Arrow has
it; so the same columns have one digest in each library, but for gaps among numbers:
pandas has NaN there, the others have null.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from nbtrack.capture.scalars import loaded

if TYPE_CHECKING:
    from nbtrack.capture.data.digest import Digest
    from nbtrack.capture.data.fingerprint import Reading

# Rows of texts and objects beyond this are taken from the beginning, the middle and the end.
MAX_TEXT_ROWS = 5_000_000
_SMALL_ROWS = 20_000


def frame_size(value: Any) -> int | None:
    """Bytes of a table's content, -1 where only reading tells, ``None`` if it is none."""
    pandas, polars, arrow = loaded("pandas"), loaded("polars"), loaded("pyarrow")
    if pandas is not None and isinstance(value, (pandas.DataFrame, pandas.Series)):
        size = int(value.memory_usage(deep=False).sum()) if value.ndim == 2 else int(value.nbytes)
        kinds = value.dtypes if value.ndim == 2 else [value.dtype]
        has_objects = any(getattr(kind, "kind", "O") == "O" for kind in kinds)
        return -1 if has_objects and len(value) > _SMALL_ROWS else size
    if polars is not None and isinstance(value, (polars.DataFrame, polars.Series)):
        return int(value.estimated_size())
    if polars is not None and isinstance(value, polars.LazyFrame):
        return 0
    if arrow is not None and isinstance(value, (arrow.Table, arrow.RecordBatch)):
        return int(value.nbytes)
    return 0 if _is_relation(value) else None


def read_frame(value: Any, digest: Digest) -> Reading | None:
    """Feed a table to ``digest``: names, types and values of its columns, in their order."""
    from nbtrack.capture.data.fingerprint import Reading

    pandas, polars, arrow = loaded("pandas"), loaded("polars"), loaded("pyarrow")
    if pandas is not None and isinstance(value, (pandas.DataFrame, pandas.Series)):
        columns, shape = _pandas_columns(value), tuple(value.shape)
        kind = f"pandas.{'DataFrame' if value.ndim == 2 else 'Series'}"
    elif polars is not None and isinstance(value, (polars.DataFrame, polars.Series)):
        frame = value if isinstance(value, polars.DataFrame) else value.to_frame()
        columns, shape = ((c.name, str(c.dtype), c) for c in frame), tuple(value.shape)
        kind = f"polars.{'DataFrame' if isinstance(value, polars.DataFrame) else 'Series'}"
    elif polars is not None and isinstance(value, polars.LazyFrame):
        digest.label(value.explain())
        note = "the plan, not its rows"
        return Reading("polars.LazyFrame", note=note, is_sampled=True)
    elif arrow is not None and isinstance(value, (arrow.Table, arrow.RecordBatch)):
        columns = (
            (name, str(column.type), column)
            for name, column in zip(value.schema.names, value.columns, strict=True)
        )
        shape, kind = (value.num_rows, value.num_columns), f"pyarrow.{type(value).__name__}"
    elif _is_relation(value):
        types = {str(n): str(t) for n, t in zip(value.columns, value.types, strict=True)}
        digest.label(value.sql_query(), *types.items())
        note = "the query, not its rows"
        return Reading("duckdb.Relation", (), types, note=note, is_sampled=True)
    else:
        return None
    schema = {}
    for name, type_, column in columns:
        schema[str(name)] = type_
        digest.label("column", name)
        _feed(column, digest)
    return Reading(kind, shape, schema)


def _is_relation(value: object) -> bool:
    kind = type(value)
    return kind.__name__ == "DuckDBPyRelation" and "duckdb" in kind.__module__


def _pandas_columns(value: Any) -> Iterator[tuple[str, str, Any]]:
    import pandas as pd

    frame = value if value.ndim == 2 else value.to_frame()
    # An index that only counts says nothing; any other is a column.
    if not isinstance(frame.index, pd.RangeIndex) or frame.index.start or frame.index.step != 1:
        for level in range(frame.index.nlevels):
            values = frame.index.get_level_values(level)
            yield f"index {values.name}", str(values.dtype), values.to_series()
    for place, name in enumerate(frame.columns):
        column = frame.iloc[:, place]
        yield str(name), str(column.dtype), column


def _feed(column: Any, digest: Digest) -> None:
    array = _as_numbers(column)
    if array is not None:
        digest.array(array)
        return
    _feed_arrow(_as_arrow(column, digest), digest)


def _as_numbers(column: Any) -> Any:
    """The column as a numpy array, if it is numbers, booleans or times without gaps."""
    import numpy as np

    dtype = getattr(column, "dtype", None)
    if isinstance(dtype, np.dtype):
        return column.to_numpy() if dtype.kind in "biufcmM" else None
    library = type(column).__module__.partition(".")[0]
    if library == "pandas":  # An extension type.
        return None
    if library == "polars":
        plain = column.dtype.is_numeric() or str(column.dtype) == "Boolean"
        return column.to_numpy() if plain and not column.null_count() else None
    import pyarrow as pa

    plain = pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
    if column.null_count or not (plain or pa.types.is_boolean(column.type)):
        return None
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    return column.to_numpy(zero_copy_only=False)


def _as_arrow(column: Any, digest: Digest) -> Any:
    import pyarrow as pa

    rows = len(column)
    if rows > MAX_TEXT_ROWS:
        third = MAX_TEXT_ROWS // 3
        middle = (rows - third) // 2
        parts = [(0, third), (middle, middle + third), (rows - third, rows)]
        column = [column[start:end] for start, end in parts]
        digest.label("sampled rows", rows)
        digest.note = f"sampled: {3 * third:,} of {rows:,} texts: first, middle and last"
        return pa.chunked_array([_one_array(each) for each in column]).combine_chunks()
    return _one_array(column)


def _one_array(column: Any) -> Any:
    import pyarrow as pa

    library = type(column).__module__.partition(".")[0]
    if library == "polars":
        column = column.to_arrow()
    elif library == "pandas":
        try:
            column = pa.Array.from_pandas(column)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
            # Objects of several kinds: their texts, with the kinds.
            column = pa.array([f"{type(each).__name__} {each}" for each in column])
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _feed_arrow(array: Any, digest: Digest) -> None:
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = array.type
    if pa.types.is_dictionary(kind):
        return _feed_arrow(array.dictionary_decode(), digest)
    if pa.types.is_large_string(kind) or pa.types.is_string(kind) or _is_view(kind, "string"):
        array, name = array.cast(pa.large_string()), "text"
    elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or _is_view(kind, "binary"):
        array, name = array.cast(pa.large_binary()), "bytes"
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        name = "list"
    elif pa.types.is_struct(kind):
        name = "struct"
    else:
        name = str(kind)
    digest.label(name, len(array), array.null_count)
    if array.null_count:
        digest.content(np.packbits(array.is_null().to_numpy(zero_copy_only=False)))
    if name in ("text", "bytes"):
        filled = pc.fill_null(array, "" if name == "text" else b"")
        offsets = np.frombuffer(filled.buffers()[1], np.int64)
        offsets = offsets[filled.offset : filled.offset + len(filled) + 1]
        digest.content(np.diff(offsets))
        data = filled.buffers()[2]
        if data is not None and len(offsets):
            digest.content(memoryview(data)[int(offsets[0]) : int(offsets[-1])])
    elif name == "list":
        digest.content(pc.fill_null(pc.list_value_length(array), 0).to_numpy().astype(np.int64))
        _feed_arrow(array.flatten(), digest)
    elif name == "struct":
        for field in kind:
            digest.label(field.name)
            _feed_arrow(pc.struct_field(array, field.name), digest)
    else:
        _feed_plain(array, digest)
    return None


def _feed_plain(array: Any, digest: Digest) -> None:
    """Numbers and times with gaps, and what is rare: by their texts."""
    import pyarrow as pa

    present = array.drop_null()
    try:
        digest.array(present.to_numpy(zero_copy_only=False))
    except (pa.ArrowInvalid, TypeError, ValueError):
        digest.label(*present.to_pylist())


def _is_view(kind: Any, name: str) -> bool:
    import pyarrow as pa

    return bool(getattr(pa.types, f"is_{name}_view", lambda _: False)(kind))
