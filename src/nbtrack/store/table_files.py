"""A table in a file, a page at a time: csv and Parquet as DuckDB reads them, and Arrow tables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValue

if TYPE_CHECKING:
    import pyarrow

# Of a csv file that is larger only the beginning is read: to count its rows is to read it all.
MAX_READ_BYTES = 256 << 20
MAX_GZIP_BYTES = 32 << 20
# How many rows a Parquet file has, it says at its end; to order them is to read a column.
MAX_ORDERED_BYTES = 1 << 30
MAX_COLUMNS = 200
# Of a value; a cell of a page is no place for a novel.
MAX_CHARS = 200

# By ending. What somebody kept is not guessed at: only its dialect and its types are.
_READERS = {
    ".csv": "read_csv({file}, compression='none')",
    ".tsv": "read_csv({file}, compression='none')",
    ".csv.gz": "read_csv({file}, compression='gzip')",
    ".tsv.gz": "read_csv({file}, compression='gzip')",
    ".parquet": "read_parquet({file})",
}


@dataclass(frozen=True, slots=True)
class TablePage:
    """Some rows of a table, its values as text; column ``c0`` of ``rows`` is the first.

    ``types`` are DuckDB's names. ``total`` is the number of all rows, ``None`` where only
    reading all of a large file could tell. Where not ``can_order``, rows come as they stand.
    """

    names: tuple[str, ...]
    types: tuple[str, ...]
    columns_left_out: int
    total: int | None
    can_order: bool
    rows: pyarrow.Table


def is_table_name(path: str) -> bool:
    """Whether a file of that name is one that `table_page` reads."""
    return _ending(path) is not None


def table_page(
    source: Path | pyarrow.Table,
    name: str = "",
    *,
    offset: int = 0,
    limit: int = 100,
    order_by: int | None = None,
    descending: bool = False,
) -> TablePage:
    """Rows ``offset`` to ``offset + limit`` of a table.

    Parameters
    ----------
    source
        A file, which is only read, or a table in memory.
    name
        What the file is called; its ending tells its format.
    order_by
        The place of the column to order by; nothing comes last. In the order of the file
        without it.

    Raises `InvalidValue` for a file that is not what its name says.
    """
    import duckdb

    connection = duckdb.connect(":memory:", config={"autoinstall_known_extensions": "false"})
    try:
        return _page(connection, source, name, offset, limit, order_by, descending)
    except duckdb.Error as error:
        reason = str(error).splitlines()[0].replace(str(source), name)[:300]
        raise InvalidValue(f"{name} cannot be read as a table: {reason}") from error
    finally:
        connection.close()


def _page(
    connection: Any,
    source: Path | pyarrow.Table,
    name: str,
    offset: int,
    limit: int,
    order_by: int | None,
    descending: bool,
) -> TablePage:
    if isinstance(source, Path):
        ending = _ending(name)
        if ending is None:
            raise InvalidValue(f"{name} is neither csv nor Parquet.")
        # DuckDB takes these for a pattern of names.
        file = "".join(f"[{c}]" if c in "*?[" else c for c in str(source))
        table = _READERS[ending].format(file=f"'{file.replace(chr(39), chr(39) * 2)}'")
        size_bytes = source.stat().st_size
        read = MAX_GZIP_BYTES if ending.endswith(".gz") else MAX_READ_BYTES
        is_counted = ending == ".parquet" or size_bytes <= read
        can_order = size_bytes <= (MAX_ORDERED_BYTES if ending == ".parquet" else read)
    else:
        connection.register("given", source)
        table, is_counted, can_order = "given", True, True
    told = connection.execute(f"DESCRIBE SELECT * FROM {table}").fetchall()
    names, types = tuple(row[0] for row in told), tuple(row[1] for row in told)
    shown = len(names[:MAX_COLUMNS])
    total = None
    if is_counted:
        [(total,)] = connection.execute(f"SELECT count(*) FROM {table}").fetchall()
    # Names may be any, and DuckDB takes them without regard to case: so by place.
    aliases = ", ".join(f"c{place}" for place in range(len(names)))
    values = ", ".join(_as_text(place) for place in range(shown))
    ordered = ""
    if order_by is not None and can_order and 0 <= order_by < shown:
        ordered = f"ORDER BY c{order_by} {'DESC' if descending else 'ASC'} NULLS LAST"
    # What is ordered by is the value, not its text: so the text is made of what is left.
    rows = connection.sql(
        f"SELECT {values} FROM (SELECT * FROM {table} AS given({aliases}) {ordered} "
        f"LIMIT {max(0, limit)} OFFSET {max(0, offset)})"
    ).to_arrow_table()
    return TablePage(names[:shown], types[:shown], len(names) - shown, total, can_order, rows)


def _as_text(place: int) -> str:
    text = f"CAST(c{place} AS VARCHAR)"
    cut = f"left({text}, {MAX_CHARS}) || '…'"
    return f"CASE WHEN length({text}) > {MAX_CHARS} THEN {cut} ELSE {text} END AS c{place}"


def _ending(path: str) -> str | None:
    lowered = path.lower()
    return next((ending for ending in _READERS if lowered.endswith(ending)), None)
