"""What is compared: named values of each run, in groups, the first run being the baseline."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbtrack.provenance.difference.sections import described, git_of, machine_of, params_of
from nbtrack.tracking.direction import higher_is_better
from nbtrack.widgets.column_choice import metric_rank
from nbtrack.widgets.run_detail import size_text
from nbtrack.widgets.wire import json_number

if TYPE_CHECKING:
    from nbtrack.provenance.difference import Difference
    from nbtrack.provenance.recipe import Recipe
    from nbtrack.store import StoredArtifact

MAX_VALUE_CHARS = 2_000


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that runs have: a value per run, ``None`` where a run has none.

    ``numbers`` are those of a metric, and ``higher`` says whether more of it is better,
    where its name tells. ``notes`` are what is said of each run's difference to the first.
    ``unknown`` are the places of runs that recorded nothing of the kind: whether they
    differ, nobody knows.
    """

    name: str
    texts: tuple[str | None, ...]
    numbers: tuple[float | None, ...] | None = None
    higher: bool | None = None
    notes: tuple[str, ...] = ()
    unknown: frozenset[int] = frozenset()

    @property
    def is_same(self) -> bool:
        """Whether all runs have one and the same value, as far as that is known."""
        # Of a metric, too, the texts are compared: NaN is the same as NaN.
        known = [text for place, text in enumerate(self.texts) if place not in self.unknown]
        return len(set(known)) <= 1

    def differs(self, place: int) -> bool:
        """Whether the run at ``place`` has another value than the first."""
        return not self.unknown & {0, place} and self.texts[place] != self.texts[0]

    def better(self, place: int) -> bool | None:
        """Whether that run's metric is better than the first's; ``None`` where it is neither."""
        change = self.change(place)
        if change is None or change == 0 or self.higher is None:
            return None
        return (change > 0) == self.higher

    def change(self, place: int) -> float | None:
        """By how much the metric is greater in that run than in the first."""
        if self.numbers is None or not place:
            return None
        first, this = self.numbers[0], self.numbers[place]
        if first is None or this is None or not math.isfinite(this - first):
            return None
        return this - first

    def to_json(self) -> dict[str, object]:
        """As ``js/src/compare/protocol.ts`` has it."""
        told: dict[str, object] = {"name": self.name, "same": self.is_same}
        if any(self.notes):
            told["notes"] = self.notes
        if self.numbers is None:
            told["texts"] = [_bounded(text) for text in self.texts]
            told["differs"] = [self.differs(place) for place in range(len(self.texts))]
        else:
            told["numbers"] = [json_number(number) for number in self.numbers]
            told["higher"] = self.higher
        return told


@dataclass(frozen=True, slots=True)
class Group:
    """Rows of one kind: those that differ come first."""

    title: str
    rows: tuple[Row, ...]

    @property
    def different(self) -> tuple[Row, ...]:
        """The rows in which runs differ."""
        return tuple(row for row in self.rows if not row.is_same)

    @property
    def same(self) -> tuple[Row, ...]:
        """The rows in which all runs agree."""
        return tuple(row for row in self.rows if row.is_same)


def groups_of(
    recipes: Sequence[Recipe],
    files: Sequence[Sequence[StoredArtifact]],
    differences: Sequence[Difference],
) -> list[Group]:
    """What the runs have, in the order to show it; ``differences`` are those to the first run."""

    def told(
        title: str,
        values: Sequence[Mapping[str, str]],
        *,
        noted: bool = False,
        seen: bool = False,
    ) -> Group:
        notes = [_notes(difference, title.lower()) for difference in differences] if noted else []
        # What was not seen around a run may have been there.
        unknown = [place for place, each in enumerate(values) if seen and not each]
        return _group(title, values, notes, frozenset(unknown))

    groups = [
        _metrics(recipes),
        told("Parameters", [params_of(recipe) for recipe in recipes], noted=True),
        told("Run", [_run(recipe) for recipe in recipes]),
        told("Tags and note", [_said(recipe) for recipe in recipes]),
        told("Data", [_data(recipe) for recipe in recipes], noted=True),
        told("Git", [git_of(recipe) for recipe in recipes], seen=True),
        told("Packages", [recipe.packages for recipe in recipes], noted=True, seen=True),
        told("Environment", [_environment(recipe) for recipe in recipes], seen=True),
        told("Files", [_files(each) for each in files]),
    ]
    return [group for group in groups if group.rows]


def _group(
    title: str,
    values: Sequence[Mapping[str, str]],
    notes: Sequence[Mapping[str, str]],
    unknown: frozenset[int],
) -> Group:
    names = dict.fromkeys(name for each in values for name in each)
    rows = []
    for name in names:
        said = tuple(each.get(name, "") for each in notes)
        texts = tuple(each.get(name) for each in values)
        rows.append(Row(name, texts, notes=("", *said) if said else (), unknown=unknown))
    # Packages that the code imports are noted, and come before the others.
    is_noted = title == "Packages"
    rows.sort(key=lambda row: (row.is_same, is_noted and not any(row.notes)))
    return Group(title, tuple(rows))


def _bounded(text: str | None) -> str | None:
    return text if text is None or len(text) <= MAX_VALUE_CHARS else text[:MAX_VALUE_CHARS] + "…"


def _notes(difference: Difference, title: str) -> dict[str, str]:
    """What a difference says of each name in a section, such as ``10 times``."""
    return {change.name: change.note for change in difference[title] if change.note}


def _metrics(recipes: Sequence[Recipe]) -> Group:
    values = [recipe.metrics for recipe in recipes]
    names = sorted(dict.fromkeys(name for each in values for name in each), key=metric_rank)
    rows = []
    for name in names:
        numbers = tuple(each.get(name) for each in values)
        texts = tuple(None if n is None else repr(n) for n in numbers)
        rows.append(Row(name, texts, numbers, higher_is_better(name)))
    rows.sort(key=lambda row: row.is_same)
    return Group("Metrics", tuple(rows))


def _run(recipe: Recipe) -> dict[str, str]:
    run = recipe.run
    told: dict[str, Any] = {
        "status": run.status,
        "verdict": run.verdict,
        "experiment": run.experiment,
        "program": run.source,
        "user": run.user,
        "host": run.host,
    }
    return {name: str(value) for name, value in told.items() if value}


def _said(recipe: Recipe) -> dict[str, str]:
    note = {"note": recipe.run.note} if recipe.run.note else {}
    return {**note, **{f"#{key}": value for key, value in recipe.run.tags.items()}}


def _data(recipe: Recipe) -> dict[str, str]:
    return {each.name: described(each) or "" for each in recipe.inputs}


def _environment(recipe: Recipe) -> dict[str, str]:
    return machine_of(recipe) | {f"${name}": value for name, value in recipe.variables.items()}


def _files(files: Sequence[StoredArtifact]) -> dict[str, str]:
    return {file.path: f"{size_text(file.size_bytes)} · {file.digest[:8]}" for file in files}
