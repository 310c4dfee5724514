"""Everything that is observed around one tracked cell while it runs.

The watchers start just before the cell and stop just after it; each for itself, so
that one that fails costs what it would have seen, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbtrack.capture import CellObserver
from nbtrack.capture.inputs import InputReader
from nbtrack.capture.objects import as_file
from nbtrack.capture.outputs import Output, OutputKeeper
from nbtrack.capture.random_state import RandomState
from nbtrack.capture.resources import ResourceSampler
from nbtrack.capture.secrets import redact
from nbtrack.capture.streams import Tee
from nbtrack.capture.surroundings import Surroundings
from nbtrack.errors import RunIsOver
from nbtrack.magics.trouble import Trouble
from nbtrack.tracking.run import Run

# A package scan on a cold disk is the slowest of them. An exiting kernel waits for it.
_SURROUNDINGS_S = 10.0


@dataclass(slots=True)
class Evidence:
    """What is seen of one cell beside its names: what it prints and shows, reads and uses."""

    run: Run
    trouble: Trouble
    inputs: InputReader | None = None
    notes: list[str] = field(default_factory=list)
    _tee: Tee | None = None
    _outputs: OutputKeeper | None = None
    _shown: list[Output] = field(default_factory=list)
    _resources: ResourceSampler | None = None
    _random: RandomState | None = None
    _surroundings: Surroundings | None = None

    def begin(self, shell: Any, observer: CellObserver | None) -> None:
        """Begin to watch, when everything else is ready: the cell comes next."""
        with self.trouble.caught("looking at the surroundings"):
            self._surroundings = Surroundings(Path.cwd())
            self._surroundings.begin()
        if observer is not None:
            with self.trouble.caught("looking at its data"):
                self.inputs = observer.input_reader()
                self.inputs.begin()
        with self.trouble.caught("sampling the machine"):
            self._resources = ResourceSampler(self._on_sample)
            self._resources.start()
        with self.trouble.caught("keeping what is shown"):
            self._outputs = OutputKeeper(shell)
            self._outputs.start()
        with self.trouble.caught("keeping what is printed"):
            self._tee = Tee()
            self._tee.start()
        with self.trouble.caught("keeping the random state"):
            self._random = RandomState.now()

    def end(self) -> None:
        """Stop watching, and record what is at hand at once."""
        texts: dict[str, str] = {}
        with self.trouble.caught("keeping the random state"):
            if self._random is not None and (state := self._random.if_used()):
                texts["random"] = state
        with self.trouble.caught("keeping what was printed"):
            if self._tee is not None:
                texts.update(self._tee.stop())
        with self.trouble.caught("keeping what was shown"):
            if self._outputs is not None:
                self._shown, note = self._outputs.stop()
                self.notes += [note] if note else []
        with self.trouble.caught("sampling the machine"):
            if self._resources is not None:
                self._resources.stop()
        with self.trouble.caught("keeping what was printed"):
            self.run.keep_texts({role: redact(text) for role, text in texts.items()})

    def keep_objects(self, objects: Mapping[str, object]) -> None:
        """Keep what ``-a`` names as files, as it is now."""
        for name, value in objects.items():
            try:
                file = as_file(value)
                self.run.keep_artifact(f"{name}.{file.ending}", file.data, file.media_type)
            except Exception as error:  # noqa: BLE001 - writing may raise whatever it likes
                self.notes.append(f"{name} could not be kept: {error}")

    def record(self) -> bool:
        """Record what takes longer, beside the cells that follow."""
        if self._surroundings is not None:
            facts, texts = self._surroundings.facts(timeout_s=_SURROUNDINGS_S)
            self.run.observe(facts)
            self.run.keep_texts({role: redact(text) for role, text in texts.items()})
        # Last, since the place of files may be out of reach.
        for output in self._shown:
            self.run.keep_artifact(output.path, output.data, output.media_type)
        return True

    def edited_modules(self, texts: Iterable[str]) -> list[str]:
        """Local modules that these texts use, and whose files are not what was imported."""
        if self._surroundings is None:
            return []
        return self._surroundings.edited_modules(texts, _SURROUNDINGS_S)

    def _on_sample(self, use: Mapping[str, float], elapsed_s: float) -> None:
        if self.run.status == "running":
            with suppress(RunIsOver):  # It may end just now.
                self.run.log_inferred(use, step=int(elapsed_s))
