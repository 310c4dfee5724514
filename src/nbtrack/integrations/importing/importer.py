"""The one importer: runs of any source into a store, each exactly once.

Runs are written in batches, of which a store gets all or nothing (`nbtrack.store.Batch`). A run
that the store has is not written again; so an import that was interrupted is resumed by the
same call, and loses the batch that it was writing. One that had not ended at its source is
brought up to date.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from nbtrack.artifacts.progress import progress_of
from nbtrack.errors import NbtrackError, StoreHeld, StoreUnavailable
from nbtrack.integrations.importing.identity import KnownRuns, imported_run_id
from nbtrack.integrations.importing.source import RunSource, SourceModel, SourceRun
from nbtrack.integrations.importing.taking import GOING_ON, Taking
from nbtrack.integrations.report import Report
from nbtrack.tracking.files.places import keeping
from nbtrack.tracking.settling import settle

if TYPE_CHECKING:
    from nbtrack.artifacts import Artifacts
    from nbtrack.artifacts.digest import Told
    from nbtrack.store import Batch, Store

# What is lost at most when an import is interrupted, and how long a batch grows.
BATCH_RUNS = 2_000
BATCH_POINTS = 2_000_000
BATCH_S = 15.0

T = TypeVar("T")


def import_source(
    store: Store,
    source: RunSource,
    *,
    first: Callable[[Report], None] | None = None,
    then: Callable[[Import], None] | None = None,
) -> Report:
    """Bring the runs of ``source`` into ``store``, ``first`` what they are in, ``then`` the rest.

    Raises what the source raises, and `StoreHeld` or `StoreUnavailable`; what came before
    that is kept, and the same call goes on behind it.
    """
    from nbtrack.store import writing_batches

    report = Report("imported", source.title)
    settle()
    with writing_batches(store.path):
        known = known_runs(store)
        if first is not None:
            first(report)
        on_its_way = Import(store, source, known, report)
        with progress_of(f"Importing {source.title}", source.count() or 0, unit="runs") as told:
            on_its_way.all_runs(told)
        if then is not None:
            then(on_its_way)
    if on_its_way.going_on:
        source.omissions.remark(
            f"{on_its_way.going_on:,} had not ended at their source; importing again brings them "
            "up to date"
        )
    report.not_carried = source.omissions.counts
    report.remarks += source.omissions.remarks
    return report


def known_runs(store: Store) -> KnownRuns:
    """The runs of the store, in the trash or not. Raises where they cannot all be known."""
    store.fold_completely()
    found = store.query(
        "SELECT replace(run_id::VARCHAR, '-', '') AS id, status, run_id IN "
        "(SELECT run_id FROM base.facts WHERE key = 'imported.from') AS is_imported FROM all_runs"
    )
    rows = list(zip(*(found[n].to_pylist() for n in ("id", "status", "is_imported")), strict=True))
    return KnownRuns(
        (run_id for run_id, _, _ in rows),
        (run_id for run_id, status, is_imported in rows if is_imported and status in GOING_ON),
    )


class Import:
    """One import on its way."""

    def __init__(self, store: Store, source: RunSource, known: KnownRuns, report: Report) -> None:
        self.store = store
        self.known = known
        self.report = report
        self.omissions = source.omissions
        self.going_on = 0
        self._source = source
        self._taking = Taking(store, source.title, known, source.omissions)

    def all_runs(self, told: Told) -> None:
        """Bring in the runs of the source, with their models."""

        def take(run: SourceRun, batch: Batch, artifacts: Artifacts) -> bool:
            told(1)
            if self.known.is_over(run.identity):
                self.report.already_there += 1
                return False
            self._take_run(run, batch, artifacts)
            return True

        self._in_batches(self._source.runs(self.known.is_over), take)

    def models(self, models: Iterable[SourceModel]) -> None:
        """Bring in logged models of no run."""

        def take(model: SourceModel, batch: Batch, artifacts: Artifacts) -> bool:
            self.report.carried += self._taking.model(model, batch, artifacts)
            return True

        self._in_batches(iter(models), take)

    def _in_batches(self, told: Iterator[T], take: Callable[[T, Batch, Artifacts], bool]) -> None:
        from nbtrack.store import Batch

        is_over = False
        while not is_over:
            with keeping(self.store) as artifacts:
                batch = Batch(self.store.path)
                try:
                    is_over = _fill(batch, artifacts, told, take)
                except NbtrackError:
                    # What was read before it is whole.
                    batch.publish()
                    raise
                except BaseException:
                    batch.discard()
                    raise
                batch.publish()
            # A reader does it otherwise; but then he would wait for all of it at once. What
            # hinders it is told to him.
            with suppress(StoreHeld, StoreUnavailable):
                self.store.fold()

    def _take_run(self, run: SourceRun, batch: Batch, artifacts: Artifacts) -> None:
        there, said = self.known.find(run.identity), batch.events
        run_id = there or imported_run_id(run.identity, run.started_us)
        self.report.carried += self._taking.run(run, run_id, batch, artifacts)
        self.known.add(run_id)
        if there is None:
            self.report.runs += 1
        elif batch.events > said:
            self.report.updated += 1
        else:
            self.report.already_there += 1
        self.going_on += run.status in GOING_ON


def _fill(
    batch: Batch,
    artifacts: Artifacts,
    told: Iterator[T],
    take: Callable[[T, Batch, Artifacts], bool],
) -> bool:
    """Take what is told until the batch is full; whether there is no more."""
    began, taken = time.monotonic(), 0
    for each in told:
        mark = batch.mark()
        try:
            taken += take(each, batch, artifacts)
        except BaseException:
            batch.cut_back(mark)
            raise
        is_old = time.monotonic() - began > BATCH_S
        if taken >= BATCH_RUNS or batch.points >= BATCH_POINTS or is_old:
            return False
    return True
