"""Every cell that this kernel has executed, tracked or not, since it started.

A replay is cut from these. They are kept in memory, and go to the store when a
tracked cell ends: each once, and its text once however often it ran.
"""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from nbtrack.capture.random_state import RandomState
from nbtrack.capture.secrets import redact
from nbtrack.capture.session import SessionCell, effects_of
from nbtrack.events import CellExecuted, CellStatus, new_run_id

if TYPE_CHECKING:
    from nbtrack.store import Store


@dataclass(slots=True)
class _Executed:
    number: int
    text: str
    cell_id: str
    began: float
    ts_us: int
    status: CellStatus = "unknown"
    duration_s: float | None = None
    random: RandomState | None = None
    drew: str = ""  # the random state that it began with, if it drew from it


class SessionLog:
    """The executed cells of one kernel, numbered as the user sees them: ``In [number]``."""

    def __init__(self, shell: Any) -> None:
        self.id = new_run_id()
        self._executed: list[_Executed] = []
        self._written: dict[Path, int] = {}
        # Newer versions of IPython count a cell before ``pre_run_cell``, older ones after it.
        self._ahead = 0
        self._remember_past(shell)

    def _remember_past(self, shell: Any) -> None:
        """Take what ran before the extension was loaded from IPython's history."""
        inputs = getattr(getattr(shell, "history_manager", None), "input_hist_raw", [])
        now_us = time.time_ns() // 1000
        for number, text in enumerate(inputs):
            # The cell that loads the extension is running: it is begun here, and never ends.
            if number and text.strip():
                self._executed.append(_Executed(number, text, "", 0.0, now_us))
        if self._executed:
            self._ahead = shell.execution_count - self._executed[-1].number
        running = _running_cell()
        if running.strip() and (not self._executed or self._executed[-1].text != running):
            # A front end that keeps no history, as nbval: the cell that loads us counts.
            number = self._executed[-1].number + 1 if self._executed else 1
            self._executed.append(_Executed(number, running, "", 0.0, now_us))

    def begin(self, info: Any, execution_count: int) -> int:
        """A cell begins; its number. ``info`` is IPython's."""
        last = self._executed[-1].number if self._executed else 0
        told = execution_count - self._ahead if info.store_history else 0
        number = max(told, last + 1)
        self._executed.append(
            _Executed(
                number,
                info.raw_cell,
                getattr(info, "cell_id", None) or "",
                time.monotonic(),
                time.time_ns() // 1000,
                random=_random_state(),
            )
        )
        return number

    def end(self, number: int, *, failed: bool) -> None:
        """The cell with that number has ended."""
        for executed in reversed(self._executed):
            if executed.number == number:
                executed.status = "failed" if failed else "finished"
                executed.duration_s = time.monotonic() - executed.began
                if executed.random is not None:
                    with suppress(Exception):  # As below.
                        executed.drew = executed.random.if_used()
                    executed.random = None
                # Read now, half a millisecond at a time, and not all at once when one is sliced.
                with suppress(Exception):
                    effects_of(executed.text)
                return

    def drew(self, number: int) -> str:
        """The random state with which that cell began; empty if it drew nothing, or is unknown."""
        return next((e.drew for e in self._executed if e.number == number), "")

    def cells(self, until: int) -> list[SessionCell]:
        """What was executed up to that number, and with it."""
        return [
            SessionCell(e.number, e.text, e.cell_id, e.status == "failed")
            for e in self._executed
            if e.number <= until
        ]

    def write(self, store: Store, until: int) -> None:
        """Write the cells up to that number to the store, those that are not there yet."""
        written = self._written.get(store.path, 0)
        writer = store.writer()
        for executed in self._executed:
            if written < executed.number <= until:
                writer.append(
                    CellExecuted(
                        executed.ts_us,
                        self.id,
                        executed.number,
                        writer.store_text(redact(executed.text)),
                        executed.cell_id,
                        executed.duration_s,
                        executed.status,
                    )
                )
        self._written[store.path] = max(written, until)


def _random_state() -> RandomState | None:
    try:
        return RandomState.now()
    except Exception:  # noqa: BLE001 - a library that is half loaded, or patched by the user
        return None


def _running_cell() -> str:
    """The text of the cell that runs just now; IPython hands it to nobody who was not there."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_code.co_name == "run_cell_async":
            raw = frame.f_locals.get("raw_cell")
            return raw if isinstance(raw, str) else ""
        frame = frame.f_back
    return ""
