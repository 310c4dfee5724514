"""The data that a cell reads: what its names hold when it begins, and the files it opens.

Small data is looked at before the cell runs, in a few milliseconds at most. What is
larger is read on a thread beside it; it says so where the cell may have changed
it meanwhile, for then nobody knows which content was read. Which names those are is
asked when all is read: following what calls do takes time that the cell need not wait.
"""

from __future__ import annotations

import ast
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from nbtrack.capture.data import Fingerprint, fingerprint, is_data, size_of
from nbtrack.capture.paths import read_paths

# What is looked at while the cell waits: together so long, and no single one larger than that.
_PATIENCE_S = 0.02
_SMALL_BYTES = 16 << 20
MAX_INPUTS = 64


class InputReader:
    """Looks at the data among ``names`` of ``namespace``, and at the files that ``tree`` reads."""

    def __init__(
        self,
        tree: ast.Module,
        names: Sequence[str],
        namespace: Mapping[str, object],
    ) -> None:
        found: dict[str, object] = {
            name: namespace[name] for name in names if is_data(namespace.get(name))
        }
        found.update((path, path) for path in read_paths(tree, namespace) if is_data(path))
        self._waiting = dict(list(found.items())[:MAX_INPUTS])
        self._left_out = max(0, len(found) - MAX_INPUTS)
        self._beside: set[str] = set()
        self._found: dict[str, Fingerprint] = {}
        self._done = threading.Event()

    def begin(self) -> None:
        """Look at what is small, and begin to look at the rest."""
        deadline = time.monotonic() + _PATIENCE_S
        for name, value in list(self._waiting.items()):
            if time.monotonic() > deadline:
                break
            size = size_of(value)
            if size is not None and size <= _SMALL_BYTES:
                self._look_at(name, value)
        if self._waiting:
            threading.Thread(target=self._look_at_rest, name="nbtrack-data", daemon=True).start()
        else:
            self._done.set()

    def found(self, timeout_s: float, *, changed: Collection[str] = ()) -> dict[str, Fingerprint]:
        """What was seen, by name; what is not there in time says so instead of a digest.

        ``changed`` are names whose objects the cell may have changed while it ran.
        """
        self._done.wait(timeout_s)
        late = "its content was not read: there was too much of it for the time"
        unread = {
            name: Fingerprint(type(value).__name__, "", (), "", None, False, "", late)
            for name, value in list(self._waiting.items())
        }
        unsure = {
            name: _in_doubt(self._found[name])
            for name in self._beside.intersection(changed, self._found)
        }
        return {**self._found, **unsure, **unread}

    def _look_at(self, name: str, value: object) -> None:
        seen = fingerprint(value)
        if seen is not None:
            self._found[name] = seen
        del self._waiting[name]

    def _look_at_rest(self) -> None:
        for name, value in list(self._waiting.items()):
            self._beside.add(name)
            self._look_at(name, value)
        self._done.set()


def _in_doubt(seen: Fingerprint) -> Fingerprint:
    note = "read while the cell ran, which may have changed it"
    return replace(seen, is_sampled=True, note=f"{seen.note}; {note}" if seen.note else note)
