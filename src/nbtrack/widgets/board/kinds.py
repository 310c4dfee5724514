"""The kinds of widgets that a board has room for: how each is made, and what is remembered of it.

Options are the widget's own traits, so that what is remembered is what a user could have
set. An option that cannot be set again, such as a column that the runs no longer have, is
told and left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import traitlets

from nbtrack.errors import NbtrackError, RunNotFound
from nbtrack.widgets.chart.widget import Contour, Importance, Scatter
from nbtrack.widgets.compare.model import MAX_RUNS
from nbtrack.widgets.compare.widget import Comparison
from nbtrack.widgets.curves.widget import Curves
from nbtrack.widgets.frame import Frame
from nbtrack.widgets.live import StoreWidget
from nbtrack.widgets.parallel.widget import ParallelCoordinates
from nbtrack.widgets.run_table.widget import RunTable

_SAID_CHARS = 200


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: its title on the page, its class, who makes it on a frame, and its options."""

    title: str
    of: type[StoreWidget]
    make: Callable[[Frame], StoreWidget]
    options: tuple[str, ...]


def _compared(frame: Frame) -> Comparison:
    return Comparison(frame.store, list(frame.selection)[:MAX_RUNS])


KINDS: Mapping[str, Kind] = {
    "parallel": Kind(
        "Parallel coordinates",
        ParallelCoordinates,
        ParallelCoordinates,
        ("axes", "color", "inverted", "scales", "brushes"),
    ),
    "curves": Kind(
        "Curves",
        Curves,
        Curves,
        ("metrics", "x", "log_x", "log_y", "smoothing", "color", "ranges"),
    ),
    "scatter": Kind("Scatter", Scatter, Scatter, ("x", "y", "color", "log_x", "log_y")),
    "contour": Kind("Contour", Contour, Contour, ("x", "y", "metric", "log_x", "log_y")),
    "importance": Kind("Importance", Importance, Importance, ("metric",)),
    "table": Kind("Runs", RunTable, RunTable.of, ("order_by", "group_by", "columns", "pinned")),
    "compare": Kind("Side by side", Comparison, _compared, ("runs",)),
}


def kind_of(widget: object) -> str | None:
    """The kind that a widget is of; ``None`` for what a board has no room for."""
    return next((name for name, kind in KINDS.items() if isinstance(widget, kind.of)), None)


def options_of(kind: str, widget: StoreWidget) -> dict[str, Any]:
    """What is remembered of a widget, as JSON has it."""
    chosen = {name: getattr(widget, name) for name in KINDS[kind].options}
    plain: dict[str, Any] = json.loads(json.dumps(chosen, default=_plain))
    return plain


def set_options(kind: str, widget: StoreWidget, options: Mapping[str, Any]) -> list[str]:
    """Let a new widget be as it was; a sentence for each option that it cannot have."""
    told = []
    for name in KINDS[kind].options:
        if name not in options or options[name] == getattr(widget, name):
            continue
        value = options[name]
        if isinstance(widget, Comparison):
            value, gone = _there(widget, value)
            told += gone
        try:
            setattr(widget, name, value)
        except (NbtrackError, traitlets.TraitError, TypeError, ValueError) as error:
            said = " ".join(str(error).split())
            told.append(f"{name} is not as it was saved: {said[:_SAID_CHARS]}")
    return told


def _there(widget: Comparison, runs: object) -> tuple[list[str], list[str]]:
    """Those of the runs that the store still has, and what is said of the others."""
    from nbtrack.store import run_detail

    named = list(runs) if isinstance(runs, Iterable) and not isinstance(runs, str) else []
    there = []
    for run in named:
        try:
            there.append(run_detail(widget.store, str(run)).run_id)
        except RunNotFound:
            continue
    gone = len(named) - len(there)
    said = "1 run that was compared is" if gone == 1 else f"{gone} runs that were compared are"
    return there, [f"{said} no longer in the store."] if gone else []


def _plain(value: Any) -> Any:
    """A number of NumPy's, or a set or tuple of labels, as JSON has it."""
    return value.item() if hasattr(value, "item") else list(value)
