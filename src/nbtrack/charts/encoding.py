"""Quantities as Altair channels, and the runs that are selected as parameters.

Rows name their fields ``x``, ``y``, ``colour``: what users call them stands in titles
only, so that nothing needs escaping.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from nbtrack.charts.chart import Rows
from nbtrack.charts.quantities import Quantity, round_ticks
from nbtrack.charts.style import SHAPES, Look

if TYPE_CHECKING:
    import altair
    import numpy
    import numpy.typing

_Channel = TypeVar("_Channel")

# A precision of its own, or Vega takes that of the step between ticks: 1e+1 for 10.
_NUMBER = ".6~g"
# Of all labels under an axis, in a column of 400 px.
_CHARS_IN_ROW = 48


def axis_channel(
    channel: type[_Channel], field: str, quantity: Quantity, *, title: str
) -> _Channel:
    """``quantity`` on an axis, ``channel`` being ``altair.X`` or ``altair.Y``."""
    import altair as alt

    make: Any = channel
    if quantity.is_category:
        fits = sum(len(label) + 2 for label in quantity.labels) <= _CHARS_IN_ROW
        angle = 0 if channel is alt.Y or fits else -35
        return make(  # type: ignore[no-any-return]
            f"{field}:N",
            title=title,
            sort=list(quantity.labels),
            scale=alt.Scale(domain=list(quantity.labels)),
            axis=alt.Axis(labelOverlap=False, labelAngle=angle),
        )
    ticks = quantity.ticks()
    marks: dict[str, Any] = {"values": ticks, "format": _NUMBER} if ticks else {}
    if quantity.is_whole:
        marks["tickMinStep"] = 1
    return make(  # type: ignore[no-any-return]
        f"{field}:{'T' if quantity.kind == 'time' else 'Q'}",
        title=axis_title(quantity, title),
        scale=_scale(quantity),
        axis=alt.Axis(**marks),
    )


def axis_title(quantity: Quantity, name: str) -> str:
    """``name``, and whether the axis is logarithmic."""
    return f"{name} (log)" if quantity.kind in ("log", "symlog") else name


def colour_channels(quantity: Quantity, look: Look, *, title: str) -> dict[str, Any]:
    """Colour, and shape too where they are categories."""
    import altair as alt

    if not quantity.is_category:
        colour = sequential_colour("colour", quantity, look, title=title)
        return {"color": alt.when("isValid(datum.colour)").then(colour).otherwise(_value(look))}
    labels = list(quantity.labels)
    is_cut = len(labels) > len(look.hues)
    hues = [*look.hues[: len(labels)], *([look.none] if is_cut else [])]
    shapes = [*SHAPES[: len(labels)], *(["stroke"] if is_cut else [])]
    colour = alt.Color("colour:N", title=title, scale=alt.Scale(domain=labels, range=hues))
    shape = alt.Shape("colour:N", title=title, scale=alt.Scale(domain=labels, range=shapes))
    has_value = alt.when("isValid(datum.colour)")
    return {
        "color": has_value.then(colour).otherwise(_value(look)),
        "shape": has_value.then(shape).otherwise(alt.value("circle")),
    }


def sequential_colour(
    field: str, quantity: Quantity, look: Look, *, title: str, is_count: bool = False
) -> altair.Color:
    """Numbers from dark to light in viridis; a count so that few are close to the page."""
    import altair as alt

    low, high = quantity.domain()
    known = quantity.values[quantity.drawable]
    if known.min() < known.max():
        low, high = float(known.min()), float(known.max())
    scale = _scale(quantity, domain=[low, high])
    scale["scheme"] = {"name": "viridis", "extent": list(look.sequential)}
    if is_count and look.page == "#FFFFFF":
        scale["reverse"] = True
    return alt.Color(
        f"{field}:{'T' if quantity.kind == 'time' else 'Q'}",
        title=axis_title(quantity, title),
        scale=scale,
        legend=alt.Legend(type="gradient", **_legend_ticks(quantity, low, high)),
    )


def tooltips(shown: Mapping[str, tuple[Quantity, str]]) -> list[altair.Tooltip]:
    """The run's name, and ``shown``: field to quantity and title."""
    import altair as alt

    return [
        alt.Tooltip("run:N", title="run"),
        *(_tooltip(field, quantity, title) for field, (quantity, title) in shown.items()),
    ]


def selectable(dots: altair.Chart, *, opacity: float, **axes: Quantity) -> altair.Chart:
    """``dots`` with the parameters ``selected`` and ``brush``; runs beside those are dimmed.

    ``selected`` holds runs by ``run_id``, ``brush`` an interval on those of ``axes`` that are
    numeric; it is left out where none is. While both are empty all runs are shown alike.
    """
    import altair as alt

    numeric: list[Any] = [axis for axis, quantity in axes.items() if not quantity.is_category]
    params = [alt.selection_point(name="selected", fields=["run_id"])]
    if numeric:
        params.append(alt.selection_interval(name="brush", encodings=numeric))
    stores = [f"data('{param.name}_store')" for param in params]
    none = " && ".join(f"!length({store})" for store in stores)
    one = " || ".join(
        f"(length({store}) && vlSelectionTest({store[5:-1]}, datum))" for store in stores
    )
    is_shown = alt.when(f"({none}) || {one}")
    dimmed = is_shown.then(alt.value(opacity)).otherwise(alt.value(0.08))
    return dots.encode(opacity=dimmed).add_params(*params)


def fields_of(
    field: str, quantity: Quantity, chosen: numpy.typing.NDArray[numpy.intp]
) -> dict[str, list[Any]]:
    """The columns that ``quantity`` has in the rows: its values, and texts for tooltips."""
    values = quantity.values[chosen].tolist()
    if not quantity.is_category:
        return {field: [value if value == value else None for value in values]}
    places = [int(value) if value == value else None for value in values]
    return {
        field: [None if place is None else quantity.labels[place] for place in places],
        f"{field}_text": [None if place is None else quantity.texts[place] for place in places],
    }


def rows_of(columns: Mapping[str, list[Any]]) -> Rows:
    """Columns of one length as rows."""
    return [
        dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)
    ]


def _scale(quantity: Quantity, *, domain: list[float] | None = None) -> Any:
    import altair as alt

    more: dict[str, Any] = {"zero": False}
    if quantity.kind == "log":
        more = {"type": "log"}
    elif quantity.kind == "symlog":
        more = {"type": "symlog", "constant": quantity.constant, "zero": False}
    elif quantity.kind == "time":
        more = {}
    return alt.Scale(domain=domain or quantity.domain(), nice=False, **more)


def _legend_ticks(quantity: Quantity, low: float, high: float) -> dict[str, Any]:
    """Ticks in the legend: decades, or round numbers; the ends where no tick lies between."""
    if quantity.kind == "time":
        return {"tickCount": 3}
    ticks = quantity.ticks() or round_ticks(low, high)
    within = [tick for tick in ticks if low <= tick <= high]
    if quantity.is_whole:
        within = [tick for tick in within if tick == round(tick)]
    return {"values": within if len(within) > 1 else [low, high], "format": _NUMBER}


def _tooltip(field: str, quantity: Quantity, title: str) -> altair.Tooltip:
    import altair as alt

    if quantity.is_category:
        return alt.Tooltip(f"{field}_text:N", title=title)
    if quantity.kind == "time":
        return alt.Tooltip(f"{field}:T", title=title, format="%Y-%m-%d %H:%M:%S")
    return alt.Tooltip(f"{field}:Q", title=title)


def _value(look: Look) -> Any:
    import altair as alt

    return alt.value(look.none)
