"""A board in a notebook: several widgets in a grid, on one selection and one filter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import traitlets

from nbtrack.errors import InvalidValue, NbtrackError
from nbtrack.widgets import image
from nbtrack.widgets.board.kinds import KINDS, kind_of, options_of, set_options
from nbtrack.widgets.board.picture import Drawn, draw_board, html_of
from nbtrack.widgets.board.saved import SavedBoard, SavedCell, keep_board, read_board
from nbtrack.widgets.frame import Frame, asked_for, frame_of
from nbtrack.widgets.live import LiveWidget, StoreWidget, built
from nbtrack.widgets.runs import Runs
from nbtrack.widgets.wire import Answer, csv_text

if TYPE_CHECKING:
    import pandas
    import pyarrow

    from nbtrack.charts.style import Theme
    from nbtrack.widgets.frame import Known

DEFAULT = ("parallel", "curves", "table")
MAX_COLUMNS = 4


@dataclass(frozen=True, slots=True)
class Cell:
    """A place on a board: a widget, or what was saved there and cannot be drawn here."""

    kind: str
    widget: StoreWidget | None
    note: str = ""
    saved: Any = None
    # Whether the board made the widget, and closes it.
    is_own: bool = True

    @property
    def title(self) -> str:
        """What stands above it."""
        return KINDS[self.kind].title if self.kind in KINDS else self.kind

    def remembered(self) -> Any:
        """What is saved of it."""
        if self.widget is None:
            return self.saved
        return SavedCell(self.kind, options_of(self.kind, self.widget))


def board(
    *widgets: Any,
    runs: Any = None,
    columns: int = 2,
    store: str | PathLike[str] | None = None,
) -> Board:
    """Widgets in a grid, on one selection and one filter; saved by name in the store.

    ``widgets`` are widgets on the same runs, or the kinds of new ones: "parallel",
    "curves", "scatter", "contour", "importance", "table", "compare" (what is selected);
    parallel coordinates, curves and the table without any. ``runs`` is `nbtrack.runs`'s
    answer, a widget, a filter or a list of runs; those of the first widget without it,
    else all runs of the store. ``columns`` is from 1 to 4; where the page is narrow there
    is one. Raises `InvalidValue` for what is no such widget, or one on other runs.

    >>> board("parallel", "curves", runs="metrics.accuracy > .9").save_as("review")
    >>> nbtrack.open_board("review")            # in another notebook
    """
    given = [each.table() if isinstance(each, Runs) else each for each in widgets or DEFAULT]
    frame = _frame(given, runs, store)
    return Board(frame, [_cell(each, frame) for each in given], columns=columns)


def open_board(name: str, *, store: str | PathLike[str] | None = None) -> Board:
    """The board that was saved under ``name``, as it was, on the runs as they now are.

    What it cannot show any more, or not yet, is told in its place. Raises `BoardNotFound`.
    """
    from nbtrack.tracking.active import current_store

    place = current_store(store)
    saved, note = read_board(place, name)
    # A frame of its own: it opens as it was saved, whatever was typed into others since.
    frame = Frame(place, asked_for("", (), saved.experiments))
    try:
        frame.set_filter(saved.filter)
    except NbtrackError as error:
        note = f"{note} Its filter is left out: {error}".strip()
    cells = [_cell_of(each, frame) for each in saved.cells]
    columns = min(max(saved.columns, 1), MAX_COLUMNS)
    return Board(frame, cells, columns=columns, name=name, note=note)


class Board(LiveWidget):
    """Several widgets on the same runs. Made by `nbtrack.board` and `nbtrack.open_board`.

    ``board["curves"]`` (or ``board[1]``) is a widget on it, whose traits may be set.
    Besides ``filter`` and ``selected``, which all of them share:

    ===========  ======  =======  ====================================================
    trait        type    default  meaning
    ===========  ======  =======  ====================================================
    ``columns``  int     ``2``    how many widgets stand side by side, from 1 to 4
    ``name``     str     ``""``   under which the store has it; see `save_as`
    ===========  ======  =======  ====================================================
    """

    _esm = built("board.js")
    _css = built("board.css")

    columns = traitlets.Int(2)
    name = traitlets.Unicode("", read_only=True)

    def __init__(
        self,
        frame: Frame,
        cells: Sequence[Cell],
        *,
        columns: int = 2,
        name: str = "",
        note: str = "",
    ) -> None:
        self.cells = tuple(cells)
        self._note = note
        self._columns = _checked(columns)
        self._name = name
        self._known: Known | None = None
        self._begin(frame)

    @property
    def widgets(self) -> list[StoreWidget]:
        """The widgets on it, in order; without what cannot be drawn here."""
        return [cell.widget for cell in self.cells if cell.widget is not None]

    def __getitem__(self, which: str | int) -> StoreWidget:
        """The first widget of a kind, or the one at a place."""
        widgets = self.widgets
        if isinstance(which, int):
            return widgets[which]
        for cell in self.cells:
            if cell.kind == which and cell.widget is not None:
                return cell.widget
        have = ", ".join(cell.kind for cell in self.cells if cell.widget is not None)
        raise InvalidValue(f"This board has no {which!r}; it has: {have or 'nothing'}.")

    def __iter__(self) -> Iterator[StoreWidget]:
        return iter(self.widgets)

    def __repr__(self) -> str:
        named = f" {self._name!r}" if self._name else ""
        total = self._total()
        kinds = ", ".join(cell.kind for cell in self.cells) or "nothing on it"
        return f"Board{named} of {total} run{'' if total == 1 else 's'}: {kinds}"

    def save_as(self, name: str) -> Board:
        """Save the board in the store under ``name``, in place of one that has it; the board.

        What is saved are the widgets with their options, the grid, and the filter. What
        changes afterwards is not saved until it is saved again.
        """
        saved = SavedBoard(
            columns=self._columns,
            experiments=self.frame.experiments,
            filter=self.frame.filter,
            cells=[cell.remembered() for cell in self.cells],
        )
        keep_board(self.store, name, saved)
        self._name = name
        self._push()
        self._follow()
        return self

    def df(self) -> pandas.DataFrame:
        """The runs that fit the filter as a pandas DataFrame, with all that they have."""
        from nbtrack.tracking.answers import to_pandas

        return to_pandas(self.arrow())

    def arrow(self) -> pyarrow.Table:
        """The runs that fit the filter as an Arrow table, with all that they have."""
        from nbtrack.store import run_frame

        return run_frame(self.store, self.frame.query())

    def svg(self, *, theme: Theme = "light") -> str:
        """All pictures as they now are, in their grid, as SVG."""
        drawn = [_drawn(cell, lambda widget: widget.svg(theme=theme)) for cell in self.cells]
        return draw_board(self._said(), drawn, columns=self._columns, theme=theme)

    def save(
        self, path: str | PathLike[str], *, theme: Theme = "light", scale: float = image.SCALE
    ) -> Path:
        """Write all pictures as they now are to ``path`` (.png or .svg); the path.

        Needs no browser. ``scale`` is how many pixels of a PNG are one of the picture.
        Raises `InvalidValue` for another ending, `MissingExtra` for a PNG without
        vl-convert. `save_as` saves the board itself.
        """
        if not Path(path).suffix:
            raise InvalidValue(
                f"A picture of the board is saved as .png or .svg; to keep the board itself "
                f"in the store, call save_as({str(path)!r})."
            )
        return image.save(self.svg(theme=theme), path, scale=scale)

    def close(self) -> None:
        """Take the board off the page, and the widgets that were made for it."""
        for cell in getattr(self, "cells", ()):
            if cell.widget is not None and cell.is_own:
                cell.widget.close()
        super().close()

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        for widget in self.widgets:
            widget._watch.start()
        return super()._repr_mimebundle_(**kwargs)

    def _html(self) -> str:
        return html_of(self._said(), [_drawn(cell, lambda w: w._html()) for cell in self.cells])

    def _said(self) -> str:
        said = [repr(self)]
        if self.frame.filter:
            said.append(f"filter: {self.frame.filter[:120]}")
        if self._note:
            said.append(self._note)
        return " · ".join(said)

    def _draw(self) -> dict[str, Any]:
        return {
            "state": self.frame.state(self._read(), self._total()),
            "name": self._name,
            "columns": self._columns,
            "note": self._note,
            "cells": [_cell_json(cell) for cell in self.cells],
        }

    def _read(self) -> Known:
        if self._known is None:
            self._known = self.frame.known()
        return self._known

    def _total(self) -> int:
        from nbtrack.store import run_page

        if self.frame.mode == "all":
            return self._read().total
        return run_page(self.store, self.frame.query(), columns=(), limit=0).total

    def _refresh(self) -> bool:
        known = self.frame.known()
        is_new, self._known = known is not self._known, known
        return is_new

    def _answer(self, intent: Mapping[str, Any]) -> Answer:
        match intent["kind"]:
            case "filter":
                self.frame.set_filter(str(intent["text"]))
                self._push()
            case "select":
                self.frame.selection.replace(intent["runs"])
            case "columns":
                self._columns = _checked(intent["columns"])
                self._push()
            case "save":
                self.save_as(str(intent["name"]).strip())
            case "svg":
                return Answer({"kind": "svg", "svg": self.svg(theme=intent["theme"])})
            case "csv":
                return Answer({"kind": "csv", "csv": csv_text(self.arrow())})
        return Answer({"kind": "done"})

    def _tell_traits(self) -> None:
        self.columns = self._columns
        self.set_trait("name", self._name)

    @traitlets.observe("columns")
    def _lead_columns(self, change: Mapping[str, Any]) -> None:
        if not self._following:
            with self._leading():
                self._columns = _checked(change["new"])
            self._push()


def _frame(given: Sequence[Any], runs: Any, store: str | PathLike[str] | None) -> Frame:
    """The runs of the board. Raises `InvalidValue` where a widget shows others."""
    on_runs = [each for each in given if isinstance(each, LiveWidget)]
    frame = frame_of(on_runs[0] if runs is None and on_runs else runs, store)
    for each in given:
        if isinstance(each, LiveWidget) and each.frame is not frame:
            raise InvalidValue(
                f"A board is on one set of runs, and its {kind_of(each) or 'widget'} shows others: "
                "make it of the same runs, as in nbtrack.curves(table), or give its kind alone, "
                "as in nbtrack.board('curves', runs=table)."
            )
        if isinstance(each, StoreWidget) and each.store.path != frame.store.path:
            raise InvalidValue(
                f"A board is on one store: its {kind_of(each) or 'widget'} is on "
                f"{each.store.path}, and the others on {frame.store.path}."
            )
    return frame


def _cell(given: object, frame: Frame) -> Cell:
    """A place with the widget that was given, or a new one of its kind."""
    if isinstance(given, str) and given in KINDS:
        return Cell(given, KINDS[given].make(frame))
    if (kind := kind_of(given)) is not None:
        assert isinstance(given, StoreWidget)
        return Cell(kind, given, is_own=False)
    what = repr(given[:100]) if isinstance(given, str) else f"a {type(given).__name__}"
    hint = f" nbtrack.open_board({given!r}) opens a saved one." if isinstance(given, str) else ""
    raise InvalidValue(f"A board has widgets of the kinds {', '.join(KINDS)}, not {what}.{hint}")


def _cell_of(saved: Any, frame: Frame) -> Cell:
    """A place as it was saved; a sentence where that cannot be."""
    try:
        cell = msgspec.convert(saved, SavedCell)
    except msgspec.ValidationError:
        return Cell("?", None, "What was saved here cannot be read by this nbtrack.", saved)
    if cell.kind not in KINDS:
        kind = cell.kind[:100]
        return Cell(kind, None, f"This nbtrack has no widget {kind!r}; a newer one has.", saved)
    try:
        widget = KINDS[cell.kind].make(frame)
    except NbtrackError as error:
        return Cell(cell.kind, None, str(error), saved)
    return Cell(cell.kind, widget, " ".join(set_options(cell.kind, widget, cell.options)))


def _cell_json(cell: Cell) -> dict[str, object]:
    """A place as ``js/src/board/protocol.ts`` has it."""
    if cell.widget is not None and cell.widget.comm is None:
        return {"title": cell.title, "model": None, "note": "This widget was closed."}
    model = None if cell.widget is None else cell.widget.model_id
    return {"title": cell.title, "model": model, "note": cell.note}


def _drawn(cell: Cell, draw: Any) -> Drawn:
    """What is drawn of a place; a sentence where a library is missing for it."""
    if cell.widget is None:
        return Drawn(cell.title, None, cell.note)
    try:
        return Drawn(cell.title, draw(cell.widget), cell.note)
    except NbtrackError as error:
        return Drawn(cell.title, None, str(error))


def _checked(columns: object) -> int:
    if isinstance(columns, int) and 1 <= columns <= MAX_COLUMNS:
        return columns
    raise InvalidValue(f"columns is from 1 to {MAX_COLUMNS}, got {columns!r}.")
