"""A sheet of facts: named rows in groups, a column per run, and curves; drawn as SVG.

What one run and a comparison are without a browser: a file that is saved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from nbtrack.charts.style import Look, Theme, look_of
from nbtrack.widgets.curve_plots import CurvePlot, draw_plots
from nbtrack.widgets.drawing import cut_to_width, svg_page, svg_text
from nbtrack.widgets.image import text_width

Tone = Literal["", "quiet", "good", "bad"]

# A picture of more rows is a wall of text.
MAX_ROWS = 40
MIN_WIDTH = 860

_MARGIN = 16
_ROW = 21
_NAME = 190
_MIN_COLUMN = 150
# Behind values of this width stands what is said of them.
_VALUE = 76
_GOOD = {"light": "#1A7F37", "dark": "#4FB36A"}
_BAD = {"light": "#CF222E", "dark": "#F0716B"}


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one row for one run; ``note`` follows in the colour of its ``tone``."""

    text: str
    note: str = ""
    tone: Tone = ""
    differs: bool = False


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row: a name, and a cell per column."""

    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class SheetGroup:
    """Rows under a title; ``said`` stands beside it."""

    title: str
    said: str
    rows: tuple[SheetRow, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column: a run's name, what is said below it, and its hue, if it has one."""

    name: str
    said: str
    hue: int | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything on the sheet; ``empty`` is the sentence of one without columns."""

    heads: tuple[Head, ...]
    groups: tuple[SheetGroup, ...]
    plots: tuple[CurvePlot, ...]
    empty: str = ""


def draw_sheet(sheet: Sheet, theme: Theme = "light") -> str:
    """The sheet as SVG: at most `MAX_ROWS` rows of each group, then the curves."""
    look = look_of(theme)
    if not sheet.heads:
        said = svg_text(MIN_WIDTH / 2, 44, sheet.empty, look.quiet, size=12)
        return svg_page(MIN_WIDTH, 80, look, [said])
    inner = max(MIN_WIDTH - 2 * _MARGIN, _NAME + len(sheet.heads) * _MIN_COLUMN)
    column = (inner - _NAME) / len(sheet.heads)
    parts = _draw_heads(sheet.heads, look, column)
    top = 64.0
    for group in sheet.groups:
        drawn, height = _draw_group(group, look, theme, top, column, inner)
        parts += drawn
        top += height
    if sheet.plots:
        drawn, height = draw_plots(sheet.plots, look, top=top + 8, left=_MARGIN, width=inner)
        parts += drawn
        top += 8 + height
    return svg_page(inner + 2 * _MARGIN, top + _MARGIN, look, parts)


def _draw_heads(heads: Sequence[Head], look: Look, column: float) -> list[str]:
    parts = []
    for place, head in enumerate(heads):
        x = _MARGIN + _NAME + place * column
        if head.hue is not None:
            hue = look.hues[head.hue % len(look.hues)]
            parts.append(f'<circle cx="{x + 4:.1f}" cy="24" r="4.5" fill="{hue}"/>')
            x += 15
        name = cut_to_width(head.name, column - 26, 13)
        parts.append(svg_text(x, 28, name, look.ink, size=13, weight=600, anchor="start"))
        said = cut_to_width(head.said, column - 26, 11)
        parts.append(svg_text(x, 45, said, look.quiet, anchor="start"))
    return parts


def _draw_group(
    group: SheetGroup, look: Look, theme: Theme, top: float, column: float, width: float
) -> tuple[list[str], float]:
    parts = [
        f'<line x1="{_MARGIN}" x2="{_MARGIN + width:.1f}" y1="{top:.1f}" y2="{top:.1f}" '
        f'stroke="{look.line}"/>',
        svg_text(_MARGIN, top + 20, group.title, look.ink, size=12, weight=600, anchor="start"),
        svg_text(_MARGIN + width, top + 20, group.said, look.quiet, anchor="end"),
    ]
    y = top + 41
    tones = {"": look.quiet, "quiet": look.quiet, "good": _GOOD[theme], "bad": _BAD[theme]}
    for row in group.rows[:MAX_ROWS]:
        name = cut_to_width(row.name, _NAME - 16, 12)
        parts.append(svg_text(_MARGIN, y, name, look.quiet, size=12, anchor="start"))
        for place, cell in enumerate(row.cells):
            x = _MARGIN + _NAME + place * column
            room = _VALUE - 8 if cell.note else column - 12
            text = cut_to_width(cell.text, room, 12)
            weight = 600 if cell.differs else 400
            parts.append(svg_text(x, y, text, look.ink, size=12, weight=weight, anchor="start"))
            if cell.note:
                after = max(_VALUE, text_width(text, 12) + 10) if cell.differs else _VALUE
                note = cut_to_width(cell.note, column - after - 8, 11)
                colour = tones[cell.tone]
                parts.append(svg_text(x + after, y, note, colour, anchor="start"))
        y += _ROW
    if (hidden := len(group.rows) - MAX_ROWS) > 0:
        parts.append(svg_text(_MARGIN, y, f"… {hidden} more", look.quiet, anchor="start"))
        y += _ROW
    return parts, y - top - 6
