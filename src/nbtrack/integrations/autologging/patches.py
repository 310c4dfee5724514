"""Putting ourselves around functions of a library, so that it can be undone without a trace."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbtrack.integrations.autologging.training import Training, Watched

# Begins a training, or says with ``None`` that the call is no business of ours.
Begin = Callable[
    ["type[Training]", Callable[..., Any], tuple[Any, ...], dict[str, Any]], "Watched | None"
]

_ABSENT = object()


class Patches:
    """What is wrapped now. Wrapping twice changes nothing; `undo` restores all of it.

    What somebody else has put over a wrapper of ours stays: ours is then below theirs,
    and lets every call through.
    """

    def __init__(self, begin: Begin) -> None:
        self._begin = begin
        self._made: list[tuple[Any, str, object, object]] = []  # owner, name, before, ours
        self._functions: list[tuple[object, object]] = []  # before, ours

    def wrap_function(self, module: ModuleType, name: str, training: type[Training]) -> None:
        """Have calls of a function seen that ``module`` offers, and defines itself or elsewhere.

        So they are where the user has imported it by name: ``from xgboost import train`` in a
        script before autologging, or in a cell before the tracked one.
        """
        original = vars(module).get(name)
        if not inspect.isfunction(original) or hasattr(original, "__nbtrack_training__"):
            return
        ours = self._wrapped(original, training)
        self._functions.append((original, ours))
        home = sys.modules.get(original.__module__, module)
        for place in (module, home):
            if vars(place).get(name) is original:
                self._set(place, name, ours)
        _rename(original, ours)

    def wrap(self, owner: Any, name: str, training: type[Training]) -> None:
        """Have calls of ``owner.name``, a function or a method, seen by ``training``."""
        original = vars(owner).get(name, _ABSENT)
        if not inspect.isfunction(original) or hasattr(original, "__nbtrack_training__"):
            return
        self._set(owner, name, self._wrapped(original, training))

    def wrap_methods(self, base: Any, name: str, training: type[Training], *, inside: str) -> None:
        """Wrap the method in each subclass of ``base`` that has one of its own, also in later ones.

        Only classes of the package ``inside`` are touched: those of a user may be pickled by
        value, and would take the wrapper along. They are seen through what they inherit.
        """

        def wrap(kind: type) -> None:
            if kind.__module__.partition(".")[0] == inside:
                self.wrap(kind, name, training)

        def init_subclass(kind: Any, /, **options: Any) -> None:
            if before is None:
                super(base, kind).__init_subclass__(**options)
            else:
                before.__get__(None, kind)(**options)
            wrap(kind)

        for kind in (base, *_subclasses(base)):
            wrap(kind)
        before: Any = vars(base).get("__init_subclass__")
        self._set(base, "__init_subclass__", classmethod(init_subclass))

    def undo(self) -> None:
        """Restore everything that still is as we left it."""
        for owner, name, before, ours in reversed(self._made):
            if vars(owner).get(name) is not ours:
                continue
            if before is _ABSENT:
                delattr(owner, name)
            else:
                setattr(owner, name, before)
        self._made.clear()
        for before, ours in self._functions:
            _rename(ours, before)
        self._functions.clear()

    def _set(self, owner: Any, name: str, ours: object) -> None:
        before = vars(owner).get(name, _ABSENT)
        setattr(owner, name, ours)
        self._made.append((owner, name, before, ours))

    def _wrapped(self, original: Callable[..., Any], training: type[Training]) -> Any:
        begin = self._begin

        @functools.wraps(original)
        def trains(*args: Any, **kwargs: Any) -> Any:
            call = begin(training, original, args, kwargs)
            try:
                if call is None:
                    return original(*args, **kwargs)
                with call:
                    call.result = original(*call.args, **call.kwargs)
                return call.result
            except BaseException as error:
                # The user's traceback shows the library below the user's line, and not us.
                if error.__traceback__ is not None:
                    error.__traceback__ = error.__traceback__.tb_next
                raise

        trains.__nbtrack_training__ = training  # type: ignore[attr-defined]
        return trains


def _rename(old: object, new: object) -> None:
    """Have the names of the user's own that mean ``old`` mean ``new``."""
    names = vars(sys.modules["__main__"])
    for name in [name for name, value in list(names.items()) if value is old]:
        names[name] = new


def _subclasses(base: type) -> Iterator[type]:
    below: list[type] = type.__subclasses__(base)
    for kind in below:
        yield kind
        yield from _subclasses(kind)
