"""The runs that widgets show, and what all widgets on them share: the filter and the selection.

Widgets on the same runs hold one `Frame`, so that there is nothing to keep in
step: a filter that is typed in one of them is the filter of all. The selection
reaches further, to every widget on the store, whatever runs each of them shows.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4
from weakref import WeakMethod, WeakValueDictionary

from nbtrack.errors import InvalidFilter, InvalidValue
from nbtrack.widgets.column_choice import is_constant

if TYPE_CHECKING:
    from nbtrack.store import Column, RunQuery, Store

MAX_SELECTED = 100_000

Mode = Literal["all", "filter", "search"]

_FULL_ID = re.compile(r"[0-9a-f]{32}")
# What only somebody who writes a filter types; anything else is a search for words.
_FILTER_LIKE = re.compile(r"[<>=!]|\b(?:params?|metrics?|tags?|attributes?|attr)\s*\.")


def asked_for(
    filter: str, order_by: str | Sequence[str], experiment: str | Sequence[str] | None
) -> RunQuery:
    """The question that these arguments, as users give them, stand for."""
    from nbtrack.store import RunQuery

    keys = (order_by,) if isinstance(order_by, str) else tuple(order_by)
    names = (experiment,) if isinstance(experiment, str) else tuple(experiment or ()) or None
    return RunQuery(filter=filter, order_by=tuple(key for key in keys if key), experiments=names)


def frame_of(runs: Any, store: str | PathLike[str] | None = None) -> Frame:
    """The frame that ``runs`` means, which other widgets on the same runs share.

    ``runs`` is what `nbtrack.runs` gives, a widget, a filter or words to look for, a
    list of runs (or their names or ids), or ``None``: all runs of the store. Raises
    `InvalidValue` for anything else, `InvalidFilter`, and `RunNotFound`.
    """
    from nbtrack.tracking.active import current_store

    if isinstance(frame := getattr(runs, "frame", None), Frame):
        return frame
    place = current_store(store)
    if runs is None or isinstance(runs, str):
        return Frame.shared(place, asked_for(runs or "", (), None))
    if not isinstance(runs, Iterable) or hasattr(runs, "columns"):
        raise InvalidValue(
            f"Runs were expected, not a {type(runs).__name__}: "
            "give nbtrack.runs(…), a filter, or a list of runs."
        )
    ids = "', '".join(run_ids(place, runs))
    return Frame.shared(place, asked_for(f"attributes.run_id IN ('{ids}')", (), None))


def run_ids(store: Store, runs: Iterable[Any]) -> list[str]:
    """The full ids of runs, which may be given as runs, names, ids or unique parts of ids.

    Raises `RunNotFound` and `AmbiguousRun`.
    """
    from nbtrack.store import find_run

    names = [runs] if isinstance(runs, str) else [str(getattr(run, "id", run)) for run in runs]
    found = [name if _FULL_ID.fullmatch(name) else find_run(store, name) for name in names]
    return list(dict.fromkeys(found))


class Listeners:
    """Bound methods that are called on each change, for as long as their objects live."""

    def __init__(self) -> None:
        self._methods: list[WeakMethod[Callable[[], None]]] = []

    def add(self, method: Callable[[], None]) -> None:
        """Call ``method`` from now on."""
        self._methods.append(WeakMethod(method))

    def call(self) -> None:
        """Call every listener, in the order in which they were added."""
        self._methods = [method for method in self._methods if method() is not None]
        for reference in list(self._methods):
            if (method := reference()) is not None:
                method()


class Selection:
    """The runs that are picked, by full id, in the order in which they were picked.

    At most `MAX_SELECTED`; what goes beyond is not taken.
    """

    def __init__(self) -> None:
        self._runs: dict[str, None] = {}
        self.listeners = Listeners()
        # By this a page tells the selections of several kernels apart.
        self.token = uuid4().hex

    def __iter__(self) -> Iterator[str]:
        return iter(self._runs)

    def __len__(self) -> int:
        return len(self._runs)

    def __contains__(self, run_id: str) -> bool:
        return run_id in self._runs

    def add(self, run_ids: Iterable[str]) -> None:
        """Pick these runs too."""
        self._become({**self._runs, **dict.fromkeys(run_ids)})

    def remove(self, run_ids: Iterable[str]) -> None:
        """Let these runs go."""
        gone = set(run_ids)
        self._become({run: None for run in self._runs if run not in gone})

    def replace(self, run_ids: Iterable[str]) -> None:
        """Pick these runs, and no others."""
        self._become(dict.fromkeys(run_ids))

    def _become(self, runs: dict[str, None]) -> None:
        if len(runs) > MAX_SELECTED:
            runs = dict.fromkeys(list(runs)[:MAX_SELECTED])
        if list(runs) != list(self._runs):
            self._runs = runs
            self.listeners.call()


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What was read at one version of the store, of all the runs that a frame is about."""

    version: int
    # `content_mark` of then.
    mark: tuple[int, ...]
    columns: list[Column]
    total: int
    experiments: int
    constants: dict[str, str]
    curves: frozenset[str]

    def column_json(self, column: Column) -> dict[str, object]:
        """One of the columns, as ``js/src/base/column.ts`` has it."""
        return {
            "name": column.name,
            "kind": column.kind,
            "type": column.type,
            "runs": column.runs,
            "constant": column.name in self.constants,
            "value": self.constants.get(column.name),
            "curve": column.name in self.curves,
        }


class Frame:
    """The runs of a store, or of some of its experiments, that fit a filter.

    Any thread may call any method. ``base`` says which runs the frame is about;
    its filter or search is the first ``filter``, its order is not kept.
    """

    def __init__(self, store: Store, base: RunQuery) -> None:
        self.store = store
        self.selection = selection_of(store)
        self.listeners = Listeners()
        self._base = replace(base, filter="", search="", order_by=())
        self._lock = lock_of(store)
        self._known: Known | None = None
        self.filter = base.filter or base.search
        self.mode: Mode = self._understand(self.filter)

    @classmethod
    def shared(cls, store: Store, base: RunQuery) -> Frame:
        """The frame of these runs, one for all widgets of this process that ask for it.

        Who comes later finds the filter as it now is.
        """
        asked = (store.path, replace(base, order_by=()))
        frame = _frames.get(asked)
        if frame is None:
            frame = _frames[asked] = cls(store, base)
        return frame

    def set_filter(self, text: str) -> None:
        """Let the runs be those that fit ``text``: a filter if it parses, else words to look for.

        Raises `InvalidFilter` for what looks like a filter and is none.
        """
        mode = self._understand(text)
        with self._lock:
            self.mode, self.filter = mode, text
        self.listeners.call()

    def query(self, order_by: Sequence[str] = (), *, also: Sequence[str] = ()) -> RunQuery:
        """The question whose answer is shown; ``also`` are further conditions."""
        with self._lock:
            conditions = [f"({self.filter})"] if self.mode == "filter" else []
            words = self.filter.strip() if self.mode == "search" else ""
        return replace(
            self._base,
            filter=" AND ".join([*conditions, *also]),
            search=words,
            order_by=tuple(order_by),
        )

    def hangs_on_points(self) -> bool:
        """Whether points that are added may change which runs fit."""
        with self._lock:
            return self.mode == "search" or "metric" in self.filter.casefold()

    def base_query(self) -> RunQuery:
        """The question for all runs of the frame, whatever the filter."""
        return self._base

    def known(self) -> Known:
        """The columns and counts of all runs, filter or not, as the store has them now."""
        with self._lock:
            version = self.store.version()
            if self._known is None:
                self._known = self._read()
            elif self._known.version != version:
                self._known = self._read_anew(self._known)
            return self._known

    def state(self, known: Known, total: int) -> dict[str, object]:
        """What the browser's filter bar shows, as JSON; ``total`` runs fit the filter."""
        with self._lock:
            return {
                "filter": self.filter,
                "mode": self.mode,
                "columns": [known.column_json(column) for column in known.columns],
                "total": total,
                "all": total if self.mode == "all" else known.total,
                "place": self.place,
            }

    @property
    def place(self) -> str:
        """Where the runs are: the experiments, or the store's folder."""
        return ", ".join(self._base.experiments or ()) or str(self.store.path)

    @property
    def experiments(self) -> list[str] | None:
        """The experiments that the runs are of; ``None`` for all."""
        named = self._base.experiments
        return None if named is None else list(named)

    def _understand(self, text: str) -> Mode:
        from nbtrack.store import parse_filter

        if not text.strip():
            return "all"
        try:
            parse_filter(text)
        except InvalidFilter:
            if _FILTER_LIKE.search(text):
                raise
            return "search"
        return "filter"

    def _read_anew(self, known: Known) -> Known:
        """What is known after a change: points that are added change nothing of it."""
        from nbtrack.store import content_mark

        with self.store.settled():
            version, mark = self.store.version(), content_mark(self.store)
            if mark == known.mark:
                return replace(known, version=version)
            return self._read()

    def _read(self) -> Known:
        from nbtrack.store import content_mark, list_columns, run_page

        total = run_page(self.store, self._base, columns=(), limit=0).total
        # Reading folds, which is a new version: so the first answer, then the version,
        # then the others, which fold again if anything came in between.
        version = self.store.version()
        mark = content_mark(self.store)
        columns = list_columns(self.store, self._base)
        same = [column.name for column in columns if is_constant(column, total)]
        first = run_page(self.store, self._base, columns=same, limit=1).table
        experiment = next((c for c in columns if c.name == "attributes.experiment"), None)
        return Known(
            version=version,
            mark=mark,
            columns=columns,
            total=total,
            experiments=experiment.distinct if experiment else 1,
            constants={name: _written(first[name][0].as_py()) for name in same},
            curves=frozenset(column.name for column in columns if column.points > 1),
        )


_frames: WeakValueDictionary[object, Frame] = WeakValueDictionary()
_selections: WeakValueDictionary[object, Selection] = WeakValueDictionary()
_locks: WeakValueDictionary[object, threading.RLock] = WeakValueDictionary()


def selection_of(store: Store) -> Selection:
    """The selection of a store, one for all widgets of this process."""
    selection = _selections.get(store.path)
    if selection is None:
        selection = _selections[store.path] = Selection()
    return selection


def lock_of(store: Store) -> threading.RLock:
    """The lock around the state of every widget on a store, one for all of this process.

    Who takes it asks the store while holding it, and `Store.settled` keeps the database
    from other threads. So it is taken before a store is settled, never within: with a
    lock per widget, two looks at the store could each wait for what the other holds.
    """
    # At once, since threads may ask for it together.
    return _locks.setdefault(store.path, threading.RLock())


def _written(value: object) -> str:
    """A parameter as somebody would have written it; whole numbers without a point."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)
