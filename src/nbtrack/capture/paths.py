"""Which files a cell's text says it reads: ``pd.read_csv("train.csv")``, ``open(path)``."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

_READS = re.compile(r"^_?(read|load|open|scan|imread|genfromtxt|fromfile|memmap|from_file|Path$)")
_NAMES_OF_PATHS = ("path", "file", "filename", "filepath_or_buffer", "fname", "source", "io", "fp")
_WRITES = frozenset("wax+")


def read_paths(tree: ast.Module, namespace: Mapping[str, object]) -> list[str]:
    """The texts that calls in ``tree`` take for a file or address to read, in order.

    They are literals, or names that hold one in ``namespace``. Whether there is
    such a file is not asked.
    """
    found: dict[str, None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _is_read(node):
            path = _constant(_path_argument(node), namespace)
            if path:
                found[path] = None
    return list(found)


def _is_read(call: ast.Call) -> bool:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            pass
        case _:
            return False
    if not _READS.match(name):
        return False
    mode = call.args[1] if len(call.args) > 1 else None
    modes = [mode, *(keyword.value for keyword in call.keywords if keyword.arg == "mode")]
    return not (
        name == "open"
        and any(
            isinstance(each, ast.Constant)
            and isinstance(each.value, str)
            and not _WRITES.isdisjoint(each.value)
            for each in modes
        )
    )


def _path_argument(call: ast.Call) -> ast.expr | None:
    if call.args:
        return call.args[0]
    for keyword in call.keywords:
        if keyword.arg in _NAMES_OF_PATHS:
            return keyword.value
    # Path("train.csv").open() and its like read what they are called on.
    return None


def _constant(node: ast.expr | None, namespace: Mapping[str, object]) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id=name) if type(namespace.get(name)) is str:
            return str(namespace[name])
    return ""
