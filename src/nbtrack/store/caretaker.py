"""The background thread of a writing process: what must not be done on the calling thread.

About once a second it asks the disk to keep what was written, tries again what
the disk refused, notices a folder that was deleted under the running process,
and folds: this process's finished segments, and journals that piled up because
nobody reads. It is a daemon: it never keeps the process alive.
"""

from __future__ import annotations

import os
import threading
import time
import warnings
from contextlib import suppress
from typing import TYPE_CHECKING

from nbtrack.errors import NbtrackError
from nbtrack.store.place import JOURNALS

if TYPE_CHECKING:
    from nbtrack.store.journal import JournalWriter
    from nbtrack.store.store import Store

PERIOD_S = 1.0
SYNC_PERIOD_S = 5.0
STOP_PATIENCE_S = 5.0
# As many journals as this without a reader, and a writer folds them.
MANY_JOURNALS = 64
# A fold of little each second leaves small row groups behind.
MANY_FOLDS = 500
LOOK_AT_FOLDS_PERIOD_S = 60.0


class Caretaker:
    """Looks after one journal and its store, until stopped."""

    def __init__(self, store: Store, writer: JournalWriter) -> None:
        self._store = store
        self._writer = writer
        self._stopped = False
        self._segments_folded = 0
        self._synced_at = 0.0
        self._folds_looked_at = time.monotonic()
        self.failures = 0
        self._thread = threading.Thread(target=self._run, name="nbtrack-caretaker", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; what it is doing is finished first, or left to the next reader."""
        self._stopped = True
        self._writer.wants_sync.set()
        if self._thread is not threading.current_thread():
            self._thread.join(timeout=STOP_PATIENCE_S)

    def tidy_up(self) -> None:
        """At the end of the process: fold, if so many others ended before without a reader."""
        if self._count_journals() >= MANY_JOURNALS:
            with suppress(NbtrackError, OSError):
                self._store.fold()

    def _run(self) -> None:
        while not self._stopped:
            # The end of a run wakes it: from then on it should survive a power cut.
            is_run_over = self._writer.wants_sync.wait(PERIOD_S)
            if self._stopped:
                return
            try:
                self._look_after(is_run_over)
            except Exception as error:  # noqa: BLE001 - the border of the background thread
                # Said once, counted on: the journal is whole, and the next reader folds it.
                if not self.failures:
                    self._say(f"nbtrack: {error}")
                self.failures += 1

    def _look_after(self, is_run_over: bool) -> None:
        writer = self._writer
        writer.flush()
        writer.follow_wall_clock()
        if writer.outlive_deletion():
            self._say(
                f"The folder {self._store.path} was deleted while this process logs to it; "
                "the journal of this process was written anew, what was folded before is gone."
            )
        now = time.monotonic()
        if is_run_over or now - self._synced_at > SYNC_PERIOD_S:
            self._synced_at = now
            writer.sync()
        segments = writer.finished_segments
        if segments > self._segments_folded or self._count_journals() >= MANY_JOURNALS:
            try:
                self._store.fold()
            except (NbtrackError, OSError):
                return  # Held or not writable: the reader who needs it will say so.
            self._segments_folded = segments
        if now - self._folds_looked_at > LOOK_AT_FOLDS_PERIOD_S:
            self._folds_looked_at = now
            self._compact_if_worth_it()

    def _compact_if_worth_it(self) -> None:
        with suppress(NbtrackError, OSError):
            with self._store.reading() as connection:
                [(folds,)] = connection.execute("SELECT count(*) FROM base.fold_log").fetchall()
            if folds > MANY_FOLDS:
                self._store.compact()

    def _count_journals(self) -> int:
        try:
            return len(os.listdir(self._store.path / JOURNALS))
        except OSError:
            return 0

    def _say(self, message: str) -> None:
        # With warnings as errors this raises, and no one is there to catch it.
        with suppress(Warning):
            warnings.warn(message, RuntimeWarning, stacklevel=3)
