"""The DuckDB file: attached for one operation at a time, never held open between two.

Each process keeps one in-memory instance of DuckDB, to which the store's file is
attached under the store's lock and an in-process mutex. Attaching costs about a
millisecond whatever the size; opening the file with ``connect`` costs ten to thirty.
"""

from __future__ import annotations

import os
import re
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.errors import (
    InvalidQuery,
    StoreDamaged,
    StoreError,
    StoreHeld,
    StoreTooNew,
    StoreUnavailable,
)
from nbtrack.store import schema
from nbtrack.store.writers import process_name

if TYPE_CHECKING:
    import duckdb
    import pyarrow

FILE = "store.duckdb"

_PID = re.compile(r"PID (\d+)")


class Instance:
    """This process's in-memory DuckDB; whoever holds ``mutex`` has one file attached."""

    def __init__(self) -> None:
        self._fresh()

    def _fresh(self) -> None:
        self.mutex = threading.Lock()
        self._connection: duckdb.DuckDBPyConnection | None = None

    def connection(self) -> duckdb.DuckDBPyConnection:
        """The connection; call it with ``mutex`` held."""
        if self._connection is None:
            import duckdb

            self._connection = duckdb.connect()
            # Progress bars of long queries would be printed over the user's output.
            self._connection.execute("SET enable_progress_bar = false")
        return self._connection


_instance = Instance()
# The threads of DuckDB do not survive a fork: a child begins with an instance of its own.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_instance._fresh)


class Database:
    """The file ``store.duckdb`` of a store. Callers hold the store's lock."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / FILE
        self._checked: tuple[int, int] | None = None

    def exists(self) -> bool:
        """Whether the file is there."""
        return self.file.exists()

    @contextmanager
    def attached(
        self, *, read_only: bool, file: Path | None = None
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        """The connection with the file attached as ``store``, and in use.

        Raises `StoreHeld` if another program has it open, `StoreTooNew`,
        `StoreUnavailable` or `StoreDamaged`.
        """
        file = file or self.file
        with _instance.mutex:
            connection = _instance.connection()
            options = "READ_ONLY" if read_only else f"STORAGE_VERSION '{schema.STORAGE_VERSION}'"
            with _translated(file):
                connection.execute(f"ATTACH {quoted(file)} AS store ({options})")
            try:
                connection.execute("USE store")
                self._check_version(connection, file)
                yield connection
            finally:
                connection.execute("USE memory")
                connection.execute("DETACH store")

    @contextmanager
    def in_memory(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """An empty store of the same schema that is gone afterwards."""
        with _instance.mutex:
            connection = _instance.connection()
            connection.execute("ATTACH ':memory:' AS store")
            try:
                connection.execute("USE store")
                connection.execute(schema.TABLES)
                connection.execute(schema.VIEWS)
                yield connection
            finally:
                connection.execute("USE memory")
                connection.execute("DETACH store")

    @contextmanager
    def overlaid(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The file, read-only, under an empty store in memory that shows its rows as its own.

        For a place where nothing can be written: what the journals hold is folded on top.
        """
        with self.attached(read_only=True) as connection:
            connection.execute("ATTACH ':memory:' AS overlay")
            try:
                connection.execute("USE overlay")
                connection.execute(schema.TABLES)
                tables = [
                    name
                    for (name,) in connection.execute(
                        "SELECT table_name FROM duckdb_tables() "
                        "WHERE database_name = 'overlay' AND schema_name = 'base'"
                    ).fetchall()
                ]
                for name in tables:
                    connection.execute(f"INSERT INTO base.{name} FROM store.base.{name}")
                connection.execute(schema.VIEWS)
                yield connection
            finally:
                connection.execute("USE store")
                connection.execute("DETACH overlay")

    def create(self) -> None:
        """Make the file, whole or not at all; call it with the exclusive lock held."""
        new = self.file.with_name(f"{FILE}.new")
        remove_database(new)
        with _instance.mutex:
            connection = _instance.connection()
            with _translated(new):
                connection.execute(
                    f"ATTACH {quoted(new)} AS store (STORAGE_VERSION '{schema.STORAGE_VERSION}')"
                )
            try:
                connection.execute("USE store")
                write_schema(connection)
            finally:
                connection.execute("USE memory")
                connection.execute("DETACH store")
        os.replace(new, self.file)

    def _check_version(self, connection: duckdb.DuckDBPyConnection, file: Path) -> None:
        status = file.stat()
        key = (status.st_ino, schema.SCHEMA_VERSION)
        if key == self._checked:
            return
        try:
            found = connection.execute(
                "SELECT value FROM base.meta WHERE key = 'schema_version'"
            ).fetchone()
        except Exception as error:
            raise StoreDamaged(
                f"{file} is no store of nbtrack, or its tables are damaged ({first_line(error)}); "
                "move it away, or bring a backup back with nbtrack restore."
            ) from error
        version = int(found[0]) if found else 0
        if version > schema.SCHEMA_VERSION:
            raise StoreTooNew(
                f"{file} has schema {version}, and this nbtrack knows up to "
                f"{schema.SCHEMA_VERSION}; upgrade nbtrack in this environment. "
                "Logging goes on in the journal, and is folded by the newer version."
            )
        self._checked = key


def write_schema(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the tables, views and version of a store in the database in use."""
    connection.execute("BEGIN")
    connection.execute(schema.TABLES)
    connection.execute(schema.VIEWS)
    connection.execute(
        "INSERT INTO base.meta VALUES ('schema_version', ?)", [str(schema.SCHEMA_VERSION)]
    )
    connection.execute("COMMIT")


def run_query(
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    parameters: Sequence[object] | Mapping[str, object],
    frames: Mapping[str, object],
) -> pyarrow.Table:
    """The materialised answer of one query, with ``frames`` in scope by name.

    Raises `InvalidQuery` with DuckDB's own explanation.
    """
    import duckdb

    registered: list[str] = []
    try:
        for name, frame in frames.items():
            connection.register(name, frame)
            registered.append(name)
        bound: Any = dict(parameters) if isinstance(parameters, Mapping) else list(parameters)
        # One statement, whatever the text says: a relation is always a query.
        relation = connection.sql(sql, params=bound) if bound else connection.sql(sql)
        if relation is None:
            import pyarrow

            return pyarrow.table({})
        return relation.to_arrow_table()
    except duckdb.Error as error:
        raise InvalidQuery(str(error)) from None
    finally:
        for name in registered:
            with suppress(duckdb.Error):
                connection.unregister(name)


def quoted(file: Path) -> str:
    """The path as a literal of SQL."""
    text = str(file)
    try:
        text.encode()
    except UnicodeEncodeError:
        text = _address_without_name(file)
    return "'" + text.replace("'", "''") + "'"


def _address_without_name(file: Path) -> str:
    """A path in UTF-8 to a folder whose name is not: Linux names an open folder by number."""
    numbered = _numbered_folders.get(file.parent)
    if numbered is None:
        numbered = os.open(file.parent, os.O_RDONLY)
        _numbered_folders[file.parent] = numbered
    return f"/proc/self/fd/{numbered}/{file.name}"


_numbered_folders: dict[Path, int] = {}


def remove_database(file: Path) -> None:
    """Remove a database file and its write-ahead log, if they are there."""
    for each in (file, file.with_name(file.name + ".wal")):
        each.unlink(missing_ok=True)


@contextmanager
def _translated(file: Path) -> Iterator[None]:
    """Turn DuckDB's reasons for not attaching ``file`` into ours."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        text = str(error)
        if "lock" in text.lower() and "PID" in text:
            found = _PID.search(text)
            pid = int(found.group(1)) if found else 0
            raise StoreHeld(
                f"{file} is open in another program: {process_name(pid)} (pid {pid}). "
                "Logging goes on, and nothing is lost; close it there to see everything here."
            ) from None
        if "already attached" in text or "file handle conflict" in text:
            raise StoreHeld(
                f"{file} is open in this process (pid {os.getpid()}), on a DuckDB connection of "
                "your own. Logging goes on, and nothing is lost; close that connection, or ask "
                "through nbtrack.sql()."
            ) from None
        raise _cannot_open(file, error) from error


def _cannot_open(file: Path, error: Exception) -> StoreError:
    text = first_line(error)
    if "permission denied" in text.lower() or "read-only" in text.lower():
        return StoreUnavailable(f"No permission to open {file} ({text}).")
    if "no space" in text.lower():
        return StoreUnavailable(f"No space left for {file}; free some and try again.")
    return StoreDamaged(
        f"{file} cannot be read ({text}); bring a backup back with nbtrack restore, or move "
        "the file away: what the journals still hold is folded into a new one."
    )


def first_line(error: BaseException) -> str:
    """The first line of an error's text."""
    return str(error).partition("\n")[0]


def warn_once(message: str, seen: set[str] = set()) -> None:  # noqa: B006 - the memory is the point
    """Warn, unless the same was said before in this process."""
    if message not in seen:
        seen.add(message)
        warnings.warn(message, RuntimeWarning, stacklevel=3)
