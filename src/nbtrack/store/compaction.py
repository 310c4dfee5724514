"""The database written anew: sorted by run, rolled up, without the fragments of many folds.

The tables are only ever appended to, so that a copy can be made piece by piece
under the shared lock, while others read and fold in between: what is copied
never changes. Only what was added meanwhile is copied under the last lock, and
then the copy takes the file's place by renaming. A purge is such a copy without
some runs, made in one hold of the exclusive lock.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.errors import StoreUnavailable
from nbtrack.store.database import Database, remove_database, write_schema
from nbtrack.store.schema import LAST_VALUE

if TYPE_CHECKING:
    import duckdb

    from nbtrack.store.locks import StoreLock

# Points that are sorted and written in one hold of the lock: about a third of a second.
POINTS_AT_ONCE = 500_000
ROWS_AT_ONCE = 500_000

# Append-only, in an order that a reader of the rows may rely on.
_PLAIN_TABLES = (
    "runs",
    "run_changes",
    "params",
    "tags",
    "facts",
    "run_texts",
    "texts",
    "damage",
    "cells",
    "inputs",
    "artifacts",
    "boards",
    "registry",
    "experiments",
    "experiment_tags",
    "logged_models",
    "logged_model_changes",
    "logged_model_params",
    "logged_model_tags",
    "logged_model_metrics",
    "logged_model_uses",
)

_ROLL_UP = f"""
    SELECT run_id, key, sum(count)::BIGINT, sum(not_finite)::BIGINT, min(first_ts), max(last_ts),
           max(last_step), {LAST_VALUE},
           min(min_value), arg_min(min_step, min_value),
           max(max_value), arg_max(max_step, max_value),
           arg_max(coalesce(last_point_ts, last_ts), (last_step, coalesce(last_point_ts, last_ts)))
    FROM store.base.summary WHERE {{condition}} GROUP BY run_id, key ORDER BY run_id, key
"""


@dataclass(frozen=True, slots=True)
class CompactReport:
    """What a compaction gained."""

    bytes_before: int
    bytes_after: int
    points: int


@dataclass(slots=True)
class _Piece:
    """One statement's worth of the copy: rows of a table that satisfy a condition."""

    table: str
    condition: str
    order: str = ""


@dataclass(slots=True)
class _Plan:
    """What is copied piece by piece; what comes behind ``rows`` of each table is added last."""

    inode: int
    rows: dict[str, int] = field(default_factory=dict)
    pieces: list[_Piece] = field(default_factory=list)


class Replaced(StoreUnavailable):
    """Another process compacted, purged or restored the database meanwhile."""


def compact(database: Database, lock: StoreLock) -> CompactReport:
    """Write the database anew, and put the copy in its place.

    Raises `StoreUnavailable` if another process replaced the file meanwhile, or
    the disk has no room for a copy; the database is then as it was.
    """
    with _copy(database, lock) as (target, plan):
        with lock.exclusive():
            before = _size(database.file)
            _copy_last(database, target, plan)
            replace_database(database, target)
        return CompactReport(before, _size(database.file), plan.rows["points"])


def copy_to(database: Database, lock: StoreLock, target: Path) -> None:
    """Write a whole, compact copy of the database to ``target``, while others go on."""
    with _copy(database, lock) as (copy, plan):
        with lock.shared():
            _copy_last(database, copy, plan)
        shutil.move(copy, target)


def rewrite_without(
    database: Database,
    run_ids: Sequence[str],
    *,
    models: Sequence[str] = (),
    experiments: Sequence[int] = (),
) -> None:
    """Replace the database by a copy without these runs, or texts and cells that only they have.

    And without logged models, those of the runs too, and experiments by number. Call it with
    the exclusive lock held.
    """
    target = _copy_file(database)
    remove_database(target)
    kept = f"run_id NOT IN {_uuids(run_ids)}" if run_ids else "true"
    kept_models = f"model_id NOT IN ({gone_models(run_ids, models)})"
    numbers = ", ".join(str(int(number)) for number in experiments) or "NULL"
    kept_experiments = f"(number IN ({numbers})) IS NOT TRUE"
    conditions = {
        "texts": f"digest NOT IN ({gone_digests(run_ids)})" if run_ids else "true",
        "cells": f"(session, number) NOT IN ({gone_cells(run_ids)})" if run_ids else "true",
        "damage": "true",
        "boards": "true",
        "registry": "true",
        "artifacts": f"{kept} AND {kept_models.replace('model_id', 'run_id', 1)}",
        "experiments": kept_experiments,
        "experiment_tags": kept_experiments,
        "logged_models": kept_models,
        "logged_model_changes": kept_models,
        "logged_model_params": kept_models,
        "logged_model_tags": kept_models,
        "logged_model_metrics": f"{kept} AND {kept_models}",
        "logged_model_uses": f"{kept} AND {kept_models}",
    }
    try:
        with _two_files(database, target) as connection:
            write_schema(connection)
            for table in _PLAIN_TABLES:
                condition = conditions.get(table, kept)
                _insert(connection, _Piece(table, condition, "ORDER BY rowid"))
            _insert(connection, _Piece("points", kept, "ORDER BY run_id, key, step, ts"))
            _insert(connection, _Piece("summary", kept))
            _copy_fold_log(connection, database)
        replace_database(database, target)
    finally:
        remove_database(target)


def gone_models(run_ids: Sequence[str], models: Sequence[str] = ()) -> str:
    """A query for the logged models that are of these runs, or named themselves."""
    return (
        f"SELECT model_id FROM store.base.logged_models "
        f"WHERE run_id IN {_uuids(run_ids)} OR model_id IN {_uuids(models)}"
    )


def gone_cells(run_ids: Sequence[str]) -> str:
    """A query for session and number of the cells that no other run can be replayed without.

    They are those that were these runs, and all of a session that has no other run.
    """
    gone = _uuids(run_ids)
    return f"""
        SELECT session, number FROM store.base.cells
        WHERE session NOT IN (
            SELECT value::UUID FROM store.base.facts
            WHERE key = 'session.id' AND run_id NOT IN {gone}
        ) OR (session, number) IN (
            SELECT max(value) FILTER (key = 'session.id')::UUID,
                   max(value) FILTER (key = 'session.number')::INTEGER
            FROM store.base.facts WHERE run_id IN {gone} AND key LIKE 'session.%' GROUP BY run_id
            HAVING count(DISTINCT key) = 2
        )
    """


def gone_digests(run_ids: Sequence[str]) -> str:
    """A query for the texts that only these runs and their cells have."""
    gone, cells = _uuids(run_ids), gone_cells(run_ids)
    return f"""
        (SELECT digest FROM store.base.run_texts WHERE run_id IN {gone}
         UNION SELECT digest FROM store.base.cells WHERE (session, number) IN ({cells}))
        EXCEPT
        (SELECT digest FROM store.base.run_texts WHERE run_id NOT IN {gone}
         UNION SELECT digest FROM store.base.cells WHERE (session, number) NOT IN ({cells}))
    """


def replace_database(database: Database, new: Path) -> None:
    """Put ``new`` in the place of the database; call it with the exclusive lock held."""
    if database.exists():
        # A log of the old file must not be replayed over the new one: opening applies it.
        with database.attached(read_only=False) as connection:
            connection.execute("FORCE CHECKPOINT store")
        wal = database.file.with_name(database.file.name + ".wal")
        if wal.exists():
            raise StoreUnavailable(f"{wal} could not be applied; the database was left as it is.")
        shutil.copymode(database.file, new)
    os.replace(new, database.file)


@contextmanager
def _copy(database: Database, lock: StoreLock) -> Iterator[tuple[Path, _Plan]]:
    """A copy of what the database held at the beginning, made in short holds of the shared lock."""
    target = _copy_file(database)
    remove_database(target)
    try:
        with lock.shared():
            plan = _plan(database)
            with _two_files(database, target) as connection:
                write_schema(connection)
        for piece in plan.pieces:
            with lock.shared():
                _expect_same_file(database, plan)
                with _two_files(database, target) as connection:
                    _insert(connection, piece)
        yield target, plan
    finally:
        remove_database(target)


def _copy_file(database: Database) -> Path:
    # One per process: two that compact at once must not write into one file.
    return database.file.with_name(f"{database.file.name}.copy-{os.getpid()}")


def _plan(database: Database) -> _Plan:
    plan = _Plan(database.file.stat().st_ino)
    with database.attached(read_only=True) as connection:
        for table in (*_PLAIN_TABLES, "points", "summary"):
            [(count,)] = connection.execute(f"SELECT count(*) FROM base.{table}").fetchall()
            plan.rows[table] = count
        runs = connection.execute(
            "SELECT run_id::VARCHAR, sum(count)::BIGINT FROM base.summary GROUP BY 1 ORDER BY 1"
        ).fetchall()
    for table in _PLAIN_TABLES:
        for start in range(0, plan.rows[table], ROWS_AT_ONCE):
            end = min(start + ROWS_AT_ONCE, plan.rows[table])
            plan.pieces.append(
                _Piece(table, f"rowid >= {start} AND rowid < {end}", "ORDER BY rowid")
            )
    plan.pieces += _pieces_of_points(runs, plan.rows["points"])
    plan.pieces.append(_Piece("summary", f"rowid < {plan.rows['summary']}"))
    return plan


def _pieces_of_points(runs: list[tuple[str, int]], rows: int) -> list[_Piece]:
    """The points up to row ``rows``, in stretches of runs that are sorted at once.

    A run that is larger than that is taken in stretches of its rows: each fold has
    sorted its own already.
    """
    pieces: list[_Piece] = []
    first, last, count = "", "", 0
    for run_id, points in [*runs, ("", 0)]:
        if count and (count + points > POINTS_AT_ONCE or not run_id):
            stretch = f"run_id >= '{first}' AND run_id <= '{last}'"
            # A stretch that is too large is one run, so that any split of it keeps runs apart.
            parts = -(-count // POINTS_AT_ONCE)
            for part in range(parts):
                low, high = rows * part // parts, rows * (part + 1) // parts
                condition = f"{stretch} AND rowid >= {low} AND rowid < {high}"
                pieces.append(_Piece("points", condition, "ORDER BY run_id, key, step, ts"))
            count = 0
        if not count:
            first = run_id
        last, count = run_id, count + points
    return pieces


def _copy_last(database: Database, target: Path, plan: _Plan) -> None:
    """Add what was folded since the plan was made."""
    _expect_same_file(database, plan)
    with _two_files(database, target) as connection:
        for table, rows in plan.rows.items():
            _insert(connection, _Piece(table, f"rowid >= {rows}", "ORDER BY rowid"))
        _copy_fold_log(connection, database)


def _copy_fold_log(connection: duckdb.DuckDBPyConnection, database: Database) -> None:
    """The highest offset of each segment, of journals that are still there."""
    journals = database.file.parent / "journals"
    present = [entry.name for entry in os.scandir(journals)] if journals.exists() else []
    connection.execute(
        """
        INSERT INTO copy.base.fold_log
        SELECT journal, segment, max(events_offset), max(points_offset), max(folded), bool_or(ended)
        FROM store.base.fold_log WHERE journal IN (SELECT unnest(?::VARCHAR[])) GROUP BY ALL
        """,
        [present],
    )


def _insert(connection: duckdb.DuckDBPyConnection, piece: _Piece) -> None:
    if piece.table == "summary" and not piece.order:
        connection.execute(
            f"INSERT INTO copy.base.summary {_ROLL_UP.format(condition=piece.condition)}"
        )
        return
    connection.execute(
        f"INSERT INTO copy.base.{piece.table} "
        f"SELECT * FROM store.base.{piece.table} WHERE {piece.condition} {piece.order}"
    )


@contextmanager
def _two_files(database: Database, target: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The database as ``store``, read-only, and ``target`` as ``copy``, which is in use."""
    with database.attached(read_only=True), database.beside(target) as connection:
        yield connection


def _expect_same_file(database: Database, plan: _Plan) -> None:
    if database.file.stat().st_ino != plan.inode:
        raise Replaced(
            f"{database.file} was replaced by another process meanwhile; nothing was changed. "
            "Try again."
        )


def _uuids(run_ids: Sequence[str]) -> str:
    ids = (f"'{int(run_id.replace('-', ''), 16):032x}'::UUID" for run_id in run_ids)
    return f"({', '.join(ids) or 'NULL'})"


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0
