"""A difference as text for a console, and as html that stands on its own.

As on a run's card, each colour comes twice: a fixed one that reads on white and on
black, then the theme's, which JupyterLab strips from outputs that it does not trust.
"""

from __future__ import annotations

import html as escaping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbtrack.provenance.difference import Change, Difference, Section

_MAX_CHANGES = 30
_MAX_LINES = 60
_MAX_VALUE = 60
_MAX_HTML_BYTES = 50_000
_MUTED = "opacity:.68"
_MONO = "font-family:monospace;font-family:var(--jp-code-font-family,monospace)"
_ADDED = "background:#2e9d5530"
_REMOVED = "background:#d9534f30"
_LINE = "#88888844"


def text(difference: Difference) -> str:
    """The difference in lines, for a console."""
    lines = [f"{difference.a}  →  {difference.b}"]
    for section in difference.sections:
        if not section.changes:
            continue
        lines += ["", _title(section)]
        shown = section.changes[:_MAX_CHANGES]
        width = min(32, max(len(change.name) for change in shown))
        for change in shown:
            lines.append(f"  {_short(change.name, 32).ljust(width)}  {_said(change)}".rstrip())
            lines += [f"    {line}" for line in change.lines[:_MAX_LINES]]
            if len(change.lines) > _MAX_LINES:
                lines.append(f"    … {len(change.lines) - _MAX_LINES} more lines")
        if len(section.changes) > len(shown):
            lines.append(f"  … {len(section.changes) - len(shown)} more")
    same = [s.title for s in difference.sections if not s.changes and s.same]
    if same:
        lines += ["", f"The same: {', '.join(same)}."]
    if len(lines) == 1 or not any(s.changes for s in difference.sections):
        lines.insert(1, "Nothing that was recorded differs.")
    return "\n".join(lines)


def html(difference: Difference) -> str:
    """The difference as html under 50 kB; what there is too much of is counted."""
    for changes, lines in ((_MAX_CHANGES, _MAX_LINES), (12, 20), (6, 8), (3, 3)):
        page = _page(difference, changes, lines)
        if len(page.encode()) <= _MAX_HTML_BYTES:
            return page
    return f"<pre>{_esc(text(difference)[:20_000])}</pre>"


def _page(difference: Difference, max_changes: int, max_lines: int) -> str:
    parts = [
        f'<div style="margin-bottom:6px"><b>{_esc(difference.a)}</b> '
        f'<span style="{_MUTED}">→</span> <b>{_esc(difference.b)}</b></div>'
    ]
    for section in difference.sections:
        if section.changes:
            parts.append(_section(section, max_changes, max_lines))
    same = [f"{s.title} ({s.same})" for s in difference.sections if not s.changes and s.same]
    if not any(section.changes for section in difference.sections):
        parts.append("<div>Nothing that was recorded differs.</div>")
    if same:
        parts.append(
            f'<div style="{_MUTED};font-size:85%;margin-top:6px">The same: {", ".join(same)}</div>'
        )
    return (
        f'<div style="border:1px solid {_LINE};border-radius:6px;padding:8px 12px;'
        f'max-width:860px;overflow-wrap:anywhere">{"".join(parts)}</div>'
    )


def _section(section: Section, max_changes: int, max_lines: int) -> str:
    rows = [_change(change, max_lines) for change in section.changes[:max_changes]]
    if (hidden := len(section.changes) - max_changes) > 0:
        rows.append(f'<div style="{_MUTED}">… {hidden} more</div>')
    is_open = " open" if len(section.changes) <= max_changes else ""
    return (
        f'<details{is_open} style="margin:4px 0"><summary style="cursor:pointer">'
        f"<b>{_esc(_title(section))}</b></summary>"
        f'<div style="padding:2px 0 2px 14px;font-size:92%">{"".join(rows)}</div></details>'
    )


def _change(change: Change, max_lines: int) -> str:
    name = f'<span style="{_MONO}">{_esc(change.name)}</span>'
    head = f'<div style="margin:2px 0">{name} {_values(change)}</div>'
    if not change.lines:
        return head
    lines = [_line(line) for line in change.lines[:max_lines]]
    if (hidden := len(change.lines) - max_lines) > 0:
        lines.append(f'<span style="{_MUTED}">… {hidden} more lines</span>')
    return (
        f'{head}<pre style="{_MONO};font-size:90%;margin:2px 0 6px;padding:4px 0;'
        f'overflow-x:auto;border-left:2px solid {_LINE}">{"".join(lines)}</pre>'
    )


def _line(line: str) -> str:
    style = _ADDED if line.startswith("+") else _REMOVED if line.startswith("-") else _MUTED
    return f'<div style="{style};padding:0 6px">{_esc(line, 200) or "&nbsp;"}</div>'


def _values(change: Change) -> str:
    if (change.a is None and change.b is None) or change.lines:
        return f'<span style="{_MUTED}">{_esc(change.note or change.kind)}</span>'
    before = f'<span style="{_REMOVED};padding:0 3px">{_esc(change.a)}</span>' if change.a else ""
    after = f'<span style="{_ADDED};padding:0 3px">{_esc(change.b)}</span>' if change.b else ""
    arrow = f' <span style="{_MUTED}">→</span> ' if before and after else ""
    notes = [note for note in (change.note, _share(change)) if note]
    if not (before and after):
        notes.insert(0, change.kind)
    told = f' <span style="{_MUTED}">{_esc(" · ".join(notes))}</span>' if notes else ""
    return f"{before}{arrow}{after}{told}"


def _said(change: Change) -> str:
    if change.lines or (change.a is None and change.b is None):
        return change.note or change.kind
    values = [_short(value, _MAX_VALUE) for value in (change.a, change.b) if value is not None]
    told = " → ".join(values) if len(values) == 2 else f"{values[0]} ({change.kind})"
    notes = [note for note in (change.note, _share(change)) if note]
    return f"{told}  {' · '.join(notes)}" if notes else told


def _share(change: Change) -> str:
    return "" if change.relative is None else f"{change.relative:+.2%}"


def _title(section: Section) -> str:
    same = f", {section.same} the same" if section.same else ""
    return f"{section.title.capitalize()}: {len(section.changes)} changed{same}"


def _esc(value: str | None, width: int = _MAX_VALUE) -> str:
    return escaping.escape(_short(value or "", width))


def _short(value: str, width: int) -> str:
    line = value.encode("utf-8", "replace").decode().rstrip("\n").replace("\n", " ⏎ ")
    return line if len(line) <= width else f"{line[: width - 1]}…"
