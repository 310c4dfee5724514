"""Parallel coordinates as SVG: what a page shows where no browser draws the widget.

``js/src/parallel/layout.ts`` lays the live picture out by the same rules.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbtrack.charts.style import Look, Theme, look_of
from nbtrack.widgets.axes import SPECIALS, Axis, label_of
from nbtrack.widgets.drawing import cut_to_width, sequential_colour, svg_page, svg_text
from nbtrack.widgets.image import text_width
from nbtrack.widgets.ticks import linear_ticks, log_ticks, tick_text

if TYPE_CHECKING:
    import numpy as np

    from nbtrack.widgets.parallel.model import Lines

    Floats = np.ndarray[Any, np.dtype[np.float64]]

HEIGHT = 400
MIN_WIDTH = 860
# A picture of more lines is a blot, and a file that nobody wants in a notebook.
MAX_LINES = 2_000

_TOP = 52
_BOTTOM = 22
_ROW = 20
_MIN_GAP = 84
_MAX_LABEL = 240
_LINE = 14
_BINS = 24
# Beyond the theme's hues, strokes tell categories apart.
_DASHES = ("", "7 3", "2 3", "9 3 2 3")


@dataclass(frozen=True, slots=True)
class Frame:
    """Where the axes stand: ``xs`` in pixels, between ``top`` and ``bottom``."""

    xs: list[float]
    top: float
    bottom: float
    width: float
    # How far below `bottom` the runs are that have no place on an axis, by code.
    rows: dict[int, float]


def draw(
    lines: Lines,
    shown: Sequence[str],
    *,
    color: str | None = None,
    inverted: Collection[str] = (),
    selected: Collection[str] = (),
    theme: Theme = "light",
) -> str:
    """The picture: one line per run through the axes named ``shown``, in that order.

    Of more than `MAX_LINES` runs so many are drawn, evenly taken.
    """
    import numpy as np

    look = look_of(theme)
    axes = [axis for name in shown if (axis := lines.axis(name)) is not None]
    if not axes or not lines.run_ids:
        return svg_page(MIN_WIDTH, 80, look, [svg_text(MIN_WIDTH / 2, 44, _why(lines), look.quiet)])
    frame = _lay_out(axes)
    count = len(lines.run_ids)
    taken = np.unique(np.linspace(0, count - 1, min(count, MAX_LINES)).astype(int))
    ys = [_heights(axis, frame, axis.name in inverted)[taken] for axis in axes]
    picked = None
    if selected:
        picked = np.array([lines.run_ids[i] in selected for i in taken])
    colored = lines.axis(color) if color else None
    parts = _strokes(frame, ys, _paint(colored, taken, look), picked, look)
    for x, axis in zip(frame.xs, axes, strict=True):
        parts += _draw_axis(x, axis, frame, look, inverted=axis.name in inverted)
    return svg_page(frame.width, HEIGHT, look, parts)


def _why(lines: Lines) -> str:
    return "No runs to draw." if not lines.run_ids else "The runs have no axis in common."


def _lay_out(axes: Sequence[Axis]) -> Frame:
    codes = sorted({int(code) for axis in axes for code in set(axis.special.tolist()) if code})
    widths = [_label_width(axis) for axis in axes]
    gaps = [
        max(_MIN_GAP, widths[i] + 26, (_title_width(axes[i]) + _title_width(axes[i - 1])) / 2 + 16)
        for i in range(1, len(axes))
    ]
    left = max(widths[0] + 16, _title_width(axes[0]) / 2 + 8)
    right = _title_width(axes[-1]) / 2 + 16
    spare = MIN_WIDTH - left - right - sum(gaps)
    if spare > 0 and gaps:
        gaps = [gap + spare / len(gaps) for gap in gaps]
    xs = [left]
    for gap in gaps:
        xs.append(xs[-1] + gap)
    bottom = HEIGHT - _BOTTOM - _ROW * len(codes)
    rows = {code: bottom + 8 + _ROW * (place + 0.5) for place, code in enumerate(codes)}
    return Frame(xs, _TOP, bottom, max(MIN_WIDTH, xs[-1] + right), rows)


def _heights(axis: Axis, frame: Frame, inverted: bool) -> Floats:
    import numpy as np

    places = 1 - axis.places() if inverted else axis.places()
    heights = frame.bottom - places * (frame.bottom - frame.top)
    for code, y in frame.rows.items():
        heights = np.where(axis.special == code, y, heights)
    return heights


def _paint(axis: Axis | None, taken: Any, look: Look) -> list[tuple[Any, str, str]]:
    """Which of the runs get which colour and dash."""
    import numpy as np

    if axis is None:
        return [(np.ones(len(taken), bool), look.hues[0], "")]
    special, values = axis.special[taken] > 0, axis.values[taken]
    paints = [(special, look.none, "")]
    if axis.kind == "category":
        for place in range(len(axis.labels)):
            hue = look.hues[place % len(look.hues)]
            dash = _DASHES[place // len(look.hues) % len(_DASHES)]
            paints.append((~special & (values == place), hue, dash))
    else:
        bins = np.minimum((axis.places()[taken] * _BINS).astype(int), _BINS - 1)
        for number in range(_BINS):
            shade = sequential_colour((number + 0.5) / _BINS, look)
            paints.append((~special & (bins == number), shade, ""))
    return paints


def _strokes(
    frame: Frame, ys: list[Any], paints: list[tuple[Any, str, str]], picked: Any, look: Look
) -> list[str]:
    import numpy as np

    count = len(ys[0])
    if len(ys) == 1:
        # A single axis has no lines: a short stroke across it for each run.
        ys, xs = [ys[0], ys[0]], [frame.xs[0] - 8, frame.xs[0] + 8]
    else:
        xs = frame.xs
    points = np.array(ys).T
    faint = min(0.85, max(0.07, 40 / max(count, 1) ** 0.75))
    parts = []
    layers = [(None, faint)] if picked is None else [(~picked, faint * 0.4), (picked, 0.9)]
    for layer, opacity in layers:
        for runs, colour, dash in paints:
            rows = points[runs if layer is None else runs & layer]
            if not len(rows):
                continue
            stroke = look.none if layer is not None and layer is layers[0][0] else colour
            path = "".join(
                "M" + "L".join(f"{x:.0f} {y:.1f}" for x, y in zip(xs, row, strict=True))
                for row in rows
            )
            dashed = f' stroke-dasharray="{dash}"' if dash else ""
            parts.append(
                f'<path d="{path}" fill="none" stroke="{stroke}" stroke-width="1.2" '
                f'stroke-opacity="{opacity:.3f}"{dashed}/>'
            )
    return parts


def _draw_axis(x: float, axis: Axis, frame: Frame, look: Look, *, inverted: bool) -> list[str]:
    height = frame.bottom - frame.top
    parts = [
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{frame.top}" y2="{frame.bottom}" '
        f'stroke="{look.quiet}"/>'
    ]
    title = cut_to_width(label_of(axis.name), _MAX_LABEL, 12)
    parts.append(svg_text(x, 20, title, look.ink, size=12, weight=600))
    told = " · ".join(["log"] * (axis.scale == "log") + ["inverted"] * inverted)
    if told:
        parts.append(svg_text(x, 35, told, look.quiet, size=10))
    for place, text in ticks_of(axis, height):
        y = frame.top + height * (place if inverted else 1 - place)
        parts.append(
            f'<line x1="{x - 4:.1f}" x2="{x:.1f}" y1="{y:.1f}" y2="{y:.1f}" stroke="{look.quiet}"/>'
        )
        shown = cut_to_width(text, _MAX_LABEL, 11)
        parts.append(svg_text(x - 7, y + 4, shown, look.ink, anchor="end", halo=look.page))
    for code, y in frame.rows.items():
        if (axis.special == code).any():
            parts.append(
                f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{look.page}" '
                f'stroke="{look.quiet}"/>'
            )
            parts.append(
                svg_text(x - 7, y + 4, SPECIALS[code], look.quiet, anchor="end", halo=look.page)
            )
    return parts


def ticks_of(axis: Axis, height: float) -> list[tuple[float, str]]:
    """The marks of an axis of ``height`` pixels: their places from 0 to 1, and their texts."""
    import math

    if not (axis.special == 0).any():
        return []
    room = max(2, int(height / _LINE))
    if axis.kind == "category":
        every = -(-len(axis.labels) // room)
        high = max(axis.high, 1.0)
        if len(axis.labels) == 1:
            return [(0.5 if axis.high == axis.low else 0.0, axis.labels[0])]
        return [(place / high, axis.labels[place]) for place in range(0, len(axis.labels), every)]
    if axis.high == axis.low:
        return [(0.5, tick_text(axis.low, axis.kind))]
    if axis.scale == "log":
        low, high = math.log(axis.low), math.log(axis.high)
        places = [(math.log(t) - low) / (high - low) for t in log_ticks(axis.low, axis.high)]
        texts = [tick_text(t, axis.kind) for t in log_ticks(axis.low, axis.high)]
        return list(zip(places, texts, strict=True))
    span = axis.high - axis.low
    return [
        ((t - axis.low) / span, tick_text(t, axis.kind))
        for t in linear_ticks(axis.low, axis.high, 6)
    ]


def _label_width(axis: Axis) -> float:
    texts = [text for _, text in ticks_of(axis, HEIGHT - _TOP - _BOTTOM)]
    texts += [SPECIALS[int(code)] for code in set(axis.special.tolist()) if code]
    return min(_MAX_LABEL, max((text_width(text) for text in texts), default=0))


def _title_width(axis: Axis) -> float:
    return min(_MAX_LABEL, text_width(label_of(axis.name), 12.5))
