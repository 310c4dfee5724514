"""By what a library's callback tells of its training, whoever has passed it.

Autologging passes the record of the training that it watches. A callback that the user has
passed finds the run by itself, and begins one where none is active. Most libraries call no
callback when a training fails: such a run is ended when the next one begins, or with the
process.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from nbtrack.integrations.autologging.record import Options, Record
from nbtrack.integrations.autologging.training import Trouble
from nbtrack.tracking.active import active_run, start_apart, start_run
from nbtrack.tracking.run import Run

# What the user keeps of the model, and which data it has read, is said beside the callback.
_EXPLICIT = Options(log_models=False, log_datasets=False)

# Runs that callbacks have begun, and the call of the library during which each goes on.
_begun: dict[Run, FrameType | None] = {}


class CallbackWarning(UserWarning):
    """Something that a callback could not log; the training itself went on."""


class Telling:
    """What one callback tells.

    A copy of it, pickled or deep, tells of a training of its own. One that is made during a
    training goes on with its run, in a process that the library starts for a device.
    """

    def __init__(
        self,
        library: str,
        run: Run | None = None,
        elsewhere: tuple[str, Path, int] | None = None,
    ) -> None:
        self._library = library
        self._run = run
        self._elsewhere = elsewhere  # A run's id, its store and its process.
        self._given: Record | None = None
        self._trouble: Trouble = self._warn
        self._warned = False
        self._own: Run | None = None
        self._own_id: str | None = None
        self._status = "failed"
        self.record: Record | None = None

    def __reduce__(self) -> tuple[type[Telling], tuple[object, ...]]:
        record, run, elsewhere = self.record or self._given, self._run, self._elsewhere
        if record is not None:
            run = record.run
        if run is not None:
            elsewhere = (run.id, run.store.path, os.getpid())
        return Telling, (self._library, None, elsewhere)

    def use(self, record: Record, trouble: Trouble) -> None:
        """Tell this record, of a training that autologging watches."""
        self._given, self._trouble, self.record = record, trouble, None
        self._status = "failed"

    def leave(self) -> None:
        """The training that autologging watched is over; the next one may be without it."""
        self._given, self._trouble = None, self._warn
        self.end(self._status)

    @property
    def is_given(self) -> bool:
        """Whether autologging has passed the callback, and tells the settings itself."""
        return self._given is not None

    def begin(self, call: str = "", *, again: bool = False) -> None:
        """A training begins: find its run, or begin one; with ``again``, the last one anew.

        ``call`` is the library's function whose end is the training's, where the library
        may leave it without a word.
        """
        self.record = self._given
        if self.record is not None:
            return
        try:
            self.end("failed")
            _end_abandoned()
            run = self._run
            if self._elsewhere is not None:
                run_id, place, process = self._elsewhere
                run = start_apart(run_id, store=place)
                if process != os.getpid():
                    # Ended here and there: this process may leave without a word.
                    self._own = run
            if run is None:
                run = active_run()
            if run is None:
                run = self._own = start_run(self._own_id if again else None)
                self._own_id = run.id
                _begun[run] = _frame_of(call)
            self.record = Record(run, _EXPLICIT)
        except Exception as error:  # noqa: BLE001 - the border between tracking and the user's training
            self._trouble("beginning a run", error)

    def tell(self, doing: str, what: Callable[[Record], None]) -> None:
        """Call ``what`` with the record. Never raises; what goes wrong is warned of once."""
        if self.record is None:
            return
        try:
            what(self.record)
        except Exception as error:  # noqa: BLE001 - as above
            self._trouble(doing, error)

    def end(self, status: str = "finished", error: BaseException | None = None) -> None:
        """The training is over: end its run, if it was begun here, and nobody else tells of it."""
        if self._given is not None:
            self._status, self.record = status, None
            return
        own, self._own, self.record = self._own, None, None
        if own is not None:
            _begun.pop(own, None)
            try:
                own.end(status, error)
            except Exception as failure:  # noqa: BLE001 - as above
                self._trouble("ending the run", failure)

    def _warn(self, doing: str, error: Exception) -> None:
        if self._warned:
            return
        self._warned = True
        text = f"Tracking went wrong while {doing}: {type(error).__name__}: {error}"
        try:
            warnings.warn(text, CallbackWarning, stacklevel=4)
        except CallbackWarning as warning:
            print(f"CallbackWarning: {warning}", file=sys.stderr)


def _end_abandoned() -> None:
    """End the runs of callbacks whose training has ended without a word to them."""
    going_on = {id(frame) for top in sys._current_frames().values() for frame in _stack(top)}
    for run, frame in list(_begun.items()):
        if frame is not None and id(frame) not in going_on:
            del _begun[run]
            run.end("failed")


def _frame_of(call: str) -> FrameType | None:
    return next((f for f in _stack(sys._getframe(1)) if f.f_code.co_name == call), None)


def _stack(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back
