"""The head of a cell: where its ``%%track`` line stands, and the cell with that line as a comment.

Everything here is text in, text out. IPython may transform a cell several
times, or transform one that it never runs, so nothing is remembered.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from IPython.core.inputtransformer2 import cell_magic

from nbtrack.magics.words import SUBCOMMANDS

_MAGIC = re.compile(r"%%track(?:[ \t]+(?P<line>.*))?$")
# One percent sign only: `# %%track` is what an editor makes of a magic that was commented out.
_COMMENT = re.compile(r"#[ \t]*%track(?:[ \t]+(?P<line>.*))?$")
_OTHER_MAGIC = re.compile(r"%%(?P<name>[^\W\d]\w*)")

# Cell magics that run their body as Python in the user's namespace. Below any
# other the text is not ours to read: it is a file, a shell script, a page.
_RUN_PYTHON = frozenset({"time", "timeit", "capture", "prun", "memit", "mprun", "lprun"})


@dataclass(frozen=True, slots=True)
class Head:
    """What the first lines of a cell say.

    ``track`` is the text behind the magic's name, ``None`` where the cell has no
    such line; ``magics`` are the other cell magics there, outermost first, and
    ``body`` is what stands below all of them. Lines count from 0.
    """

    track: str | None
    track_line: int | None
    is_comment: bool
    second_track_line: int | None
    magics: tuple[str, ...]
    first_magic_line: int | None
    body: str

    @property
    def runs_python(self) -> bool:
        """Whether the body is Python that runs in the user's namespace."""
        return all(name in _RUN_PYTHON for name in self.magics)


def read_head(lines: Sequence[str]) -> Head:
    """Read the leading blank lines, comments and cell magics of ``lines``."""
    track: re.Match[str] | None = None
    track_line = second = first_magic = None
    is_comment = False
    magics: list[str] = []
    body_start = 0
    for index, text in enumerate(lines):
        line = text.strip()
        found = _MAGIC.match(line)
        if found is None and track is None:
            found = _COMMENT.match(line)
            if found and (found["line"] or "").split(" ", 1)[0] in SUBCOMMANDS:
                found = None  # `%track status` that someone commented out
        if found is not None:
            if track is None:
                track, track_line, is_comment = found, index, line.startswith("#")
            else:
                second = index
            body_start = index + 1
        elif other := _OTHER_MAGIC.match(line):
            if first_magic is None:
                first_magic = index
            magics.append(other["name"])
            body_start = index + 1
            if other["name"] not in _RUN_PYTHON:
                break
        elif line and not line.startswith("#"):
            break
    if is_comment and not any(_is_code(text) for text in lines):
        # A comment alone asks for nothing.
        track = track_line = None
        is_comment = False
    return Head(
        track=None if track is None else (track["line"] or "").strip(),
        track_line=track_line,
        is_comment=is_comment,
        second_track_line=second,
        magics=tuple(magics),
        first_magic_line=first_magic,
        body="".join(lines[body_start:]),
    )


def comment_out(lines: list[str]) -> list[str]:
    """The cell with its ``%%track`` line as a comment: an input transformer of IPython's.

    The number of lines stays, so that tracebacks point where the user looks. A
    cell magic below the line becomes the call that IPython makes of one on the
    first line of a cell.
    """
    if not any("%%track" in line or "%track" in line for line in lines):
        return lines
    head = read_head(lines)
    if head.track_line is None:
        return lines
    commented = list(lines)
    if not head.is_comment:
        commented[head.track_line] = "# " + lines[head.track_line].lstrip()
    magic = head.first_magic_line
    if magic is not None and magic > head.track_line:
        return commented[:magic] + list(cell_magic(commented[magic:]))  # type: ignore[no-untyped-call]
    return commented


# In a terminal IPython asks whether a cell is complete line by line. Left out of
# that question, `%%track` is a cell magic to it, which ends with a blank line.
comment_out.has_side_effects = True  # type: ignore[attr-defined]


def _is_code(text: str) -> bool:
    line = text.strip()
    return bool(line) and not line.startswith("#")
