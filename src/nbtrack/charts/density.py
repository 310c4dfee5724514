"""Many runs as cells: how many lie where, or what they have there on average."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbtrack.charts.chart import Rows
from nbtrack.charts.encoding import axis_channel, rows_of, sequential_colour
from nbtrack.charts.labels import in_sentence
from nbtrack.charts.quantities import Quantity, quantity_of
from nbtrack.charts.style import Look

if TYPE_CHECKING:
    import altair
    import numpy
    import numpy.typing
    import pyarrow

    from nbtrack.charts.quantities import Floats

    Indices = numpy.typing.NDArray[numpy.intp]

_BINS = {"x": 48, "y": 32}


@dataclass(frozen=True, slots=True)
class Binning:
    """An axis in pieces: of each run its piece, and of each piece where it lies.

    ``fields`` has for each piece what a row needs to be drawn there, ``middles`` its
    category or the value in its middle.
    """

    place: Indices
    fields: dict[str, list[Any]]
    middles: list[Any]


def binned(quantity: Quantity, chosen: Indices, axis: str, *, bins: int) -> Binning:
    """``quantity`` in ``bins`` pieces of equal length on its axis, or in its categories."""
    import numpy as np

    if quantity.is_category:
        labels = list(quantity.labels)
        return Binning(quantity.values[chosen].astype(np.intp), {axis: labels}, labels)
    low, high = (float(edge) for edge in quantity.positions(np.array(quantity.domain())))
    edges = np.linspace(low, high, bins + 1)
    values = quantity.at(edges).tolist()
    place = np.searchsorted(edges, quantity.positions(quantity.values[chosen]), side="right") - 1
    return Binning(
        np.clip(place, 0, bins - 1),
        {axis: values[:-1], f"{axis}2": values[1:]},
        quantity.at((edges[1:] + edges[:-1]) / 2).tolist(),
    )


def cells(x: Binning, y: Binning, values: Floats | None) -> dict[str, list[Any]]:
    """Columns of the cells that hold a run: their place, ``runs``, and the mean of ``values``."""
    import numpy as np

    rows = len(y.middles)
    flat = x.place * rows + y.place
    kept, place, counts = np.unique(flat, return_inverse=True, return_counts=True)
    columns: dict[str, list[Any]] = {"runs": counts.tolist()}
    for axis, codes in ((x, kept // rows), (y, kept % rows)):
        for field, of_piece in axis.fields.items():
            columns[field] = [of_piece[code] for code in codes]
    columns["x_middle"] = [x.middles[code] for code in kept // rows]
    columns["y_middle"] = [y.middles[code] for code in kept % rows]
    if values is not None:
        known = np.isfinite(values)
        own = np.bincount(place[known], minlength=len(kept))
        # Shared out first: the sum of great values is infinite.
        shares = values[known] / own[place[known]]
        means = np.bincount(place[known], weights=shares, minlength=len(kept))
        columns["mean"] = np.where(own > 0, means, np.nan).tolist()
    return columns


def density_layer(
    base: altair.Chart,
    shown: Mapping[str, Quantity],
    chosen: Indices,
    titles: Mapping[str, str],
    look: Look,
) -> tuple[altair.Chart, Rows, pyarrow.Table, str]:
    """Cells in place of dots: the layer, its rows, its data, and what to say of it."""
    import altair as alt
    import numpy as np
    import pyarrow as pa

    x = binned(shown["x"], chosen, "x", bins=_BINS["x"])
    y = binned(shown["y"], chosen, "y", bins=_BINS["y"])
    colour = shown.get("colour")
    has_numbers = colour is not None and not colour.is_category
    values = colour.values[chosen] if colour is not None and has_numbers else None
    is_mean = values is not None and bool(np.isfinite(values).any())
    columns = cells(x, y, values if is_mean else None)
    title = f"mean {titles['colour']}" if is_mean else "runs in a cell"
    columns["colour"] = columns["mean" if is_mean else "runs"]
    drawn = quantity_of(np.array(columns["colour"], dtype=np.float64), title)
    columns["colour"] = [value if value == value else None for value in columns["colour"]]
    more: dict[str, Any] = {}
    if not shown["x"].is_category:
        more["x2"] = "x2"
    if not shown["y"].is_category:
        more["y2"] = "y2"
    layer = base.mark_rect(aria=False).encode(
        x=axis_channel(alt.X, "x", shown["x"], title=titles["x"]),
        y=axis_channel(alt.Y, "y", shown["y"], title=titles["y"]),
        color=sequential_colour("colour", drawn, look, title=title, is_count=not is_mean),
        tooltip=[
            alt.Tooltip("runs:Q", title="runs"),
            *([alt.Tooltip("colour:Q", title=title)] if is_mean else []),
        ],
        **more,
    )
    data = {"x": columns["x_middle"], "y": columns["y_middle"], "runs": columns["runs"]}
    if is_mean:
        data[title] = columns["mean"]
    hidden = {"x_middle", "y_middle", "mean"}
    rows = rows_of({field: values for field, values in columns.items() if field not in hidden})
    shows = "the mean of" if is_mean else "the number of runs in"
    note = f"too many for dots: colour is {shows} a cell"
    if colour is not None and not is_mean:
        note += f", not {in_sentence(titles['colour'])}"
    return layer, rows, pa.table(data), note
