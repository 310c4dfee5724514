"""The verdict: a slice held against the notebook as it was saved."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from nbtrack.capture.session.cells import Blame, NotebookCell, SessionCell, Slice, Verdict
from nbtrack.capture.session.python import normalised
from nbtrack.capture.session.slicing import needs_of, slice_back

_NOT_REPLAYABLE = ("outside", "unsure")


def judge(
    cells: Sequence[SessionCell],
    made_by: Slice,
    notebook: Sequence[NotebookCell] | None,
    *,
    sampled: Collection[str] = (),
    edited_modules: Collection[str] = (),
    given: Collection[str] = (),
) -> Verdict:
    """Whether the run whose slice is ``made_by`` can be made again from ``notebook``.

    ``cells`` are those that were executed, ``notebook`` is ``None`` while it is not saved
    or not known. ``sampled`` are names of data whose content is not wholly known,
    ``edited_modules`` files that are not what was imported.

    *Clean*: run from top to bottom, the notebook would execute the same texts in the same
    order before the tracked cell, as far as they concern what it needs. The rule errs
    towards *stale* and *not replayable*.
    """
    blames = list(made_by.blames)
    if any(blame.kind in _NOT_REPLAYABLE for blame in blames):
        return Verdict("not replayable", tuple(blames))
    blames += [
        Blame("sampled", name, None, f"`{name}` was not read whole: its content may differ.")
        for name in sampled
    ]
    blames += [
        Blame("edited", path, None, f"`{path}` was edited after it was imported.")
        for path in edited_modules
    ]
    if notebook is None:
        return Verdict("stale" if blames else "pending", tuple(blames))
    by_number = {cell.number: cell for cell in cells}
    executed = [by_number[number] for number in made_by.numbers if number in by_number]
    found, places = _find(executed, notebook)
    blames += found
    if not found:
        blames += _out_of_order(executed, places)
    if not blames:
        blames += _would_differ(cells, executed, notebook, places, given)
    return Verdict("stale" if blames else "clean", tuple(blames))


def _find(
    executed: Sequence[SessionCell], notebook: Sequence[NotebookCell]
) -> tuple[list[Blame], list[int]]:
    """The place of each execution in the notebook, or why it has none."""
    texts = [normalised(cell.text) for cell in notebook]
    ids = {cell.cell_id: place for place, cell in enumerate(notebook) if cell.cell_id}
    blames: dict[int | str, Blame] = {}
    places: list[int] = []
    for cell in executed:
        text = normalised(cell.text)
        place = ids.get(cell.cell_id) if cell.cell_id else None
        if place is None:
            fitting = [p for p, each in enumerate(texts) if each == text]
            # Of several equal cells, the first that goes on from where we are.
            after = [p for p in fitting if not places or p > places[-1]]
            place = (after or fitting or [None])[0]  # type: ignore[list-item]
        if place is None:
            said = f"Cell [{cell.number}] is not in the notebook."
            blames[text] = Blame("deleted", "", cell.number, said)
        elif texts[place] != text:
            # However often it ran, it is one cell.
            said = f"Cell [{cell.number}] was edited after it ran."
            blames[place] = Blame("edited", "", cell.number, said)
        else:
            places.append(place)
    return list(blames.values()), places


def _out_of_order(executed: Sequence[SessionCell], places: Sequence[int]) -> list[Blame]:
    blames: list[Blame] = []
    for before, (cell, place) in enumerate(zip(executed, places, strict=True)):
        earlier = places[:before]
        if place in earlier:
            said = f"Cell [{cell.number}] ran more than once, and what it did adds up."
            blames.append(Blame("repeated", "", cell.number, said))
        elif earlier and place < max(earlier):
            other = executed[earlier.index(max(earlier))]
            said = f"Cell [{cell.number}] ran after cell [{other.number}], and stands before it."
            blames.append(Blame("moved", "", cell.number, said))
    return blames


def _would_differ(
    cells: Sequence[SessionCell],
    executed: Sequence[SessionCell],
    notebook: Sequence[NotebookCell],
    places: Sequence[int],
    given: Collection[str],
) -> list[Blame]:
    """Cells that did not make the run, but would if the notebook were run from the top."""
    target = places[-1]
    in_order = [
        SessionCell(place + 1, cell.text, cell.cell_id)
        for place, cell in enumerate(notebook[: target + 1])
    ]
    expected = {place + 1 for place in places}
    would = set(slice_back(in_order, target + 1, given=given).numbers)
    needed = needs_of(cells, {cell.number for cell in executed})
    blames = []
    for number in sorted(would - expected):
        said = _first_line(in_order[number - 1].text)
        reason = f"The notebook's cell `{said}` had no part in it, and now stands before it."
        blames.append(Blame("order", ", ".join(sorted(needed)[:3]), None, reason))
    for number in sorted(expected - would):
        said = _first_line(in_order[number - 1].text)
        reason = f"What the cell `{said}` made is made anew by another before it is used."
        blames.append(Blame("order", "", None, reason))
    return blames


def _first_line(text: str) -> str:
    line = next((line.strip() for line in normalised(text).splitlines() if line.strip()), "")
    return line if len(line) <= 40 else f"{line[:39]}…"
