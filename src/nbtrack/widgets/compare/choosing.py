"""Which runs a comparison is of: names, ids, runs, what `nbtrack.runs` gives, or a widget."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValue
from nbtrack.tracking.handle import RunHandle
from nbtrack.widgets.compare.model import MAX_RUNS
from nbtrack.widgets.frame import Frame, run_ids, selection_of
from nbtrack.widgets.live import StoreWidget

if TYPE_CHECKING:
    from nbtrack.store import Store


def chosen_runs(
    runs: tuple[Any, ...], place: str | PathLike[str] | None
) -> tuple[Store, list[str]]:
    """The store, and the full ids of the runs that were asked for, in order.

    Without any, those that are selected on the store. Raises `InvalidValue` for what is
    no run, `RunNotFound` and `AmbiguousRun`.
    """
    from nbtrack.tracking.active import current_store

    store = _store_of(runs) if place is None else None
    store = store or current_store(place)
    if not runs:
        return store, list(selection_of(store))[:MAX_RUNS]
    chosen: list[str] = []
    for each in runs:
        chosen += _ids_of(each, store)
    return store, list(dict.fromkeys(chosen))


def _ids_of(given: Any, store: Store) -> list[str]:
    if isinstance(given, (str, RunHandle)):
        return run_ids(store, [given])
    if isinstance(given, StoreWidget) and given.selected:
        return list(given.selected)
    if isinstance(frame := getattr(given, "frame", None), Frame):
        return _listed(frame)
    if isinstance(given, Iterable) and not hasattr(given, "columns"):
        return [run for each in given for run in _ids_of(each, store)]
    raise InvalidValue(
        f"compare() takes runs, not a {type(given).__name__}: give names, ids, "
        "nbtrack.runs(…), or a widget in which runs are selected."
    )


def _listed(frame: Frame) -> list[str]:
    """The runs that a frame lists. Raises `InvalidValue` where they are too many."""
    from nbtrack.store import run_page

    page = run_page(frame.store, frame.query(), columns=(), limit=MAX_RUNS)
    if page.total > MAX_RUNS:
        raise InvalidValue(
            f"These are {page.total:,} runs, and a comparison shows at most {MAX_RUNS}: select "
            "some in the widget, or name them: nbtrack.compare('a', 'b')."
        )
    ids: list[str] = page.table["run_id"].to_pylist()
    return ids


def _store_of(runs: tuple[Any, ...]) -> Store | None:
    """The store of the first of ``runs`` that knows its own."""
    for each in runs:
        if isinstance(each, RunHandle):
            return each.store
        if isinstance(each, StoreWidget):
            return each.store
        if isinstance(frame := getattr(each, "frame", None), Frame):
            return frame.store
    return None
