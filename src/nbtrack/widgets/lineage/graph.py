"""The graph from data through runs to versions: three columns of boxes, and what joins them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbtrack.charts.style import Theme, look_of
from nbtrack.widgets.drawing import cut_to_width, svg_page, svg_text

if TYPE_CHECKING:
    from nbtrack.charts.style import Look

# Of each column; the rest is counted.
MAX_BOXES = 24
_WIDTH, _HEIGHT, _GAP, _LANE = 210, 38, 10, 90
_TOP = 30
_HEADS = ("Data", "Runs", "Model versions")


@dataclass(frozen=True, slots=True)
class Box:
    """One thing in the graph: what it is called, and what is said below its name."""

    key: Hashable
    title: str
    below: str
    hue: int


def draw_lineage(rows: Sequence[Mapping[str, Any]], *, theme: Theme = "light") -> str:
    """Rows of `lineage_table` as SVG."""
    look = look_of(theme)
    columns = [_first(column) for column in _columns(rows)]
    places = [{box.key: (i, box) for i, box in enumerate(column[:MAX_BOXES])} for column in columns]
    height = _TOP + max(_depth(column) for column in columns)
    parts = []
    for side, pairs in enumerate(_joined(rows)):
        for left, right in dict.fromkeys(pairs):
            if left in places[side] and right in places[side + 1]:
                a, b = places[side][left][0], places[side + 1][right][0]
                parts.append(_line(side, a, b, look))
    for side, column in enumerate(columns):
        left = side * (_WIDTH + _LANE)
        parts.append(svg_text(left, 16, _HEADS[side], look.quiet, size=12, anchor="start"))
        parts += [_box(left, place, box, look) for place, box in places[side].values()]
        if (more := len(column) - MAX_BOXES) > 0:
            y = _TOP + MAX_BOXES * (_HEIGHT + _GAP) + 14
            parts.append(svg_text(left, y, f"and {more} more", look.quiet, anchor="start"))
    return svg_page(3 * _WIDTH + 2 * _LANE + 2, height, look, parts)


def _data_key(row: Mapping[str, Any]) -> Hashable:
    # Equal content is one data set, whatever it is called; of unknown content each is its own.
    return row["digest"] or (row["data"], row["run_id"])


def _columns(rows: Sequence[Mapping[str, Any]]) -> list[list[Box]]:
    names: dict[Hashable, list[str]] = {}
    for row in rows:
        names.setdefault(_data_key(row), []).append(row["data"])
    data = [
        Box(
            _data_key(row),
            ", ".join(dict.fromkeys(names[_data_key(row)])),
            " · ".join(filter(None, [row["context"], row["digest"][:8] or "content unknown"])),
            0,
        )
        for row in rows
    ]
    runs = [Box(row["run_id"], row["run"], row["experiment"], 1) for row in rows]
    versions = [
        Box(_version_key(row), f"{row['name']} {row['version']}", _stage(row["stage"]), 2)
        for row in rows
        if row["version"] is not None
    ]
    return [data, runs, versions]


def _version_key(row: Mapping[str, Any]) -> Hashable:
    return (row["name"], row["version"])


def _stage(stage: str) -> str:
    return "no stage" if stage == "None" else stage


def _joined(rows: Sequence[Mapping[str, Any]]) -> list[list[tuple[Hashable, Hashable]]]:
    return [
        [(_data_key(row), row["run_id"]) for row in rows],
        [(row["run_id"], _version_key(row)) for row in rows],
    ]


def _first(boxes: Iterable[Box]) -> list[Box]:
    return list({box.key: box for box in reversed(list(boxes))}.values())[::-1]


def _depth(column: Sequence[Box]) -> int:
    shown = min(len(column), MAX_BOXES)
    return max(1, shown) * (_HEIGHT + _GAP) + (20 if len(column) > MAX_BOXES else 0)


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


def _box(left: int, place: int, box: Box, look: Look) -> str:
    top = _TOP + place * (_HEIGHT + _GAP)
    hue = look.hues[box.hue]
    title = cut_to_width(box.title, _WIDTH - 24, 12)
    below = cut_to_width(box.below, _WIDTH - 24, 10)
    return (
        f'<rect x="{left + 0.5}" y="{top + 0.5}" width="{_WIDTH}" height="{_HEIGHT}" rx="5" '
        f'fill="{look.page}" stroke="{look.line}"/>'
        f'<rect x="{left + 0.5}" y="{top + 0.5}" width="4" height="{_HEIGHT}" fill="{hue}"/>'
        + svg_text(left + 13, top + 16, title, look.ink, size=12, weight=600, anchor="start")
        + svg_text(left + 13, top + 31, below, look.quiet, size=10, anchor="start")
    )
