"""What holds for every source of runs, whatever it is."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nbtrack.errors import SourceUnavailable
from nbtrack.integrations.importing.importer import import_source
from nbtrack.integrations.importing.source import Curve, RunSource, SourceRun
from nbtrack.store import Store

MakeSource = Callable[[], RunSource]

_TABLES = (
    "all_runs",
    "params",
    "tags",
    "metrics",
    "latest_metrics",
    "texts",
    "inputs",
    "artifacts",
    # Their numbers are those of the order in which they came.
    "(SELECT name, deleted, location FROM experiments)",
    "(SELECT e.name, key, value FROM experiment_tags JOIN experiments e USING (number))",
    "logged_models",
    "base.logged_model_params",
    "base.logged_model_tags",
    "base.logged_model_metrics",
    "base.logged_model_uses",
)


def content(store: Store) -> dict[str, list[str]]:
    """All that a store knows of its runs, in an order."""
    return {
        table: sorted(map(repr, store.query(f"SELECT * FROM {table}").to_pylist()))
        for table in _TABLES
    }


class Interrupted:
    """A source that breaks off behind a number of runs."""

    def __init__(self, source: RunSource, after: int, error: BaseException) -> None:
        self._source, self._after, self._error = source, after, error
        self.title, self.omissions = source.title, source.omissions

    def count(self) -> int | None:
        return self._source.count()

    def runs(self, is_there: Callable[[str], bool]) -> Iterator[SourceRun]:
        yield from itertools.islice(self._source.runs(is_there), self._after)
        raise self._error


class Earlier:
    """A source as it was when its runs were going on: without their end, and half of the points."""

    def __init__(self, source: RunSource) -> None:
        self._source = source
        self.title, self.omissions = source.title, source.omissions

    def count(self) -> int | None:
        return self._source.count()

    def runs(self, is_there: Callable[[str], bool]) -> Iterator[SourceRun]:
        for run in self._source.runs(is_there):
            yield dataclasses.replace(
                run,
                status="running",
                ended_us=None,
                note="",
                params=dict(list(run.params.items())[1:]),
                tags=dict(list(run.tags.items())[1:]),
                curves=map(_half, run.curves),
            )


def _half(curve: Curve) -> Curve:
    half = slice(len(curve.values) // 2)
    return Curve(curve.key, curve.steps[half], curve.times_us[half], curve.values[half])


def importing_twice_adds_nothing(make: MakeSource, folder: Path) -> None:
    store = Store(folder / "twice")
    first = import_source(store, make())
    assert first.runs > 1
    before = content(store)
    second = import_source(store, make())
    assert (second.runs, second.already_there) == (0, first.runs)
    assert not +second.carried
    assert content(store) == before
    assert not list((store.path / "journals").iterdir())


def an_interrupted_import_is_resumed(make: MakeSource, folder: Path) -> None:
    whole, broken = Store(folder / "whole"), Store(folder / "broken")
    runs = import_source(whole, make()).runs
    for error in (KeyboardInterrupt(), SourceUnavailable("It does not answer.")):
        with pytest.raises(type(error)):
            import_source(broken, Interrupted(make(), 1, error))
    # An error is none of the runs before it; an interrupt gives up what was being written.
    assert len(content(broken)["all_runs"]) == 1
    rest = import_source(broken, make())
    assert (rest.runs, rest.already_there) == (runs - 1, 1)
    assert content(broken) == content(whole)


def ids_are_made_of_start_and_identity(make: MakeSource, folder: Path) -> None:
    first, second = Store(folder / "first"), Store(folder / "second")
    import_source(first, make())
    import_source(second, make())
    ids = "SELECT replace(run_id::VARCHAR, '-', '') AS id, started FROM all_runs ORDER BY id"
    rows: list[dict[str, Any]] = first.query(ids).to_pylist()
    assert rows == second.query(ids).to_pylist()
    starts = [int(row["id"][:12], 16) for row in rows]
    assert starts == [int(row["started"].timestamp() * 1000 // 1) for row in _utc(rows)]
    assert {row["id"][12] for row in rows} == {"7"}
    assert all(row["id"][16] in "89ab" for row in rows)


def _utc(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    import datetime

    return [{**row, "started": row["started"].replace(tzinfo=datetime.UTC)} for row in rows]


def a_run_that_went_on_becomes_what_it_is(make: MakeSource, folder: Path) -> None:
    whole, grown = Store(folder / "at once"), Store(folder / "grown")
    runs = import_source(whole, make()).runs
    import_source(grown, Earlier(make()))
    rest = import_source(grown, make())
    assert (rest.runs, rest.updated + rest.already_there) == (0, runs)
    assert rest.updated
    assert content(grown) == content(whole)


PROMISES = (
    a_run_that_went_on_becomes_what_it_is,
    importing_twice_adds_nothing,
    an_interrupted_import_is_resumed,
    ids_are_made_of_start_and_identity,
)
