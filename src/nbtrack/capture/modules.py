"""Local modules: the Python files of the project that the session has imported, as they were then.

A file may be edited after its import, and what runs is what was imported. So texts are
read when a module is first seen: after each cell, which is as early as one can look.
"""

from __future__ import annotations

import importlib.util
import os
import re
import struct
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

MAX_MODULES = 500
MAX_FILE_BYTES = 1 << 20
_WORD = re.compile(r"[^\W\d]\w*")
_INSTALLED = ("site-packages", "dist-packages", "node_modules")
# A virtual environment within the project, and the standard library, are none of it.
_PREFIXES = tuple(
    {
        folder + os.sep
        for prefix in (sys.prefix, sys.base_prefix)
        for folder in (prefix, os.path.realpath(prefix))
    }
)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A module's file. ``text`` is ``None`` where what was imported is not known any more."""

    spec: object  # A reload makes a new one.
    path: Path
    text: str | None


class LocalModules:
    """The texts of modules that are not installed, each as it was when it was imported."""

    def __init__(self) -> None:
        self._local: dict[str, _Seen] = {}
        self._specs: dict[str, int] = {}
        self._count = 0

    def look(self) -> None:
        """Read the files of what was imported, or loaded anew, since the last look.

        Where nothing is new it costs microseconds; one may look after every cell.
        """
        # Of those that are here already, only the project's own are ever loaded anew.
        names = list(self._local if len(sys.modules) == self._count else sys.modules)
        self._count = len(sys.modules)
        for name in names:
            module = sys.modules.get(name)
            spec = getattr(module, "__spec__", None)
            if self._specs.get(name) != id(spec):
                self._specs[name] = id(spec)
                if (seen := _read(name, module, spec)) is not None:
                    self._local[name] = seen

    def under(self, root: Path) -> dict[str, str]:
        """Texts of the modules whose files stand under ``root``, by path below it."""
        return {path: seen.text for path, seen in self._below(root) if seen.text is not None}

    def edited(self, root: Path) -> list[str]:
        """Those under ``root`` whose files are not what was imported, by path below it."""
        return [path for path, seen in self._below(root) if seen.text != _text_of(seen.path)]

    def used_by(self, texts: Iterable[str], root: Path) -> set[str]:
        """Those under ``root`` that the texts name, or that a module among them names in turn."""
        modules = dict(self._below(root))
        words = {word for text in texts for word in _WORD.findall(text)}
        used: set[str] = set()
        while found := {path for path in modules.keys() - used if _name_of(path) in words}:
            used |= found
            words |= {word for path in found for word in _WORD.findall(modules[path].text or "")}
        return used

    def _below(self, root: Path) -> Iterator[tuple[str, _Seen]]:
        root = root.resolve()
        below = [seen for seen in list(self._local.values()) if seen.path.is_relative_to(root)]
        named = {seen.path.relative_to(root).as_posix(): seen for seen in below[:MAX_MODULES]}
        yield from sorted(named.items())


def _name_of(path: str) -> str:
    """What a module is imported as: the file's name, or the package's."""
    parts = path.removesuffix(".py").split("/")
    return parts[-2] if parts[-1] == "__init__" and len(parts) > 1 else parts[-1]


def _read(name: str, module: ModuleType | None, spec: Any) -> _Seen | None:
    # The tracker's own make no number, also where a user works in its checkout.
    if name.partition(".")[0] == "nbtrack":
        return None
    file = getattr(module, "__file__", None)
    if not isinstance(file, str) or not file.endswith(".py") or file.startswith(_PREFIXES):
        return None
    if any(folder in file for folder in _INSTALLED):
        return None
    try:
        path = Path(file).resolve()
    except (OSError, ValueError):
        return None
    if str(path).startswith(_PREFIXES):
        return None
    text = _text_of(path)
    return _Seen(spec, path, text if _is_as_imported(path, spec) else None)


def _text_of(path: Path) -> str | None:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            return None
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None  # Gone since, or no text.


def _is_as_imported(path: Path, spec: Any) -> bool:
    """Whether the file is what Python compiled, as far as its cache says so (PEP 552's header)."""
    cached = getattr(spec, "cached", None)
    if not isinstance(cached, str):
        return True
    try:
        head = Path(cached).read_bytes()[:16]
        status = path.stat()
    except OSError:
        return True
    if len(head) < 16 or head[:4] != importlib.util.MAGIC_NUMBER:
        return True
    flags, modified, size = struct.unpack("<III", head[4:])
    if flags:
        return True
    return bool(
        modified == int(status.st_mtime) & 0xFFFFFFFF and size == status.st_size & 0xFFFFFFFF
    )


MODULES = LocalModules()
