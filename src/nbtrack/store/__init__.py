"""The run store: events in, Arrow out.

A log call appends to this process's journal (``journal``, in the format of
``segments``). A fold (``fold``, ``rows``) takes journals into DuckDB
(``database``, ``schema``) under the store's lock (``locks``), and closes what
dead writers left (``writers``). Questions about runs are ``search`` and its
neighbours. DESIGN.md has the reasons.

The names below load when first used: a process that only logs never imports
DuckDB, Arrow or NumPy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbtrack.store.journal import JournalWriter
    from nbtrack.store.store import Store

_HOMES = {
    "nbtrack.store.journal": ("JournalWriter",),
    "nbtrack.store.store": ("Store",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = ["JournalWriter", "Store"]


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'nbtrack.store' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)
