"""``nbtrack.runs()``: the recorded runs as a frame that shows itself as the run table."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from functools import cached_property
from os import PathLike
from typing import TYPE_CHECKING, Any

from nbtrack.tracking.active import current_store
from nbtrack.tracking.answers import Answer
from nbtrack.tracking.stored import StoredRun
from nbtrack.widgets.kernel import has_kernel

if TYPE_CHECKING:
    import pyarrow

    from nbtrack.store import RunQuery, Store
    from nbtrack.widgets.frame import Frame
    from nbtrack.widgets.run_table.model import TableModel
    from nbtrack.widgets.run_table.widget import RunTable

_COMPLETED_NAMES = 200


def runs(
    filter: str = "",
    *,
    order_by: str | Sequence[str] = (),
    experiment: str | Sequence[str] | None = None,
    store: str | PathLike[str] | None = None,
) -> Runs:
    """The runs that fit ``filter``, as a frame that shows itself as a live table.

    ``filter`` is MLflow's grammar with OR, NOT and parentheses, or words to look
    for in names, parameters, tags and notes. ``order_by`` is a column or several,
    such as ``"metrics.accuracy DESC"``; the newest run comes first without it.
    ``experiment`` is one name or several; all of the store's runs without it.

    >>> runs("metrics.accuracy > .9").df()          # a pandas DataFrame
    >>> runs()["brave-otter"].params                # one run, by its name
    """
    from nbtrack.widgets.frame import asked_for

    query = asked_for(filter, order_by, experiment)
    listed = Runs(current_store(store), query)
    if filter or query.order_by:
        # A mistake is told here, not where the runs are shown.
        len(listed)
    return listed


class Runs(Answer):
    """Runs, read anew whenever they are looked at.

    ``.df()``, ``.pl()`` and ``.arrow()`` give one row per run with MLflow's column
    names (``params.lr``, ``metrics.accuracy``); iterating gives one `StoredRun`
    each, and so does ``runs["brave-otter"]``. In a notebook it shows as a `RunTable`.
    """

    def __init__(self, store: Store, query: RunQuery) -> None:
        self._store = store
        self._query = query

    @cached_property
    def _model(self) -> TableModel:
        from nbtrack.widgets.frame import Frame
        from nbtrack.widgets.run_table.model import TableModel

        # Its own frame: what somebody types into a widget does not change what code gets.
        return TableModel(Frame(self._store, self._query), self._query.order_by)

    @property
    def frame(self) -> Frame:
        """These runs as widgets share them."""
        from nbtrack.widgets.frame import Frame

        return Frame.shared(self._store, self._query)

    def table(self) -> RunTable:
        """The widget: the same runs as a table that lives on the page."""
        from nbtrack.widgets.run_table.widget import RunTable

        return RunTable.of(self.frame, self._query.order_by)

    def arrow(self) -> pyarrow.Table:
        """One row per run, with every parameter, metric and tag as a column."""
        from nbtrack.store import run_frame

        return run_frame(self._store, self._model.query())

    def __len__(self) -> int:
        return self._model.page(0, limit=0).total

    def __iter__(self) -> Iterator[StoredRun]:  # type: ignore[override]
        for run_id in self._ids():
            yield StoredRun(self._store, run_id)

    def __getitem__(self, key: str | int) -> Any:
        """The run of that name, id or place, or the values of the column of that name."""
        from nbtrack.store import find_run

        if isinstance(key, int):
            return StoredRun(self._store, self._ids()[key])
        if key.partition(".")[0] in ("params", "metrics", "tags"):
            return super().__getitem__(key)
        return StoredRun(self._store, find_run(self._store, key))

    def _ids(self, limit: int = sys.maxsize) -> list[str]:
        page = self._model.page(0, limit=min(limit, len(self)))
        ids: list[str] = page.table["run_id"].to_pylist()
        return ids

    def _ipython_key_completions_(self) -> list[str]:
        names = self._model.page(0, limit=_COMPLETED_NAMES).table["name"].to_pylist()
        return [*names, *(column.name for column in self._model.columns())]

    def __repr__(self) -> str:
        from nbtrack.widgets.run_table.static import text_table

        self._model.refresh()
        return text_table(self._model)

    def _repr_html_(self) -> str:
        from nbtrack.widgets.run_table.static import static_html

        self._model.refresh()
        return static_html(self._model)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> Any:
        if not has_kernel():
            return {"text/plain": repr(self)}
        return self.table()._repr_mimebundle_(include=include, exclude=exclude)
