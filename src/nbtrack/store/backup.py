"""A store's database copied to a safe place, and brought back from there.

A backup is one DuckDB file with everything folded at that time; any DuckDB can
open it. Bringing it back keeps the database that it replaces beside it. What
the journals hold beyond the backup is folded on top: the backup remembers how
far each had been read.
"""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.errors import StoreUnavailable
from nbtrack.store.compaction import copy_to, replace_database
from nbtrack.store.database import FILE, Database, remove_database

if TYPE_CHECKING:
    import duckdb

    from nbtrack.store.locks import StoreLock


def backup(database: Database, lock: StoreLock, to: Path) -> Path:
    """Write a backup to the file ``to``, or into the folder ``to``; where it is.

    Raises `StoreUnavailable` if there is a file already, or it cannot be written.
    """
    target = to / time.strftime("nbtrack-%Y%m%d-%H%M%S.duckdb") if to.is_dir() else to
    if target.exists():
        raise StoreUnavailable(f"{target} exists already; choose another name for the backup.")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        copy_to(database, lock, target)
    except OSError as error:
        if isinstance(error, StoreUnavailable):
            raise
        raise StoreUnavailable(
            f"Cannot write the backup to {target} ({error.strerror or error})."
        ) from error
    return target


def restore(database: Database, lock: StoreLock, source: Path) -> Path | None:
    """Put a backup in the place of the database; where the replaced one is kept.

    ``source`` is a backup, or the folder of another store. Raises `StoreDamaged`
    or `StoreTooNew` before anything is changed.
    """
    chosen = source / FILE if source.is_dir() else source
    if not chosen.exists():
        raise StoreUnavailable(f"There is no backup {chosen}.")
    new = database.file.with_name(f"{FILE}.restored-{os.getpid()}")
    remove_database(new)
    try:
        shutil.copyfile(chosen, new)
        wal = chosen.with_name(chosen.name + ".wal")
        if wal.exists():
            shutil.copyfile(wal, new.with_name(new.name + ".wal"))
        with lock.exclusive():
            # Opened for writing, so that its log is applied: from here on it is one file.
            with Database(database.file.parent, new.name).attached(read_only=False) as connection:
                _close_runs_without_journal(connection, database.file.parent / "journals")
            kept = None
            if database.exists():
                kept = database.file.with_name(f"before-restore-{time.time_ns() // 10**6}.duckdb")
                with database.attached(read_only=False) as connection:
                    connection.execute("FORCE CHECKPOINT store")
                shutil.copy2(database.file, kept)
            replace_database(database, new)
    finally:
        remove_database(new)
    return kept


def _close_runs_without_journal(connection: duckdb.DuckDBPyConnection, journals: Path) -> None:
    """A run that was open when the backup was made, and whose journal is gone, is over."""
    present = [entry.name for entry in os.scandir(journals)] if journals.exists() else []
    connection.execute(
        """
        INSERT INTO base.run_changes (run_id, ts, status)
        WITH gone AS (
            SELECT a.run_id FROM main.all_runs a JOIN base.runs r USING (run_id)
            WHERE a.status = 'running' AND r.journal NOT IN (SELECT unnest(?::VARCHAR[]))
        )
        SELECT run_id, max(ts) + INTERVAL 1 MICROSECOND, 'killed' FROM (
            SELECT run_id, started AS ts FROM base.runs
            UNION ALL SELECT run_id, ts FROM base.run_changes
            UNION ALL SELECT run_id, last_ts FROM base.summary
        ) SEMI JOIN gone USING (run_id) GROUP BY run_id
        """,
        [present],
    )
