"""A comparison in a notebook: traits for the user's code, intents from the browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any

import traitlets

from nbtrack.errors import InvalidValue
from nbtrack.tracking.handle import RunHandle
from nbtrack.widgets.compare.choosing import chosen_runs
from nbtrack.widgets.compare.model import CompareModel
from nbtrack.widgets.compare.picture import sheet_of
from nbtrack.widgets.compare.static import static_html
from nbtrack.widgets.frame import run_ids
from nbtrack.widgets.live import StoreWidget, built
from nbtrack.widgets.savable import Savable
from nbtrack.widgets.sheet import draw_sheet
from nbtrack.widgets.wire import Answer

if TYPE_CHECKING:
    import pyarrow

    from nbtrack.charts.style import Theme
    from nbtrack.store import Store

# They differ from one time to the next: a verdict comes later, data is sampled for want of time.
_UNTOLD = ("Run", "Data", "Packages")


def compare(*runs: Any, store: str | PathLike[str] | None = None) -> Comparison:
    """Runs side by side, a column each; the first is the baseline of every difference.

    ``runs`` are names, ids or runs, `nbtrack.runs`'s answer, or a widget: what is
    selected in it. Without any, what is selected on the store. At most eight.
    Raises `RunNotFound`, `AmbiguousRun`, and `InvalidValue` for what is no run.

    >>> compare("forest", "boosted")
    >>> table = nbtrack.runs().table()          # tick some rows, then:
    >>> compare(table)
    """
    return Comparison(*chosen_runs(runs, store))


class Comparison(Savable, StoreWidget):
    """Runs next to each other: what differs first, what is the same folded away.

    Made by `nbtrack.compare`. Besides ``selected``, which it shares with the other
    widgets on its store:

    ============  =============  ========================================================
    trait         type           meaning
    ============  =============  ========================================================
    ``runs``      list of str    full ids, a column each. May be set to ids, names or runs
    ``baseline``  str or None    the run that others are held against: the first. Setting
                                 it puts that run first
    ============  =============  ========================================================
    """

    _esm = built("compare.js")
    _css = built("compare.css")

    runs: Any = traitlets.Any(help="Ids of the runs, in order.")
    baseline: Any = traitlets.Any(None, help="The run that others are held against.")

    def __init__(self, store: Store, runs: Sequence[str]) -> None:
        self._model = CompareModel(store, runs)
        self._begin_on(store)

    def __repr__(self) -> str:
        reading = self._model.read()
        if not reading.runs:
            return "Comparison of no runs"
        titles = [g.title.lower() for g in reading.groups if g.different and g.title not in _UNTOLD]
        differ = f"; {', '.join(titles)} differ" if titles else ""
        count = len(reading.runs)
        return f"Comparison of {count} run{'' if count == 1 else 's'}{differ}"

    def swap(self) -> None:
        """Turn the order round: of two runs, the other becomes the baseline."""
        self.runs = self.runs[::-1]

    def remove(self, run: str | RunHandle) -> None:
        """Take one run out. Raises `InvalidValue` if it is not compared."""
        [run_id] = run_ids(self.store, [run])
        if run_id not in self.runs:
            raise InvalidValue(f"{run!r} is not among the runs that are compared.")
        self.runs = [each for each in self.runs if each != run_id]

    def arrow(self) -> pyarrow.Table:
        """What is compared as an Arrow table: group, name, same, and a column per run."""
        return self._model.table()

    def svg(self, *, theme: Theme = "light") -> str:
        """What differs, and the curves, as SVG."""
        return draw_sheet(sheet_of(self._model), theme)

    def _html(self) -> str:
        return static_html(self._model)

    def _draw(self) -> dict[str, Any]:
        return self._model.snapshot()

    def _refresh(self) -> bool:
        return self._model.refresh()

    def _answer(self, intent: Mapping[str, Any]) -> Answer:
        match intent["kind"]:
            case "runs":
                self._compare(intent["runs"])
            case "select":
                self._selection.replace(intent["runs"])
            case "figures":
                return self._model.figures(intent["digests"])
        return self._taken(intent) or Answer({"kind": "done"})

    def _compare(self, runs: Sequence[str]) -> None:
        self._model.choose(runs)
        self._push()

    def _tell_traits(self) -> None:
        runs = self._model.runs
        self.runs = list(runs)
        self.baseline = runs[0] if runs else None

    @traitlets.default("runs")
    def _none_compared(self) -> list[str]:
        return []

    @traitlets.validate("runs")
    def _find_runs(self, proposal: Mapping[str, Any]) -> list[str]:
        return run_ids(self.store, proposal["value"])

    @traitlets.validate("baseline")
    def _find_baseline(self, proposal: Mapping[str, Any]) -> str | None:
        value = proposal["value"]
        if value is None:
            return None
        [run_id] = run_ids(self.store, [value])
        return run_id

    @traitlets.observe("runs", "baseline")
    def _lead_model(self, change: Mapping[str, Any]) -> None:
        if self._following:
            return
        with self._leading():
            if change["name"] == "runs":
                self._compare(change["new"])
            elif change["new"] is not None:
                # One that is not compared yet joins.
                first = change["new"]
                self._compare([first, *(run for run in self._model.runs if run != first)])
