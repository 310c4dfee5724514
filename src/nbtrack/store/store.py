"""The store: one folder with a database, the journals that feed it, and its locks.

::

    .nbtrack/
        store.duckdb        what was folded
        journals/<id>/      one folder per writing process, until it is folded
        store.lock          shared for readers, exclusive for folds
        gate.lock           in front of it, so that readers cannot starve a fold
        .gitignore          the folder ignores itself

Nobody holds the database between operations. Nothing inside names an absolute
path: the folder can be moved, copied and zipped.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.errors import StoreHeld, StoreUnavailable
from nbtrack.store.journal import JournalWriter

if TYPE_CHECKING:
    import duckdb
    import pyarrow

    from nbtrack.store.caretaker import Caretaker
    from nbtrack.store.compaction import CompactReport
    from nbtrack.store.database import Database
    from nbtrack.store.fold import Folder, FoldReport
    from nbtrack.store.health import StoreHealth
    from nbtrack.store.locks import StoreLock


class Store:
    """A store in the folder ``path``. Making the object touches nothing.

    Any thread may call any method, and any number of processes may use one
    folder. A forked child gets a journal of its own.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._begin()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._mutex = threading.Lock()
        self._writer: JournalWriter | None = None
        self._caretaker: Caretaker | None = None
        self._parts: tuple[Database, Folder, StoreLock] | None = None
        self._version = 0

    # Writing

    def writer(self) -> JournalWriter:
        """The journal of this process. Raises `StoreUnavailable` if none can be written."""
        if self._pid != os.getpid():
            inherited = self._writer
            self._begin()
            if inherited is not None:
                inherited.abandon()
        writer = self._writer
        if writer is not None:
            return writer
        with self._mutex:
            if self._writer is None:
                self._make_folder()
                self._writer = JournalWriter(self.path / "journals")
                from nbtrack.store.caretaker import Caretaker

                self._caretaker = Caretaker(self, self._writer)
                atexit.register(self.close)
            return self._writer

    def _make_folder(self) -> None:
        try:
            (self.path / "journals").mkdir(parents=True, exist_ok=True)
            ignore = self.path / ".gitignore"
            if not ignore.exists():
                ignore.write_text("*\n")
        except OSError as error:
            raise StoreUnavailable(
                f"Cannot make a store in {self.path} ({error.strerror or error}); choose another "
                "place with NBTRACK_STORE or nbtrack.set_store()."
            ) from error

    # Folding

    def fold(self) -> FoldReport:
        """Take what the journals hold into the database, in short lock holds.

        Raises `StoreHeld` if another program has the database open, `StoreUnavailable`
        if it cannot be written, `StoreTooNew` or `StoreDamaged`; nothing is lost then.
        """
        from nbtrack.store.fold import FoldReport

        database, folder, lock = self._rooms()
        report = FoldReport()
        while True:
            with self._writing(), lock.exclusive():
                if not folder.list_journals() and database.exists():
                    return report
                if not database.exists():
                    database.create()
                with database.attached(read_only=False) as connection:
                    taken = folder.fold(connection)
            report.add(taken)
            if taken.points or taken.events or taken.journals_ended:
                self._version += 1
            if taken.is_complete:
                return report

    def version(self) -> int:
        """A number that changes whenever there may be something new to read, in any process."""
        database, folder, _ = self._rooms()
        with suppress(OSError):
            return database.file.stat().st_mtime_ns + sum(
                file.stat().st_size
                for journal in folder.list_journals()
                for file in journal.iterdir()
            )
        return self._version

    # Reading

    def query(
        self,
        sql: str,
        parameters: Sequence[object] | Mapping[str, object] = (),
        *,
        frames: Mapping[str, object] | None = None,
        fresh: bool = True,
    ) -> pyarrow.Table:
        """The answer of one read-only query over the store's views, materialised.

        ``frames`` are DataFrames or Arrow tables that the query may name. With
        ``fresh`` everything logged so far, in any process, is seen. Raises
        `InvalidQuery`; where the database is held by another program, it warns,
        and answers from what the journals still hold.
        """
        from nbtrack.store.database import run_query

        with self._readable(fresh=fresh) as connection:
            return run_query(connection, sql, parameters, frames or {})

    @contextmanager
    def _readable(self, *, fresh: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection with the store's views in use, as fresh as can be had."""
        from nbtrack.store.database import warn_once

        database, folder, lock = self._rooms()
        needs_overlay = False
        if fresh and folder.has_news():
            try:
                self.fold()
            except StoreHeld as error:
                warn_once(f"{error} Until then, only what the journals still hold is shown.")
                with self._journals_only() as connection:
                    yield connection
                return
            except StoreUnavailable:
                needs_overlay = True
        if not database.exists():
            with self._journals_only() as connection:
                yield connection
        elif needs_overlay:
            with lock.shared(), database.overlaid() as connection:
                folder.fold(connection, keep_files=True)
                yield connection
        else:
            try:
                with lock.shared(), database.attached(read_only=True) as connection:
                    yield connection
            except StoreHeld as error:
                warn_once(f"{error} Until then, only what the journals still hold is shown.")
                with self._journals_only() as connection:
                    yield connection

    @contextmanager
    def _journals_only(self) -> Iterator[duckdb.DuckDBPyConnection]:
        from nbtrack.store.fold import Folder

        database, _, _ = self._rooms()
        with database.in_memory() as connection:
            Folder(self.path / "journals").fold(connection, keep_files=True)
            yield connection

    # Care

    def compact(self) -> CompactReport:
        """Write the database anew, sorted and without fragments, while others go on reading."""
        from nbtrack.store.compaction import compact

        self.fold()
        database, _, lock = self._rooms()
        return compact(database, lock)

    def purge(self, run_ids: Sequence[str]) -> int:
        """Remove runs for good, from the database and the journals; how many were there.

        Raises `StoreHeld` if the journal of another running process still holds one.
        """
        from nbtrack.store.compaction import purge

        if self._writer is not None:
            self._writer.rotate()
        self.fold()
        database, folder, lock = self._rooms()
        return purge(database, folder, lock, run_ids)

    def backup(self, to: Path) -> None:
        """Write a zip of everything folded and everything still in the journals to ``to``."""
        from nbtrack.store.backup import backup

        self.fold()
        database, _, lock = self._rooms()
        backup(database, lock, Path(to))

    def restore(self, source: Path) -> None:
        """Put the database of a backup in the place of this one, which is kept beside it."""
        from nbtrack.store.backup import restore

        self._make_folder()
        database, _, lock = self._rooms()
        restore(database, lock, Path(source))

    def health(self) -> StoreHealth:
        """How the store is: place, versions, journals, holders, disk; for ``nbtrack doctor``."""
        from nbtrack.store.health import examine

        return examine(self)

    def close(self) -> None:
        """End this process's journal. The store can be used again afterwards."""
        if self._pid != os.getpid():
            return
        with self._mutex:
            if self._caretaker is not None:
                self._caretaker.stop()
                self._caretaker = None
            if self._writer is not None:
                self._writer.close()
                self._writer = None

    def _rooms(self) -> tuple[Database, Folder, StoreLock]:
        if self._pid != os.getpid():
            self.writer()
        if self._parts is None:
            from nbtrack.store.database import Database
            from nbtrack.store.fold import Folder
            from nbtrack.store.locks import StoreLock

            self._parts = (
                Database(self.path),
                Folder(self.path / "journals"),
                StoreLock(self.path),
            )
        return self._parts

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Name the store in what the operating system refuses."""
        try:
            yield
        except StoreUnavailable:
            raise
        except StoreHeld:
            raise
        except OSError as error:
            raise StoreUnavailable(
                f"Cannot write to {self.path} ({error.strerror or error})."
            ) from error
