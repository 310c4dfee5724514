"""Who does something, on which machine, and from which notebook or script."""

from __future__ import annotations

import getpass
import platform
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from nbtrack import settings
from nbtrack.capture.program import running_program


@dataclass(frozen=True, slots=True)
class Author:
    """``source`` is relative to the folder that holds the store, which can then be moved."""

    user: str
    host: str
    source: str


def author_at(store_path: Path) -> Author:
    """Who writes to the store in this folder, from here."""
    return Author(settings.user() or _login(), platform.node(), _source(store_path))


@cache
def _login() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""


def _source(store_path: Path) -> str:
    path = running_program().path
    if path is None:
        return ""
    try:
        return path.relative_to(store_path.parent).as_posix()
    except ValueError:
        return path.name
