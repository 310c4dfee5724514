"""Runs as dots: one quantity against another, with a third as colour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nbtrack.charts.chart import Chart, finish, need_altair, sentence_chart
from nbtrack.charts.density import density_layer
from nbtrack.charts.encoding import (
    axis_channel,
    colour_channels,
    fields_of,
    rows_of,
    selectable,
    tooltips,
)
from nbtrack.charts.labels import counted, in_sentence, short_names
from nbtrack.charts.quantities import NothingToDraw, Quantity, find_column, read_quantity
from nbtrack.charts.runs import names_of, picked
from nbtrack.charts.style import Look, Theme, look_of

if TYPE_CHECKING:
    import numpy
    import numpy.typing
    import pyarrow

# Above it dots hide each other, and a browser takes long over them.
MAX_DOTS = 5_000


def scatter(
    runs: pyarrow.Table,
    x: str,
    y: str,
    *,
    color: str | None = None,
    log_x: bool | None = None,
    log_y: bool | None = None,
    theme: Theme = "light",
) -> Chart:
    """Each run as a dot: ``x``, a parameter or metric, against ``y``.

    Parameters
    ----------
    runs : pyarrow.Table
        A row for each run, as `nbtrack.store.run_frame` gives it.
    x, y, color : str
        Columns: ``params.lr``, ``metrics.loss``, ``duration_s``. ``lr`` is looked for among
        parameters, then metrics; for ``y`` the other way around. Texts and booleans are
        categories, their dots moved aside by a fixed amount for each run.
    log_x, log_y : bool, optional
        Whether an axis is logarithmic. Left out, it is where all values are positive and
        span two decades; with zeros among them it is linear below the least positive value.

    Returns
    -------
    Chart
        Its ``data`` has run_id, run_name and what is shown, for each run drawn. Runs that
        lack ``x`` or ``y`` are counted in the subtitle. More than 5,000 runs are drawn as
        the density of runs, ``data`` being its cells: x, y (the middle, or the category),
        runs, and the mean of ``color`` if that is numeric. Where nothing can be drawn, the
        chart says why.

    Raises `InvalidValue` for an unknown theme, `MissingExtra` where Altair is not installed.
    """
    need_altair()
    look = look_of(theme)
    title = f"{_said(y)} by {_said(x)}"
    try:
        columns = {
            "x": find_column(runs, x, kinds=("params", "metrics")),
            "y": find_column(runs, y, kinds=("metrics", "params")),
        }
        if color is not None:
            columns["colour"] = find_column(runs, color, kinds=("params", "metrics"))
        names = short_names(list(columns.values()))
        title = f"{in_sentence(names[columns['y']])} by {in_sentence(names[columns['x']])}"
        shown = {
            "x": read_quantity(runs, columns["x"], name=names[columns["x"]], log=log_x),
            "y": read_quantity(runs, columns["y"], name=names[columns["y"]], log=log_y),
        }
        if color is not None:
            column = columns["colour"]
            most = len(look.hues)
            shown["colour"] = read_quantity(runs, column, name=names[column], most=most)
        return _drawn(runs, shown, names, title, look)
    except NothingToDraw as nothing:
        return sentence_chart(title, str(nothing), look, runs.slice(0, 0))


def dot_rows(
    runs: pyarrow.Table,
    shown: Mapping[str, Quantity],
    chosen: numpy.typing.NDArray[numpy.intp],
) -> list[dict[str, object]]:
    """The rows of the runs ``chosen``: run_id, run, and the fields of what is ``shown``."""
    ids = runs["run_id"].take(chosen).to_pylist()
    columns: dict[str, list[Any]] = {"run_id": ids, "run": names_of(runs.take(chosen))}
    for field, quantity in shown.items():
        columns |= fields_of(field, quantity, chosen)
        if quantity.is_category and field != "colour":
            columns[f"{field}_aside"] = [_aside(run_id, field) for run_id in ids]
    return rows_of(columns)


def dot_size(count: int) -> int:
    """The area of a dot in square pixels, of ``count`` dots."""
    return 64 if count <= 200 else 36 if count <= 1_000 else 18


def _drawn(
    runs: pyarrow.Table,
    shown: dict[str, Quantity],
    names: Mapping[str, str],
    title: str,
    look: Look,
) -> Chart:
    import altair as alt
    import numpy as np

    chosen = np.flatnonzero(shown["x"].drawable & shown["y"].drawable)
    losses = [
        *shown["x"].losses,
        *(shown["y"].losses if shown["y"].column != shown["x"].column else ()),
    ]
    if not len(chosen):
        raise NothingToDraw(
            f"No run has both to show. Of {counted(len(runs), 'run')}: {', '.join(losses)}."
        )
    notes = [_how_many(len(chosen), len(runs)), ", ".join(losses)]
    titles = {field: names[quantity.column] for field, quantity in shown.items()}
    base = alt.Chart(alt.NamedData("runs"))
    if len(chosen) > MAX_DOTS:
        layer, rows, data, note = density_layer(base, shown, chosen, titles, look)
        return finish(
            layer, title=title, notes=[*notes, note], rows={"runs": rows}, data=data, look=look
        )
    has_colour = "colour" in shown and bool(shown["colour"].drawable[chosen].any())
    if "colour" in shown and shown["colour"].losses:
        notes.append(f"grey: {', '.join(shown['colour'].losses)}")
    dots = base.mark_point(
        filled=True, size=dot_size(len(chosen)), stroke=look.page, strokeWidth=0.5
    ).encode(
        x=axis_channel(alt.X, "x", shown["x"], title=titles["x"]),
        y=axis_channel(alt.Y, "y", shown["y"], title=titles["y"]),
        tooltip=tooltips({field: (each, titles[field]) for field, each in shown.items()}),
        **_offsets(shown),
        **(
            colour_channels(shown["colour"], look, title=titles["colour"])
            if has_colour
            else {"color": alt.value(look.hues[0])}
        ),
    )
    return finish(
        selectable(dots, opacity=0.85, x=shown["x"], y=shown["y"]),
        title=title,
        notes=notes,
        rows={"runs": dot_rows(runs, shown, chosen)},
        data=picked(runs, chosen, [quantity.column for quantity in shown.values()]),
        look=look,
    )


def _offsets(shown: Mapping[str, Quantity]) -> dict[str, Any]:
    import altair as alt

    scale = alt.Scale(domain=[-1, 1])
    found: dict[str, Any] = {}
    if shown["x"].is_category:
        found["xOffset"] = alt.XOffset("x_aside:Q", scale=scale)
    if shown["y"].is_category:
        found["yOffset"] = alt.YOffset("y_aside:Q", scale=scale)
    return found


def _aside(run_id: str, field: str) -> float:
    """How far a run's dot is moved within its category, in -0.5..0.5: always the same."""
    import xxhash

    # Of a checksum such as CRC the places along x and y would go together.
    return xxhash.xxh64_intdigest(f"{field}{run_id}".encode()) / 2**64 - 0.5


def _how_many(drawn: int, total: int) -> str:
    return counted(total, "run") if drawn == total else f"{drawn:,} of {counted(total, 'run')}"


def _said(name: str) -> str:
    return in_sentence(short_names([name])[name])
