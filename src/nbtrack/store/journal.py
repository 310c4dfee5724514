"""One process's journal: every log call is one ``write``, and nothing else is waited for.

The journal is a folder ``journals/<id>`` with the writer's file and numbered
segments. No database is opened here and no lock between processes taken.

If the disk refuses a write, what was written is cut back to the last whole frame,
the frame waits in memory, and later calls try again: training goes on, and the
user is warned once. Only what exceeds `MAX_PENDING_BYTES` is lost, and counted.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from nbtrack.errors import StoreUnavailable
from nbtrack.events import (
    JOURNAL_VERSION,
    Event,
    RunEnded,
    RunResumed,
    RunStarted,
    SeriesOpened,
    TextStored,
)
from nbtrack.events import new_run_id as new_journal_id
from nbtrack.store.segments import SegmentHeader, event_line, frame_packer, points_header
from nbtrack.store.writers import CLOSED_FILE, WRITER_FILE, lock_writer_file

SEGMENT_BYTES = 64 << 20
MAX_PENDING_BYTES = 64 << 20
RETRY_S = 1.0

_FLAGS = (
    os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
)


class JournalWriter:
    """The journal of this process in one store. Any thread may call any method.

    Times are microseconds of UTC from the monotonic clock, anchored to the wall
    clock when the journal begins; no two calls get the same.
    """

    def __init__(self, journals: Path) -> None:
        self.id = new_journal_id()
        self.folder = journals / self.id
        self.lost_points = 0
        self.is_dirty = False
        self._pid = os.getpid()
        self._lock = threading.RLock()
        self._anchor_ns = time.time_ns() - time.monotonic_ns()
        self._last_us = 0
        self._segment = 0
        self._bytes = 0
        self._series: dict[str, dict[str, int]] = {}
        self._series_count = 0
        self._open_runs: dict[str, None] = {}
        self._texts: set[str] = set()
        self._pending: list[tuple[bool, bytes]] = []
        self._pending_bytes = 0
        self._retry_at = 0.0
        self._is_closed = False
        try:
            self.folder.mkdir()
            self._writer_file = lock_writer_file(self.folder / WRITER_FILE)
            self._open_segment()
        except OSError as error:
            raise StoreUnavailable(
                f"Cannot write to {journals} ({error.strerror or error}); check its permissions "
                "and free space, or choose another place: NBTRACK_STORE, nbtrack.set_store()."
            ) from error

    # Writing

    def now_us(self) -> int:
        """The time for the next event, later than every time given out before."""
        with self._lock:
            return self._tick()

    def append(self, *events: Event) -> None:
        """Write events in one call; they are the operating system's when it returns."""
        data = b"".join([event_line(event) for event in events])
        with self._lock:
            for event in events:
                self._follow(event)
            self._write(self._events, data, is_points=False)

    def open_series(self, run: str, key: str) -> int:
        """The number under which points of ``key`` in ``run`` are written; opened on first use."""
        with self._lock:
            of_run = self._series.setdefault(run, {})
            if key not in of_run:
                self._series_count += 1
                of_run[key] = self._series_count
                line = event_line(SeriesOpened(self._tick(), self._series_count, run, key))
                self._write(self._events, line, is_points=False)
            return of_run[key]

    def frame(self, series: Sequence[int]) -> Callable[[Sequence[float], int, int | None], None]:
        """A function of (values, step, ts_us or None) that logs one point of each of ``series``.

        This is the hot path: it does in one call what it can for series that are known before.
        """
        width = len(series)
        if not width:
            return _log_nothing
        pack = frame_packer(width)
        lock, monotonic_ns, anchor_ns, write = (
            self._lock,
            time.monotonic_ns,
            self._anchor_ns,
            os.write,
        )
        frame_bytes = 32 * width

        def append(values: Sequence[float], step: int, ts_us: int | None = None) -> None:
            with lock:
                if ts_us is None:
                    ts_us = (monotonic_ns() + anchor_ns) // 1000
                    if ts_us <= self._last_us:
                        ts_us = self._last_us + 1
                    self._last_us = ts_us
                data = pack(series, step, ts_us, values)
                if self._pending or self._bytes > SEGMENT_BYTES:
                    self._write(self._points, data, is_points=True)
                    return
                try:
                    written = write(self._points, data)
                except OSError as error:
                    self._defer(data, True, error)
                    return
                if written != frame_bytes:
                    self._cut_back(self._points, written)
                    self._defer(data, True, None)
                    return
                self._bytes += frame_bytes
                self.is_dirty = True

        return append

    def store_text(self, text: str) -> str:
        """Keep a text, once per process; its digest (BLAKE2b-128 of the UTF-8, in hex)."""
        data = text.encode(errors="surrogatepass")
        digest = hashlib.blake2b(data, digest_size=16).hexdigest()
        with self._lock:
            if digest not in self._texts:
                self._texts.add(digest)
                plain = text.encode(errors="backslashreplace").decode()
                self.append(TextStored(self._tick(), digest, plain))
        return digest

    # Segments

    def rotate(self) -> None:
        """Begin a new segment; the old one can then be folded to its end and deleted."""
        with self._lock:
            old = (self._events, self._points)
            self._segment += 1
            self._open_segment()
            self._texts.clear()
            for descriptor in old:
                os.close(descriptor)

    def _open_segment(self) -> None:
        stem = self.folder / str(self._segment)
        self._events = os.open(stem.with_suffix(".events"), _FLAGS, 0o666)
        self._points = os.open(stem.with_suffix(".points"), _FLAGS, 0o666)
        header = SegmentHeader(JOURNAL_VERSION, self._segment, tuple(self._open_runs))
        lines = [event_line(header)]
        lines += [
            event_line(SeriesOpened(self._tick(), number, run, key))
            for run, of_run in self._series.items()
            for key, number in of_run.items()
        ]
        self._bytes = 0
        self._write(self._events, b"".join(lines), is_points=False)
        self._write(self._points, points_header(self._segment), is_points=True)

    def _follow(self, event: Event) -> None:
        """Know which runs are open, and drop the series of those that are over."""
        if isinstance(event, (RunStarted, RunResumed)):
            self._open_runs[event.run] = None
        elif isinstance(event, RunEnded):
            self._open_runs.pop(event.run, None)
            self._series.pop(event.run, None)

    def _tick(self) -> int:
        now = (time.monotonic_ns() + self._anchor_ns) // 1000
        self._last_us = now if now > self._last_us else self._last_us + 1
        return self._last_us

    # Refused writes

    def _write(self, descriptor: int, data: bytes, *, is_points: bool) -> None:
        if self._pending and not self._flush_pending():
            self._keep(data, is_points)
            return
        if self._bytes > SEGMENT_BYTES:
            self.rotate()
            descriptor = self._points if is_points else self._events
        try:
            written = os.write(descriptor, data)
        except OSError as error:
            self._defer(data, is_points, error)
            return
        if written != len(data):
            self._cut_back(descriptor, written)
            self._defer(data, is_points, None)
            return
        self._bytes += written
        self.is_dirty = True

    def _cut_back(self, descriptor: int, written: int) -> None:
        with suppress(OSError):
            os.ftruncate(descriptor, os.fstat(descriptor).st_size - written)

    def _defer(self, data: bytes, is_points: bool, error: OSError | None) -> None:
        if not self._pending:
            reason = error.strerror if error is not None and error.strerror else "the disk is full"
            warnings.warn(
                f"nbtrack cannot write to {self.folder} ({reason}). Your code goes on, and what is "
                f"logged waits in memory (up to {MAX_PENDING_BYTES >> 20} MB) until it can be "
                "written: free some space, or end the run elsewhere.",
                RuntimeWarning,
                stacklevel=5,
            )
        self._retry_at = time.monotonic() + RETRY_S
        self._keep(data, is_points)

    def _keep(self, data: bytes, is_points: bool) -> None:
        if self._pending_bytes + len(data) > MAX_PENDING_BYTES:
            self.lost_points += len(data) // 32 if is_points else 1
            return
        self._pending.append((is_points, data))
        self._pending_bytes += len(data)

    def _flush_pending(self) -> bool:
        """Write what waits, oldest first; whether nothing waits any more."""
        if time.monotonic() < self._retry_at:
            return False
        waiting, self._pending, self._pending_bytes = self._pending, [], 0
        for number, (is_points, data) in enumerate(waiting):
            descriptor = self._points if is_points else self._events
            try:
                written = os.write(descriptor, data)
            except OSError:
                written = 0
            if written != len(data):
                self._cut_back(descriptor, written)
                self._pending = waiting[number:]
                self._pending_bytes = sum(len(data) for _, data in self._pending)
                self._retry_at = time.monotonic() + RETRY_S
                return False
            self._bytes += written
        return True

    # Care, from the background thread

    def sync(self) -> None:
        """Ask the disk to keep what was written, against power loss."""
        with self._lock:
            if self._is_closed or not self.is_dirty:
                return
            self.is_dirty = False
            copies = [os.dup(self._events), os.dup(self._points)]
        for descriptor in copies:
            with suppress(OSError):
                getattr(os, "fdatasync", os.fsync)(descriptor)
            os.close(descriptor)

    def flush(self) -> None:
        """Write what waits in memory, if it can be written by now."""
        with self._lock:
            if self._pending and not self._is_closed:
                self._flush_pending()

    def restore_deleted_files(self) -> bool:
        """Write the journal anew if its folder was deleted under the running process.

        The open files still hold everything since the segment began. Whether that was needed.
        """
        with self._lock:
            if self._is_closed or os.fstat(self._points).st_nlink > 0:
                return False
            old = (self._events, self._points)
            self.folder.mkdir(parents=True, exist_ok=True)
            os.close(self._writer_file)
            self._writer_file = lock_writer_file(self.folder / WRITER_FILE)
            stem = self.folder / str(self._segment)
            self._events, self._points = (
                _copy_open_file(descriptor, stem.with_suffix(suffix))
                for descriptor, suffix in zip(old, (".events", ".points"), strict=True)
            )
            for descriptor in old:
                os.close(descriptor)
            return True

    @property
    def finished_segments(self) -> int:
        """How many segments of this journal are complete."""
        return self._segment

    # The end

    def close(self) -> None:
        """End the journal: whoever folds it next may delete it."""
        with self._lock:
            if self._is_closed or self._pid != os.getpid():
                return
            self._retry_at = 0.0
            self.flush()
            self.sync()
            self._is_closed = True
            if self._pending:
                self.lost_points += len(self._pending)
            with suppress(OSError):
                (self.folder / CLOSED_FILE).touch()
            self._close_descriptors()
        if self.lost_points:
            warnings.warn(
                f"nbtrack could not write to {self.folder}: {self.lost_points} points are lost.",
                RuntimeWarning,
                stacklevel=2,
            )

    def abandon(self) -> None:
        """In a forked child: let go of the parent's files, without a word to anybody."""
        self._is_closed = True
        self._close_descriptors()

    def _close_descriptors(self) -> None:
        for descriptor in (self._events, self._points, self._writer_file):
            with suppress(OSError):
                os.close(descriptor)


def _log_nothing(*point: object) -> None:
    """The frame of no series."""


def _copy_open_file(descriptor: int, target: Path) -> int:
    copy = os.open(target, _FLAGS, 0o666)
    os.lseek(descriptor, 0, os.SEEK_SET)
    while block := os.read(descriptor, 1 << 20):
        os.write(copy, block)
    return copy
