"""What the text of a cell says by itself: the names it reads and assigns, and how.

Nothing here runs or looks at values. Only the top level of the cell counts as
assigning, with the blocks of ``if``, ``for``, ``while``, ``with`` and ``try`` in it:
what a function or class assigns inside is its own.
"""

from __future__ import annotations

import ast
import types
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from nbtrack.capture.expressions import (
    callee,
    constant_value,
    is_lookup,
    names_in,
    names_in_pattern,
    root_name,
    unpacked,
)
from nbtrack.capture.loops import (
    AnyLoop,
    Candidates,
    Loop,
    find_candidates,
    label_of,
    targets_of,
    top_loops,
)
from nbtrack.capture.reads import globals_of
from nbtrack.capture.words import CLOCKS, REPORTING, says_metric

_FILLING = ("append", "extend", "update", "setdefault", "insert", "add", "pop")
_FITTING = ("fit", "partial_fit", "fit_transform", "fit_predict", "train")


@dataclass(slots=True)
class CellSyntax:
    """The names of one cell, each in the order in which it first appears."""

    reads: dict[str, None] = field(default_factory=dict)
    assigned: dict[str, int] = field(default_factory=dict)  # name: line of the first assignment
    certain: set[str] = field(default_factory=set)  # assigned whenever the cell runs to its end
    constants: dict[str, list[object]] = field(default_factory=dict)  # name: values it may get
    computed: dict[str, int] = field(default_factory=dict)  # name: line where it is computed
    passed: set[str] = field(default_factory=set)
    timed: set[str] = field(default_factory=set)
    looked_up: set[str] = field(default_factory=set)  # fields of other objects: cfg["lr"], args.lr
    loop_targets: set[str] = field(default_factory=set)
    defined: set[str] = field(default_factory=set)  # functions, classes, imports
    handed_on: dict[str, set[str]] = field(default_factory=dict)  # keyword: names in its value
    filled: set[str] = field(default_factory=set)  # objects that the cell changes in place
    fitted: set[str] = field(default_factory=set)
    loops: list[Loop] = field(default_factory=list)
    candidates: list[Candidates] = field(default_factory=list)
    last: ast.expr | None = None


def read_syntax(tree: ast.Module) -> CellSyntax:
    """The names of the cell whose tree this is."""
    syntax = CellSyntax()
    _Reader(syntax).block(tree.body)
    for loop in top_loops(tree):
        syntax.loops.append(_read_loop(loop))
        if (found := find_candidates(loop)) is not None:
            syntax.candidates.append(found)
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        syntax.last = tree.body[-1].value
    return syntax


def _read_loop(loop: AnyLoop) -> Loop:
    inside = CellSyntax()
    reader = _Reader(inside)
    if isinstance(loop, ast.While):
        reader.visit(loop.test)  # `while (loss := step()) > 0.1:` computes in its test.
    reader.block(loop.body)
    targets = {*inside.loop_targets, *targets_of(loop)}
    names = [
        name
        for name in inside.computed
        if name not in targets and not name.startswith("_") and name not in inside.timed
        if name not in inside.passed or says_metric(name)
    ]
    return Loop(loop.lineno, label_of(loop), frozenset(targets), tuple(names))


class _Reader(ast.NodeVisitor):
    """Walks the cell in the order of execution, as far as that can be told."""

    def __init__(self, syntax: CellSyntax) -> None:
        self._syntax = syntax
        self._hidden: list[set[str]] = []  # what the comprehensions around bind
        self._loop_depth = 0
        self._branch_depth = 0
        self._clocks = set(CLOCKS)

    def block(self, statements: list[ast.stmt]) -> None:
        """Read statements that run one after the other."""
        for statement in statements:
            self.visit(statement)

    @contextmanager
    def _branch(self) -> Iterator[None]:
        """Inside, statements may not run, though the cell does."""
        self._branch_depth += 1
        yield
        self._branch_depth -= 1

    # Reading

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self._read(node.id)
        elif isinstance(node.ctx, ast.Store):
            self._computed(node.id, node.lineno)

    def _read(self, name: str) -> None:
        is_hidden = any(name in names for names in self._hidden)
        if not is_hidden and name not in self._syntax.assigned and name not in self._syntax.defined:
            self._syntax.reads.setdefault(name)

    def visit_Call(self, node: ast.Call) -> None:
        self.generic_visit(node)
        syntax, name = self._syntax, callee(node)
        if isinstance(node.func, ast.Attribute):
            if name in _FILLING and (owner := root_name(node.func.value)):
                syntax.filled.add(owner)
            if name in _FITTING and isinstance(node.func.value, ast.Name):
                syntax.fitted.add(node.func.value.id)
        for keyword in node.keywords:
            names = {n.id for n in ast.walk(keyword.value) if isinstance(n, ast.Name)}
            if keyword.arg and names:
                syntax.handed_on.setdefault(keyword.arg, set()).update(names)
        if name and name not in REPORTING:
            values = [*node.args, *(keyword.value for keyword in node.keywords)]
            syntax.passed.update(each.id for each in values if isinstance(each, ast.Name))

    # Assigning

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        for target in node.targets:
            self._assign(target, node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)
            self._assign(node.target, node.value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.visit(node.value)
        if isinstance(node.target, ast.Name):
            self._read(node.target.id)
            self._computed(node.target.id, node.lineno)
        else:
            self._assign(node.target, node.value)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.visit(node.value)
        self._assign(node.target, node.value)

    def visit_Delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self._syntax.constants.pop(target.id, None)
                self._syntax.computed.pop(target.id, None)
                self._syntax.certain.discard(target.id)
            else:
                self.visit(target)

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        syntax = self._syntax
        match target:
            case ast.Name(id=name):
                is_constant, constant = constant_value(value)
                if not is_constant or name in syntax.computed:
                    self._computed(name, target.lineno)
                    if not is_constant and self._is_timed(value):
                        syntax.timed.add(name)
                    if is_lookup(value):
                        syntax.looked_up.add(name)
                elif self._loop_depth:
                    self._bind(name, target.lineno)
                    syntax.constants.pop(name, None)
                else:
                    self._bind(name, target.lineno)
                    known = syntax.constants.setdefault(name, [])
                    known[:] = [*known, constant] if self._branch_depth else [constant]
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                for element, part in unpacked(elements, value):
                    # What is unpacked from a call is computed.
                    self._assign(element, part if part is not None else value)
            case ast.Starred(value=inner):
                self._assign(inner, value)
            case ast.Subscript() | ast.Attribute():
                if owner := root_name(target):
                    syntax.filled.add(owner)
                self.visit(target)

    def _bind(self, name: str, line: int) -> None:
        self._syntax.assigned.setdefault(name, line)
        if not self._branch_depth and not self._loop_depth:
            self._syntax.certain.add(name)

    def _computed(self, name: str, line: int) -> None:
        self._bind(name, line)
        self._syntax.computed.setdefault(name, line)
        self._syntax.constants.pop(name, None)

    def _is_timed(self, value: ast.expr) -> bool:
        """Whether an expression reads a clock, or calculates with what a clock said."""
        match value:
            case ast.Name(id=name):
                return name in self._syntax.timed
            case ast.Call(func=ast.Name(id=name), args=arguments):
                is_plain = name in ("round", "int", "float", "abs", "min", "max", "sum")
                return (name in self._clocks and name != "time" and not arguments) or (
                    (name == "time" and not arguments)
                    or (is_plain and any(map(self._is_timed, arguments)))
                )
            case ast.Call(func=ast.Attribute(attr=name, value=owner)):
                is_clock = name in self._clocks or name in ("now", "utcnow")
                return is_clock or self._is_timed(owner)
            case ast.Attribute(value=owner):
                return self._is_timed(owner)
            case ast.BinOp(left=left, right=right):
                return self._is_timed(left) or self._is_timed(right)
            case ast.UnaryOp(operand=operand):
                return self._is_timed(operand)
        return False

    # Blocks

    def visit_If(self, node: ast.If) -> None:
        self.visit(node.test)
        with self._branch():
            self.block(node.body)
            self.block(node.orelse)

    def visit_Try(self, node: ast.Try | ast.TryStar) -> None:
        with self._branch():
            self.block(node.body)
            for handler in node.handlers:
                self.visit(handler)
            self.block(node.orelse)
        self.block(node.finalbody)

    visit_TryStar = visit_Try

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.type is not None:
            self.visit(node.type)
        if node.name:
            self._define(node.name, node.lineno)
        self.block(node.body)

    def visit_Match(self, node: ast.Match) -> None:
        self.visit(node.subject)
        with self._branch():
            for case in node.cases:
                for name in names_in_pattern(case.pattern):
                    self._computed(name, case.pattern.lineno)
                    self._syntax.looked_up.add(name)
                self.visit(case.pattern)
                if case.guard is not None:
                    self.visit(case.guard)
                self.block(case.body)

    def visit_For(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter)
        for name in names_in(node.target):
            self._syntax.assigned.setdefault(name, node.lineno)
            self._syntax.loop_targets.add(name)
            self._syntax.constants.pop(name, None)
        self._loop_body(node)

    visit_AsyncFor = visit_For

    def visit_While(self, node: ast.While) -> None:
        self.visit(node.test)
        self._loop_body(node)

    def _loop_body(self, node: AnyLoop) -> None:
        self._loop_depth += 1
        self.block(node.body)
        self._loop_depth -= 1
        with self._branch():
            self.block(node.orelse)

    def visit_With(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            self.visit(item.context_expr)
            if item.optional_vars is not None:
                for name in names_in(item.optional_vars):
                    self._define(name, node.lineno)
        self.block(node.body)

    visit_AsyncWith = visit_With

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._define((alias.asname or alias.name).partition(".")[0], node.lineno)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            self._define(alias.asname or alias.name, node.lineno)
            if node.module in ("time", "timeit") and alias.name in CLOCKS:
                self._clocks.add(alias.asname or alias.name)

    def visit_TypeAlias(self, node: ast.AST) -> None:
        # Python 3.12. What it stands for is evaluated when somebody asks.
        for name in names_in(node):
            self._define(name, getattr(node, "lineno", 0))

    def _define(self, name: str, line: int) -> None:
        self._syntax.assigned.setdefault(name, line)
        self._syntax.defined.add(name)

    # Scopes of their own

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for each in (*node.decorator_list, *node.args.defaults, *node.args.kw_defaults):
            if each is not None:
                self.visit(each)
        self._define(node.name, node.lineno)
        self._read_inside(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        for each in (*node.args.defaults, *node.args.kw_defaults):
            if each is not None:
                self.visit(each)
        self._read_inside(ast.copy_location(ast.Expr(node), node))

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        own = {getattr(each, "name", "") for each in getattr(node, "type_params", ())}
        self._hidden.append(own)
        for each in (*node.bases, *(k.value for k in node.keywords), *node.decorator_list):
            self.visit(each)
        self._hidden.pop()
        self._define(node.name, node.lineno)
        self._read_inside(node)

    def _read_inside(self, scope: ast.stmt) -> None:
        """Read what a function or class reads from outside, as the compiler tells it."""
        try:
            code = compile(ast.Module([scope], []), "<cell>", "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError):
            return  # The cell will not compile either.
        for inner in code.co_consts:
            if isinstance(inner, types.CodeType):
                for name in globals_of(inner):
                    self._read(name)

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp
    ) -> None:
        own = {name for part in node.generators for name in names_in(part.target)}
        self.visit(node.generators[0].iter)
        self._hidden.append(own)
        for number, part in enumerate(node.generators):
            if number:
                self.visit(part.iter)
            for test in part.ifs:
                self.visit(test)
        results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        for result in results:
            self.visit(result)
        self._hidden.pop()

    visit_ListComp = visit_SetComp = visit_GeneratorExp = visit_DictComp = _comprehension
