"""The DuckDB file: attached for one operation at a time, never held open between two.

Each process keeps one in-memory instance of DuckDB, to which the store's file is
attached under the store's lock and an in-process mutex. Attaching costs about a
millisecond whatever the size; opening the file with ``connect`` costs ten to thirty.
"""

from __future__ import annotations

import atexit
import os
import re
import shutil
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
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
from nbtrack.store.place import share
from nbtrack.store.writers import process_name

if TYPE_CHECKING:
    import duckdb
    import pyarrow

FILE = "store.duckdb"

_PID = re.compile(r"PID (\d+)")
_EXISTING = f"(STORAGE_VERSION '{schema.STORAGE_VERSION}')"
_NEW = f"(STORAGE_VERSION '{schema.STORAGE_VERSION}', BLOCK_SIZE {schema.BLOCK_BYTES})"


class Instance:
    """This process's in-memory DuckDB, for whoever holds ``mutex``: one file at a time."""

    def __init__(self) -> None:
        self.mutex = threading.Lock()
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._is_over = False

    def connection(self) -> duckdb.DuckDBPyConnection:
        """The connection; call it with ``mutex`` held."""
        if self._is_over and threading.current_thread() is not threading.main_thread():
            raise StoreUnavailable("The process is ending; the next one reads what it logged.")
        if self._connection is None:
            import duckdb

            if not self._is_over:
                atexit.register(self.end)
            self._connection = duckdb.connect()
            # Progress bars of long queries would be printed over the user's output.
            self._connection.execute("SET enable_progress_bar = false")
        return self._connection

    @contextmanager
    def attached(self, file: Path | None, name: str, options: str = "") -> Iterator[None]:
        """A file, or ``None`` for memory, attached as ``name`` and in use; afterwards gone."""
        connection = self.connection()
        where = "':memory:'" if file is None else quoted(file)
        with _refusals_told(file):
            connection.execute(f"ATTACH {where} AS {name} {options}")
        try:
            connection.execute(f"USE {name}")
            with _failures_told(file):
                yield
        except BaseException:
            with suppress(Exception):
                self._detach(name)
            raise
        else:
            with _failures_told(file):
                self._detach(name)

    def _detach(self, name: str) -> None:
        connection = self.connection()
        try:
            connection.execute("USE memory")
            connection.execute(f"DETACH {name}")
        except Exception:
            # It must not stay attached: an instance that cannot let go is given up.
            self.discard()
            raise

    def discard(self) -> None:
        """Close the instance; the next operation begins another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def end(self) -> None:
        """At exit: let a background thread finish what it asked, and begin nothing anew.

        The interpreter would otherwise stop that thread inside DuckDB, and abort.
        """
        self._is_over = True
        if self.mutex.acquire(timeout=_PATIENCE_AT_EXIT_S):
            self.mutex.release()

    # A child that is forked inherits DuckDB without its threads, and crashes where it ends
    # it: so none is there while a fork takes place. Another costs some ten milliseconds.

    def before_fork(self) -> None:
        """Let no operation of another thread be under way, and close the instance."""
        self.mutex.acquire(timeout=_PATIENCE_BEFORE_FORK_S)
        self.discard()

    def after_fork_in_parent(self) -> None:
        """Let operations go on."""
        with suppress(RuntimeError):
            self.mutex.release()

    def after_fork_in_child(self) -> None:
        """Begin anew: the mutex may be held by a thread that is not there."""
        self.mutex = threading.Lock()


_PATIENCE_AT_EXIT_S = 30.0
_PATIENCE_BEFORE_FORK_S = 5.0
_instance = Instance()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_instance.before_fork,
        after_in_parent=_instance.after_fork_in_parent,
        after_in_child=_instance.after_fork_in_child,
    )


class Database:
    """The file ``store.duckdb`` of a store. Callers hold the store's lock."""

    def __init__(self, folder: Path, name: str = FILE) -> None:
        self.file = folder / name
        self._checked_inode: int | None = None

    def exists(self) -> bool:
        """Whether the file is there."""
        return self.file.exists()

    @contextmanager
    def attached(self, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        """The connection with the file attached as ``store``, and in use.

        Raises `StoreHeld` if another program has it open, `StoreTooNew`,
        `StoreUnavailable` or `StoreDamaged`.
        """
        options = "(READ_ONLY)" if read_only else _EXISTING
        with _instance.mutex, _instance.attached(self.file, "store", options):
            connection = _instance.connection()
            self._check_version(connection)
            yield connection

    @contextmanager
    def beside(self, file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
        """Within `attached`: a second ``file`` attached as ``copy``, and in use."""
        with _instance.attached(file, "copy", _NEW):
            yield _instance.connection()
        _instance.connection().execute("USE store")

    @contextmanager
    def with_journals(
        self, fold: Callable[[duckdb.DuckDBPyConnection], None], *, reads_file: bool
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        """The store as it would be if ``fold`` had been able to write to it.

        ``fold`` writes to an empty store in memory, that is gone afterwards. With
        ``reads_file`` the rows of the file are seen beside it.
        """
        if not reads_file:
            with _instance.mutex, _instance.attached(None, "tail"):
                connection = _instance.connection()
                write_schema(connection)
                fold(connection)
                yield connection
            return
        with self.attached(read_only=True), _instance.attached(None, "tail"):
            connection = _instance.connection()
            write_schema(connection)
            connection.execute("INSERT INTO base.fold_log FROM store.base.fold_log")
            fold(connection)
            with _instance.attached(None, "merged"):
                connection.execute("CREATE SCHEMA base")
                known = connection.execute(
                    "SELECT table_name FROM duckdb_tables() WHERE database_name = 'store'"
                ).fetchall()
                for table in schema.table_names():
                    # A file of an older version, that cannot be written, lacks some.
                    there = (
                        f"FROM store.base.{table} UNION ALL BY NAME " if (table,) in known else ""
                    )
                    connection.execute(f"CREATE VIEW base.{table} AS {there}FROM tail.base.{table}")
                connection.execute(
                    "CREATE OR REPLACE VIEW base.texts AS FROM store.base.texts UNION ALL "
                    "FROM tail.base.texts WHERE digest NOT IN (SELECT digest FROM store.base.texts)"
                )
                connection.execute(schema.VIEWS)
                yield connection

    def create(self) -> None:
        """Make the file, whole or not at all; call it with the exclusive lock held."""
        new = self.file.with_name(f"{FILE}.new")
        remove_database(new)
        with _instance.mutex, _instance.attached(new, "store", _NEW):
            write_schema(_instance.connection())
        share(new, like=self.file.parent)
        os.replace(new, self.file)

    def is_checked(self) -> bool:
        """Whether the file is one that this object has seen to be of this version."""
        return self._checked_inode is not None and self.file.stat().st_ino == self._checked_inode

    def upgrade(self) -> None:
        """Bring a file of an older version to this one; call it with the exclusive lock held.

        What was there is kept beside it, as ``before-schema-<version>.duckdb``.
        """
        with self.attached(read_only=True) as connection:
            found = self._version(connection)
        if found == schema.SCHEMA_VERSION:
            return
        with self.attached(read_only=False) as connection:
            connection.execute("FORCE CHECKPOINT store")
        shutil.copy2(
            self.file, self.file.with_name(f"before-schema-{schema.SCHEMA_VERSION}.duckdb")
        )
        with self.attached(read_only=False) as connection:
            connection.execute("BEGIN")
            for version in range(found + 1, schema.SCHEMA_VERSION + 1):
                connection.execute(schema.ADDED[version])
            connection.execute(schema.VIEWS)
            _write_version(connection)
            connection.execute("COMMIT")
        self._checked_inode = self.file.stat().st_ino

    def _check_version(self, connection: duckdb.DuckDBPyConnection) -> None:
        inode = self.file.stat().st_ino
        if inode == self._checked_inode:
            return
        version = self._version(connection)
        if version > schema.SCHEMA_VERSION:
            raise StoreTooNew(
                f"{self.file} has schema {version}, and this nbtrack knows up to "
                f"{schema.SCHEMA_VERSION}; upgrade nbtrack in this environment. "
                "Logging goes on in the journal, and is folded by the newer version."
            )
        if version == schema.SCHEMA_VERSION:
            self._checked_inode = inode

    def _version(self, connection: duckdb.DuckDBPyConnection) -> int:
        try:
            [(version,)] = connection.execute(
                "SELECT max(value::INTEGER) FROM base.meta WHERE key = 'schema_version'"
            ).fetchall()
        except Exception as error:
            raise StoreDamaged(
                f"{self.file} is no store of nbtrack, or its tables are damaged "
                f"({first_line(error)}); move it away, or bring a backup back with nbtrack restore."
            ) from error
        return int(version or 0)


def write_schema(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the tables, views and version of a store in the database in use."""
    connection.execute("BEGIN")
    connection.execute(schema.TABLES)
    connection.execute(schema.VIEWS)
    _write_version(connection)
    connection.execute("COMMIT")


def _write_version(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        "INSERT INTO base.meta VALUES ('schema_version', ?)", [str(schema.SCHEMA_VERSION)]
    )


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
def _refusals_told(file: Path | None) -> Iterator[None]:
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
        raise _cannot_use(file, error) from error


@contextmanager
def _failures_told(file: Path | None) -> Iterator[None]:
    """Turn what the disk refused while ``file`` was in use into our error."""
    import duckdb

    try:
        yield
    except (duckdb.IOException, duckdb.FatalException, duckdb.InternalException) as error:
        raise _cannot_use(file, error) from error


def _cannot_use(file: Path | None, error: Exception) -> StoreError:
    text = first_line(error)
    told = str(error).lower()
    if "permission denied" in told or "read-only" in told or "operation not permitted" in told:
        return StoreUnavailable(f"No permission to write to {file} ({text}).")
    if "no space" in told or "disk quota" in told:
        return StoreUnavailable(f"No space left on device for {file}; free some, and try again.")
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
