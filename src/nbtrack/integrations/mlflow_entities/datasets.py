"""MLflow's data sets, as the data that a run of ours read, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nbtrack.events import InputRead
from nbtrack.integrations.mlflow_entities.records import MlflowDataset

if TYPE_CHECKING:
    from nbtrack.store import StoredInput

CONTEXT = "mlflow.data.context"
# What MLflow takes for a digest at the most.
_DIGEST_CHARS = 36
_OURS = "nbtrack"


def input_of(dataset: MlflowDataset, run_id: str = "", ts: int = 0) -> InputRead:
    """A data set as data that the run has read. Its schema and profile stay as they are, too."""
    tags = dict(dataset.tags)
    columns = _columns(_parsed(dataset.schema))
    return InputRead(
        ts,
        run_id,
        dataset.name,
        "dataset",
        dataset.digest,
        shape=_shape(_parsed(dataset.profile), len(columns)),
        schema=json.dumps(columns) if columns else "",
        source=dataset.source,
        context=tags.pop(CONTEXT, ""),
        tags=tags,
        source_type=dataset.source_type or "local",
        profile=json.dumps({"schema": dataset.schema, "profile": dataset.profile}),
    )


def dataset_of(read: StoredInput) -> MlflowDataset:
    """Data that a run has read as a data set of MLflow's, whoever told it."""
    tags = {CONTEXT: read.context} if read.context else {}
    if read.source_type:
        kept = json.loads(read.profile)
        source_type, source = read.source_type, read.source
        schema, profile = kept["schema"], kept["profile"]
    else:
        source_type, source = _OURS, json.dumps({"uri": read.source} if read.source else {})
        schema = _theirs(_parsed(read.schema))
        profile = json.dumps({"kind": read.kind, "shape": read.shape})
    digest = read.digest[:_DIGEST_CHARS]
    return MlflowDataset(
        read.name, digest, source_type, source, schema, profile, {**tags, **read.tags}
    )


def _parsed(text: str | None) -> Mapping[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _columns(schema: Mapping[str, Any]) -> dict[str, str]:
    """Columns and their types, out of what MLflow writes for a table."""
    listed = schema.get("mlflow_colspec")
    if not isinstance(listed, list):
        return {}
    columns = [each for each in listed if isinstance(each, dict)]
    return {str(c["name"]): str(c.get("type", "")) for c in columns if c.get("name") is not None}


def _theirs(columns: Mapping[str, Any]) -> str | None:
    """Columns in the form in which MLflow's pages show them."""
    if not columns:
        return None
    listed = [{"name": name, "type": str(type_)} for name, type_ in columns.items()]
    return json.dumps({"mlflow_colspec": listed})


def _shape(profile: Mapping[str, Any], width: int) -> str:
    rows, elements = profile.get("num_rows"), profile.get("num_elements")
    if not isinstance(rows, int):
        return ""
    if not width and isinstance(elements, int) and rows:
        width = elements // rows
    return f"({rows}, {width})" if width else f"({rows},)"
