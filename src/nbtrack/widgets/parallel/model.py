"""What parallel coordinates show: which axes, in which order, and the runs along them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValue
from nbtrack.widgets.axes import Axis, axis_of, brushed
from nbtrack.widgets.column_choice import metric_names, varying_params
from nbtrack.widgets.frame import Frame, Known
from nbtrack.widgets.wire import ipc_bytes

if TYPE_CHECKING:
    import pyarrow

MAX_AXES = 12
_MAX_METRICS = 3
# The newest of more are drawn, and it is said.
MAX_RUNS = 100_000


@dataclass(frozen=True, slots=True)
class Lines:
    """The runs that are drawn, each with its place on every axis; the newest first."""

    run_ids: list[str]
    names: list[str]
    axes: list[Axis]
    total: int

    def axis(self, name: str) -> Axis | None:
        """The axis of that column, where it is among those that were read."""
        return next((axis for axis in self.axes if axis.name == name), None)


class ParallelModel:
    """The state of one picture. ``axes`` and ``color`` are ``None`` where nobody has chosen."""

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self.axes: list[str] | None = None
        self.color: str | None = None
        self.scales: dict[str, str] = {}
        self.brushes: dict[str, list[object]] = {}
        self._read: tuple[object, Lines] | None = None
        self._known: Known | None = None

    def refresh(self) -> bool:
        """Look whether the store has something new; whether it had."""
        known = self.frame.known()
        if known is self._known:
            return False
        self._known = known
        return True

    def known(self) -> Known:
        """The columns and counts of all runs, as they were when `refresh` looked last."""
        if self._known is None:
            self._known = self.frame.known()
        return self._known

    def choose(self, axes: Sequence[str] | None) -> None:
        """Show these columns, in this order; ``None`` lets them be chosen.

        Raises `InvalidValue` for a name that no run has.
        """
        if axes is not None:
            axes = [self.named(name) for name in axes]
        self.axes = None if axes is None else list(dict.fromkeys(axes))

    def named(self, name: str) -> str:
        """The column that ``name`` means: its full name, or its key where that is enough.

        Raises `InvalidValue` for a name that no run has.
        """
        columns = [column.name for column in self.known().columns]
        found = [column for column in columns if column == name]
        found = found or [column for column in columns if column.partition(".")[2] == name]
        if len(found) == 1:
            return found[0]
        if found:
            raise InvalidValue(f"{name!r} may be {' or '.join(found)}: write one of them.")
        if not columns:
            return name
        listed = ", ".join(c for c in columns if not c.startswith("attributes."))
        raise InvalidValue(f"No run has {name!r}. Columns are {_cut(listed)}.")

    def shown(self) -> list[str]:
        """The names of the axes, in order: parameters that vary, then metrics."""
        if self.axes is not None:
            return self.axes
        known = self.known()
        metrics = metric_names(known.columns)[:_MAX_METRICS]
        params = varying_params(known.columns, known.total)[: MAX_AXES - len(metrics)]
        # The best told metric stands last, where the eye ends.
        names = [*params, *reversed(metrics)]
        if not names and known.total:
            return ["attributes.duration_s"]
        return names

    def colored(self) -> str | None:
        """The column by whose values lines are coloured, if by any."""
        if self.color is not None:
            return self.color or None
        metrics = metric_names(self.known().columns)
        return metrics[0] if metrics else None

    def lines(self) -> Lines:
        """The runs that fit the filter; read anew only where the answer may be another."""
        frame, names = self.frame, list(self.shown())
        color = self.colored()
        if color is not None and color not in names:
            names.append(color)
        asked = (self.known(), frame.filter, tuple(names), tuple(sorted(self.scales.items())))
        if self._read is None or self._read[0] != asked:
            self._read = (asked, self._read_lines(names))
        return self._read[1]

    def brushed(self) -> list[str]:
        """The full ids of the runs that every brush takes; none where nothing is brushed."""
        lines = self.lines()
        taken = brushed(lines.axes, self.brushes)
        return [] if taken is None else [lines.run_ids[i] for i in taken.nonzero()[0]]

    def keep(self) -> str:
        """The filter as it is, and the brushes as conditions of it."""
        from nbtrack.store import quoted_column

        axes = [axis for axis in self.lines().axes if axis.name in self.brushes]
        conditions = [
            _condition(quoted_column(axis.name), axis, self.brushes[axis.name]) for axis in axes
        ]
        if self.frame.mode == "filter":
            conditions.insert(0, _in_brackets(self.frame.filter))
        return " AND ".join(conditions)

    def snapshot(self) -> dict[str, Any]:
        """What the browser draws: state and axes as JSON, the runs as Arrow."""
        import pyarrow

        lines, known, frame = self.lines(), self.known(), self.frame
        columns: dict[str, Any] = {"run_id": lines.run_ids, "name": lines.names}
        for place, axis in enumerate(lines.axes):
            columns[str(place)] = axis.values
            if axis.special.any():
                columns[f"{place}?"] = axis.special
        return {
            "state": frame.state(known, lines.total),
            "shown": self.shown(),
            "chosen": self.axes is not None,
            "color": self.colored(),
            "axes": [_axis_json(axis) for axis in lines.axes],
            "rows": ipc_bytes(pyarrow.table(columns)),
        }

    def table(self) -> pyarrow.Table:
        """The runs that are drawn: run_id, name, and a column per axis."""
        page = self._page([axis.name for axis in self.lines().axes])
        names = [axis.name.removeprefix("attributes.") for axis in self.lines().axes]
        return page.table.select(["run_id", *dict.fromkeys(["name", *names])])

    def _page(self, names: Sequence[str]) -> Any:
        from nbtrack.store import run_page

        return run_page(self.frame.store, self.frame.query(), columns=names, limit=MAX_RUNS)

    def _read_lines(self, names: Sequence[str]) -> Lines:
        page = self._page(names)
        table = page.table
        axes = [
            axis_of(name, table[name.removeprefix("attributes.")], self.scales.get(name))
            for name in names
        ]
        ids, run_names = table["run_id"].to_pylist(), table["name"].to_pylist()
        return Lines(ids, run_names, axes, page.total)


def _axis_json(axis: Axis) -> dict[str, object]:
    return {
        "name": axis.name,
        "kind": axis.kind,
        "scale": axis.scale,
        "low": axis.low,
        "high": axis.high,
        "labels": axis.labels,
    }


def _condition(column: str, axis: Axis, brush: Sequence[object]) -> str:
    texts = [str(each) for each in brush if each is not None]
    missing = [f"{column} IS NULL"] if None in brush else []
    if axis.kind == "category":
        listed = ", ".join("'" + text.replace("'", "''") + "'" for text in texts)
        taken = [f"{column} IN ({listed})"] if texts else []
    elif len(texts) == 2:
        low, high = sorted(map(float, texts))
        taken = [f"({column} >= {low!r} AND {column} <= {high!r})"]
    else:
        taken = []
    parts = [*taken, *missing]
    return parts[0] if len(parts) == 1 else f"({' OR '.join(parts)})"


def _in_brackets(text: str) -> str:
    return f"({text})" if " or " in text.lower() else text


def _cut(text: str, width: int = 300) -> str:
    return text if len(text) <= width else text[:width] + " …"


def brushes_of(value: Mapping[str, Any]) -> dict[str, list[object]]:
    """Brushes as they are kept: a list of plain values by column."""
    return {str(name): list(brush) for name, brush in value.items()}
