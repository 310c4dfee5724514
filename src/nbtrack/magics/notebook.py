"""Which cell this is, so that its next run finds its last one, and how its experiment is called."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath

from nbtrack.capture.program import running_program
from nbtrack.tracking.active import chosen_experiment

_SAME_PLACE = 0.5
_ANYWHERE = 0.8
_MAX_LINES = 64
# `lr = 0.1` and `lr = 0.2` are the same line with another parameter.
_NUMBER = re.compile(r"\d[\w.]*")


@dataclass(frozen=True, slots=True)
class CellKey:
    """What tells one cell from another.

    ``cell_id`` is the front end's id, ``None`` under nbclient, papermill and
    ``jupyter execute``; there the ``position`` among the executed cells of the
    session and the similarity of the ``lines`` (a digest each) decide.
    """

    cell_id: str | None
    position: int
    lines: tuple[str, ...]

    @classmethod
    def of(cls, cell_id: str | None, position: int, source: str) -> CellKey:
        """The key of a cell whose text is ``source``; the ``%%track`` line is no part of it."""
        if cell_id and "#" in cell_id:
            # VS Code's ids are addresses of the file, which may move.
            cell_id = cell_id.rpartition("#")[2]
        stripped = (line.strip() for line in source.splitlines())
        lines = [line for line in stripped if line and not line.startswith(("#", "%%"))]
        return cls(cell_id or None, position, tuple(_digest(line) for line in lines[:_MAX_LINES]))

    @classmethod
    def from_facts(cls, facts: Mapping[str, str]) -> CellKey | None:
        """The key that `facts` recorded, or ``None`` where the run was not a cell's."""
        position = facts.get("cell.position", "")
        if not position.isdecimal():
            return None
        lines = tuple(facts.get("cell.lines", "").split())
        return cls(facts.get("cell.id") or None, int(position), lines)

    def facts(self) -> dict[str, str]:
        """The key as facts of a run."""
        facts = {"cell.position": str(self.position), "cell.lines": " ".join(self.lines)}
        return {"cell.id": self.cell_id, **facts} if self.cell_id else facts

    def is_same_cell(self, other: CellKey) -> bool:
        """Whether the two are one cell, perhaps edited in between."""
        if self.cell_id and other.cell_id:
            return self.cell_id == other.cell_id
        needed = _SAME_PLACE if self.position == other.position else _ANYWHERE
        return self._similarity(other) >= needed

    def _similarity(self, other: CellKey) -> float:
        if not self.lines and not other.lines:
            return 1.0
        common = (Counter(self.lines) & Counter(other.lines)).total()
        return 2 * common / (len(self.lines) + len(other.lines))


def default_experiment(namespace: Mapping[str, object]) -> tuple[str | None, bool]:
    """The experiment of a cell that names none, and whether it is only the folder's name.

    ``None`` leaves it to the tracking room: what the user chose, else the notebook's name.
    """
    if chosen_experiment() or (program := running_program()).path is not None:
        return None, False
    # papermill tells a notebook its own name if asked to (--inject-paths).
    told = namespace.get("PAPERMILL_INPUT_PATH")
    if isinstance(told, str) and (stem := PurePath(told).stem):
        return stem, False
    return None, program.kind == "notebook"


def _digest(line: str) -> str:
    text = _NUMBER.sub("0", line)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
