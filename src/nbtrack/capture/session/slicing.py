"""Slicing back: which of the executed cells made what a cell needs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from nbtrack.capture.session.cells import Blame, SessionCell, Slice
from nbtrack.capture.session.namespace import Namespace, Step
from nbtrack.capture.session.reader import effects_of
from nbtrack.capture.session.words import ALWAYS_THERE


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
    numbers = tuple(step.number for step in chosen)
    return Slice(numbers, tuple(blames), _changed_in_place(last))


def needs_of(cells: Sequence[SessionCell], numbers: Collection[int]) -> set[str]:
    """Every name that the executions with these numbers have read."""
    steps = [step for step in _walk(cells) if step.number in numbers]
    return {name for step in steps for name in step.reads}


def _changed_in_place(step: Step) -> frozenset[str]:
    """Names whose objects, as they were before it, an execution may have changed."""
    if step.changes_anything:
        return frozenset(step.reads | step.changes | step.shared_before.keys())
    shared = {
        name
        for changed in step.changes
        for name in step.shared_before.get(changed, ())
        if changed not in step.learners or name in step.learners
    }
    return frozenset(step.changes | shared)


def _touched(step: Step, needed: set[str]) -> set[str]:
    if step.changes_anything and needed:
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
        if name in needed and (changed not in step.learners or name in step.learners)
    }


def _walk(cells: Iterable[SessionCell]) -> list[Step]:
    """The executions in order, each with what its functions did for it at that moment."""
    namespace = Namespace()
    return [namespace.meet(cell, effects_of(cell.text)) for cell in cells]


def _missing(needed: set[str], steps: list[Step], chosen: list[Step]) -> list[Blame]:
    blames = []
    anything = any(step.changes_anything for step in chosen)
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


def _is_bound(name: str, steps: list[Step]) -> bool:
    return any(name in step.binds for step in steps)


def _doubts(chosen: list[Step], given: Collection[str]) -> list[Blame]:
    blames = []
    for step in chosen:
        for name, reason in step.outside:
            if name not in given:
                blames.append(Blame("outside", name, step.number, _told(reason, step)))
        blames += [Blame("unsure", "", step.number, _told(why, step)) for why in step.unsure]
        blames += [Blame("unstable", "", step.number, _told(why, step)) for why in step.unstable]
        if step.failed and step is not chosen[-1]:
            said = f"Cell [{step.number}] failed; what it had done before that counts."
            blames.append(Blame("failed", "", step.number, said))
    return blames


def _told(reason: str, step: Step) -> str:
    return f"{reason[:1].upper()}{reason[1:]}, in cell [{step.number}]."
