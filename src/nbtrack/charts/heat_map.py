"""A metric over two parameters of which one is a category: a mean in each cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from nbtrack.charts.chart import Chart, finish
from nbtrack.charts.density import binned, cells
from nbtrack.charts.encoding import axis_channel, rows_of, sequential_colour
from nbtrack.charts.quantities import Quantity
from nbtrack.charts.style import Look

if TYPE_CHECKING:
    import altair
    import numpy
    import numpy.typing

    Indices = numpy.typing.NDArray[numpy.intp]

# Of a number beside a category: its values if they are few, else pieces of its axis.
_FEW_VALUES = 12
_PIECES = 10
_TEXT_WIDTH = 44
_TEXT_HEIGHT = 30


def heat_map(
    shown: dict[str, Quantity],
    chosen: Indices,
    titles: Mapping[str, str],
    notes: list[str],
    title: str,
    look: Look,
) -> Chart:
    """The mean of ``colour`` in each cell of ``x`` and ``y``, and how many runs it is of.

    A number with few values is taken as a category, another in ten pieces of its axis.
    """
    import altair as alt
    import numpy as np
    import pyarrow as pa

    axes = {axis: _few(shown[axis], chosen) for axis in ("x", "y")}
    x, y = (binned(axes[axis], chosen, axis, bins=_PIECES) for axis in ("x", "y"))
    columns = cells(x, y, shown["colour"].values[chosen])
    means = columns.pop("mean")
    metric = replace(shown["colour"], values=np.array(means))
    mean_title = f"mean {titles['colour']}"
    rows = rows_of(columns | {"colour": means, "ink": _inks(metric, look)})
    base = alt.Chart(alt.NamedData("cells"))
    edges = {f"{axis}2": f"{axis}2" for axis, each in axes.items() if not each.is_category}
    kinds = {axis: "N" if each.is_category else "Q" for axis, each in axes.items()}
    place = [
        axis_channel(channel, axis, axes[axis], title=titles[axis])
        for channel, axis in ((alt.X, "x"), (alt.Y, "y"))
    ]
    tooltip = [
        *(alt.Tooltip(f"{axis}_middle:{kinds[axis]}", title=titles[axis]) for axis in ("x", "y")),
        alt.Tooltip("colour:Q", title=mean_title),
        alt.Tooltip("runs:Q", title="runs"),
    ]
    return finish(
        alt.layer(
            base.mark_rect(stroke=look.page, strokeWidth=1).encode(
                *place,
                **edges,
                color=sequential_colour("colour", metric, look, title=mean_title),
                tooltip=tooltip,
            ),
            _cell_text(base, axes, "colour:Q", dy=-6, size=12, format=".3~g"),
            _cell_text(base, axes, "runs:Q", dy=9, size=10, format=","),
        ).resolve_scale(color="independent"),
        title=title,
        notes=[*notes, "in each cell the mean, and how many runs"],
        rows={"cells": rows},
        data=pa.table(
            {
                "x": columns["x_middle"],
                "y": columns["y_middle"],
                "runs": columns["runs"],
                "mean": means,
            }
        ),
        look=look,
        height=max(160, min(480, 60 + 44 * len(y.middles))),
    )


def _cell_text(
    base: altair.Chart,
    axes: Mapping[str, Quantity],
    field: str,
    *,
    dy: int,
    size: int,
    format: str,
) -> altair.Chart:
    """Text in the middle of each cell, as long as cells are wide and high enough for it."""
    import altair as alt

    room = {
        axis: f"bandwidth('{axis}')" if quantity.is_category else f"{side} / {_PIECES}"
        for (axis, quantity), side in zip(axes.items(), ("width", "height"), strict=True)
    }
    kinds = {axis: "N" if quantity.is_category else "Q" for axis, quantity in axes.items()}
    fits = f"{room['x']} >= {_TEXT_WIDTH} && {room['y']} >= {_TEXT_HEIGHT} ? 1 : 0"
    return base.mark_text(
        dy=dy, fontSize=size, aria=False, tooltip=None, opacity=alt.ExprRef(fits)
    ).encode(
        x=f"x_middle:{kinds['x']}",
        y=f"y_middle:{kinds['y']}",
        text=alt.Text(field, format=format),
        color=alt.Color("ink:N", scale=None, legend=None),
    )


def _few(quantity: Quantity, chosen: Indices) -> Quantity:
    """``quantity`` as categories, where it is one or has few values; else as it is."""
    import numpy as np

    used, place = np.unique(quantity.values[chosen], return_inverse=True)
    if quantity.is_category:
        labels = tuple(quantity.labels[int(code)] for code in used)
    else:
        labels = tuple(f"{value:.6g}" for value in used)
        if len(used) > _FEW_VALUES or len(set(labels)) < len(labels) or quantity.kind == "time":
            return quantity
    values = np.full(len(quantity.values), np.nan)
    values[chosen] = place
    return Quantity(quantity.column, "category", values, labels=labels, texts=labels)


def _inks(metric: Quantity, look: Look) -> list[str]:
    """Black or white for the text of each cell, whichever can be read on its colour."""
    low, high = metric.reach()
    first, last = look.sequential
    share = (metric.positions() - low) / (high - low or 1.0)
    return ["#000000" if first + each * (last - first) > 0.55 else "#FFFFFF" for each in share]
