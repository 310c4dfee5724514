"""A profile of a table: what each of its columns holds, computed by DuckDB."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValue

if TYPE_CHECKING:
    import pyarrow

# Of more rows than that a part is looked at: an exact answer would take seconds.
MAX_ROWS = 2_000_000
SAMPLE_ROWS = 1_000_000
MAX_COLUMNS = 500

_READERS = {
    ".csv": "read_csv", ".tsv": "read_csv", ".parquet": "read_parquet",
    ".json": "read_json", ".jsonl": "read_json", ".ndjson": "read_json",
}  # fmt: skip
# Extremes of texts are texts of the data: none is told.
_PROFILE = """
SELECT column_name AS "column", column_type AS type, count - nulls AS count, nulls,
       least(approx_unique, count - nulls) AS distinct_about,
       CASE WHEN is_told THEN min END AS min, CASE WHEN is_told THEN max END AS max,
       CASE WHEN is_number THEN TRY_CAST(avg AS DOUBLE) END AS mean,
       CASE WHEN is_number THEN TRY_CAST(std AS DOUBLE) END AS std,
       CASE WHEN is_told THEN q25 END AS q25, CASE WHEN is_told THEN q50 END AS q50,
       CASE WHEN is_told THEN q75 END AS q75
FROM (
    SELECT *, round(count * null_percentage / 100)::BIGINT AS nulls,
           regexp_matches(column_type, '^(U?(TINY|SMALL|BIG|HUGE)?INT|INTEGER|UINTEGER|FLOAT|DOUBLE'
               || '|DECIMAL)') AS is_number,
           is_number OR regexp_matches(column_type, '^(DATE|TIME|BOOLEAN|INTERVAL)') AS is_told
    FROM (SUMMARIZE {table})
)
"""


def profile_table(data: object) -> pyarrow.Table | None:
    """A row per column of a frame, an array or a file; ``None`` for what is no table.

    Columns are column, type, count, nulls, distinct_about, min, max, mean, std, q25, q50 and
    q75. In floats of arrays NaN counts as null, as pandas has it. Raises `InvalidValue` for a
    file that cannot be read.
    """
    import duckdb
    import pyarrow as pa

    table: Any = _as_table(data)
    if table is None:
        return None
    connection = duckdb.connect()
    try:
        if isinstance(table, str):
            connection.execute(f"CREATE VIEW given AS SELECT * FROM {table}")
        else:
            connection.register("given", table)
        (rows,) = connection.execute("SELECT count(*) FROM given").fetchone() or (0,)
        source = "given"
        if rows > MAX_ROWS:
            connection.execute(
                f"CREATE TEMP TABLE part AS SELECT * FROM given "
                f"USING SAMPLE reservoir({SAMPLE_ROWS} ROWS) REPEATABLE (1)"
            )
            source = "part"
        # SUMMARIZE is no query that a relation could be made of.
        rows = connection.execute(_PROFILE.format(table=source)).fetchall()
        return pa.Table.from_pylist(
            [dict(zip(_FIELDS, row, strict=True)) for row in rows], _schema()
        )
    except (duckdb.IOException, duckdb.InvalidInputException) as error:
        # A file that is not there or not what its name says, an object that is no table.
        raise InvalidValue(f"The data cannot be profiled: {str(error).splitlines()[0]}") from error
    finally:
        connection.close()


_FIELDS = "column type count nulls distinct_about min max mean std q25 q50 q75".split()


def _schema() -> pyarrow.Schema:
    import pyarrow as pa

    types = dict.fromkeys(("count", "nulls", "distinct_about"), pa.int64())
    types |= dict.fromkeys(("mean", "std"), pa.float64())
    return pa.schema([(name, types.get(name, pa.string())) for name in _FIELDS])


def _as_table(data: Any) -> object:
    """What DuckDB can read: a frame, or a call of one of its readers as text."""
    import numpy as np
    import pyarrow as pa

    if isinstance(data, (str, os.PathLike)):
        file = Path(data)
        reader = _READERS.get(file.suffix.lower())
        return f"{reader}('{str(file).replace(chr(39), chr(39) * 2)}')" if reader else None
    module = type(data).__module__.partition(".")[0]
    if isinstance(data, np.ndarray):
        if data.ndim not in (1, 2) or data.dtype.kind not in "iufbUSM" or not data.size:
            return None
        columns = data.reshape(len(data), -1)[:, :MAX_COLUMNS].T
        return pa.table({str(n): pa.array(c, from_pandas=True) for n, c in enumerate(columns)})
    if module == "pandas":
        frame = data.to_frame() if hasattr(data, "to_frame") and data.ndim == 1 else data
        # Names of any type, and twice the same, are names to pandas alone.
        names = [f"{name}" for name in frame.columns[:MAX_COLUMNS]]
        found = frame.iloc[:, :MAX_COLUMNS].copy(deep=False)
        found.columns = _unique(names)
        return found
    if module == "polars":
        found = data.collect() if hasattr(data, "collect") else data
        return found.to_frame() if hasattr(found, "to_frame") else found
    return data if isinstance(data, (pa.Table, pa.RecordBatch)) else None


def _unique(names: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name.casefold()] = count = seen.get(name.casefold(), 0) + 1
        found.append(name if count == 1 else f"{name} ({count})")
    return found
