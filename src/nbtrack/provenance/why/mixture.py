"""A run with some of what differs in another: what can be taken over, alone or together."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from nbtrack.provenance.difference import difference
from nbtrack.provenance.difference.cells import (
    CellPair,
    first_line,
    matched_cells,
    moved_numbers,
)
from nbtrack.provenance.recipe import Recipe
from nbtrack.provenance.why.settings import (
    constants,
    line_settings,
    meaning,
    sets_only,
    with_constants,
    with_line_of,
)

if TYPE_CHECKING:
    from nbtrack.store import StoredCell

PartKind = Literal["setting", "cell", "order", "module", "files", "variable", "random numbers"]


@dataclass(frozen=True, slots=True)
class Part:
    """One difference that can be applied to A alone: ``a`` and ``b`` are what is there, in short.

    ``cell`` is the place of the pair of cells that it is about.
    """

    kind: PartKind
    name: str
    a: str = ""
    b: str = ""
    cell: int = -1

    def __str__(self) -> str:
        values = f" {_arrow(self.a, self.b)}" if self.a or self.b else ""
        return f"{self.kind} {self.name}".rstrip() + values


class Mixture:
    """Run A with some of what differs in B: ``parts`` can be taken over, ``untried`` cannot."""

    def __init__(self, a: Recipe, b: Recipe) -> None:
        self.a, self._b = a, b
        # The tracked cells are each other's partners, whatever became of them.
        before = matched_cells(a.cells[:-1], b.cells[:-1])
        self._pairs: list[CellPair] = [*before, (a.cells[-1], b.cells[-1])]
        self.parts = tuple(self._find_parts())
        self.untried = tuple(self._find_untried())

    def _find_parts(self) -> Iterator[Part]:
        set_in_a, set_in_b = (_settings_before(recipe) for recipe in (self.a, self._b))
        for place, (one, other) in enumerate(self._pairs):
            if one is None or other is None:
                text = one.text if one else other.text if other else ""
                names = sets_only(text)
                if names and names <= line_settings(self._tracked(in_b=one is not None)).keys():
                    continue  # What it sets, the other run sets on its magic line.
                present = ("there", "not there") if one else ("not there", "there")
                yield Part("cell", first_line(text), *present, place)
            else:
                yield from _cell_parts(one.text, other.text, place, set_in_a, set_in_b)
        if moved_numbers([other.number for one, other in self._pairs if one and other]):
            yield Part("order", "of the cells")
        ours, theirs = self.a.modules, self._b.modules
        for path in sorted(ours.keys() | theirs.keys()):
            if ours.get(path) != theirs.get(path):
                yield Part("module", path)
        if self._b.run.facts.get("git.commit") and _other_files(self.a) != _other_files(self._b):
            before, after = (r.run.facts.get("git.commit", "")[:10] for r in (self.a, self._b))
            yield Part("files", "of the checkout", before, after)
        known = self.a.variables
        for name, value in self._b.variables.items():
            if value != known.get(name):
                yield Part("variable", name, known.get(name, ""), value)
        if any(
            one and other and self.a.random.get(one.number) != self._b.random.get(other.number)
            for one, other in self._pairs
        ):
            yield Part("random numbers", "")

    def _tracked(self, *, in_b: bool) -> str:
        one, other = self._pairs[-1]
        cell = other if in_b else one
        return cell.text if cell else ""

    def _find_untried(self) -> Iterator[str]:
        ours = {data.name: data for data in self.a.inputs}
        for data in self._b.inputs:
            before = ours.get(data.name)
            if data.source and before and before.digest != data.digest:
                yield (
                    f"the data of {data.name} ({data.source}) was other data in each run; "
                    "a replay reads what is there now."
                )
        found = difference(self.a, self._b)
        packages = [f"{c.name} {_arrow(c.a, c.b)}" for c in found["packages"]]
        if packages:
            more = f" and {len(packages) - 5} more" if len(packages) > 5 else ""
            yield f"packages {', '.join(packages[:5])}{more}; replays use those installed now."
        for change in found["environment"]:
            if not (change.name.startswith("$") and change.b is not None):
                yield f"{change.name} {_arrow(change.a, change.b)}."

    def recipe(self, taken: Collection[Part]) -> Recipe:
        """A's recipe with the parts that are taken over from B's."""
        kinds = {part.kind for part in taken}
        names = {(part.kind, part.name) for part in taken}
        texts, facts = dict(self.a.texts), dict(self.a.run.facts)
        for path in self.a.modules.keys() | self._b.modules.keys():
            if ("module", path) in names:
                _take(texts, self._b.texts, f"module:{path}")
        if "files" in kinds:
            _take(texts, self._b.texts, "git.diff")
            _take(facts, self._b.run.facts, "git.commit")
        changed = {n: v for n, v in self._b.variables.items() if ("variable", n) in names}
        if changed:
            environment = self.a.environment
            environment["variables"] = {**self.a.variables, **changed}
            texts["environment"] = json.dumps(environment)
        texts = {role: text for role, text in texts.items() if not role.startswith("random")}
        cells: list[StoredCell] = []
        set_in_b = _settings_before(self._b)
        for place, (one, other) in self._ordered("order" in kinds):
            cell = one or other
            text = _mixed(one, other, [part for part in taken if part.cell == place], set_in_b)
            if cell is None or text is None:
                continue
            # Numbered anew: those of the two sessions have nothing to do with each other.
            cells.append(replace(cell, text=text, number=len(cells) + 1))
            drawn_by = other if other and (one is None or "random numbers" in kinds) else None
            state = (
                self._b.random.get(drawn_by.number) if drawn_by else self.a.random.get(cell.number)
            )
            if state:
                texts[f"random:{len(cells)}"] = state
        return replace(
            self.a, run=replace(self.a.run, facts=facts), texts=texts, cells=tuple(cells)
        )

    def _ordered(self, as_in_b: bool) -> list[tuple[int, CellPair]]:
        """The pairs with their places, in the order of A, or else of B."""
        pairs = list(enumerate(self._pairs))
        if not as_in_b:
            return pairs
        # A cell that B does not have stays behind the one that it followed.
        at, numbers = 0, {}
        for place, (_, other) in pairs:
            at = other.number if other else at
            numbers[place] = at
        return sorted(pairs, key=lambda pair: numbers[pair[0]])


def _take(mine: dict[str, str], theirs: Mapping[str, str], key: str) -> None:
    if key in theirs:
        mine[key] = theirs[key]
    else:
        mine.pop(key, None)


def _other_files(recipe: Recipe) -> tuple[str, list[str]]:
    """The commit, and the changes to what is neither a recorded module nor a notebook."""
    changes = re.split(r"^(?=diff --git )", recipe.texts.get("git.diff", ""), flags=re.MULTILINE)
    kept = [
        change
        for change in changes
        if change
        and not (path := _changed_path(change)).endswith(".ipynb")
        and path not in recipe.modules
    ]
    return recipe.run.facts.get("git.commit", ""), kept


def _changed_path(change: str) -> str:
    return change.partition("\n")[0].rpartition(" b/")[2].strip('"')


def _settings_before(recipe: Recipe) -> dict[str, str]:
    """The constants that cells before the tracked one set."""
    found: dict[str, str] = {}
    for cell in recipe.cells[:-1]:
        found |= constants(cell.text)
    return found


def _cell_parts(
    a: str, b: str, place: int, before: Mapping[str, str], after: Mapping[str, str]
) -> Iterator[Part]:
    """What differs between two cells: each setting, and whatever else.

    ``before`` and ``after`` are what earlier cells set in A and in B: a name on the one
    magic line may be set there by the other run.
    """
    ours, theirs = constants(a), constants(b)
    on_line, on_other = line_settings(a), line_settings(b)
    for name in dict.fromkeys([*ours, *on_line, *on_other]):
        is_on_a_line = name in on_line or name in on_other
        earlier = (before.get(name, ""), after.get(name, "")) if is_on_a_line else ("", "")
        old, new = (ours | on_line).get(name, earlier[0]), (theirs | on_other).get(name, earlier[1])
        if (is_on_a_line or name in theirs) and old != new:
            yield Part("setting", name, old, new, place)
    if meaning(with_constants(a, theirs)) != meaning(b):
        yield Part("cell", first_line(b), cell=place)


def _mixed(
    one: StoredCell | None,
    other: StoredCell | None,
    taken: Sequence[Part],
    set_in_b: Mapping[str, str],
) -> str | None:
    """The text of a pair of cells with those parts of the second, ``None`` if it is not there.

    ``set_in_b`` are values that earlier cells of B set.
    """
    if one is None or other is None:
        present = other if taken else one
        return present.text if present else None
    settings = {part.name for part in taken if part.kind == "setting"}
    is_rewritten = len(settings) < len(taken)
    kept, theirs = constants(one.text), constants(other.text)
    kept |= {name: value for name, value in theirs.items() if name in settings}
    text = with_constants(other.text if is_rewritten else one.text, kept)
    ours, values = line_settings(one.text), line_settings(other.text)
    # Where B has it from an earlier cell, the line gives it the same value.
    values |= {n: v for n, v in set_in_b.items() if n in ours and n not in values}
    return with_line_of(one.text, text, settings, values)


def _arrow(a: str | None, b: str | None) -> str:
    return f"{a or 'none'} → {b or 'none'}"
