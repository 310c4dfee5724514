"""Registered models and versions of ours, as MLflow shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mlflow.entities.model_registry import (
    ModelVersion,
    ModelVersionTag,
    RegisteredModel,
    RegisteredModelAlias,
    RegisteredModelTag,
)
from mlflow.entities.model_registry.model_version_stages import get_canonical_stage

from nbtrack.integrations.mlflow_entities.origins import origin_of
from nbtrack.registry.finding import find_model, find_versions
from nbtrack.registry.records import NO_RUN
from nbtrack.registry.records import ModelVersion as OurVersion

if TYPE_CHECKING:
    from nbtrack.store import Asked


def all_versions(
    asked: Asked, name: str | None = None, *, with_aliases: bool = False
) -> list[ModelVersion]:
    """Every version, or those of one model; the newest of each first.

    MLflow tells aliases with a version that is asked for alone, and else with its model.
    """
    from nbtrack.store import version_origins

    origins = {(row["name"], row["version"]): row for row in version_origins(asked).to_pylist()}
    found = find_versions(asked, name=name)
    return [
        _version(each, origins[each.name, each.version], each.aliases if with_aliases else ())
        for each in found
    ]


def _version(version: OurVersion, row: Mapping[str, Any], aliases: Sequence[str]) -> ModelVersion:
    origin = origin_of(row["how"], version.source)
    return ModelVersion(
        name=version.name,
        version=version.version,
        creation_timestamp=origin.created_ms or _ms(version.created),
        last_updated_timestamp=row["changed_ms"],
        description=version.description or None,
        user_id=(version.user if origin.created_ms is None else origin.user) or None,
        current_stage=version.stage,
        source=origin.source,
        run_id=None if version.run_id == NO_RUN else version.run_id,
        tags=[ModelVersionTag(key, text) for key, text in version.tags.items()],
        run_link=origin.run_link,
        aliases=list(aliases),
        model_id=origin.model_id,
    )


def all_models(asked: Asked) -> list[RegisteredModel]:
    """Every registered model with the last version of each stage, by name."""
    from nbtrack.store import model_changes

    changed = {row["name"]: row for row in model_changes(asked).to_pylist()}
    versions: dict[str, list[ModelVersion]] = {}
    for each in all_versions(asked):
        versions.setdefault(each.name, []).append(each)
    return [
        _model(find_model(asked, name), changed[name], versions.get(name, []))
        for name in sorted(changed)
    ]


def one_model(asked: Asked, name: str, *, with_aliases: bool = False) -> RegisteredModel:
    """The registered model of that name. Raises `ModelNotFound`."""
    from nbtrack.store import model_changes

    row = find_model(asked, name)
    [changed] = [each for each in model_changes(asked).to_pylist() if each["name"] == name]
    return _model(row, changed, all_versions(asked, name, with_aliases=with_aliases))


def _model(
    row: Mapping[str, Any], changed: Mapping[str, Any], versions: list[ModelVersion]
) -> RegisteredModel:
    latest: dict[str, ModelVersion] = {}
    # The newest of each stage, and stages in the order in which versions came to them.
    for each in reversed(versions):
        latest[each.current_stage] = each
    return RegisteredModel(
        name=row["name"],
        creation_timestamp=origin_of(changed["how"], "").created_ms or _ms(row["created"]),
        last_updated_timestamp=changed["changed_ms"],
        description=row["description"] or None,
        latest_versions=list(latest.values()),
        tags=[RegisteredModelTag(key, text) for key, text in row["tags"].items()],
        aliases=[RegisteredModelAlias(key, number) for key, number in row["aliases"].items()],
    )


def stage_named(stage: str) -> str:
    """A stage as it is written; refused as MLflow refuses it."""
    return str(get_canonical_stage(stage))


def _ms(time: Any) -> int:
    import datetime

    since: datetime.timedelta = time - datetime.datetime(1970, 1, 1)
    return since // datetime.timedelta(milliseconds=1)
