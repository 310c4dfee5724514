"""The loops of a cell that are watched, and what their bodies compute."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from nbtrack.capture.expressions import callee, constant_value, names_in

AnyLoop = ast.For | ast.AsyncFor | ast.While


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop at the top level of the cell. ``names`` are what its body computes."""

    line: int
    label: str
    targets: frozenset[str]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Candidates:
    """A loop over literal values with a fit inside: a sweep by hand."""

    name: str
    values: tuple[object, ...]


def top_loops(tree: ast.Module) -> list[AnyLoop]:
    """The outermost loops of the cell, also those inside ``if``, ``with``, ``try`` and ``match``,
    in order.
    """
    return list(_loops_in(tree.body))


def _loops_in(block: list[ast.stmt]) -> Iterator[AnyLoop]:
    for statement in block:
        if isinstance(statement, AnyLoop):
            yield statement
            # `else` belongs to the loop, but its loops are their own.
            yield from _loops_in(statement.orelse)
        else:
            for inner in blocks_of(statement):
                yield from _loops_in(inner)


def blocks_of(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The blocks directly inside a compound statement that run with it: not those of functions
    and classes.
    """
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return
    for name in ("body", "orelse", "finalbody"):
        block = getattr(statement, name, None)
        if block:
            yield block
    for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        yield part.body


def find_candidates(loop: AnyLoop) -> Candidates | None:
    """What a loop tries by hand: ``for C in [.01, .1, 1]:`` with a fit inside."""
    if not isinstance(loop, ast.For) or not isinstance(loop.target, ast.Name):
        return None
    if not isinstance(loop.iter, (ast.List, ast.Tuple)) or len(loop.iter.elts) < 2:
        return None
    parts = [constant_value(element) for element in loop.iter.elts]
    fits = any(
        isinstance(node, ast.Call)
        and callee(node) in ("fit", "partial_fit", "fit_transform", "train")
        for statement in loop.body
        for node in ast.walk(statement)
    )
    if not fits or not all(is_constant for is_constant, _ in parts):
        return None
    return Candidates(loop.target.id, tuple(value for _, value in parts))


def label_of(loop: AnyLoop) -> str:
    """How a message speaks of a loop: ``for epoch``."""
    return "while" if isinstance(loop, ast.While) else f"for {ast.unparse(loop.target)}"


def targets_of(loop: AnyLoop) -> list[str]:
    """The names that a loop itself binds."""
    return [] if isinstance(loop, ast.While) else names_in(loop.target)
