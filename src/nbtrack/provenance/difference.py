"""What changed between two runs, the most likely causes first, and the metrics last."""

from __future__ import annotations

import difflib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from nbtrack.events import short_id
from nbtrack.provenance import difference_view
from nbtrack.provenance.recipe import Recipe
from nbtrack.store import StoredCell, StoredInput

_SIMILAR = 0.5
_SHORT_CHARS = 2_000
_FACTS = ("python.version", "python.implementation", "python.environment", "platform")


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs: its value in ``a`` and in ``b``, ``None`` where it is not there.

    ``lines`` is a unified diff for texts. ``relative`` is the change of a number, as a share.
    """

    kind: Literal["added", "removed", "changed"]
    name: str
    a: str | None = None
    b: str | None = None
    note: str = ""
    lines: tuple[str, ...] = ()
    relative: float | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """What differs of one kind, and how many of that kind are the same."""

    title: str
    changes: tuple[Change, ...]
    same: int


@dataclass(frozen=True, slots=True)
class Difference:
    """Two runs held against each other. ``a`` and ``b`` are their names with their short ids."""

    a: str
    b: str
    sections: tuple[Section, ...]

    def __getitem__(self, title: str) -> tuple[Change, ...]:
        """The changes of a section: ``difference["parameters"]``."""
        for section in self.sections:
            if section.title == title:
                return section.changes
        known = ", ".join(section.title for section in self.sections)
        raise KeyError(f"There is no section {title!r} (there are: {known}).")

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain lists and dicts."""
        return {
            "a": self.a,
            "b": self.b,
            **{s.title: [asdict(change) for change in s.changes] for s in self.sections},
        }

    def __repr__(self) -> str:
        return difference_view.text(self)

    def _repr_html_(self) -> str:
        return difference_view.html(self)


def difference(a: Recipe, b: Recipe) -> Difference:
    """What changed from run ``a`` to run ``b``."""
    sections = (
        _pairs("parameters", _params(a), _params(b)),
        _cells(a, b),
        _texts("modules", a.modules, b.modules),
        _data(a.inputs, b.inputs),
        _known_pairs("packages", _packages(a), _packages(b)),
        _git(a, b),
        _known_pairs("environment", _environment(a), _environment(b)),
        _metrics(a, b),
    )
    return Difference(_called(a), _called(b), sections)


def _called(recipe: Recipe) -> str:
    return f"{recipe.run.name} ({short_id(recipe.run.run_id)})"


def _params(recipe: Recipe) -> dict[str, str]:
    return {p.key: "None" if p.type == "none" else p.value for p in recipe.run.params}


def _pairs(title: str, a: Mapping[str, str], b: Mapping[str, str]) -> Section:
    changes = [
        Change(_kind(name, a, b), name, a.get(name), b.get(name), _factor(a.get(name), b.get(name)))
        for name in dict.fromkeys([*a, *b])
        if a.get(name) != b.get(name)
    ]
    return Section(title, tuple(changes), sum(a[name] == b.get(name) for name in a))


def _known_pairs(title: str, a: Mapping[str, str], b: Mapping[str, str]) -> Section:
    """As `_pairs`, but nothing where one of the runs recorded nothing of the kind."""
    return _pairs(title, a, b) if a and b else Section(title, (), 0)


def _kind(
    name: str, a: Mapping[str, object], b: Mapping[str, object]
) -> Literal["added", "removed", "changed"]:
    return "added" if name not in a else "removed" if name not in b else "changed"


def _factor(a: str | None, b: str | None) -> str:
    """``10 times`` or ``1/10`` where one number is a round multiple of the other."""
    try:
        ratio = float(b or "") / float(a or "")
    except (ValueError, ZeroDivisionError):
        return ""
    for factor, said in ((ratio, "{} times"), (1 / ratio if ratio else 0.0, "1/{}")):
        if 2 <= factor <= 1e9 and abs(factor - round(factor)) < 1e-9 * factor:
            return said.format(round(factor))
    return ""


def _cells(a: Recipe, b: Recipe) -> Section:
    pairs = _matched(_cells_of(a), _cells_of(b))
    changes = []
    for one, other in pairs:
        if one is None and other is not None:
            changes.append(Change("added", _first_line(other), None, other, lines=_diff("", other)))
        elif one is not None and other is None:
            changes.append(Change("removed", _first_line(one), one, None, lines=_diff(one, "")))
        elif one is not None and other is not None and one != other:
            changes.append(
                Change("changed", _first_line(other), one, other, lines=_diff(one, other))
            )
    same = sum(one == other for one, other in pairs)
    return Section("cells", tuple(changes), same)


def _cells_of(recipe: Recipe) -> list[StoredCell | str]:
    cells: list[StoredCell | str] = list(recipe.cells)
    source = recipe.texts.get("source")
    return cells or ([source] if source else [])


def _matched(
    a: Sequence[StoredCell | str], b: Sequence[StoredCell | str]
) -> list[tuple[str | None, str | None]]:
    """The cells of both side by side: by id, by text, and the others by likeness, in order."""
    partner: dict[int, int] = {}
    free = list(range(len(b)))
    for rule in (_same_id, _same_text, _alike):
        for i, cell in enumerate(a):
            if i in partner:
                continue
            fitting = [j for j in free if rule(cell, b[j])]
            if fitting:
                best = max(fitting, key=lambda j: _likeness(cell, b[j]))
                partner[i] = best
                free.remove(best)
    pairs: list[tuple[str | None, str | None]] = []
    waiting = list(free)
    for i, cell in enumerate(a):
        j = partner.get(i)
        while waiting and j is not None and waiting[0] < j:
            pairs.append((None, _text(b[waiting.pop(0)])))
        pairs.append((_text(cell), None if j is None else _text(b[j])))
    return [*pairs, *((None, _text(b[j])) for j in waiting)]


def _same_id(one: StoredCell | str, other: StoredCell | str) -> bool:
    first, second = getattr(one, "cell_id", ""), getattr(other, "cell_id", "")
    return bool(first) and first == second


def _same_text(one: StoredCell | str, other: StoredCell | str) -> bool:
    return _text(one) == _text(other)


def _alike(one: StoredCell | str, other: StoredCell | str) -> bool:
    return _likeness(one, other) >= _SIMILAR


def _likeness(one: StoredCell | str, other: StoredCell | str) -> float:
    """How much of two texts is the same, from 0 to 1: by characters, or lines of long ones."""
    a, b = _text(one), _text(other)
    if len(a) + len(b) <= _SHORT_CHARS:
        return difflib.SequenceMatcher(None, a, b, autojunk=False).ratio()
    common = (Counter(a.splitlines()) & Counter(b.splitlines())).total()
    return 2 * common / max(1, len(a.splitlines()) + len(b.splitlines()))


def _text(cell: StoredCell | str) -> str:
    return cell if isinstance(cell, str) else cell.text


def _first_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return next((line for line in lines if not line.startswith(("%%", "#"))), (lines or [""])[0])


def _diff(a: str, b: str) -> tuple[str, ...]:
    lines = difflib.unified_diff(a.splitlines(), b.splitlines(), lineterm="", n=2)
    return tuple(line for line in lines if not line.startswith(("---", "+++", "@@")))


def _texts(title: str, a: Mapping[str, str], b: Mapping[str, str]) -> Section:
    changes = [
        Change(_kind(name, a, b), name, lines=_diff(a.get(name, ""), b.get(name, "")))
        for name in sorted(a.keys() | b.keys())
        if a.get(name) != b.get(name)
    ]
    return Section(title, tuple(changes), sum(a[name] == b.get(name) for name in a))


def _data(a: Sequence[StoredInput], b: Sequence[StoredInput]) -> Section:
    ours, theirs = ({each.name: each for each in inputs} for inputs in (a, b))
    changes = []
    for name in dict.fromkeys([*ours, *theirs]):
        one, other = ours.get(name), theirs.get(name)
        if one is not None and other is not None and one.digest and one.digest == other.digest:
            continue
        if one is not None and other is not None and not (one.digest or other.digest):
            continue
        changes.append(
            Change(
                _kind(name, ours, theirs),
                name,
                _described(one),
                _described(other),
                _renamed(one, other, ours, theirs) or _schema_change(one, other),
            )
        )
    return Section("data", tuple(changes), len(ours.keys() | theirs.keys()) - len(changes))


def _described(data: StoredInput | None) -> str | None:
    if data is None:
        return None
    sampled = ", sampled" if data.is_sampled else ""
    return " ".join(part for part in (data.kind, data.shape, data.digest[:8] + sampled) if part)


def _renamed(
    one: StoredInput | None,
    other: StoredInput | None,
    ours: Mapping[str, StoredInput],
    theirs: Mapping[str, StoredInput],
) -> str:
    """The same content under another name is the same data."""
    alone, all_others = (one, theirs) if other is None else (other, ours)
    if alone is None or (one is not None and other is not None) or not alone.digest:
        return ""
    names = [each.name for each in all_others.values() if each.digest == alone.digest]
    return f"the same content as {names[0]}" if names else ""


def _schema_change(one: StoredInput | None, other: StoredInput | None) -> str:
    if one is None or other is None:
        return ""
    try:
        before, after = json.loads(one.schema or "{}"), json.loads(other.schema or "{}")
    except ValueError:
        return ""
    said = []
    for word, names in (
        ("new columns", after.keys() - before.keys()),
        ("without columns", before.keys() - after.keys()),
        ("other types", {n for n in before.keys() & after.keys() if before[n] != after[n]}),
    ):
        if names:
            said.append(f"{word}: {', '.join(sorted(names)[:5])}")
    return "; ".join(said) or "other content"


def _packages(recipe: Recipe) -> dict[str, str]:
    lines = recipe.texts.get("packages", "").splitlines()
    return {name: version for name, _, version in (line.partition("==") for line in lines) if name}


def _git(a: Recipe, b: Recipe) -> Section:
    ours, theirs = (
        {
            key.removeprefix("git."): value
            for key, value in recipe.run.facts.items()
            if key in ("git.commit", "git.branch", "git.dirty", "git.remote")
        }
        for recipe in (a, b)
    )
    section = _pairs("git", ours, theirs)
    before, after = (recipe.texts.get("git.diff", "") for recipe in (a, b))
    if before == after:
        return section
    lines = _diff(before, after)
    changed = Change("changed", "uncommitted changes", lines=lines)
    return Section("git", (*section.changes, changed), section.same)


def _environment(recipe: Recipe) -> dict[str, str]:
    facts = recipe.run.facts
    found = {key: facts[key] for key in _FACTS if key in facts}
    found |= {k: v for k, v in facts.items() if k.startswith("machine.")}
    variables = recipe.environment.get("variables", {})
    return found | {f"${name}": str(value) for name, value in variables.items()}


def _metrics(a: Recipe, b: Recipe) -> Section:
    ours, theirs = (
        {m.key: m.value for m in recipe.run.metrics if not m.key.startswith("system/")}
        for recipe in (a, b)
    )
    changes = []
    for name in dict.fromkeys([*ours, *theirs]):
        one, other = ours.get(name), theirs.get(name)
        if one == other:
            continue
        relative = None
        if one and other is not None:
            relative = (other - one) / abs(one)
        before, after = (None if value is None else f"{value:.6g}" for value in (one, other))
        kind = _kind(name, ours, theirs)
        changes.append(Change(kind, name, before, after, relative=relative))
    return Section("metrics", tuple(changes), len(ours.keys() | theirs.keys()) - len(changes))
