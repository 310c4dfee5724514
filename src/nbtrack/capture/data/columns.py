"""A column of a table: numbers as `Digest` takes them, everything else as Arrow has it.

Texts are their UTF-8, whatever type of text they have; categories are their values; a
zone belongs to a time's type. A column without gaps is its values. One with gaps is
where they are, then the values that are there.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import TYPE_CHECKING, Any

from nbtrack.capture.data.classes import is_of
from nbtrack.capture.data.reading import OBJECTS_AT_ONCE

if TYPE_CHECKING:
    from nbtrack.capture.data.digest import Digest

# So many rows are brought to Arrow at a time, which bounds the memory it takes.
_ROWS = 1 << 20


def feed_column(column: Any, rows: int, digest: Digest) -> None:
    """Feed one column of pandas, polars or Arrow to ``digest``."""
    if _is_plain(column):
        # As numpy has it: to Arrow, NaN would be a gap.
        array = column.to_numpy()
        digest.size_bytes += array.nbytes
        pieces = (array[start:end] for start, end in digest.ranges(rows))
        digest.numbers(array.dtype, array.shape, pieces)
        return
    steps = digest.steps(rows, OBJECTS_AT_ONCE if _is_object(column) else _ROWS)
    try:
        arrays = _as_arrow(column, steps)
    except (TypeError, ValueError, OverflowError, NotImplementedError):  # Arrow's own are of these
        if not _is_object(column):
            raise
        _feed_objects(column, steps, digest)
        return
    digest.size_bytes += sum(array.nbytes for array in arrays)
    _feed_arrow(arrays, digest)


def _is_plain(column: Any) -> bool:
    import numpy as np

    dtype = getattr(column, "dtype", None)
    return isinstance(dtype, np.dtype) and dtype.kind in "biufc"


def _is_object(column: Any) -> bool:
    import numpy as np

    return bool(isinstance(getattr(column, "dtype", None), np.dtype) and column.dtype.kind == "O")


def _as_arrow(column: Any, steps: list[tuple[int, int]]) -> list[Any]:
    """The rows of those steps as arrays of one type. What that is must not hang on the steps."""
    import pyarrow as pa

    take = _taker(column)
    arrays = list(chain.from_iterable(take(start, end) for start, end in steps))
    types = {array.type for array in arrays}
    if len(types) <= 1:
        return arrays or take(0, 0)
    known = types - {pa.null()}
    if len(known) == 1:
        return [array.cast(*known) for array in arrays]
    whole = [value for start, end in steps for value in column.iloc[start:end].tolist()]
    return _chunks(pa.array(whole, from_pandas=True))


def _taker(column: Any) -> Callable[[int, int], list[Any]]:
    import pyarrow as pa

    if is_of(column, "polars", "Series"):
        # Its name is told elsewhere, and Arrow takes none with a zero byte.
        nameless = column.alias("")
        return lambda start, end: _chunks(nameless.slice(start, end - start).to_arrow())
    if is_of(column, "pandas", "Series"):
        return lambda start, end: _chunks(pa.Array.from_pandas(column.iloc[start:end]))
    return lambda start, end: _chunks(column.slice(start, end - start))


def _chunks(arrow: Any) -> list[Any]:
    import pyarrow as pa

    if not isinstance(arrow, pa.ChunkedArray):
        return [arrow]
    return arrow.chunks or [pa.array([], arrow.type)]


def _feed_objects(column: Any, steps: list[tuple[int, int]], digest: Digest) -> None:
    """Objects that Arrow has no type for, or that are of several kinds."""
    from nbtrack.capture.data.objects import feed_objects

    digest.label("objects", len(column))
    for start, end in steps:
        feed_objects(column.iloc[start:end].tolist(), digest)


def _feed_arrow(arrays: list[Any], digest: Digest) -> None:
    """Feed arrays of one type as if they were a single one."""
    import pyarrow as pa

    kind = arrays[0].type
    if isinstance(kind, pa.BaseExtensionType):
        digest.label("extension", kind.extension_name)
        return _feed_arrow([array.storage for array in arrays], digest)
    if pa.types.is_dictionary(kind):
        return _feed_arrow([array.dictionary_decode() for array in arrays], digest)
    rows, gaps = sum(map(len, arrays)), sum(array.null_count for array in arrays)
    if gaps:
        digest.label("gaps", rows)
        for array in arrays:
            digest.content(array.is_null().to_numpy(zero_copy_only=False))
        arrays = [array.drop_null() for array in arrays]
    return _feed_values(kind, arrays, digest)


def _feed_values(kind: Any, arrays: list[Any], digest: Digest) -> None:
    import pyarrow as pa

    types = pa.types
    rows = sum(map(len, arrays))
    if types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind):
        pieces = (array.to_numpy(zero_copy_only=False) for array in arrays)
        digest.numbers(_dtype(kind), (rows,), pieces)
    elif types.is_temporal(kind) and not types.is_interval(kind):
        _feed_times(kind, arrays, digest)
    elif types.is_decimal(kind):
        digest.label("decimal", kind.scale)
        _feed_texts([array.cast(pa.string()) for array in arrays], digest)
    elif _is_one_of(kind, "string", "large_string", "string_view"):
        digest.label("text", rows)
        _feed_texts([array.cast(pa.large_string()) for array in arrays], digest)
    elif _is_one_of(kind, "binary", "large_binary", "binary_view", "fixed_size_binary"):
        digest.label("bytes", rows)
        _feed_texts([array.cast(pa.large_binary()) for array in arrays], digest)
    elif _is_one_of(kind, "list", "large_list", "fixed_size_list", "list_view", "large_list_view"):
        _feed_lists(arrays, digest)
    elif types.is_struct(kind):
        digest.label("struct", rows, kind.num_fields)
        for place, field in enumerate(kind):
            digest.label(field.name)
            _feed_arrow([array.flatten()[place] for array in arrays], digest)
    else:
        _feed_rare(kind, arrays, digest)


def _feed_times(kind: Any, arrays: list[Any], digest: Digest) -> None:
    """Times without a zone as numpy has them, others with their zone, as whole numbers."""
    import pyarrow as pa

    rows = sum(map(len, arrays))
    if pa.types.is_date(kind):
        kind, arrays = pa.date32(), [array.cast(pa.date32()) for array in arrays]
    if pa.types.is_timestamp(kind) and kind.tz:
        digest.label("zone", kind.tz)
    name = str(kind)
    if pa.types.is_timestamp(kind):
        name = f"datetime64[{kind.unit}]"
    elif pa.types.is_duration(kind):
        name = f"timedelta64[{kind.unit}]"
    width = pa.int32() if kind.bit_width == 32 else pa.int64()
    digest.label(name, rows)
    for array in arrays:
        digest.content(array.view(width).to_numpy().astype(f"<i{kind.bit_width // 8}", copy=False))


def _feed_texts(arrays: list[Any], digest: Digest) -> None:
    """The lengths of all texts, then all their bytes."""
    import numpy as np

    offsets = [_offsets(array) for array in arrays]
    lengths = (np.diff(each) for each in offsets)
    digest.numbers(np.dtype(np.int64), (sum(map(len, arrays)),), lengths)
    for array, places in zip(arrays, offsets, strict=True):
        texts = array.buffers()[2]
        if texts is not None and len(array):
            digest.content(memoryview(texts)[int(places[0]) : int(places[-1])])


def _offsets(array: Any) -> Any:
    import numpy as np
    import pyarrow as pa

    if not len(array):
        return np.zeros(1, np.int64)
    is_small = array.type in (pa.string(), pa.binary())
    offsets = np.frombuffer(array.buffers()[1], np.int32 if is_small else np.int64)
    return offsets[array.offset : array.offset + len(array) + 1]


def _feed_lists(arrays: list[Any], digest: Digest) -> None:
    import numpy as np
    import pyarrow.compute as pc

    digest.label("lists")
    lengths = (pc.list_value_length(array).to_numpy() for array in arrays)
    digest.numbers(np.dtype(np.int64), (sum(map(len, arrays)),), lengths)
    _feed_arrow([array.flatten() for array in arrays], digest)


def _feed_rare(kind: Any, arrays: list[Any], digest: Digest) -> None:
    """Maps, unions and the like: object by object."""
    from nbtrack.capture.data.objects import feed_objects

    digest.label(kind)
    feed_objects(chain.from_iterable(array.to_pylist() for array in arrays), digest)


def _is_one_of(kind: Any, *names: str) -> bool:
    """Whether a type is of those names. Older versions of Arrow have not heard of them all."""
    import pyarrow as pa

    tests = (getattr(pa.types, f"is_{name}", None) for name in names)
    return any(test is not None and test(kind) for test in tests)


def _dtype(kind: Any) -> Any:
    import numpy as np

    return np.dtype(kind.to_pandas_dtype())
