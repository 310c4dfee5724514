"""The fold: what the journals hold goes into the database, exactly once.

A fold reads each journal from the offset that the database remembers, whole
records only, and commits rows and new offsets in one transaction; what fails is
rolled back and read again. Any process may fold any journal. The exclusive lock
is held for at most `MAX_BYTES` at a time.

A journal is *final* when its writer has closed it or is proven dead, and it has
been read to its end. Then the runs that it left open are closed as killed, at
the time of their last event, and its folder is deleted.
"""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.events import RunEnded, RunResumed, RunStarted, SeriesOpened
from nbtrack.store.database import FILE as DATABASE_FILE
from nbtrack.store.database import warn_once
from nbtrack.store.points import insert_points
from nbtrack.store.progress import Sizes, is_covered, read_progress, write_progress
from nbtrack.store.rows import Rows
from nbtrack.store.segments import (
    RECORD_BYTES,
    Damage,
    EventsChunk,
    PointsChunk,
    read_events,
    read_points,
)
from nbtrack.store.writers import life_of

if TYPE_CHECKING:
    import duckdb

# What one lock hold takes at most: some 200,000 points, and folders to delete.
MAX_BYTES = 6 << 20
MAX_JOURNALS = 200
# A hold that took longer halves what the next one takes: nobody waits a second, on any machine.
LONG_HOLD_S = 0.35
MIN_BYTES = 256 << 10
# A frame is never cut, however little is left to take.
MIN_RECORDS = 8_192


@dataclass(slots=True)
class FoldReport:
    """What one fold took: counts, and whether something is left for the next lock hold."""

    points: int = 0
    events: int = 0
    journals_ended: int = 0
    is_complete: bool = True
    damage: list[Damage] = field(default_factory=list)

    def add(self, other: FoldReport) -> None:
        """Count what another lock hold took, too."""
        self.points += other.points
        self.events += other.events
        self.journals_ended += other.journals_ended
        self.is_complete = other.is_complete
        self.damage += other.damage


@dataclass(slots=True)
class SegmentState:
    """How far one segment has been read, as the database remembers it."""

    events_offset: int = 0
    points_offset: int = 0
    ended: bool = False


@dataclass(slots=True)
class _Known:
    """What the events of a segment up to ``offset`` say: its series, and which runs are open."""

    offset: int = 0
    series: dict[int, tuple[str, str]] = field(default_factory=dict)
    open_runs: dict[str, None] = field(default_factory=dict)

    def learn(self, chunk: EventsChunk) -> None:
        """Take in the events that follow."""
        self.offset = chunk.end
        if chunk.header is not None:
            self.open_runs.update(dict.fromkeys(chunk.header.open_runs))
        for event in chunk.events:
            if isinstance(event, SeriesOpened):
                self.series[event.series] = (event.run, event.key)
            elif isinstance(event, (RunStarted, RunResumed)):
                if event.attended:
                    self.open_runs[event.run] = None
            elif isinstance(event, RunEnded):
                self.open_runs.pop(event.run, None)


@dataclass(slots=True)
class _Taken:
    """What is being taken from the journals in one transaction."""

    rows: Rows = field(default_factory=Rows)
    batches: list[tuple[Any, int]] = field(default_factory=list)
    series: dict[int, tuple[str, str]] = field(default_factory=dict)
    left_open: set[str] = field(default_factory=set)
    finished_files: list[Path] = field(default_factory=list)
    finished_journals: list[Path] = field(default_factory=list)
    progress: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)
    stuck: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)
    blocked: dict[str, str] = field(default_factory=dict)
    bytes: int = 0
    report: FoldReport = field(default_factory=FoldReport)


class Folder:
    """Folds the journals in one folder, and remembers what it need not read twice."""

    def __init__(self, journals: Path) -> None:
        self.journals = journals
        self._known: dict[tuple[str, int], _Known] = {}
        self._database = journals.parent / DATABASE_FILE
        self._progress: dict[tuple[str, int], tuple[int, int]] = {}
        # Segments that cannot be read further by this version, at the size they had.
        self._stuck: dict[tuple[str, int], tuple[int, int]] = {}
        self._turn = -1
        self._budget_bytes = MAX_BYTES // 2
        self.blocked: dict[str, str] = {}

    # What there is to do

    def list_journals(self) -> list[Path]:
        """The journals that have not been folded to their end, in the order they were begun."""
        try:
            return sorted(Path(entry.path) for entry in os.scandir(self.journals) if entry.is_dir())
        except FileNotFoundError:
            return []

    def sizes(self) -> dict[tuple[str, int], tuple[int, int]]:
        """The sizes of every segment: events, points."""
        found: dict[tuple[str, int], tuple[int, int]] = {}
        for journal in self.list_journals():
            for number in list_segments(journal):
                events_file, points_file = segment_files(journal, number)
                # In this order: every point up to there has its series opened up to there.
                points_size = _size(points_file)
                found[journal.name, number] = (_size(events_file), points_size)
        return found

    def has_news(self, until: Sizes | None = None) -> bool:
        """Whether a fold would find something: up to the sizes ``until``, or a journal to end."""
        if not self._is_covered(until, read_progress(self._database)):
            return True
        return any(
            journal.name not in self.blocked and life_of(journal) in ("closed", "dead")
            for journal in self.list_journals()
        )

    def has_taken(self, until: Sizes) -> bool:
        """Whether the last fold came as far as ``until``: nobody waits for what is logged since."""
        return self._is_covered(until, self._progress)

    def _is_covered(self, until: Sizes | None, progress: Sizes) -> bool:
        there = self.sizes()
        wanted = {
            segment: sizes if until is None else _least(sizes, until.get(segment, (0, 0)))
            for segment, sizes in there.items()
            if self._stuck.get(segment) != sizes
        }
        return is_covered(wanted, progress)

    def note_progress(self) -> None:
        """Let other readers know what was folded, once the database is closed again."""
        write_progress(self._database, self._progress)

    def forget(self) -> None:
        """Read the journals anew, after their bytes or the database were changed."""
        self._known.clear()
        self._stuck.clear()
        self.blocked.clear()

    # One lock hold

    def fold(
        self,
        connection: duckdb.DuckDBPyConnection,
        *,
        keep_files: bool = False,
    ) -> FoldReport:
        """Take up to `MAX_BYTES` into the database in use, in one transaction.

        Call it with the exclusive lock held. ``keep_files`` leaves the journals as
        they are, for a database that is itself only a passing copy.
        """
        began = time.monotonic()
        journals = self.list_journals()
        self._progress = read_progress(self._database)
        states = _read_states(connection, journals)
        taken = _Taken()
        # Each hold begins with another journal, so that one that grows fast cannot keep it all.
        self._turn += 1
        turn = self._turn % max(1, len(journals))
        for index, journal in enumerate(journals[turn:] + journals[:turn]):
            if len(taken.finished_journals) >= MAX_JOURNALS or taken.bytes >= self._budget_bytes:
                taken.report.is_complete = False
                break
            # Its writer's folder may be deleted meanwhile.
            with suppress(FileNotFoundError):
                self._take_journal(journal, index, states, taken)
        taken.left_open -= self._open_in_others(taken)
        self._commit(connection, taken)
        self.blocked.update(taken.blocked)
        self._stuck.update(taken.stuck)
        self._progress.update(taken.progress)
        if not keep_files:
            self._delete(taken)
        self._adapt(time.monotonic() - began)
        for damage in taken.report.damage:
            warn_once(
                f"{damage.file}: bytes {damage.start} to {damage.end} are not what was written "
                f"({damage.reason}); what they held is lost, everything else was kept."
            )
        return taken.report

    def _adapt(self, held_s: float) -> None:
        if held_s > LONG_HOLD_S:
            self._budget_bytes = max(MIN_BYTES, self._budget_bytes // 2)
        elif held_s < LONG_HOLD_S / 2:
            self._budget_bytes = min(MAX_BYTES, self._budget_bytes * 2)

    def _take_journal(
        self,
        journal: Path,
        index: int,
        states: dict[tuple[str, int], SegmentState],
        taken: _Taken,
    ) -> None:
        # Life is looked at before the files: what a writer wrote before it died is then seen.
        is_final = life_of(journal) in ("closed", "dead")
        segments = list_segments(journal)
        state, known = SegmentState(), _Known()
        for number in segments:
            state = states.get((journal.name, number)) or SegmentState()
            if state.ended:
                taken.finished_journals.append(journal)
                return
            known = self._known_of(journal, number, state)
            if not self._take_segment(journal, number, index, state, known, taken):
                return
            if number != segments[-1]:
                taken.finished_files += segment_files(journal, number)
        if is_final:
            taken.finished_journals.append(journal)
            taken.left_open |= known.open_runs.keys()
            taken.report.journals_ended += 1
            if segments:
                _log_offsets(taken.rows, journal, segments[-1], state, ended=True)

    def _open_in_others(self, taken: _Taken) -> set[str]:
        """Runs that a journal which goes on has open: resumed there, they are not over."""
        ended = {journal.name for journal in taken.finished_journals}
        return {
            run
            for (journal, _), known in self._known.items()
            if journal not in ended
            for run in known.open_runs
        }

    def _known_of(self, journal: Path, number: int, state: SegmentState) -> _Known:
        known = self._known.get((journal.name, number))
        if known is None or known.offset != state.events_offset:
            known = self._known[journal.name, number] = _Known()
            if state.events_offset:
                events_file, _ = segment_files(journal, number)
                known.learn(read_events(events_file, 0, max_bytes=state.events_offset))
        return known

    def _take_segment(
        self,
        journal: Path,
        number: int,
        index: int,
        state: SegmentState,
        known: _Known,
        taken: _Taken,
    ) -> bool:
        """Take what is new in a segment; whether it has been read to the end that it had."""
        events_file, points_file = segment_files(journal, number)
        # The size of the points first: the events read after that open every series in them.
        points_size, events_size = _size(points_file), _size(events_file)
        budget = max(0, self._budget_bytes - taken.bytes)
        wanted = max(0, min(budget, events_size - state.events_offset))
        events = read_events(events_file, state.events_offset, max_bytes=wanted)
        known.learn(events)
        taken.rows.take(events.events, journal.name)
        taken.report.events += len(events.events)
        taken.report.damage += events.damage
        points_end, is_read = state.points_offset, False
        if events.too_new is not None:
            warn_once(str(events.too_new))
            taken.blocked[journal.name] = str(events.too_new)
            taken.stuck[journal.name, number] = (events_size, points_size)
        elif wanted == budget and events.end < events_size:
            taken.report.is_complete = False
        else:
            budget = max(0, budget - (events.end - state.events_offset))
            points = read_points(
                points_file,
                state.points_offset,
                size=points_size,
                max_records=max(MIN_RECORDS, budget // RECORD_BYTES),
            )
            points_end = points.end
            self._take_points(points, index, known, taken)
            # What is left then is a frame that was cut, or is being written just now.
            is_read = points_end + RECORD_BYTES > points_size or points_end == state.points_offset
            taken.report.is_complete &= is_read
        # A frame that was cut counts as taken: there is nothing to be had from it.
        taken.progress[journal.name, number] = (
            (events_size, points_size) if is_read else (events.end, points_end)
        )
        taken.bytes += events.end - state.events_offset + points_end - state.points_offset
        if (events.end, points_end) != (state.events_offset, state.points_offset):
            state.events_offset, state.points_offset = events.end, points_end
            _log_offsets(taken.rows, journal, number, state, ended=False)
        return is_read

    def _take_points(self, points: PointsChunk, index: int, known: _Known, taken: _Taken) -> None:
        import numpy as np

        taken.report.damage += points.damage
        records = points.records
        if not len(records):
            return
        numbers = np.unique(records["series"]).tolist()
        opened = [number for number in numbers if number in known.series]
        if len(opened) < len(numbers):
            is_known = np.isin(records["series"], opened)
            lost = int(len(records) - is_known.sum())
            reason = f"{lost} points of a series whose opening is damaged"
            taken.report.damage.append(Damage(points.file, points.start, points.end, reason))
            records = records[is_known]
        if not opened:
            return
        taken.report.points += len(records)
        # Journals number their series alike: the index of the journal keeps them apart.
        offset = index << 32
        taken.batches.append((records, offset))
        taken.series.update((number + offset, known.series[number]) for number in opened)

    def _commit(self, connection: duckdb.DuckDBPyConnection, taken: _Taken) -> None:
        for damage in taken.report.damage:
            found = time.time_ns() // 1000
            name = damage.file.relative_to(self.journals).as_posix()
            taken.rows.add("damage", found, name, damage.start, damage.end, damage.reason)
        if not taken.rows.tables and not taken.batches:
            return
        connection.execute("BEGIN")
        try:
            taken.rows.insert(connection)
            if taken.batches:
                insert_points(connection, taken.batches, taken.series)
            if taken.left_open:
                _close_as_killed(connection, sorted(taken.left_open))
            connection.execute("COMMIT")
        except BaseException:
            with suppress(Exception):
                connection.execute("ROLLBACK")
            self._known.clear()
            raise

    def _delete(self, taken: _Taken) -> None:
        """Delete what is in the database for good. What cannot be deleted now is met again."""
        for file in taken.finished_files:
            with suppress(OSError):
                file.unlink(missing_ok=True)
            self._known.pop((file.parent.name, int(file.stem)), None)
            self._progress.pop((file.parent.name, int(file.stem)), None)
        for journal in taken.finished_journals:
            shutil.rmtree(journal, ignore_errors=True)
        gone = {journal.name for journal in taken.finished_journals}
        for remembered in (self._known, self._progress, self._stuck):
            for key in [key for key in remembered if key[0] in gone]:
                del remembered[key]


def segment_files(journal: Path, number: int) -> tuple[Path, Path]:
    """The files of a segment: events, points."""
    stem = journal / str(number)
    return stem.with_suffix(".events"), stem.with_suffix(".points")


def list_segments(journal: Path) -> list[int]:
    """The numbers of a journal's segments, in order."""
    try:
        names = os.listdir(journal)
    except FileNotFoundError:
        return []
    return sorted(int(name[:-7]) for name in names if name.endswith(".events"))


def _read_states(
    connection: duckdb.DuckDBPyConnection, journals: list[Path]
) -> dict[tuple[str, int], SegmentState]:
    # Names of journals are hex digits, and stand in the text: that plans faster than a parameter.
    names = ", ".join(f"'{journal.name}'" for journal in journals if journal.name.isalnum())
    found = connection.execute(
        "SELECT journal, segment, max(events_offset), max(points_offset), bool_or(ended) "
        f"FROM base.fold_log WHERE journal IN ({names or 'NULL'}) GROUP BY journal, segment"
    ).fetchall()
    return {(row[0], row[1]): SegmentState(row[2], row[3], row[4]) for row in found}


def _log_offsets(
    rows: Rows, journal: Path, number: int, state: SegmentState, *, ended: bool
) -> None:
    now = time.time_ns() // 1000
    rows.add("fold_log", journal.name, number, state.events_offset, state.points_offset, now, ended)


def _close_as_killed(connection: duckdb.DuckDBPyConnection, run_ids: list[str]) -> None:
    """Close runs that a dead writer left open, at the time of the last that is known of them.

    A run that has been ended since, by a process that resumed it, stays as it is.
    """
    connection.execute(
        """
        INSERT INTO base.run_changes (run_id, ts, status)
        WITH ended AS (
            SELECT run_id FROM base.run_changes WHERE run_id IN (SELECT unnest(?)::UUID)
            GROUP BY run_id HAVING arg_max(status, ts) <> 'running'
        ),
        gone AS (SELECT unnest(?)::UUID AS run_id EXCEPT SELECT run_id FROM ended),
        last AS (
            SELECT run_id, max(ts) AS ts FROM (
                SELECT run_id, started AS ts FROM base.runs
                UNION ALL SELECT run_id, ts FROM base.run_changes
                UNION ALL SELECT run_id, ts FROM base.params
                UNION ALL SELECT run_id, ts FROM base.tags
                UNION ALL SELECT run_id, ts FROM base.facts
                UNION ALL SELECT run_id, ts FROM base.run_texts
                UNION ALL SELECT run_id, last_ts FROM base.summary
            ) SEMI JOIN gone USING (run_id) GROUP BY run_id
        )
        -- One microsecond later, so that it supersedes what it is dated by.
        SELECT run_id, ts + INTERVAL 1 MICROSECOND, 'killed' FROM last
        """,
        [run_ids, run_ids],
    )


def _least(first: tuple[int, int], second: tuple[int, int]) -> tuple[int, int]:
    return min(first[0], second[0]), min(first[1], second[1])


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0
