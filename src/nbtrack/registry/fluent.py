"""Registering and searching by function, as in MLflow; the rest is on `Registry`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from nbtrack.registry.reading import Place
from nbtrack.registry.records import ModelVersion
from nbtrack.registry.registry import Registry
from nbtrack.tracking.answers import Answer


def register_model(
    model_uri: object,
    name: str,
    await_registration_for: int | None = None,  # noqa: ARG001 - MLflow's; it is there at once
    *,
    tags: Mapping[str, object] | None = None,
    description: str | None = None,
    store: Place = None,
) -> ModelVersion:
    """Register what a run keeps as the next version of the model ``name``; see `Registry`.

    ``model_uri`` is ``runs:/<run>/<path>``, what `log_model` gave back, or the folder of a
    model in MLflow's layout, whoever saved it.
    """
    return Registry(store).register(model_uri, name, tags=tags, description=description)


def search_registered_models(
    max_results: int | None = None,
    filter_string: str | None = None,
    order_by: Sequence[str] | None = None,
    *,
    store: Place = None,
) -> Answer:
    """Registered models that fit a filter; see `Registry.search_registered_models`."""
    return Registry(store).search_registered_models(filter_string, max_results, order_by)


def search_model_versions(
    max_results: int | None = None,
    filter_string: str | None = None,
    order_by: Sequence[str] | None = None,
    *,
    store: Place = None,
) -> list[ModelVersion]:
    """Versions that fit a filter; see `Registry.search_model_versions`."""
    return Registry(store).search_model_versions(filter_string, max_results, order_by)


def transition_stage(
    name: str,
    version: int | str | ModelVersion,
    stage: str,
    archive_existing_versions: bool | None = None,
    comment: str = "",
    *,
    override: str | None = None,
    store: Place = None,
) -> ModelVersion:
    """Move a version to a stage; see `Registry.transition_stage`."""
    return Registry(store).transition_stage(
        name, version, stage, archive_existing_versions, comment, override=override
    )
