"""What a run table shows: the question, the columns, the groups, the selection, the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from nbtrack.errors import InvalidFilter
from nbtrack.tracking.direction import higher_is_better
from nbtrack.widgets.column_choice import choose_columns
from nbtrack.widgets.frame import Frame, Known, Mode, lock_of
from nbtrack.widgets.wire import ipc_bytes, json_number

if TYPE_CHECKING:
    import pyarrow

    from nbtrack.store import Column, Page, RunQuery, Store

PAGE_ROWS = 100
# What is pushed covers a screen that straddles two pages.
_PUSHED_ROWS = 2 * PAGE_ROWS
SPARK_POINTS = 32
_SNAPSHOT_CURVES = 40

Direction = Literal["max", "min", "none"]


class TableModel:
    """The state of one run table. Any thread may call any method."""

    def __init__(self, frame: Frame, order_by: Sequence[str] = ()) -> None:
        self.frame = frame
        self._lock = lock_of(frame.store)
        self._known: Known | None = None
        self._best: tuple[object, dict[str, dict[str, object]]] | None = None
        self._groups: list[dict[str, Any]] | None = None
        self._directions: dict[str, Direction] = {}
        self._window: tuple[int, int | None] = (0, None)
        self.revision = 0
        self.order = [order_key(key) for key in order_by]
        self.group: str | None = None
        self.shown: list[str] | None = None
        self.pinned: list[str] = []
        self.show_constant = False
        frame.listeners.add(self._asked_anew)

    # What is asked of it

    def set_order(self, order: Sequence[tuple[str, bool]]) -> None:
        """Sort by columns; each comes with whether it descends. None: the newest run first."""
        with self._lock:
            before, self.order = self.order, list(order)
            try:
                self._page(0, None, limit=0)
            except InvalidFilter:
                self.order = before
                raise
        self._asked_anew()

    def set_group(self, by: str | None) -> None:
        """Gather the runs by a parameter, tag or attribute; ``None`` lists them as they are."""
        with self._lock:
            before, self.group = self.group, by
            try:
                self._read_groups()
            except InvalidFilter:
                self.group = before
                raise
        self._asked_anew()

    def set_columns(
        self,
        shown: Sequence[str] | None = None,
        *,
        pinned: Sequence[str] | None = None,
        constant: bool | None = None,
    ) -> None:
        """Show these columns (``None``: those chosen for the user), some pinned to the left."""
        with self._lock:
            known = {column.name for column in self._read().columns}
            self.shown = None if shown is None else [name for name in shown if name in known]
            if pinned is not None:
                self.pinned = [name for name in pinned if name in known]
            if constant is not None:
                self.show_constant = constant
            self.revision += 1

    def refresh(self) -> bool:
        """Look whether the store has something new; whether it had."""
        with self._lock:
            known = self.frame.known()
            if known is self._known:
                return False
            self._known, self._best, self._groups = known, None, None
            self.revision += 1
            return True

    def snapshot(self) -> dict[str, object]:
        """The state, and the rows and curves that were asked for last: what a view starts from."""
        with self._lock:
            offset, within = self._window
            if within is not None and within >= len(self._known_groups()):
                offset, within = 0, None
            if self.group and within is None:
                page = None
            else:
                page = self._page(offset, within, limit=_PUSHED_ROWS)
            state = self.state(page)
            runs = page.table["run_id"].to_pylist()[:_SNAPSHOT_CURVES] if page else []
            curves = self._curves(runs) if page and self._read().curves else None
            return {
                "state": state,
                "page": {"offset": offset, "within": within} if page else None,
                "rows": ipc_bytes(page.table) if page else None,
                "curves": None if curves is None else ipc_bytes(curves),
            }

    @property
    def store(self) -> Store:
        """Where the runs are."""
        return self.frame.store

    @property
    def filter(self) -> str:
        """The frame's filter, as it was typed."""
        return self.frame.filter

    @property
    def mode(self) -> Mode:
        """How the filter is understood."""
        return self.frame.mode

    @property
    def window(self) -> tuple[int, int | None]:
        """The rows that are on screen: the first one's place, and the group it is in."""
        return self._window

    def look_at(self, offset: int, within: int | None) -> None:
        """These rows are on screen: `snapshot` is to have them."""
        with self._lock:
            self._window = (max(0, offset), within)

    def state(self, page: Page | None = None) -> dict[str, object]:
        """What the table shows, as JSON."""
        known = self._read()
        if page is not None and page.offset >= 0 and not self.group:
            total = page.total
        else:
            total = self._page(0, None, limit=0).total
        return {
            "revision": self.revision,
            **self.frame.state(known, total),
            "order": [{"column": name, "descending": down} for name, down in self.order],
            "group": self.group,
            "groups": self._sorted_groups(),
            "shown": self.shown_columns(),
            "pinned": self.pinned,
            "constant": self.show_constant,
            "chosen": self.shown is not None,
            "best": self._read_best(),
        }

    def shown_columns(self) -> list[str]:
        """The names of the columns beside the run's name, in order."""
        known = self._read()
        if self.shown is not None:
            shown = list(self.shown)
        else:
            shown = choose_columns(known.columns, known.total, experiments=known.experiments)
        if self.show_constant:
            last = max(
                (i for i, name in enumerate(shown) if name.startswith("params.")), default=None
            )
            at = len(shown) if last is None else last + 1
            shown[at:at] = [name for name in known.constants if name not in shown]
        pinned = [name for name in self.pinned if name in shown]
        return [*pinned, *(name for name in shown if name not in pinned)]

    def columns(self) -> list[Column]:
        """Every column that the runs have."""
        return self._read().columns

    def query(self) -> RunQuery:
        """The question whose answer is listed."""
        return self._query()

    def best(self) -> dict[str, set[str]]:
        """The runs that are best, by metric that is shown and whose name tells what better is."""
        with self._lock:
            return {name: set(best["runs"]) for name, best in self._read_best().items()}  # type: ignore[call-overload]

    def page(
        self,
        offset: int,
        within: int | None = None,
        *,
        limit: int = PAGE_ROWS,
        columns: Sequence[str] | None = None,
    ) -> Page:
        """Runs that fit, in order, with the columns that are shown or those that are named.

        ``within`` is the place of a group: its runs only. ``limit=0`` gives the total.
        """
        with self._lock:
            return self._page(offset, within, limit=limit, columns=columns)

    def curves_of(self, runs: Sequence[str], points: int = SPARK_POINTS) -> pyarrow.Table:
        """The curves of the metrics that are shown: run_id, key, values."""
        with self._lock:
            return self._curves(runs, points)

    def mark_best(self, directions: Mapping[str, Direction]) -> None:
        """By metric: whether the highest or the lowest run is marked as best, or none."""
        with self._lock:
            self._directions.update(directions)
            self._best = None

    # Reading

    def _asked_anew(self) -> None:
        with self._lock:
            self._window = (0, None)
            self._best = self._groups = None
            self.revision += 1

    def _query(self, within: int | None = None) -> RunQuery:
        from nbtrack.store import quoted_column

        order = [f"{quoted_column(name)} {'DESC' if down else 'ASC'}" for name, down in self.order]
        if within is None or self.group is None:
            return self.frame.query(order)
        value = self._known_groups()[within]["value"]
        return self.frame.query(order, also=[_equals(self.group, value)])

    def _page(
        self,
        offset: int,
        within: int | None,
        *,
        limit: int = PAGE_ROWS,
        columns: Sequence[str] | None = None,
    ) -> Page:
        from nbtrack.store import run_page

        names = self.shown_columns() if columns is None and limit else columns or ()
        query = self._query(within)
        return run_page(self.store, query, columns=names, offset=offset, limit=limit)

    def _read(self) -> Known:
        if self._known is None:
            self._known = self.frame.known()
        return self._known

    def _curves(self, runs: Sequence[str], points: int = SPARK_POINTS) -> pyarrow.Table:
        from nbtrack.store import run_sparklines

        curves = self._read().curves
        keys = [n.removeprefix("metrics.") for n in self.shown_columns() if n in curves]
        return run_sparklines(self.store, list(runs), keys, points=points)

    def _read_best(self) -> dict[str, dict[str, object]]:
        from nbtrack.store import best_runs

        metrics = [name for name in self.shown_columns() if name.startswith("metrics.")]
        asked = (self.filter, self.mode, tuple(metrics), self._read().version)
        if self._best is None or self._best[0] != asked:
            directions = {name: self._direction(name) for name in metrics}
            told = [name for name, direction in directions.items() if direction != "none"]
            found = best_runs(self.store, self._query(), told) if told else {}
            best: dict[str, dict[str, object]] = {}
            for name, (lowest, highest) in found.items():
                direction = directions[name]
                # Where all runs tie, none is better than the others.
                if list(lowest) != list(highest):
                    runs = list(highest if direction == "max" else lowest)
                    best[name] = {"direction": direction, "runs": runs}
            self._best = (asked, best)
        return self._best[1]

    def _direction(self, metric: str) -> Direction:
        if metric in self._directions:
            return self._directions[metric]
        higher = higher_is_better(metric.removeprefix("metrics."))
        return "none" if higher is None else "max" if higher else "min"

    def _known_groups(self) -> list[dict[str, Any]]:
        if self._groups is None:
            self._groups = self._read_groups()
        return self._groups

    def _read_groups(self) -> list[dict[str, Any]]:
        from nbtrack.store import run_groups

        if not self.group:
            return []
        metrics = [name for name in self.shown_columns() if name.startswith("metrics.")]
        table = run_groups(self.store, self._query(), self.group, metrics)
        return [
            {
                "value": None if row["value"] is None else str(row["value"]),
                "runs": row["runs"],
                "metrics": {
                    name: [json_number(row[f"{name}.{part}"]) for part in ("mean", "min", "max")]
                    for name in metrics
                },
            }
            for row in table.to_pylist()
        ]

    def _sorted_groups(self) -> list[dict[str, Any]] | None:
        if not self.group:
            return None
        groups = self._known_groups()
        if not self.order:
            return groups
        column, descending = self.order[0]

        def worth(group: dict[str, Any]) -> tuple[bool, float | str]:
            value = group["metrics"].get(column, (None,))[0]
            missing = not isinstance(value, (int, float))
            return (missing != descending, 0.0 if missing else float(value))

        if column in (groups[0]["metrics"] if groups else ()):
            groups.sort(key=worth, reverse=descending)
        return groups


def _equals(column: str, value: str | None) -> str:
    from nbtrack.store import quoted_column

    if value is None:
        return f"{quoted_column(column)} IS NULL"
    escaped = value.replace("'", "''")
    return f"{quoted_column(column)} = '{escaped}'"


def order_key(text: str) -> tuple[str, bool]:
    """A column, and whether it descends: ``"metrics.loss DESC"``."""
    column, _, direction = text.rpartition(" ")
    if direction.upper() in ("ASC", "DESC"):
        return column, direction.upper() == "DESC"
    return text, False
