"""What one benchmark answers: a figure, beside the floor under it and the figure to reach."""

from __future__ import annotations

from typing import NamedTuple


class Figure(NamedTuple):
    """A measured median. ``floor`` is the least that it could be, or ``None`` where there is none.

    ``target`` is ``"<= 15"`` or ``">= 1000"`` in the figure's unit, or empty
    for a figure that is only reported.
    """

    name: str
    figure: float
    floor: float | None
    unit: str
    target: str

    @property
    def verdict(self) -> str:
        """``ok``, ``MISSED``, or nothing where there is no target."""
        if not self.target:
            return ""
        relation, reach = self.target.split()
        value = float(reach.replace(",", ""))
        reached = {"<=": self.figure <= value, ">=": self.figure >= value}[relation]
        return "ok" if reached else "MISSED"
