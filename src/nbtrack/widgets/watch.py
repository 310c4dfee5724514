"""News from a store, about once a second, for as long as anybody listens."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from nbtrack.errors import NbtrackError, StoreUnavailable

if TYPE_CHECKING:
    from nbtrack.store import Store

EVERY_S = 1.0
# What is looked at takes time from what is watched: at most this share of it. Waiting
# for what is watched takes none of it, but is no time to look again at once.
MAX_SHARE = 0.2
MAX_WALL_SHARE = 0.6


class _Brisk:
    """While any thread is within it, threads take turns more often.

    A cell that computes keeps the interpreter for 5 ms each time that somebody else has
    waited for the disk or for DuckDB, which a look does a hundred times. And one that
    logs every millisecond keeps it for seconds: each write lets it go and takes it back
    before the one who waits has woken, whose 5 ms then begin anew.
    """

    INTERVAL_S = 0.0005

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._within = 0
        self._before_s = 0.0

    def __enter__(self) -> None:
        with self._lock:
            if not self._within:
                self._before_s = sys.getswitchinterval()
                sys.setswitchinterval(min(self.INTERVAL_S, self._before_s))
            self._within += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._within -= 1
            if not self._within:
                sys.setswitchinterval(self._before_s)


_brisk = _Brisk()


class StoreWatch:
    """Calls ``on_news`` on a thread of its own whenever the store's version has changed.

    ``on_trouble`` gets an error that nbtrack raised on purpose (the store is held,
    or gone); watching goes on, since such things pass. The thread lives from
    `start` to `stop`; both may be called again.
    """

    def __init__(
        self,
        store: Store,
        on_news: Callable[[], None],
        on_trouble: Callable[[NbtrackError], None],
        *,
        every_s: float = EVERY_S,
    ) -> None:
        self._store = store
        self._on_news = on_news
        self._on_trouble = on_trouble
        self._every_s = every_s
        self._over: threading.Event | None = None
        self._was_there = store.path.exists()

    @property
    def is_on(self) -> bool:
        """Whether the thread is at work."""
        return self._over is not None

    def start(self) -> None:
        """Begin to watch, if it does not yet."""
        if self._over is None:
            self._over = threading.Event()
            threading.Thread(
                target=self._run, args=(self._over,), name="nbtrack-watch", daemon=True
            ).start()

    def stop(self) -> None:
        """Watch no more. Does not wait for a call that is under way."""
        if self._over is not None:
            self._over.set()
            self._over = None

    def _version(self) -> int:
        """The store's version. A folder that is there no more is trouble, not an empty store."""
        self._was_there |= (is_there := self._store.path.exists())
        if self._was_there and not is_there:
            raise StoreUnavailable("The store's folder is gone. What is shown was read before.")
        return self._store.version()

    def _run(self, over: threading.Event) -> None:
        seen: int | None = None
        pause_s = self._every_s
        # As long as there is news, the thread also has to wake in time.
        with ExitStack() as waking:
            while not over.wait(pause_s):
                began, spent = time.monotonic(), time.thread_time()
                with _brisk:
                    waking.close()
                    try:
                        if (version := self._version()) != seen:
                            waking.enter_context(_brisk)
                            self._on_news()
                            seen = version
                    except NbtrackError as error:
                        # Also where it is the same again afterwards, to say that it is over.
                        seen = None
                        self._on_trouble(error)
                pause_s = self._pause_s(time.monotonic() - began, time.thread_time() - spent)

    def _pause_s(self, wall_s: float, processor_s: float) -> float:
        """How long to wait after a look that took so long."""
        return max(self._every_s, processor_s / MAX_SHARE, wall_s * (1 / MAX_WALL_SHARE - 1))
