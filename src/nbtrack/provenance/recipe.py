"""A run's recipe: everything that was recorded of what made it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbtrack.events import short_id
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
_RANDOM = "random:"


@dataclass(frozen=True, slots=True)
class RecordedPackage:
    """One installed package; ``origin`` is empty for one from a registry (`capture.packages`)."""

    name: str
    version: str
    origin: str


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
    def title(self) -> str:
        """The run's name with its short id."""
        return f"{self.run.name} ({short_id(self.run.run_id)})"

    @property
    def metrics(self) -> dict[str, float]:
        """The last value of each metric, but for those of the machine."""
        return {m.key: m.value for m in self.run.metrics if not m.key.startswith("system/")}

    @property
    def packages(self) -> dict[str, str]:
        """Versions of the installed packages, by name; empty if unknown."""
        lines = (line.partition("==") for line in self.texts.get("packages", "").splitlines())
        return {name: version for name, _, version in lines if name and version}

    @property
    def installed(self) -> list[RecordedPackage]:
        """The installed packages with where they came from; empty if unknown."""
        told = self.environment.get("packages")
        return [
            RecordedPackage(str(each["name"]), str(each["version"]), str(each.get("origin", "")))
            for each in (told if isinstance(told, list) else ())
            if isinstance(each, dict) and each.get("name") and each.get("version")
        ]

    @property
    def random(self) -> dict[int, str]:
        """States of the random number generators, by the number of the cell that drew from them."""
        states = {
            int(number): state
            for role, state in self.texts.items()
            if role.startswith(_RANDOM) and (number := role.removeprefix(_RANDOM)).isdigit()
        }
        # That of the tracked cell is the run's own.
        if self.cells and (own := self.texts.get("random")):
            states[self.cells[-1].number] = own
        return states

    @property
    def blames(self) -> list[str]:
        """Why the run may not come out again, a sentence each."""
        told = json.loads(self.run.facts.get("verdict.blames", "[]"))
        return [str(blame["reason"]) for blame in told]

    @property
    def environment(self) -> dict[str, Any]:
        """Python, packages, machine and variables, as capture wrote them; empty if unknown."""
        try:
            found = json.loads(self.texts.get("environment", "{}"))
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables that were recorded."""
        found = self.environment.get("variables")
        return {k: str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def recipe_of(store: Store, run_id: str) -> Recipe:
    """The recipe of the run with that full id. Raises `RunNotFound`."""
    return recipe_with(store, run_detail(store, run_id))


def recipe_with(store: Store, detail: RunDetail) -> Recipe:
    """The recipe of a run that has been read already."""
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
