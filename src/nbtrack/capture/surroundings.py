"""What is around a cell, looked at beside it: git, Python, packages, local modules.

A cell never waits for it. What holds for the whole process is looked at once; git
is asked anew for each cell, on a thread of its own, unless it was asked a moment ago.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from nbtrack.capture.environment import describe_environment, observe_python, packages_text
from nbtrack.capture.git import Checkout, observe_git
from nbtrack.capture.modules import MODULES
from nbtrack.capture.packages import list_packages

# Cells in quick succession share what git said: in a large checkout it takes both cores.
_GIT_SHARED_S = 1.0
MODULE = "module:"


class Surroundings:
    """Looks around ``folder`` from `begin` on; `facts` hands over what was seen."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._facts: dict[str, str] = {}
        self._texts: dict[str, str] = {}
        self._root = folder
        self._seen = threading.Event()

    def begin(self) -> None:
        """Start to look, on a background thread."""
        threading.Thread(target=self._look, name="nbtrack-surroundings", daemon=True).start()

    def facts(self, timeout_s: float) -> tuple[dict[str, str], dict[str, str]]:
        """Facts, and longer texts by role; what is not there in time is left out.

        Local modules are those that are imported by now, under ``module:<path>``, as they
        were then; the fact ``modules.edited`` names those whose files are others by now.
        """
        self._seen.wait(timeout_s)
        MODULES.look()
        texts = {f"{MODULE}{path}": text for path, text in MODULES.under(self._root).items()}
        facts = dict(self._facts)
        if edited := MODULES.edited(self._root):
            facts["modules.edited"] = ", ".join(edited)
        return facts, {**self._texts, **texts}

    def edited_modules(self, texts: Iterable[str], timeout_s: float) -> list[str]:
        """Local modules that these texts use, and whose files are not what was imported."""
        self._seen.wait(timeout_s)
        used = MODULES.used_by(texts, self._root)
        return [path for path in MODULES.edited(self._root) if path in used]

    def _look(self) -> None:
        looks: tuple[Callable[[], tuple[dict[str, str], dict[str, str]]], ...] = (
            self._look_at_git,
            _PROCESS.seen,
        )
        for look in looks:
            try:
                facts, texts = look()
            except Exception as error:  # noqa: BLE001 - the border of a background thread
                facts, texts = {"surroundings.trouble": f"{type(error).__name__}: {error}"}, {}
            # Replaced whole: `facts` may be reading them now.
            self._facts = {**self._facts, **facts}
            self._texts = {**self._texts, **texts}
        self._seen.set()

    def _look_at_git(self) -> tuple[dict[str, str], dict[str, str]]:
        checkout = _CHECKOUTS.seen(self._folder)
        self._root = checkout.root or self._folder
        return checkout.facts, {"git.diff": checkout.diff} if checkout.diff else {}


class _Checkouts:
    """What git said last: one look at a time, shared for a moment."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._folder: Path | None = None
        self._checkout = Checkout({})
        self._asked = 0.0

    def seen(self, folder: Path) -> Checkout:
        """What git says of ``folder``, as of a second ago at most."""
        with self._lock:
            if folder != self._folder or time.monotonic() - self._asked > _GIT_SHARED_S:
                self._asked = time.monotonic()
                self._checkout = observe_git(folder)
                self._folder = folder
            return self._checkout


class _Process:
    """What holds for this process, looked at once, and again where packages may have changed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._facts: dict[str, str] | None = None
        self._texts: dict[str, str] = {}
        self._stamp: tuple[tuple[str, int], ...] = ()

    def seen(self) -> tuple[dict[str, str], dict[str, str]]:
        """Facts and texts. Packages are scanned again when a folder on the path has changed."""
        with self._lock:
            if self._facts is None:
                self._facts = observe_python()
            stamp = _path_stamp()
            if stamp != self._stamp:
                packages = list_packages()
                self._texts = {
                    "packages": packages_text(packages),
                    "environment": describe_environment(self._facts, packages),
                }
                self._stamp = stamp
            return dict(self._facts), dict(self._texts)


_CHECKOUTS = _Checkouts()
_PROCESS = _Process()


def _path_stamp() -> tuple[tuple[str, int], ...]:
    stamps = []
    for entry in sys.path:
        try:
            stamps.append((entry, Path(entry or ".").stat().st_mtime_ns))
        except OSError:
            continue
    return tuple(stamps)
