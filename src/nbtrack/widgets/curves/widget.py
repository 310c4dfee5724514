"""Curves in a notebook: traits for the user's code, intents from the browser."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import traitlets

from nbtrack.errors import InvalidValue
from nbtrack.widgets import image
from nbtrack.widgets.axes import label_of
from nbtrack.widgets.curves.model import CurvesModel, curve_buffers
from nbtrack.widgets.curves.picture import MAX_LINES, View, draw, why_empty
from nbtrack.widgets.frame import Frame, frame_of, lock_of
from nbtrack.widgets.live import LiveWidget, built
from nbtrack.widgets.wire import Answer

if TYPE_CHECKING:
    import pandas
    import pyarrow

    from nbtrack.charts.style import Theme
    from nbtrack.store.thinned import X

_XS = ("step", "time", "relative")
_TOLD = 6


def curves(
    runs: Any = None,
    *,
    metrics: Sequence[str] | None = None,
    x: X = "step",
    smoothing: float = 0.0,
    log_x: bool = False,
    log_y: bool | Sequence[str] = False,
    color: str | None = None,
    store: str | PathLike[str] | None = None,
) -> Curves:
    """The metrics of ``runs`` as curves: one small picture per metric, a line per run.

    ``runs`` is `nbtrack.runs`'s answer, a widget, a filter or a list of runs; all runs
    of the store without it. ``metrics`` are names, chosen for you without them. ``x`` is
    "step", "time" or "relative": seconds since each run began. ``smoothing`` is from 0
    up to 1, as TensorBoard has it. ``log_y`` names metrics, or is ``True`` for all.
    ``color`` is a column that colours lines (``"params.lr"``, or ``"lr"`` where that is
    enough); without it each run has a colour of its own. Raises `InvalidFilter`, and
    `InvalidValue` for an unknown metric or column.

    >>> curves("params.model = 'forest'", metrics=["loss"], smoothing=.6)
    """
    widget = Curves(frame_of(runs, store), metrics=metrics, x=x, log_x=log_x, color=color)
    widget.smoothing = smoothing
    if log_y:
        widget.log_y = widget._model.wanted() if isinstance(log_y, bool) else list(log_y)
    return widget


class Curves(LiveWidget):
    """Metrics of runs as curves that follow training, and can be smoothed and zoomed.

    Made by `nbtrack.curves`. Besides ``filter`` and ``selected``, which it shares with
    the other widgets on its runs:

    =============  ====================  ==========  =========================================
    trait          type                  default     meaning
    =============  ====================  ==========  =========================================
    ``metrics``    list of str or None   ``None``    what is shown, in order; ``None``: chosen
                                                     for you
    ``x``          str                   ``"step"``  or "time", or "relative": seconds since
                                                     each run began
    ``log_x``      bool                  ``False``   whether x is logarithmic (not of a time)
    ``log_y``      list of str           ``[]``      metrics whose axes are logarithmic
    ``smoothing``  float                 ``0.0``     from 0 up to 1, as TensorBoard has it
    ``color``      str or None           ``None``    the column that colours lines; ``None``:
                                                     each run has a colour of its own
    ``ranges``     dict of list          ``{}``      ``[low, high]`` of x that is shown, by
                                                     metric; times in ms since the epoch
    =============  ====================  ==========  =========================================
    """

    _esm = built("curves.js")
    _css = built("curves.css")
    # Whoever watches training wants to see it move.
    _every_s = 0.3

    metrics: Any = traitlets.List(traitlets.Unicode(), None, allow_none=True)
    x = traitlets.Unicode("step")
    log_x = traitlets.Bool(False)
    log_y = traitlets.List(traitlets.Unicode()).tag(sync=True)
    smoothing = traitlets.Float(0.0).tag(sync=True)
    color = traitlets.Unicode(None, allow_none=True)
    ranges = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        frame: Frame,
        *,
        metrics: Sequence[str] | None = None,
        x: X = "step",
        log_x: bool = False,
        color: str | None = None,
    ) -> None:
        self._model = CurvesModel(frame)
        self._model.choose(metrics)
        self._model.go_along(_x(x), log_x=log_x)
        self._model.color = self._model.column(color) if color else None
        self._begin(frame)

    def __repr__(self) -> str:
        drawn = self._model.drawn()
        if not drawn.total:
            return "Curves: no runs"
        if not drawn.curves:
            return f"Curves: {drawn.total} run{_s(drawn.total)} without any"
        told = ", ".join(label_of(name) for name in drawn.metrics[:_TOLD])
        more = len(self._model.wanted()) - _TOLD
        count = len(drawn.run_ids)
        return f"Curves of {count} run{_s(count)}: {told}" + (f" and {more} more" * (more > 0))

    def df(self) -> pandas.DataFrame:
        """Every point of what is drawn: run_id, name, metric, step, time (UTC), value."""
        return self._model.table().to_pandas()

    def arrow(self) -> pyarrow.Table:
        """Every point of what is drawn: run_id, name, metric, step, time (UTC), value."""
        return self._model.table()

    def svg(self, *, theme: Theme = "light") -> str:
        """The picture as it now is, as SVG."""
        drawn, along = self._model.drawn(), self._model.along
        ranges = {name: (low, high) for name, (low, high) in self.ranges.items()}
        if ranges:
            drawn = replace(drawn, curves={**drawn.curves, **self._model.refined(ranges)})
        view = View(
            x=along.x,
            log_x=along.log_x and along.x != "time",
            log_y=self.log_y,
            smoothing=self.smoothing,
            ranges=ranges,
            selected=set(self.selected),
        )
        return draw(drawn, view, theme=theme)

    def save(
        self, path: str | PathLike[str], *, theme: Theme = "light", scale: float = image.SCALE
    ) -> Path:
        """Write the picture as it now is to ``path`` (.png or .svg); the path.

        Needs no browser. ``scale`` is how many pixels of a PNG are one of the picture.
        Raises `InvalidValue` for another ending, `MissingExtra` for a PNG without
        vl-convert.
        """
        return image.save(self.svg(theme=theme), path, scale=scale)

    def _html(self) -> str:
        return (
            f"<div>{image.img(self.svg(), repr(self))}"
            f'<div style="opacity:.65;font-size:85%">{image.escaped(self._caption())}</div></div>'
        )

    def _caption(self) -> str:
        drawn = self._model.drawn()
        if not drawn.curves:
            return why_empty(drawn)
        count = len(drawn.run_ids)
        said = [f"{drawn.total:,} run{_s(drawn.total)}"]
        if drawn.asked < drawn.total:
            said.append(f"the newest {drawn.asked:,} looked at")
        if count < drawn.asked:
            said.append(f"{count:,} with curves")
        if count > MAX_LINES:
            said.append(f"{MAX_LINES} drawn")
        if left_out := len(self._model.wanted()) - len(drawn.metrics):
            said.append(f"{left_out} metric{_s(left_out)} left out")
        if self.smoothing:
            said.append(f"smoothed by {self.smoothing:g}")
        if self.frame.filter:
            said.append(f"filter: {self.frame.filter[:120]}")
        return " · ".join(said)

    def _draw(self) -> dict[str, Any]:
        return self._model.snapshot()

    def _news(self) -> None:
        with lock_of(self.store):
            news = self._draw() if not self._trouble and self._model.follow() else None
        if news is None:
            super()._news()
        else:
            self._snapshot = news

    def _refresh(self) -> bool:
        return self._model.refresh()

    def _answer(self, intent: Mapping[str, Any]) -> Answer:
        model = self._model
        match intent["kind"]:
            case "filter":
                self.frame.set_filter(str(intent["text"]))
            case "metrics":
                model.choose(intent["metrics"])
            case "along":
                self._go_along(_x(intent["x"]), log_x=bool(intent["log_x"]))
            case "color":
                model.color = model.column(intent["color"]) if intent["color"] else None
            case "select":
                self.frame.selection.replace(intent["runs"])
                return Answer({"kind": "done"})
            case "curves":
                return self._refined(intent["ranges"])
            case "svg":
                return Answer({"kind": "svg", "svg": self.svg(theme=intent["theme"])})
        self._push()
        return Answer({"kind": "done"})

    def _refined(self, asked: Mapping[str, Any]) -> Answer:
        ranges = {metric: _range(over) for metric, over in asked.items()}
        metrics = self._model.shown()
        # Lists are sent as they are, so that the browser knows whose the numbers are.
        buffers = curve_buffers(metrics, self._model.refined(ranges))
        content = {"kind": "curves", "metrics": metrics, "ranges": asked}
        return Answer(content, [buffers[name] for name in ("series", "points", "levels")])

    def _go_along(self, x: X, *, log_x: bool) -> None:
        if x != self._model.along.x:
            # Steps are no times.
            self.ranges = {}
        self._model.go_along(x, log_x=log_x)

    def _tell_traits(self) -> None:
        model = self._model
        self.metrics = None if model.metrics is None else list(model.metrics)
        self.x, self.log_x = model.along.x, model.along.log_x
        self.color = model.color

    @traitlets.validate("log_y")
    def _name_log_y(self, proposal: Mapping[str, Any]) -> list[str]:
        return [self._model.metric(name) for name in proposal["value"]]

    @traitlets.validate("smoothing")
    def _limit_smoothing(self, proposal: Mapping[str, Any]) -> float:
        value = float(proposal["value"])
        if not 0 <= value < 1:
            raise InvalidValue(f"smoothing is from 0 up to 1 (and below it), got {value:g}.")
        return value

    @traitlets.validate("ranges")
    def _name_ranges(self, proposal: Mapping[str, Any]) -> dict[str, list[float]]:
        return {
            self._model.metric(name): list(_range(over)) for name, over in proposal["value"].items()
        }

    @traitlets.observe("metrics", "x", "log_x", "color")
    def _lead_model(self, change: Mapping[str, Any]) -> None:
        if self._following:
            return
        with self._leading():
            self._set(change["name"], change["new"])
        self._push()

    def _set(self, name: str, value: Any) -> None:
        model = self._model
        match name:
            case "metrics":
                model.choose(value)
            case "x":
                self._go_along(_x(value), log_x=model.along.log_x)
            case "log_x":
                model.go_along(model.along.x, log_x=value)
            case "color":
                model.color = model.column(value) if value else None


def _x(value: object) -> X:
    for x in _XS:
        if value == x:
            return x  # type: ignore[return-value]
    raise InvalidValue(f"x is 'step', 'time' or 'relative', got {value!r}.")


def _range(over: object) -> tuple[float, float]:
    if isinstance(over, Iterable) and not isinstance(over, str):
        ends = list(over)
        if len(ends) == 2 and all(isinstance(end, (int, float)) for end in ends):
            low, high = float(ends[0]), float(ends[1])
            if math.isfinite(low) and math.isfinite(high) and low < high:
                return low, high
    raise InvalidValue(f"A range is [low, high] of x, got {over!r}.")


def _s(count: int) -> str:
    return "" if count == 1 else "s"
