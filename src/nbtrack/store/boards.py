"""Boards: arrangements of widgets that the store keeps by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow

    from nbtrack.store.store import Store


def board_table(store: Store) -> pyarrow.Table:
    """Every board, the one saved last first. Columns: ``name``, ``saved`` (UTC), ``content``."""
    return store.query("SELECT name, saved, content FROM boards ORDER BY saved DESC, name")


def board_content(store: Store, name: str) -> str | None:
    """What was saved under ``name``, as it was written; ``None`` where there is no such board."""
    found = store.query("SELECT content FROM boards WHERE name = ?", (name,))
    contents: list[str] = found["content"].to_pylist()
    return contents[0] if contents else None
