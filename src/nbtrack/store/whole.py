"""Runs with all that is known of each, for whoever writes them in another form."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbtrack.store.schema import LAST_VALUE
from nbtrack.store.selection import PARAM_TEXT

if TYPE_CHECKING:
    from nbtrack.store.decision import Asked
    from nbtrack.store.origins import StoredInput


@dataclass(frozen=True, slots=True)
class LastPoint:
    """The last point of a metric: of equals in step and time the greatest. ``ts_ms`` of UTC."""

    key: str
    value: float
    step: int
    ts_ms: int


@dataclass(frozen=True, slots=True)
class ModelUse:
    """A logged model that a run has as ``input`` or ``output``."""

    model_id: str
    role: str
    step: int


@dataclass(slots=True)
class WholeRun:
    """A run, with times in milliseconds of UTC. Parameters are texts; ids have no dashes."""

    run_id: str
    name: str
    status: str
    experiment: str
    started_ms: int
    ended_ms: int | None
    user: str
    source: str
    parent_id: str | None
    note: str
    deleted: bool
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    metrics: list[LastPoint] = field(default_factory=list)
    inputs: list[StoredInput] = field(default_factory=list)
    models: list[ModelUse] = field(default_factory=list)


_CHOSEN = "WITH page AS (SELECT unnest($runs::VARCHAR[])::UUID AS run_id)"
_RUN = "replace(run_id::VARCHAR, '-', '') AS run"
_RUNS = f"""
{_CHOSEN},
change AS (
    SELECT run_id, arg_max(name, ts) AS name, arg_max(status, ts) AS status,
           arg_max(experiment, ts) AS experiment, arg_max(note, ts) AS note,
           arg_max(deleted, ts) AS deleted,
           arg_max(coalesce(ended, CASE WHEN status NOT IN ('running', 'scheduled')
                                   THEN ts END), ts) AS ended
    FROM base.run_changes SEMI JOIN page USING (run_id) GROUP BY run_id
)
SELECT replace(r.run_id::VARCHAR, '-', '') AS run_id, coalesce(c.name, r.name) AS name,
       coalesce(c.status, 'running') AS status, coalesce(c.experiment, r.experiment) AS experiment,
       epoch_us(r.started) // 1000 AS started_ms, epoch_us(c.ended) // 1000 AS ended_ms,
       coalesce(r."user", '') AS "user", coalesce(r.source, '') AS source,
       replace(r.parent_id::VARCHAR, '-', '') AS parent_id, coalesce(c.note, '') AS note,
       coalesce(c.deleted, false) AS deleted
FROM base.runs r SEMI JOIN page USING (run_id) LEFT JOIN change c USING (run_id)
"""
_PAIRS = f"""
{_CHOSEN}
SELECT 'params' AS kind, {_RUN}, key, arg_max({PARAM_TEXT}, ts) AS value
FROM base.params SEMI JOIN page USING (run_id) GROUP BY run_id, key
UNION ALL
SELECT 'tags', {_RUN}, key, arg_max_null(value, ts) AS value
FROM base.tags SEMI JOIN page USING (run_id) GROUP BY run_id, key HAVING value IS NOT NULL
UNION ALL
SELECT 'facts', {_RUN}, key, arg_max(value, ts)
FROM base.facts SEMI JOIN page USING (run_id)
WHERE list_contains($facts::VARCHAR[], key) GROUP BY run_id, key
ORDER BY key
"""
_METRICS = f"""
{_CHOSEN}
SELECT {_RUN}, key, {LAST_VALUE} AS value, max(last_step) AS step,
       epoch_us(max(coalesce(last_point_ts, last_ts)) FILTER (last_step = top)) // 1000 AS ts_ms
FROM (
    SELECT *, max(last_step) OVER (PARTITION BY run_id, key) AS top
    FROM base.summary SEMI JOIN page USING (run_id)
) GROUP BY run_id, key ORDER BY key
"""
_INPUTS = f"""
{_CHOSEN}
SELECT {_RUN}, name, kind, digest, shape, schema, size_bytes, is_sampled, source, note, context,
       tags, coalesce(source_type, '') AS source_type, coalesce(profile, '') AS profile
FROM main.inputs SEMI JOIN page USING (run_id) ORDER BY ts
"""
_USES = f"""
{_CHOSEN}
SELECT {_RUN}, replace(model_id::VARCHAR, '-', '') AS model_id, role, arg_max(step, ts) AS step,
       min(ts) AS first
FROM base.logged_model_uses SEMI JOIN page USING (run_id) GROUP BY ALL ORDER BY first
"""


def whole_runs(
    store: Asked,
    run_ids: Sequence[str],
    *,
    facts: Sequence[str] = (),
    with_metrics: bool = True,
    with_uses: bool = True,
) -> list[WholeRun]:
    """The runs with these ids, in that order; those that there are not are left out.

    ``facts`` are those that are wanted. Without ``with_uses`` neither data nor models are read.
    """
    from nbtrack.store.origins import StoredInput

    asked: dict[str, Any] = {"runs": list(run_ids)}
    runs = {row["run_id"]: WholeRun(**row) for row in store.query(_RUNS, asked).to_pylist()}
    if runs:
        pairs = store.query(_PAIRS, {**asked, "facts": list(facts)})
        columns = (pairs[name].to_pylist() for name in ("kind", "run", "key", "value"))
        for kind, run, key, value in zip(*columns, strict=True):
            getattr(runs[run], kind)[key] = value
    if runs and with_metrics:
        for row in store.query(_METRICS, asked).to_pylist():
            of_run = runs[row.pop("run")].metrics
            of_run.append(LastPoint(**row))
    if runs and with_uses:
        for row in store.query(_INPUTS, asked).to_pylist():
            read = runs[row.pop("run")].inputs
            read.append(StoredInput(**{**row, "tags": json.loads(row["tags"] or "{}")}))
        for row in store.query(_USES, asked).to_pylist():
            use = ModelUse(row["model_id"], row["role"], row["step"])
            runs[row["run"]].models.append(use)
    return [runs[run_id] for run_id in run_ids if run_id in runs]
