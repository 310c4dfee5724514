"""A chart's spec as a file: a picture, a page that needs nothing else, or JSON."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

from nbtrack.errors import InvalidValue, MissingExtra

INSTALL_HINT = "Charts need altair and vl-convert: pip install 'nbtrack[charts]'."

_ID = re.compile(r'(id="|url\(#)(clip|gradient_)(\d+)')
_GLOBAL = "window.vegaEmbed = vegaEmbed;"
# Written here, since that of vl-convert ends its script at the first "</script>" in a name.
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>body {{ margin: 16px; background: {page}; }} #chart {{ width: 100%; }}</style>
</head>
<body>
<div id="chart"></div>
<script>{library}</script>
<script>
vegaEmbed("#chart", {spec}, {{
  actions: {{ export: true, source: false, compiled: false, editor: false }},
  renderer: "svg",
}});
</script>
</body>
</html>
"""


def write_chart(spec: dict[str, Any], file: Path, *, scale: float, width: int) -> None:
    """Write ``spec`` to ``file`` in the format that its ending says, as `Chart.save` tells it."""
    ending = file.suffix.lower()
    if ending not in (".png", ".svg", ".html", ".json"):
        raise InvalidValue(f"{file.name!r} must end in .png, .svg, .html or .json.")
    if ending == ".json":
        file.write_text(json.dumps(spec, ensure_ascii=False), encoding="utf-8")
        return
    if ending == ".png":
        file.write_bytes(png_of(spec, width=width, scale=scale))
    elif ending == ".svg":
        file.write_text(svg_of(spec, width=width), encoding="utf-8")
    else:
        file.write_text(_page(spec, _converter().javascript_bundle(_GLOBAL)), encoding="utf-8")


def png_of(spec: dict[str, Any], *, width: int, scale: float) -> bytes:
    """The picture as PNG. Raises `MissingExtra` where vl-convert is not installed."""
    return bytes(_converter().vegalite_to_png(spec | {"width": width}, scale=scale))


def svg_of(spec: dict[str, Any], *, width: int) -> str:
    """The picture as SVG. Raises `MissingExtra` where vl-convert is not installed."""
    return _numbered(str(_converter().vegalite_to_svg(spec | {"width": width})))


def _numbered(svg: str) -> str:
    """``svg`` with its ids counted from 1: vl-convert goes on counting from the last picture."""
    ids: dict[str, str] = {}

    def number(found: re.Match[str]) -> str:
        place, kind, count = found.groups()
        return place + ids.setdefault(kind + count, f"{kind}{len(ids) + 1}")

    return _ID.sub(number, svg)


def _converter() -> Any:
    try:
        import vl_convert
    except ImportError as error:
        raise MissingExtra(INSTALL_HINT) from error
    return vl_convert


def _page(spec: dict[str, Any], library: str) -> str:
    return _PAGE.format(
        title=html.escape(spec["title"]["text"]),
        page=spec["usermeta"]["page"],
        library=library,
        spec=json.dumps(spec).replace("<", "\\u003c"),
    )
