"""A run's recipe: everything that was recorded of what made it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbtrack.store import (
    RunDetail,
    StoredCell,
    StoredInput,
    executed_cells,
    run_detail,
    run_inputs,
    run_texts,
)

if TYPE_CHECKING:
    from nbtrack.store import Store

_MODULE = "module:"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What made one run.

    ``cells`` are those of its session that made its inputs, in the order of their
    execution, the tracked cell last; empty for a run that no cell made. ``texts``
    are all that it kept, by role.
    """

    run: RunDetail
    cells: tuple[StoredCell, ...]
    inputs: tuple[StoredInput, ...]
    texts: Mapping[str, str]

    @property
    def modules(self) -> dict[str, str]:
        """Texts of the local modules that were imported, by path below the project's root."""
        return {
            role.removeprefix(_MODULE): text
            for role, text in self.texts.items()
            if role.startswith(_MODULE)
        }

    @property
    def blames(self) -> list[str]:
        """Why the run may not come out again, a sentence each."""
        told = json.loads(self.run.facts.get("verdict.blames", "[]"))
        return [str(blame["reason"]) for blame in told]

    @property
    def environment(self) -> dict[str, Any]:
        """Python, packages, machine and variables, as capture wrote them; empty if unknown."""
        found = json.loads(self.texts.get("environment", "{}"))
        return found if isinstance(found, dict) else {}


def recipe_of(store: Store, run_id: str) -> Recipe:
    """The recipe of the run with that full id. Raises `RunNotFound`."""
    detail = run_detail(store, run_id)
    session, slice_ = detail.facts.get("session.id"), detail.facts.get("session.slice")
    cells: list[StoredCell] = []
    if session and slice_:
        numbers = set(json.loads(slice_))
        executed = executed_cells(store, session, until=max(numbers, default=0))
        cells = [cell for cell in executed if cell.number in numbers]
    return Recipe(
        detail,
        tuple(cells),
        tuple(run_inputs(store, detail.run_id)),
        run_texts(store, detail.run_id),
    )
