"""A way from the browser into the kernel that does not wait for the cell that runs.

A widget's own messages wait for the main thread: its comm was opened there. JupyterLab
gives a comm that the *page* opens a subshell of its own (ipykernel 7.1 and newer), so a
widget that must be heard while a cell runs listens to such a one, too. What arrives is
handed to a thread: a message sent from within the subshell would tie the widget's own
comm to it, and be lost with it. Answers go the usual way. Elsewhere, and with an older
kernel, all waits as ever, and the page says so.
"""

from __future__ import annotations

import queue
import threading
import warnings
import weakref
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Protocol

TARGET = "nbtrack.beside_cells"


class Hearing(Protocol):
    """A widget that hears what the browser says."""

    def hear(self, content: Mapping[str, Any]) -> None:
        """Take a message in; on a thread of its own."""
        ...


_hearers: weakref.WeakValueDictionary[str, Hearing] = weakref.WeakValueDictionary()
_said: queue.SimpleQueue[tuple[str, Mapping[str, Any]]] = queue.SimpleQueue()
_is_listening = threading.Event()


def listen(token: str, widget: Hearing) -> None:
    """Let what the page says to ``token`` reach the widget, for as long as it lives."""
    _hearers[token] = widget
    if _is_listening.is_set():
        return
    _is_listening.set()
    import comm

    comm.get_comm_manager().register_target(TARGET, _opened)
    threading.Thread(target=_hand_over, name="nbtrack-beside-cells", daemon=True).start()


def _opened(line: Any, message: Mapping[str, Any]) -> None:
    token = str(message["content"]["data"].get("widget", ""))
    line.on_msg(lambda said: _said.put((token, said["content"]["data"])))


def _hand_over() -> None:
    while True:
        token, content = _said.get()
        widget = _hearers.get(token)
        try:
            if widget is not None:
                widget.hear(content)
        except Exception as error:  # noqa: BLE001 - the border of the background thread
            # With warnings as errors this raises, and no one is there to catch it.
            with suppress(Warning):
                warnings.warn(f"nbtrack: {error}", RuntimeWarning, stacklevel=2)
        # Or the last that was heard would live until the next speaks.
        del widget
