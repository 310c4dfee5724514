"""The graph of a lineage as SVG, where no browser draws it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbtrack.charts.style import Theme, look_of
from nbtrack.widgets.drawing import cut_to_width, svg_page, svg_text
from nbtrack.widgets.lineage.graph import HEADS, Box, Graph

if TYPE_CHECKING:
    from nbtrack.charts.style import Look

# Of each column; the rest is counted.
MAX_BOXES = 24
_WIDTH, _HEIGHT, _GAP, _LANE = 210, 38, 10, 90
_TOP = 30


def draw_graph(graph: Graph, *, theme: Theme = "light") -> str:
    """The graph as SVG."""
    look = look_of(theme)
    columns = [column[:MAX_BOXES] for column in graph.columns]
    places = [{box.key: place for place, box in enumerate(column)} for column in columns]
    height = _TOP + max(_depth(len(column)) for column in graph.columns)
    parts = []
    for side, pairs in enumerate(graph.joined):
        for left, right in pairs:
            if left in places[side] and right in places[side + 1]:
                parts.append(_line(side, places[side][left], places[side + 1][right], look))
    for side, column in enumerate(columns):
        left_edge = side * (_WIDTH + _LANE)
        parts.append(svg_text(left_edge, 16, HEADS[side], look.quiet, size=12, anchor="start"))
        parts += [_box(left_edge, place, box, side, look) for place, box in enumerate(column)]
        if (more := len(graph.columns[side]) - MAX_BOXES) > 0:
            y = _TOP + MAX_BOXES * (_HEIGHT + _GAP) + 14
            parts.append(svg_text(left_edge, y, f"and {more} more", look.quiet, anchor="start"))
    return svg_page(3 * _WIDTH + 2 * _LANE + 2, height, look, parts)


def _depth(boxes: int) -> int:
    shown = min(boxes, MAX_BOXES)
    return max(1, shown) * (_HEIGHT + _GAP) + (20 if boxes > MAX_BOXES else 0)


def _middle(place: int) -> float:
    return _TOP + place * (_HEIGHT + _GAP) + _HEIGHT / 2


def _line(side: int, a: int, b: int, look: Look) -> str:
    x0 = side * (_WIDTH + _LANE) + _WIDTH
    x1, y0, y1 = x0 + _LANE, _middle(a), _middle(b)
    bend = (x0 + x1) / 2
    return (
        f'<path d="M{x0} {y0:.1f}C{bend} {y0:.1f} {bend} {y1:.1f} {x1} {y1:.1f}" fill="none" '
        f'stroke="{look.none}" stroke-width="1.2" stroke-opacity="0.75"/>'
    )


def _box(left: int, place: int, box: Box, side: int, look: Look) -> str:
    top = _TOP + place * (_HEIGHT + _GAP)
    title = cut_to_width(box.title, _WIDTH - 24, 12)
    below = cut_to_width(box.below, _WIDTH - 24, 10)
    return (
        f'<rect x="{left + 0.5}" y="{top + 0.5}" width="{_WIDTH}" height="{_HEIGHT}" rx="5" '
        f'fill="{look.page}" stroke="{look.line}"/>'
        f'<rect x="{left + 0.5}" y="{top + 0.5}" width="4" height="{_HEIGHT}" '
        f'fill="{look.hues[side]}"/>'
        + svg_text(left + 13, top + 16, title, look.ink, size=12, weight=600, anchor="start")
        + svg_text(left + 13, top + 31, below, look.quiet, size=10, anchor="start")
    )
