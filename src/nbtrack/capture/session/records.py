"""What slicing and judging take and give: executed cells, slices, blames, verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

BlameKind = Literal[
    "outside", "edited", "moved", "deleted", "repeated", "order", "sampled", "unsure"
]


@dataclass(frozen=True, slots=True)
class SessionCell:
    """One execution of a cell.

    ``number`` counts the executions of a kernel from 1, strictly increasing. ``text`` is what
    the user wrote, magics and all; ``cell_id`` is empty where the front end sends none.
    """

    number: int
    text: str
    cell_id: str = ""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class NotebookCell:
    """One code cell of the notebook as it was saved."""

    cell_id: str
    text: str


@dataclass(frozen=True, slots=True)
class Blame:
    """Why a run cannot be made again as it was; ``reason`` is one sentence for the user."""

    kind: BlameKind
    name: str
    number: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Slice:
    """The executions that made a target's inputs, in order, the target included.

    ``blames`` name what came from outside the session, and what cannot be told.
    """

    numbers: tuple[int, ...]
    blames: tuple[Blame, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a run can be made again from its notebook, and what is in the way."""

    status: Literal["clean", "stale", "not replayable", "pending"]
    blames: tuple[Blame, ...]
