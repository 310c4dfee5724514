"""Local modules: the Python files of the project that the session has imported."""

from __future__ import annotations

import sys
from pathlib import Path

MAX_MODULES = 500
MAX_FILE_BYTES = 1 << 20
_INSTALLED = ("site-packages", "dist-packages", "node_modules")


def local_modules(root: Path) -> dict[str, str]:
    """Texts of the imported modules whose files stand under ``root``, by path below it.

    What is installed there, such as in a virtual environment, is none of them.
    """
    root = root.resolve()
    prefix = Path(sys.prefix).resolve()
    found: dict[str, str] = {}
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if not isinstance(file, str) or not file.endswith(".py"):
            continue
        path = Path(file)
        try:
            path = path.resolve()
            if not path.is_relative_to(root) or path.is_relative_to(prefix):
                continue
            if any(part in _INSTALLED for part in path.parts):
                continue
            if path.stat().st_size <= MAX_FILE_BYTES:
                found[path.relative_to(root).as_posix()] = path.read_text(encoding="utf-8")
        except (OSError, ValueError):
            continue  # Gone since, or no text.
        if len(found) == MAX_MODULES:
            break
    return dict(sorted(found.items()))
