"""The points that journals have got since the last fold, read without the database.

For whoever follows runs while they are logged: a fold and a question take some fifty
milliseconds of the processor, this takes one. It holds only as long as nothing but points
of known series is added. With a run that begins or ends, a parameter, another journal, or
a change of the database by anybody it is over, and the database is to be asked again.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from nbtrack.errors import NbtrackError
from nbtrack.events import SeriesOpened
from nbtrack.store.database import FILE as DATABASE_FILE
from nbtrack.store.fold import Folder, segment_files
from nbtrack.store.place import JOURNALS
from nbtrack.store.progress import read_progress
from nbtrack.store.segments import RECORD_BYTES, read_events, read_points

if TYPE_CHECKING:
    import numpy as np

    from nbtrack.store.store import Store
    from nbtrack.store.thinned import Series

    Points = np.ndarray[Any, np.dtype[np.void]]

# So that journals do not grow without end where nobody else reads.
MAX_S = 10.0
MAX_POINTS = 200_000

_Segment = tuple[str, int]


class PointsTail:
    """What is logged to a store behind a place from which one goes on."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._folder = Folder(store.path / JOURNALS)
        self._database = store.path / DATABASE_FILE
        self._known: dict[_Segment, dict[int, Series]] = {}
        self._read_up_to: dict[_Segment, tuple[int, int]] = {}
        self._seen: tuple[int, int] | None = None
        self._until_s = 0.0

    def begin(self) -> None:
        """Go on from what this thread's questions were answered from; only within `settled`.

        Elsewhere each of them sees more than the last, and there is no such place.
        """
        self.end()
        if self._store.is_settled:
            self._read_up_to = read_progress(self._database)
            self._seen = self._state()
            self._until_s = time.monotonic() + MAX_S

    def end(self) -> None:
        """Forget the place: what was read is no more what anybody has."""
        self._known.clear()
        self._seen = None

    def read(self) -> dict[Series, Points] | None:
        """The points since the last time: step, ts (µs of UTC) and value, as they were logged.

        ``None`` where more than that has changed, or may have.
        """
        found = self._read() if self._seen is not None else None
        if found is None:
            self.end()
        return found

    def _read(self) -> dict[Series, Points] | None:
        import numpy as np

        if time.monotonic() > self._until_s or self._state() != self._seen:
            return None
        parts: dict[Series, list[Points]] = {}
        for segment, (events_size, points_size) in self._folder.sizes().items():
            events_end, points_end = self._read_up_to.get(segment, (-1, 0))
            if events_size != events_end:
                return None
            if points_size - points_end < RECORD_BYTES:
                continue
            events_file, points_file = segment_files(self._folder.journals / segment[0], segment[1])
            try:
                chunk = read_points(
                    points_file, points_end, size=points_size, max_records=MAX_POINTS
                )
                if segment not in self._known:
                    events = read_events(events_file, 0, max_bytes=events_end).events
                    self._known[segment] = {
                        each.series: (each.run, each.key)
                        for each in events
                        if isinstance(each, SeriesOpened)
                    }
            except (OSError, NbtrackError):
                return None
            if chunk.damage or points_size - chunk.end >= RECORD_BYTES:
                return None
            self._read_up_to[segment] = (events_end, chunk.end)
            for number in np.unique(chunk.records["series"]).tolist():
                if (series := self._known[segment].get(number)) is None:
                    return None
                own = chunk.records[chunk.records["series"] == number]
                parts.setdefault(series, []).append(own)
        return {series: np.concatenate(each) for series, each in parts.items()}

    def _state(self) -> tuple[int, int] | None:
        try:
            status = self._database.stat()
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns
