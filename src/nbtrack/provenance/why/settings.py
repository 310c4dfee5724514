"""The text of a cell taken apart: the settings in it, and everything else.

A setting is a constant that the cell assigns once, at its top level, or a ``k=v`` on its
magic line. It can be taken over from another cell alone.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Collection, Mapping, Sequence

from nbtrack.capture.expressions import constant_value
from nbtrack.capture.session.python import normalised, parsed

_TRACK_LINE = re.compile(r"\A\s*(?:%%track\b|#\s*%track\b)[^\n]*")
# Words stand between spaces that are in no quotes and no brackets.
_WORD = re.compile(r"""(?:"[^"]*"|'[^']*'|\([^()]*\)|\[[^][]*\]|[^\s"'(\[]|["'(\[])+""")
_SETTING = re.compile(r"([A-Za-z_]\w*|--seed)=.")
_TAKE_A_VALUE = ("-t", "--tag", "-e", "--experiment", "--note")
_MAGIC_LINE = re.compile(r"^([ \t]*)[%!][^\n]*")


def meaning(text: str) -> str:
    """What the cell does: comments, blank lines and the magic line are no part of that."""
    tree = parsed(text)
    return normalised(text) if tree is None else ast.dump(tree)


def constants(text: str) -> dict[str, str]:
    """The constants that the cell assigns once, at its top level, as they are written."""
    return {name: text[start:end] for name, (start, end) in _constant_spans(text).items()}


def sets_only(text: str) -> set[str]:
    """The names that a cell sets which does nothing else; none where it does more."""
    names = set(constants(text))
    tree = parsed(text)
    return names if tree is not None and len(tree.body) == len(names) else set()


def with_constants(text: str, values: Mapping[str, str]) -> str:
    """The cell with these values for the constants of those names that it has."""
    spans = {span: name for name, span in _constant_spans(text).items() if name in values}
    for (start, end), name in sorted(spans.items(), reverse=True):
        text = text[:start] + values[name] + text[end:]
    return text


def _constant_spans(text: str) -> dict[str, tuple[int, int]]:
    """Where in the cell its constants stand, by name."""
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))

    def place(row: int, column_bytes: int) -> int:
        line = lines[row - 1].encode("utf-8", "surrogatepass")[:column_bytes]
        return starts[row - 1] + len(line.decode("utf-8", "surrogatepass"))

    spans: dict[str, tuple[int, int]] = {}
    assigned: list[str] = []
    for node in _python_of(lines).body:
        assigned += [n.id for n in ast.walk(node) if _is_assigned(n) and isinstance(n, ast.Name)]
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                pass
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                pass
            case _:
                continue
        if constant_value(value)[0] and value.end_lineno and value.end_col_offset is not None:
            start = place(value.lineno, value.col_offset)
            spans[name] = (start, place(value.end_lineno, value.end_col_offset))
    return {name: span for name, span in spans.items() if assigned.count(name) == 1}


def _is_assigned(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


def _python_of(lines: Sequence[str]) -> ast.Module:
    """The cell's tree with each line where it stands in the text; empty where there is none."""
    python = [_MAGIC_LINE.sub(r"\1pass", line) for line in lines]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse("".join(python))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])


# The magic line


def line_settings(text: str) -> dict[str, str]:
    """What ``k=v`` and ``--seed`` on the magic line set, as it is written."""
    words = _line_words(text)
    found = {}
    for before, word in zip(["", *words], words, strict=False):
        if (setting := _SETTING.match(word)) and before not in _TAKE_A_VALUE:
            found[setting[1]] = word[setting.end(1) + 1 :]
    return found


def _line_words(text: str) -> list[str]:
    line = _TRACK_LINE.match(text)
    return _WORD.findall(re.sub(r"--seed\s+", "--seed=", line[0])) if line else []


def with_line_of(mine: str, text: str, names: Collection[str], values: Mapping[str, str]) -> str:
    """``text`` under the magic line of ``mine``, on which those names have these values."""
    line = _TRACK_LINE.match(mine)
    old = _TRACK_LINE.match(text)
    if line is None:
        return text
    head = line[0]
    ours = line_settings(mine)
    changed = {name for name in names if ours.get(name) != values.get(name)}
    if changed:
        dropped = {f"{name}={ours[name]}" for name in changed if name in ours}
        added = [f"{name}={values[name]}" for name in sorted(changed) if name in values]
        kept = [word for word in _line_words(mine) if word not in dropped]
        head = " ".join([*kept, *added])
    return head + (text[old.end() :] if old else f"\n{text}")
