"""The cell's tree as it will run: constants overridden, loops and measuring calls watched.

Every change is made in place of an expression, at its own line; no statement of
the user's moves, so that tracebacks stay true. Bodies of functions, lambdas and
generator expressions are left alone: they may run when nobody watches any more.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field

from nbtrack.capture.scalars import as_measurement
from nbtrack.capture.syntax import AnyLoop, callee, constant_value, says_metric, top_loops
from nbtrack.capture.turns import LoopWatch

PROBE = "__nbtrack__"


@dataclass(frozen=True, slots=True)
class CallSite:
    """A call that may measure. ``target`` is the name to which it is directly assigned."""

    name: str
    receiver: str
    function: ast.expr
    target: str


@dataclass(slots=True)
class Probe:
    """What the transformed cell calls while it runs, under the name ``__nbtrack__``."""

    namespace: Mapping[str, object]
    loops: list[LoopWatch]
    sites: list[CallSite] = field(default_factory=list)
    seen: dict[int, float] = field(default_factory=dict)
    tests: dict[int, Callable[[], bool]] = field(default_factory=dict)  # of ``while`` loops

    def __post_init__(self) -> None:
        self.tests.update((number, loop.test()) for number, loop in enumerate(self.loops))

    def items(self, loop: int, iterable: object) -> Iterator[object]:
        """The items of a ``for``."""
        return self.loops[loop].items(iterable)  # type: ignore[arg-type]

    def async_items(self, loop: int, iterable: object) -> AsyncIterator[object]:
        """The items of an ``async for``."""
        return self.loops[loop].async_items(iterable)  # type: ignore[arg-type]

    def close(self, loop: int) -> None:
        """Stands behind a loop."""
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
            _watch_loop(loop, number)
        _close_after(tree, {id(loop): number for number, loop in enumerate(loops)})
    return ast.fix_missing_locations(tree)


class _Override(ast.NodeTransformer):
    """Replaces the constants that the cell assigns to overridden names."""

    def __init__(self, overrides: Mapping[str, object]) -> None:
        self._overrides = overrides

    def visit_Assign(self, node: ast.Assign) -> ast.Assign:
        for target in node.targets:
            if isinstance(target, ast.Name) and target.id in self._overrides:
                node.value = self._constant(target.id, node.value)
            elif isinstance(target, (ast.Tuple, ast.List)) and isinstance(
                node.value, (ast.Tuple, ast.List)
            ):
                for place, element in enumerate(target.elts[: len(node.value.elts)]):
                    if isinstance(element, ast.Name) and element.id in self._overrides:
                        old = node.value.elts[place]
                        node.value.elts[place] = self._constant(element.id, old)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AnnAssign:
        if isinstance(node.target, ast.Name) and node.target.id in self._overrides and node.value:
            node.value = self._constant(node.target.id, node.value)
        return node

    def _constant(self, name: str, old: ast.expr) -> ast.expr:
        is_constant, _ = constant_value(old)
        if not is_constant:
            return old
        new = ast.parse(repr(self._overrides[name]), mode="eval").body
        for node in ast.walk(new):
            ast.copy_location(node, old)
        return new

    def _leave(self, node: ast.AST) -> ast.AST:
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = visit_Lambda = _leave


class _WatchCalls(ast.NodeTransformer):
    """Passes the results of calls that may measure through `Probe.saw`."""

    def __init__(self, probe: Probe) -> None:
        self._probe = probe
        self._targets: dict[int, str] = {}

    def visit_Assign(self, node: ast.Assign) -> ast.AST:
        if len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            self._targets[id(node.value)] = node.targets[0].id
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        name = callee(node)
        target = self._targets.get(id(node), "")
        self.generic_visit(node)
        if not name or not (says_metric(name) or _is_known_metric(name)):
            return node
        receiver = ""
        if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
            receiver = node.func.value.id
        self._probe.sites.append(CallSite(name, receiver, node.func, target))
        return _call(node, "saw", len(self._probe.sites) - 1, node)

    def _leave(self, node: ast.AST) -> ast.AST:
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = _leave
    visit_Lambda = visit_GeneratorExp = _leave


def _watch_loop(loop: AnyLoop, number: int) -> None:
    if isinstance(loop, ast.While):
        test = _test(loop.test, number)
        loop.test = ast.copy_location(ast.BoolOp(ast.And(), [test, loop.test]), loop.test)
    else:
        name = "async_items" if isinstance(loop, ast.AsyncFor) else "items"
        loop.iter = _call(loop.iter, name, number, loop.iter)


def _close_after(node: ast.AST, numbers: Mapping[int, int]) -> None:
    """Put a call behind every watched loop: what is assigned later is not of its last turn."""
    for name in ("body", "orelse", "finalbody", "handlers"):
        block = getattr(node, name, None)
        if not isinstance(block, list):
            continue
        changed: list[ast.AST] = []
        for statement in block:
            changed.append(statement)
            if id(statement) in numbers:
                close = ast.Expr(_call(statement, "close", numbers[id(statement)]))
                changed.append(ast.copy_location(close, statement))
            elif isinstance(
                statement,
                (ast.If, ast.With, ast.AsyncWith, ast.Try, ast.TryStar, ast.ExceptHandler),
            ):
                _close_after(statement, numbers)
        setattr(node, name, changed)


def _call(at: ast.AST, method: str, number: int, *arguments: ast.expr) -> ast.Call:
    function = ast.Attribute(ast.Name(PROBE, ast.Load()), method, ast.Load())
    call = ast.Call(function, [ast.Constant(number), *arguments], [])
    for node in (function.value, function, call.args[0], call):
        ast.copy_location(node, at)
    return call


def _test(at: ast.expr, number: int) -> ast.Call:
    """``__nbtrack__.tests[number]()``, which runs in C but for the turns that are looked at."""
    tests = ast.Attribute(ast.Name(PROBE, ast.Load()), "tests", ast.Load())
    call = ast.Call(ast.Subscript(tests, ast.Constant(number), ast.Load()), [], [])
    for node in ast.walk(call):
        ast.copy_location(node, at)
    return call


def _is_known_metric(name: str) -> bool:
    metrics = sys.modules.get("sklearn.metrics")
    return metrics is not None and name in getattr(metrics, "__all__", ())


def _measures(site: CallSite, namespace: Mapping[str, object]) -> bool:
    """Whether what was called is a metric of scikit-learn, or the ``score`` of some object."""
    if isinstance(site.function, ast.Attribute) and site.name == "score":
        return True
    function = _resolve(site.function, namespace)
    return str(getattr(function, "__module__", "")).startswith(("sklearn.metrics", "torchmetrics"))


def _resolve(node: ast.expr, namespace: Mapping[str, object]) -> object:
    """What a dotted name means. Only modules are gone through: nothing is run by that."""
    if isinstance(node, ast.Name):
        return namespace.get(node.id)
    if isinstance(node, ast.Attribute):
        owner = _resolve(node.value, namespace)
        module = type(sys)
        return getattr(owner, node.attr, None) if isinstance(owner, module) else None
    return None
