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
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.errors import NbtrackError, StoreHeld, StoreUnavailable
from nbtrack.store.journal import JournalWriter
from nbtrack.store.place import JOURNALS, make_store_folder

if TYPE_CHECKING:
    import duckdb
    import numpy as np
    import pyarrow

    from nbtrack.store.caretaker import Caretaker
    from nbtrack.store.compaction import CompactReport
    from nbtrack.store.database import Database
    from nbtrack.store.decision import Decision
    from nbtrack.store.fold import Folder, FoldReport
    from nbtrack.store.health import StoreHealth
    from nbtrack.store.locks import StoreLock
    from nbtrack.store.progress import Sizes


class Store:
    """A store in the folder ``path``. Making the object touches nothing.

    Any thread may call any method, and any number of processes may use one
    folder. A forked child gets a journal of its own.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._writer: JournalWriter | None = None
        self._begin()

    def _begin(self) -> None:
        self._pid = os.getpid()
        self._mutex = threading.Lock()
        self._caretaker: Caretaker | None = None
        # Of each thread: what it has open, while it has asked for `settled`.
        self._of_thread = threading.local()
        self._parts: tuple[Database, Folder, StoreLock] | None = None

    # Writing

    def writer(self) -> JournalWriter:
        """What this process logs to the store. Nothing is made on disk before the first event."""
        if self._caretaker is not None and self._pid == os.getpid():
            return self._writer  # type: ignore[return-value]
        self._begin_in_child()
        with self._mutex:
            if self._writer is None:
                self._writer = JournalWriter(self.path)
            if self._caretaker is None:
                from nbtrack.store.caretaker import Caretaker

                self._caretaker = Caretaker(self, self._writer)
                atexit.register(self.close)
            return self._writer

    def close(self) -> None:
        """End this process's journal. The store can be used again afterwards."""
        self._begin_in_child()
        with self._mutex:
            caretaker, self._caretaker = self._caretaker, None
        if caretaker is not None:
            caretaker.stop()
            atexit.unregister(self.close)
        if self._writer is not None:
            self._writer.close()
        if caretaker is not None:
            caretaker.tidy_up()

    def _begin_in_child(self) -> None:
        if self._pid != os.getpid():
            self._begin()

    # Folding

    def fold(self) -> FoldReport:
        """Take what the journals hold into the database, in short lock holds.

        Raises `StoreHeld` if another program has the database open, `StoreUnavailable`
        if it cannot be written, `StoreTooNew` or `StoreDamaged`; nothing is lost then.
        """
        from nbtrack.store.fold import FoldReport

        _, folder, _ = self._rooms()
        # What is logged from here on is not waited for, however fast that is.
        until = folder.sizes()
        report = FoldReport()
        while True:
            taken = self._fold_once(until)
            report.add(taken)
            if taken.is_complete or folder.has_taken(until):
                return report

    def _fold_once(self, until: Sizes) -> FoldReport:
        # Imported before the lock is taken, not while others wait for it.
        import duckdb  # noqa: F401
        import pyarrow  # noqa: F401

        from nbtrack.store.fold import FoldReport

        database, folder, lock = self._rooms()
        with self._refusals_told():
            if not database.exists():
                make_store_folder(self.path)
            with lock.exclusive():
                if not database.exists():
                    database.create()
                elif not database.is_checked():
                    database.upgrade()
                # Whoever held the lock before may have folded it all.
                if not folder.has_news(until):
                    return FoldReport()
                with database.attached(read_only=False) as connection:
                    report = folder.fold(connection)
                folder.note_progress()
                return report

    def fold_completely(self) -> None:
        """As `fold`, for those who must know everything that any process has logged.

        Raises `StoreUnavailable` if a journal cannot be read to its end.
        """
        self.fold()
        _, folder, _ = self._rooms()
        if folder.blocked:
            raise StoreUnavailable(
                f"A journal cannot be read to its end here: {next(iter(folder.blocked.values()))}"
            )

    def version(self) -> int:
        """A number that changes whenever there may be something new to read, in any process."""
        database, folder, _ = self._rooms()
        with suppress(OSError):
            return database.file.stat().st_mtime_ns + sum(map(sum, folder.sizes().values()))
        return 0

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

    def arrays(
        self, sql: str, parameters: Mapping[str, object]
    ) -> dict[str, np.ma.MaskedArray[Any, Any]]:
        """As `query`, as masked NumPy arrays by column: for small answers that must be quick.

        DuckDB plans such a statement once, and one that answers in Arrow twice.
        """
        import numpy as np

        with self._readable(fresh=True) as connection:
            found = connection.execute(sql, parameters).fetchnumpy()
        return {name: np.ma.asarray(column) for name, column in found.items()}

    @contextmanager
    def settled(self) -> Iterator[None]:
        """Several questions of this thread to one state of the store: folded once, opened once.

        What is logged meanwhile, in any process, is not seen. Others of this process
        wait to read, and those of all processes to fold: so only for what is quick.
        """
        if self._settled is not None:
            yield
            return
        _, folder, _ = self._rooms()
        # What hinders a fold is told by whoever reads.
        with suppress(StoreHeld, StoreUnavailable):
            if folder.has_news():
                self.fold()
        with ExitStack() as stack:
            self._of_thread.settled = (stack, [])
            # Before the database is let go: then questions are as always.
            stack.callback(setattr, self._of_thread, "settled", None)
            yield

    @property
    def is_settled(self) -> bool:
        """Whether this thread is within `settled`."""
        return self._settled is not None

    @property
    def _settled(self) -> tuple[ExitStack, list[duckdb.DuckDBPyConnection]] | None:
        return getattr(self._of_thread, "settled", None)

    @contextmanager
    def reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The database as it was folded last, read-only; for whoever wants to know what is wrong.

        Raises what stands in the way: `StoreHeld`, `StoreTooNew`, `StoreDamaged`.
        """
        database, _, lock = self._rooms()
        with lock.shared(), database.attached(read_only=True) as connection:
            yield connection

    @contextmanager
    def _readable(self, *, fresh: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection with the store's views in use, as fresh as can be had."""
        if self._settled is None:
            with self._opened(fresh=fresh) as connection:
                yield connection
            return
        stack, opened = self._settled
        if not opened:
            opened.append(stack.enter_context(self._opened(fresh=False)))
        yield opened[0]

    @contextmanager
    def _opened(self, *, fresh: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        from nbtrack.store.database import warn_once

        database, folder, lock = self._rooms()
        hindrance: StoreHeld | StoreUnavailable | None = None
        if fresh and folder.has_news():
            try:
                self.fold()
            except (StoreHeld, StoreUnavailable) as error:
                hindrance = error
        if hindrance is None and database.exists() and not database.is_checked():
            hindrance = self._upgrade()
        if not database.exists():
            fold = _fold_nothing if hindrance is None else self._fold_in_passing
            with database.with_journals(fold, reads_file=False) as connection:
                yield connection
            return
        is_yielded = False
        try:
            with lock.shared():
                if hindrance is None:
                    with database.attached(read_only=True) as connection:
                        is_yielded = True
                        yield connection
                else:
                    with database.with_journals(
                        self._fold_in_passing, reads_file=True
                    ) as connection:
                        is_yielded = True
                        yield connection
        except StoreHeld as error:
            if is_yielded:
                raise
            warn_once(f"{error} Until then, only what the journals still hold is shown.")
            with database.with_journals(self._fold_in_passing, reads_file=False) as connection:
                yield connection
        else:
            if isinstance(hindrance, StoreHeld):
                warn_once(str(hindrance))

    def _upgrade(self) -> StoreHeld | StoreUnavailable | None:
        """Bring the database to this version; what hinders that, where it cannot be written."""
        database, _, lock = self._rooms()
        try:
            with self._refusals_told(), lock.exclusive():
                database.upgrade()
        except (StoreHeld, StoreUnavailable) as error:
            return error
        return None

    def _fold_in_passing(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Fold into a database that is gone afterwards, and leave the journals as they are."""
        from nbtrack.store.fold import Folder

        folder = Folder(self.path / JOURNALS)
        until = folder.sizes()
        while not folder.fold(connection, keep_files=True).is_complete:
            if folder.has_taken(until):
                return

    # Deciding

    @contextmanager
    def deciding(self) -> Iterator[Decision]:
        """All that is known, while nobody else can change it; what is appended is kept at the end.

        All of it or nothing, and on the disk when this returns. Others wait meanwhile, so only
        for what is quick; and ask the `Decision`, since the store itself would wait for you.
        Raises `StoreHeld` or `StoreUnavailable` where the database cannot be written.
        """
        from nbtrack.store.decision import Decision

        # Most of what there is in short holds of the lock, and the rest in this one.
        self.fold()
        database, folder, lock = self._rooms()
        with self._refusals_told():
            if not database.exists():
                make_store_folder(self.path)
            with lock.exclusive():
                if not database.exists():
                    database.create()
                elif not database.is_checked():
                    database.upgrade()
                with database.attached(read_only=False) as connection:
                    until = folder.sizes()
                    while not (folder.fold(connection).is_complete or folder.has_taken(until)):
                        pass
                    decision = Decision(connection)
                    yield decision
                    decision.keep()
                folder.note_progress()

    # Care

    def compact(self) -> CompactReport:
        """Write the database anew, sorted and without fragments, while others go on reading."""
        from nbtrack.store.compaction import compact

        self.fold()
        database, _, lock = self._rooms()
        with self._refusals_told():
            return compact(database, lock)

    def purge(
        self,
        run_ids: Sequence[str],
        *,
        models: Sequence[str] = (),
        experiments: Sequence[int] = (),
    ) -> int:
        """Remove runs for good, from the database and the journals; how many were there.

        Also logged models, by id, and experiments, by number; their runs are to be named.

        Raises `StoreHeld` if one of them is still running in another process.
        """
        from nbtrack.store.purge import purge

        if self._writer is not None:
            self._writer.rotate()
        self.fold()
        database, folder, lock = self._rooms()
        with self._refusals_told():
            return purge(database, folder, lock, run_ids, models=models, experiments=experiments)

    def backup(self, to: Path) -> Path:
        """Write everything folded to the file ``to``, or into the folder ``to``; where it is."""
        from nbtrack.store.backup import backup

        self.fold()
        database, _, lock = self._rooms()
        return backup(database, lock, Path(to))

    def restore(self, source: Path) -> Path | None:
        """Put a backup in the place of the database; where the one that it replaces is kept."""
        from nbtrack.store.backup import restore

        database, folder, lock = self._rooms()
        with self._refusals_told():
            make_store_folder(self.path)
            kept = restore(database, lock, Path(source))
        folder.forget()
        return kept

    def health(self) -> StoreHealth:
        """How the store is: place, versions, journals, holders, disk; for ``nbtrack doctor``."""
        from nbtrack.store.health import examine

        return examine(self)

    def journal_folders(self) -> list[Path]:
        """The folders of the journals that have not been folded to their end, oldest first."""
        return self._rooms()[1].list_journals()

    def _rooms(self) -> tuple[Database, Folder, StoreLock]:
        self._begin_in_child()
        if self._parts is None:
            from nbtrack.store.database import Database
            from nbtrack.store.fold import Folder
            from nbtrack.store.locks import StoreLock

            self._parts = (
                Database(self.path),
                Folder(self.path / JOURNALS),
                StoreLock(self.path),
            )
        return self._parts

    @contextmanager
    def _refusals_told(self) -> Iterator[None]:
        """Name the store in what the operating system refuses."""
        try:
            yield
        except NbtrackError:
            raise
        except OSError as error:
            raise StoreUnavailable(
                f"Cannot write to {self.path} ({error.strerror or error})."
            ) from error


def _fold_nothing(_: object) -> None:
    """What there is to fold where nothing was logged yet."""
