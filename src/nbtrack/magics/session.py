"""What this kernel has tracked so far, and how it is asked to track."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.magics.display import CardDisplay
from nbtrack.magics.errand import Errand
from nbtrack.magics.history import History, compare_metrics
from nbtrack.magics.session_log import SessionLog
from nbtrack.magics.verdicts import Verdicts
from nbtrack.tracking.run import Run
from nbtrack.widgets.card import RunCard

# How long an ended cell waits for the store's answer before its card goes out without:
# a share of the time that the cell took, within these bounds.
_PATIENT_SHARE = 0.25
_LEAST_PATIENCE_S = 0.015
_MOST_PATIENCE_S = 0.3
# How long a command that compares runs waits for what is recorded beside their cells.
_SETTLE_S = 10.0

_ABSENT = object()


@dataclass(slots=True)
class TrackedRun:
    """A run of this kernel, with the card that shows it and what it was compared with."""

    run: Run
    card: RunCard
    display: CardDisplay
    history: History = field(default_factory=History)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def conclude(self, **changes: Any) -> None:
        """Change the card, which is shown when its comparison is there."""
        with self.lock:
            self.card = replace(self.card, **changes)

    def update(self, **changes: Any) -> None:
        """Change the card and show it; any thread may."""
        with self.lock:
            if self.card.status != "deleted":
                self.card = replace(self.card, **changes)
                self.display.show(self.card)

    def show_metrics(self, metrics: Mapping[str, float]) -> None:
        """Show these metrics on the card too, in place of earlier values of theirs."""
        kept = tuple(metric for metric in self.card.metrics if metric.key not in metrics)
        self.update(metrics=(*kept, *compare_metrics(metrics, {}, self.history)))


@dataclass(slots=True)
class Session:
    """State of one shell. ``runs`` are this kernel's own, oldest first, without those undone."""

    shell: Any
    log: SessionLog
    tracks_all: bool = False
    cells_seen: int = 0
    runs: list[TrackedRun] = field(default_factory=list)
    metric_names: set[str] = field(default_factory=set)
    store_took_s: float = 0.0
    recording: list[Errand[bool]] = field(default_factory=list)
    verdicts: Verdicts = field(default_factory=Verdicts)

    @property
    def variables(self) -> dict[str, Any]:
        """The user's own variables, without what IPython put into the namespace."""
        hidden = self.shell.user_ns_hidden
        return {
            name: value
            for name, value in self.shell.user_ns.items()
            if not name.startswith("_") and hidden.get(name, _ABSENT) is not value
        }

    @property
    def last(self) -> TrackedRun:
        """This kernel's last run. Raises `InvalidValue` where there is none."""
        if not self.runs:
            raise InvalidValue(
                "No cell was tracked in this kernel yet; put %%track on the first line of one."
            )
        return self.runs[-1]

    def settle(self) -> None:
        """Wait a moment for what is still being recorded of this kernel's runs."""
        deadline = time.monotonic() + _SETTLE_S
        for errand in self.recording:
            errand.answer(max(0.0, deadline - time.monotonic()))
        self.recording.clear()

    def patience_s(self, cell_s: float) -> float:
        """How long to wait for the store after a cell that took ``cell_s``.

        Not at all where it would be in vain, going by what the store took the last time:
        it is asked when the cell begins.
        """
        patience_s = min(max(_PATIENT_SHARE * cell_s, _LEAST_PATIENCE_S), _MOST_PATIENCE_S)
        return patience_s if self.store_took_s - cell_s <= patience_s else 0.0
