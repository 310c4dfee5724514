"""Parallel coordinates in a notebook: traits for the user's code, intents from the browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import traitlets

from nbtrack.errors import InvalidValue
from nbtrack.widgets import image
from nbtrack.widgets.axes import label_of
from nbtrack.widgets.frame import Frame, frame_of
from nbtrack.widgets.live import LiveWidget, built
from nbtrack.widgets.parallel.model import MAX_AXES, ParallelModel
from nbtrack.widgets.parallel.picture import MAX_LINES, draw
from nbtrack.widgets.wire import Answer, csv_text

if TYPE_CHECKING:
    import pandas
    import pyarrow

    from nbtrack.charts.style import Theme


def parallel(
    runs: Any = None,
    *,
    axes: Sequence[str] | None = None,
    color: str | None = None,
    store: str | PathLike[str] | None = None,
) -> ParallelCoordinates:
    """Parallel coordinates of ``runs``: each run a line across its parameters and metrics.

    ``runs`` is `nbtrack.runs`'s answer, a widget, a filter or a list of runs; all runs
    of the store without it. ``axes`` and ``color`` name columns (``"params.lr"``, or
    ``"lr"`` where that is enough); without them, the parameters that vary and the
    metrics are chosen. Raises `InvalidFilter`, and `InvalidValue` for an unknown column.

    >>> parallel(nbtrack.runs(experiment="wine"), color="accuracy")
    """
    return ParallelCoordinates(frame_of(runs, store), axes=axes, color=color)


class ParallelCoordinates(LiveWidget):
    """Runs as lines across axes that can be brushed, moved, inverted and hidden.

    Made by `nbtrack.parallel`. Besides ``filter`` and ``selected``, which it shares with
    the other widgets on its runs:

    =============  ====================  ========  ==========================================
    trait          type                  default   meaning
    =============  ====================  ========  ==========================================
    ``axes``       list of str or None   ``None``  columns, in order; ``None``: chosen for you
    ``color``      str or None           ``None``  the column that colours lines; ``None``:
                                                   the first metric; ``""``: one colour
    ``inverted``   list of str           ``[]``    columns whose axes run downwards
    ``scales``     dict of str           ``{}``    "linear" or "log" by column; else chosen by
                                                   the values' span
    ``brushes``    dict of list          ``{}``    ``[low, high]`` or labels by column;
                                                   ``None`` in them takes missing values
    =============  ====================  ========  ==========================================
    """

    _esm = built("parallel.js")
    _css = built("parallel.css")

    axes: Any = traitlets.List(traitlets.Unicode(), None, allow_none=True)
    color = traitlets.Unicode(None, allow_none=True)
    inverted = traitlets.List(traitlets.Unicode()).tag(sync=True)
    scales = traitlets.Dict(value_trait=traitlets.Enum(["linear", "log"]))
    brushes = traitlets.Dict().tag(sync=True)

    def __init__(
        self, frame: Frame, *, axes: Sequence[str] | None = None, color: str | None = None
    ) -> None:
        self._model = ParallelModel(frame)
        self._model.choose(axes)
        if color:
            color = self._model.named(color)
        self._model.color = color
        self._begin(frame)

    def __repr__(self) -> str:
        lines, shown = self._model.lines(), self._model.shown()
        if not lines.total:
            return "Parallel coordinates: no runs"
        across = ", ".join(label_of(name) for name in shown[:MAX_AXES])
        more = f" and {len(shown) - MAX_AXES} more" if len(shown) > MAX_AXES else ""
        return f"Parallel coordinates of {lines.total} runs across {across}{more}"

    def df(self) -> pandas.DataFrame:
        """The runs that are drawn as a pandas DataFrame: run_id, name, a column per axis."""
        return self._model.table().to_pandas()

    def arrow(self) -> pyarrow.Table:
        """The runs that are drawn as an Arrow table: run_id, name, a column per axis."""
        return self._model.table()

    def svg(self, *, theme: Theme = "light") -> str:
        """The picture as it now is, as SVG."""
        return draw(
            self._model.lines(),
            self._model.shown(),
            color=self._model.colored(),
            inverted=self.inverted,
            selected=set(self.selected),
            theme=theme,
        )

    def save(
        self, path: str | PathLike[str], *, theme: Theme = "light", scale: float = image.SCALE
    ) -> Path:
        """Write the picture as it now is to ``path`` (.png or .svg); the path.

        Needs no browser. ``scale`` is how many pixels of a PNG are one of the picture.
        Raises `InvalidValue` for another ending, `MissingExtra` for a PNG without
        vl-convert.
        """
        return image.save(self.svg(theme=theme), path, scale=scale)

    def keep(self) -> str:
        """Turn the brushes into conditions of the filter, which is returned."""
        if self.brushes:
            self.frame.set_filter(self._model.keep())
            self.brushes = {}
        return self.frame.filter

    def _html(self) -> str:
        lines = self._model.lines()
        drawn = min(len(lines.run_ids), MAX_LINES)
        said = f", {drawn:,} drawn" if drawn < lines.total else ""
        caption = f"{lines.total:,} run{'' if lines.total == 1 else 's'}{said}"
        if self.frame.filter:
            caption += f" · filter: {self.frame.filter[:120]}"
        return (
            f"<div>{image.img(self.svg(), repr(self))}"
            f'<div style="opacity:.65;font-size:85%">{image.escaped(caption)}</div></div>'
        )

    def _draw(self) -> dict[str, Any]:
        return self._model.snapshot()

    def _refresh(self) -> bool:
        return self._model.refresh()

    def _answer(self, intent: Mapping[str, Any]) -> Answer:
        match intent["kind"]:
            case "filter":
                self.frame.set_filter(str(intent["text"]))
                self._push()
            case "axes":
                self._model.choose(intent["axes"])
                self._push()
            case "color":
                self._model.color = intent["color"]
                self._push()
            case "scale":
                self._model.scales[str(intent["axis"])] = str(intent["scale"])
                self._push()
            case "brush":
                self._brush(intent["brushes"])
            case "select":
                self.frame.selection.replace(intent["runs"])
            case "keep":
                self._brush(intent["brushes"])
                self._follow()
                self.keep()
                self._push()
            case "csv":
                return Answer({"kind": "csv", "text": csv_text(self.arrow())})
            case "svg":
                return Answer({"kind": "svg", "svg": self.svg(theme=intent["theme"])})
        return Answer({"kind": "done"})

    def _hear_selection(self) -> None:
        # Runs that were picked elsewhere are no longer those that the brushes take.
        if self._model.brushes and list(self.frame.selection) != self._model.brushed():
            self._model.brushes = {}
        super()._hear_selection()

    def _brush(self, brushes: Mapping[str, Sequence[object]]) -> None:
        self._model.brushes = {str(name): list(brush) for name, brush in brushes.items()}
        self.frame.selection.replace(self._model.brushed())

    def _tell_traits(self) -> None:
        model = self._model
        self.axes = None if model.axes is None else list(model.axes)
        self.color = model.color
        self.scales = dict(model.scales)
        self.brushes = dict(model.brushes)

    @traitlets.observe("axes", "color", "scales", "brushes")
    def _lead_model(self, change: Mapping[str, Any]) -> None:
        if self._following:
            return
        with self._leading():
            self._set(change["name"], change["new"])
        self._push()

    def _set(self, name: str, value: Any) -> None:
        model = self._model
        match name:
            case "axes":
                model.choose(value)
            case "color":
                model.color = model.named(value) if value else value
            case "scales":
                model.scales = {model.named(key): scale for key, scale in value.items()}
            case "brushes":
                for brush in value.values():
                    if not isinstance(brush, (list, tuple)):
                        raise InvalidValue(
                            f"A brush is [low, high] or a list of labels, not {brush!r}."
                        )
                self._brush({model.named(key): brush for key, brush in value.items()})
