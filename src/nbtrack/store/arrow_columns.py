"""Columns of Arrow from values of Python and NumPy, without pandas.

`pyarrow.array` imports pandas, where it is installed, to see whether it was given something of
pandas': half a second more for the first fold or table of a process that has no use for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pyarrow

    Values = Sequence[Any] | np.ndarray[Any, Any]

_INT32_MAX = 2**31 - 1


def arrow_column(values: Values, type_: pyarrow.DataType | None = None) -> pyarrow.Array:
    """A column of texts, booleans, numbers or times, null where ``values`` are None or masked.

    Without a ``type_`` it is that of the array of NumPy. Times are as NumPy has them, or integers
    in the unit of ``type_``. Texts of more than 2 GiB in all are ``large_string``. Raises
    `UnicodeEncodeError` for a lone surrogate, `OverflowError` for an integer that the type does
    not hold.
    """
    import numpy as np
    import pyarrow as pa

    if type_ is None:
        type_ = pa.from_numpy_dtype(np.asarray(values).dtype)
    is_text = pa.types.is_string(type_)
    missing = None
    if isinstance(values, np.ndarray):
        if np.ma.is_masked(values):
            missing = np.ma.getmaskarray(values)
        values = np.ma.filled(values, "") if is_text else np.ma.getdata(values)
    elif None in values:
        missing = np.fromiter((each is None for each in values), bool, len(values))
        instead = "" if is_text else 0
        values = [instead if each is None else each for each in values]
    validity = None if missing is None else _bits(~missing)
    if is_text:
        type_, buffers = _texts(values)
    elif pa.types.is_boolean(type_):
        buffers = [_bits(np.asarray(values, dtype=bool))]
    else:
        # A field of one record in a file's bytes is contiguous, but may start anywhere.
        buffers = [pa.py_buffer(np.require(_numbers(values, type_), requirements=["C", "A"]))]
    return pa.Array.from_buffers(type_, len(values), [validity, *buffers])


def numpy_values(column: pyarrow.Array) -> np.ndarray[Any, Any]:
    """The numbers of a column without nulls, not copied; its own `to_numpy` imports pandas."""
    import numpy as np

    return np.from_dlpack(column)


def _texts(values: Values) -> tuple[pyarrow.DataType, list[pyarrow.Buffer]]:
    import numpy as np
    import pyarrow as pa

    joined = "".join(values)
    content = joined.encode()
    # As a rule each character is a byte; else each text is encoded to see how many it has.
    each: Any = values if len(content) == len(joined) else map(str.encode, values)
    ends = np.zeros(len(values) + 1, dtype=np.int64)
    np.cumsum(np.fromiter(map(len, each), np.int64, len(values)), out=ends[1:])
    type_ = pa.large_string()
    if ends[-1] <= _INT32_MAX:
        type_, ends = pa.string(), ends.astype(np.int32)
    return type_, [pa.py_buffer(ends), pa.py_buffer(content)]


def _numbers(values: Values, type_: pyarrow.DataType) -> np.ndarray[Any, Any]:
    import numpy as np
    import pyarrow as pa

    if isinstance(values, np.ndarray) and values.dtype.kind == "M":
        # Times are kept in microseconds, as the store's are.
        return values.astype("M8[us]").view("i8")
    is_time = pa.types.is_timestamp(type_)
    return np.asarray(values, dtype=np.int64 if is_time else type_.to_pandas_dtype())


def _bits(flags: np.ndarray[Any, Any]) -> pyarrow.Buffer:
    import numpy as np
    import pyarrow as pa

    return pa.py_buffer(np.packbits(flags, bitorder="little"))
