"""What one import or export carried, and what it left."""

from __future__ import annotations

import html
from collections import Counter
from dataclasses import dataclass, field
from typing import Literal


@dataclass(slots=True)
class Report:
    """What was carried by one call: ``runs`` new ones, ``updated`` that had gone on.

    ``place`` is where they came from, or where they were written to. ``already_there`` are runs
    that an earlier call had carried. ``carried`` counts the rest by kind, ``not_carried`` what
    the other side has no place for; ``remarks`` are sentences on what was not as it should be.
    """

    done: Literal["imported", "exported"]
    place: str
    runs: int = 0
    updated: int = 0
    already_there: int = 0
    carried: Counter[str] = field(default_factory=Counter)
    not_carried: Counter[str] = field(default_factory=Counter)
    remarks: list[str] = field(default_factory=list)

    def _rows(self) -> list[tuple[str, str]]:
        more = (
            f", {count:,} {what}"
            for count, what in (
                (self.updated, "brought up to date"),
                (self.already_there, "were there already"),
            )
            if count
        )
        rows: list[tuple[str, str]] = [(self.done, f"{self.runs:,} runs{''.join(more)}")]
        rows += [
            (title, ", ".join(f"{count:,} {what}" for what, count in counts.items() if count))
            for title, counts in (("with", self.carried), ("not carried", self.not_carried))
        ]
        return [row for row in rows if row[1]] + [("note", each) for each in self.remarks]

    def __repr__(self) -> str:
        return "\n".join([self.place, *(f"  {title:12} {text}" for title, text in self._rows())])

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><td style="text-align:left">{title}</td>'
            f'<td style="text-align:left">{html.escape(text)}</td></tr>'
            for title, text in self._rows()
        )
        return f"<b>{html.escape(self.place)}</b><table>{rows}</table>"
