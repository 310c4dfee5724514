"""What a cell prints, kept beside where it goes anyway.

The streams' ``write`` is wrapped for as long as the cell runs; the user sees what
he always saw. The beginning and the end are kept, up to a stated size; ``\\r``
overwrites a line as in a terminal, so that a progress bar leaves its last state.
"""

from __future__ import annotations

import sys
import threading
from collections import deque
from typing import Any

HEAD_CHARS = 32_000
TAIL_CHARS = 32_000


class Tee:
    """Keeps what is written to ``sys.stdout`` and ``sys.stderr`` between `start` and `stop`.

    Any thread may print. A write costs one append; the text is put together at the end.
    """

    def __init__(self) -> None:
        self._kept = {"stdout": _Kept(), "stderr": _Kept()}
        self._wrapped: list[tuple[Any, _Kept]] = []

    def start(self) -> None:
        """Begin to keep what is printed."""
        for name, kept in self._kept.items():
            stream = getattr(sys, name)
            if stream is None:
                continue
            try:
                kept.wrap(stream)
            except (AttributeError, TypeError):
                continue  # A stream whose write cannot be replaced is left alone.
            self._wrapped.append((stream, kept))

    def stop(self) -> dict[str, str]:
        """Let the streams go; the texts by name, those that are not empty."""
        for stream, kept in reversed(self._wrapped):
            kept.unwrap(stream)
        self._wrapped.clear()
        texts = {name: kept.text() for name, kept in self._kept.items()}
        return {name: text for name, text in texts.items() if text}


class _Kept:
    """The head and the tail of one stream."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._head: list[str] = []
        self._head_chars = 0
        self._tail: deque[str] = deque()
        self._tail_chars = 0
        self._dropped = 0
        self._write: Any = None
        self._previous: Any = None

    def wrap(self, stream: Any) -> None:
        write = stream.write

        def write_and_keep(text: str, *rest: Any) -> Any:
            self._keep(text)
            return write(text, *rest)

        # Another tracked cell, or a library, may have replaced this stream's `write` already.
        self._previous = vars(stream).get("write")
        stream.write = write_and_keep
        self._write = write_and_keep

    def unwrap(self, stream: Any) -> None:
        # Somebody may have wrapped it again meanwhile: his wrapper then still works.
        if vars(stream).get("write") is self._write:
            if self._previous is None:
                del stream.write
            else:
                stream.write = self._previous
        self._keep = _forget  # type: ignore[method-assign]

    def _keep(self, text: str) -> None:
        if not isinstance(text, str) or not text:
            return
        with self._lock:
            if self._head_chars < HEAD_CHARS:
                room = HEAD_CHARS - self._head_chars
                self._head.append(text[:room])
                self._head_chars += min(room, len(text))
                text = text[room:]
            if text:
                self._tail.append(text[-TAIL_CHARS:])
                self._tail_chars += min(len(text), TAIL_CHARS)
                self._dropped += max(0, len(text) - TAIL_CHARS)
                while self._tail and self._tail_chars - len(self._tail[0]) >= TAIL_CHARS:
                    gone = len(self._tail.popleft())
                    self._tail_chars -= gone
                    self._dropped += gone

    def text(self) -> str:
        """What was written, as a terminal would show it, with a line that says where it was cut."""
        with self._lock:
            head, tail, dropped = "".join(self._head), "".join(self._tail), self._dropped
        if dropped:
            cut = f"[… {dropped:,} characters were left out here …]"
            return f"{collapse(head)}\n{cut}\n{collapse(tail)}"
        return collapse(head + tail)


def _forget(text: str) -> None:
    """What a wrapper that somebody still holds keeps after the end."""


def collapse(text: str) -> str:
    """``text`` with carriage returns carried out: what follows one overwrites its line."""
    if "\r" not in text:
        return text
    return "\n".join(_overwritten(line) for line in text.replace("\r\n", "\n").split("\n"))


def _overwritten(line: str) -> str:
    if "\r" not in line:
        return line
    shown = ""
    for part in line.split("\r"):
        shown = part + shown[len(part) :]
    return shown
