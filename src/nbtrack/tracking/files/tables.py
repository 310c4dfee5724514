"""Tables as the bytes of a file, and back: JSON as MLflow writes it, Parquet, CSV."""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValue

if TYPE_CHECKING:
    import pyarrow


def table_of(data: Any) -> pyarrow.Table:
    """``data`` in Arrow: a DataFrame, a table, a dict of columns, or one of single values."""
    import pyarrow

    if isinstance(data, pyarrow.Table):
        return data
    if isinstance(data, Mapping):
        columns = {str(key): _values(column) for key, column in data.items()}
        if columns and all(column is None for column in columns.values()):
            columns = {str(key): [value] for key, value in data.items()}
        if any(column is None for column in columns.values()):
            raise InvalidValue("The columns of a table are all lists, or all single values.")
        if len({len(column or ()) for column in columns.values()}) > 1:
            sizes = ", ".join(f"{key!r} {len(column or ())}" for key, column in columns.items())
            raise InvalidValue(f"The columns of a table have one length, got {sizes}.")
        return pyarrow.table({key: _column(column or []) for key, column in columns.items()})
    if type(data).__module__.partition(".")[0] == "pandas" and hasattr(data, "columns"):
        named = data.rename(columns=str)
        return pyarrow.table({name: _column(named[name].tolist()) for name in named.columns})
    if hasattr(data, "__arrow_c_stream__"):
        return pyarrow.table(data)
    raise InvalidValue(
        f"log_table takes a DataFrame, an Arrow table or a dict of columns, "
        f"got {type(data).__name__}."
    )


def added(before: pyarrow.Table, rows: pyarrow.Table) -> pyarrow.Table:
    """Both, one below the other; a column that one of them lacks is filled with nothing."""
    import pyarrow

    try:
        return pyarrow.concat_tables([before, rows], promote_options="permissive")
    except pyarrow.ArrowException:
        # A column of two kinds, as text and numbers: it becomes text.
        names = dict.fromkeys([*before.column_names, *rows.column_names])
        lists = [table.to_pydict() for table in (before, rows)]
        nothing = [[None] * table.num_rows for table in (before, rows)]
        return pyarrow.table(
            {
                name: _column(lists[0].get(name, nothing[0]) + lists[1].get(name, nothing[1]))
                for name in names
            }
        )


def table_bytes(table: pyarrow.Table, path: str) -> bytes:
    """The table in the format that ``path`` ends in."""
    if path.lower().endswith(".parquet"):
        import pyarrow.parquet as parquet

        buffer = io.BytesIO()
        parquet.write_table(table, buffer)
        return buffer.getvalue()
    columns = [[_plain(value) for value in column.to_pylist()] for column in table.columns]
    rows = [list(row) for row in zip(*columns, strict=True)]
    said = {"columns": table.column_names, "data": rows}
    return json.dumps(said, ensure_ascii=False, default=str, allow_nan=False).encode()


def read_table(data: bytes, path: str) -> pyarrow.Table:
    """The table in the bytes of a file. Raises `InvalidValue` if there is none."""
    import pyarrow

    ending = path.lower().rpartition(".")[2]
    try:
        if ending == "parquet":
            import pyarrow.parquet as parquet

            return parquet.read_table(io.BytesIO(data))
        if ending == "csv":
            import pyarrow.csv as csv

            return csv.read_csv(io.BytesIO(data))
        said = json.loads(data)
        names, rows = said["columns"], said["data"]
        columns = list(zip(*rows, strict=True)) or [()] * len(names)
        return pyarrow.table({str(name): _column(list(columns[i])) for i, name in enumerate(names)})
    except (ValueError, KeyError, TypeError, pyarrow.ArrowException) as error:
        raise InvalidValue(
            f"{path!r} holds no table in JSON ('columns' and 'data'), CSV or Parquet ({error})."
        ) from error


def _values(column: Any) -> list[Any] | None:
    """A column as a list; ``None`` for a single value."""
    if hasattr(column, "tolist"):
        column = column.tolist()
    return list(column) if isinstance(column, (list, tuple, range)) else None


def _column(values: list[Any]) -> pyarrow.Array:
    """Values in Arrow, where NaN is nothing; as text where they are of several kinds."""
    import pyarrow

    values = [None if value != value else value for value in values]
    try:
        return pyarrow.array(values)
    except (pyarrow.ArrowException, OverflowError, TypeError, ValueError):
        return pyarrow.array([None if value is None else str(value) for value in values])


def _plain(value: Any) -> Any:
    """A value as JSON has it: no NaN, no infinity, times in ISO 8601."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat() if hasattr(value, "isoformat") else value
