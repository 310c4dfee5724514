"""One process's journal: every log call is one ``write``, and nothing else is waited for.

The journal is a folder ``journals/<id>`` with the writer's file and numbered
segments. No database is opened here and no lock between processes taken.

A writer outlives its journals: the first event begins one, and so does what is
logged after a fork, after `JournalWriter.close`, or after somebody deleted the
folder. Numbers of series stay as they are, and each segment says anew what they
mean, so that a caller may keep the function that `JournalWriter.frame` gave it.

If the disk refuses a write, what was written is cut back to the last whole frame,
the frame waits in memory, and later calls try again: training goes on, and the
user is warned once. Only what exceeds `MAX_PENDING_BYTES` is lost, and counted.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
import time
import warnings
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

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
from nbtrack.store.place import JOURNALS, make_store_folder, share
from nbtrack.store.segments import SegmentHeader, event_line, frame_packer, points_header
from nbtrack.store.writers import CLOSED_FILE, WRITER_FILE, lock_writer_file

SEGMENT_BYTES = 64 << 20
MAX_PENDING_BYTES = 64 << 20
RETRY_S = 1.0

# Its time tells writers that a text they stored once may have been purged.
PURGED_FILE = "purged"

_FLAGS = (
    os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
)
_NOT_OPEN = -1


class JournalWriter:
    """What this process logs to one store. Any thread may call any method.

    Nothing is made on disk before the first event. Times are microseconds of UTC
    from the monotonic clock, anchored to the wall clock; no two calls get the same.
    """

    def __init__(self, store_folder: Path) -> None:
        self.store_folder = store_folder
        self.folder = store_folder / JOURNALS
        self.lost_calls = 0
        self.is_dirty = False
        self.wants_sync = threading.Event()
        self._anchor_ns = time.time_ns() - time.monotonic_ns()
        self._last_us = 0
        self._series: dict[str, dict[str, int]] = {}
        self._series_count = 0
        self._open_runs: dict[str, None] = {}
        self._forget_files()
        _writers.add(self)

    def _forget_files(self) -> None:
        """Begin without a journal: at first, and in a child that must not touch its parent's."""
        self._lock = threading.RLock()
        self._events_fd = self._points_fd = self._writer_fd = _NOT_OPEN
        self._segment = 0
        self._must_resume = False
        # Bytes that may be written before the slow path is to be taken again.
        self._room = 0
        self._texts: set[str] = set()
        self._purged_at = 0
        self._pending: deque[tuple[bool, bytes]] = deque()
        self._pending_bytes = 0
        self._retry_at = 0.0

    # Writing

    def now_us(self) -> int:
        """The time for the next event, later than every time given out before."""
        with self._lock:
            now = (time.monotonic_ns() + self._anchor_ns) // 1000
            self._last_us = now if now > self._last_us else self._last_us + 1
            return self._last_us

    def append(self, *events: Event) -> None:
        """Write events in one call; they are the operating system's when it returns."""
        data = b"".join([event_line(event) for event in events])
        with self._lock:
            for event in events:
                if isinstance(event, (RunStarted, RunResumed)) and event.attended:
                    self._open_runs[event.run] = None
            trouble = self._write(data, is_points=False)
            for event in events:
                if isinstance(event, RunEnded):
                    self._open_runs.pop(event.run, None)
                    self._series.pop(event.run, None)
                    self.wants_sync.set()
        _warn(trouble)

    def open_series(self, run: str, key: str) -> int:
        """The number under which points of ``key`` in ``run`` are written; opened on first use."""
        with self._lock:
            of_run = self._series.setdefault(run, {})
            known = of_run.get(key)
            if known is not None:
                return known
            number = self._series_count = self._series_count + 1
            line = event_line(SeriesOpened(self.now_us(), number, run, key))
            trouble = self._write(line, is_points=False)
            # Afterwards: a segment that this write began would have opened it once more.
            of_run[key] = number
        _warn(trouble)
        return number

    def frame(self, series: Sequence[int]) -> Callable[[Sequence[float], int, int | None], None]:
        """A function of (values, step, ts_us or None) that logs one point of each of ``series``.

        One call is one frame: a reader sees all of its points, or none. This is
        the hot path: it does in one call what it can for series known before.
        """
        width = len(series)
        if not width:
            return _log_nothing
        pack = frame_packer(width)
        monotonic_ns, write = time.monotonic_ns, os.write
        frame_bytes = 32 * width

        def append(values: Sequence[float], step: int, ts_us: int | None = None) -> None:
            with self._lock:
                if ts_us is None:
                    ts_us = (monotonic_ns() + self._anchor_ns) // 1000
                    if ts_us <= self._last_us:
                        ts_us = self._last_us + 1
                    self._last_us = ts_us
                data = pack(series, step, ts_us, values)
                if self._room >= frame_bytes:
                    try:
                        written = write(self._points_fd, data)
                    except OSError as error:
                        trouble = self._refused(data, error, is_points=True)
                    else:
                        if written == frame_bytes:
                            self._room -= frame_bytes
                            self.is_dirty = True
                            return
                        trouble = self._written_in_part(data, written, is_points=True)
                else:
                    trouble = self._write(data, is_points=True)
            _warn(trouble)

        return append

    def store_text(self, text: str) -> str:
        """Keep a text, once per segment; its digest (BLAKE2b-128 of the UTF-8, in hex)."""
        digest = hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).hexdigest()
        with self._lock:
            purged_at = _modified(self.store_folder / PURGED_FILE)
            if purged_at != self._purged_at:
                self._purged_at = purged_at
                self._texts.clear()
            if digest not in self._texts:
                self.append(TextStored(self.now_us(), digest, text))
                # Afterwards: a segment that this write began knows no texts yet.
                self._texts.add(digest)
        return digest

    # Segments

    @property
    def finished_segments(self) -> int:
        """How many segments of this journal are complete."""
        return self._segment

    def rotate(self) -> None:
        """Begin a new segment; the old one can then be folded to its end and deleted."""
        with self._lock:
            if self._points_fd != _NOT_OPEN:
                with suppress(OSError):
                    self._begin_segment(self._segment + 1)

    def _begin_journal(self) -> None:
        """Make a journal and its first segment. Raises ``OSError``, and leaves nothing then."""
        journals = make_store_folder(self.store_folder)
        folder = journals / new_journal_id()
        folder.mkdir()
        try:
            share(folder, like=journals)
            self._writer_fd = lock_writer_file(folder / WRITER_FILE)
            share(folder / WRITER_FILE, like=folder)
            self.folder = folder
            self._begin_segment(0)
            if self._must_resume:
                # A reader may have closed them as killed with the journal before this one.
                resumed = [event_line(RunResumed(self.now_us(), run)) for run in self._open_runs]
                _write_whole(self._events_fd, b"".join(resumed))
                self._must_resume = False
        except OSError:
            self._let_go()
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def _begin_segment(self, number: int) -> None:
        """Go on in new files. Raises ``OSError``, and goes on in the old ones then."""
        header = SegmentHeader(JOURNAL_VERSION, number, tuple(self._open_runs))
        lines = [event_line(header)]
        lines += [
            event_line(SeriesOpened(self.now_us(), series, run, key))
            for run, of_run in self._series.items()
            for key, series in of_run.items()
        ]
        events_file, points_file = (
            self.folder / f"{number}.events",
            self.folder / f"{number}.points",
        )
        opened: list[int] = []
        try:
            # The points first: a reader lists segments by their events.
            for file, beginning in (
                (points_file, points_header(number)),
                (events_file, b"".join(lines)),
            ):
                opened.append(os.open(file, _FLAGS | os.O_EXCL, 0o666))
                share(file, like=self.folder)
                _write_whole(opened[-1], beginning)
        except OSError:
            _close_all(opened)
            for file in (events_file, points_file):
                with suppress(OSError):
                    file.unlink()
            raise
        old = [self._points_fd, self._events_fd]
        self._points_fd, self._events_fd = opened
        self._segment = number
        self._room = SEGMENT_BYTES
        self._texts.clear()
        _close_all(old)

    # Writes that the disk refuses. What these return is said to the user, without the lock.

    def _write(self, data: bytes, *, is_points: bool) -> str | None:
        if self._room < len(data) and (trouble := self._make_room(len(data))) is not None:
            self._keep(data, is_points)
            return trouble
        try:
            written = os.write(self._points_fd if is_points else self._events_fd, data)
        except OSError as error:
            return self._refused(data, error, is_points=is_points)
        if written != len(data):
            return self._written_in_part(data, written, is_points=is_points)
        self._room -= written
        self.is_dirty = True
        return None

    def _make_room(self, wanted_bytes: int) -> str | None:
        """Have files that take what waits, and then some; else the reason why there are none."""
        if time.monotonic() < self._retry_at:
            return ""
        try:
            if self._points_fd == _NOT_OPEN:
                self._begin_journal()
            elif not self._pending:
                self._begin_segment_or_journal()
            while self._pending:
                is_points, data = self._pending[0]
                _write_whole(self._points_fd if is_points else self._events_fd, data)
                self._pending.popleft()
                self._pending_bytes -= len(data)
        except OSError as error:
            return self._wait(error)
        self._room = max(SEGMENT_BYTES, wanted_bytes)
        self._retry_at = 0.0
        return None

    def _begin_segment_or_journal(self) -> None:
        try:
            self._begin_segment(self._segment + 1)
        except FileNotFoundError:
            # The folder was moved away or deleted: go on where the store is expected to be.
            self._let_go()
            self._must_resume = True
            self._begin_journal()

    def _written_in_part(self, data: bytes, written: int, *, is_points: bool) -> str | None:
        descriptor = self._points_fd if is_points else self._events_fd
        _cut_back(descriptor, written)
        return self._refused(data, None, is_points=is_points)

    def _refused(self, data: bytes, error: OSError | None, *, is_points: bool) -> str | None:
        trouble = self._wait(error)
        self._keep(data, is_points)
        return trouble

    def _wait(self, error: OSError | None) -> str:
        is_first = self._retry_at == 0.0
        self._retry_at = time.monotonic() + RETRY_S
        self._room = 0
        if not is_first:
            return ""
        reason = (error.strerror or str(error)) if error is not None else "No space left on device"
        return (
            f"nbtrack cannot write to {self.store_folder} ({reason}). Your code goes on, and what "
            f"it logs waits in memory (up to {MAX_PENDING_BYTES >> 20} MB) until it can be "
            "written. Free some space or mend the permission, or choose another place with "
            "NBTRACK_STORE or nbtrack.set_store() before the next run."
        )

    def _keep(self, data: bytes, is_points: bool) -> None:
        # Events are few, and points mean nothing without them: room is kept for these.
        limit = MAX_PENDING_BYTES if is_points else 2 * MAX_PENDING_BYTES
        if self._pending_bytes + len(data) > limit:
            self.lost_calls += 1
            return
        self._pending.append((is_points, data))
        self._pending_bytes += len(data)

    # Care, from the background thread

    def flush(self) -> None:
        """Write what waits in memory, if it can be written by now."""
        with self._lock:
            trouble = self._make_room(0) if self._pending else None
        _warn(trouble)

    def sync(self) -> None:
        """Ask the disk to keep what was written, against power loss."""
        self.wants_sync.clear()
        with self._lock:
            if not self.is_dirty or self._points_fd == _NOT_OPEN:
                return
            self.is_dirty = False
            copies = [os.dup(self._events_fd), os.dup(self._points_fd)]
        for descriptor in copies:
            with suppress(OSError):
                getattr(os, "fdatasync", os.fsync)(descriptor)
        _close_all(copies)

    def follow_wall_clock(self) -> None:
        """Move on with the wall clock where the monotonic one stood still: the machine slept."""
        anchor_ns = time.time_ns() - time.monotonic_ns()
        with self._lock:
            if anchor_ns - self._anchor_ns > 1_000_000_000:
                self._anchor_ns = anchor_ns

    def outlive_deletion(self) -> bool:
        """Write the journal anew if it was deleted under the running process; whether it was.

        The open files still hold everything since the segment began. Nothing is
        brought back if no run is open: then the user wanted to begin afresh.
        """
        with self._lock:
            if self._points_fd == _NOT_OPEN or os.fstat(self._points_fd).st_nlink > 0:
                return False
            old = (self._points_fd, self._events_fd)
            copies = [os.dup(descriptor) for descriptor in old] if self._open_runs else []
            self._let_go()
            try:
                if copies:
                    self._begin_journal()
                    # The old first event lines are a header, which the new file has already.
                    for copy, descriptor in zip(
                        copies, (self._points_fd, self._events_fd), strict=True
                    ):
                        _copy_behind_header(
                            copy, descriptor, is_points=descriptor == self._points_fd
                        )
            except OSError as error:
                _warn(self._wait(error))
            finally:
                _close_all(copies)
            return bool(copies)

    # The end

    def close(self) -> None:
        """End the journal; whoever folds it deletes it. What is logged later begins another."""
        with self._lock:
            self.outlive_deletion()
            self._retry_at = 0.0
            self.flush()
            self.sync()
            lost, self.lost_calls = self.lost_calls + len(self._pending), 0
            self._pending.clear()
            self._pending_bytes = 0
            if self._points_fd != _NOT_OPEN:
                with suppress(OSError):
                    (self.folder / CLOSED_FILE).touch()
            self._let_go()
            self._must_resume = bool(self._open_runs)
        if lost:
            _warn(
                f"nbtrack could not write {lost} log calls to {self.store_folder}: they are lost. "
                "Free some space, mend the permission or choose another place."
            )

    def _let_go(self) -> None:
        descriptors = [self._events_fd, self._points_fd, self._writer_fd]
        self._events_fd = self._points_fd = self._writer_fd = _NOT_OPEN
        self._segment = 0
        self._room = 0
        self._texts.clear()
        _close_all(descriptors)

    def _begin_in_child(self) -> None:
        # The runs that are open are the parent's to end; their series are this child's, too.
        self._let_go()
        self._forget_files()
        self._open_runs = {}
        self.lost_calls = 0


def _log_nothing(*_: object) -> None:
    """What logs no series at all."""


def _warn(trouble: str | None) -> None:
    if trouble:
        warnings.warn(trouble, RuntimeWarning, stacklevel=4)


def _write_whole(descriptor: int, data: bytes) -> None:
    """Write all of ``data`` or, with ``OSError``, nothing."""
    written = os.write(descriptor, data)
    if written != len(data):
        _cut_back(descriptor, written)
        raise OSError(28, "No space left on device")


def _cut_back(descriptor: int, written: int) -> None:
    with suppress(OSError):
        os.ftruncate(descriptor, os.fstat(descriptor).st_size - written)


def _close_all(descriptors: Sequence[int]) -> None:
    for descriptor in descriptors:
        if descriptor != _NOT_OPEN:
            with suppress(OSError):
                os.close(descriptor)


def _copy_behind_header(source: int, target: int, *, is_points: bool) -> None:
    size = os.fstat(source).st_size
    os.lseek(source, 0, os.SEEK_SET)
    data = b""
    while len(data) < size and (block := os.read(source, size - len(data))):
        data += block
    start = 32 if is_points else data.find(b"\n") + 1
    _write_whole(target, data[start:])


def _modified(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0


_writers: weakref.WeakSet[JournalWriter] = weakref.WeakSet()


def _begin_in_children() -> None:
    for writer in list(_writers):
        writer._begin_in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_in_children)
