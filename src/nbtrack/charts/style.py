"""How every chart looks: fonts, colours of both themes, sizes. One Vega-Lite config."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from nbtrack.errors import InvalidValue

Theme = Literal["light", "dark"]

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right")


@dataclass(frozen=True, slots=True)
class Look:
    """The colours of one theme.

    ``hues`` stay apart for the three kinds of colour blindness: the order of hues is that
    of Okabe and Ito (2008), and their lightness differs more, so that each has a contrast
    of 3:1 to the page. ``sequential`` leaves out the end of viridis that the page hides.
    """

    page: str
    ink: str
    quiet: str
    line: str
    none: str
    hues: tuple[str, ...]
    sequential: tuple[float, float]


_LOOKS: dict[str, Look] = {
    "light": Look(
        page="#FFFFFF",
        ink="#1F2328",
        quiet="#59636E",
        line="#E4E7EB",
        none="#8C959F",
        hues=("#0D49D5", "#D18200", "#067244", "#A17CA3", "#8D5B0F", "#3395DF", "#4B1046"),
        sequential=(0.0, 0.94),
    ),
    "dark": Look(
        page="#111111",
        ink="#E6E8EB",
        quiet="#A3ABB5",
        line="#33383F",
        none="#7D858F",
        hues=("#639EFF", "#F3A908", "#4F885D", "#A46EAE", "#D65110", "#60E3D1", "#F6FF70"),
        sequential=(0.14, 1.0),
    ),
}


def look_of(theme: Theme) -> Look:
    """The colours of ``theme``; raises `InvalidValue` where there is none of that name."""
    if theme not in _LOOKS:
        raise InvalidValue(f"theme is 'light' or 'dark', got {theme!r}.")
    return _LOOKS[theme]


def config(look: Look) -> dict[str, Any]:
    """The Vega-Lite ``config`` of every chart: transparent, so that the page shows through."""
    return {
        "background": "transparent",
        "font": FONT,
        "padding": 8,
        "view": {"stroke": None},
        "title": {
            "anchor": "start",
            "frame": "bounds",
            "fontSize": 14,
            "fontWeight": 600,
            "color": look.ink,
            "subtitleColor": look.quiet,
            "subtitleFontSize": 11,
            "subtitleFontWeight": "normal",
            "subtitlePadding": 4,
            "offset": 14,
        },
        "axis": {
            "domainColor": look.quiet,
            "tickColor": look.quiet,
            "gridColor": look.line,
            "labelColor": look.quiet,
            "labelFontSize": 11,
            "labelLimit": 260,
            "labelOverlap": True,
            "titleColor": look.ink,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "titlePadding": 8,
        },
        "axisBand": {"grid": False, "ticks": False, "labelPadding": 6},
        "legend": {
            "labelColor": look.quiet,
            "labelFontSize": 11,
            "labelLimit": 260,
            "titleColor": look.ink,
            "titleFontSize": 12,
            "titleFontWeight": "normal",
            "titleLimit": 260,
            "orient": "top",
            "direction": "horizontal",
            "columns": 3,
            "gradientLength": 150,
            "gradientThickness": 10,
            "offset": 8,
            "symbolType": "circle",
        },
        "range": {"category": list(look.hues)},
    }
