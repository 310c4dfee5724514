"""A comparison without a kernel: html that survives JupyterLab's sanitiser."""

from __future__ import annotations

from collections.abc import Sequence

from nbtrack.charts.style import look_of
from nbtrack.provenance.difference.view import changes_html
from nbtrack.widgets.compare.model import Compared, CompareModel, code_changes
from nbtrack.widgets.compare.picture import NONE_CHOSEN, curve_plots, heads_of, said_of, sheet_row
from nbtrack.widgets.compare.rows import Group
from nbtrack.widgets.curve_plots import draw_plots
from nbtrack.widgets.drawing import svg_page
from nbtrack.widgets.image import img
from nbtrack.widgets.run_detail import MAX_FIGURES, drawn_files, is_drawn
from nbtrack.widgets.sheet import MIN_WIDTH
from nbtrack.widgets.static_parts import (
    LINE,
    MAX_IMAGE_BYTES,
    QUIET,
    esc,
    fold,
    heads_row,
    picture,
    quiet,
    rows_html,
    table,
)

MAX_TABLE_BYTES = 120_000
_PLOTS = 12
_PICTURE = "text-align:left;vertical-align:top;padding:4px 14px 4px 0"


def static_html(model: CompareModel) -> str:
    """What differs, the curves, the code and the figures; what was cut is said where it was."""
    reading = model.read()
    if not reading.runs:
        return f'<div style="padding:8px 0;{QUIET}">{esc(NONE_CHOSEN, 200)}</div>'
    heads = heads_row(heads_of(model))
    for rows, changes, lines in ((60, 20, 40), (20, 8, 16), (6, 3, 6)):
        body = _tables(reading.groups, heads, rows, is_one=len(reading.runs) == 1)
        body += "".join(
            fold(
                f"Code of {other.run.name}",
                changes_html(code_changes(difference), changes, lines),
                is_open=len(reading.runs) == 2,
                said="against the baseline",
            )
            for difference, other in zip(reading.differences, reading.runs[1:], strict=True)
        )
        if len(body.encode()) <= MAX_TABLE_BYTES:
            break
    return f"<div>{body}{_curves(model)}{_figures(model, reading.runs)}</div>"


def _tables(groups: Sequence[Group], heads: str, limit: int, *, is_one: bool) -> str:
    """One table of what differs, and the same folded away."""
    parts, same = [], []
    style = f"text-align:left;padding:10px 0 2px;border-bottom:1px solid {LINE}"
    span = f'<td colspan="99" style="{style}">'
    for group in groups:
        shown = group.rows if is_one else group.different
        if shown:
            said = "" if is_one else said_of(len(group.different), len(group.same))
            parts.append(
                f'<tr>{span}<b>{esc(group.title)}</b> <span style="{QUIET};font-size:85%">'
                f"{said}</span></td></tr>" + rows_html([sheet_row(row) for row in shown], limit)
            )
        if group.same and not is_one:
            rows = [sheet_row(row) for row in group.same]
            same.append(fold(f"{group.title}: {len(rows)} the same", table(rows_html(rows, limit))))
    if not any(group.different for group in groups) and not is_one:
        parts.append(f"<tr>{span}Nothing that was recorded differs.</td></tr>")
    return table("".join(parts), heads) + "".join(same)


def _curves(model: CompareModel) -> str:
    plots = curve_plots(model)
    if not plots:
        return ""
    look = look_of("light")
    parts, height = draw_plots(plots[:_PLOTS], look, top=12, left=16, width=MIN_WIDTH - 32)
    drawn = img(svg_page(MIN_WIDTH, height + 8, look, parts), "Curves of the metrics")
    hidden = len(plots) - _PLOTS
    return fold("Curves", drawn + (quiet(f"… {hidden} more") if hidden > 0 else ""), is_open=True)


def _figures(model: CompareModel, runs: Sequence[Compared]) -> str:
    """Pictures of the same path next to each other, up to `MAX_IMAGE_BYTES` of them."""
    paths = dict.fromkeys(file.path for each in runs for file in each.files if is_drawn(file))
    budget, left_out, rows = MAX_IMAGE_BYTES, 0, []
    for path in list(paths)[:MAX_FIGURES]:
        cells = []
        for each in runs:
            drawn = list(drawn_files(model.store, [f for f in each.files if f.path == path]))
            if drawn and len(drawn[0][1]) <= budget:
                file, data = drawn[0]
                budget -= len(data)
                cells.append(picture(data, file.media_type, f"{path} of {each.run.name}"))
            else:
                left_out += bool(drawn)
                cells.append("—" if not drawn else quiet("too large for this page"))
        columns = "".join(f'<td style="{_PICTURE}">{cell}</td>' for cell in cells)
        rows.append(f'<tr><td style="{_PICTURE};{QUIET}">{esc(path)}</td>{columns}</tr>')
    said = f"{left_out} not shown here" if left_out else ""
    return fold("Figures", table("".join(rows)), is_open=True, said=said) if rows else ""
