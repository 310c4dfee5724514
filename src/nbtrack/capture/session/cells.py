"""Cells as a session executed them and as a notebook holds them, and what is said of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from nbtrack.events import VerdictStatus

BlameKind = Literal[
    "outside",
    "unsure",
    "unstable",
    "failed",
    "edited",
    "deleted",
    "moved",
    "repeated",
    "order",
    "sampled",
]


@dataclass(frozen=True, slots=True)
class SessionCell:
    """A cell that was executed: the ``number``-th of its session, with the text as written.

    ``cell_id`` is the front end's, or empty.
    """

    number: int
    text: str
    cell_id: str = ""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class NotebookCell:
    """A code cell of a notebook as it was saved."""

    cell_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Blame:
    """Why a run may not come out again: one sentence, with the name and the cell concerned."""

    kind: BlameKind
    name: str
    number: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Slice:
    """The executions that made a cell, in order, itself last; and what came from elsewhere.

    ``changes`` are names whose objects the cell itself may have changed in place.
    """

    numbers: tuple[int, ...]
    blames: tuple[Blame, ...] = ()
    changes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a run can be made again, and what stands in the way."""

    status: VerdictStatus
    blames: tuple[Blame, ...] = ()
