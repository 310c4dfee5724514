"""How a cell ended: its status, and the traceback as the user would read it."""

from __future__ import annotations

import asyncio
import traceback
from types import TracebackType

from nbtrack.events import Status

# Frames of the machinery that runs a cell, above the cell's own.
_MACHINERY = ("IPython.core.", "ipykernel.", "nbtrack.magics.")


def status_of(error: BaseException | None) -> Status:
    """``killed`` for an interrupt, ``failed`` for any other exception but a clean ``sys.exit``."""
    if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
        return "finished"
    # An interrupt reaches a cell that awaits as a cancellation.
    if isinstance(error, (KeyboardInterrupt, asyncio.CancelledError, GeneratorExit)):
        return "killed"
    return "failed"


def user_traceback(error: BaseException) -> str:
    """The traceback as text, from the cell's first frame on."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None and _is_machinery(trace):
        trace = trace.tb_next
    return "".join(traceback.format_exception(type(error), error, trace))


def summary(error: BaseException) -> str:
    """The exception in one line, as a traceback ends."""
    text = str(error).strip()
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _is_machinery(trace: TracebackType) -> bool:
    module = trace.tb_frame.f_globals.get("__name__", "")
    return isinstance(module, str) and module.startswith(_MACHINERY)
