"""Lineage in a notebook: the graph, and the same as a table."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.tracking.answers import Answer
from nbtrack.widgets import image
from nbtrack.widgets.lineage.graph import draw_lineage

if TYPE_CHECKING:
    import pyarrow

    from nbtrack.charts.style import Theme


def lineage(of: Any = None, *, store: str | PathLike[str] | None = None) -> Lineage:
    """What was made from what: from data through runs to model versions, and back.

    ``of`` is data (a frame, an array, a file, a `Dataset`), its name or the beginning of its
    digest; a run, its name or id; a model version or its URI; all of the store without it.
    The same content under another name is the same data. In SQL it is the view ``lineage``.
    Raises `InvalidValue` for what the store does not know.

    >>> nbtrack.lineage(train)
    >>> nbtrack.lineage("models:/fraud/Production").df()
    """
    from nbtrack.registry.lineage import trace
    from nbtrack.tracking.active import current_store

    return Lineage(trace(current_store(store), of))


class Lineage(Answer):
    """Ways from data to runs to versions, one a row; the newest run first. Shows as a graph."""

    def __init__(self, table: pyarrow.Table) -> None:
        super().__init__(table)

    def svg(self, *, theme: Theme = "light") -> str:
        """The graph as SVG."""
        return draw_lineage(self.arrow().to_pylist(), theme=theme)

    def save(
        self, path: str | PathLike[str], *, theme: Theme = "light", scale: float = image.SCALE
    ) -> Path:
        """Write the graph to ``path`` (.png or .svg); the path. See `Curves.save`."""
        return image.save(self.svg(theme=theme), path, scale=scale)

    def _counts(self) -> str:
        rows = self.arrow().to_pylist()
        data = len({row["digest"] or (row["data"], row["run_id"]) for row in rows})
        runs = len({row["run_id"] for row in rows})
        versions = len({(row["name"], row["version"]) for row in rows if row["version"]})
        told = ((data, "data set"), (runs, "run"), (versions, "model version"))
        return ", ".join(f"{count} {what}{'' if count == 1 else 's'}" for count, what in told)

    def __repr__(self) -> str:
        return f"Lineage: {self._counts()}"

    def _repr_html_(self) -> str:
        if not self.arrow().num_rows:
            return (
                "<p>No run here has read data yet: <code>%%track</code> a cell that reads some, "
                "or tell of it with <code>nbtrack.log_input(data)</code>.</p>"
            )
        return f"<div>{image.img(self.svg(), repr(self))}</div>"
