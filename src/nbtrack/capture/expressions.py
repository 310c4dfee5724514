"""Single expressions: whether one is constant, what it calls, which names it binds."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def constant_value(node: ast.expr) -> tuple[bool, object]:
    """Whether an expression is constant (``-1e-3``, ``2**7``, ``(1, "a")``), and its value."""
    found: object
    match node:
        case ast.Constant(value=found) if not isinstance(found, bytes) and found is not ...:
            return True, found
        case ast.UnaryOp(op=op, operand=operand):
            is_constant, found = constant_value(operand)
            if is_constant and isinstance(found, (bool, int, float, complex)):
                match op:
                    case ast.Not():
                        return True, not found
                    case ast.USub():
                        return True, -found
                    case ast.UAdd():
                        return True, +found
        case ast.BinOp(left=left, op=operator, right=right):
            (is_left, a), (is_right, b) = constant_value(left), constant_value(right)
            if is_left and is_right:
                return _calculated(operator, a, b)
        case ast.Tuple(elts=elements) if len(elements) <= 8:
            parts = [constant_value(element) for element in elements]
            if all(is_constant for is_constant, _ in parts):
                return True, tuple(value for _, value in parts)
    return False, None


def _calculated(op: ast.operator, a: object, b: object) -> tuple[bool, object]:
    if not isinstance(a, (int, float)) or not isinstance(b, (int, float)):
        return False, None
    try:
        match op:
            case ast.Add():
                return True, a + b
            case ast.Sub():
                return True, a - b
            case ast.Mult():
                return True, a * b
            case ast.Div():
                return True, a / b
            case ast.FloorDiv():
                return True, a // b
            case ast.Mod():
                return True, a % b
            case ast.Pow() if abs(b) <= 1000 and abs(a) <= 10**6:
                return True, a**b
            case ast.LShift() if isinstance(a, int) and isinstance(b, int) and 0 <= b <= 64:
                return True, a << b
    except (ArithmeticError, ValueError):
        pass
    return False, None


def callee(node: ast.Call) -> str:
    """The last name of what is called: ``score`` for ``model.score(…)``."""
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def root_name(node: ast.expr) -> str | None:
    """The name that a chain of fields starts from: ``h`` in ``h["loss"].values``."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def is_lookup(node: ast.expr) -> bool:
    """Whether an expression only takes a field: ``cfg["lr"]``, ``args.model.depth``, ``other``."""
    match node:
        case ast.Name():
            return True
        case (
            ast.Attribute(value=owner) | ast.Subscript(value=owner, slice=ast.Constant(value=str()))
        ):
            return is_lookup(owner)
    return False


def names_in(target: ast.AST) -> list[str]:
    """The names that a target binds."""
    return [
        node.id
        for node in ast.walk(target)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]


def names_in_pattern(pattern: ast.pattern) -> Iterator[str]:
    """The names that a ``case`` captures."""
    for node in ast.walk(pattern):
        if isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name:
            yield node.name
        elif isinstance(node, ast.MatchMapping) and node.rest:
            yield node.rest


def unpacked(
    targets: list[ast.expr], value: ast.expr | None
) -> Iterator[tuple[ast.expr, ast.expr | None]]:
    """Each target of an unpacking with the expression it gets, where the text pairs them up."""
    is_paired = (
        isinstance(value, (ast.Tuple, ast.List))
        and len(value.elts) == len(targets)
        and not any(isinstance(each, ast.Starred) for each in (*targets, *value.elts))
    )
    parts: list[ast.expr] | list[None] = [None] * len(targets)
    if is_paired and isinstance(value, (ast.Tuple, ast.List)):
        parts = value.elts
    yield from zip(targets, parts, strict=True)


def result_name(node: ast.expr) -> str:
    """What to call the number that an expression gives: ``score`` for ``round(m.score(x), 3)``.

    Empty where nothing in it is a name for the result.
    """
    match node:
        case ast.Await(value=inner):
            return result_name(inner)
        case ast.Call(func=ast.Name(id="round" | "float" | "abs" | "int"), args=[inner, *_]):
            return result_name(inner)
        case ast.Call(
            func=ast.Attribute(attr="item" | "mean" | "detach" | "cpu" | "numpy", value=inner),
            args=[],
        ) if not isinstance(inner, ast.Name) or node.func.attr != "mean":  # type: ignore[attr-defined]
            return result_name(inner)
        case ast.Call():
            return callee(node)
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case ast.Subscript(slice=ast.Constant(value=str(key))):
            return key
    return ""
