"""``%track status``: what runs in this kernel and beside it, and what a dead one left."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from nbtrack.errors import StoreError
from nbtrack.events import short_id
from nbtrack.magics.session import Session
from nbtrack.tracking.active import current_experiment, current_store, open_runs
from nbtrack.widgets.card import duration_text

# The end of a run whose kernel died is written by the next reader, who cannot know its duration.
_ELSEWHERE = """
SELECT replace(run_id::VARCHAR, '-', '') AS run_id, name, experiment, status, host, ended, started
FROM runs WHERE status = 'running' OR (status = 'killed' AND duration_s IS NULL)
ORDER BY started DESC LIMIT 20
"""


@dataclass(frozen=True, slots=True)
class Status:
    """What `look_at_runs` found, as lines under headings."""

    sections: tuple[tuple[str, tuple[str, ...]], ...]

    def __repr__(self) -> str:
        lines = []
        for heading, entries in self.sections:
            lines.append(heading)
            lines += [f"  {entry}" for entry in entries]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        parts = []
        for heading, entries in self.sections:
            weight = "bold" if entries else "normal"
            parts.append(f'<div style="font-weight:{weight}">{html.escape(heading)}</div>')
            parts += [f'<div style="padding-left:1em">{html.escape(e)}</div>' for e in entries]
        return "".join(parts)


def look_at_runs(session: Session) -> Status:
    """Look at this kernel's runs, and at the store for the others'."""
    here = open_runs()
    sections = [
        (
            f"Running here: {len(here)}" if here else "Nothing runs here.",
            tuple(
                f"{run.name} ({run.short_id}) for {duration_text(run.duration_s)}, "
                f"experiment {run.experiment}"
                for run in here
            ),
        )
    ]
    try:
        rows = current_store().query(_ELSEWHERE).to_pylist()
    except StoreError as error:
        sections.append((f"The store cannot be read: {error}", ()))
    else:
        own = {run.id for run in here}
        running = [row for row in rows if row["status"] == "running" and row["run_id"] not in own]
        died = [row for row in rows if row["status"] == "killed"]
        if running:
            sections.append((f"Running elsewhere: {len(running)}", _lines(running, "started")))
        if died:
            sections.append((f"Left by a kernel that died: {len(died)}", _lines(died, "ended")))
    tracked = len(session.runs)
    said = "every cell that trains or measures" if session.tracks_all else "cells with %%track"
    sections.append(
        (
            f"Tracking {said}; {tracked} tracked in this kernel so far, "
            f"experiment {current_experiment()!r}.",
            (),
        )
    )
    return Status(tuple(sections))


def _lines(rows: Sequence[dict[str, object]], since: str) -> tuple[str, ...]:
    said = {"started": "started", "ended": "last heard of"}[since]
    lines = []
    for row in rows:
        when = row[since]
        ago = ""
        if isinstance(when, datetime):
            seconds = (datetime.now(UTC).replace(tzinfo=None) - when).total_seconds()
            ago = f", {said} {duration_text(max(seconds, 0.0))} ago"
        lines.append(
            f"{row['name']} ({short_id(str(row['run_id']))}) on {row['host']}, "
            f"experiment {row['experiment']}{ago}"
        )
    return tuple(lines)
