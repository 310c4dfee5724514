"""A run table without a kernel: html that survives a sanitiser, and text."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from nbtrack.widgets.card import duration_text, number_text, sparkline

if TYPE_CHECKING:
    from nbtrack.store import Page
    from nbtrack.widgets.run_table.model import TableModel

MAX_HTML_BYTES = 50_000
SHOWN_ROWS = 20

_MAX_PARAMS = 8
_MAX_METRICS = 6
_MAX_CHARS = 32
_SPARK_POINTS = 12

_LINE = "#88888844"
# JupyterLab's sanitiser drops `var(…)`: each colour comes fixed first, then as the theme's.
_COLOURS = {
    "finished": "color:#2e9d55;color:var(--jp-success-color1,#2e9d55)",
    "running": "color:#3b82d6;color:var(--jp-brand-color1,#3b82d6)",
    "failed": "color:#d9534f;color:var(--jp-error-color1,#d9534f)",
    "killed": "color:#c98a1b;color:var(--jp-warn-color1,#c98a1b)",
}
_BRAND = _COLOURS["running"]
_QUIET = "opacity:.65"
_CELL = f"padding:4px 10px;border-bottom:1px solid {_LINE};white-space:nowrap"
_LEFT = f"text-align:left;{_CELL}"
_RIGHT = f"text-align:right;{_CELL}"


@dataclass(frozen=True, slots=True)
class Listed:
    """The first runs as texts, a row each; ``right`` are the columns of numbers.

    ``said`` tells how many there are, or why there is none.
    """

    heads: list[str]
    body: list[list[str]]
    right: list[bool]
    total: int
    said: str


def static_html(model: TableModel) -> str:
    """The first runs as a table with inline styles, below `MAX_HTML_BYTES`."""
    for rows in (SHOWN_ROWS, 10, 5, 2):
        page = _html(model, rows)
        if len(page.encode()) <= MAX_HTML_BYTES:
            return page
    return f"<div>{html.escape(summary(model))}</div>"


def summary(model: TableModel) -> str:
    """One line that is the same whenever the same runs are listed: how many, and of what."""
    page = model.page(0, limit=0)
    if not page.total:
        return "Runs: none yet" if not model.filter else "Runs: none fits the filter"
    names = model.shown_columns()
    parts = [f"Runs: {page.total}"]
    for kind, title in (("params.", "parameters"), ("metrics.", "metrics")):
        keys = sorted(name.removeprefix(kind) for name in names if name.startswith(kind))
        if keys:
            parts.append(f"{title} {', '.join(keys)}")
    return "; ".join(parts)


def text_table(model: TableModel, rows: int = SHOWN_ROWS) -> str:
    """The first runs as aligned text, for a console."""
    listed = listed_runs(model, rows)
    if not listed.total:
        return listed.said
    heads, body, right = listed.heads, listed.body, listed.right
    widths = [max(len(line[i]) for line in [heads, *body]) for i in range(len(heads))]
    lines = [
        "  ".join(
            text.rjust(width) if is_right else text.ljust(width)
            for text, width, is_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in [heads, *body]
    ]
    return "\n".join([*lines, f"[{listed.said}]"])


def listed_runs(model: TableModel, rows: int) -> Listed:
    """The first ``rows`` runs, with the columns that the table shows."""
    page = model.page(0, limit=rows)
    if not page.total:
        said = "No runs yet." if not model.filter else "No run fits the filter."
        return Listed([], [], [], 0, said)
    names = _columns(model)
    listed = page.table.to_pylist()
    texts = {name: _column_text(name, listed) for name in names}
    heads = ["run", "status", "duration", *(name.partition(".")[2] for name in names)]
    body = [
        [
            _short(row["name"]),
            row["status"],
            _duration(row),
            *(texts[name](row[name]) for name in names),
        ]
        for row in listed
    ]
    right = [False, False, True, *(_is_numeric(page, name) for name in names)]
    return Listed(heads, body, right, page.total, _said(page.total, len(body)))


def _html(model: TableModel, rows: int) -> str:
    page = model.page(0, limit=rows)
    if not page.total:
        hint = "Put <code>%%track</code> at the top of a cell that trains a model, and run it."
        said = "No run fits the filter." if model.filter else f"<b>No runs yet.</b> {hint}"
        return f'<div style="padding:8px 0">{said}</div>'
    names = _columns(model)
    listed = page.table.to_pylist()
    best = model.best()
    curves = _curves(model, listed)
    right = {name: _is_numeric(page, name) for name in names}
    texts = {name: _column_text(name, listed) for name in names}
    head = [_th("Run", _LEFT), _th("Status", _LEFT), _th("Duration", _RIGHT)]
    head += [_th(name.partition(".")[2], _RIGHT if right[name] else _LEFT) for name in names]
    body = []
    for row in listed:
        colour = _COLOURS.get(row["status"], _QUIET)
        cells = [
            f'<td style="{_LEFT}"><span style="{colour}">●</span> <b>{_esc(row["name"])}</b></td>',
            f'<td style="{_LEFT};{_QUIET}">{_esc(row["status"])}</td>',
            f'<td style="{_RIGHT};{_QUIET}">{_duration(row)}</td>',
        ]
        for name in names:
            is_best = row["run_id"] in best.get(name, ())
            spark = sparkline(curves.get((row["run_id"], name), ()))
            text = texts[name](row[name])
            cells.append(_cell(text, right[name], is_best=is_best, spark=spark))
        body.append(f"<tr>{''.join(cells)}</tr>")
    filtered = f" · filter: {_esc(model.filter, 120)}" if model.filter else ""
    return (
        '<div style="overflow-x:auto">'
        '<table style="border-collapse:collapse;font-variant-numeric:tabular-nums">'
        f"<thead><tr>{''.join(head)}</tr></thead><tbody>{''.join(body)}</tbody></table>"
        f'<div style="{_QUIET};padding:4px 0;font-size:85%">'
        f"{_said(page.total, len(listed))}{filtered}</div></div>"
    )


def _columns(model: TableModel) -> list[str]:
    shown = model.shown_columns()
    params = [name for name in shown if name.startswith("params.")]
    metrics = [name for name in shown if name.startswith("metrics.")]
    kept = {*params[:_MAX_PARAMS], *metrics[:_MAX_METRICS]}
    return [name for name in shown if name in kept]


def _curves(
    model: TableModel, listed: Sequence[Mapping[str, Any]]
) -> dict[tuple[str, str], list[float]]:
    table = model.curves_of([row["run_id"] for row in listed], _SPARK_POINTS)
    return {
        (row["run_id"], f"metrics.{row['key']}"): [v for v in row["values"] if v is not None]
        for row in table.to_pylist()
    }


def _th(text: str, style: str) -> str:
    return f'<th style="{style};font-weight:600">{_esc(text)}</th>'


def _cell(text: str, is_right: bool, *, is_best: bool, spark: str) -> str:
    text = _esc(text)
    if is_best:
        text = f'<b style="{_BRAND}">★ {text}</b>'
    if spark:
        text = f'<span style="{_BRAND};font-size:75%">{spark}</span> {text}'
    return f'<td style="{_RIGHT if is_right else _LEFT}">{text}</td>'


def _column_text(name: str, listed: Sequence[Mapping[str, Any]]) -> Callable[[object], str]:
    """How the values of a column are written: metrics with their decimal points in line."""
    values = [row[name] for row in listed]
    sizes = [abs(v) for v in values if isinstance(v, float) and math.isfinite(v) and v]
    if not name.startswith("metrics.") or not sizes or all(size.is_integer() for size in sizes):
        return _text
    if max(sizes) >= 1e6 or max(sizes) < 1e-3 or max(sizes) / min(sizes) > 1e4:
        return _text
    decimals = min(max(3 - math.floor(math.log10(max(sizes))), 0), 6)

    def text(value: object) -> str:
        is_plain = isinstance(value, float) and math.isfinite(value)
        return f"{value:,.{decimals}f}" if is_plain else _text(value)

    return text


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case float():
            return number_text(value) if math.isfinite(value) else str(value)
        case datetime():
            return value.replace(tzinfo=UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
        case _:
            return _short(str(value))


def _duration(row: Mapping[str, Any]) -> str:
    return "" if row["duration_s"] is None else duration_text(row["duration_s"])


def _said(total: int, shown: int) -> str:
    runs = f"{total:,} run" + ("" if total == 1 else "s")
    return runs if shown == total else f"{runs}, {shown} shown"


def _is_numeric(page: Page, name: str) -> bool:
    import pyarrow

    kind = page.table.schema.field(name).type
    return bool(pyarrow.types.is_floating(kind) or pyarrow.types.is_integer(kind))


def _esc(text: object, width: int = _MAX_CHARS) -> str:
    return html.escape(_short(str(text), width))


def _short(text: str, width: int = _MAX_CHARS) -> str:
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 1] + "…"
