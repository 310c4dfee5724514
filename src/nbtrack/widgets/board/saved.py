"""Boards as the store keeps them: names and values in JSON, never code.

A newer version may have written what this one does not know: it is told in its place, and
the rest is read. What cannot be drawn here is written back as it was.
"""

from __future__ import annotations

from difflib import get_close_matches
from os import PathLike
from typing import TYPE_CHECKING, Any

import msgspec

from nbtrack.errors import BoardNotFound
from nbtrack.events import BoardKept
from nbtrack.tracking.active import current_store
from nbtrack.tracking.answers import Answer
from nbtrack.tracking.values import check_key

if TYPE_CHECKING:
    from nbtrack.store import Store

VERSION = 1


class SavedCell(msgspec.Struct, frozen=True):
    """A widget of a board: its kind, and its options by the names of its traits."""

    kind: str
    options: dict[str, Any] = {}


class SavedBoard(msgspec.Struct, frozen=True):
    """A board; ``cells`` are read one by one, so that one mistake does not lose the others.

    The runs are those of ``experiments`` (all of the store for ``None``) that fit ``filter``.
    """

    version: int = VERSION
    columns: int = 2
    experiments: list[str] | None = None
    filter: str = ""
    cells: list[Any] = []


def keep_board(store: Store, name: str, board: SavedBoard) -> None:
    """Save a board under ``name``, in place of one that has it."""
    writer = store.writer()
    content = msgspec.json.encode(board).decode()
    writer.append(BoardKept(writer.now_us(), check_key(name, "board"), content))


def read_board(store: Store, name: str) -> tuple[SavedBoard, str]:
    """The board called ``name``, and what is to be said of it as a whole.

    Raises `BoardNotFound`, with the closest name.
    """
    from nbtrack.store import board_content

    content = board_content(store, name)
    if content is None:
        raise _not_found(store, name)
    try:
        board = msgspec.json.decode(content, type=SavedBoard)
    except msgspec.DecodeError:
        return SavedBoard(), "What was saved under this name cannot be read by this nbtrack."
    if board.version > VERSION:
        return board, "A newer nbtrack saved this board; what it added since is not shown."
    return board, ""


def list_boards(*, store: str | PathLike[str] | None = None) -> Answer:
    """Every board of the store, the one saved last first: name, when, its widgets, its filter."""
    import pyarrow

    from nbtrack.store import board_table

    table = board_table(current_store(store))
    boards = [_told(content) for content in table["content"].to_pylist()]
    told = {
        "name": table["name"],
        "saved": table["saved"],
        "widgets": pyarrow.array([widgets for widgets, _ in boards], pyarrow.string()),
        "filter": pyarrow.array([filter for _, filter in boards], pyarrow.string()),
    }
    return Answer(pyarrow.table(told))


def delete_board(name: str, *, store: str | PathLike[str] | None = None) -> None:
    """Remove a board from the store; what shows it goes on. Raises `BoardNotFound`."""
    from nbtrack.store import board_content

    place = current_store(store)
    if board_content(place, name) is None:
        raise _not_found(place, name)
    writer = place.writer()
    writer.append(BoardKept(writer.now_us(), name, None))


def _told(content: str) -> tuple[str, str]:
    try:
        board = msgspec.json.decode(content, type=SavedBoard)
    except msgspec.DecodeError:
        return "", ""
    kinds = [str(cell.get("kind", "?")) if isinstance(cell, dict) else "?" for cell in board.cells]
    return ", ".join(kinds), board.filter


def _not_found(store: Store, name: object) -> BoardNotFound:
    from nbtrack.store import board_table

    names: list[str] = board_table(store)["name"].to_pylist()
    near = get_close_matches(str(name)[:100], names, n=1)
    closest = f" (closest: {near[0]!r})" if near else ""
    return BoardNotFound(
        f"No board {name!r} in {store.path}{closest}. List boards with nbtrack.list_boards(), "
        "save one with board.save_as(name)."
    )
