"""The store of a process that stays quiet: ranks other than 0 of a distributed job."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path


class SilentWriter:
    """Takes what a journal takes, and keeps nothing."""

    def now_us(self) -> int:
        return time.time_ns() // 1000

    def append(self, *events: object) -> None:
        pass

    def open_series(self, run: str, key: str) -> int:  # noqa: ARG002
        return 0

    def frame(self, series: Sequence[int]) -> Callable[..., None]:  # noqa: ARG002
        return self.append

    def store_text(self, text: str) -> str:  # noqa: ARG002
        return ""


class SilentStore:
    """Stands where the store stands, for runs that are not to be recorded."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writer = SilentWriter()

    def writer(self) -> SilentWriter:
        return self._writer
