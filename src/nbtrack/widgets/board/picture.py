"""A board without a browser: its widgets' pictures in one, and their html below each other."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

from nbtrack.charts.style import Theme, look_of
from nbtrack.widgets.drawing import cut_to_width, svg_page, svg_text
from nbtrack.widgets.image import escaped

_CELL = 760
_GAP = 28
_MARGIN = 16
_TITLE = 30
_SENTENCE = 60
_HEAD = 44
_SIZE = re.compile(r'<svg[^>]*?\bwidth="([\d.]+)"[^>]*?\bheight="([\d.]+)"')
_TITLE_STYLE = "font-weight:600;padding:14px 0 6px"
_QUIET_STYLE = "opacity:.65;font-size:85%"


@dataclass(frozen=True, slots=True)
class Drawn:
    """One place of a board: its title, its picture (SVG, or html), and what is said of it."""

    title: str
    picture: str | None
    note: str = ""


def draw_board(said: str, cells: Sequence[Drawn], *, columns: int, theme: Theme = "light") -> str:
    """The board as SVG: ``said`` above, then the pictures in rows; the last fills its row.

    Pictures are images within the image, since their ids would meet in one document.
    """
    look = look_of(theme)
    columns = min(columns, max(1, len(cells)))
    width = 2 * _MARGIN + columns * _CELL + (columns - 1) * _GAP
    line = cut_to_width(said, width - 2 * _MARGIN, 14)
    parts = [svg_text(_MARGIN, 28, line, look.ink, size=14, weight=600, anchor="start")]
    top = float(_HEAD)
    for start in range(0, len(cells), columns):
        row = cells[start : start + columns]
        height = 0.0
        for place, cell in enumerate(row):
            x = _MARGIN + place * (_CELL + _GAP)
            room = _CELL if place < len(row) - 1 else width - _MARGIN - x
            drawn, tall = _draw_cell(cell, x, top, room, look.quiet)
            parts += drawn
            height = max(height, tall)
        top += height + _GAP / 2
    return svg_page(width, top + _MARGIN, look, parts)


def html_of(said: str, cells: Sequence[Drawn]) -> str:
    """The board as html that survives JupyterLab's sanitiser: one widget's below the other's."""
    parts = [f'<div style="{_QUIET_STYLE}">{escaped(said)}</div>']
    for cell in cells:
        parts.append(f'<div style="{_TITLE_STYLE}">{escaped(cell.title)}</div>')
        if cell.note:
            parts.append(f'<div style="{_QUIET_STYLE}">{escaped(cell.note)}</div>')
        parts.append(cell.picture or "")
    return f"<div>{''.join(parts)}</div>"


def _draw_cell(
    cell: Drawn, x: float, top: float, room: float, quiet: str
) -> tuple[list[str], float]:
    title = cell.title if not cell.note or cell.picture is None else f"{cell.title}: {cell.note}"
    line = cut_to_width(title, room, 12)
    parts = [svg_text(x, top + 18, line, quiet, size=12, weight=600, anchor="start")]
    size = _SIZE.search(cell.picture or "")
    if cell.picture is None or size is None:
        said = cut_to_width(cell.note, room, 12)
        parts.append(svg_text(x, top + 48, said, quiet, size=12, anchor="start"))
        return parts, _TITLE + _SENTENCE
    width, height = float(size[1]), float(size[2])
    # A picture as wide as the board is drawn for one column: it is not blown up much.
    scale = min(room / width, 1.25)
    data = base64.b64encode(cell.picture.encode()).decode()
    parts.append(
        f'<image x="{x:.1f}" y="{top + _TITLE:.1f}" width="{width * scale:.1f}" '
        f'height="{height * scale:.1f}" href="data:image/svg+xml;base64,{data}"/>'
    )
    return parts, _TITLE + height * scale
