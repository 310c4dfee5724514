"""What the text of a cell says by itself: the names it reads and assigns, and how.

Nothing here runs or looks at values. Only the top level of the cell counts as
assigning, with the blocks of ``if``, ``for``, ``while``, ``with`` and ``try`` in it:
what a function or class assigns inside is its own.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

# Names that say metric: whole words of a name split at underscores and digits.
METRIC_WORDS = frozenset(
    """
    acc accuracy auc auroc auprc ap map mrr ndcg loss losses nll elbo error err score scores f1
    precision recall specificity sensitivity rmse mse mae mape msle r2 r bleu rouge meteor wer
    cer iou dice psnr ssim fid perplexity ppl kappa mcc brier gini logloss top1 top5 hits reward
    return correct coverage bias variance silhouette inertia
    """.split()
)

# Words that make a setting of a constant, whatever metric the name speaks of: `loss_weight = 0.5`.
_SETTING_WORDS = frozenset(
    """
    threshold weight weights scale rate ratio fn func function type kind coef tol tolerance
    target margin penalty smoothing eps epsilon alpha beta min max goal name metric every
    interval
    """.split()
)

# Calls that show or keep a number: a number given to them is still a result, not a setting.
_REPORTING = frozenset(
    """
    print display round float int str repr format abs len min max sum sorted isinstance type
    append extend insert add log info debug warning error write set_postfix set_description
    update add_scalar add_scalars log_metric log_metrics item mean std sqrt exp log10 log2 isnan
    isfinite tolist allclose isclose bool zip enumerate list tuple dict set put title text
    annotate set_title axhline axvline plot bar scatter show hist
    """.split()
)


def says_metric(name: str) -> bool:
    """Whether a name reads as that of a metric: ``val_loss``, ``accuracy``, ``f1``."""
    return not METRIC_WORDS.isdisjoint(_words(name))


def states_metric(name: str, value: object) -> bool:
    """Whether a constant is a result written down (``accuracy = 0.93``) rather than a setting."""
    return (
        isinstance(value, float) and says_metric(name) and _SETTING_WORDS.isdisjoint(_words(name))
    )


def _words(name: str) -> set[str]:
    found = re.findall(r"[A-Z]?[a-z]+\d*|[A-Z]+(?![a-z])\d*", name)
    return {word.lower() for word in found}


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


@dataclass(slots=True)
class CellSyntax:
    """The names of one cell, each in the order in which it first appears."""

    reads: dict[str, None] = field(default_factory=dict)
    assigned: dict[str, int] = field(default_factory=dict)  # name: line of the first assignment
    constants: dict[str, object] = field(default_factory=dict)
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
        if (found := _read_candidates(loop)) is not None:
            syntax.candidates.append(found)
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        syntax.last = tree.body[-1].value
    return syntax


AnyLoop = ast.For | ast.AsyncFor | ast.While


def top_loops(tree: ast.Module) -> list[AnyLoop]:
    """The outermost loops of the cell, also those inside ``if``, ``with`` and ``try``, in order."""
    found: list[AnyLoop] = []

    def search(block: list[ast.stmt]) -> None:
        for statement in block:
            if isinstance(statement, AnyLoop):
                found.append(statement)
            elif isinstance(statement, (ast.If, ast.With, ast.AsyncWith, ast.Try, ast.TryStar)):
                for inner in blocks_of(statement):
                    search(inner)

    search(tree.body)
    return found


def blocks_of(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The blocks of statements directly inside a compound statement."""
    for name in ("body", "orelse", "finalbody"):
        block = getattr(statement, name, None)
        if block:
            yield block
    for handler in getattr(statement, "handlers", ()):
        yield handler.body
    for case in getattr(statement, "cases", ()):
        yield case.body


def constant_value(node: ast.expr) -> tuple[bool, object]:
    """Whether an expression is constant (``-1e-3``, ``2**7``, ``(1, "a")``), and its value."""
    match node:
        case ast.Constant(value=value) if value is not Ellipsis and not isinstance(value, bytes):
            return True, value
        case ast.UnaryOp(op=ast.USub() | ast.UAdd() | ast.Not(), operand=operand):
            is_constant, inner = constant_value(operand)
            if not is_constant or isinstance(inner, (str, tuple)) or inner is None:
                return False, None
            if isinstance(node.op, ast.Not):
                return True, not inner
            return True, -inner if isinstance(node.op, ast.USub) else inner  # type: ignore[operator]
        case ast.BinOp(left=left, op=op, right=right):
            (is_left, a), (is_right, b) = constant_value(left), constant_value(right)
            if is_left and is_right:
                return _calculated(op, a, b)
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
            case ast.Pow() if abs(b) <= 1000 and abs(a) <= 10**6:
                return True, a**b
    except (ArithmeticError, ValueError):
        pass
    return False, None


def callee(node: ast.Call) -> str:
    """The last name of what is called: ``score`` for ``model.score(…)``."""
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


class _Reader(ast.NodeVisitor):
    """Walks the cell in the order of execution, as far as that can be told."""

    def __init__(self, syntax: CellSyntax) -> None:
        self._syntax = syntax
        self._hidden: list[set[str]] = []  # parameters of the functions and comprehensions around
        self._loop_depth = 0

    def block(self, statements: list[ast.stmt]) -> None:
        for statement in statements:
            self.visit(statement)

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
        name = callee(node)
        if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
            owner = node.func.value.id
            if name in ("append", "extend", "update", "setdefault", "insert", "add", "pop"):
                self._syntax.filled.add(owner)
            if name in ("fit", "partial_fit", "fit_transform", "fit_predict", "train"):
                self._syntax.fitted.add(owner)
        for keyword in node.keywords:
            inside = {n.id for n in ast.walk(keyword.value) if isinstance(n, ast.Name)}
            if keyword.arg and inside:
                self._syntax.handed_on.setdefault(keyword.arg, set()).update(inside)
        if name and name not in _REPORTING:
            values = [*node.args, *(keyword.value for keyword in node.keywords)]
            names = [each.id for each in values if isinstance(each, ast.Name)]
            self._syntax.passed.update(names)

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
                for names in (self._syntax.constants, self._syntax.computed):
                    names.pop(target.id, None)
            else:
                self.visit(target)

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        match target:
            case ast.Name(id=name):
                is_constant, constant = constant_value(value)
                if is_constant and not self._loop_depth and name not in self._syntax.computed:
                    self._syntax.assigned.setdefault(name, target.lineno)
                    self._syntax.constants[name] = constant
                elif not is_constant or name in self._syntax.computed:
                    self._computed(name, target.lineno)
                    if self._is_timed(value):
                        self._syntax.timed.add(name)
                    if _is_lookup(value):
                        self._syntax.looked_up.add(name)
                else:
                    self._syntax.assigned.setdefault(name, target.lineno)
                    self._syntax.constants.pop(name, None)
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                parts: list[ast.expr | None] = [None] * len(elements)
                same_shape = isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(
                    elements
                )
                if same_shape and not any(isinstance(e, ast.Starred) for e in elements):
                    parts = list(value.elts)  # type: ignore[attr-defined]
                for element, part in zip(elements, parts, strict=True):
                    # What is unpacked from a call is computed.
                    self._assign(element, part if part is not None else value)
            case ast.Starred(value=inner):
                self._assign(inner, value)
            case ast.Subscript(value=ast.Name(id=name)) | ast.Attribute(value=ast.Name(id=name)):
                self._syntax.filled.add(name)
                self.visit(target)
            case _:
                self.visit(target)

    def _computed(self, name: str, line: int) -> None:
        self._syntax.assigned.setdefault(name, line)
        self._syntax.computed.setdefault(name, line)
        self._syntax.constants.pop(name, None)

    def _is_timed(self, value: ast.expr) -> bool:
        for node in ast.walk(value):
            if isinstance(node, ast.Name) and node.id in (
                *self._syntax.timed,
                "time",
                "perf_counter",
            ):
                return True
            if isinstance(node, ast.Attribute) and node.attr in ("perf_counter", "monotonic"):
                return True
        return False

    # Blocks

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
        self.block(node.orelse)

    def visit_With(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            self.visit(item.context_expr)
            if item.optional_vars is not None:
                for name in names_in(item.optional_vars):
                    self._define(name, node.lineno)
        self.block(node.body)

    visit_AsyncWith = visit_With

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias in node.names:
            self._define((alias.asname or alias.name).partition(".")[0], node.lineno)

    visit_ImportFrom = visit_Import

    def _define(self, name: str, line: int) -> None:
        self._syntax.assigned.setdefault(name, line)
        self._syntax.defined.add(name)

    # Scopes of their own

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        for each in (*node.decorator_list, *node.args.defaults, *node.args.kw_defaults):
            if each is not None:
                self.visit(each)
        self._define(node.name, node.lineno)
        self._inside(node.args, node.body)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node: ast.Lambda) -> None:
        for each in (*node.args.defaults, *node.args.kw_defaults):
            if each is not None:
                self.visit(each)
        self._inside(node.args, [ast.Expr(node.body)])

    def _inside(self, arguments: ast.arguments, body: list[ast.stmt]) -> None:
        """Read what a function reads from outside; what it assigns is its own."""
        own = {argument.arg for argument in ast.walk(arguments) if isinstance(argument, ast.arg)}
        loads: list[ast.Name] = []
        for statement in body:
            for node in ast.walk(statement):
                if isinstance(node, ast.Name):
                    if isinstance(node.ctx, ast.Load):
                        loads.append(node)
                    else:
                        own.add(node.id)
        for load in loads:
            if load.id not in own:
                self._read(load.id)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        for each in (*node.bases, *(k.value for k in node.keywords), *node.decorator_list):
            self.visit(each)
        self._define(node.name, node.lineno)
        self._inside(ast.arguments([], [], None, [], [], None, []), node.body)

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


def _is_lookup(value: ast.expr) -> bool:
    """Whether an expression only takes a field: ``cfg["lr"]``, ``args.model.depth``, ``other``."""
    match value:
        case ast.Name():
            return True
        case (
            ast.Attribute(value=owner) | ast.Subscript(value=owner, slice=ast.Constant(value=str()))
        ):
            return _is_lookup(owner)
    return False


def names_in(target: ast.expr) -> list[str]:
    """The names that a target binds."""
    return [
        node.id
        for node in ast.walk(target)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]


def _read_loop(loop: AnyLoop) -> Loop:
    inside = CellSyntax()
    reader = _Reader(inside)
    reader.block(loop.body)
    targets = set(inside.loop_targets)
    label = "while"
    if not isinstance(loop, ast.While):
        targets.update(names_in(loop.target))
        label = f"for {ast.unparse(loop.target)}"
    names = [
        name
        for name in inside.computed
        if name not in targets and not name.startswith("_") and name not in inside.timed
        if name not in inside.passed or says_metric(name)
    ]
    return Loop(loop.lineno, label, frozenset(targets), tuple(names))


def _read_candidates(loop: AnyLoop) -> Candidates | None:
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


def computed_lines(tree: ast.Module, names: Mapping[str, object]) -> dict[str, int]:
    """For each of ``names``, the first line where the cell binds it other than by a constant."""
    found: dict[str, int] = {}

    def bind(target: ast.expr, value: ast.expr | None) -> None:
        match target:
            case ast.Name(id=name):
                if name in names and (value is None or not constant_value(value)[0]):
                    found.setdefault(name, target.lineno)
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                parts: list[ast.expr | None] = [None] * len(elements)
                if isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(elements):
                    parts = list(value.elts)
                for element, part in zip(elements, parts, strict=True):
                    bind(element, part)
            case ast.Starred(value=inner):
                bind(inner, None)

    scopes = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)

    def walk(node: ast.AST) -> None:
        match node:
            case ast.Assign():
                for target in node.targets:
                    bind(target, node.value)
            case ast.AnnAssign(value=ast.expr()):
                bind(node.target, node.value)
            case ast.AugAssign() | ast.NamedExpr() | ast.For() | ast.AsyncFor():
                bind(node.target, None)
            case ast.withitem(optional_vars=ast.expr() as target):
                bind(target, None)
            case ast.Import() | ast.ImportFrom():
                for alias in node.names:
                    name = (alias.asname or alias.name).partition(".")[0]
                    if name in names:
                        found.setdefault(name, node.lineno)
        if isinstance(node, scopes):
            name = getattr(node, "name", "")
            if name in names:
                found.setdefault(name, node.lineno)
            return
        for child in ast.iter_child_nodes(node):
            walk(child)

    walk(tree)
    return found
