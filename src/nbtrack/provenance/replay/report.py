"""What a replay came to, for people."""

from __future__ import annotations

import html
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Status = Literal["matched", "differs", "failed"]


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """How a replay went. ``lines`` say it in sentences, the metrics first.

    ``run_id`` is the run that the replay was recorded as; ``folder`` is where it ran,
    if it was kept.
    """

    status: Status
    name: str
    run_id: str
    lines: tuple[str, ...]
    folder: Path | None = None

    def __repr__(self) -> str:
        kept = [f"It ran in {self.folder}."] if self.folder else []
        lines = [f"Replay of {self.name}: {self.status}", *self.lines, *kept]
        return "\n  ".join(lines)

    def _repr_html_(self) -> str:
        good = "color:#2e9d55;color:var(--jp-success-color1,#2e9d55)"
        bad = "color:#d9534f;color:var(--jp-error-color1,#d9534f)"
        style = good if self.status == "matched" else bad
        lines = [*self.lines, *([f"It ran in {self.folder}."] if self.folder else [])]
        told = "".join(f"<div>{html.escape(line)}</div>" for line in lines)
        return (
            '<div style="border:1px solid #88888844;border-radius:6px;padding:8px 12px;'
            'max-width:860px;overflow-wrap:anywhere">'
            f"<div>Replay of <b>{html.escape(self.name)}</b>: "
            f'<b style="{style}">{self.status}</b></div>'
            f'<div style="margin-top:4px;font-size:92%">{told}</div></div>'
        )
