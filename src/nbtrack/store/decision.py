"""Changes that are decided on all that is known, and kept in the same hold of the lock.

Logging needs no order between processes, and has a journal each. Where two must not both
be right (a version's number, what is in Production), there is one at a time: it reads, it
decides, and its changes stand in the database before the next one reads.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from nbtrack.events import Event, RegistryChange, RegistryChanged
from nbtrack.store.database import run_query
from nbtrack.store.rows import Rows

if TYPE_CHECKING:
    import duckdb
    import pyarrow


class Asked(Protocol):
    """What answers a query: the store, or a `Decision` while others cannot change it."""

    def query(
        self, sql: str, parameters: Sequence[object] | Mapping[str, object] = ...
    ) -> pyarrow.Table:
        """The answer, materialised."""
        ...


class Decision:
    """The database, folded and ours alone, and the changes that are appended to it."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._changes: list[RegistryChanged] = []
        self._others: list[Event] = []

    def query(
        self, sql: str, parameters: Sequence[object] | Mapping[str, object] = ()
    ) -> pyarrow.Table:
        """The answer of one query. What was appended is not seen."""
        return run_query(self._connection, sql, parameters, {})

    @cached_property
    def _last(self) -> tuple[int, int]:
        """The number and the time of the last change, the time in microseconds of UTC."""
        found = self._connection.execute(
            "SELECT coalesce(max(number), 0), coalesce(epoch_us(max(ts)), 0) FROM base.registry"
        ).fetchall()
        return found[0][0], found[0][1]

    def append(
        self, change: RegistryChange, *, model: int | None, user: str, **fields: Any
    ) -> RegistryChanged:
        """Add a change. Numbers go on by one, and times increase with them whatever the clock says.

        ``model`` of ``None`` is a model that this change creates.
        """
        number, ts = self._last
        if self._changes:
            number, ts = self._changes[-1].number, self._changes[-1].ts
        made = RegistryChanged(
            max(time.time_ns() // 1000, ts + 1),
            number + 1,
            number + 1 if model is None else model,
            change,
            user,
            **fields,
        )
        self._changes.append(made)
        return made

    def say(self, *events: Event) -> None:
        """Add what is decided besides changes of the registry."""
        self._others += events

    def keep(self) -> None:
        """Commit what was appended."""
        if not self._changes and not self._others:
            return
        rows = Rows()
        rows.take([*self._changes, *self._others], "")
        self._connection.execute("BEGIN")
        try:
            rows.insert(self._connection)
            self._connection.execute("COMMIT")
        except BaseException:
            with suppress(Exception):
                self._connection.execute("ROLLBACK")
            raise
