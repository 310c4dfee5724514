"""What a run was made from and left behind: cells of its session, data it read, files it keeps."""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbtrack.events import CellStatus

if TYPE_CHECKING:
    from nbtrack.store.decision import Asked
    from nbtrack.store.store import Store


@dataclass(frozen=True, slots=True)
class StoredCell:
    """A cell that a kernel executed as the ``number``-th of its session. ``ts`` is in UTC."""

    number: int
    text: str
    cell_id: str
    status: CellStatus
    duration_s: float | None
    ts: datetime.datetime


@dataclass(frozen=True, slots=True)
class StoredInput:
    """Data that a run read under ``name``, as `InputRead` describes it."""

    name: str
    kind: str
    digest: str
    shape: str
    schema: str
    size_bytes: int | None
    is_sampled: bool
    source: str
    note: str
    context: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    source_type: str = ""
    profile: str = ""


@dataclass(frozen=True, slots=True)
class StoredArtifact:
    """A file that a run keeps under ``path``; ``digest`` finds its bytes among the artifacts."""

    path: str
    digest: str
    size_bytes: int
    media_type: str


def executed_cells(store: Store, session: str, *, until: int | None = None) -> list[StoredCell]:
    """The cells of a session in the order of their execution, up to and with number ``until``."""
    found = store.query(
        "SELECT number, text, cell_id, status, duration_s, ts FROM cells "
        "WHERE session = $session::UUID AND number <= coalesce($until, 2147483647) ORDER BY number",
        {"session": session, "until": until},
    )
    return [StoredCell(**row) for row in found.to_pylist()]


def run_inputs(store: Asked, run_id: str) -> list[StoredInput]:
    """The data that a run read, by name."""
    found = store.query(
        "SELECT name, kind, digest, shape, schema, size_bytes, is_sampled, source, note, "
        "context, tags, coalesce(source_type, '') AS source_type, "
        "coalesce(profile, '') AS profile "
        "FROM inputs WHERE run_id = ?::UUID ORDER BY name",
        [run_id],
    )
    rows = found.to_pylist()
    return [StoredInput(**{**row, "tags": json.loads(row["tags"] or "{}")}) for row in rows]


def runs_keeping(store: Store, path: str) -> list[str]:
    """The runs that keep a file under ``path``."""
    found = store.query(
        "SELECT replace(run_id::VARCHAR, '-', '') AS run FROM artifacts WHERE path = ?", [path]
    )
    return [str(run) for run in found["run"].to_pylist()]


def run_artifacts(store: Asked, run_id: str) -> list[StoredArtifact]:
    """The files that a run keeps, by path."""
    found = store.query(
        "SELECT path, digest, size_bytes, media_type FROM artifacts "
        "WHERE run_id = ?::UUID ORDER BY path",
        [run_id],
    )
    return [StoredArtifact(**row) for row in found.to_pylist()]
