"""One model, version, alias or request found by its name, or told that there is none."""

from __future__ import annotations

import difflib
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from nbtrack.errors import ModelNotFound
from nbtrack.registry.names import STAGES, check_version
from nbtrack.registry.records import ModelVersion, Request, versions_of

if TYPE_CHECKING:
    from nbtrack.store import Asked
    from nbtrack.store.registered import Time


def at_once(asked: Asked) -> AbstractContextManager[None]:
    """Around several questions to one state; while a decision is made, there is no other."""
    settled: AbstractContextManager[None] = getattr(asked, "settled", nullcontext)()
    return settled


def find_model(asked: Asked, name: str, at: Time = None) -> dict[str, Any]:
    """The model called ``name``, as a row. Raises `ModelNotFound`, with the closest name."""
    from nbtrack.store import model_row, model_table

    row = model_row(asked, name, at=at)
    if row is None:
        names: list[str] = model_table(asked, at=at)["name"].to_pylist()
        near = difflib.get_close_matches(str(name)[:200], names, n=1)
        hint = f" (closest: {near[0]!r})" if near else ""
        raise ModelNotFound(
            f"No registered model {name!r}{hint}. "
            "List them with nbtrack.search_registered_models()."
        )
    row["tags"] = {pair["key"]: pair["value"] for pair in row["tags"] or ()}
    row["aliases"] = {pair["key"]: pair["value"] for pair in row["aliases"] or ()}
    return row


def find_versions(
    asked: Asked,
    filter: str = "",
    order_by: tuple[str, ...] = (),
    limit: int | None = None,
    *,
    name: str | None = None,
    at: Time = None,
) -> list[ModelVersion]:
    """Versions that fit, the newest of each model first. Raises `InvalidFilter`."""
    from nbtrack.store import version_table

    return versions_of(version_table(asked, filter, order_by, limit, at=at, name=name))


def find_version(asked: Asked, name: str, version: object, at: Time = None) -> ModelVersion:
    """One version. Raises `ModelNotFound`, and says which there are."""
    number = check_version(version)
    if found := find_versions(asked, f"version = {number}", name=name, at=at):
        return found[0]
    with at_once(asked):
        find_model(asked, name, at)
        there = [each.version for each in find_versions(asked, limit=5, name=name, at=at)]
    listed = ", ".join(map(str, there)) or "none"
    raise ModelNotFound(f"{name!r} has no version {number} (its last are: {listed}).")


def find_alias(asked: Asked, name: str, alias: str, at: Time = None) -> ModelVersion:
    """The version to which an alias points. Raises `ModelNotFound`, and says which there are."""
    with at_once(asked):
        aliases = find_model(asked, name, at)["aliases"]
        if alias in aliases:
            return find_version(asked, name, aliases[alias], at)
    listed = ", ".join(aliases) or "none"
    raise ModelNotFound(f"{name!r} has no alias {alias!r} (it has: {listed}).")


def find_in_stage(asked: Asked, name: str, stage: str, at: Time = None) -> ModelVersion:
    """The version in a stage; of several, the one that came last. Raises `ModelNotFound`."""
    found = find_versions(asked, f"stage = '{stage}'", ("stage_since DESC",), 1, name=name, at=at)
    if not found:
        find_model(asked, name, at)
        raise ModelNotFound(f"No version of {name!r} is in {stage}.")
    return found[0]


def find_latest(asked: Asked, name: str, at: Time = None) -> ModelVersion:
    """The version with the greatest number. Raises `ModelNotFound`."""
    found = find_versions(asked, limit=1, name=name, at=at)
    if not found:
        find_model(asked, name, at)
        raise ModelNotFound(f"{name!r} has no version; register one with nbtrack.register_model.")
    return found[0]


def find_uri(asked: Asked, uri: str, at: Time = None) -> ModelVersion:
    """The version that a ``models:/`` URI means.

    ``models:/name/3``, ``models:/name/Production``, ``models:/name/latest`` or
    ``models:/name@alias``. Raises `ModelNotFound`.
    """
    prefix, _, rest = uri.partition(":")
    rest = rest.lstrip("/")
    if prefix == "models" and "@" in rest:
        name, _, alias = rest.rpartition("@")
        return find_alias(asked, name, alias, at)
    name, _, what = rest.rpartition("/")
    if prefix != "models" or not name or not what:
        raise ModelNotFound(
            f"{uri!r} names no version: write models:/name/3, models:/name/Production, "
            "models:/name/latest or models:/name@alias."
        )
    if what.lower() == "latest":
        return find_latest(asked, name, at)
    for stage in STAGES:
        if what.lower() == stage.lower():
            return find_in_stage(asked, name, stage, at)
    if what.isdecimal():
        return find_version(asked, name, what, at)
    raise ModelNotFound(
        f"{what!r} in {uri!r} is neither a version nor one of {', '.join(STAGES)} or latest; "
        f"for an alias write models:/{name}@{what}."
    )


def find_requests(asked: Asked, *, name: str | None = None, at: Time = None) -> list[Request]:
    """Requests, the newest first."""
    from nbtrack.store import request_table

    return [Request(**row) for row in request_table(asked, name=name, at=at).to_pylist()]
