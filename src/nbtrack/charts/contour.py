"""A metric over two parameters: as a surface, or in cells where one is a category."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nbtrack.charts.chart import Chart, Rows, finish, need_altair, sentence_chart
from nbtrack.charts.encoding import (
    axis_channel,
    rows_of,
    selectable,
    sequential_colour,
    tooltips,
)
from nbtrack.charts.heat_map import heat_map
from nbtrack.charts.labels import counted, in_sentence, short_names
from nbtrack.charts.quantities import NothingToDraw, Quantity, find_column, read_quantity
from nbtrack.charts.runs import picked
from nbtrack.charts.scatter import MAX_DOTS, dot_rows, dot_size
from nbtrack.charts.style import Look, Theme, look_of
from nbtrack.charts.surface import bands

if TYPE_CHECKING:
    import numpy
    import numpy.typing
    import pyarrow

    Indices = numpy.typing.NDArray[numpy.intp]


def contour(
    runs: pyarrow.Table,
    x: str,
    y: str,
    metric: str,
    *,
    log_x: bool | None = None,
    log_y: bool | None = None,
    theme: Theme = "light",
) -> Chart:
    """``metric`` over the parameters ``x`` and ``y``, with the runs as dots on top.

    Between numbers it is a surface in twelve levels, as `surface.bands` interpolates it:
    kernel regression in the scales of the axes and of the metric, with nothing drawn out of
    the runs' reach. Where ``x`` or ``y`` is a category, each cell has the mean of its runs
    and how many they are; a number beside a category is taken in pieces.

    ``runs``, ``log_x``, ``log_y``, ``theme`` and what is raised are those of `scatter`. The
    chart's ``data`` has the runs with x, y and metric, or the cells: x, y, runs and the mean.
    Of more than 5,000 runs the surface has all, and 5,000 of them, drawn by lot with a fixed
    seed, are dots.
    """
    need_altair()
    look = look_of(theme)
    said = short_names([x, y, metric])
    title = _title(said[metric], said[x], said[y])
    try:
        columns = [
            find_column(runs, x, kinds=("params", "metrics")),
            find_column(runs, y, kinds=("params", "metrics")),
            find_column(runs, metric, kinds=("metrics", "params")),
        ]
        names = short_names(columns)
        title = _title(*(names[column] for column in (columns[2], *columns[:2])))
        shown = {
            field: read_quantity(runs, column, name=names[column], log=log)
            for field, column, log in zip(
                ("x", "y", "colour"), columns, (log_x, log_y, None), strict=True
            )
        }
        return _drawn(runs, shown, names, title, look)
    except NothingToDraw as nothing:
        return sentence_chart(title, str(nothing), look, runs.slice(0, 0))


def _drawn(
    runs: pyarrow.Table,
    shown: dict[str, Quantity],
    names: Mapping[str, str],
    title: str,
    look: Look,
) -> Chart:
    import numpy as np

    titles = {field: names[quantity.column] for field, quantity in shown.items()}
    metric = shown["colour"]
    if metric.is_category:
        raise NothingToDraw(
            f"{in_sentence(titles['colour'])} is text, and a contour needs numbers."
        )
    fits = shown["x"].drawable & shown["y"].drawable & metric.drawable
    chosen = np.flatnonzero(fits)
    losses = list(dict.fromkeys(loss for each in shown.values() for loss in each.losses))
    if not len(chosen):
        raise NothingToDraw(
            f"No run has all three to show. Of {counted(len(runs), 'run')}: {', '.join(losses)}."
        )
    drawn = f"{len(chosen):,} of " if len(chosen) < len(runs) else ""
    notes = [drawn + counted(len(runs), "run"), ", ".join(losses)]
    if shown["x"].is_category or shown["y"].is_category:
        return heat_map(shown, chosen, titles, notes, title, look)
    return _contour(runs, shown, chosen, titles, notes, title, look)


def _contour(
    runs: pyarrow.Table,
    shown: dict[str, Quantity],
    chosen: Indices,
    titles: Mapping[str, str],
    notes: list[str],
    title: str,
    look: Look,
) -> Chart:
    import altair as alt
    import numpy as np

    colour = sequential_colour(
        "colour", _only(shown["colour"], chosen), look, title=titles["colour"]
    )
    x = axis_channel(alt.X, "x", shown["x"], title=titles["x"])
    y = axis_channel(alt.Y, "y", shown["y"], title=titles["y"])
    surface = (
        alt.Chart(alt.NamedData("surface"), name="surface")
        .mark_rect(aria=False, tooltip=None, clip=True)
        .encode(x=x, x2="x2", y=y, y2="y2", color=colour)
    )
    filled = _surface_rows(shown, chosen)
    if not filled:
        notes.append("too few places for a surface")
    dotted = chosen
    if len(chosen) > MAX_DOTS:
        dotted = np.sort(np.random.default_rng(0).permutation(chosen)[:MAX_DOTS])
        notes.append(f"dots are {MAX_DOTS:,} of them, drawn by lot")
    dots = (
        alt.Chart(alt.NamedData("runs"), name="dots")
        .mark_point(filled=True, size=dot_size(len(dotted)), strokeWidth=0.8)
        .encode(
            x=x,
            y=y,
            color=colour,
            stroke=alt.when(f"datum.colour < {_middle(shown['colour'], chosen)}")
            .then(alt.value("#FFFFFF"))
            .otherwise(alt.value("#1F2328")),
            tooltip=tooltips({field: (each, titles[field]) for field, each in shown.items()}),
        )
    )
    return finish(
        alt.layer(
            surface,
            selectable(
                dots, opacity=1 if len(dotted) <= 1_000 else 0.6, x=shown["x"], y=shown["y"]
            ),
        ),
        title=title,
        notes=notes,
        rows={"surface": filled, "runs": dot_rows(runs, shown, dotted)},
        data=picked(runs, chosen, [quantity.column for quantity in shown.values()]),
        look=look,
        height=360,
    )


def _surface_rows(shown: Mapping[str, Quantity], chosen: Indices) -> Rows:
    """The surface as rectangles in the quantities' own values."""
    import numpy as np

    edges = {axis: shown[axis].positions(np.array(shown[axis].domain())) for axis in ("x", "y")}
    x, y = (
        (shown[axis].positions(shown[axis].values[chosen]) - low) / (high - low)
        for axis, (low, high) in edges.items()
    )
    metric = shown["colour"]
    found = bands(x, y, metric.positions(metric.values[chosen]))
    columns: dict[str, list[Any]] = {
        "colour": metric.at(np.array([band.value for band in found])).tolist()
    }
    for field in ("x", "x2", "y", "y2"):
        low, high = edges[field[0]]
        places = np.array([getattr(band, field) for band in found])
        columns[field] = shown[field[0]].at(low + places * (high - low)).tolist()
    return rows_of(columns)


def _middle(quantity: Quantity, chosen: Indices) -> float:
    """Below it the scale is dark, and a dot on the surface needs a light outline."""
    import numpy as np

    places = quantity.positions(quantity.values[chosen])
    return float(quantity.at(np.array([(places.min() + places.max()) / 2]))[0])


def _only(quantity: Quantity, chosen: Indices) -> Quantity:
    """``quantity`` with the values of the runs ``chosen`` alone, in the same scale."""
    return replace(quantity, values=quantity.values[chosen])


def _title(metric: str, x: str, y: str) -> str:
    return f"{in_sentence(metric)} by {in_sentence(x)} and {in_sentence(y)}"
