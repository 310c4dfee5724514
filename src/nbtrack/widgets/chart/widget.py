"""Charts in a notebook: traits for the user's code, intents from the browser."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import traitlets

from nbtrack.charts.labels import in_sentence, short_names
from nbtrack.errors import MissingExtra
from nbtrack.widgets import image
from nbtrack.widgets.chart.model import ChartModel
from nbtrack.widgets.chart.recipes import CONTOUR, IMPORTANCE, SCATTER, Recipe
from nbtrack.widgets.chart.vega import vega_build, vega_library
from nbtrack.widgets.frame import Frame, frame_of
from nbtrack.widgets.live import LiveWidget, built
from nbtrack.widgets.wire import Answer, csv_text

if TYPE_CHECKING:
    import pandas
    import pyarrow

    from nbtrack.charts import Chart
    from nbtrack.charts.style import Theme

# As wide as a cell's output is in a window of usual size.
_STATIC_WIDTH = 760
# A dot is some 350 bytes of SVG: beyond it a PNG is smaller, and is soft where one zooms in.
_MAX_SVG_BYTES = 150_000
_PNG_SCALE = 1.5


def scatter(
    runs: Any = None,
    *,
    x: str | None = None,
    y: str | None = None,
    color: str | None = None,
    log_x: bool | None = None,
    log_y: bool | None = None,
    store: str | PathLike[str] | None = None,
) -> Scatter:
    """Runs as dots, a parameter against a metric; a live widget.

    ``runs`` is `nbtrack.runs`'s answer, a widget, a filter or a list of runs; all runs of
    the store without it. ``x``, ``y`` and ``color`` name columns (``"params.lr"``, or
    ``"lr"`` where that is enough); without them ``y`` is the metric that tells most, ``x``
    the parameter that goes most with it. ``log_x`` and ``log_y`` as in
    `nbtrack.charts.scatter`. Raises `InvalidFilter`, and `MissingExtra` without Altair.

    >>> scatter("params.model = 'forest'", x="depth", y="accuracy", color="criterion")
    """
    return Scatter(frame_of(runs, store), x=x, y=y, color=color, log_x=log_x, log_y=log_y)


def contour(
    runs: Any = None,
    *,
    x: str | None = None,
    y: str | None = None,
    metric: str | None = None,
    log_x: bool | None = None,
    log_y: bool | None = None,
    store: str | PathLike[str] | None = None,
) -> Contour:
    """A metric over two parameters, as a surface or in cells; a live widget.

    The arguments are those of `scatter`; ``metric`` is the one that tells most without it,
    ``x`` and ``y`` the parameters that go most with it.
    """
    return Contour(frame_of(runs, store), x=x, y=y, metric=metric, log_x=log_x, log_y=log_y)


def importance(
    runs: Any = None,
    *,
    metric: str | None = None,
    store: str | PathLike[str] | None = None,
) -> Importance:
    """Which parameters matter for ``metric``, by a forest's permutation importance; a live widget.

    ``runs`` is that of `scatter`; ``metric`` the one that tells most, without it. Raises
    `InvalidFilter`, and `MissingExtra` without Altair or scikit-learn.
    """
    return Importance(frame_of(runs, store), metric=metric)


class ChartWidget(LiveWidget):
    """What the charts on runs have in common; made by `scatter`, `contour` and `importance`.

    ``filter`` and ``selected`` are shared with the other widgets on the same runs. Columns
    are traits: set to a name, or to ``None`` to let them be chosen.
    """

    _esm = built("chart.js")
    _css = built("chart.css")
    _recipe: ClassVar[Recipe]

    _vega = traitlets.Unicode().tag(sync=True)
    _vega_build = traitlets.Unicode().tag(sync=True)

    def __init__(self, frame: Frame, **chosen: Any) -> None:
        self._model = ChartModel(frame, self._recipe)
        for name, value in chosen.items():
            self._set(name, value)
        self._begin(frame)
        self._vega, self._vega_build = vega_library().model_id, vega_build()

    def __repr__(self) -> str:
        model = self._model
        if not model.total:
            return f"{self._recipe.name.capitalize()}: no runs"
        shown = {role: column for role, column in model.shown().items() if column}
        names = short_names(list(shown.values()))
        labels = {role: in_sentence(names[column]) for role, column in shown.items()}
        return (
            f"{self._recipe.name.capitalize()} of {model.total} runs: {self._recipe.title(labels)}"
        )

    @property
    def chart(self) -> Chart:
        """The chart as it now is: its Vega-Lite spec with its rows, and its data."""
        return self._chart("light")

    @property
    def spec(self) -> dict[str, Any]:
        """The Vega-Lite spec, with its rows; the runs that are picked are so in it too."""
        return self.chart.spec

    def altair(self) -> Any:
        """The chart as an Altair object of its own, to go on from."""
        return self.chart.altair

    def df(self) -> pandas.DataFrame:
        """What is drawn as a pandas DataFrame."""
        return self.arrow().to_pandas()

    def arrow(self) -> pyarrow.Table:
        """What is drawn as an Arrow table."""
        return self._model.chart().data

    def svg(self, *, theme: Theme = "light") -> str:
        """The chart as it now is, as SVG. Raises `MissingExtra` without vl-convert."""
        from nbtrack.charts.files import svg_of

        return svg_of(_on_page(self._chart(theme).spec), width=_STATIC_WIDTH)

    def save(
        self, path: str | PathLike[str], *, theme: Theme = "light", scale: float = image.SCALE
    ) -> Path:
        """Write the chart as it now is to ``path`` (.png, .svg, .html or .json); the path.

        Needs no browser. ``scale`` is how many pixels of a PNG are one of the picture.
        Raises `InvalidValue` for another ending or theme, `MissingExtra` without vl-convert.
        """
        return self._chart(theme).save(path, scale=scale)

    def _chart(self, theme: Theme) -> Chart:
        from nbtrack.charts import Chart
        from nbtrack.charts.style import look_of

        look_of(theme)
        chart = self._model.chart(theme)
        spec = self._model.picked(chart, set(self.frame.selection))
        return Chart(chart.title, spec, chart.data)

    def _html(self) -> str:
        said = [f"filter: {self.frame.filter[:120]}"] if self.frame.filter else []
        caption = image.escaped(" · ".join([repr(self), *said]))
        try:
            picture = _img(self._chart("light").spec, repr(self))
        except MissingExtra:
            picture = ""
        return f'<div>{picture}<div style="opacity:.65;font-size:85%">{caption}</div></div>'

    def _draw(self) -> dict[str, Any]:
        return self._model.snapshot()

    def _refresh(self) -> bool:
        return self._model.refresh()

    def _answer(self, intent: Mapping[str, Any]) -> Answer:
        model = self._model
        match intent["kind"]:
            case "filter":
                self.frame.set_filter(str(intent["text"]))
                self._push()
            case "column":
                model.choose(str(intent["role"]), intent["name"])
                self._push()
            case "choose":
                model.choose_for_me()
                self._push()
            case "log":
                model.logs[str(intent["axis"])] = intent["on"]
                self._push()
            case "select":
                self.frame.selection.replace(intent["runs"])
            case "csv":
                return Answer({"kind": "csv", "text": csv_text(self.arrow())})
        return Answer({"kind": "done"})

    def _tell_traits(self) -> None:
        for role, column in self._model.columns.items():
            setattr(self, role, column)
        for axis, is_log in self._model.logs.items():
            setattr(self, f"log_{axis}", is_log)

    def _lead_model(self, change: Mapping[str, Any]) -> None:
        if self._following:
            return
        with self._leading():
            self._set(change["name"], change["new"])
        self._push()

    def _set(self, name: str, value: Any) -> None:
        if name.startswith("log_"):
            self._model.logs[name.removeprefix("log_")] = value
        else:
            self._model.choose(name, value)


class Scatter(ChartWidget):
    """Runs as dots that can be picked and brushed. Made by `nbtrack.scatter`.

    =========  ============  ====================================================
    trait      type          meaning
    =========  ============  ====================================================
    ``x``      str or None   the column along the page; ``None``: chosen for you
    ``y``      str or None   the column up the page; ``None``: chosen for you
    ``color``  str or None   the column that colours dots; ``None``: one colour
    ``log_x``  bool or None  whether the axis is logarithmic; ``None``: by its values
    ``log_y``  bool or None  the same
    =========  ============  ====================================================
    """

    _recipe = SCATTER

    x = traitlets.Unicode(None, allow_none=True)
    y = traitlets.Unicode(None, allow_none=True)
    color = traitlets.Unicode(None, allow_none=True)
    log_x = traitlets.Bool(None, allow_none=True)
    log_y = traitlets.Bool(None, allow_none=True)

    @traitlets.observe("x", "y", "color", "log_x", "log_y")
    def _chosen(self, change: Mapping[str, Any]) -> None:
        self._lead_model(change)


class Contour(ChartWidget):
    """A metric over two parameters. Made by `nbtrack.contour`.

    ``x``, ``y``, ``log_x`` and ``log_y`` are those of `Scatter`; ``metric`` is the column
    whose values are the surface, ``None``: chosen for you.
    """

    _recipe = CONTOUR

    x = traitlets.Unicode(None, allow_none=True)
    y = traitlets.Unicode(None, allow_none=True)
    metric = traitlets.Unicode(None, allow_none=True)
    log_x = traitlets.Bool(None, allow_none=True)
    log_y = traitlets.Bool(None, allow_none=True)

    @traitlets.observe("x", "y", "metric", "log_x", "log_y")
    def _chosen(self, change: Mapping[str, Any]) -> None:
        self._lead_model(change)


class Importance(ChartWidget):
    """Which parameters matter for ``metric``; ``None``: chosen for you. By `nbtrack.importance`."""

    _recipe = IMPORTANCE

    metric = traitlets.Unicode(None, allow_none=True)

    @traitlets.observe("metric")
    def _chosen(self, change: Mapping[str, Any]) -> None:
        self._lead_model(change)


def _on_page(spec: dict[str, Any]) -> dict[str, Any]:
    """``spec`` with its theme's page behind it, whatever it is put on."""
    return spec | {"config": spec["config"] | {"background": spec["usermeta"]["page"]}}


def _img(spec: dict[str, Any], alt: str) -> str:
    """An html ``<img>`` with the picture inside, which needs nothing from the page."""
    from nbtrack.charts.files import png_of, svg_of

    spec = _on_page(spec)
    svg = svg_of(spec, width=_STATIC_WIDTH)
    if len(svg) <= _MAX_SVG_BYTES:
        return image.img(svg, alt)
    data = base64.b64encode(png_of(spec, width=_STATIC_WIDTH, scale=_PNG_SCALE)).decode()
    return (
        f'<img src="data:image/png;base64,{data}" alt="{image.escaped(alt)}" '
        f'style="width:{_STATIC_WIDTH}px;max-width:100%;height:auto">'
    )
