"""``nbtrack.lineage()``: what was made from what, as rows that show themselves as a graph."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.tracking.answers import Answer
from nbtrack.widgets import image
from nbtrack.widgets.kernel import has_kernel
from nbtrack.widgets.lineage.graph import Graph, graph_of

if TYPE_CHECKING:
    from nbtrack.charts.style import Theme
    from nbtrack.store import Store
    from nbtrack.widgets.lineage.widget import LineageGraph


def lineage(of: Any = None, *, store: str | PathLike[str] | None = None) -> Lineage:
    """What was made from what: from data through runs to model versions, and back.

    ``of`` is data (a frame, an array, a file, a `Dataset`), its name or the beginning of its
    digest; a run, its name or id; a model version or its URI; all of the store without it.
    The same content under another name is the same data. In SQL it is the view ``lineage``.
    Raises `InvalidValue` for what the store does not know.

    >>> nbtrack.lineage(train)
    >>> nbtrack.lineage("models:/fraud/Production").df()
    """
    from nbtrack.registry.lineage import way_to
    from nbtrack.tracking.active import current_store

    place = current_store(store)
    return Lineage(place, way_to(place, of))


class Lineage(Answer):
    """Ways from data to runs to versions, one a row; the newest run first.

    In a notebook it shows as a `LineageGraph`, which `graph` gives to keep.
    """

    def __init__(self, store: Store, way: Mapping[str, Any]) -> None:
        from nbtrack.store import lineage_table

        super().__init__(lineage_table(store, **way))
        self._store = store
        self._way = way

    def graph(self) -> LineageGraph:
        """The widget: the graph, live, with all that is known of each box."""
        from nbtrack.widgets.lineage.widget import LineageGraph

        return LineageGraph(self._store, self._way)

    def svg(self, *, theme: Theme = "light") -> str:
        """The graph as SVG."""
        from nbtrack.widgets.lineage.picture import draw_graph

        return draw_graph(self._drawn(), theme=theme)

    def save(
        self, path: str | PathLike[str], *, theme: Theme = "light", scale: float = image.SCALE
    ) -> Path:
        """Write the graph to ``path`` (.png or .svg); the path. See `Curves.save`."""
        return image.save(self.svg(theme=theme), path, scale=scale)

    def _drawn(self) -> Graph:
        return graph_of(self.arrow().to_pylist())

    def __repr__(self) -> str:
        return f"Lineage: {self._drawn().counts()}"

    def _repr_html_(self) -> str:
        from nbtrack.widgets.lineage.widget import lineage_html

        return lineage_html(self._drawn())

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> Any:
        if not has_kernel():
            return {"text/plain": repr(self), "text/html": self._repr_html_()}
        return self.graph()._repr_mimebundle_(include=include, exclude=exclude)
