"""The run table: runs as rows, with their parameters, metrics and curves, live.

The browser sends named intents with an id; each is answered by a message with
the same id and Arrow buffers. What nobody asked for, news from the store, goes
out as the trait ``_snapshot``, so that a view that opens later finds it too, and
so that it arrives while a cell runs, when the kernel reads no messages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from nbtrack.errors import NbtrackError
from nbtrack.widgets.static_table import static_html, summary
from nbtrack.widgets.table_answers import answer
from nbtrack.widgets.table_model import TableModel
from nbtrack.widgets.watch import StoreWatch

if TYPE_CHECKING:
    from nbtrack.store import RunQuery, Store

_STATIC = Path(__file__).parent / "static"
if not (_STATIC / "run_table.js").exists():
    raise FileNotFoundError(
        f"nbtrack's front-end is not built in {_STATIC}: run pip install -e . in the checkout, "
        "or npm install and npm run build in its folder js."
    )


class RunTable(anywidget.AnyWidget):
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

    _esm = _STATIC / "run_table.js"
    _css = _STATIC / "run_table.css"

    _snapshot = traitlets.Dict().tag(sync=True)

    filter = traitlets.Unicode("", help="Runs to list: a filter, or words to look for.")
    order_by = traitlets.List(traitlets.Unicode(), help="Columns to sort by, each ASC or DESC.")
    group_by = traitlets.Unicode(None, allow_none=True, help="The column to group runs by.")
    columns: Any = traitlets.List(
        traitlets.Unicode(), None, allow_none=True, help="Columns to show; None chooses."
    )
    pinned = traitlets.List(traitlets.Unicode(), help="Columns that do not scroll sideways.")
    selected = traitlets.List(traitlets.Unicode(), help="Ids of the runs that are ticked.")

    def __init__(
        self,
        filter: str = "",
        *,
        order_by: Sequence[str] = (),
        experiment: str | Sequence[str] | None = None,
        store: object = None,
        **traits: object,
    ) -> None:
        """``experiment`` is one name or several; all runs of the store without it.

        Raises `InvalidFilter` if ``filter`` or ``order_by`` do not parse.
        """
        from nbtrack.store import RunQuery
        from nbtrack.tracking.active import current_store

        names = (experiment,) if isinstance(experiment, str) else tuple(experiment or ()) or None
        query = RunQuery(filter=filter, order_by=tuple(order_by), experiments=names)
        self._begin(current_store(store), query, traits)  # type: ignore[arg-type]

    @classmethod
    def of(cls, store: Store, query: RunQuery) -> RunTable:
        """The table of the runs that ``query`` finds in ``store``."""
        table = cls.__new__(cls)
        table._begin(store, query, {})
        return table

    def _begin(self, store: Store, query: RunQuery, traits: Mapping[str, object]) -> None:
        self._model = TableModel(store, query)
        self._following = True
        self._views = 0
        self._watch = StoreWatch(store, self._news, self._trouble)
        super().__init__()
        self._follow_model()
        self._following = False
        self._push()
        self.on_msg(self._receive)
        for name, value in traits.items():
            setattr(self, name, value)

    # Showing

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle, metadata = super()._repr_mimebundle_(**kwargs) or ({}, {})
        bundle["text/html"] = static_html(self._model)
        bundle["text/plain"] = repr(self)
        # Before its view opens the browser cannot say so: a cell may be running.
        self._watch.start()
        return bundle, metadata

    def __repr__(self) -> str:
        return summary(self._model)

    def close(self) -> None:
        """Take the table off the page and stop looking at the store."""
        self._watch.stop()
        super().close()

    # From the store

    def _news(self) -> None:
        if self._model.refresh():
            self._push()

    def _trouble(self, error: NbtrackError) -> None:
        self._push(trouble=str(error))

    def _push(self, trouble: str = "") -> None:
        if trouble:
            self._snapshot = {**self._snapshot, "trouble": trouble}
        else:
            self._snapshot = {**self._model.snapshot(), "trouble": ""}

    # From the browser

    def _receive(self, _widget: object, content: Mapping[str, Any], _buffers: object) -> None:
        kind = content.get("kind")
        if kind == "opened":
            self._views += 1
            self._watch.start()
        elif kind == "closed":
            self._views -= 1
            if self._views <= 0:
                self._watch.stop()
        elif kind == "window":
            self._model.look_at(int(content["offset"]), content.get("within"))
        else:
            self._answer(content)

    def _answer(self, intent: Mapping[str, Any]) -> None:
        asked = intent.get("id")
        try:
            reply = answer(self._model, intent)
        except NbtrackError as error:
            about = str(intent.get("kind"))
            self.send({"id": asked, "kind": "error", "about": about, "message": str(error)})
            return
        self.send({"id": asked, **reply.content}, buffers=reply.buffers)
        self._follow_model()

    def _follow_model(self) -> None:
        """Let the traits say what the browser did."""
        model = self._model
        self._following = True
        try:
            with self.hold_trait_notifications():
                self.filter = model.filter
                self.order_by = [
                    f"{name} {'DESC' if down else 'ASC'}" for name, down in model.order
                ]
                self.group_by = model.group
                self.columns = None if model.shown is None else list(model.shown)
                self.pinned = list(model.pinned)
                self.selected = list(model.selected)
        finally:
            self._following = False

    # From the user's code

    @traitlets.observe("filter", "order_by", "group_by", "columns", "pinned", "selected")
    def _lead_model(self, change: Mapping[str, Any]) -> None:
        if self._following:
            return
        try:
            self._set(change["name"], change["new"])
        except NbtrackError:
            self._follow_model()
            raise
        self._follow_model()
        self._push()

    def _set(self, name: str, value: Any) -> None:
        model = self._model
        match name:
            case "filter":
                model.set_filter(value)
            case "order_by":
                model.set_order([_order_key(key) for key in value])
            case "group_by":
                model.set_group(value)
            case "columns":
                model.set_columns(value)
            case "pinned":
                model.set_columns(model.shown, pinned=value)
            case "selected":
                model.select_none()
                model.select(value)


def _order_key(text: str) -> tuple[str, bool]:
    column, _, direction = text.rpartition(" ")
    if direction.upper() in ("ASC", "DESC"):
        return column, direction.upper() == "DESC"
    return text, False
