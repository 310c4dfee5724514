"""The run table in a notebook: traits for the user's code, intents from the browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import traitlets

from nbtrack.widgets import image
from nbtrack.widgets.compare.widget import Comparison
from nbtrack.widgets.frame import Frame, asked_for
from nbtrack.widgets.live import LiveWidget, built
from nbtrack.widgets.run_table.answers import answer
from nbtrack.widgets.run_table.model import TableModel, order_key
from nbtrack.widgets.run_table.picture import draw_table
from nbtrack.widgets.run_table.static import static_html, summary
from nbtrack.widgets.wire import Answer

if TYPE_CHECKING:
    import pandas
    import pyarrow

    from nbtrack.charts.style import Theme


class RunTable(LiveWidget):
    """Runs in a table that sorts, filters, groups and stays current while cells run.

    Usually made by `nbtrack.runs`, which shows as one::

        table = nbtrack.RunTable(filter="metrics.accuracy > .9")
        table
        table.selected            # in a later cell: the runs that were ticked

    Traits, which may be set and observed at any time:

    =============  ======================  ==========  =====================================
    trait          type                    default     meaning
    =============  ======================  ==========  =====================================
    ``filter``     str                     ``""``      MLflow's grammar if it parses, else
                                                       words to look for
    ``order_by``   list of str             ``[]``      ``"metrics.loss ASC"``; empty: newest first
    ``group_by``   str or None             ``None``    ``"params.model"``, a tag or attribute
    ``columns``    list of str or None     ``None``    as in a filter; ``None``: chosen for you
    ``pinned``     list of str             ``[]``      columns that stay at the left
    ``selected``   list of str             ``[]``      full ids of the runs that are ticked
    =============  ======================  ==========  =====================================
    """

    _esm = built("run_table.js")
    _css = built("run_table.css")

    order_by = traitlets.List(traitlets.Unicode(), help="Columns to sort by, each ASC or DESC.")
    group_by = traitlets.Unicode(None, allow_none=True, help="The column to group runs by.")
    columns: Any = traitlets.List(
        traitlets.Unicode(), None, allow_none=True, help="Columns to show; None chooses."
    )
    pinned = traitlets.List(traitlets.Unicode(), help="Columns that do not scroll sideways.")

    def __init__(
        self,
        filter: str = "",
        *,
        order_by: Sequence[str] = (),
        experiment: str | Sequence[str] | None = None,
        store: str | PathLike[str] | None = None,
        **traits: object,
    ) -> None:
        """``experiment`` is one name or several; all runs of the store without it.

        Raises `InvalidFilter` if ``filter`` or ``order_by`` do not parse.
        """
        from nbtrack.tracking.active import current_store

        query = asked_for(filter, order_by, experiment)
        self._open(Frame.shared(current_store(store), query), query.order_by)
        for name, value in traits.items():
            setattr(self, name, value)

    @classmethod
    def of(cls, frame: Frame, order_by: Sequence[str] = ()) -> RunTable:
        """The table of the runs of ``frame``."""
        table = cls.__new__(cls)
        table._open(frame, order_by)
        return table

    def _open(self, frame: Frame, order_by: Sequence[str]) -> None:
        self._model = TableModel(frame, order_by)
        self._comparison: Comparison | None = None
        self._begin(frame)

    def __repr__(self) -> str:
        return summary(self._model)

    def df(self) -> pandas.DataFrame:
        """The runs that are listed as a pandas DataFrame, with all that they have."""
        from nbtrack.tracking.answers import to_pandas

        return to_pandas(self.arrow())

    def arrow(self) -> pyarrow.Table:
        """The runs that are listed as an Arrow table, with all that they have."""
        from nbtrack.store import run_frame

        return run_frame(self.store, self._model.query())

    def svg(self, *, theme: Theme = "light") -> str:
        """The first runs as they are listed, as SVG."""
        return draw_table(self._model, theme)

    def save(
        self, path: str | PathLike[str], *, theme: Theme = "light", scale: float = image.SCALE
    ) -> Path:
        """Write the first runs as they are listed to ``path`` (.png or .svg); the path.

        Needs no browser. ``scale`` is how many pixels of a PNG are one of the picture.
        Raises `InvalidValue` for another ending, `MissingExtra` for a PNG without
        vl-convert.
        """
        return image.save(self.svg(theme=theme), path, scale=scale)

    def _html(self) -> str:
        return static_html(self._model)

    def _draw(self) -> dict[str, Any]:
        return self._model.snapshot()

    def _refresh(self) -> bool:
        return self._model.refresh()

    def _answer(self, intent: Mapping[str, Any]) -> Answer:
        if intent["kind"] == "compare":
            return self._compare(on=bool(intent["on"]))
        return answer(self._model, intent)

    def close(self) -> None:
        """Take the table off the page, and the comparison below it."""
        if (opened := getattr(self, "_comparison", None)) is not None:
            opened.close()
        super().close()

    def _compare(self, *, on: bool) -> Answer:
        """Open a comparison of what is selected below the table, or close the one that is there."""
        was, self._comparison = self._comparison, None
        if on:
            self._comparison = Comparison(self.store, list(self.frame.selection))
        if was is not None:
            was.close()
        opened = self._comparison
        return Answer({"kind": "comparison", "model": opened.model_id if opened else None})

    def _tell_traits(self) -> None:
        model = self._model
        self.order_by = [f"{name} {'DESC' if down else 'ASC'}" for name, down in model.order]
        self.group_by = model.group
        self.columns = None if model.shown is None else list(model.shown)
        self.pinned = list(model.pinned)

    @traitlets.observe("order_by", "group_by", "columns", "pinned")
    def _lead_model(self, change: Mapping[str, Any]) -> None:
        if self._following:
            return
        with self._leading():
            self._set(change["name"], change["new"])
        self._push()

    def _set(self, name: str, value: Any) -> None:
        model = self._model
        match name:
            case "order_by":
                model.set_order([order_key(key) for key in value])
            case "group_by":
                model.set_group(value)
            case "columns":
                model.set_columns(value)
            case "pinned":
                model.set_columns(model.shown, pinned=value)
