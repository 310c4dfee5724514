"""One run in a notebook: what `run` shows as the last expression of a cell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValue
from nbtrack.tracking.handle import RunHandle
from nbtrack.tracking.past import get_run
from nbtrack.widgets.live import HeardWidget, built
from nbtrack.widgets.run_view.model import RunModel
from nbtrack.widgets.run_view.picture import sheet_of
from nbtrack.widgets.run_view.static import static_html
from nbtrack.widgets.savable import Savable
from nbtrack.widgets.sheet import draw_sheet
from nbtrack.widgets.wire import Answer

if TYPE_CHECKING:
    import pyarrow

    from nbtrack.charts.style import Theme

_NAMED = 8


class RunView(Savable, HeardWidget):
    """Everything known of one run, in tabs; live while the run runs.

    A run shows as one in a notebook; ``RunView(run)`` makes one to keep, of a run or its
    name or id. Raises `RunNotFound`, `AmbiguousRun`, and `InvalidValue` for what is no run.
    """

    _esm = built("run_view.js")
    _css = built("run_view.css")

    def __init__(self, run: RunHandle | str) -> None:
        if isinstance(run, str):
            run = get_run(run)
        if not isinstance(run, RunHandle):
            raise InvalidValue(
                f"A RunView is of one run, not of a {type(run).__name__}: "
                "give nbtrack.get_run('name'), or the name."
            )
        self._model = RunModel(run.store, run.id)
        self._begin_on(run.store)

    def __repr__(self) -> str:
        recipe = self._model.recipe
        parts = [f"Run of {recipe.run.experiment!r}"]
        for title, keys in (
            ("parameters", [param.key for param in recipe.run.params]),
            ("metrics", list(recipe.metrics)),
        ):
            more = f" and {len(keys) - _NAMED} more" if len(keys) > _NAMED else ""
            if keys:
                parts.append(f"{title} {', '.join(keys[:_NAMED])}{more}")
        return "; ".join(" ".join(part.split()) for part in parts)

    def arrow(self) -> pyarrow.Table:
        """Parameters, metrics and tags as an Arrow table: kind, key, value, number."""
        return self._model.table()

    def svg(self, *, theme: Theme = "light") -> str:
        """The run's metrics, parameters and curves as SVG."""
        return draw_sheet(sheet_of(self._model), theme)

    def _html(self) -> str:
        return static_html(self._model)

    def _draw(self) -> dict[str, Any]:
        return self._model.snapshot()

    def _refresh(self) -> bool:
        return self._model.refresh()

    def _answer(self, intent: Mapping[str, Any]) -> Answer:
        match intent["kind"]:
            case "select":
                self._selection.replace(intent["runs"])
        return self._taken(intent) or self._model.browser.answer(intent) or Answer({"kind": "done"})
