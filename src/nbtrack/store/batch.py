"""A journal that is written as a whole, aside, and given to the store in one rename.

What comes from elsewhere needs no write of its own per call: events and points are
buffered, and nothing of a batch is seen before all of it is on the disk. So whoever is
killed while he writes one leaves nothing but a folder that the next batch clears away.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

from nbtrack.errors import StoreHeld, StoreUnavailable
from nbtrack.events import JOURNAL_VERSION, Event, SeriesOpened, TextStored
from nbtrack.events import new_run_id as new_journal_id
from nbtrack.store.locks import StoreLock
from nbtrack.store.place import make_store_folder, share
from nbtrack.store.segments import SegmentHeader, event_line, points_header, wide_frames
from nbtrack.store.writers import CLOSED_FILE, WRITER_FILE, this_process

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

# Where batches are written, beside the journals and on the same file system.
FOLDER = "batches"
_PATIENCE_S = 5.0


class Batch:
    """Events and points that come into the store together, or not at all. For one thread."""

    def __init__(self, store_folder: Path) -> None:
        self.events = self.points = 0
        try:
            self._journals = make_store_folder(store_folder)
            self._folder = store_folder / FOLDER / new_journal_id()
            self._folder.mkdir(parents=True)
            share(self._folder, like=self._journals)
            (self._folder / WRITER_FILE).write_bytes(msgspec.json.encode(this_process()))
            self._points_file = self._open("0.points", points_header(0))
            self._events_file = self._open(
                "0.events", event_line(SegmentHeader(JOURNAL_VERSION, 0))
            )
        except OSError as error:
            raise _unavailable(store_folder, error) from error
        self._series = 0
        self._texts: set[str] = set()

    def _open(self, name: str, beginning: bytes) -> BinaryIO:
        file = (self._folder / name).open("wb", buffering=1 << 20)
        file.write(beginning)
        return file

    def append(self, *events: Event) -> None:
        """Add events, with the times that they have."""
        self._events_file.writelines(map(event_line, events))
        self.events += len(events)

    def append_points(
        self, run: str, key: str, steps: Array, times_us: Array, values: Array
    ) -> None:
        """Add a curve: arrays of one length, int64, int64 (µs of UTC) and float64."""
        self._series += 1
        self.append(SeriesOpened(0, self._series, run, key))
        self._points_file.writelines(wide_frames(self._series, steps, times_us, values))
        self.points += len(values)

    def store_text(self, text: str) -> str:
        """Keep a text, once in a batch; its digest, for a `TextsKept`."""
        digest = hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).hexdigest()
        if digest not in self._texts:
            self._texts.add(digest)
            self.append(TextStored(0, digest, text))
        return digest

    def mark(self) -> tuple[int, int, int, int]:
        """Where the batch ends now, for `cut_back`."""
        return self._events_file.tell(), self._points_file.tell(), self.events, self.points

    def cut_back(self, mark: tuple[int, int, int, int]) -> None:
        """Take away all that was added since `mark`."""
        for file, size in zip((self._events_file, self._points_file), mark, strict=False):
            file.seek(size)
            file.truncate()
        self.events, self.points = mark[2:]
        # One of them may be gone; what was stored before is stored once more.
        self._texts.clear()

    def publish(self) -> None:
        """Give all of it to the store; whoever reads next folds it. Raises `StoreUnavailable`."""
        if not self.events:
            self.discard()
            return
        try:
            for file in (self._points_file, self._events_file):
                file.flush()
                os.fsync(file.fileno())
                file.close()
                share(Path(file.name), like=self._journals)
            (self._folder / CLOSED_FILE).touch()
            self._folder.rename(self._journals / self._folder.name)
        except OSError as error:
            self.discard()
            raise _unavailable(self._journals.parent, error) from error

    def discard(self) -> None:
        """Leave nothing of it. After `publish` this does nothing."""
        for file in (self._points_file, self._events_file):
            # What it still holds may be what the disk refuses.
            with suppress(OSError):
                file.close()
        shutil.rmtree(self._folder, ignore_errors=True)


@contextmanager
def writing_batches(store_folder: Path) -> Iterator[None]:
    """Be the only one who writes batches to a store; what a killed one left is cleared away.

    Raises `StoreHeld` if another process does so just now.
    """
    with ExitStack() as stack:
        try:
            make_store_folder(store_folder)
            lock = StoreLock(store_folder, name="batches.", patience_s=_PATIENCE_S)
            stack.enter_context(lock.exclusive())
        except StoreHeld as error:
            raise StoreHeld(
                f"Another import into {store_folder} is going on; import again when it has ended: "
                "what is there by then is not taken twice."
            ) from error
        except OSError as error:
            raise _unavailable(store_folder, error) from error
        shutil.rmtree(store_folder / FOLDER, ignore_errors=True)
        stack.callback(shutil.rmtree, store_folder / FOLDER, ignore_errors=True)
        yield


def _unavailable(store_folder: Path, error: OSError) -> StoreUnavailable:
    return StoreUnavailable(
        f"{store_folder} cannot be written ({error.strerror or error}): free some space or mend "
        "the permission, and go on by the same call."
    )
