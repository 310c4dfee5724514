"""The cell's tree as it will run: constants overridden, loops and measuring calls watched.

Every change is made in place of an expression, at its own line; no statement of
the user's moves, so that tracebacks stay true. Bodies of functions and classes,
lambdas and comprehensions are left alone.
"""

from __future__ import annotations

import ast
import builtins
import itertools
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from nbtrack.capture.expressions import callee, constant_value, unpacked
from nbtrack.capture.loops import AnyLoop, blocks_of, top_loops
from nbtrack.capture.scalars import as_measurement
from nbtrack.capture.turns import LoopWatch
from nbtrack.capture.words import says_metric

_numbers = itertools.count(1)
_Node = TypeVar("_Node", bound=ast.AST)


@dataclass(frozen=True, slots=True)
class CallSite:
    """A call that may measure. ``target`` is the name that its value is assigned to, if any."""

    name: str
    receiver: str
    function: ast.expr
    target: str


@dataclass(slots=True)
class Probe:
    """What the transformed cell calls while it runs.

    The cell finds it among the builtins, under a name that no other cell has: the
    user's namespace, his ``dir()`` and what he pickles of it stay as they are, and a
    tracked cell may run inside another one.
    """

    namespace: Mapping[str, object]
    loops: list[LoopWatch]
    sites: list[CallSite] = field(default_factory=list)
    seen: dict[int, float] = field(default_factory=dict)
    tests: dict[int, Callable[[], object]] = field(default_factory=dict)  # of ``while`` loops
    name: str = field(default_factory=lambda: f"__nbtrack_{next(_numbers)}__")
    _home: dict[str, object] = field(default_factory=dict)

    # Their errors are the user's, and pass through no frame of ours: both run in C.
    iter = staticmethod(iter)
    aiter = staticmethod(aiter)

    def __post_init__(self) -> None:
        self.tests.update((number, self._first_test(number)) for number in range(len(self.loops)))

    def enter(self) -> None:
        """Be found by the cell."""
        home = self.namespace.get("__builtins__", builtins)
        self._home = home if type(home) is dict else vars(builtins)
        self._home[self.name] = self

    def leave(self) -> None:
        """Be gone. Leaving twice changes nothing."""
        self._home.pop(self.name, None)

    def _first_test(self, number: int) -> Callable[[], object]:
        def first_test() -> object:
            self.tests[number] = test = self.loops[number].test()
            return test()

        return first_test

    def items(self, loop: int, iterator: Iterator[object]) -> Iterator[object]:
        """The items of a ``for``."""
        return self.loops[loop].items(iterator)

    def async_items(self, loop: int, iterator: AsyncIterator[object]) -> AsyncIterator[object]:
        """The items of an ``async for``."""
        return self.loops[loop].async_items(iterator)

    def exhausted(self, loop: int) -> bool:
        """False; stands behind the test of a ``while``."""
        return self.loops[loop].exhausted()

    def close(self, loop: int) -> None:
        """Stands where a loop has been left."""
        self.loops[loop].close()

    def saw(self, site: int, value: object) -> object:
        """The value of a call that may measure, as it is."""
        number = as_measurement(value, allow_integer=False)
        if isinstance(number, float) and _measures(self.sites[site], self.namespace):
            self.seen[site] = number
        return value


def instrument(
    tree: ast.Module, probe: Probe, overrides: Mapping[str, object], *, watch: bool
) -> ast.Module:
    """Transform the tree in place, and give it back. ``watch`` off leaves only the overrides."""
    if overrides:
        _Override(overrides).visit(tree)
    if watch:
        loops = top_loops(tree)
        _WatchCalls(probe).visit(tree)
        for number, loop in enumerate(loops):
            _watch_loop(loop, number, probe)
        # A `for` drops its iterator when it is left, which closes it. Others have to be told.
        numbers = {id(loop): n for n, loop in enumerate(loops) if not isinstance(loop, ast.For)}
        if numbers:
            _close_behind(tree.body, numbers, probe)
    return ast.fix_missing_locations(tree)


class _LeaveScopes(ast.NodeTransformer):
    """Visits what runs as part of the cell itself."""

    def _leave(self, node: ast.AST) -> ast.AST:
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = visit_Lambda = _leave
    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _leave


class _Override(_LeaveScopes):
    """Replaces the constants that the cell assigns to overridden names."""

    def __init__(self, overrides: Mapping[str, object]) -> None:
        self._overrides = overrides

    def visit_Assign(self, node: ast.Assign) -> ast.Assign:
        for target in node.targets:
            node.value = self._replaced(target, node.value)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AnnAssign:
        if node.value is not None:
            node.value = self._replaced(node.target, node.value)
        return node

    def _replaced(self, target: ast.expr, value: ast.expr) -> ast.expr:
        match target:
            case ast.Name(id=name) if name in self._overrides and constant_value(value)[0]:
                new = _literal(self._overrides[name])
                for node in ast.walk(new):
                    ast.copy_location(node, value)
                return new
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                pairs = list(unpacked(elements, value))
                if isinstance(value, (ast.Tuple, ast.List)) and all(part for _, part in pairs):
                    value.elts = [self._replaced(each, part) for each, part in pairs if part]
        return value


def _literal(value: object) -> ast.expr:
    match value:
        case list():
            return ast.List([_literal(each) for each in value], ast.Load())
        case dict():
            keys: list[ast.expr | None] = [_literal(key) for key in value]
            return ast.Dict(keys, [_literal(each) for each in value.values()])
        case set():
            return ast.Set([_literal(each) for each in value])
        case tuple():
            return ast.Tuple([_literal(each) for each in value], ast.Load())
    constant: Any = value
    return ast.Constant(constant)


class _WatchCalls(_LeaveScopes):
    """Passes the results of calls that may measure through `Probe.saw`."""

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        self._targets: dict[int, str] = {}
        self._parts: set[int] = set()

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        if len(node.targets) == 1:
            self._note_target(node.targets[0], node.value)
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is not None:
            self._note_target(node.target, node.value)
        return self.generic_visit(node)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> ast.AST:
        self._note_target(node.target, node.value)
        return self.generic_visit(node)

    def _note_target(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Name):
            while isinstance(value, ast.Call) and callee(value) in ("round", "float"):
                if not value.args:
                    break
                value = value.args[0]
            self._targets[id(value)] = target.id
            # `rmse = mean_squared_error(…) ** .5` measures one thing, and has named it.
            self._parts.update(id(part) for part in _operands(value))

    def visit_Call(self, node: ast.Call) -> ast.AST:
        name = callee(node)
        target = self._targets.get(id(node), "")
        self.generic_visit(node)
        is_part = id(node) in self._parts
        if is_part or not name or not (says_metric(name) or _is_known_metric(name)):
            return node
        receiver = ""
        if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
            receiver = node.func.value.id
        self._probe.sites.append(CallSite(name, receiver, node.func, target))
        return _call(self._probe, "saw", node, len(self._probe.sites) - 1, node)


def _operands(value: ast.expr, *, inside: bool = False) -> Iterator[ast.Call]:
    """The calls that an arithmetic expression is made of."""
    match value:
        case ast.BinOp(left=left, right=right):
            yield from _operands(left, inside=True)
            yield from _operands(right, inside=True)
        case ast.UnaryOp(operand=operand):
            yield from _operands(operand, inside=True)
        case ast.Call() if inside:
            yield value
        case ast.Call(args=[argument]) if callee(value) in ("sqrt", "abs", "log", "exp"):
            yield from _operands(argument, inside=True)


def _watch_loop(loop: AnyLoop, number: int, probe: Probe) -> None:
    if isinstance(loop, ast.While):
        at = loop.test
        # `tests[number]()` runs in C but for the turns that are looked at.
        tests = ast.Subscript(_field(probe, "tests"), ast.Constant(number), ast.Load())
        begun = ast.BoolOp(ast.And(), [ast.Call(tests, [], []), at])
        new = ast.BoolOp(ast.Or(), [begun, _call(probe, "exhausted", at, number)])
        loop.test = _located(new, at)
    elif isinstance(loop, ast.For):
        iterator = _call(probe, "iter", loop.iter, loop.iter)
        loop.iter = _call(probe, "items", loop.iter, number, iterator)
    else:
        iterator = _call(probe, "aiter", loop.iter, loop.iter)
        loop.iter = _call(probe, "async_items", loop.iter, number, iterator)


def _close_behind(block: list[ast.stmt], numbers: Mapping[int, int], probe: Probe) -> list[int]:
    """Put calls where loops may have been left, so that what follows is not taken for a turn.

    Returns the numbers of the loops in the block.
    """
    found: list[int] = []
    for statement in list(block):
        inside = [numbers[id(statement)]] if id(statement) in numbers else []
        for inner in blocks_of(statement):
            inside += _close_behind(inner, numbers, probe)
        if not inside:
            continue
        calls = [
            _located(ast.Expr(_call(probe, "close", statement, number)), statement)
            for number in inside
        ]
        place = block.index(statement) + 1
        block[place:place] = calls
        for handler in getattr(statement, "handlers", ()):
            handler.body[:0] = calls
        if getattr(statement, "finalbody", None):
            statement.finalbody[:0] = calls  # type: ignore[attr-defined]
        found += inside
    return found


def _field(probe: Probe, name: str) -> ast.Attribute:
    return ast.Attribute(ast.Name(probe.name, ast.Load()), name, ast.Load())


def _call(probe: Probe, method: str, at: ast.AST, *arguments: ast.expr | int) -> ast.Call:
    values = [ast.Constant(each) if isinstance(each, int) else each for each in arguments]
    return _located(ast.Call(_field(probe, method), values, []), at)


def _located(new: _Node, at: ast.AST) -> _Node:
    """``new``, with the place of ``at`` wherever it has none of its own."""
    if not hasattr(new, "lineno"):
        ast.copy_location(new, at)
    for child in ast.iter_child_nodes(new):
        if not hasattr(child, "lineno"):
            _located(child, at)
    return new


def _is_known_metric(name: str) -> bool:
    metrics = sys.modules.get("sklearn.metrics")
    return metrics is not None and name in getattr(metrics, "__all__", ())


def _measures(site: CallSite, namespace: Mapping[str, object]) -> bool:
    """Whether what was called is a metric of scikit-learn, or the ``score`` of some object."""
    if isinstance(site.function, ast.Attribute) and site.name == "score":
        return True
    function = _resolve(site.function, namespace)
    if issubclass(type(function), type) or not callable(function):
        return False
    try:
        module = str(getattr(function, "__module__", ""))
    except Exception:  # noqa: BLE001 - an object of the user's own may raise anything
        return False
    return module.startswith(("sklearn.metrics", "torchmetrics"))


def _resolve(node: ast.expr, namespace: Mapping[str, object]) -> object:
    """What a dotted name means, through modules only: asking them has no side effects."""
    if isinstance(node, ast.Name):
        return namespace.get(node.id)
    if isinstance(node, ast.Attribute):
        owner = _resolve(node.value, namespace)
        return vars(owner).get(node.attr) if issubclass(type(owner), type(sys)) else None
    return None
