"""What an import brought, and what it did not."""

from __future__ import annotations

import html
from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class ImportReport:
    """What was carried by one call. ``already_there`` are runs that an earlier one had brought.

    ``carried`` counts the rest by kind, ``not_carried`` what the source holds and nbtrack has
    no place for; ``remarks`` are sentences on what was not as it should be.
    """

    source: str
    runs: int = 0
    already_there: int = 0
    carried: Counter[str] = field(default_factory=Counter)
    not_carried: Counter[str] = field(default_factory=Counter)
    remarks: list[str] = field(default_factory=list)

    def _rows(self) -> list[tuple[str, str]]:
        there = f", {self.already_there:,} were there already" if self.already_there else ""
        rows = [("imported", f"{self.runs:,} runs{there}")]
        rows += [
            (title, ", ".join(f"{count:,} {what}" for what, count in counts.items() if count))
            for title, counts in (("with", self.carried), ("not carried", self.not_carried))
        ]
        return [row for row in rows if row[1]] + [("note", each) for each in self.remarks]

    def __repr__(self) -> str:
        return "\n".join([self.source, *(f"  {title:12} {text}" for title, text in self._rows())])

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><td style="text-align:left">{title}</td>'
            f'<td style="text-align:left">{html.escape(text)}</td></tr>'
            for title, text in self._rows()
        )
        return f"<b>{html.escape(self.source)}</b><table>{rows}</table>"
