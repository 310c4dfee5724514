"""Which parameters matter for a metric."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbtrack.charts.chart import Chart, finish, need_altair, sentence_chart
from nbtrack.charts.encoding import rows_of
from nbtrack.charts.forest import Importances, importances
from nbtrack.charts.labels import LABEL_CHARS, counted, in_sentence, short_names, unlike
from nbtrack.charts.quantities import NothingToDraw, Quantity, find_column, read_quantity
from nbtrack.charts.style import Look, Theme, look_of

if TYPE_CHECKING:
    import altair
    import numpy
    import numpy.typing
    import pyarrow

MIN_RUNS = 10
_MOST_SHOWN = 20
_ROW_PX = 24
_LEFT_SHARE = 0.6
_RIGHT_SHARE = 0.7


def importance(runs: pyarrow.Table, metric: str, *, theme: Theme = "light") -> Chart:
    """How much ``metric`` depends on each parameter that varies between ``runs``.

    Bars tell by how much R² of a random forest on held-out runs falls when a parameter's
    values are shuffled, with one standard deviation over folds and shuffles; beside them
    stands Spearman's correlation of numbers and booleans, with its sign. A metric whose values
    span decades is taken as its logarithm. `forest.importances` has the method.

    ``runs`` and ``theme`` are those of `scatter`. The chart's ``data`` has a row for each
    parameter, the most important first: parameter, importance, std, correlation, runs. With
    less than ten runs, or a metric that does not vary, the chart says so; where the forest
    predicts nothing (R² of 0 or less), the subtitle does. More than 2,000 runs are sampled
    with a fixed seed.

    Raises `InvalidValue` for an unknown theme, `MissingExtra` where Altair or scikit-learn is
    not installed.
    """
    return weigh(runs, metric).drawn(theme)


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a forest found, to be drawn in either theme; or the sentence that says why nothing."""

    title: str
    found: Importances | None = None
    notes: tuple[str, ...] = ()
    sentence: str = ""

    def drawn(self, theme: Theme) -> Chart:
        """The chart. Raises `InvalidValue` for an unknown theme."""
        look = look_of(theme)
        if self.found is None:
            return sentence_chart(self.title, self.sentence, look, _no_rows())
        return _drawn(self.found, self.title, list(self.notes), look)


def weigh(runs: pyarrow.Table, metric: str) -> Weighed:
    """What takes the time of `importance`: all but the drawing."""
    need_altair()
    name = short_names([metric])[metric]
    title = f"What {in_sentence(name)} depends on"
    try:
        column = find_column(runs, metric, kinds=("metrics", "params"))
        measured = read_quantity(runs, column, name=name)
        chosen = _usable(measured, name)
        params, constant = _varying(runs, chosen, without=column)
        found = importances(params, measured, chosen)
        return Weighed(title, found, tuple(_notes(found, measured, name, len(runs), constant)))
    except NothingToDraw as nothing:
        return Weighed(title, sentence=str(nothing))


def _usable(metric: Quantity, name: str) -> numpy.typing.NDArray[numpy.intp]:
    """The runs that have the metric; raises `NothingToDraw` where they tell nothing."""
    import numpy as np

    said = in_sentence(name)
    if metric.is_category:
        raise NothingToDraw(f"{said} is text, and importance needs numbers.")
    chosen = np.flatnonzero(metric.drawable)
    if len(chosen) < MIN_RUNS:
        have = "No run has" if not len(chosen) else f"Only {counted(len(chosen), 'run')} with"
        lost = f" ({', '.join(metric.losses)})" if metric.losses else ""
        raise NothingToDraw(f"{have} a finite {said}{lost}; importance needs {MIN_RUNS} or more.")
    if np.ptp(metric.values[chosen]) == 0:
        raise NothingToDraw(f"{said} is {metric.values[chosen[0]]:g} in all runs.")
    return chosen


def _varying(
    runs: pyarrow.Table, chosen: numpy.typing.NDArray[numpy.intp], *, without: str
) -> tuple[list[Quantity], int]:
    """The parameters that differ between the runs ``chosen``, and how many do not."""
    import numpy as np

    columns = [name for name in runs.column_names if name.startswith("params.")]
    varying = []
    for column in columns:
        param = read_quantity(runs, column, name=column, most=10_000)
        if column != without and len(np.unique(param.values[chosen], equal_nan=True)) > 1:
            varying.append(param)
    if not varying:
        raise NothingToDraw("No parameter differs between these runs.")
    return varying, len(columns) - len(varying)


def _notes(found: Importances, metric: Quantity, name: str, total: int, constant: int) -> list[str]:
    said = in_sentence(name)
    if found.r2 <= 0:
        first = (
            f"These parameters do not predict {said} (R² of held-out runs: {_signed(found.r2)}): "
            "the bars mean nothing"
        )
    else:
        target = f"log {said}" if metric.kind in ("log", "symlog") else said
        first = f"R² of held-out runs: {found.r2:.2f}, of {target}"
    used = int(metric.drawable.sum())
    runs = f"{used:,} of {counted(total, 'run')}" if used < total else counted(total, "run")
    notes = [first, runs, ", ".join(metric.losses)]
    if found.runs < used:
        notes.append(f"the forest saw {found.runs:,} of them, drawn by lot")
    if len(found.table) > _MOST_SHOWN:
        notes.append(f"{_MOST_SHOWN} of {len(found.table):,} parameters")
    if constant:
        notes.append(f"{counted(constant, 'parameter')} the same in all runs")
    return notes


def _drawn(found: Importances, title: str, notes: list[str], look: Look) -> Chart:
    top = found.table.slice(0, _MOST_SHOWN).to_pydict()
    labels = unlike(top["parameter"], LABEL_CHARS)
    spans = [
        (value - std, value + std) for value, std in zip(top["importance"], top["std"], strict=True)
    ]
    rows = rows_of(
        {
            "parameter": labels,
            "importance": top["importance"],
            "least": [low for low, _ in spans],
            "most": [high for _, high in spans],
            "std": top["std"],
            "correlation": top["correlation"],
            "runs": top["runs"],
            "zero": [0] * len(labels),
            "unranked": ["no order" if each is None else "" for each in top["correlation"]],
        }
    )
    low = min(0.0, *(low for low, _ in spans))
    high = max(0.02, *(high for _, high in spans))
    return finish(
        _panels(labels, low, high, found.r2 > 0, look),
        title=title,
        notes=notes,
        rows={"parameters": rows},
        data=found.table,
        look=look,
        height=_ROW_PX * max(len(labels), 2),
    )


def _panels(
    labels: list[str], low: float, high: float, has_meaning: bool, look: Look
) -> altair.LayerChart:
    """Importance and correlation side by side in one plot: two plots could not fill a width."""
    import altair as alt

    base = alt.Chart(alt.NamedData("parameters")).encode(
        y=alt.Y("parameter:N", title=None, sort=labels, axis=alt.Axis(grid=False)),
        tooltip=[
            alt.Tooltip("parameter:N", title="parameter"),
            alt.Tooltip("importance:Q", title="importance", format=".3f"),
            alt.Tooltip("std:Q", title="standard deviation", format=".3f"),
            alt.Tooltip("correlation:Q", title="correlation", format="+.2f"),
            alt.Tooltip("runs:Q", title="runs"),
        ],
    )
    left = _share(0, _LEFT_SHARE, [low, high])
    right = _share(_RIGHT_SHARE, 1, [-1, 1])
    own: dict[str, Any] = {"title": "fall of R² when shuffled", "scale": left, "axis": _axis(5)}
    hue = alt.value(look.hues[0] if has_meaning else look.none)
    bars = base.mark_bar(height=alt.RelativeBandSize(0.62), cornerRadiusEnd=2).encode(
        x=alt.X("importance:Q", **own), color=hue
    )
    whiskers = base.mark_rule(strokeWidth=1.5, aria=False).encode(
        x=alt.X("least:Q", **own),
        x2="most",
        color=alt.value(look.ink),
    )
    sign = alt.when("datum.correlation < 0").then(alt.value(look.hues[1]))
    ranked = base.mark_bar(height=alt.RelativeBandSize(0.62), aria=False).encode(
        x=alt.X("correlation:Q", title="correlation", scale=right, axis=_axis(2)),
        color=sign.otherwise(alt.value(look.hues[0])),
    )
    unranked = base.mark_text(fontSize=10, color=look.quiet, tooltip=None, aria=False).encode(
        x=alt.X("zero:Q", title="correlation", scale=right, axis=_axis(2)), text="unranked:N"
    )
    return alt.layer(
        alt.layer(bars, whiskers).resolve_scale(x="shared"),
        alt.layer(ranked, unranked).resolve_scale(x="shared"),
    ).resolve_scale(x="independent")


def _share(start: float, stop: float, domain: list[float]) -> Any:
    import altair as alt

    edges = [alt.ExprRef(f"width * {start}"), alt.ExprRef(f"width * {stop}")]
    return alt.Scale(domain=domain, range=edges, nice=False, zero=False)


def _axis(ticks: int) -> Any:
    import altair as alt

    return alt.Axis(tickCount=ticks, orient="bottom", domain=False)


def _signed(number: float) -> str:
    return f"{number:.2f}".replace("-", "\u2212")


def _no_rows() -> pyarrow.Table:
    import pyarrow as pa

    number = pa.float64()
    return pa.schema(
        [
            ("parameter", pa.string()),
            ("importance", number),
            ("std", number),
            ("correlation", number),
            ("runs", pa.int64()),
        ]
    ).empty_table()
