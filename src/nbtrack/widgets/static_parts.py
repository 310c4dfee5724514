"""Pieces of html that stand on their own: tables, folds and pictures for a page without a kernel.

As on a run's card, styles are inline and each colour comes twice: a fixed one that
reads on white and on black, then the theme's, which JupyterLab's sanitiser strips.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence

from nbtrack.provenance.difference.view import short
from nbtrack.widgets.image import escaped
from nbtrack.widgets.sheet import Head, SheetRow

MAX_CHARS = 80
MAX_IMAGE_BYTES = 300_000

LINE = "#88888844"
QUIET = "opacity:.68"
MONO = "font-family:monospace;font-family:var(--jp-code-font-family,monospace)"
GOOD = "color:#2e9d55;color:var(--jp-success-color1,#2e9d55)"
BAD = "color:#d9534f;color:var(--jp-error-color1,#d9534f)"
WARN = "color:#c98a1b;color:var(--jp-warn-color1,#c98a1b)"
BRAND = "color:#3b82d6;color:var(--jp-brand-color1,#3b82d6)"
STATUS = {"finished": GOOD, "running": BRAND, "failed": BAD, "killed": WARN}
VERDICT = {"clean": GOOD, "stale": WARN, "not replayable": WARN, "pending": QUIET}
# Of runs, in the order of their hues: they read on white and on black.
HUES = ("#3B78E7", "#D18200", "#1E8A57", "#A17CA3", "#A8701A", "#3395DF", "#8A4F85")

_TONES = {"": QUIET, "quiet": QUIET, "good": GOOD, "bad": BAD}
_CELL = f"text-align:left;vertical-align:top;padding:3px 14px 3px 0;border-bottom:1px solid {LINE}"
# Thin enough to read on white and on black.
_DIFFERS = "background:#3b82d61f;border-radius:3px;padding:0 4px;margin:0 -4px"


def esc(text: object, width: int = MAX_CHARS) -> str:
    """A text of others as html on one line, at most ``width`` characters of it."""
    return html.escape(short(str(text), width))


def heads_row(heads: Sequence[Head]) -> str:
    """The head of a table with a column per run."""
    cells = [f'<th style="{_CELL}"></th>']
    for head in heads:
        dot = ""
        if head.hue is not None:
            dot = f'<span style="color:{HUES[head.hue % len(HUES)]}">●</span> '
        cells.append(
            f'<th style="{_CELL};font-weight:normal">{dot}<b>{esc(head.name, 40)}</b><br>'
            f'<span style="{QUIET};font-size:85%">{esc(head.said)}</span></th>'
        )
    return f"<thead><tr>{''.join(cells)}</tr></thead>"


def rows_html(rows: Sequence[SheetRow], limit: int) -> str:
    """The first ``limit`` rows of a table; how many more there are is said in the last."""
    shown = []
    for row in rows[:limit]:
        cells = [f'<td style="{_CELL};{QUIET}">{esc(row.name, 48)}</td>']
        for cell in row.cells:
            style = f"{MONO};{_DIFFERS}" if cell.differs else MONO
            note = ""
            if cell.note:
                note = (
                    f' &nbsp;<span style="{_TONES[cell.tone]};font-size:85%">'
                    f"{esc(cell.note)}</span>"
                )
            cells.append(
                f'<td style="{_CELL}"><span style="{style}">{esc(cell.text)}</span>{note}</td>'
            )
        shown.append(f"<tr>{''.join(cells)}</tr>")
    if (hidden := len(rows) - limit) > 0:
        shown.append(f'<tr><td style="{_CELL};{QUIET}">… {hidden} more</td></tr>')
    return "".join(shown)


def table(body: str, head: str = "") -> str:
    """A table that scrolls sideways where it is wider than the page."""
    return (
        '<div style="overflow-x:auto"><table style="border-collapse:collapse;'
        f'font-variant-numeric:tabular-nums">{head}<tbody>{body}</tbody></table></div>'
    )


def fold(title: str, content: str, *, is_open: bool = False, said: str = "") -> str:
    """Content under a title that opens and closes without a script; nothing where it is empty."""
    if not content:
        return ""
    beside = f' <span style="{QUIET};font-size:85%">{esc(said)}</span>' if said else ""
    return (
        f'<details{" open" if is_open else ""} style="margin:4px 0">'
        f'<summary style="cursor:pointer"><b>{esc(title)}</b>{beside}</summary>'
        f'<div style="padding:4px 0 6px 14px">{content}</div></details>'
    )


def preformatted(text: str, limit: int) -> str:
    """A long text as it is, at most ``limit`` characters of it; that it was cut is said."""
    cut = f"\n… {len(text) - limit:,} more characters" if len(text) > limit else ""
    return (
        f'<pre style="{MONO};margin:2px 0;overflow:auto;max-height:360px;font-size:90%">'
        f"{html.escape(_clean(text[:limit]))}{cut}</pre>"
    )


def quiet(text: str) -> str:
    """A line of small print."""
    return f'<div style="{QUIET};font-size:85%">{html.escape(text)}</div>'


def picture(data: bytes, media_type: str, alt: str, width: str = "100%") -> str:
    """An ``<img>`` with its bytes inside, on white, as figures are drawn for paper."""
    content = base64.b64encode(data).decode()
    return (
        f'<img src="data:{escaped(media_type)};base64,{content}" alt="{escaped(alt)}" '
        f'style="max-width:{width};height:auto;background:#fff">'
    )


def _clean(text: str) -> str:
    return "".join(c for c in text if c >= " " or c in "\n\t")
