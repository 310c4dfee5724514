"""A run's files without a kernel: the list, and what is in the open one, or the pictures."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from typing import Any

from nbtrack.widgets.artifacts.model import MAX_FIGURES, FilesModel
from nbtrack.widgets.run_detail import drawn_files, size_text
from nbtrack.widgets.sheet import Cell, SheetRow
from nbtrack.widgets.static_parts import (
    BAD,
    LINE,
    MAX_IMAGE_BYTES,
    MONO,
    QUIET,
    esc,
    picture,
    preformatted,
    quiet,
    rows_html,
    table,
)
from nbtrack.widgets.wire import Answer

_FILES = 100
_TEXT_CHARS = 8_000
_TABLE_ROWS = 20
_TABLE_COLUMNS = 24
_HEX_BYTES = 256
# Whole: a list of numbers is none, and neither is an interval.
_NUMBER = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\(.*\)")
_CELL = f"padding:2px 14px 2px 0;border-bottom:1px solid {LINE};white-space:nowrap"


def files_html(model: FilesModel, opened: str | None = None) -> str:
    """The files as a table; below it the one that is open, else the pictures among them."""
    if not model.files:
        return ""
    rows = [
        SheetRow(
            file.path,
            (
                Cell(size_text(file.size_bytes)),
                Cell(file.media_type or "—"),
                Cell(file.digest[:8]),
            ),
        )
        for file in model.files
    ]
    listed = table(rows_html(rows, _FILES))
    return listed + (_pictures(model) if opened is None else _opened(model, opened))


def summary_of(model: FilesModel) -> str:
    """``3 files, 1.2 MB``."""
    count = len(model.files)
    total = size_text(sum(file.size_bytes for file in model.files))
    return f"{count:,} file{'' if count == 1 else 's'}, {total}" if count else "no files"


def hex_lines(data: bytes) -> str:
    """Bytes as programmers read them: place, sixteen bytes, and what of them is text."""
    lines = []
    for start in range(0, len(data), 16):
        part = data[start : start + 16]
        text = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in part)
        lines.append(f"{start:08x}  {part.hex(' '):<47}  {text}")
    return "\n".join(lines)


def _pictures(model: FilesModel) -> str:
    budget, left_out, images = MAX_IMAGE_BYTES, 0, []
    for file, data in drawn_files(model.store, model.files, MAX_FIGURES):
        if len(data) > budget:
            left_out += 1
            continue
        budget -= len(data)
        images.append(f"<div>{picture(data, file.media_type, file.path)}{quiet(file.path)}</div>")
    if left_out:
        images.append(quiet(f"{left_out} more pictures are too large for this page"))
    return "".join(images)


def _opened(model: FilesModel, path: str) -> str:
    answer = model.preview(path)
    content = answer.content
    draw: Callable[[Answer], str] = _DRAWN[str(content["as"])]
    note = content.get("note")
    return (
        f'<div style="padding:10px 0 4px"><b>{esc(path, 200)}</b></div>'
        f"{quiet(str(note)) if note else ''}{draw(answer)}"
    )


def _image(answer: Answer) -> str:
    [data], content = answer.buffers, answer.content
    if len(data) > MAX_IMAGE_BYTES:
        return quiet(f"A picture of {size_text(len(data))}, too large for this page")
    return picture(data, str(content["media_type"]), str(content["path"]))


def _text(answer: Answer) -> str:
    content = answer.content
    pairs: Any = content.get("pairs") or {}
    told = rows_html([SheetRow(key, (Cell(text),)) for key, text in pairs.items()], 20)
    more = content.get("next") is not None
    return (
        (table(told) if told else "")
        + preformatted(str(content["text"]), _TEXT_CHARS)
        + (quiet("The file goes on.") if more else "")
    )


def _source(answer: Answer) -> str:
    return preformatted(answer.buffers[0].decode(errors="replace"), _TEXT_CHARS)


def _table(answer: Answer) -> str:
    import pyarrow

    content: Mapping[str, Any] = answer.content
    rows = pyarrow.ipc.open_stream(answer.buffers[0]).read_all().slice(0, _TABLE_ROWS)
    names = content["names"][:_TABLE_COLUMNS]
    numeric = [bool(_NUMBER.fullmatch(kind)) for kind in content["types"]]
    heads = "".join(
        f'<th style="{_CELL};text-align:{_side(right)};font-weight:normal"><b>{esc(name, 40)}</b>'
        f'<br><span style="{QUIET};font-size:85%">{esc(kind.lower(), 24)}</span></th>'
        for name, kind, right in zip(names, content["types"], numeric, strict=False)
    )
    body = "".join(
        "<tr>"
        + "".join(_value(row[f"c{place}"], numeric[place]) for place in range(len(names)))
        + "</tr>"
        for row in rows.to_pylist()
    )
    columns = len(content["names"]) + content["columns_left_out"]
    total = content["total"]
    said = f"{'many' if total is None else f'{total:,}'} rows, {columns} columns"
    return table(body, f"<thead><tr>{heads}</tr></thead>") + quiet(
        f"{said}; the first {rows.num_rows} rows are shown"
    )


def _value(text: str | None, is_number: bool) -> str:
    style = f"{_CELL};font-size:90%;text-align:{_side(is_number)}"
    if text is None:
        return f'<td style="{style};{QUIET}">null</td>'
    if is_number and "." in text:
        text = f"{float(text):.6g}"
    return f'<td style="{style};{MONO}">{esc(text, 60)}</td>'


def _side(is_number: bool) -> str:
    return "right" if is_number else "left"


def _bytes(answer: Answer) -> str:
    return preformatted(hex_lines(answer.buffers[0][:_HEX_BYTES]), _TEXT_CHARS)


_DRAWN: Mapping[str, Callable[[Answer], str]] = {
    "image": _image,
    "text": _text,
    "json": _text,
    "html": _source,
    "table": _table,
    "bytes": _bytes,
    "audio": lambda answer: quiet(f"Sound, {size_text(len(answer.buffers[0]))}"),
    "empty": lambda _: quiet("The file is empty."),
    "trouble": lambda answer: (
        f'<div style="{BAD}">{html.escape(str(answer.content["message"]))}</div>'
    ),
}
