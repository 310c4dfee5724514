"""The first runs of a table as SVG, for files that are saved without a browser."""

from __future__ import annotations

from nbtrack.charts.style import Theme, look_of
from nbtrack.widgets.drawing import cut_to_width, svg_page, svg_text
from nbtrack.widgets.image import text_width
from nbtrack.widgets.run_table.model import TableModel
from nbtrack.widgets.run_table.static import Listed, listed_runs

MAX_ROWS = 20
_MARGIN = 16
_ROW = 23
_GAP = 22
_SIZE = 12
_MAX_WIDTH = 180.0
_LEAST_WIDTH = 760
_MOST_WIDTH = 1180
_DOTS = {"finished": "#2e9d55", "running": "#3b82d6", "failed": "#d9534f", "killed": "#c98a1b"}


def draw_table(model: TableModel, theme: Theme = "light") -> str:
    """The first `MAX_ROWS` runs as SVG; columns that find no room are counted below."""
    look = look_of(theme)
    listed = listed_runs(model, MAX_ROWS)
    if not listed.total:
        said = svg_text(_LEAST_WIDTH / 2, 44, listed.said, look.quiet, size=_SIZE)
        return svg_page(_LEAST_WIDTH, 80, look, [said])
    widths = _widths(listed)
    shown = len(widths)
    parts, x = [], float(_MARGIN)
    for column, width in enumerate(widths):
        is_right = listed.right[column]
        place, anchor = (x + width, "end") if is_right else (x, "start")
        head = cut_to_width(listed.heads[column], width, _SIZE)
        parts.append(svg_text(place, 28, head, look.quiet, size=_SIZE, weight=600, anchor=anchor))
        for row, texts in enumerate(listed.body):
            baseline = 28 + (row + 1) * _ROW
            ink = {1: _DOTS.get(texts[1], look.quiet), 2: look.quiet}.get(column, look.ink)
            text = cut_to_width(texts[column], width, _SIZE)
            parts.append(svg_text(place, baseline, text, ink, size=_SIZE, anchor=anchor))
        x += width + _GAP
    right = max(x - _GAP, _LEAST_WIDTH - _MARGIN)
    for row in range(len(listed.body)):
        y = 35.5 + row * _ROW
        parts.append(f'<path d="M{_MARGIN} {y}H{right:.1f}" stroke="{look.line}"/>')
    below = 28 + (len(listed.body) + 1) * _ROW
    hidden = len(listed.heads) - shown
    more = f", {hidden} more column{'' if hidden == 1 else 's'}" if hidden else ""
    parts.append(svg_text(_MARGIN, below, listed.said + more, look.quiet, anchor="start"))
    return svg_page(right + _MARGIN, below + _MARGIN, look, parts)


def _widths(listed: Listed) -> list[float]:
    """How wide each column is drawn, of those that find room."""
    widths: list[float] = []
    for column, head in enumerate(listed.heads):
        texts = [head, *(row[column] for row in listed.body)]
        width = min(max(text_width(text, _SIZE) for text in texts) + 2, _MAX_WIDTH)
        if sum(widths) + width + _GAP * len(widths) > _MOST_WIDTH:
            break
        widths.append(width)
    return widths
