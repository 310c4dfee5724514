"""What one cell does to names, as far as its text tells: a safe guess, that errs to too much.

The state of a library's random numbers counts as a name of its own, so that seeds
belong to what draws from them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from nbtrack.capture.session.magic_calls import read_magic
from nbtrack.capture.session.nodes import (
    COMPREHENSIONS,
    called_names,
    declared_names,
    default_values,
    dotted_name,
    leaves,
    names_in_pattern,
    names_in_target,
    names_read,
    root_name,
    shared_names,
    stored_names,
)
from nbtrack.capture.session.python import parsed
from nbtrack.capture.session.words import (
    ASKING,
    CHANGES_ITS_ARGUMENT,
    DRAWS_QUIETLY,
    EVERYTHING,
    KNOWN_LIBRARIES,
    OUTPUT_MEMORY,
    PURE_CALLS,
    PURE_METHODS,
    RANDOM_MODULES,
    SEEDS,
    SHELL_NAMESPACE,
    WITHOUT_A_DRAW,
)

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_OUTPUT_NAME = re.compile(r"_\d+|_i\d*|_ii|_iii|_dh|_oh|_ih|__|___")


@dataclass(slots=True)
class Deferred:
    """What happens when a function or class of the session is used: it is not done before.

    Names are those of the session; the fields mean what they mean in `Effects`. The object of
    ``answers`` may be what a call returns, or that of a function among them.
    """

    reads: set[str] = field(default_factory=set)
    changes: set[str] = field(default_factory=set)
    changes_arguments: bool = False
    outside: list[str] = field(default_factory=list)
    passed: dict[str, set[str]] = field(default_factory=dict)
    answers: set[str] = field(default_factory=set)

    def add(self, other: Deferred) -> None:
        """Take in what another does."""
        self.reads |= other.reads
        self.changes |= other.changes
        self.changes_arguments |= other.changes_arguments
        self.outside += other.outside
        self.answers |= other.answers
        for function, names in other.passed.items():
            self.passed.setdefault(function, set()).update(names)


@dataclass(slots=True)
class Effects:
    """What a cell does, in names.

    ``reads`` are needed from before it; ``binds`` it certainly makes anew; ``changes``
    it may bind or change, ``may_bind`` are those of them that it may bind. ``copies`` maps
    a name to those whose object, or a part of it, it may now share, ``results`` to functions
    that may have answered it. ``functions`` are those
    it defines; ``bound_at`` tells what it had bound when a name was first used. ``passed``
    are names handed to calls of session functions, by function. ``outside`` tells what
    comes from where no cell is, ``unsure`` what cannot be followed; ``modules`` are names
    that are imported.
    """

    reads: set[str] = field(default_factory=set)
    binds: set[str] = field(default_factory=set)
    changes: set[str] = field(default_factory=set)
    may_bind: set[str] = field(default_factory=set)
    copies: dict[str, set[str]] = field(default_factory=dict)
    results: dict[str, set[str]] = field(default_factory=dict)
    functions: dict[str, Deferred] = field(default_factory=dict)
    bound_at: dict[str, frozenset[str]] = field(default_factory=dict)
    passed: dict[str, set[str]] = field(default_factory=dict)
    modules: set[str] = field(default_factory=set)
    outside: list[tuple[str, str]] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    changes_anything: bool = False


@lru_cache(maxsize=4096)
def effects_of(text: str) -> Effects:
    """The effects of a cell with that text. What is answered is shared: it must not be changed."""
    tree = parsed(text)
    if tree is None:
        return Effects()  # It could not run.
    reader = _Reader()
    reader.block(tree.body, certain=True)
    return reader.effects


def may_change(text: str) -> set[str]:
    """Names that a cell with that text may bind, or change in place, before it ends."""
    effects = effects_of(text)
    passed = {name for names in effects.passed.values() for name in names}
    return effects.binds | effects.changes | passed


class _Reader:
    """Reads one block of statements from top to bottom."""

    def __init__(self, local: frozenset[str] = frozenset()) -> None:
        self.effects = Effects()
        self._bound: set[str] = set()
        self._local = local

    # Statements

    def block(self, body: list[ast.stmt], *, certain: bool) -> None:
        for statement in body:
            self._statement(statement, certain)

    def _statement(self, node: ast.stmt, certain: bool) -> None:
        match node:
            case ast.Assign(targets=targets, value=value):
                self._expression(value)
                for target in targets:
                    self._bind(target, value, certain)
            case ast.AnnAssign(target=target, value=value):
                if value is not None:
                    self._expression(value)
                    self._bind(target, value, certain)
            case ast.AugAssign(target=target, value=value):
                self._expression(value)
                self._change(target)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self._define(node, certain)
            case ast.Import(names=aliases):
                for alias in aliases:
                    name = alias.asname or alias.name.partition(".")[0]
                    self.effects.modules.add(name)
                    self._bind_name(name, certain)
            case ast.ImportFrom(names=aliases, module=module):
                for alias in aliases:
                    if alias.name == "*":
                        self.effects.changes_anything = True
                        continue
                    name = alias.asname or alias.name
                    if (module or "").partition(".")[0] in KNOWN_LIBRARIES:
                        self.effects.modules.add(name)
                    self._bind_name(name, certain)
            case ast.Delete(targets=targets):
                for target in targets:
                    self._change(target)
            case ast.For(target=target, iter=iterable) | ast.AsyncFor(target=target, iter=iterable):
                self._expression(iterable)
                self._bind(target, iterable, False)
                # A loop over nothing binds nothing; its target is the loop's own all the same.
                self._bound |= names_in_target(target)
                self.block(node.body, certain=False)
                self.block(node.orelse, certain=False)
            case ast.While(test=test) | ast.If(test=test):
                self._expression(test)
                self._branches(node, certain)
            case ast.With(items=items) | ast.AsyncWith(items=items):
                for item in items:
                    self._expression(item.context_expr)
                    if item.optional_vars is not None:
                        self._bind(item.optional_vars, item.context_expr, certain)
                self.block(node.body, certain=certain)
            case ast.Try() | ast.TryStar():
                self._try(node, certain)
            case ast.Match(subject=subject, cases=cases):
                self._expression(subject)
                for case in cases:
                    for name in names_in_pattern(case.pattern):
                        self._bind_name(name, False)
                        self._bound.add(name)
                    if case.guard is not None:
                        self._expression(case.guard)
                    self.block(case.body, certain=False)
            case ast.Global() | ast.Nonlocal() | ast.Pass() | ast.Break() | ast.Continue():
                pass
            case _:
                for child in ast.iter_child_nodes(node):
                    if isinstance(child, ast.expr):
                        self._expression(child)

    def _branches(self, node: ast.If | ast.While, certain: bool) -> None:
        """Both ways: what each of them binds is bound."""
        before = set(self._bound)
        self.block(node.body, certain=False)
        then, self._bound = self._bound, set(before)
        self.block(node.orelse, certain=False)
        self._bound &= then
        if certain and isinstance(node, ast.If):
            self.effects.binds |= (self._bound - before) - self._local

    def _try(self, node: ast.Try | ast.TryStar, certain: bool) -> None:
        before = set(self._bound)
        self.block(node.body, certain=False)
        self.block(node.orelse, certain=False)
        bound = self._bound
        for handler in node.handlers:
            self._bound = set(before)
            if handler.type is not None:
                self._expression(handler.type)
            if handler.name:
                self._bound.add(handler.name)
            self.block(handler.body, certain=False)
            if not leaves(handler.body):
                bound &= self._bound
        self._bound = bound
        if certain:
            self.effects.binds |= (bound - before) - self._local
        self.block(node.finalbody, certain=certain)

    def _define(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, certain: bool
    ) -> None:
        for decorator in node.decorator_list:
            self._expression(decorator)
        deferred = Deferred()
        if isinstance(node, ast.ClassDef):
            for base in (*node.bases, *(keyword.value for keyword in node.keywords)):
                self._expression(base)
                deferred.reads |= names_read(base)
            deferred.add(_deferred_in_class(node, self))
        else:
            for default in default_values(node.args):
                self._expression(default)
            deferred.add(_deferred(node))
            self._keep_defaults(node, deferred)
        deferred.reads |= {n for d in node.decorator_list for n in names_read(d)}
        if (earlier := self.effects.functions.get(node.name)) is not None:
            deferred.add(earlier)  # The cell may have called it in between.
        self.effects.functions[node.name] = deferred
        self._bind_name(node.name, certain)

    def _keep_defaults(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef, deferred: Deferred
    ) -> None:
        """A function that changes its arguments keeps what it did to the defaults of them."""
        kept = [each for each in default_values(node.args) if not isinstance(each, ast.Constant)]
        if kept and deferred.changes_arguments:
            deferred.changes.add(node.name)
            shared = {name for default in kept for name in shared_names(default)}
            self.effects.copies.setdefault(node.name, set()).update(shared)

    # Names

    def _bind(self, target: ast.expr, value: ast.expr | None, certain: bool) -> None:
        match target:
            case ast.Name(id=name):
                self._bind_name(name, certain)
                self._share(name, value)
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                parts = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
                paired = len(parts) == len(elements)
                for place, element in enumerate(elements):
                    self._bind(element, parts[place] if paired else value, certain)
            case ast.Starred(value=inner):
                self._bind(inner, value, certain)
            case _:
                self._change(target)
                root = root_name(target)
                if root is not None:
                    self._share(root, value)

    def _bind_name(self, name: str, certain: bool) -> None:
        if name in self._local:
            return
        if certain:
            self.effects.binds.add(name)
        else:
            self.effects.changes.add(name)
            self.effects.may_bind.add(name)
        self._bound.add(name)

    def _share(self, name: str, value: ast.expr | None) -> None:
        """After ``name = value``, the name may share the object of names in the value."""
        if value is None:
            return
        # A name that is among them keeps what it shared before.
        if shared := shared_names(value):
            self.effects.copies.setdefault(name, set()).update(shared)
        if called := called_names(value):
            self.effects.results.setdefault(name, set()).update(called)
        if isinstance(value, ast.Lambda):
            self.effects.functions[name] = _deferred(value)

    def _change(self, target: ast.expr) -> None:
        """The target's object is changed in place, or a part of it."""
        for child in ast.iter_child_nodes(target):
            if isinstance(child, ast.expr):
                self._expression(child)
        root = root_name(target)
        if root is not None:
            self._read(root)
            self._change_name(root)

    def _change_name(self, name: str) -> None:
        if name not in self._local:
            self.effects.changes.add(name)

    def _read(self, name: str) -> None:
        if name not in self._bound and name not in self._local:
            self.effects.reads.add(name)

    # Expressions

    def _expression(self, node: ast.expr) -> None:
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                if self._bound and name not in self.effects.bound_at:
                    self.effects.bound_at[name] = frozenset(self._bound)
                self._read(name)
                if name in OUTPUT_MEMORY or _OUTPUT_NAME.fullmatch(name):
                    self._outside_output(name)
            case ast.NamedExpr(target=ast.Name(id=name), value=value):
                self._expression(value)
                # Within `a and (b := …)` it may not come to it; what follows reads it all the same.
                self._bind_name(name, False)
                self._share(name, value)
            case ast.Lambda(args=arguments):
                for default in default_values(arguments):
                    self._expression(default)
                deferred = _deferred(node)
                for name in deferred.reads:
                    self._read(name)
                self.effects.changes |= deferred.changes
            case _ if isinstance(node, COMPREHENSIONS):
                self._comprehension(node)
            case ast.Call():
                self._call(node)
            case ast.Attribute(value=ast.Call(func=ast.Name(id="get_ipython")), attr=attribute):
                if attribute in SHELL_NAMESPACE:
                    self._may_do_anything(f"get_ipython().{attribute}")
            case _:
                for child in ast.iter_child_nodes(node):
                    if isinstance(child, ast.expr):
                        self._expression(child)

    def _comprehension(self, node: ast.expr) -> None:
        own: set[str] = set()
        generators: list[ast.comprehension] = node.generators  # type: ignore[attr-defined]
        for generator in generators:
            own |= names_in_target(generator.target)
        inner = _Reader(self._local | frozenset(own - self._bound))
        inner._bound = self._bound | own
        inner.effects = self.effects
        for generator in generators:
            inner._expression(generator.iter)
            for condition in generator.ifs:
                inner._expression(condition)
        parts = (
            (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)  # type: ignore[attr-defined]
        )
        for part in parts:
            inner._expression(part)
        self._bound |= inner._bound - own

    def _call(self, node: ast.Call) -> None:
        if self._magic(node):
            return
        arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
        for argument in arguments:
            self._expression(argument.value if isinstance(argument, ast.Starred) else argument)
        self._expression(node.func)
        dotted = dotted_name(node.func)
        self._random(dotted)
        last = dotted.rpartition(".")[2]
        if last in ASKING:
            self.effects.outside.append((last, f"{last}() asks somebody"))
        if dotted in EVERYTHING:
            self._may_do_anything(f"{dotted}()")
        named = {root for each in arguments for root in shared_names(each)}
        match node.func:
            case ast.Attribute(value=receiver, attr=method):
                root = root_name(receiver)
                if dotted in PURE_CALLS:
                    pass
                elif root is None and method not in PURE_METHODS:
                    # `Model(layers).fit()` may change what the object was made of.
                    self.effects.passed.setdefault(".", set()).update(shared_names(receiver))
                elif root is None:
                    pass
                elif last in CHANGES_ITS_ARGUMENT:
                    for name in named:
                        self._change_name(name)
                elif method not in PURE_METHODS:
                    self.effects.passed.setdefault(f"{root}.", set()).add(root)
            case ast.Name(id=function):
                if function in CHANGES_ITS_ARGUMENT:
                    for name in named:
                        self._change_name(name)
                elif function not in PURE_CALLS and not function[:1].isupper():
                    self.effects.passed.setdefault(function, set()).update(named)
            case _:
                kept = shared_names(node.func)
                self.effects.passed.setdefault(".", set()).update(kept | named)

    def _random(self, dotted: str) -> None:
        for module, state in RANDOM_MODULES.items():
            if dotted.startswith(f"{module}."):
                called = dotted.rpartition(".")[2]
                if called in SEEDS:
                    self.effects.binds.add(state)
                    self._bound.add(state)
                elif called not in WITHOUT_A_DRAW:
                    self._read(state)
                    self.effects.changes.add(state)
        if dotted.rpartition(".")[2] in DRAWS_QUIETLY:
            for state in set(RANDOM_MODULES.values()):
                self._read(state)

    def _outside_output(self, name: str) -> None:
        if name in self._bound:
            return
        told = "is what an earlier cell has shown; assign it to a name there"
        self.effects.outside.append((name, f"`{name}` {told}"))

    # What IPython makes of magics

    def _magic(self, node: ast.Call) -> bool:
        found = read_magic(node)
        if found is None:
            return False
        if found.python is not None:
            tree = parsed(found.python)
            if tree is not None:
                self.block(tree.body, certain=True)
        for name in found.binds:
            self._bind_name(name, True)
            self.effects.outside.append((name, f"`{name}` comes from {found.said}"))
        if found.outside:
            self.effects.outside.append(("", found.outside))
        if found.changes_anything:
            self._may_do_anything(found.said)
        return True

    def _may_do_anything(self, said: str) -> None:
        self.effects.changes_anything = True
        self.effects.unsure.append(f"{said} may do anything")


# Functions and classes


def _deferred(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> Deferred:
    arguments = node.args
    every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    parameters = {argument.arg for argument in every}
    parameters |= {a.arg for a in (arguments.vararg, arguments.kwarg) if a is not None}
    body: list[ast.stmt] = node.body if isinstance(node.body, list) else [ast.Expr(node.body)]
    declared = set(declared_names(body))
    local = frozenset((parameters | set(stored_names(body))) - declared)
    reader = _Reader(local)
    reader.block(body, certain=False)
    found = Deferred(set(reader.effects.reads), reader.effects.changes | reader.effects.binds)
    for deferred in reader.effects.functions.values():
        found.reads |= deferred.reads - local
        found.changes |= deferred.changes - local
        for function, names in deferred.passed.items():
            found.passed.setdefault(function, set()).update(names - local)
    for function, names in reader.effects.passed.items():
        found.passed[function] = names - local
    found.answers = _answers(node, reader.effects.copies) - local
    found.changes_arguments = bool(parameters & _changed_in(body))
    found.outside = [reason for _, reason in reader.effects.outside]
    return found


def _answers(
    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, copies: Mapping[str, set[str]]
) -> set[str]:
    """Names whose objects a call may return, and functions whose answers it passes on."""
    if isinstance(node, ast.Lambda):
        returned = [node.body]
    else:
        ends = (ast.Return, ast.Yield, ast.YieldFrom)
        returned = [e.value for e in ast.walk(node) if isinstance(e, ends) and e.value is not None]
    found: set[str] = set()
    waiting = [name for each in returned for name in shared_names(each) | called_names(each)]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += copies.get(name, ())
    return found


def _deferred_in_class(node: ast.ClassDef, outer: _Reader) -> Deferred:
    """What methods do when they are called; what the class body reads is read at once."""
    found = Deferred()
    own = frozenset(stored_names(node.body))
    body = _Reader(own)
    for statement in node.body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
            found.add(_deferred(statement))
            for default in (*default_values(statement.args), *statement.decorator_list):
                body._expression(default)
        else:
            body._statement(statement, False)
    for name in body.effects.reads:
        outer._read(name)
    # A method changes its own object: who calls it is told by the call.
    found.changes_arguments = False
    return found


def _changed_in(body: list[ast.stmt]) -> set[str]:
    """Names whose objects a body changes in place: not those that it only binds anew."""
    changed: set[str] = set()
    for node in (child for statement in body for child in ast.walk(statement)):
        match node:
            case ast.AugAssign(target=target):
                changed.add(root_name(target) or "")
            case ast.Assign(targets=targets):
                changed |= {root_name(t) or "" for t in targets if not isinstance(t, ast.Name)}
            case ast.Delete(targets=targets):
                changed |= {root_name(t) or "" for t in targets if not isinstance(t, ast.Name)}
            case ast.Call(func=ast.Attribute(value=receiver, attr=method)):
                if method not in PURE_METHODS:
                    changed |= shared_names(receiver)
            case ast.Call(func=ast.Call() as function_made, args=arguments):
                for each in (function_made, *arguments):
                    changed |= shared_names(each)
            case ast.Call(func=ast.Name(id=function), args=arguments):
                if function not in PURE_CALLS and not function[:1].isupper():
                    changed |= {name for each in arguments for name in shared_names(each)}
    return changed
