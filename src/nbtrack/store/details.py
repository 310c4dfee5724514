"""Everything about one run: attributes, parameters, metrics, tags, facts and texts."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from nbtrack.errors import RunNotFound
from nbtrack.events import ParamType, ParamValue

if TYPE_CHECKING:
    from nbtrack.store.decision import Asked
    from nbtrack.store.store import Store


@dataclass(frozen=True, slots=True)
class ParamDetail:
    """A parameter: ``value`` is its text, and ``type`` says what it was (see `ParamValue`)."""

    key: str
    value: str
    type: ParamType

    @property
    def stored(self) -> ParamValue:
        """The value in the form in which events carry it."""
        return ParamValue(self.type, self.value)


@dataclass(frozen=True, slots=True)
class MetricDetail:
    """A metric: its last value and step, and its extremes over the finite values.

    ``min`` and the others are ``None`` where no value is finite; ``not_finite``
    counts the values that are NaN or infinite.
    """

    key: str
    value: float
    step: int
    count: int
    not_finite: int
    min: float | None
    min_step: int | None
    max: float | None
    max_step: int | None


@dataclass(frozen=True, slots=True)
class RunDetail:
    """One run as it stands. Times are in UTC, without zone; everything is in order of key.

    ``texts`` are the roles of the texts that were kept, and their lengths in
    characters; `run_text` reads one.
    """

    run_id: str
    name: str
    experiment: str
    status: str
    started: datetime.datetime
    ended: datetime.datetime | None
    duration_s: float | None
    parent_id: str | None
    note: str
    user: str
    host: str
    source: str
    deleted: bool
    verdict: str | None
    params: tuple[ParamDetail, ...]
    metrics: tuple[MetricDetail, ...]
    tags: Mapping[str, str]
    facts: Mapping[str, str]
    texts: Mapping[str, int]


# One query, since attaching the database is most of what a small one costs.
_DETAIL = """
SELECT replace(run_id::VARCHAR, '-', '') AS run_id, name, experiment, status, started, ended,
       duration_s, replace(parent_id::VARCHAR, '-', '') AS parent_id, note, "user", host, source,
       deleted, verdict,
       (SELECT list({key: key, value: value, type: type} ORDER BY key)
        FROM params WHERE run_id = $run::UUID) AS params,
       (SELECT list({key: key, value: value, step: step, count: count, not_finite: not_finite,
                     min: min, min_step: min_step, max: max, max_step: max_step} ORDER BY key)
        FROM latest_metrics WHERE run_id = $run::UUID) AS metrics,
       (SELECT list({key: key, value: value} ORDER BY key)
        FROM tags WHERE run_id = $run::UUID) AS tags,
       (SELECT list({key: key, value: value} ORDER BY key)
        FROM facts WHERE run_id = $run::UUID) AS facts,
       (SELECT list({key: role, value: length(text)} ORDER BY role)
        FROM texts WHERE run_id = $run::UUID) AS texts
FROM all_runs WHERE run_id = $run::UUID
"""


def run_detail(store: Asked, run_id: str) -> RunDetail:
    """Everything about the run with that full id, deleted or not; raises `RunNotFound`."""
    rows = store.query(_DETAIL, {"run": _full_id(run_id)}).to_pylist()
    if not rows:
        raise RunNotFound(f"No run has the id {run_id!r}. List runs with nbtrack.runs().")
    row: dict[str, Any] = rows[0]
    row["params"] = tuple(ParamDetail(**param) for param in row["params"] or ())
    row["metrics"] = tuple(MetricDetail(**metric) for metric in row["metrics"] or ())
    for name in ("tags", "facts", "texts"):
        row[name] = {pair["key"]: pair["value"] for pair in row[name] or ()}
    return RunDetail(**row)


def run_text(store: Store, run_id: str, role: str) -> str:
    """A text that the run kept; raises ``KeyError``, naming those it has, if not of that role."""
    found = store.query(
        "SELECT role, CASE WHEN role = $role THEN text END AS text FROM texts "
        "WHERE run_id = $run::UUID ORDER BY role",
        {"role": role, "run": _full_id(run_id)},
    )
    texts: dict[str, str] = {row["role"]: row["text"] for row in found.to_pylist()}
    if role not in texts:
        raise KeyError(f"The run has no text {role!r} (it has: {', '.join(texts) or 'none'}).")
    return texts[role]


def run_texts(store: Store, run_id: str) -> dict[str, str]:
    """Every text that the run kept, by role."""
    sql = "SELECT role, text FROM texts WHERE run_id = ?::UUID ORDER BY role"
    return {row["role"]: row["text"] for row in store.query(sql, [_full_id(run_id)]).to_pylist()}


def _full_id(run_id: str) -> str:
    try:
        return str(UUID(run_id))
    except ValueError:
        raise RunNotFound(
            f"{run_id!r} is not the full id of a run (32 hexadecimal digits)."
        ) from None
