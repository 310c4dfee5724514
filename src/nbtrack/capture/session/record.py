"""What is noted of a block while it is read: which names it needs, binds, may change, hands on."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager

from nbtrack.capture.session.effects import Argument, Deferred, Effects, Passed
from nbtrack.capture.session.nodes import dotted_name, names_read, root_name, shared_names
from nbtrack.capture.session.outside import order_of_set
from nbtrack.capture.session.words import (
    CONTAINS,
    DRAWS_QUIETLY,
    KNOWN_LIBRARIES,
    PURE_CALLS,
    PURE_METHODS,
    RANDOM_MODULES,
    SEEDS,
    WITHOUT_A_DRAW,
)


class Record:
    """The effects of a block with the names ``local`` of its own, as far as it was read."""

    def __init__(self, local: frozenset[str] = frozenset()) -> None:
        self.effects = Effects()
        self.changed_locals: set[str] = set()
        self._bound: set[str] = set()
        self._local = local
        # Whether what is read now is only shown, or makes a duration.
        self._shown = False

    def _read(self, name: str) -> None:
        if not self._shown:
            self.effects.plain.add(name)
        if name not in self._local and name not in self._bound:
            self.effects.reads.add(name)

    def _bind_name(self, name: str, certain: bool) -> None:
        if name in self._local:
            return
        if certain:
            self.effects.binds.add(name)
        else:
            self.effects.changes.add(name)
            self.effects.may_bind.add(name)
        self._bound.add(name)

    def _import(self, name: str, package: str, certain: bool) -> None:
        self.effects.packages[name] = package
        if package not in KNOWN_LIBRARIES:
            # It may be a file that a cell wrote.
            self.effects.opens.add(f"{package}.py")
        self._bind_name(name, certain)

    def _change_name(self, name: str) -> None:
        if name in self._local:
            self.changed_locals.add(name)
        else:
            self.effects.changes.add(name)

    def _mix(self, names: set[str]) -> None:
        """The objects of these names may be changed, and put into one another."""
        for name in names:
            self._change_name(name)
            self.effects.copies.setdefault(name, set()).update(names - {name})

    def _contain(self, root: str | None, arguments: tuple[Argument, ...]) -> None:
        if root is not None:
            for each in arguments:
                self.effects.copies.setdefault(root, set()).update(each.shared - {root})
                self.effects.made_of.setdefault(root, set()).update(each.made_of)

    def _go_through(self, node: ast.expr) -> None:
        """What is iterated over is used up, if it is an iterator."""
        if order_of_set(node):
            said = "the order of texts in a set differs from process to process (sort it)"
            self.effects.unstable.append(said)
        self.effects.iterated |= shared_names(node)

    def _pass(
        self,
        function: ast.expr,
        arguments: tuple[Argument, ...],
        lambdas: tuple[Deferred, ...],
    ) -> None:
        """What the call may do to its object, and to what it is given."""
        root = root_name(function)
        made_of = None if root else frozenset(names_read(function))
        match function:
            case ast.Attribute(value=receiver, attr=method):
                pure = method in PURE_METHODS or dotted_name(function) in PURE_CALLS
                shared = frozenset(shared_names(receiver))
                if method in CONTAINS:
                    self._contain(root, arguments)
            case ast.Name(id=method):
                pure, shared, method = method in PURE_CALLS, frozenset({method}), ""
            case _:
                pure, shared, method = False, frozenset(shared_names(function)), ""
        if shared or any(each.shared for each in arguments):
            self.effects.passed.append(
                Passed(root or "", method, shared, arguments, made_of, pure, lambdas)
            )

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

    def _may_do_anything(self, said: str) -> None:
        self.effects.changes_anything = True
        self.effects.unsure.append(f"{said} may do anything")

    @contextmanager
    def _showing(self) -> Iterator[None]:
        was, self._shown = self._shown, True
        try:
            yield
        finally:
            self._shown = was
