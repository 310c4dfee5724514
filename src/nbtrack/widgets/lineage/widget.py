"""Lineage in a notebook: the graph, and what is known of the box that is looked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nbtrack.widgets import image
from nbtrack.widgets.lineage.details import details_of
from nbtrack.widgets.lineage.graph import Graph, graph_of
from nbtrack.widgets.lineage.picture import draw_graph
from nbtrack.widgets.live import HeardWidget, built
from nbtrack.widgets.savable import Savable
from nbtrack.widgets.wire import Answer

if TYPE_CHECKING:
    import pyarrow

    from nbtrack.charts.style import Theme
    from nbtrack.store import Store

# Of each column; on a page one scrolls.
MAX_BOXES = 150

NOTHING = (
    "<p>No run here has read data yet: <code>%%track</code> a cell that reads some, "
    "or tell of it with <code>nbtrack.log_input(data)</code>.</p>"
)


class LineageGraph(Savable, HeardWidget):
    """From data through runs to model versions, as a graph that follows the store.

    Made by `nbtrack.lineage`, which shows as one. Besides ``selected``, which it shares with
    the other widgets on its store, it has no trait: what is asked is asked once.
    """

    _esm = built("lineage.js")
    _css = built("lineage.css")

    def __init__(self, store: Store, way: Mapping[str, Any]) -> None:
        from nbtrack.store import lineage_table

        self._way = way
        self._table = lineage_table(store, **way)
        self._graph = graph_of(self._table.to_pylist())
        self._begin_on(store)

    def __repr__(self) -> str:
        return f"Lineage: {self._graph.counts()}"

    def arrow(self) -> pyarrow.Table:
        """Ways from data to runs to versions as an Arrow table, one a row."""
        return self._table

    def svg(self, *, theme: Theme = "light") -> str:
        """The graph as SVG."""
        return draw_graph(self._graph, theme=theme)

    def _html(self) -> str:
        return lineage_html(self._graph)

    def _draw(self) -> dict[str, Any]:
        shown = [column[:MAX_BOXES] for column in self._graph.columns]
        return {
            "columns": [
                [
                    {
                        "key": box.key,
                        "title": box.title,
                        "below": box.below,
                        "told": box.told,
                        "run_id": box.key.removeprefix("run:") if box.kind == "run" else None,
                    }
                    for box in column
                ]
                for column in shown
            ],
            "left_out": [
                len(column) - len(part)
                for column, part in zip(self._graph.columns, shown, strict=True)
            ],
            "joined": [list(map(list, pairs)) for pairs in self._graph.joined],
            "store": str(self.store.path),
        }

    def _refresh(self) -> bool:
        from nbtrack.store import lineage_table

        table = lineage_table(self.store, **self._way)
        if table.equals(self._table):
            return False
        self._table, self._graph = table, graph_of(table.to_pylist())
        return True

    def _answer(self, intent: Mapping[str, Any]) -> Answer:
        match intent["kind"]:
            case "select":
                self._selection.replace(intent["runs"])
            case "look":
                box = self._graph.find(str(intent["key"]))
                # It may have gone since it was drawn.
                told = details_of(self.store, box) if box else {"as": "gone"}
                return Answer({"kind": "details", "key": intent["key"], **told})
        return self._taken(intent) or Answer({"kind": "done"})


def lineage_html(graph: Graph) -> str:
    """The graph where no kernel is."""
    if not graph.columns[1]:
        return NOTHING
    return f"<div>{image.img(draw_graph(graph), f'Lineage: {graph.counts()}')}</div>"
