"""Logged models with all that is known of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbtrack.store.decision import Asked


@dataclass(frozen=True, slots=True)
class ModelPoint:
    """What a run measured of a model, perhaps on data. ``ts_ms`` is in milliseconds of UTC."""

    key: str
    value: float
    step: int
    ts_ms: int
    run_id: str
    data: str
    digest: str


@dataclass(slots=True)
class StoredModel:
    """A logged model. Ids have no dashes, and times are in milliseconds of UTC."""

    model_id: str
    name: str
    experiment: str
    run_id: str | None
    kind: str
    location: str
    path: str
    created_ms: int
    changed_ms: int
    status: str
    deleted: bool
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    metrics: list[ModelPoint] = field(default_factory=list)


_HEX = "replace(model_id::VARCHAR, '-', '')"
_ID = f"{_HEX} AS model_id"
_MODELS = f"""
SELECT {_ID}, name, experiment, replace(run_id::VARCHAR, '-', '') AS run_id, kind, location, path,
       epoch_ms(created) AS created_ms, epoch_ms(changed) AS changed_ms, status, deleted
FROM logged_models
WHERE ($ids::VARCHAR[] IS NULL OR list_contains($ids::VARCHAR[], {_HEX}))
  AND ($experiments::VARCHAR[] IS NULL OR list_contains($experiments::VARCHAR[], experiment))
  AND ($runs::VARCHAR[] IS NULL
       OR run_id IN (SELECT unnest($runs::VARCHAR[])::UUID)
       OR $with_none AND run_id IS NULL)
ORDER BY created, model_id
"""
_CHOSEN = "WITH chosen AS (SELECT unnest($models::VARCHAR[])::UUID AS model_id)"
_PAIRS = f"""
{_CHOSEN}
SELECT 'params' AS kind, {_ID}, key, arg_max(value, ts) AS value
FROM base.logged_model_params SEMI JOIN chosen USING (model_id) GROUP BY model_id, key
UNION ALL
SELECT 'tags', {_ID}, key, arg_max_null(value, ts) AS value
FROM base.logged_model_tags SEMI JOIN chosen USING (model_id)
GROUP BY model_id, key HAVING value IS NOT NULL
ORDER BY key
"""
_POINTS = f"""
{_CHOSEN}
SELECT DISTINCT {_ID}, key, value, step, epoch_ms(measured) AS ts_ms,
       replace(run_id::VARCHAR, '-', '') AS run_id, data, digest
FROM base.logged_model_metrics SEMI JOIN chosen USING (model_id)
ORDER BY key, ts_ms, step, run_id, value
"""
_MEASURED = """
SELECT DISTINCT replace(model_id::VARCHAR, '-', '') AS model_id, key, value, step,
       epoch_ms(measured) AS ts_ms, replace(run_id::VARCHAR, '-', '') AS run_id, data, digest
FROM base.logged_model_metrics WHERE run_id IN (SELECT unnest($runs::VARCHAR[])::UUID)
ORDER BY run_id, ts_ms, step, key, model_id
"""


def measured_by(store: Asked, run_ids: Sequence[str]) -> dict[str, list[tuple[str, ModelPoint]]]:
    """What each of the runs measured of logged models, with the id of the model."""
    found: dict[str, list[tuple[str, ModelPoint]]] = {}
    for row in store.query(_MEASURED, {"runs": list(run_ids)}).to_pylist():
        model_id = row.pop("model_id")
        found.setdefault(row["run_id"], []).append((model_id, ModelPoint(**row)))
    return found


def stored_models(
    store: Asked,
    *,
    model_ids: Sequence[str] | None = None,
    experiments: Sequence[str] | None = None,
    run_ids: Sequence[str] | None = None,
    with_none: bool = False,
) -> list[StoredModel]:
    """The logged models with these ids, in these experiments and of these runs; oldest first.

    Deleted or not. ``with_none`` adds those that are of no run.
    """
    chosen: dict[str, object] = {
        "runs": None if run_ids is None else list(run_ids),
        "with_none": with_none,
        "ids": None if model_ids is None else list(model_ids),
        "experiments": None if experiments is None else list(experiments),
    }
    rows = store.query(_MODELS, chosen).to_pylist()
    models = {row["model_id"]: StoredModel(**row) for row in rows}
    if models:
        asked = {"models": list(models)}
        for row in store.query(_PAIRS, asked).to_pylist():
            getattr(models[row["model_id"]], row["kind"])[row["key"]] = row["value"]
        for row in store.query(_POINTS, asked).to_pylist():
            models[row.pop("model_id")].metrics.append(ModelPoint(**row))
    return list(models.values())
