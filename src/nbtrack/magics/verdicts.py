"""Verdicts of this kernel's runs: what the session alone tells, and then the saved notebook.

A run is *pending* until the notebook was saved after it. From then on each save is
looked at again: who edits a cell that made a run makes that run *stale*.
"""

from __future__ import annotations

import json
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from nbtrack.capture.session import NotebookCell, SessionCell, Slice, Verdict, judge
from nbtrack.tracking.run import Run

# Looking costs one `stat`.
_LOOK_EVERY_S = 1.0
# The last runs of a kernel; older ones keep the verdict that they had.
_WATCHED_RUNS = 200


@dataclass(slots=True)
class JudgedRun:
    """A run whose verdict may change. ``on_change`` is told each new one, on any thread."""

    run: Run
    cells: Sequence[SessionCell]
    slice: Slice
    sampled: Sequence[str]
    edited_modules: Sequence[str]
    given: Sequence[str]
    on_change: Callable[[Verdict], None]
    ended: float = field(default_factory=time.time)
    verdict: Verdict | None = None

    def judge(self, notebook: Sequence[NotebookCell] | None) -> None:
        """Reach a verdict; what is new is recorded and told."""
        verdict = judge(
            self.cells,
            self.slice,
            notebook,
            sampled=self.sampled,
            edited_modules=self.edited_modules,
            given=self.given,
        )
        if verdict == self.verdict:
            return
        self.verdict = verdict
        self.run.judge(verdict.status)
        blames = [asdict(blame) for blame in verdict.blames]
        self.run.observe({"verdict.blames": json.dumps(blames)})
        self.on_change(verdict)


class Verdicts:
    """The runs of one kernel, judged whenever the notebook ``file`` is saved."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: list[JudgedRun] = []
        self._file: Path | None = None
        self._saved = 0.0
        self._thread: threading.Thread | None = None

    def add(self, judged: JudgedRun, notebook: Path | None) -> None:
        """Judge a run that has just ended, and watch over it."""
        with self._lock:
            self._file = notebook
            self._runs = [*self._runs, judged][-_WATCHED_RUNS:]
            judged.judge(None)
            if notebook is not None and self._thread is None:
                self._thread = threading.Thread(
                    target=self._watch, name="nbtrack-verdicts", daemon=True
                )
                self._thread.start()

    def look(self) -> None:
        """Judge anew if the notebook was saved since the last look."""
        with self._lock:
            if self._file is None:
                return
            try:
                saved = self._file.stat().st_mtime
            except OSError:
                return
            if saved == self._saved:
                return
            notebook = read_notebook(self._file)
            if notebook is None:
                return
            self._saved = saved
            for judged in self._runs:
                if saved > judged.ended:
                    judged.judge(notebook)

    def _watch(self) -> None:
        while True:
            time.sleep(_LOOK_EVERY_S)
            try:
                self.look()
            except Exception as error:  # noqa: BLE001 - the border of a background thread
                warnings.warn(
                    f"Verdicts are not kept up to date any more ({type(error).__name__}: {error}).",
                    RuntimeWarning,
                    stacklevel=1,
                )
                return


def read_notebook(file: Path) -> list[NotebookCell] | None:
    """The code cells of a notebook as it was saved, in order; ``None`` if it is none just now."""
    try:
        document = json.loads(file.read_bytes())
        return [
            NotebookCell(str(cell.get("id", "")), _joined(cell["source"]))
            for cell in document["cells"]
            if cell["cell_type"] == "code"
        ]
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def _joined(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)
