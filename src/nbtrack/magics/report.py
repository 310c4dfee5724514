"""The card of a cell that has ended: what was found, and how it compares.

The store is asked beside the cell. The card waits for its answers as long as the
session has patience, and is drawn again when a late one arrives.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from nbtrack.capture import Inferred
from nbtrack.magics.errand import Errand
from nbtrack.magics.history import History, compare_metrics, compare_params
from nbtrack.magics.line import TrackArguments
from nbtrack.magics.session import Session, TrackedRun
from nbtrack.magics.sketch import Sketch


class Report:
    """What the card of an ended run says of its metrics and parameters, as far as it is known.

    ``metrics`` were read off the cell; ``own`` asks for those that the cell logged
    itself, and wins; ``history`` asks for what they are compared with.
    """

    def __init__(
        self,
        session: Session,
        tracked: TrackedRun,
        *,
        metrics: Mapping[str, float],
        curves: Mapping[str, Sketch],
        own: Errand[dict[str, float]] | None,
        history: Errand[History] | None,
    ) -> None:
        self._session = session
        self._tracked = tracked
        self._metrics = metrics
        self._curves = {key: sketch.values for key, sketch in curves.items()}
        self._own = own
        self._history = history

    def show(self) -> None:
        """Complete the card with what the store says in time, and later with the rest."""
        session = self._session
        errands: list[Errand[Any]] = [e for e in (self._own, self._history) if e is not None]
        deadline = time.monotonic() + session.patience_s(self._tracked.run.duration_s)
        with suppress(KeyboardInterrupt):  # Tired of waiting: the card goes out as it is.
            for errand in errands:
                errand.answer(max(0.0, deadline - time.monotonic()))
        late = [errand for errand in errands if not errand.is_done]
        self._remember_pace()
        self._draw()
        for errand in late:
            errand.then(self._draw_late)

    def _remember_pace(self) -> None:
        if self._history is not None and self._history.is_done:
            self._session.store_took_s = self._history.took_s

    def _draw_late(self, _: object) -> None:
        self._remember_pace()
        self._draw()

    def _draw(self) -> None:
        tracked = self._tracked
        logged = (self._own.answer(0) if self._own else None) or {}
        history = (self._history.answer(0) if self._history else None) or History()
        tracked.history = history
        tracked.update(
            params=compare_params(tracked.run.params, history),
            metrics=compare_metrics({**self._metrics, **logged}, self._curves, history),
            last_run=history.last.name if history.last else "",
        )


def inferred_line(
    arguments: TrackArguments, inferred: Inferred, curves: Mapping[str, Sketch]
) -> str:
    """What was read off the cell, in one line; what the user named himself is not counted."""
    if not arguments.infer:
        return "nothing was inferred (--no-infer)"
    named = {*arguments.overrides, *arguments.params, *arguments.metrics}
    drawn = {key: sketch for key, sketch in curves.items() if sketch.length > 1}
    metrics = (inferred.metrics.keys() | curves.keys()) - drawn.keys() - named
    found = [
        _count(len(inferred.params.keys() - named), "parameter"),
        _count(len(metrics), "metric"),
        *(f"curve of {key} ({sketch.length} points)" for key, sketch in list(drawn.items())[:3]),
    ]
    said = ", ".join(part for part in found if part)
    line = f"inferred {said}" if said else "nothing to infer in this cell"
    return " · ".join([line, *inferred.notes])


def _count(number: int, noun: str) -> str:
    return "" if not number else f"1 {noun}" if number == 1 else f"{number} {noun}s"
