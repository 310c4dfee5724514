"""What changed between two runs, the most likely causes first, and the metrics last."""

from __future__ import annotations

import ast
import difflib
import json
import math
from collections.abc import Mapping, Sequence
from typing import Literal

from nbtrack.capture.session.python import parsed
from nbtrack.provenance.difference.cells import first_line, matched_cells, moved_numbers
from nbtrack.provenance.difference.changes import Change, Difference, Kind, Section
from nbtrack.provenance.recipe import Recipe
from nbtrack.store import StoredCell, StoredInput
from nbtrack.tracking.direction import higher_is_better

_NAMED = 5
_GAP = "…"  # between the parts of a text that changed


def difference(a: Recipe, b: Recipe) -> Difference:
    """What changed from run ``a`` to run ``b``."""
    sections = (
        _pairs("parameters", params_of(a), params_of(b)),
        _cells(a, b),
        _texts("modules", a.modules, b.modules),
        _data(a.inputs, b.inputs),
        _packages(a, b),
        _git(a, b),
        _environment(a, b),
        _metrics(a, b),
    )
    durations = (a.run.duration_s, b.run.duration_s)
    return Difference(a.title, b.title, sections, durations)


def params_of(recipe: Recipe) -> dict[str, str]:
    """Parameters as texts."""
    return {p.key: "None" if p.type == "none" else p.value for p in recipe.run.params}


def _pairs(title: str, a: Mapping[str, str], b: Mapping[str, str]) -> Section:
    changes = [
        Change(_kind(name, a, b), name, a.get(name), b.get(name), _factor(a.get(name), b.get(name)))
        for name in dict.fromkeys([*a, *b])
        if a.get(name) != b.get(name)
    ]
    return Section(title, tuple(changes), sum(a[name] == b.get(name) for name in a))


def _kind(
    name: str, a: Mapping[str, object], b: Mapping[str, object]
) -> Literal["added", "removed", "changed"]:
    return "added" if name not in a else "removed" if name not in b else "changed"


def _factor(a: str | None, b: str | None) -> str:
    """``10 times`` or ``1/10`` where one number is a round multiple of the other."""
    try:
        ratio = float(b or "") / float(a or "")
    except (ValueError, ArithmeticError):
        return ""
    for factor, said in ((ratio, "{} times"), (1 / ratio if ratio else 0.0, "1/{}")):
        if 2 <= factor <= 1e9 and abs(factor - round(factor)) < 1e-9 * factor:
            return said.format(round(factor))
    return ""


# Cells


def _cells(a: Recipe, b: Recipe) -> Section:
    pairs = matched_cells(_cells_of(a), _cells_of(b))
    moved = moved_numbers([other.number for one, other in pairs if one and other])
    changes: list[Change] = []
    same = 0
    for one, other in pairs:
        before, after = (cell.text if cell else "" for cell in (one, other))
        name = first_line(after or before)
        if one is None or other is None:
            kind: Kind = "added" if one is None else "removed"
            texts = (one.text if one else None, other.text if other else None)
            changes.append(Change(kind, name, *texts, lines=_diff(before, after)))
        elif before != after:
            note = "moved, changed" if other.number in moved else ""
            changes.append(Change("changed", name, before, after, note, _diff(before, after)))
        elif other.number in moved:
            changes.append(Change("moved", name, before, after, "executed in another order"))
        else:
            same += 1
    return Section("cells", tuple(changes), same)


def _cells_of(recipe: Recipe) -> list[StoredCell]:
    """The cells of the slice, or the source as one where no session was recorded."""
    source = recipe.texts.get("source")
    if recipe.cells or not source:
        return list(recipe.cells)
    return [StoredCell(0, source, "", "unknown", None, recipe.run.started)]


# Texts


def _diff(a: str, b: str) -> tuple[str, ...]:
    lines = list(difflib.unified_diff(a.splitlines(), b.splitlines(), lineterm="", n=2))
    # The first two name the files, the third begins the first part.
    return tuple(_GAP if line.startswith("@@") else line for line in lines[3:])


def _texts(title: str, a: Mapping[str, str], b: Mapping[str, str]) -> Section:
    changes = [
        Change(_kind(name, a, b), name, lines=_diff(a.get(name, ""), b.get(name, "")))
        for name in sorted(a.keys() | b.keys())
        if a.get(name) != b.get(name)
    ]
    return Section(title, tuple(changes), sum(a[name] == b.get(name) for name in a))


# Data


def _data(a: Sequence[StoredInput], b: Sequence[StoredInput]) -> Section:
    ours, theirs = ({each.name: each for each in inputs} for inputs in (a, b))
    renamed = _renamed(ours, theirs)
    changes, same = [], 0
    for name in dict.fromkeys([*ours, *theirs]):
        one, other = ours.get(name), theirs.get(name)
        if name in renamed:
            note = "the same content under another name"
            changes.append(Change("renamed", name, name, renamed[name], note))
        elif name in renamed.values() and one is None:
            continue
        elif one is None or other is None:
            kind = _kind(name, ours, theirs)
            changes.append(Change(kind, name, described(one), described(other)))
        elif one.digest and one.digest == other.digest:
            same += 1
        elif one.digest or other.digest or described(one) != described(other):
            note = _schema_change(one, other)
            changes.append(Change("changed", name, described(one), described(other), note))
    return Section("data", tuple(changes), same)


def _renamed(ours: Mapping[str, StoredInput], theirs: Mapping[str, StoredInput]) -> dict[str, str]:
    """Names that only ``a`` has, with the names under which only ``b`` has the same content."""
    new = {each.digest: name for name, each in theirs.items() if each.digest and name not in ours}
    gone = [(name, each.digest) for name, each in ours.items() if name not in theirs]
    return {name: new.pop(digest) for name, digest in gone if digest in new}


def described(data: StoredInput | None) -> str | None:
    """Data in a few words: kind, shape, the beginning of its digest."""
    if data is None:
        return None
    sampled = ", sampled" if data.is_sampled else ""
    return " ".join(part for part in (data.kind, data.shape, data.digest[:8] + sampled) if part)


def _schema_change(one: StoredInput, other: StoredInput) -> str:
    before, after = _fields(one.schema), _fields(other.schema)
    said = []
    for word, names in (
        ("new columns", after.keys() - before.keys()),
        ("without columns", before.keys() - after.keys()),
    ):
        if names:
            said.append(f"{word}: {_listed(sorted(names))}")
    retyped = [name for name in sorted(before.keys() & after.keys()) if before[name] != after[name]]
    if retyped:
        told = [f"{name} {before[name]} → {after[name]}" for name in retyped]
        said.append(f"other types: {_listed(told)}")
    if not (one.digest and other.digest):
        said.append("content not read in " + ("both" if one.digest == other.digest else "one"))
    return "; ".join(said) or "other content"


def _fields(schema: str) -> dict[str, str]:
    try:
        found = json.loads(schema or "{}")
    except (ValueError, RecursionError):
        return {}
    return {k: str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


# Packages, git, environment


def _packages(a: Recipe, b: Recipe) -> Section:
    if not (a.packages and b.packages):
        return Section("packages", (), 0)
    section = _pairs("packages", a.packages, b.packages)
    if not section.changes:
        return section
    imported = _imported(a) | _imported(b)
    changes = [
        Change(c.kind, c.name, c.a, c.b, "imported by the code" if _key(c.name) in imported else "")
        for c in section.changes
    ]
    changes.sort(key=lambda change: not change.note)
    return Section(section.title, tuple(changes), section.same)


def _imported(recipe: Recipe) -> set[str]:
    """The packages that cells and modules import, as far as names and what is installed tell."""
    from importlib.metadata import packages_distributions

    roots: set[str] = set()
    for text in [*(cell.text for cell in _cells_of(recipe)), *recipe.modules.values()]:
        for node in ast.walk(parsed(text) or ast.Module([], [])):
            if isinstance(node, ast.Import):
                roots |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                roots.add(node.module.partition(".")[0])
    installed = packages_distributions()
    named = {_key(name) for root in roots for name in installed.get(root, ())}
    return named | {_key(root) for root in roots}


def _key(package: str) -> str:
    return package.lower().replace("_", "-").replace(".", "-")


def git_of(recipe: Recipe) -> dict[str, str]:
    """Commit, branch and remote of the checkout, and whether it had changes."""
    return {
        key.removeprefix("git."): value
        for key, value in recipe.run.facts.items()
        if key in ("git.commit", "git.branch", "git.dirty", "git.remote")
    }


def _git(a: Recipe, b: Recipe) -> Section:
    section = _pairs("git", git_of(a), git_of(b))
    before, after = (recipe.texts.get("git.diff", "") for recipe in (a, b))
    if before == after:
        return section
    changed = Change("changed", "uncommitted changes", lines=_diff(before, after))
    return Section("git", (*section.changes, changed), section.same)


def machine_of(recipe: Recipe) -> dict[str, str]:
    """Python, platform and machine, without the environment's variables."""
    facts = recipe.run.facts
    return {k: v for k, v in facts.items() if k.startswith(("python.", "machine."))} | {
        k: v for k, v in facts.items() if k == "platform"
    }


def _environment(a: Recipe, b: Recipe) -> Section:
    ours, theirs = machine_of(a), machine_of(b)
    # Of a run that recorded none, nothing is known: neither that it had none.
    if a.environment and b.environment:
        ours |= {f"${name}": value for name, value in a.variables.items()}
        theirs |= {f"${name}": value for name, value in b.variables.items()}
    if not (ours and theirs):
        return Section("environment", (), 0)
    return _pairs("environment", ours, theirs)


# Metrics


def _metrics(a: Recipe, b: Recipe) -> Section:
    ours, theirs = a.metrics, b.metrics
    changes, same = [], 0
    for name in dict.fromkeys([*ours, *theirs]):
        one, other = ours.get(name), theirs.get(name)
        if one is not None and other is not None and _is_same(one, other):
            same += 1
            continue
        before, after = _told_apart(one, other)
        kind = _kind(name, ours, theirs)
        note, relative = _judged(name, one, other), _relative(one, other)
        changes.append(Change(kind, name, before, after, note, relative=relative))
    return Section("metrics", tuple(changes), same)


def _is_same(one: float, other: float) -> bool:
    return one == other or (math.isnan(one) and math.isnan(other))


def _told_apart(one: float | None, other: float | None) -> tuple[str | None, str | None]:
    """Both numbers with as many digits as it takes to see that they differ."""
    texts: tuple[str | None, str | None] = (None, None)
    for digits in (6, 9, 17):
        before = None if one is None else f"{one:.{digits}g}"
        after = None if other is None else f"{other:.{digits}g}"
        texts = (before, after)
        if before != after:
            break
    return texts


def _judged(name: str, one: float | None, other: float | None) -> str:
    """By how much it changed, and whether that is better."""
    if one is None or other is None or not math.isfinite(other - one):
        return ""
    is_higher_better = higher_is_better(name)
    if is_higher_better is None:
        return f"{other - one:+.4g}"
    return f"{other - one:+.4g}, {'better' if (other > one) == is_higher_better else 'worse'}"


def _relative(one: float | None, other: float | None) -> float | None:
    if not one or other is None:
        return None
    share = (other - one) / abs(one)
    return share if math.isfinite(share) else None
