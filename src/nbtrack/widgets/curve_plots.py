"""Curves as SVG in small multiples: a plot per metric, a line per run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nbtrack.charts.style import Look
from nbtrack.widgets.drawing import cut_to_width, svg_text
from nbtrack.widgets.image import text_width
from nbtrack.widgets.ticks import linear_ticks, tick_text

if TYPE_CHECKING:
    import pyarrow

PLOT_HEIGHT = 150
MIN_PLOT_WIDTH = 250
# Beyond the theme's hues, strokes tell runs apart; `js/src/base/palette.ts` has the same.
DASHES = ("", "7 3", "2 3", "9 3 2 3")

_GAP = 24
_TITLE = 18
_FOOT = 18


@dataclass(frozen=True, slots=True)
class CurveLine:
    """One run's curve. ``hue`` says which of the theme's colours it has."""

    hue: int
    steps: tuple[float, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class CurvePlot:
    """The curves of one metric."""

    title: str
    lines: tuple[CurveLine, ...]


def plots_of(
    curves: pyarrow.Table, keys: Sequence[str], hues: dict[str, int]
) -> tuple[CurvePlot, ...]:
    """A plot for each of ``keys`` that has curves; ``hues`` are those of the runs, by full id."""
    found = {(row["key"], row["run_id"]): row for row in curves.to_pylist()}
    plots = []
    for key in keys:
        lines = [
            CurveLine(hue, tuple(row["steps"]), tuple(row["values"]))
            for run_id, hue in hues.items()
            if (row := found.get((key, run_id))) is not None
        ]
        if lines:
            plots.append(CurvePlot(key, tuple(lines)))
    return tuple(plots)


def draw_plots(
    plots: Sequence[CurvePlot], look: Look, *, top: float, left: float, width: float
) -> tuple[list[str], float]:
    """The plots side by side from ``top`` on, and the height that they take."""
    across = max(1, min(len(plots), int((width + _GAP) // (MIN_PLOT_WIDTH + _GAP))))
    # One plot alone would be a banner.
    each = min((width - _GAP * (across - 1)) / across, 400.0)
    parts: list[str] = []
    for place, plot in enumerate(plots):
        x = left + (place % across) * (each + _GAP)
        y = top + (place // across) * (PLOT_HEIGHT + _GAP)
        parts += _draw(plot, look, x, y, each)
    return parts, -(-len(plots) // across) * (PLOT_HEIGHT + _GAP)


def _draw(plot: CurvePlot, look: Look, left: float, top: float, width: float) -> list[str]:
    title = cut_to_width(plot.title, width, 12)
    parts = [svg_text(left, top + 11, title, look.ink, size=12, weight=600, anchor="start")]
    finite = [v for line in plot.lines for v in line.values if math.isfinite(v)]
    if not finite:
        said = "No finite value."
        return [*parts, svg_text(left, top + 40, said, look.quiet, anchor="start")]
    low, high = min(finite), max(finite)
    steps = [step for line in plot.lines for step in line.steps]
    first, last = min(steps), max(steps)
    ticks = linear_ticks(low, high, 3)
    room = max(text_width(tick_text(tick, "number")) for tick in ticks) + 8
    box = (left + room, top + _TITLE + 4, left + width, top + PLOT_HEIGHT - _FOOT)

    def x(step: float) -> float:
        return box[0] + _share(step, first, last) * (box[2] - box[0])

    def y(value: float) -> float:
        return box[3] - _share(value, low, high) * (box[3] - box[1])

    for tick in ticks:
        parts.append(
            f'<line x1="{box[0]:.1f}" x2="{box[2]:.1f}" y1="{y(tick):.1f}" y2="{y(tick):.1f}" '
            f'stroke="{look.line}"/>'
        )
        said = tick_text(tick, "number")
        parts.append(svg_text(box[0] - 6, y(tick) + 4, said, look.quiet, anchor="end"))
    for step, anchor in ((first, "start"), (last, "end"))[: 1 if first == last else 2]:
        said = tick_text(step, "number")
        parts.append(svg_text(x(step), top + PLOT_HEIGHT - 3, said, look.quiet, anchor=anchor))
    for line in plot.lines:
        stroke = look.hues[line.hue % len(look.hues)]
        dash = DASHES[line.hue // len(look.hues) % len(DASHES)]
        path = _path([(x(s), y(v)) for s, v in zip(line.steps, line.values, strict=True)])
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        parts.append(
            f'<path d="{path}" fill="none" stroke="{stroke}" stroke-width="1.6" '
            f'stroke-linejoin="round" stroke-linecap="round"{dashed}/>'
        )
    return parts


def _share(value: float, low: float, high: float) -> float:
    # Halves, since the distance between two large numbers may be infinite.
    return 0.5 if high <= low else (value / 2 - low / 2) / (high / 2 - low / 2)


def _path(points: Sequence[tuple[float, float]]) -> str:
    """A line through ``points``, broken where one of them has no place."""
    parts, pen = [], "M"
    for x, y in points:
        if math.isfinite(y):
            parts.append(f"{pen}{x:.1f} {y:.1f}")
            pen = "L"
        else:
            pen = "M"
    if len(parts) == 1:
        # A round cap makes a dot of it.
        parts.append("h0")
    return "".join(parts)
