"""Pieces of SVG that pictures are put together from: a page, text within its room, a shade."""

from __future__ import annotations

from collections.abc import Sequence

from nbtrack.charts.style import FONT, Look
from nbtrack.widgets.image import escaped, text_width

# Of matplotlib, where it is in the public domain (CC0).
_VIRIDIS = "440154 472D7B 3B528B 2C728E 21918C 28AE80 5EC962 ADDC30 FDE725".split()


def svg_page(width: float, height: float, look: Look, parts: Sequence[str]) -> str:
    """A picture of that many pixels, on the theme's page."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="{escaped(FONT)}">'
        f'<rect width="100%" height="100%" fill="{look.page}"/>{"".join(parts)}</svg>'
    )


def svg_text(
    x: float,
    y: float,
    text: str,
    colour: str,
    *,
    size: float = 11,
    weight: int = 400,
    anchor: str = "middle",
    halo: str | None = None,
) -> str:
    """Text at a place; ``halo`` is the colour of an outline that keeps lines away from it."""
    outline = f' stroke="{halo}" stroke-width="3" paint-order="stroke"' if halo else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" '
        f'text-anchor="{anchor}" fill="{colour}"{outline}>{escaped(text)}</text>'
    )


def cut_to_width(text: str, width: float, size: float) -> str:
    """``text`` in one line; what is wider than ``width`` pixels loses its middle."""
    line = " ".join(text[:400].split())
    while text_width(line, size) > width and len(line) > 8:
        middle = len(line) // 2
        line = line[: middle - 2] + "…" + line[middle + 2 :].lstrip("…")
    return line


def sequential_colour(place: float, look: Look) -> str:
    """The colour of ``place``, from 0 to 1, on the sequential scale."""
    first, last = look.sequential
    at = (first + (last - first) * place) * (len(_VIRIDIS) - 1)
    stop = min(int(at), len(_VIRIDIS) - 2)
    pairs = zip(bytes.fromhex(_VIRIDIS[stop]), bytes.fromhex(_VIRIDIS[stop + 1]), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * (at - stop)):02X}" for a, b in pairs)
