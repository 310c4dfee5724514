"""What curves show: which metrics, along what, and the runs whose curves they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValue
from nbtrack.widgets.axes import Axis, axis_of
from nbtrack.widgets.column_choice import metric_names
from nbtrack.widgets.curves.reading import Along, Curve, CurveReader
from nbtrack.widgets.frame import Frame, Known, lock_of
from nbtrack.widgets.wire import ipc_bytes

if TYPE_CHECKING:
    import pyarrow

    from nbtrack.store import Page, Series
    from nbtrack.store.thinned import X

# Chosen where nobody has; and at most, with what is left out told.
CHOSEN_METRICS = 6
MAX_METRICS = 24
MAX_RUNS = 1_000
MAX_CURVES = 8_000
# Seven hues, each with four dashes: so many runs are told apart by their strokes.
STROKES = 28

_KIND = "metrics."


@dataclass(frozen=True, slots=True)
class Drawn:
    """The runs that have curves, the newest first, and their curves by metric and place.

    ``strokes`` has for each run which hue and dash it has as long as it is drawn; empty
    where there are too many for that. ``paint`` is the column that colours them instead.
    ``total`` runs fit the filter, of which ``asked`` were looked at.
    """

    run_ids: list[str]
    names: list[str]
    strokes: list[int]
    paint: Axis | None
    metrics: list[str]
    curves: dict[tuple[str, int], Curve]
    total: int
    asked: int


class CurvesModel:
    """The state of one picture. ``metrics`` and ``color`` are ``None`` where nobody has chosen."""

    def __init__(self, frame: Frame) -> None:
        from nbtrack.store import PointsTail

        self.frame = frame
        self.metrics: list[str] | None = None
        self.along = Along("step", log_x=False)
        self.color: str | None = None
        self._reader = CurveReader(frame.store)
        self._tail = PointsTail(frame.store)
        self._known: Known | None = None
        self._read: tuple[object, Drawn] | None = None
        self._paged: tuple[object, Page] | None = None
        self._strokes: dict[str, int] = {}
        self._lock = lock_of(frame.store)

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

    def go_along(self, x: X, *, log_x: bool) -> None:
        """Let x be the step, the time, or the time since each run began."""
        self.along = Along(x, log_x)

    def choose(self, metrics: Sequence[str] | None) -> None:
        """Show these metrics, in this order; ``None`` lets them be chosen.

        Raises `InvalidValue` for one that no run has.
        """
        if metrics is not None:
            metrics = list(dict.fromkeys(self.metric(name) for name in metrics))
        self.metrics = metrics

    def metric(self, name: str) -> str:
        """The metric that ``name`` means, with or without ``metrics.`` before it.

        Raises `InvalidValue` for one that no run has.
        """
        known = [c.name for c in self.known().columns if c.kind == "metrics"]
        for full in (name, f"{_KIND}{name}"):
            if full in known:
                return full
        if not known:
            return name if name.startswith(_KIND) else f"{_KIND}{name}"
        listed = ", ".join(each.removeprefix(_KIND) for each in known)
        raise InvalidValue(f"No run has the metric {name!r}. Metrics are {_cut(listed)}.")

    def column(self, name: str) -> str:
        """The column that ``name`` means: its full name, or its key where that is enough.

        Raises `InvalidValue` for one that no run has.
        """
        known = [column.name for column in self.known().columns]
        found = [each for each in known if each == name]
        found = found or [each for each in known if each.partition(".")[2] == name]
        if len(found) == 1 or not known:
            return found[0] if found else name
        if found:
            raise InvalidValue(f"{name!r} may be {' or '.join(found)}: write one of them.")
        listed = ", ".join(each for each in known if not each.startswith("attributes."))
        raise InvalidValue(f"No run has {name!r}. Columns are {_cut(listed)}.")

    def wanted(self) -> list[str]:
        """The metrics that are to be shown: those chosen, or those that tell most."""
        if self.metrics is not None:
            return self.metrics
        known = self.known()
        return [name for name in metric_names(known.columns) if name in known.curves][
            :CHOSEN_METRICS
        ]

    def shown(self) -> list[str]:
        """Those of them for which there is room."""
        return self.wanted()[:MAX_METRICS]

    def drawn(self) -> Drawn:
        """The runs that fit the filter; read anew only where the answer may be another."""
        with self._lock:
            asked = (self.known(), self.frame.filter, tuple(self.shown()), self.along, self.color)
            if self._read is None or self._read[0] != asked:
                self._read = (asked, self._draw())
            return self._read[1]

    def follow(self) -> bool:
        """Take in what was logged since, if that is points of known curves alone; whether it is.

        It costs a fiftieth of a question to the database, so that curves move while a
        cell trains and hardly take time from it.
        """
        with self._lock:
            if self._read is None or self._hangs_on_points():
                return False
            added = self._tail.read()
            known = self.known().curves
            if added is None or not all(_KIND + key in known for _, key in added):
                return False
            found = self._reader.append(added)
            if found is None:
                return False
            asked, drawn = self._read
            curves = {
                (metric, run): found[drawn.run_ids[run], metric.removeprefix(_KIND)]
                for metric, run in drawn.curves
            }
            self._read = (asked, replace(drawn, curves=curves))
            return True

    def refined(self, ranges: Mapping[str, tuple[float, float]]) -> dict[tuple[str, int], Curve]:
        """The curves of these metrics, each over its own range of x."""
        drawn = self.drawn()
        series = {
            (drawn.run_ids[run], metric.removeprefix(_KIND)): (metric, run)
            for metric, run in drawn.curves
            if metric in ranges
        }
        within = {metric.removeprefix(_KIND): over for metric, over in ranges.items()}
        found = self._reader.refined(list(series), self.along, within)
        return {series[each]: curve for each, curve in found.items()}

    def table(self) -> pyarrow.Table:
        """Every point of what is drawn: run_id, name, metric, step, time (UTC), value."""
        import pyarrow as pa

        from nbtrack.store import whole_curves

        drawn = self.drawn()
        places = list(drawn.curves)
        series = [(drawn.run_ids[run], metric.removeprefix(_KIND)) for metric, run in places]
        rows = whole_curves(self.frame.store, series)
        of = rows["series"].combine_chunks().cast(pa.int32())
        texts = {
            "run_id": [run_id for run_id, _ in series],
            "name": [drawn.names[run] for _, run in places],
            "metric": [key for _, key in series],
        }
        columns = {name: pa.array(each, pa.string()).take(of) for name, each in texts.items()}
        return pa.table(
            {**columns, "step": rows["step"], "time": rows["ts"], "value": rows["value"]}
        )

    def snapshot(self) -> dict[str, Any]:
        """What the browser draws: state as JSON, runs and curves as Arrow."""
        import pyarrow as pa

        drawn = self.drawn()
        runs: dict[str, Any] = {"run_id": drawn.run_ids, "name": drawn.names}
        if drawn.paint is not None:
            runs |= {"color": drawn.paint.values, "color?": drawn.paint.special}
        elif drawn.strokes:
            runs["stroke"] = pa.array(drawn.strokes, pa.int32())
        return {
            "state": self.frame.state(self.known(), drawn.total),
            "metrics": drawn.metrics,
            "chosen": self.metrics is not None,
            "left_out": len(self.wanted()) - len(drawn.metrics),
            "asked": drawn.asked,
            "x": self.along.x,
            "log_x": self.along.log_x,
            "color": self.color,
            "paint": None if drawn.paint is None else _paint_json(drawn.paint),
            "runs": ipc_bytes(pa.table(runs)),
            **curve_buffers(drawn.metrics, drawn.curves),
        }

    def _draw(self) -> Drawn:
        import pyarrow as pa

        from nbtrack.store import count_points

        metrics = self.shown()
        page = self._page(min(MAX_RUNS, MAX_CURVES // max(len(metrics), 1)))
        ids = page.table["run_id"].to_pylist()
        keys = [metric.removeprefix(_KIND) for metric in metrics]
        counts: dict[Series, int] = {
            (row["run_id"], row["key"]): row["count"]
            for row in count_points(self.frame.store, ids, keys).to_pylist()
        }
        found = self._reader.read(counts, self.along)
        self._tail.begin()
        told = {run_id for run_id, _ in found}
        kept = [place for place, run_id in enumerate(ids) if run_id in told]
        run_ids = [ids[place] for place in kept]
        place_of = {run_id: place for place, run_id in enumerate(run_ids)}
        curves = {(_KIND + key, place_of[run]): curve for (run, key), curve in found.items()}
        rows = page.table.take(pa.array(kept, pa.int64()))
        paint = None
        if self.color:
            paint = axis_of(self.color, rows[self.color.removeprefix("attributes.")])
        return Drawn(
            run_ids=run_ids,
            names=rows["name"].to_pylist(),
            strokes=self._strokes_of(run_ids),
            paint=paint,
            metrics=metrics,
            curves=dict(
                sorted(curves.items(), key=lambda each: (metrics.index(each[0][0]), each[0][1]))
            ),
            total=page.total,
            asked=len(ids),
        )

    def _hangs_on_points(self) -> bool:
        """Whether points that are added may change which runs are drawn, or their colours."""
        return self.frame.hangs_on_points() or (self.color or "").startswith(_KIND)

    def _page(self, limit: int) -> Page:
        """The newest runs that fit; asked for anew only where more than points was added."""
        from nbtrack.store import run_page

        columns = [self.color] if self.color else []
        asked = None
        if not self._hangs_on_points():
            asked = (self.known().mark, self.frame.filter, self.color, limit)
        if self._paged is None or asked is None or self._paged[0] != asked:
            page = run_page(self.frame.store, self.frame.query(), columns=columns, limit=limit)
            self._paged = (asked, page)
        return self._paged[1]

    def _strokes_of(self, run_ids: Iterable[str]) -> list[int]:
        """A stroke for each run, which it keeps while it is drawn; the oldest have the first."""
        ids = list(run_ids)
        if len(ids) > STROKES:
            return []
        self._strokes = {run: self._strokes[run] for run in ids if run in self._strokes}
        free = iter(sorted(set(range(STROKES)) - set(self._strokes.values())))
        for run in reversed(ids):
            if run not in self._strokes:
                self._strokes[run] = next(free)
        return [self._strokes[run] for run in ids]


def curve_buffers(
    metrics: Sequence[str], curves: Mapping[tuple[str, int], Curve]
) -> dict[str, bytes]:
    """Curves as Arrow: ``series`` says whose they are and how long; then all their rows."""
    import numpy as np
    import pyarrow as pa

    place_of = {metric: place for place, metric in enumerate(metrics)}
    each = list(curves.values())

    def joined(name: str) -> Any:
        return np.concatenate([getattr(curve, name) for curve in each] or [np.empty(0)])

    series = {
        "metric": pa.array([place_of[metric] for metric, _ in curves], pa.int32()),
        "run": pa.array([run for _, run in curves], pa.int32()),
        "points": pa.array([len(curve.x) for curve in each], pa.int32()),
        "levels": pa.array([len(curve.level) for curve in each], pa.int32()),
    }
    points = {name: joined(name) for name in ("x", "step", "value")}
    levels = {"x": joined("level_x"), "value": joined("level"), "count": joined("count")}
    return {
        "series": ipc_bytes(pa.table(series)),
        "points": ipc_bytes(pa.table(points)),
        "levels": ipc_bytes(pa.table(levels)),
    }


def _paint_json(axis: Axis) -> dict[str, object]:
    return {
        "name": axis.name,
        "kind": axis.kind,
        "scale": axis.scale,
        "low": axis.low,
        "high": axis.high,
        "labels": axis.labels,
    }


def _cut(text: str, width: int = 300) -> str:
    return text if len(text) <= width else text[:width] + " …"
