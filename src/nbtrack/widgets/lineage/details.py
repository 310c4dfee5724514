"""What is told of one thing in a lineage; ``js/src/lineage/protocol.ts`` has the shapes."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from nbtrack.widgets.run_detail import milliseconds, run_json
from nbtrack.widgets.run_view.model import data_json

if TYPE_CHECKING:
    from nbtrack.store import Store
    from nbtrack.widgets.lineage.graph import Box


def details_of(store: Store, box: Box) -> dict[str, Any]:
    """All that is known of it. Raises `RunNotFound` and `ModelNotFound` once it is gone."""
    match box.kind:
        case "data":
            return _data(store, box)
        case "run":
            return _run(store, box)
    return _version(store, box)


def _data(store: Store, box: Box) -> dict[str, Any]:
    from nbtrack.store import run_inputs

    row = box.row
    found = next(each for each in run_inputs(store, row["run_id"]) if each.name == row["data"])
    return {"as": "data", "data": data_json(found, [])}


def _run(store: Store, box: Box) -> dict[str, Any]:
    from nbtrack.provenance.recipe import recipe_of

    told = run_json(recipe_of(store, box.row["run_id"]), ())
    # What is long and of no use beside a graph stays where it is.
    return {"as": "run", "run": {**told, "texts": [], "facts": {}}}


def _version(store: Store, box: Box) -> dict[str, Any]:
    from nbtrack.registry.registry import Registry

    found = Registry(store.path).get_model_version(box.row["name"], box.row["version"])
    moved: datetime | None = found.stage_since
    return {
        "as": "version",
        "version": {
            "name": found.name,
            "version": found.version,
            "stage": found.stage,
            "aliases": list(found.aliases),
            "description": found.description,
            "tags": found.tags,
            "user": found.user,
            "created_ms": milliseconds(found.created),
            "since_ms": milliseconds(moved),
            "by": found.stage_by or "",
            "uri": found.uri,
            "source": found.source,
            "digest": found.digest,
        },
    }
