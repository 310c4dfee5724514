"""Slicing back: which of the executed cells made what a cell needs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from nbtrack.capture.session.cells import Blame, SessionCell, Slice
from nbtrack.capture.session.effects import Deferred, Effects, effects_of
from nbtrack.capture.session.words import ALWAYS_THERE


@dataclass(slots=True)
class _Step:
    """One execution: what it needed, made anew, and may have changed, functions included."""

    number: int
    reads: set[str]
    binds: set[str]
    changes: set[str]
    effects: Effects
    outside: list[tuple[str, str]]
    failed: bool
    # Names that may share an object, as things stood before and after it.
    shared_before: dict[str, frozenset[str]] = field(default_factory=dict)
    shared_after: dict[str, frozenset[str]] = field(default_factory=dict)


def slice_back(cells: Sequence[SessionCell], target: int, *, given: Collection[str] = ()) -> Slice:
    """The executions that made the inputs of the cell with number ``target``.

    ``given`` are the names that its magic line sets. The method is a backward program
    slice (Weiser, "Program Slicing", 1981) over whole cells: from the target back, a
    cell belongs to it if it bound, or may have changed, what is needed up to there.
    """
    steps = [step for step in _walk(cells) if step.number <= target]
    if not steps or steps[-1].number != target:
        return Slice((), (Blame("outside", "", target, f"Cell [{target}] was not recorded."),))
    last = steps[-1]
    needed = last.reads - set(given)
    chosen = [last]
    for step in reversed(steps[:-1]):
        touched = _touched(step, needed)
        if not touched:
            continue
        chosen.append(step)
        if not step.failed:
            needed -= step.binds
        needed |= step.reads
    chosen.reverse()
    blames = [*_missing(needed, steps, chosen), *_doubts(chosen, given)]
    return Slice(tuple(step.number for step in chosen), tuple(blames))


def needs_of(cells: Sequence[SessionCell], numbers: Collection[int]) -> set[str]:
    """Every name that the executions with these numbers have read."""
    steps = [step for step in _walk(cells) if step.number in numbers]
    return {name for step in steps for name in step.reads}


def _touched(step: _Step, needed: set[str]) -> set[str]:
    if step.effects.changes_anything and needed:
        return needed
    touched = needed & (step.binds | step.changes)
    if touched:
        return touched
    # A change of what shares its object with a needed name.
    return {
        name
        for changed in step.changes
        for sharing in (step.shared_before, step.shared_after)
        for name in sharing.get(changed, ())
        if name in needed
    }


def _walk(cells: Iterable[SessionCell]) -> list[_Step]:
    """The executions in order, each with what its functions did for it at that moment."""
    functions: dict[str, Deferred] = {}
    modules: set[str] = set()
    sharing: dict[str, frozenset[str]] = {}
    steps = []
    for cell in cells:
        effects = effects_of(cell.text)
        modules = (modules - effects.binds) | effects.modules
        step = _step(cell, effects, {**functions, **effects.functions}, modules)
        for name in effects.binds:
            functions.pop(name, None)
        functions.update(effects.functions)
        for name, sources in effects.copies.items():
            _carry(name, sources, functions, effects)
        step.shared_before = sharing
        copies = _copies(effects, functions, modules)
        sharing = step.shared_after = _shared_after(sharing, effects, copies)
        steps.append(step)
    return steps


def _step(
    cell: SessionCell, effects: Effects, functions: dict[str, Deferred], modules: set[str]
) -> _Step:
    reads, changes = set(effects.reads), set(effects.changes)
    outside = list(effects.outside)
    used = [name for name in (*effects.reads, *_called(effects)) if name in functions]
    # What a function reads, it reads when it is called: what the cell binds first is its own.
    waiting = [(name, effects.bound_at.get(name, frozenset())) for name in used]
    seen: set[str] = set()
    passed = list(effects.passed.items())
    while waiting:
        name, bound = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        deferred = functions[name]
        reads |= deferred.reads - bound
        changes |= deferred.changes
        outside += [(name, f"{reason} (in {name})") for reason in deferred.outside]
        waiting += [(each, bound) for each in deferred.reads if each in functions]
        passed += deferred.passed.items()
    for function, names in passed:
        if function.endswith("."):  # A method of the name itself.
            changes |= names - modules
        elif function in functions:
            changes |= names if functions[function].changes_arguments else set()
        elif function not in modules:
            changes |= names - modules
    return _Step(cell.number, reads, set(effects.binds), changes, effects, outside, cell.failed)


def _called(effects: Effects) -> list[str]:
    """Functions that the cell defines and calls itself."""
    return [name for name in effects.passed if name in effects.functions]


def _carry(name: str, sources: set[str], functions: dict[str, Deferred], effects: Effects) -> None:
    """What is made of functions or classes does what they do: partials, objects, lists of them."""
    carried = [functions[source] for source in sources if source in functions]
    if name in effects.functions and not carried:
        return
    if carried:
        whole = Deferred()
        for deferred in carried:
            whole.add(deferred)
        if name in functions and name not in effects.binds:
            whole.add(functions[name])
        functions[name] = whole


def _copies(
    effects: Effects, functions: Mapping[str, Deferred], modules: set[str]
) -> dict[str, set[str]]:
    """Whose object a name may share, by what stands in the cell, and by what functions answer.

    Modules, that all share, are left out.
    """
    copies = {n: sources - modules for n, sources in effects.copies.items() if n not in modules}
    for name, called in effects.results.items():
        answered = _answered(called, functions) - modules
        if answered and name not in modules:
            copies[name] = copies.get(name, set()) | answered
    return copies


def _answered(called: Iterable[str], functions: Mapping[str, Deferred]) -> set[str]:
    found: set[str] = set()
    waiting = [name for name in called if name in functions]
    seen = set(waiting)
    while waiting:
        for name in functions[waiting.pop()].answers:
            found.add(name)
            if name in functions and name not in seen:
                seen.add(name)
                waiting.append(name)
    return found


def _shared_after(
    sharing: dict[str, frozenset[str]], effects: Effects, copies: Mapping[str, set[str]]
) -> dict[str, frozenset[str]]:
    """Who may share an object with whom after the cell."""
    if not copies and not effects.binds & sharing.keys():
        return sharing
    after = dict(sharing)
    for name in effects.binds & after.keys():
        if name in copies.get(name, ()):
            continue
        for other in after.pop(name):
            if other in after:
                after[other] -= {name}
    for name, sources in copies.items():
        group = frozenset({name, *sources})
        for source in sources:
            # As it was before, too: in `a, b = b, a` both are bound anew.
            group |= after.get(source, frozenset()) | sharing.get(source, frozenset())
        group |= after.get(name, frozenset())
        for member in group:
            after[member] = after.get(member, frozenset()) | group
    return after


def _missing(needed: set[str], steps: list[_Step], chosen: list[_Step]) -> list[Blame]:
    blames = []
    anything = any(step.effects.changes_anything for step in chosen)
    perhaps = {name for step in chosen for name in step.effects.may_bind}
    for name in sorted(needed - ALWAYS_THERE):
        if name.startswith("<") or name in perhaps or (anything and not _is_bound(name, steps)):
            continue
        if name in ("_", "Out", "In") or name.startswith("_"):
            continue  # Told by the cell that reads it.
        blames.append(
            Blame("outside", name, None, f"`{name}` was there before the first recorded cell.")
        )
    return blames


def _is_bound(name: str, steps: list[_Step]) -> bool:
    return any(name in step.binds for step in steps)


def _doubts(chosen: list[_Step], given: Collection[str]) -> list[Blame]:
    blames = []
    for step in chosen:
        for name, reason in step.outside:
            if name not in given:
                said = f"{reason[:1].upper()}{reason[1:]}, in cell [{step.number}]."
                blames.append(Blame("outside", name, step.number, said))
        for reason in step.effects.unsure:
            said = f"{reason[:1].upper()}{reason[1:]}, in cell [{step.number}]."
            blames.append(Blame("unsure", "", step.number, said))
        if step.failed and step is not chosen[-1]:
            said = f"Cell [{step.number}] failed; what it had done before that counts."
            blames.append(Blame("failed", "", step.number, said))
    return blames
