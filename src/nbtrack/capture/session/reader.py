"""Reads what a cell does off its text: a safe guess, that errs to too much."""

from __future__ import annotations

import ast
import re
from functools import lru_cache

from nbtrack.capture.session.effects import Argument, Deferred, Effects, Names
from nbtrack.capture.session.functions import (
    Scope,
    deferred_class,
    deferred_function,
    seen_from_outside,
)
from nbtrack.capture.session.magic_calls import read_magic
from nbtrack.capture.session.nodes import (
    COMPREHENSIONS,
    called_names,
    children,
    default_values,
    dotted_name,
    leaves,
    maker,
    names_in_pattern,
    names_in_target,
    names_read,
    root_name,
    shared_names,
    stored_names,
)
from nbtrack.capture.session.outside import SHOWS_TIME, brought_in, is_clock
from nbtrack.capture.session.python import parsed
from nbtrack.capture.session.record import Record
from nbtrack.capture.session.standing import disk_use, setting_by_assignment, setting_by_call
from nbtrack.capture.session.words import (
    CHANGES_ITS_ARGUMENT,
    EVERYTHING,
    ITERATES,
    ITERATORS,
    KNOWN_LIBRARIES,
    OUTPUT_MEMORY,
    SEEDS,
    SHELL_NAMESPACE,
)

_OUTPUT_NAME = re.compile(r"_\d+|_i\d*|_ii|_iii|_dh|_oh|_ih|__|___")
_WORD = re.compile(r"[A-Za-z_]\w*")
# Methods whose text names variables: pandas' and DuckDB's.
_QUERIES = frozenset("query eval sql execute from_query".split())
# Arguments that make a call change its object, or what it is given, in place.
_IN_PLACE = frozenset(("inplace", "out"))


@lru_cache(maxsize=4096)
def effects_of(text: str) -> Effects:
    """The effects of a cell with that text. What is answered is shared: it must not be changed."""
    tree = parsed(text)
    if tree is None:
        return Effects()  # It could not run.
    reader = _Reader()
    reader.block(tree.body, certain=True)
    return reader.effects


def _read_block(body: list[ast.stmt], local: Names) -> tuple[Effects, set[str]]:
    reader = _Reader(local)
    reader.block(body, certain=False)
    return reader.effects, reader.changed_locals


class _Reader(Record):
    """Reads one block of statements from top to bottom."""

    # Statements

    def block(self, body: list[ast.stmt], *, certain: bool) -> None:
        for statement in body:
            self._statement(statement, certain)

    def _statement(self, node: ast.stmt, certain: bool) -> None:
        match node:
            case ast.Assign(targets=targets, value=value):
                if is_clock(value):
                    with self._showing():
                        self._expression(value)
                else:
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
                    package = alias.name.partition(".")[0]
                    name = alias.asname or package
                    self.effects.modules.add(name)
                    self._import(name, package, certain)
            case ast.ImportFrom(names=aliases, module=module):
                for alias in aliases:
                    if alias.name == "*":
                        self.effects.changes_anything = True
                        continue
                    name = alias.asname or alias.name
                    package = (module or "").partition(".")[0]
                    if package in KNOWN_LIBRARIES:
                        self.effects.modules.add(name)
                    self._import(name, package, certain)
            case ast.Delete(targets=targets):
                for target in targets:
                    self._change(target)
            case ast.For(target=target, iter=iterable) | ast.AsyncFor(target=target, iter=iterable):
                self._expression(iterable)
                self._go_through(iterable)
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
            case ast.Expr(value=value) if is_clock(value):
                with self._showing():
                    self._expression(value)
            case ast.Global() | ast.Nonlocal() | ast.Pass() | ast.Break() | ast.Continue():
                pass
            case _:
                for child in children(node):
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
        if isinstance(node, ast.ClassDef):
            for base in (*node.bases, *(keyword.value for keyword in node.keywords)):
                self._expression(base)
            deferred = deferred_class(node, _read_block)
            deferred.body.reads |= {name for base in node.bases for name in names_read(base)}
            self._class_body(node)
        else:
            for default in default_values(node.args):
                self._expression(default)
            deferred = deferred_function(node, _read_block)
            self._keep_defaults(node, deferred)
        deferred.body.reads |= {n for d in node.decorator_list for n in names_read(d)}
        if (earlier := self.effects.functions.get(node.name)) is not None:
            deferred = deferred.and_also(earlier)  # The cell may have called it in between.
        self.effects.functions[node.name] = deferred
        self._bind_name(node.name, certain)

    def _class_body(self, node: ast.ClassDef) -> None:
        """What stands in a class beside its methods is done when it is defined."""
        own = frozenset(stored_names(node.body))
        body = _Reader(own | self._local)
        for statement in node.body:
            if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
                for default in (*default_values(statement.args), *statement.decorator_list):
                    body._expression(default)
            else:
                body._statement(statement, False)
        for name in body.effects.reads:
            self._read(name)
        body.effects.reads = set()
        self.effects.does_too(body.effects)

    def _keep_defaults(
        self, node: ast.FunctionDef | ast.AsyncFunctionDef, deferred: Deferred
    ) -> None:
        """A function that changes its arguments keeps what it did to the defaults of them."""
        kept = [each for each in default_values(node.args) if not isinstance(each, ast.Constant)]
        if kept and (deferred.changed or deferred.body.passed):
            deferred.body.changes.add(node.name)
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
                self._change(target, value)
                root = root_name(target)
                if root is not None:
                    self._share(root, value)

    def _share(self, name: str, value: ast.expr | None) -> None:
        """After ``name = value``, the name may share the object of names in the value."""
        if value is None:
            return
        effects = self.effects
        # A name that is among them keeps what it shared before.
        if shared := shared_names(value):
            effects.copies.setdefault(name, set()).update(shared)
        if called := called_names(value):
            effects.results.setdefault(name, set()).update(called)
        effects.made_of.setdefault(name, set()).update(names_read(value))
        made = maker(value)
        if isinstance(made, ast.Name):
            effects.built_by[name] = made.id
        elif isinstance(made, ast.Call) and _is_class_name(dotted_name(made.func)):
            effects.built_by[name] = root_name(made.func) or ""
        if isinstance(value, ast.GeneratorExp) or _last(value) in ITERATORS:
            effects.iterators.add(name)
        if is_clock(value):
            effects.clocks.add(name)
        if isinstance(value, ast.Lambda):
            effects.functions[name] = deferred_function(value, _read_block)

    def _change(self, target: ast.expr, value: ast.expr | None = None) -> None:
        """The target's object is changed in place, or a part of it."""
        for child in children(target):
            if isinstance(child, ast.expr):
                self._expression(child)
        root = root_name(target)
        if root is not None:
            self._read(root)
            self._change_name(root)
        given = names_read(value) if value is not None else {root or ""}
        if (setting := setting_by_assignment(target, given)) is not None:
            self.effects.settings.append(setting)

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
                does = Effects()
                does.does_too(deferred_function(node, _read_block).body)
                for name in does.reads:
                    self._read(name)
                does.reads = set()
                self.effects.does_too(does)
            case _ if isinstance(node, COMPREHENSIONS):
                self._comprehension(node)
            case ast.Call():
                self._call(node)
            case ast.BinOp(op=ast.Sub()) | ast.JoinedStr():
                with self._showing():
                    self._children(node)
            case ast.Subscript(
                value=ast.Attribute(attr="environ"), slice=ast.Constant(value=str(name))
            ):
                told = f"`{name}` comes from the environment of the process"
                self.effects.outside.append((name, told))
                self._children(node)
            case ast.Attribute(value=ast.Call(func=ast.Name(id="get_ipython")), attr=attribute):
                if attribute in SHELL_NAMESPACE:
                    self._may_do_anything(f"get_ipython().{attribute}")
            case _:
                self._children(node)

    def _children(self, node: ast.AST) -> None:
        for child in children(node):
            if isinstance(child, ast.expr):
                self._expression(child)

    def _comprehension(self, node: ast.expr) -> None:
        own: set[str] = set()
        generators: list[ast.comprehension] = node.generators  # type: ignore[attr-defined]
        for generator in generators:
            own |= names_in_target(generator.target)
        inner = _Reader(self._local | own)
        inner._bound = self._bound | own
        for generator in generators:
            inner._expression(generator.iter)
            if not isinstance(node, ast.SetComp):
                inner._go_through(generator.iter)
            for name in names_in_target(generator.target):
                inner._share(name, generator.iter)
            for condition in generator.ifs:
                inner._expression(condition)
        parts = (
            (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)  # type: ignore[attr-defined]
        )
        for part in parts:
            inner._expression(part)
        scope = Scope(frozenset(own), frozenset(), inner.effects)
        changed = scope.meant(inner.effects.changes | inner.changed_locals)
        does = seen_from_outside(inner.effects, scope, changed)
        self.changed_locals |= does.changes & self._local
        does.changes -= self._local
        self.effects.does_too(does)
        self.effects.may_bind |= inner.effects.may_bind
        for name, sources in does.copies.items():
            self.effects.copies.setdefault(name, set()).update(sources)
        self._bound |= inner._bound - own

    def _call(self, node: ast.Call) -> None:
        if self._magic(node):
            return
        function, dotted = node.func, dotted_name(node.func)
        last = dotted.rpartition(".")[2]
        values = [_plain(each) for each in (*node.args, *(k.value for k in node.keywords))]
        if last in SHOWS_TIME:
            with self._showing():
                self._each(values)
        else:
            self._each(values)
        self._expression(function)
        self._standing(node, dotted)
        arguments = _arguments(node)
        named = {name for each in arguments for name in each.shared}
        if last in ITERATES:
            for value in values:
                self.effects.iterated |= shared_names(value)
            if last in ("list", "tuple", "enumerate", "join", "next", "iter", "zip"):
                for value in values:
                    self._go_through(value)
        if last in CHANGES_ITS_ARGUMENT or (last.endswith("_") and not last.startswith("_")):
            self._mix(named)
        for keyword in node.keywords:
            if keyword.arg in _IN_PLACE and not _is_off(keyword.value):
                self._mix(shared_names(keyword.value) | shared_names(function))
        lambdas = [each for each in values if isinstance(each, ast.Lambda)]
        self._pass(function, arguments, tuple(deferred_function(e, _read_block) for e in lambdas))

    def _each(self, nodes: list[ast.expr]) -> None:
        for node in nodes:
            self._expression(node)

    def _standing(self, node: ast.Call, dotted: str) -> None:
        """What the call brings in, and what it leaves outside of names."""
        effects = self.effects
        is_seed = dotted.rpartition(".")[2] in SEEDS
        setting = None if is_seed else setting_by_call(node)
        if setting is not None:
            effects.settings.append(setting)
        else:
            self._random(dotted)
        if (brought := brought_in(node)) is not None:
            effects.outside.append(brought)
        if is_clock(node) and not self._shown:
            effects.outside.append((dotted, f"`{dotted}()` tells the time of day"))
        if dotted in EVERYTHING:
            self._may_do_anything(f"{dotted}()")
        use = disk_use(node)
        effects.opens |= use.reads
        effects.writes |= use.writes
        effects.adds |= use.adds
        if dotted.rpartition(".")[2] in _QUERIES:
            for part in (each for value in node.args for each in ast.walk(value)):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    effects.mentions |= set(_WORD.findall(part.value)) - self._bound

    # What IPython makes of magics

    def _magic(self, node: ast.Call) -> bool:
        found = read_magic(node)
        if found is None:
            return False
        if found.python is not None:
            tree = parsed(found.python)
            if tree is not None:
                self.block(tree.body, certain=True)
        self.effects.settings += found.settings
        self.effects.writes |= set(found.writes)
        for name in found.binds:
            self._bind_name(name, True)
            self.effects.outside.append((name, f"`{name}` comes from {found.said}"))
        if found.outside:
            self.effects.outside.append(("", found.outside))
        if found.changes_anything:
            self._may_do_anything(found.said)
        return True


def _arguments(node: ast.Call) -> tuple[Argument, ...]:
    given: list[tuple[int | str | None, ast.expr]] = []
    is_starred = False
    for place, value in enumerate(node.args):
        is_starred = is_starred or isinstance(value, ast.Starred)
        given.append((None if is_starred else place, _plain(value)))
    given += [(keyword.arg, keyword.value) for keyword in node.keywords]
    return tuple(
        Argument(place, frozenset(shared_names(value)), frozenset(names_read(value)))
        for place, value in given
        if not isinstance(value, ast.Constant)
    )


def _plain(node: ast.expr) -> ast.expr:
    return node.value if isinstance(node, ast.Starred) else node


def _last(value: ast.expr) -> str:
    match value:
        case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called)):
            return called
    return ""


def _is_class_name(dotted: str) -> bool:
    last = dotted.rpartition(".")[2]
    return last[:1].isupper() or last.startswith("make_") or last == "clone"


def _is_off(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value in (False, None)
