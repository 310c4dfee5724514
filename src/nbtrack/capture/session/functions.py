"""What functions and classes of a session do when they are used, told in names of the session."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace

from nbtrack.capture.session.effects import (
    Argument,
    Deferred,
    Effects,
    Names,
    Passed,
    of_session,
    parameter,
    parameters_in,
)
from nbtrack.capture.session.nodes import (
    called_names,
    children,
    declared_names,
    dotted_name,
    shared_names,
    stored_names,
)

# A block read with these local names: its effects, and the locals that it changes in place.
ReadBlock = Callable[[list[ast.stmt], Names], tuple[Effects, set[str]]]
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
# Something of which nothing is known, such as what an inner function is given.
UNKNOWN = "<unknown>"


def deferred_function(node: Function, read: ReadBlock) -> Deferred:
    """What a call of the function does; ``read`` reads its body."""
    arguments = node.args
    ordered = [each.arg for each in (*arguments.posonlyargs, *arguments.args)]
    named = [*ordered, *(each.arg for each in arguments.kwonlyargs)]
    starred = [each.arg for each in (arguments.vararg, arguments.kwarg) if each is not None]
    body: list[ast.stmt] = node.body if isinstance(node.body, list) else [ast.Expr(node.body)]
    parameters = frozenset((*named, *starred))
    own = list(_own(body))
    local = (parameters | set(stored_names(body))) - declared_names(own)
    effects, changed_locals = read(body, local)
    inner = dict(effects.functions)
    scope = Scope(local, parameters, effects)
    for each in inner.values():
        _does_inside(effects, each)
    changed = scope.meant(effects.changes | effects.binds | changed_locals)
    returned = _returned(node, own)
    answers = _answers(returned, effects.copies) - local
    return Deferred(
        body=seen_from_outside(effects, scope, changed),
        parameters=tuple(named),
        is_open=bool(starred),
        changed=parameters_in(changed),
        answers=answers,
        gives_functions=any(
            isinstance(each, ast.Lambda) or shared_names(each) & inner.keys() for each in returned
        ),
        gives_iterator=any(isinstance(each, (ast.Yield, ast.YieldFrom)) for each in own),
    )


def deferred_class(node: ast.ClassDef, read: ReadBlock) -> Deferred:
    """What objects of the class do when they are used: what their methods do."""
    found = Deferred(kind="class", bases=tuple(_base_names(node)))
    for statement in node.body:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                method = deferred_function(statement, read)
                if _is_static(statement):
                    method = replace(method, parameters=("", *method.parameters))
                found.methods[statement.name] = method
                found.body.does_too(method.body)
    return found


class Scope:
    """What the local names of a function stand for: parameters, and names of the session."""

    def __init__(self, local: Names, parameters: Names, effects: Effects) -> None:
        self._local = local
        self._parameters = parameters
        self._shared = effects.copies
        self._made_of = effects.made_of
        self._inner = effects.functions

    def meant(self, names: Iterable[str]) -> set[str]:
        """The session's names, and parameters, whose objects these names may stand for."""
        return self._follow(names, self._shared)

    def origins(self, names: Iterable[str]) -> set[str]:
        """The session's names, and parameters, of which what they stand for was made."""
        return self._follow(names, self._made_of)

    def _follow(self, names: Iterable[str], graph: Mapping[str, set[str]]) -> set[str]:
        found: set[str] = set()
        seen: set[str] = set()
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            if name in self._parameters:
                found.add(parameter(name))
            elif name not in self._local:
                found.add(name)
            elif (function := self._inner.get(name)) is not None:
                changes = function.changed or function.methods or function.body.passed
                found |= {UNKNOWN} if changes else set()
            waiting += graph.get(name, ()) if name in self._local else ()
        return found

    def seen_from_outside(self, passed: Passed) -> Passed:
        """The call as a caller of the function sees it."""
        callee, made_of = passed.callee, passed.made_of
        if callee in self._local:
            callee, made_of = "", frozenset(self.origins({callee}))
        elif made_of is not None:
            made_of = frozenset(self.origins(made_of))
        arguments = tuple(
            Argument(
                each.place,
                frozenset(self.meant(each.shared)),
                frozenset(self.origins(each.made_of)),
            )
            for each in passed.arguments
        )
        receiver = frozenset(self.meant(passed.receiver))
        return replace(
            passed, callee=callee, receiver=receiver, arguments=arguments, made_of=made_of
        )


def seen_from_outside(effects: Effects, scope: Scope, changed: set[str]) -> Effects:
    """What a block with names of its own does, in names from outside of it."""
    body = Effects(
        reads=of_session(scope.meant(effects.reads)),
        changes=of_session(changed) - {UNKNOWN},
        passed=[scope.seen_from_outside(each) for each in effects.passed],
        iterated=scope.meant(effects.iterated),
        settings=effects.settings,
        opens=effects.opens,
        writes=effects.writes,
        adds=effects.adds,
        mentions=effects.mentions,
        plain=of_session(scope.meant(effects.plain)),
        outside=list(effects.outside),
        unsure=effects.unsure,
        unstable=effects.unstable,
        changes_anything=effects.changes_anything,
    )
    for name, sources in effects.copies.items():
        meant = scope.meant({name})
        for each in meant:
            body.copies.setdefault(each, set()).update(scope.meant(sources) - {each})
    for name in effects.clocks & effects.plain:
        body.outside.append((name, f"`{name}` is the time of day"))
    return body


def _does_inside(effects: Effects, inner: Deferred) -> None:
    """An inner function is taken to be called; what it is given then is not known."""

    def hidden(names: Iterable[str]) -> Names:
        return frozenset(UNKNOWN if name.startswith("<parameter ") else name for name in names)

    does = Effects()
    does.does_too(inner.body)
    does.iterated = set(hidden(does.iterated)) - {UNKNOWN}
    does.passed = [
        replace(
            each,
            receiver=hidden(each.receiver),
            arguments=tuple(
                Argument(a.place, hidden(a.shared), hidden(a.made_of)) for a in each.arguments
            ),
            made_of=None if each.made_of is None else hidden(each.made_of),
        )
        for each in does.passed
    ]
    effects.does_too(does)


def _returned(node: Function, own: Iterable[ast.AST]) -> list[ast.expr]:
    if isinstance(node, ast.Lambda):
        return [node.body]
    ends = (ast.Return, ast.Yield, ast.YieldFrom)
    return [each.value for each in own if isinstance(each, ends) and each.value is not None]


def _answers(returned: Collection[ast.expr], copies: Mapping[str, set[str]]) -> set[str]:
    """Names whose objects a call may return, and functions whose answers it passes on."""
    found: set[str] = set()
    waiting = [name for each in returned for name in shared_names(each) | called_names(each)]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += copies.get(name, ())
    return found


def _own(body: list[ast.stmt]) -> Iterable[ast.AST]:
    """The nodes of a body, without those of functions in it."""
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            waiting.extend(children(node))


def _is_static(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(dotted_name(each) == "staticmethod" for each in node.decorator_list)


def _base_names(node: ast.ClassDef) -> Iterable[str]:
    return (each.id for each in node.bases if isinstance(each, ast.Name))
