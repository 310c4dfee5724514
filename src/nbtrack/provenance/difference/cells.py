"""The cells of two runs side by side: which of one is which of the other."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

from nbtrack.store import StoredCell

CellPair = tuple[StoredCell | None, StoredCell | None]

_SIMILAR = 0.5
_NAME = re.compile(r"\w+")


def matched_cells(ours: Sequence[StoredCell], theirs: Sequence[StoredCell]) -> list[CellPair]:
    """The cells of both side by side, in the order of ``ours``: by id, by text, then by likeness.

    A cell without a partner stands alone, one of ``theirs`` where it was executed there.
    """
    partner: dict[int, int] = {}
    bags_a, bags_b = ([Counter(_NAME.findall(c.text)) for c in cells] for cells in (ours, theirs))
    for fits, least in ((_same_id, 0.0), (_same_text, 0.0), (_any, _SIMILAR)):
        fitting = [
            (-_likeness(bags_a[i], bags_b[j]), i, j)
            for i, one in enumerate(ours)
            for j, other in enumerate(theirs)
            if i not in partner and j not in partner.values() and fits(one, other)
        ]
        # The most similar first, and the earlier of equals.
        for unlikeness, i, j in sorted(fitting):
            if -unlikeness >= least and i not in partner and j not in partner.values():
                partner[i] = j
    waiting = [j for j in range(len(theirs)) if j not in partner.values()]
    pairs: list[CellPair] = []
    for i, cell in enumerate(ours):
        mate = partner.get(i)
        while waiting and mate is not None and waiting[0] < mate:
            pairs.append((None, theirs[waiting.pop(0)]))
        pairs.append((cell, None if mate is None else theirs[mate]))
    return [*pairs, *((None, theirs[j]) for j in waiting)]


def _same_id(one: StoredCell, other: StoredCell) -> bool:
    return bool(one.cell_id) and one.cell_id == other.cell_id


def _same_text(one: StoredCell, other: StoredCell) -> bool:
    return one.text == other.text


def _any(_one: StoredCell, _other: StoredCell) -> bool:
    return True


def _likeness(a: Counter[str], b: Counter[str]) -> float:
    """How many of their names and numbers two texts share, from 0 to 1."""
    return 2 * (a & b).total() / max(1, a.total() + b.total())


def moved_numbers(numbers: Sequence[int]) -> set[int]:
    """The fewest of these that must be taken out for the others to increase."""
    tails: list[int] = []  # the smallest last number of an increasing run of each length
    lengths = []
    for number in numbers:
        length = bisect_left(tails, number)
        tails[length : length + 1] = [number]
        lengths.append(length)
    wanted, kept = len(tails) - 1, set()
    for number, length in zip(reversed(numbers), reversed(lengths), strict=True):
        if length == wanted:
            kept.add(number)
            wanted -= 1
    return set(numbers) - kept


def first_line(text: str) -> str:
    """The first line of a cell that does something."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return next((line for line in lines if not line.startswith(("%%", "#"))), (lines or [""])[0])
