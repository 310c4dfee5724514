"""Small questions about the nodes of a cell's tree: which names stand in them, and how."""

from __future__ import annotations

import ast
from collections.abc import Iterator

COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def declared_names(body: list[ast.stmt]) -> Iterator[str]:
    """Names that a body declares as global or nonlocal."""
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, (ast.Global, ast.Nonlocal)):
                yield from node.names


def stored_names(body: list[ast.stmt]) -> Iterator[str]:
    """Names that a body binds in its own scope."""
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
                continue
            case ast.ClassDef(name=name):
                yield name
                continue
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                yield from ((alias.asname or alias.name).partition(".")[0] for alias in aliases)
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
                yield name
            case ast.Lambda():
                continue
        if not isinstance(node, COMPREHENSIONS):
            waiting.extend(ast.iter_child_nodes(node))


def default_values(arguments: ast.arguments) -> list[ast.expr]:
    """The values that arguments have where none are given."""
    return [*arguments.defaults, *(default for default in arguments.kw_defaults if default)]


def root_name(node: ast.AST) -> str | None:
    """The name at the bottom of ``a.b[c].d``."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def dotted_name(node: ast.expr) -> str:
    """``a.b.c`` as it is written; empty below anything else."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=attribute):
            return f"{dotted_name(value)}.{attribute}"
    return ""


def names_read(node: ast.AST) -> set[str]:
    """Every name in it."""
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def shared_names(node: ast.expr) -> set[str]:
    """Names whose objects, or parts of them, may be in the value of an expression."""
    match node:
        case ast.Name(id=name):
            return {name}
        case ast.Attribute(value=value) | ast.Subscript(value=value) | ast.Starred(value=value):
            return shared_names(value)
        case ast.Tuple(elts=elements) | ast.List(elts=elements) | ast.Set(elts=elements):
            return {name for element in elements for name in shared_names(element)}
        case ast.Dict(values=values):
            return {name for value in values for name in shared_names(value)}
        case ast.IfExp(body=body, orelse=orelse):
            return shared_names(body) | shared_names(orelse)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            # Of lists, the sum has the same elements; numbers and arrays are made anew.
            is_list = isinstance(left, ast.List) or isinstance(right, ast.List)
            return shared_names(left) | shared_names(right) if is_list else set()
        case ast.BoolOp(values=values):
            return {name for value in values for name in shared_names(value)}
        case ast.NamedExpr(value=value) | ast.Await(value=value):
            return shared_names(value)
        case ast.Call(func=function, args=arguments, keywords=keywords):
            # A constructor keeps what it is given; a method may answer its own object.
            kept = {
                name
                for each in (*arguments, *(keyword.value for keyword in keywords))
                for name in shared_names(each)
            }
            root = root_name(function) if isinstance(function, ast.Attribute) else None
            return kept | ({root} if root else set())
    return set()


def called_names(node: ast.expr) -> set[str]:
    """Functions by whose names something is called in an expression."""
    return {
        each.func.id
        for each in ast.walk(node)
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Name)
    }


def names_in_target(target: ast.expr) -> set[str]:
    """Names that an assignment to the target binds."""
    return {
        node.id
        for node in ast.walk(target)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def names_in_pattern(pattern: ast.pattern) -> set[str]:
    """Names that a case binds where it matches."""
    found = set()
    for node in ast.walk(pattern):
        match node:
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                found.add(name)
            case ast.MatchMapping(rest=str(name)):
                found.add(name)
    return found


def leaves(body: list[ast.stmt]) -> bool:
    """Whether nothing after the body is reached through it."""
    return bool(body) and isinstance(body[-1], (ast.Raise, ast.Return, ast.Continue, ast.Break))
