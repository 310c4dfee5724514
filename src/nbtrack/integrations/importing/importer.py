"""The one importer: runs of any source into a store, each exactly once.

Runs are written in batches, of which a store gets all or nothing (`nbtrack.store.Batch`). A run
that the store has is not written again; so an import that was interrupted is resumed by the
same call, and loses the batch that it was writing.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from nbtrack.artifacts.progress import progress_of
from nbtrack.errors import InvalidValue, NbtrackError, StoreHeld, StoreUnavailable
from nbtrack.events import (
    ArtifactKept,
    Event,
    FactsObserved,
    NoteSet,
    ParamsLogged,
    RunDeleted,
    RunEnded,
    RunStarted,
    TagsSet,
    TextsKept,
)
from nbtrack.integrations.importing.identity import KnownRuns, imported_run_id
from nbtrack.integrations.importing.report import ImportReport
from nbtrack.integrations.importing.source import RunSource, SourceFile, SourceRun
from nbtrack.tracking.files.paths import check_artifact_path, media_type_of
from nbtrack.tracking.files.places import keeping
from nbtrack.tracking.settling import settle
from nbtrack.tracking.values import MAX_KEY_CHARS

if TYPE_CHECKING:
    from nbtrack.artifacts import Artifacts
    from nbtrack.artifacts.digest import Told
    from nbtrack.store import Batch, Store

# What is lost at most when an import is interrupted, and how long a batch grows.
BATCH_RUNS = 2_000
BATCH_POINTS = 2_000_000
BATCH_S = 15.0


def import_source(
    store: Store,
    source: RunSource,
    *,
    then: Callable[[KnownRuns, ImportReport], None] | None = None,
) -> ImportReport:
    """Bring the runs of ``source`` into ``store``, ``then`` what hangs on them.

    Raises what the source raises, and `StoreHeld` or `StoreUnavailable`; what came before
    that is kept, and the same call goes on behind it.
    """
    from nbtrack.store import writing_batches

    report = ImportReport(source.title)
    settle()
    with writing_batches(store.path):
        known = known_runs(store)
        with progress_of(f"Importing {source.title}", source.count() or 0, unit="runs") as told:
            on_its_way = _Import(store, source, known, report)
            on_its_way.all_runs(told)
        if then is not None:
            then(known, report)
    if on_its_way.going_on:
        source.omissions.remark(
            f"{on_its_way.going_on:,} had not ended at their source: what they log from now on is "
            "not added by importing again; purge them here and import them then"
        )
    report.not_carried = source.omissions.counts
    report.remarks += source.omissions.remarks
    return report


def known_runs(store: Store) -> KnownRuns:
    """The runs of the store, in the trash or not. Raises where they cannot all be known."""
    store.fold_completely()
    found = store.query("SELECT replace(run_id::VARCHAR, '-', '') AS id FROM base.runs")
    return KnownRuns(found["id"].to_pylist())


class _Import:
    """One import on its way."""

    def __init__(
        self, store: Store, source: RunSource, known: KnownRuns, report: ImportReport
    ) -> None:
        self._store = store
        self._source = source
        self._known = known
        self._report = report
        self.going_on = 0

    def all_runs(self, told: Told) -> None:
        from nbtrack.store import Batch

        runs = self._source.runs(self._known.__contains__)
        is_over = False
        while not is_over:
            with keeping(self._store) as artifacts:
                batch = Batch(self._store.path)
                try:
                    is_over = self._fill(batch, artifacts, runs, told)
                except NbtrackError:
                    # The runs that were read before it are whole.
                    batch.publish()
                    raise
                except BaseException:
                    batch.discard()
                    raise
                batch.publish()
            # A reader does it otherwise; but then he would wait for all of it at once. What
            # hinders it is told to him.
            with suppress(StoreHeld, StoreUnavailable):
                self._store.fold()

    def _fill(
        self, batch: Batch, artifacts: Artifacts, runs: Iterator[SourceRun], told: Told
    ) -> bool:
        """Take runs until the batch is full; whether there are no more."""
        began, taken = time.monotonic(), 0
        for run in runs:
            told(1)
            if run.identity in self._known:
                self._report.already_there += 1
                continue
            mark = batch.mark()
            try:
                self._take(run, batch, artifacts)
            except BaseException:
                batch.cut_back(mark)
                raise
            taken += 1
            is_old = time.monotonic() - began > BATCH_S
            if taken >= BATCH_RUNS or batch.points >= BATCH_POINTS or is_old:
                return False
        return True

    def _take(self, run: SourceRun, batch: Batch, artifacts: Artifacts) -> None:
        carried: Counter[str] = Counter()
        run_id = imported_run_id(run.identity, run.started_us)
        started, ended = run.started_us, run.ended_us
        parent = self._known.find(run.parent) if run.parent else None
        if run.parent and not parent:
            self._source.omissions.omit("parents that are not among the runs")
        events: list[Event] = [
            RunStarted(
                started,
                run_id,
                _fitting(run.name) or run_id[-8:],
                _fitting(run.experiment) or "Default",
                parent=parent,
                user=run.user,
                host=run.host,
                source=run.program,
            )
        ]
        if run.params:
            params = {_fitting(key): value for key, value in run.params.items()}
            events.append(ParamsLogged(started, run_id, params))
        if run.tags:
            tags: dict[str, str | None] = {_fitting(k): text for k, text in run.tags.items()}
            events.append(TagsSet(started, run_id, tags))
        facts = {**run.facts, "imported.from": self._source.title}
        events.append(FactsObserved(started, run_id, facts))
        if run.note:
            events.append(NoteSet(started, run_id, run.note))
        events += [msgspec.structs.replace(each, ts=started, run=run_id) for each in run.inputs]
        if run.texts:
            digests = {role: batch.store_text(text) for role, text in run.texts.items()}
            events.append(TextsKept(started, run_id, digests))
        last = started
        for curve in run.curves:
            if len(curve.values):
                batch.append_points(
                    run_id, _fitting(curve.key), curve.steps, curve.times_us, curve.values
                )
                carried["points"] += len(curve.values)
                last = max(last, int(curve.times_us.max()))
        for file in run.files:
            kept = self._keep(file, run_id, started, artifacts)
            if kept is not None:
                events.append(kept)
                carried["files"] += 1
        # Where it is not told, the last that is known of a run is its end.
        end = last if ended is None else max(ended, started)
        if run.is_deleted:
            events.append(RunDeleted(end, run_id, True))
        is_timed = run.status != "running" and (ended is not None or end > started)
        duration_s = (end - started) / 1e6 if is_timed else None
        # One that goes on at its source stays *running*, and is not taken for one that died.
        events.append(RunEnded(end, run_id, run.status, duration_s))
        batch.append(*events)
        for what in ("params", "tags", "inputs"):
            carried[what] += len(getattr(run, what))
        self._known.add(run_id)
        self._report.runs += 1
        self._report.carried += carried
        self.going_on += run.status == "running"

    def _keep(
        self, file: SourceFile, run_id: str, ts: int, artifacts: Artifacts
    ) -> ArtifactKept | None:
        try:
            path = check_artifact_path(file.path)
        except InvalidValue as error:
            self._source.omissions.omit("files whose path leaves their run")
            self._source.omissions.remark(str(error))
            return None
        if isinstance(file.content, Path):
            try:
                [(digest, size)] = artifacts.put_files([file.content])
            except FileNotFoundError:
                self._source.omissions.omit("files that are gone")
                return None
        else:
            data = file.content()
            digest, size = artifacts.put(data), len(data)
        return ArtifactKept(ts, run_id, path, digest, size, media_type_of(path))


def _fitting(name: str) -> str:
    """``name`` as nbtrack can bear it: without control characters, and not longer than it may."""
    text = name.encode(errors="backslashreplace").decode()
    return "".join(c if c >= " " and c != "\x7f" else " " for c in text)[:MAX_KEY_CHARS]
