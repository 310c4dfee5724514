"""Small questions about the nodes of a cell's tree: which names stand in them, and how."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import lru_cache

from nbtrack.capture.session.words import FRESH, FRESH_ENDINGS

_NO_PARTS = (ast.expr_context, ast.operator, ast.unaryop, ast.boolop)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def declared_names(nodes: Iterable[ast.AST]) -> set[str]:
    """Names that are declared as global or nonlocal among these nodes."""
    return {
        name
        for node in nodes
        if isinstance(node, (ast.Global, ast.Nonlocal))
        for name in node.names
    }


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
            waiting.extend(children(node))


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


def children(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes directly in it, without contexts and operators: faster than what ``ast`` has."""
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, list):
            for each in value:
                if isinstance(each, ast.AST):
                    yield each
        elif isinstance(value, ast.AST) and not isinstance(value, _NO_PARTS):
            yield value


def names_read(node: ast.AST) -> frozenset[str]:
    """Every name in it."""
    return frozenset((node.id,)) if isinstance(node, ast.Name) else _within(node)[0]


def called_names(node: ast.AST) -> frozenset[str]:
    """Functions by whose names something is called in it."""
    return _within(node)[1]


# Each part of an expression is asked for the names in it, and so are the wholes around it.
@lru_cache(maxsize=1 << 14)
def _within(node: ast.AST) -> tuple[frozenset[str], frozenset[str]]:
    names: set[str] = set()
    called: set[str] = set()
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        called.add(node.func.id)
    for child in children(node):
        if isinstance(child, ast.Name):
            names.add(child.id)
        elif not isinstance(child, ast.Constant):
            within = _within(child)
            names |= within[0]
            called |= within[1]
    return frozenset(names), frozenset(called)


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
            may_be_lists = _may_be_list(left) and _may_be_list(right)
            return shared_names(left) | shared_names(right) if may_be_lists else set()
        case ast.BoolOp(values=values):
            return {name for value in values for name in shared_names(value)}
        case ast.NamedExpr(value=value) | ast.Await(value=value):
            return shared_names(value)
        case ast.Call(func=function, args=arguments, keywords=keywords):
            if is_fresh(function):
                return set()
            # A constructor keeps what it is given; a method may answer its own object.
            kept = {
                name
                for each in (*arguments, *(keyword.value for keyword in keywords))
                for name in shared_names(each)
            }
            root = root_name(function) if isinstance(function, ast.Attribute) else None
            return kept | ({root} if root else set())
        case (
            ast.ListComp(elt=element, generators=generators)
            | ast.SetComp(elt=element, generators=generators)
        ):
            held = shared_names(element)
            for generator in reversed(generators):
                if held & names_in_target(generator.target):
                    held = (held - names_in_target(generator.target)) | shared_names(generator.iter)
            return held
    return set()


def _may_be_list(operand: ast.expr) -> bool:
    """Whether it may be a list in a sum, rather than a number, a text, or a library's array."""
    match operand:
        case ast.Constant() | ast.UnaryOp() | ast.JoinedStr() | ast.Call(func=ast.Attribute()):
            return False
        case ast.BinOp(op=operator):
            return isinstance(operator, ast.Add)
    return True


def is_fresh(function: ast.expr) -> bool:
    """Whether what a call of it answers is known to hold nothing of what it was given."""
    match function:
        case ast.Name(id=called) | ast.Attribute(attr=called):
            return called in FRESH or called.endswith(FRESH_ENDINGS)
    return False


def maker(value: ast.expr) -> ast.expr:
    """The constructor in ``Model(…).fit(…)``, or else the value itself."""
    while isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        if not isinstance(value.func.value, ast.Call):
            break
        value = value.func.value
    return value


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
