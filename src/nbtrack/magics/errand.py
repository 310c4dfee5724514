"""Work beside the cell: started at once, asked for later, and never waited for long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Errand(Generic[T]):
    """``work()`` on a thread of its own. Its failures are handed to ``failed``.

    A process that exits waits for the work: it may be inside DuckDB, which a
    killed thread would take down with a crash, or hold what belongs to a run. The
    thread does not run in the caller's context, so that a display which it replaces
    late is sent on behalf of the cell that runs then: nbclient listens to no other.
    """

    def __init__(self, work: Callable[[], T], failed: Callable[[Exception], None]) -> None:
        self._work = work
        self._failed = failed
        self._done = threading.Event()
        self._answer: T | None = None
        self._began = time.monotonic()
        self._took_s: float | None = None
        self._lock = threading.Lock()
        self._followers: list[Callable[[T], None]] = []
        threading.Thread(target=self._run, name="nbtrack-errand", daemon=False).start()

    def answer(self, timeout_s: float) -> T | None:
        """What the work returned, or ``None`` if it failed or takes longer."""
        self._done.wait(timeout_s)
        return self._answer

    @property
    def is_done(self) -> bool:
        """Whether the work is over, for better or worse."""
        return self._done.is_set()

    @property
    def took_s(self) -> float:
        """How long the work took, or has taken so far."""
        return time.monotonic() - self._began if self._took_s is None else self._took_s

    def then(self, follower: Callable[[T], None]) -> None:
        """Call ``follower`` with the answer once there is one: now, or on the errand's thread."""
        with self._lock:
            if not self._done.is_set():
                self._followers.append(follower)
                return
        if self._answer is not None:
            follower(self._answer)

    def _run(self) -> None:
        try:
            self._answer = self._work()
        except Exception as error:  # noqa: BLE001 - the border of a background thread
            self._failed(error)
        with self._lock:
            self._took_s = self.took_s
            self._done.set()
            followers, answer = self._followers, self._answer
        for follower in followers if answer is not None else ():
            try:
                follower(answer)  # type: ignore[arg-type]
            except Exception as error:  # noqa: BLE001 - as above
                self._failed(error)
