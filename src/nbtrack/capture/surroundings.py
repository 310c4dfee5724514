"""What is around a cell, looked at beside it: git, Python, packages.

A cell never waits for it. What holds for the whole process is looked at once;
git is asked anew for each cell, on a thread of its own.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from nbtrack.capture.environment import list_packages, observe_python
from nbtrack.capture.git import observe_git


class Surroundings:
    """Looks around ``folder`` from `begin` on; `facts` hands over what was seen."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._facts: dict[str, str] = {}
        self._texts: dict[str, str] = {}
        self._seen = threading.Event()

    def begin(self) -> None:
        """Start to look, on a background thread."""
        threading.Thread(target=self._look, name="nbtrack-surroundings", daemon=True).start()

    def facts(self, timeout_s: float) -> tuple[dict[str, str], dict[str, str]]:
        """Facts, and longer texts by role; what is not there in time is left out."""
        self._seen.wait(timeout_s)
        return dict(self._facts), dict(self._texts)

    def _look(self) -> None:
        for observe in (self._look_at_git, _PROCESS.seen):
            try:
                facts, texts = observe()
            except Exception as error:  # noqa: BLE001 - the border of a background thread
                facts, texts = {"surroundings.trouble": f"{type(error).__name__}: {error}"}, {}
            # Replaced whole: `facts` may be reading them now.
            self._facts = {**self._facts, **facts}
            self._texts = {**self._texts, **texts}
        self._seen.set()

    def _look_at_git(self) -> tuple[dict[str, str], dict[str, str]]:
        return observe_git(self._folder), {}


class _Process:
    """What holds for this process, looked at once, and again where packages may have changed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._facts: dict[str, str] | None = None
        self._packages = ""
        self._stamp: tuple[tuple[str, int], ...] = ()

    def seen(self) -> tuple[dict[str, str], dict[str, str]]:
        """Facts and texts. Packages are scanned again when a folder on the path has changed."""
        with self._lock:
            if self._facts is None:
                self._facts = observe_python()
            stamp = _path_stamp()
            if stamp != self._stamp:
                self._packages, self._stamp = list_packages(), stamp
            return dict(self._facts), {"packages": self._packages}


_PROCESS = _Process()


def _path_stamp() -> tuple[tuple[str, int], ...]:
    stamps = []
    for entry in sys.path:
        try:
            stamps.append((entry, Path(entry or ".").stat().st_mtime_ns))
        except OSError:
            continue
    return tuple(stamps)
