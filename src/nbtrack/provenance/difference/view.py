"""A difference as text for a console, and as html that stands on its own.

As on a run's card, each colour comes twice: a fixed one that reads on white and on
black, then the theme's, which JupyterLab strips from outputs that it does not trust.
"""

from __future__ import annotations

import difflib
import html as escaping
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbtrack.provenance.difference.changes import Change, Difference, Section

_WIDTH = 100
_MAX_CHANGES = 30
_MAX_LINES = 60
_MAX_LINE = 200
_MAX_NAME = 32
_MAX_VALUE = 60
_MAX_HTML_BYTES = 50_000
_MUTED = "opacity:.68"
_MONO = "font-family:monospace;font-family:var(--jp-code-font-family,monospace)"
_GREEN = "color:#2e9d55;color:var(--jp-success-color1,#2e9d55)"
_RED = "color:#d9534f;color:var(--jp-error-color1,#d9534f)"
# The tints are thin enough to read on white and on black; the theme has none such.
_ADDED = "background:#2e9d5526"
_REMOVED = "background:#d9534f26"
_ADDED_WORD = "background:#2e9d5566"
_REMOVED_WORD = "background:#d9534f66"
_LINE = "#88888844"
BOX = (
    f"border:1px solid {_LINE};border-radius:6px;padding:8px 12px;"
    "max-width:860px;overflow-wrap:anywhere"
)
_WORD = re.compile(r"\w+|\s+|.", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_NOTHING = "Nothing that was recorded differs."

# A piece of a line and whether it changed; a line as its sign (``+``, ``-``, a space) and pieces.
Part = tuple[str, bool]
MarkedLine = tuple[str, list[Part]]


def text(difference: Difference) -> str:
    """The difference in lines of at most 100 columns, for a console."""
    lines = [f"{difference.a}  →  {difference.b}{_durations(difference)}"]
    for section in difference.sections:
        if section.changes:
            lines += ["", _title(section), *_section_lines(section)]
    if not any(section.changes for section in difference.sections):
        lines.append(_NOTHING)
    if same := _same(difference):
        lines += ["", f"The same: {same}."]
    return "\n".join(short(line, _WIDTH) for line in lines)


def _section_lines(section: Section) -> list[str]:
    shown = section.changes[:_MAX_CHANGES]
    width = min(_MAX_NAME, max(len(short(change.name, _MAX_NAME)) for change in shown))
    lines = []
    for change in shown:
        room = _WIDTH - width - 4
        lines.append(f"  {short(change.name, width).ljust(width)}  {_said(change, room)}".rstrip())
        lines += [f"    {line}" for line in change.lines[:_MAX_LINES]]
        if (hidden := len(change.lines) - _MAX_LINES) > 0:
            lines.append(f"    … {hidden} more lines")
    if (hidden := len(section.changes) - len(shown)) > 0:
        lines.append(f"  … {hidden} more")
    return lines


def _said(change: Change, room: int) -> str:
    """The change in at most ``room`` columns: both values are cut before the note is."""
    notes = " · ".join(_notes(change))
    if change.lines or (change.a is None and change.b is None) or change.kind == "moved":
        return notes or change.kind
    values = [value for value in (change.a, change.b) if value is not None]
    end = f" ({change.kind})" if len(values) == 1 else ""
    room -= len(end) + (len(notes) + 2 if notes else 0)
    width = min(_MAX_VALUE, max(12, (room - 3 * (len(values) - 1)) // len(values)))
    told = " → ".join(short(value, width) for value in values) + end
    return f"{told}  {notes}" if notes else told


def html(difference: Difference) -> str:
    """The difference as html under 50 kB; what there is too much of is counted."""
    for changes, lines in ((_MAX_CHANGES, _MAX_LINES), (12, 20), (6, 8), (3, 3)):
        page = _page(difference, changes, lines)
        if len(page.encode()) <= _MAX_HTML_BYTES:
            return page
    return f"<pre>{escaping.escape(text(difference)[:8_000])}\n… cut here</pre>"


def _page(difference: Difference, max_changes: int, max_lines: int) -> str:
    heading = (
        f"<b>{escaped(difference.a)}</b> "
        f'<span style="{_MUTED}">→</span> <b>{escaped(difference.b)}</b>'
        f'<span style="{_MUTED};font-size:85%">{escaped(_durations(difference))}</span>'
    )
    parts = [f'<div style="margin-bottom:6px">{heading}</div>']
    for section in difference.sections:
        if section.changes:
            parts.append(_section(section, max_changes, max_lines))
    if not any(section.changes for section in difference.sections):
        parts.append(f"<div>{_NOTHING}</div>")
    if same := _same(difference):
        parts.append(
            f'<div style="{_MUTED};font-size:85%;margin-top:6px">The same: {escaped(same)}</div>'
        )
    return f'<div style="{BOX}">{"".join(parts)}</div>'


def _section(section: Section, max_changes: int, max_lines: int) -> str:
    rows = changes_html(section.changes, max_changes, max_lines)
    return (
        '<details open style="margin:4px 0"><summary style="cursor:pointer">'
        f"<b>{escaped(_title(section))}</b></summary>"
        f'<div style="padding:2px 0 2px 14px;font-size:92%">{rows}</div></details>'
    )


def changes_html(changes: Sequence[Change], max_changes: int, max_lines: int) -> str:
    """The first changes as html, with so many lines of each; those that were cut are counted."""
    rows = [_change(change, max_lines) for change in changes[:max_changes]]
    if (hidden := len(changes) - max_changes) > 0:
        rows.append(f'<div style="{_MUTED}">… {hidden} more</div>')
    return "".join(rows)


def _change(change: Change, max_lines: int) -> str:
    name = f'<span style="{_MONO}">{escaped(change.name)}</span>'
    head = f'<div style="margin:2px 0">{name} {_values(change)}</div>'
    if not change.lines:
        return head
    lines = [_line(sign, parts) for sign, parts in marked_lines(change.lines[:max_lines])]
    if (hidden := len(change.lines) - max_lines) > 0:
        lines.append(f'<div style="{_MUTED};padding:0 6px">… {hidden} more lines</div>')
    # The inner box is as wide as the longest line, so that tints reach its end when scrolled.
    return (
        f'{head}<div style="overflow-x:auto;margin:2px 0 6px;border-left:2px solid {_LINE}">'
        f'<div style="{_MONO};font-size:90%;white-space:pre;overflow-wrap:normal;'
        f'width:max-content;min-width:100%">{"".join(lines)}</div></div>'
    )


def marked_lines(lines: Sequence[str]) -> list[MarkedLine]:
    """The lines of a diff, each as its sign and its parts, with those marked that changed.

    Where as many lines came as went, the words stand out that only one side has. Texts
    are cut at 200 characters, and hold nothing that a console would obey.
    """
    shown: list[MarkedLine] = []
    at = 0
    while at < len(lines):
        gone = _block(lines, at, "-")
        come = _block(lines, at + len(gone), "+")
        if gone and len(gone) == len(come):
            pairs = [_highlighted(a, b) for a, b in zip(gone, come, strict=True)]
            shown += [("-", before) for before, _ in pairs]
            shown += [("+", after) for _, after in pairs]
        else:
            shown += [(line[0], [(_cut(line[1:]), False)]) for line in (*gone, *come)]
        at += len(gone) + len(come)
        if not (gone or come):
            shown.append((lines[at][:1], [(_cut(lines[at][1:]), False)]))
            at += 1
    return shown


def _block(lines: Sequence[str], start: int, sign: str) -> list[str]:
    end = start
    while end < len(lines) and lines[end].startswith(sign):
        end += 1
    return list(lines[start:end])


def _highlighted(gone: str, come: str) -> tuple[list[Part], list[Part]]:
    """Both lines in parts, with the words marked that only one of them has."""
    before, after = (_WORD.findall(line[1:][:_MAX_LINE]) for line in (gone, come))
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    if matcher.ratio() < 0.3:
        return [(_cut(gone[1:]), False)], [(_cut(come[1:]), False)]
    left: list[Part] = []
    right: list[Part] = []
    for tag, i, i_end, j, j_end in matcher.get_opcodes():
        for side, words in ((left, before[i:i_end]), (right, after[j:j_end])):
            if words:
                side.append((_clean("".join(words)), tag != "equal"))
    for side, line in ((left, gone), (right, come)):
        if len(line) > _MAX_LINE + 1:
            side.append(("…", False))
    return left, right


def _line(sign: str, parts: Sequence[Part]) -> str:
    style, word = {"+": (_ADDED, _ADDED_WORD), "-": (_REMOVED, _REMOVED_WORD)}.get(
        sign, (_MUTED, "")
    )
    code = "".join(
        f'<span style="{word}">{escaping.escape(text)}</span>' if marked else escaping.escape(text)
        for text, marked in parts
    )
    return f'<div style="{style};padding:0 6px">{escaping.escape(sign)}{code}</div>'


def _cut(line: str) -> str:
    return _clean(line if len(line) <= _MAX_LINE else f"{line[:_MAX_LINE]}…")


def _values(change: Change) -> str:
    notes = _notes(change)
    if change.lines or (change.a is None and change.b is None) or change.kind == "moved":
        return f'<span style="{_MUTED}">{escaped(" · ".join(notes) or change.kind)}</span>'
    before, after = (
        "" if value is None else f'<span style="{style};padding:0 3px">{escaped(value)}</span>'
        for value, style in ((change.a, _REMOVED), (change.b, _ADDED))
    )
    arrow = f' <span style="{_MUTED}">→</span> ' if before and after else ""
    if not (before and after):
        notes.insert(0, change.kind)
    told = " · ".join(_coloured(note) for note in notes)
    return f'{before}{arrow}{after} <span style="{_MUTED}">{told}</span>'


def _coloured(note: str) -> str:
    """A note, green or red where it says that a metric is better or worse."""
    style = _GREEN if note.endswith(", better") else _RED if note.endswith(", worse") else ""
    return f'<span style="{style}">{escaped(note)}</span>' if style else escaped(note)


def _notes(change: Change) -> list[str]:
    share = "" if change.relative is None else f"{change.relative:+.2%}"
    return [note for note in (change.note, share) if note]


def _title(section: Section) -> str:
    same = f", {section.same} the same" if section.same else ""
    return f"{section.title.capitalize()}: {len(section.changes)} changed{same}"


def _same(difference: Difference) -> str:
    unchanged = [s for s in difference.sections if not s.changes and s.same]
    return ", ".join(f"{section.title} ({section.same})" for section in unchanged)


def _durations(difference: Difference) -> str:
    before, after = difference.durations_s
    if before is None or after is None:
        return ""
    return f"  (took {_seconds(before)} → {_seconds(after)})"


def _seconds(duration_s: float) -> str:
    if duration_s >= 3600:
        return f"{duration_s / 3600:.1f} h"
    if duration_s >= 60:
        return f"{duration_s / 60:.1f} min"
    return f"{duration_s:.1f} s" if duration_s >= 1 else f"{duration_s * 1000:.0f} ms"


def escaped(value: str, width: int = _MAX_VALUE) -> str:
    """A text of others as html on one line, at most ``width`` characters of it."""
    return escaping.escape(short(value, width))


def short(value: str, width: int) -> str:
    """A text of others on one line, at most ``width`` characters of it, with nothing to obey."""
    # Beyond this nothing is shown, and texts may be huge.
    line = _clean(value[: width * 2].rstrip("\n").replace("\n", " ⏎ "))
    return line if len(line) <= width and len(value) <= width * 2 else f"{line[: width - 1]}…"


def _clean(text: str) -> str:
    """Without what would move a console's cursor, or what UTF-8 cannot hold."""
    return _CONTROL.sub("�", text.expandtabs(4).encode("utf-8", "replace").decode())
