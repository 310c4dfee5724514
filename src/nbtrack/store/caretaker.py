"""The background thread of a writing process: what must not be done on the calling thread.

About once a second it asks the disk to keep what was written, tries again what
the disk refused, notices a folder that was deleted under the running process,
and folds: this process's finished segments, and journals that piled up because
nobody reads. It is a daemon: it never keeps the process alive.
"""

from __future__ import annotations

import threading
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from nbtrack.errors import NbtrackError

if TYPE_CHECKING:
    from nbtrack.store.journal import JournalWriter
    from nbtrack.store.store import Store

PERIOD_S = 1.0
# As many journals as this without a reader, and the next writer folds them.
MANY_JOURNALS = 64
# A fold of little each second leaves small row groups behind.
FOLDS_TO_COMPACT = 500


class Caretaker:
    """Looks after one journal and its store, until stopped."""

    def __init__(self, store: Store, writer: JournalWriter) -> None:
        self._store = store
        self._writer = writer
        self._stopped = threading.Event()
        self._segments_folded = 0
        self.failures = 0
        self._thread = threading.Thread(target=self._run, name="nbtrack-caretaker", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; what it is doing is finished first, or left to the next reader."""
        self._stopped.set()
        if self._thread is not threading.current_thread():
            self._thread.join(timeout=5.0)

    def _run(self) -> None:
        while not self._stopped.wait(PERIOD_S):
            try:
                self._look_after()
            except Exception as error:  # noqa: BLE001 - the border of the background thread
                # Said once, counted on: the journal is whole, and the next reader folds it.
                if not self.failures:
                    warnings.warn(f"nbtrack: {error}", RuntimeWarning, stacklevel=1)
                self.failures += 1

    def _look_after(self) -> None:
        writer = self._writer
        writer.flush()
        if writer.restore_deleted_files():
            warnings.warn(
                f"The folder {self._store.path} was deleted while this process logs to it; "
                "the journal of this process was written anew, what was folded before is gone.",
                RuntimeWarning,
                stacklevel=1,
            )
        writer.sync()
        if writer.finished_segments > self._segments_folded or self._journals() > MANY_JOURNALS:
            segments = writer.finished_segments
            try:
                self._store.fold()
            except (NbtrackError, OSError):
                return  # Held or not writable: the reader who needs it will say so.
            self._segments_folded = segments

    def _journals(self) -> int:
        journals = Path(self._store.path, "journals")
        try:
            return sum(1 for _ in journals.iterdir())
        except OSError:
            return 0
