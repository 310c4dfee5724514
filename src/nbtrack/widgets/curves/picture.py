"""Curves as SVG: what a page shows where no browser draws the widget."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbtrack.charts.style import FONT, Look, Theme, look_of
from nbtrack.widgets.axes import Axis, label_of
from nbtrack.widgets.curves.model import Drawn
from nbtrack.widgets.curves.reading import Curve
from nbtrack.widgets.curves.scale import FAR, Scale, value_scale, x_scale
from nbtrack.widgets.curves.smoothing import smoothed
from nbtrack.widgets.drawing import sequential_colour
from nbtrack.widgets.image import escaped, text_width

if TYPE_CHECKING:
    import numpy as np

    Floats = np.ndarray[Any, np.dtype[np.float64]]

WIDTH = 860
# Of each metric; a picture of more is a blot.
MAX_LINES = 100
# Of all lines: some 200 KB.
_MAX_POINTS = 16_000

_PANEL_HEIGHT = 210
_GAP = 16
_TOP, _BOTTOM, _LEFT, _RIGHT = 26, 40, 52, 10
_LISTED = 14
_DASHES = ("", "7 3", "2 3", "9 3 2 3")
_X_TITLES = {"step": "step", "time": "time", "relative": "since the run began"}


@dataclass(frozen=True, slots=True)
class View:
    """How the curves are looked at; ``ranges`` has the part of x that is shown, by metric."""

    x: str = "step"
    log_x: bool = False
    log_y: Collection[str] = ()
    smoothing: float = 0.0
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    selected: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class _Stroke:
    colour: str
    dash: str
    opacity: float
    width: float


@dataclass(frozen=True, slots=True)
class _Panel:
    left: float
    top: float
    width: float
    height: float


def draw(drawn: Drawn, view: View, *, theme: Theme = "light") -> str:
    """The picture: one panel per metric, in which each run is a line.

    Of more than `MAX_LINES` runs so many are drawn, evenly taken, and those selected.
    """
    look = look_of(theme)
    if not drawn.curves:
        return _page(WIDTH, 80, look, [_text(WIDTH / 2, 44, why_empty(drawn), look.quiet)])
    runs = _runs_drawn(drawn, view.selected)
    strokes = _strokes(drawn, view.selected, look)
    legend, top = _legend(drawn, runs, strokes, look)
    count = len(drawn.metrics)
    columns = 1 if count == 1 else 2 if count <= 4 else 3
    width = (WIDTH - _GAP * (columns - 1)) / columns
    height = _PANEL_HEIGHT if columns > 1 else 300
    parts = [*legend]
    room = max(12, _MAX_POINTS // max(1, len(runs) * count))
    for place, metric in enumerate(drawn.metrics):
        left = (place % columns) * (width + _GAP)
        panel = _Panel(left, top + (place // columns) * (height + _GAP), width, height)
        curves = {run: drawn.curves[metric, run] for run in runs if (metric, run) in drawn.curves}
        parts += _panel(panel, metric, curves, strokes, view, look, room)
    return _page(WIDTH, top + -(-count // columns) * (height + _GAP), look, parts)


def why_empty(drawn: Drawn) -> str:
    """Why there is no curve."""
    if not drawn.total:
        return "No runs to draw."
    if not drawn.metrics:
        return "No metric has more than one point yet: log one as run.log(loss=0.3, step=1)."
    names = ", ".join(label_of(metric) for metric in drawn.metrics[:3])
    return f"None of the runs has a point of {names}."


def _runs_drawn(drawn: Drawn, selected: Collection[str]) -> list[int]:
    import numpy as np

    count = len(drawn.run_ids)
    taken = set(np.unique(np.linspace(0, count - 1, min(count, MAX_LINES)).astype(int)).tolist())
    picked = [place for place, run in enumerate(drawn.run_ids) if run in selected]
    return sorted(taken | set(picked[:MAX_LINES]))


def _strokes(drawn: Drawn, selected: Collection[str], look: Look) -> list[_Stroke]:
    """How each run's line is drawn; those that are picked stand out, and come in colour."""
    base = [_base_stroke(drawn, run, look) for run in range(len(drawn.run_ids))]
    picked = [place for place, run in enumerate(drawn.run_ids) if run in selected]
    if not picked:
        return base
    strokes = [_Stroke(look.none, "", 0.3, 1.0) for _ in base]
    for number, run in enumerate(picked):
        stroke = base[run]
        if drawn.paint is None and not drawn.strokes:
            stroke = _hued(number, look)
        strokes[run] = _Stroke(stroke.colour, stroke.dash, 1.0, 2.0)
    return strokes


def _base_stroke(drawn: Drawn, run: int, look: Look) -> _Stroke:
    if drawn.paint is not None:
        colour, dash = paint_of(drawn.paint, run, look)
        return _Stroke(colour, dash, 0.9 if len(drawn.run_ids) <= 60 else 0.5, 1.3)
    if drawn.strokes:
        return _hued(drawn.strokes[run], look)
    return _Stroke(look.hues[0], "", max(0.08, min(0.6, 25 / len(drawn.run_ids))), 1.0)


def _hued(number: int, look: Look) -> _Stroke:
    hues = len(look.hues)
    dash = _DASHES[number // hues % len(_DASHES)]
    return _Stroke(look.hues[number % hues], dash, 0.95, 1.5)


def paint_of(axis: Axis, run: int, look: Look) -> tuple[str, str]:
    """Colour and dash of a run by its value in the column that colours."""
    if axis.special[run]:
        return look.none, ""
    if axis.kind == "category":
        place, hues = int(axis.values[run]), len(look.hues)
        return look.hues[place % hues], _DASHES[place // hues % len(_DASHES)]
    return sequential_colour(float(axis.places()[run]), look), ""


def _legend(
    drawn: Drawn, runs: list[int], strokes: list[_Stroke], look: Look
) -> tuple[list[str], float]:
    """What strokes mean, and how far down the picture begins."""
    entries: list[tuple[_Stroke, str]] = []
    if drawn.paint is not None and drawn.paint.kind == "category":
        hues = len(look.hues)
        for place, label in reversed(list(enumerate(drawn.paint.labels))):
            dash = _DASHES[place // hues % len(_DASHES)]
            entries.append((_Stroke(look.hues[place % hues], dash, 1, 2), label))
    elif drawn.paint is not None:
        return _colour_scale(drawn.paint, look), 34
    else:
        bold = [run for run in runs if strokes[run].width > 1.0]
        if drawn.strokes:
            # The order in which strokes were given out: the oldest run first.
            bold.sort(key=drawn.strokes.__getitem__)
        entries = [(strokes[run], drawn.names[run]) for run in bold]
    parts, x, y = [], 8.0, 16.0
    more = len(entries) - _LISTED
    for stroke, name in entries[:_LISTED]:
        text = _short(name, 180, 11)
        wide = 30 + text_width(text) + 14
        if x + wide > WIDTH and x > 8:
            x, y = 8.0, y + 18
        parts.append(
            f'<line x1="{x:.0f}" x2="{x + 22:.0f}" y1="{y - 4:.0f}" y2="{y - 4:.0f}" '
            f'stroke="{stroke.colour}" stroke-width="2.2"{_dashed(stroke.dash)}/>'
        )
        parts.append(_text(x + 28, y, text, look.ink, anchor="start"))
        x += wide
    if more > 0:
        parts.append(_text(x, y, f"and {more:,} more", look.quiet, anchor="start"))
    if not entries:
        parts.append(_text(x, y, f"{len(drawn.run_ids):,} runs", look.quiet, anchor="start"))
    return parts, y + 14


def _colour_scale(axis: Axis, look: Look) -> list[str]:
    from nbtrack.widgets.ticks import tick_text

    title = _short(label_of(axis.name), 240, 11)
    low, high = tick_text(axis.low, axis.kind), tick_text(axis.high, axis.kind)
    x = 8 + text_width(title) + 12
    parts = [_text(8, 16, title, look.quiet, anchor="start")]
    parts.append(_text(x, 16, low, look.quiet, anchor="start"))
    x += text_width(low) + 8
    for step in range(24):
        colour = sequential_colour((step + 0.5) / 24, look)
        parts.append(f'<rect x="{x + 5 * step:.1f}" y="8" width="5.5" height="8" fill="{colour}"/>')
    parts.append(_text(x + 128, 16, high, look.quiet, anchor="start"))
    return parts


def _panel(
    at: _Panel,
    metric: str,
    curves: Mapping[int, Curve],
    strokes: list[_Stroke],
    view: View,
    look: Look,
    room: int,
) -> list[str]:

    is_log = metric in view.log_y
    over = view.ranges.get(metric)
    parts = [
        _text(
            at.left + 2,
            at.top + 12,
            _short(label_of(metric), at.width - 60, 12.5),
            look.ink,
            size=12,
            weight=600,
            anchor="start",
        )
    ]
    if is_log:
        parts.append(
            _text(at.left + at.width - _RIGHT, at.top + 12, "log", look.quiet, anchor="end")
        )
    if over is not None:
        xs = Scale(view.x, view.log_x, *over)
    else:
        found = x_scale(view.x, (curve.x for curve in curves.values()), is_log=view.log_x)
        if found is None:
            said = "None of these runs has a point here."
            return [*parts, _text(at.left + at.width / 2, at.top + at.height / 2, said, look.quiet)]
        xs = found
    inside = [curve.value[(curve.x >= xs.low) & (curve.x <= xs.high)] for curve in curves.values()]
    ys = value_scale(inside, is_log=is_log)
    plot = _Panel(
        at.left + _LEFT, at.top + _TOP, at.width - _LEFT - _RIGHT, at.height - _TOP - _BOTTOM
    )
    parts += _axes(plot, xs, ys, view, look)
    if ys is None:
        said = "No value has a place on this axis." if is_log else "No value is a finite number."
        parts.append(
            _text(plot.left + plot.width / 2, plot.top + plot.height / 2, said, look.quiet)
        )
    order = sorted(curves, key=lambda run: (strokes[run].width, -run))
    clip = f"c{at.left:.0f}-{at.top:.0f}"
    parts.append(
        f'<clipPath id="{clip}"><rect x="{plot.left:.1f}" y="{plot.top - 6:.1f}" '
        f'width="{plot.width:.1f}" height="{plot.height + 12:.1f}"/></clipPath>'
        f'<g clip-path="url(#{clip})" fill="none" stroke-linejoin="round">'
    )
    for run in order:
        curve, stroke = curves[run], strokes[run]
        x = plot.left + xs.places(curve.x) * plot.width
        near = (x >= plot.left - plot.width) & (x <= plot.left + 2 * plot.width)
        if ys is not None:
            y = plot.top + (1 - ys.places(curve.value)) * plot.height
            faint = 0.25 if view.smoothing else 1.0
            parts += _line(x[near], y[near], stroke, room, faint)
            if view.smoothing:
                at_x, means = smooth_line(curve, view.smoothing)
                mean_x = plot.left + xs.places(at_x) * plot.width
                mean_y = plot.top + (1 - ys.places(means)) * plot.height
                parts += _line(mean_x, mean_y, stroke, room, 1.0)
        there = (x >= plot.left - 1) & (x <= plot.left + plot.width + 1)
        parts += _marks(x[there], curve.value[there], is_log, plot, stroke)
    parts.append("</g>")
    return parts


def smooth_line(curve: Curve, smoothing: float) -> tuple[Floats, Floats]:
    """The smoothed curve: x and values, NaN where the curve has a gap."""
    import numpy as np

    if not len(curve.level):
        return curve.x, smoothed(curve.x, curve.value, np.ones(len(curve.x)), smoothing)
    means = smoothed(curve.level_x, curve.level, curve.count, smoothing)
    gaps = curve.x[~np.isfinite(curve.value)]
    where = np.searchsorted(curve.level_x, gaps)
    return np.insert(curve.level_x, where, gaps), np.insert(means, where, np.nan)


def _line(x: Floats, y: Floats, stroke: _Stroke, room: int, faint: float) -> list[str]:
    """A path through what has a place, with as many points as there is room for."""
    import numpy as np

    x, y = _fewer(x, y, room)
    there = np.isfinite(x) & np.isfinite(y)
    if not there.any():
        return []
    path, pen = [], "M"
    for px, py, is_there in zip(x.tolist(), y.tolist(), there.tolist(), strict=True):
        if is_there:
            path.append(f"{pen}{px:.1f} {py:.1f}")
        pen = "L" if is_there else "M"
    # A point on its own is no line; with a round cap of no length it is a dot.
    alone = "".join(
        f"M{px:.1f} {py:.1f}h0"
        for i, (px, py) in enumerate(zip(x.tolist(), y.tolist(), strict=True))
        if there[i] and not there[i - 1 : i].any() and not there[i + 1 : i + 2].any()
    )
    look = f'stroke="{stroke.colour}" stroke-opacity="{stroke.opacity * faint:.3g}"'
    parts = [
        f'<path d="{"".join(path)}" {look} stroke-width="{stroke.width}"{_dashed(stroke.dash)}/>'
    ]
    if alone:
        parts.append(f'<path d="{alone}" {look} stroke-width="5" stroke-linecap="round"/>')
    return parts


def _fewer(x: Floats, y: Floats, room: int) -> tuple[Floats, Floats]:
    """At most about ``room`` points: of each stretch the lowest, the highest, and a gap."""
    import numpy as np

    if len(x) <= room:
        return x, y
    edges = np.linspace(0, len(x), max(2, room // 2) + 1).astype(int)[:-1]
    is_gap = ~np.isfinite(y)
    low = np.minimum.reduceat(np.where(is_gap, np.inf, y), edges)
    high = np.maximum.reduceat(np.where(is_gap, -np.inf, y), edges)
    of = np.repeat(np.arange(len(edges)), np.diff([*edges, len(x)]))
    kept = [np.array([0, len(x) - 1])]
    for candidates in (y == low[of], y == high[of], is_gap):
        places = np.flatnonzero(candidates)
        kept.append(places[np.unique(of[places], return_index=True)[1]])
    rows = np.unique(np.concatenate(kept))
    return x[rows], y[rows]


def _marks(x: Floats, values: Floats, is_log: bool, plot: _Panel, stroke: _Stroke) -> list[str]:
    """Triangles on the edges of the plot, for values that have no place in it."""
    import numpy as np

    parts = []
    top, bottom = plot.top, plot.top + plot.height
    below = (values < -FAR) | ((values <= 0) & is_log)
    for chosen, mark in (
        (values > FAR, f"M{{x:.1f}} {top - 5:.1f}l4 7h-8z"),
        (below, f"M{{x:.1f}} {bottom + 5:.1f}l4 -7h-8z"),
        (np.isnan(values), f"M{{x:.1f}} {bottom - 3.5:.1f}l3.5 3.5l-3.5 3.5l-3.5 -3.5z"),
    ):
        # One for each pixel: a thousand of them in a row are a bar.
        places = np.unique(np.round(x[chosen]))
        if len(places):
            path = "".join(mark.format(x=place) for place in places.tolist())
            opacity = max(stroke.opacity, 0.5)
            parts.append(f'<path d="{path}" fill="{stroke.colour}" fill-opacity="{opacity}"/>')
    return parts


def _axes(plot: _Panel, xs: Scale, ys: Scale | None, view: View, look: Look) -> list[str]:
    parts = []
    bottom = plot.top + plot.height
    if ys is not None:
        for place, text in ys.ticks(5):
            y = plot.top + (1 - place) * plot.height
            if -0.001 <= place <= 1.001:
                parts.append(_rule(plot.left, y, plot.left + plot.width, y, look.line))
                parts.append(_text(plot.left - 6, y + 4, text, look.quiet, anchor="end", size=10.5))
    parts.append(_rule(plot.left, bottom, plot.left + plot.width, bottom, look.quiet))
    for place, text in xs.ticks(max(2, int(plot.width / 75))):
        x = plot.left + place * plot.width
        if -0.001 <= place <= 1.001:
            parts.append(_rule(x, bottom, x, bottom + 4, look.quiet))
            parts.append(_text(x, bottom + 16, text, look.quiet, size=10.5))
    title = _X_TITLES[view.x] + (" (log)" if view.log_x else "")
    parts.append(_text(plot.left + plot.width / 2, bottom + 31, title, look.quiet, size=10.5))
    return parts


def _rule(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="{colour}"/>'


def _dashed(dash: str) -> str:
    return f' stroke-dasharray="{dash}"' if dash else ""


def _short(text: str, width: float, size: float) -> str:
    line = " ".join(text[:400].split())
    while text_width(line, size) > width and len(line) > 8:
        middle = len(line) // 2
        line = line[: middle - 2] + "…" + line[middle + 2 :].lstrip("…")
    return line


def _text(
    x: float,
    y: float,
    text: str,
    colour: str,
    *,
    size: float = 11,
    weight: int = 400,
    anchor: str = "middle",
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" '
        f'text-anchor="{anchor}" fill="{colour}">{escaped(text)}</text>'
    )


def _page(width: float, height: float, look: Look, parts: list[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="{escaped(FONT)}">'
        f'<rect width="100%" height="100%" fill="{look.page}"/>{"".join(parts)}</svg>'
    )
