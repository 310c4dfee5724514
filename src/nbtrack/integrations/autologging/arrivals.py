"""Being told when a module has been imported, by whoever imports it.

Python has no hook for this, so a finder goes in front of the others, lets them find the
module, and puts itself between the loader and the import system for that one call.
The module is given its true loader before its code runs: nothing of ours stays behind.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


class Arrivals(MetaPathFinder):
    """Calls ``told`` with each awaited module, right after its code has run.

    ``told`` must not raise: it would fail the user's import.
    """

    def __init__(self, told: Callable[[str, ModuleType], None]) -> None:
        self._told = told
        self._awaited: frozenset[str] = frozenset()

    def await_modules(self, names: frozenset[str]) -> None:
        """Wait for these, and for no others; with none, leave the import system as it was."""
        self._awaited = names
        if names and self not in sys.meta_path:
            sys.meta_path.insert(0, self)
        elif not names and self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """What the other finders say; the loader of an awaited module is wrapped."""
        if fullname not in self._awaited:
            return None
        for finder in sys.meta_path:
            if finder is self or not hasattr(finder, "find_spec"):
                continue
            spec = finder.find_spec(fullname, path, target)
            if spec is not None:
                if spec.loader is not None and hasattr(spec.loader, "exec_module"):
                    spec.loader = _Announced(spec.loader, self._arrived)
                return spec
        return None

    def _arrived(self, module: ModuleType) -> None:
        if module.__name__ in self._awaited:
            self._told(module.__name__, module)


class _Announced(Loader):
    """A loader that tells when it has loaded."""

    def __init__(self, loader: Loader, told: Callable[[ModuleType], None]) -> None:
        self._loader = loader
        self._told = told

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)  # Who only asks about the module asks the true one.

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._told(module)
