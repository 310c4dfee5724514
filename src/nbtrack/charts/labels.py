"""Texts of users as they may stand in a picture: on one line, cut, and told apart."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Sequence

LABEL_CHARS = 32
NAME_CHARS = 40
TOOLTIP_CHARS = 200
_LINE_CHARS = 60

_KINDS = ("params.", "metrics.", "tags.")
# vega-tooltip reads these keys as a heading and as the address of a picture to load.
_TAKEN = {"", "title", "image", "run", "__proto__"}
_BACKSLASH = "\N{SET MINUS}"
# Marks that would turn around the text that follows in the same line.
_OVERRIDES = {chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}


def one_line(text: str) -> str:
    """``text`` without control characters; white space is one space."""
    kept = (" " if unicodedata.category(each) == "Cc" else each for each in text)
    return " ".join("".join(each for each in kept if each not in _OVERRIDES).split())


def cut(text: str, length: int) -> str:
    """``text`` on one line, its middle left out where it has more than ``length`` characters."""
    clean = one_line(text[: 8 * length] + text[-8 * length :] if len(text) > 16 * length else text)
    if len(clean) <= length:
        return clean
    tail = (length - 1) // 2
    return f"{clean[: length - 1 - tail]}…{clean[len(clean) - tail :]}"


def unlike(texts: Sequence[str], length: int) -> list[str]:
    """Each of ``texts`` cut to about ``length``, numbered where two would look the same."""
    seen: dict[str, int] = {}
    labels = []
    for text in texts:
        label = base = cut(text, length) or "(empty)"
        while label in seen:
            seen[base] += 1
            label = f"{base} ({seen[base]})"
        seen[label] = 1
        labels.append(label)
    return labels


def in_sentence(name: str) -> str:
    """``name``, so that right-to-left text does not turn the words around it."""
    turns = any(unicodedata.bidirectional(each) in ("R", "AL") for each in name)
    return f"\u2068{name}\u2069" if turns else name


def short_names(columns: Sequence[str]) -> dict[str, str]:
    """What each column is called in a picture: ``lr`` for ``params.lr``.

    The whole name stays where two columns would be called the same. Vega-Lite writes these
    names into expressions and escapes quotes in them, but no backslash, which would end the
    text there: it becomes a character that looks like it.
    """
    columns = list(dict.fromkeys(columns))
    bare = [_bare(column) for column in columns]
    names = [
        column if name in _TAKEN or bare.count(name) > 1 else name
        for column, name in zip(columns, bare, strict=True)
    ]
    safe = [name.replace("\\", _BACKSLASH) for name in names]
    return dict(zip(columns, unlike(safe, NAME_CHARS), strict=True))


def lines(sentence: str, width: int = _LINE_CHARS) -> list[str]:
    """``sentence`` as lines that fit a narrow column."""
    return textwrap.wrap(sentence, width, break_on_hyphens=False)


def counted(number: int, noun: str) -> str:
    """``1 run``, ``1,200 runs``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _bare(column: str) -> str:
    for kind in _KINDS:
        if column.startswith(kind):
            return column[len(kind) :]
    return column
