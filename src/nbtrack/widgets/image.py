"""Pictures that need no browser: SVG as text, and PNG of it."""

from __future__ import annotations

import base64
import html
from os import PathLike
from pathlib import Path

from nbtrack.errors import InvalidValue, MissingExtra

# Twice the pixels, as screens have them.
SCALE = 2.0


def escaped(text: str) -> str:
    """``text`` for SVG and html; characters that XML forbids are left out."""
    return html.escape("".join(c for c in text if c >= " " or c in "\t\n"), quote=True)


def png(svg: str, *, scale: float = SCALE) -> bytes:
    """The picture as PNG. Raises `MissingExtra` where vl-convert is not installed."""
    try:
        import vl_convert
    except ImportError:
        raise MissingExtra(
            "PNG pictures need vl-convert: pip install 'nbtrack[charts]', or save as .svg."
        ) from None
    return bytes(vl_convert.svg_to_png(svg, scale=scale))


def save(svg: str, path: str | PathLike[str], *, scale: float = SCALE) -> Path:
    """Write the picture to ``path``, which ends in .png or .svg; the path.

    Raises `InvalidValue` for another ending, `MissingExtra` as `png` does.
    """
    place = Path(path)
    match place.suffix.lower():
        case ".svg":
            place.write_text(svg, encoding="utf-8")
        case ".png":
            place.write_bytes(png(svg, scale=scale))
        case other:
            raise InvalidValue(
                f"A picture is saved as .png or .svg, not as {other or place.name!r}."
            )
    return place


def img(svg: str, alt: str) -> str:
    """An html ``<img>`` with the picture inside.

    As SVG: a PNG of many thin lines takes half a second and fifty times the bytes.
    """
    data = base64.b64encode(svg.encode()).decode()
    return (
        f'<img src="data:image/svg+xml;base64,{data}" alt="{escaped(alt)}" '
        'style="max-width:100%;height:auto">'
    )


def text_width(text: str, size: float = 11) -> float:
    """About how many pixels ``text`` takes in a sans-serif font of ``size`` pixels."""
    return (
        sum(1.0 if ord(c) > 0x2E80 else 0.32 if c in " .,:;iljt'|!" else 0.58 for c in text) * size
    )
