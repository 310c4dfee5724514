"""What a user wrote in a cell, as the Python that IPython makes of it."""

from __future__ import annotations

import ast
import re
import warnings
from functools import lru_cache
from typing import Any

_TRACK_LINE = re.compile(r"\A\s*(%%track\b|#\s*%track\b)[^\n]*\n?")


def without_track_line(text: str) -> str:
    """The cell without the line that tracks it: it is no part of what the cell does."""
    return _TRACK_LINE.sub("", text, count=1)


def normalised(text: str) -> str:
    """The cell's text as two are compared: line ends, trailing spaces and blank lines aside."""
    lines = [line.rstrip() for line in without_track_line(text).splitlines()]
    return "\n".join(lines).strip("\n")


@lru_cache(maxsize=2048)
def parsed(text: str) -> ast.Module | None:
    """The cell's tree, with magics as the calls that IPython makes of them; ``None`` if it is none.

    The tree is shared: it must not be changed.
    """
    python = without_track_line(text)
    try:
        return _parse(python)
    except (SyntaxError, ValueError):
        pass
    try:
        return _parse(str(_transformer().transform_cell(python)))
    except Exception:  # noqa: BLE001 - IPython's transformations raise what they like
        return None


def _parse(python: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(python)


@lru_cache(maxsize=1)
def _transformer() -> Any:
    from IPython.core.inputtransformer2 import TransformerManager

    return TransformerManager()  # type: ignore[no-untyped-call]
