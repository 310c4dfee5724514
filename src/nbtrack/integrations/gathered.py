"""Rows that are logged step by step and kept as one table a key: texts and histograms.

A file of a run is whole, so that a row more means to keep the table anew. Rows are gathered,
and kept when some time has gone by, when their writer asks for it, and at the end.
"""

from __future__ import annotations

import datetime
import math
import os
import threading
import time
import warnings
from typing import TYPE_CHECKING, Any

from nbtrack.integrations.importing.paths import path_of
from nbtrack.tracking.files.tables import added, read_table, table_bytes
from nbtrack.tracking.run import Run

if TYPE_CHECKING:
    import pyarrow

_ENDINGS = {"text": "json", "histograms": "parquet"}


class GatheredTables:
    """The tables of a run: a folder for each kind, a row a step. Any thread may add.

    ``every_s`` is how old a row grows before it is kept, if others follow. With
    ``is_resumed`` the run may have tables already, and rows are added to them.
    """

    def __init__(self, run: Run, *, every_s: float, is_resumed: bool = False) -> None:
        self._run = run
        self._every_s = every_s
        self._is_resumed = is_resumed
        self._owner = os.getpid()
        self._lock = threading.RLock()
        self._rows: dict[str, list[dict[str, Any]]] = {}
        self._tables: dict[str, pyarrow.Table] = {}
        # The first row is kept at once: what that needs cannot be loaded when a process is ending.
        self._kept_s = -math.inf

    def add(
        self, kind: str, key: str, step: int, row: dict[str, Any], time_s: float | None = None
    ) -> None:
        """One more row of a key, of the ``kind`` ``text`` or ``histograms``."""
        at = datetime.datetime.fromtimestamp(
            time.time() if time_s is None else time_s, datetime.UTC
        )
        path = f"{kind}/{path_of(key)}.{_ENDINGS[kind]}"
        with self._lock:
            self._rows.setdefault(path, []).append({"step": step, "time": at.isoformat(), **row})
            if time.monotonic() - self._kept_s >= self._every_s:
                self.keep()

    def keep(self) -> None:
        """Keep the tables that have grown."""
        # What a forked child inherited is its parent's to keep.
        if self._owner != os.getpid():
            return
        import pyarrow

        with self._lock:
            there = self._run.artifacts if self._is_resumed and self._rows else {}
            for path in list(self._rows):
                table = pyarrow.Table.from_pylist(self._rows[path])
                before = self._tables.get(path)
                if before is None and path in there:
                    before = read_table(self._run.artifact(path), path)
                table = table if before is None else added(before, table)
                self._run.keep_artifact(path, table_bytes(table, path))
                # Not before it is kept: what fails now is tried again.
                self._tables[path] = table
                del self._rows[path]
            self._kept_s = time.monotonic()


def buckets(edges: Any, counts: Any) -> dict[str, list[float]]:
    """A histogram as the columns of a row."""
    return {
        "left": [float(edge) for edge in edges[:-1]],
        "right": [float(edge) for edge in edges[1:]],
        "count": [float(count) for count in counts],
    }


def warn_once(message: str, seen: set[str] = set()) -> None:  # noqa: B006 - the memory is the point
    """Say once in a process what is not done, and go on."""
    if message not in seen:
        seen.add(message)
        warnings.warn(message, UserWarning, stacklevel=3)
