"""Where a cell binds a name other than by a constant: there, a value given outside cannot hold."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator

from nbtrack.capture.expressions import constant_value, names_in, names_in_pattern, unpacked

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def computed_lines(tree: ast.Module, names: Collection[str]) -> dict[str, int]:
    """For each of ``names``, the first line where the cell binds it other than by a constant."""
    found: dict[str, int] = {}
    for name, line in _bindings(tree):
        if name in names:
            found.setdefault(name, line)
    return found


def _bindings(node: ast.AST) -> Iterator[tuple[str, int]]:
    line = getattr(node, "lineno", 0)
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield from _bound(target, value)
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            yield from _bound(target, value)
        case ast.AugAssign(target=target) | ast.NamedExpr(target=target):
            yield from _bound(target, None)
        case ast.For(target=target) | ast.AsyncFor(target=target):
            yield from _bound(target, None)
        case ast.withitem(optional_vars=ast.expr() as target):
            yield from _bound(target, None)
        case ast.ExceptHandler(name=str(name)) | ast.FunctionDef(name=name):
            yield name, line
        case ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name, line
        case ast.match_case(pattern=pattern):
            for name in names_in_pattern(pattern):
                yield name, pattern.lineno
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            for alias in aliases:
                yield (alias.asname or alias.name).partition(".")[0], line
    if isinstance(node, _SCOPES):
        yield from _declared_global(node)
        return
    comprehension = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
    for child in ast.iter_child_nodes(node):
        # A comprehension's own variables end with it; only its walruses reach the cell.
        if not (isinstance(child, ast.comprehension) and isinstance(node, comprehension)):
            yield from _bindings(child)
        else:
            for part in (child.iter, *child.ifs):
                yield from _bindings(part)


def _bound(target: ast.expr, value: ast.expr | None) -> Iterator[tuple[str, int]]:
    match target:
        case ast.Name(id=name):
            if value is None or not constant_value(value)[0]:
                yield name, target.lineno
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            for element, part in unpacked(elements, value):
                yield from _bound(element, part)
        case ast.Starred(value=inner):
            yield from _bound(inner, None)


def _declared_global(scope: ast.AST) -> Iterator[tuple[str, int]]:
    """Names that a function declares global and binds."""
    bound = set(names_in(scope))
    for node in ast.walk(scope):
        if isinstance(node, ast.Global):
            yield from ((name, node.lineno) for name in node.names if name in bound)
