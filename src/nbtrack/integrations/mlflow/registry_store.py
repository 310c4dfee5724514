"""MLflow's model registry on ours: the same names, versions, stages, aliases and history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mlflow.entities.model_registry import (
    ModelVersion,
    ModelVersionTag,
    RegisteredModel,
    RegisteredModelTag,
)
from mlflow.entities.model_registry.model_version_stages import (
    ALL_STAGES,
    DEFAULT_STAGES_FOR_GET_LATEST_VERSIONS,
)
from mlflow.exceptions import MlflowException
from mlflow.prompt.registry_utils import add_prompt_filter_string
from mlflow.protos.databricks_pb2 import (
    INVALID_PARAMETER_VALUE,
    RESOURCE_ALREADY_EXISTS,
    RESOURCE_DOES_NOT_EXIST,
)
from mlflow.store.artifact.utils.models import _parse_model_uri
from mlflow.store.entities.paged_list import PagedList
from mlflow.store.model_registry import (
    SEARCH_MODEL_VERSION_MAX_RESULTS_DEFAULT,
    SEARCH_MODEL_VERSION_MAX_RESULTS_THRESHOLD,
    SEARCH_REGISTERED_MODEL_MAX_RESULTS_DEFAULT,
    SEARCH_REGISTERED_MODEL_MAX_RESULTS_THRESHOLD,
)
from mlflow.store.model_registry.abstract_store import AbstractStore
from mlflow.utils.search_utils import SearchModelUtils, SearchModelVersionUtils
from mlflow.utils.validation import (
    _validate_model_alias_name,
    _validate_model_alias_name_reserved,
    _validate_model_name,
    _validate_model_renaming,
    _validate_model_version,
    _validate_model_version_tag,
    _validate_registered_model_tag,
    _validate_tag_name,
)

from nbtrack.errors import InvalidValue, ModelNotFound, RunNotFound
from nbtrack.integrations.mlflow.addresses import kept_at, split_artifact_uri, store_path
from nbtrack.integrations.mlflow.experiments import page_of
from nbtrack.integrations.mlflow.refusals import refuse_the_rest, told_as_mlflow
from nbtrack.integrations.mlflow.registry_entities import (
    all_models,
    all_versions,
    one_model,
    stage_named,
)
from nbtrack.integrations.mlflow.tracking_store import NbtrackStore
from nbtrack.integrations.mlflow_entities.origins import Origin, origin_of
from nbtrack.integrations.mlflow_entities.tags import is_run_id
from nbtrack.registry.finding import find_version
from nbtrack.registry.moves import archive_all, in_stage, move
from nbtrack.registry.source import Source, source_of
from nbtrack.registry.turn import Turn, turn_at
from nbtrack.tracking.active import current_store

if TYPE_CHECKING:
    from nbtrack.registry.records import ModelVersion as OurVersion
    from nbtrack.store import StoredModel

_LATEST = "latest"
# What the base class does by calling what is declared here: prompts are models with a tag.
_AS_THEY_ARE = frozenset(
    {
        "copy_model_version",
        "create_prompt",
        "search_prompts",
        "delete_prompt",
        "set_prompt_tag",
        "delete_prompt_tag",
        "get_prompt",
        "create_prompt_version",
        "get_prompt_version",
        "delete_prompt_version",
        "get_prompt_version_by_alias",
        "set_prompt_alias",
        "delete_prompt_alias",
        "search_prompt_versions",
        "set_prompt_version_tag",
        "delete_prompt_version_tag",
        "link_prompt_version_to_model",
        "link_prompt_version_to_run",
    }
)


@told_as_mlflow
@refuse_the_rest(of=AbstractStore, but=_AS_THEY_ARE)
class NbtrackRegistryStore(AbstractStore):  # type: ignore[misc]
    """The registry of the store in the folder that ``store_uri`` names.

    Changes are those of `nbtrack.Registry`, and stand in its history. Gates hold here, too: a
    promotion that one of them refuses is PERMISSION_DENIED.
    """

    def __init__(self, store_uri: str, tracking_uri: str | None = None) -> None:
        super().__init__(store_uri, tracking_uri)
        self.store_uri = store_uri
        self.store = current_store(store_path(store_uri))

    # Models

    def create_registered_model(
        self,
        name: str,
        tags: Sequence[RegisteredModelTag] | None = None,
        description: str | None = None,
        deployment_job_id: str | None = None,  # noqa: ARG002 - of Databricks alone
    ) -> RegisteredModel:
        """A model without a version yet."""
        _validate_model_name(name)
        for tag in tags or ():
            _validate_registered_model_tag(tag.key, tag.value)
        with turn_at(self.store) as turn:
            if _has_model(turn, name):
                raise _is_there(name)
            model = turn.append("model created", None, value=name).number
            _describe(turn, model, None, description, tags)
        return self.get_registered_model(name)

    def get_registered_model(self, name: str) -> RegisteredModel:
        """A model with the last version of each stage."""
        _validate_model_name(name)
        with self.store.settled():
            return one_model(self.store, name)

    def update_registered_model(
        self,
        name: str,
        description: str | None,
        deployment_job_id: str | None = None,  # noqa: ARG002
    ) -> RegisteredModel:
        """Describe a model anew."""
        with turn_at(self.store) as turn:
            turn.append("described", turn.model_id(name), value=description or "")
        return self.get_registered_model(name)

    def rename_registered_model(self, name: str, new_name: str) -> RegisteredModel:
        """Give a model another name."""
        _validate_model_renaming(new_name)
        with turn_at(self.store) as turn:
            model = turn.model_id(name)
            if new_name != name:
                if _has_model(turn, new_name):
                    raise _is_there(new_name)
                turn.append("model renamed", model, key=name, value=new_name)
        return self.get_registered_model(new_name)

    def delete_registered_model(self, name: str) -> None:
        """Take a model out of the registry, with its versions; its history stays."""
        with turn_at(self.store) as turn:
            turn.append("model deleted", turn.model_id(name))

    def search_registered_models(
        self,
        filter_string: str | None = None,
        max_results: int = SEARCH_REGISTERED_MODEL_MAX_RESULTS_DEFAULT,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[RegisteredModel]:
        """The models that fit, by name unless told otherwise; a token where there are more."""
        _check_size(max_results, SEARCH_REGISTERED_MODEL_MAX_RESULTS_THRESHOLD, least=0)
        with self.store.settled():
            models = all_models(self.store)
        wanted = add_prompt_filter_string(filter_string, is_prompt=False)
        found = SearchModelUtils.filter(models, wanted)
        return page_of(SearchModelUtils.sort(found, order_by), max_results, page_token)

    def get_latest_versions(
        self, name: str, stages: Sequence[str] | None = None
    ) -> list[ModelVersion]:
        """The last version of each stage."""
        wanted = {stage_named(stage) for stage in stages or ALL_STAGES}
        _validate_model_name(name)
        with self.store.settled():
            latest = one_model(self.store, name, with_aliases=True).latest_versions
        return [version for version in latest if version.current_stage in wanted]

    def set_registered_model_tag(self, name: str, tag: RegisteredModelTag) -> None:
        """Tag a model."""
        _validate_model_name(name)
        _validate_registered_model_tag(tag.key, tag.value)
        with turn_at(self.store) as turn:
            turn.append("tagged", turn.model_id(name), key=tag.key, value=str(tag.value))

    def delete_registered_model_tag(self, name: str, key: str) -> None:
        """Remove a model's tag; one that is not there changes nothing."""
        _validate_model_name(name)
        _validate_tag_name(key)
        with turn_at(self.store) as turn:
            model = turn.model(name)
            if key in model["tags"]:
                turn.append("tagged", model["model"], key=key, value=None)

    # Versions

    def create_model_version(
        self,
        name: str,
        source: str,
        run_id: str | None = None,
        tags: Sequence[ModelVersionTag] | None = None,
        run_link: str | None = None,
        description: str | None = None,
        local_model_path: str | None = None,  # noqa: ARG002 - of Databricks alone
        model_id: str | None = None,
    ) -> ModelVersion:
        """A new version of a model.

        One whose ``source`` is what a run of this store keeps is such a version in nbtrack, too.
        Another is known by its source alone.
        """
        _validate_model_name(name)
        for tag in tags or ():
            _validate_model_version_tag(tag.key, tag.value)
        made_of, location, run_id = self._found(source, run_id, model_id)
        origin = Origin(source, location, run_link, model_id)
        with turn_at(self.store) as turn:
            row = turn.model(name)
            model, version = row["model"], row["last_version"] + 1
            turn.append(
                "version created",
                model,
                version,
                run=run_id if is_run_id(run_id) else None,
                key=made_of.path if made_of is not None else "",
                value=made_of.digest if made_of is not None else "",
                how=origin.text(),
            )
            _describe(turn, model, version, description, tags)
        return self.get_model_version(name, version)

    def _found(
        self, source: str, run_id: str | None, model_id: str | None
    ) -> tuple[Source | None, str, str | None]:
        """What ``source`` is of ours, if it is; where its files are; and of which run it is."""
        location, logged = source, model_id
        if urlsplit(source).scheme == "models":
            parsed = _parse_model_uri(source)
            if parsed.model_id is None:
                location = self.get_model_version_download_uri(parsed.name, parsed.version)
            else:
                logged = parsed.model_id
        if logged is not None and (model := self._logged_model(logged)) is not None:
            run_id = run_id or model.run_id
            if logged != model_id:
                location = self._tracking.get_logged_model(logged).artifact_location
            return self._kept(model.run_id, model.path), location, run_id
        if logged != model_id:
            raise MlflowException(
                f"Unable to fetch model from model URI source artifact location '{source}': "
                f"there is no logged model '{logged}'.",
                RESOURCE_DOES_NOT_EXIST,
            )
        uri = source if source.startswith("runs:/") else location
        return self._kept(*_run_and_path(uri)), location, run_id

    def _logged_model(self, model_id: str) -> StoredModel | None:
        from nbtrack.store import stored_models

        number = model_id.removeprefix("m-")
        found = stored_models(self.store, model_ids=[number]) if is_run_id(number) else []
        return found[0] if found else None

    @cached_property
    def _tracking(self) -> NbtrackStore:
        """The tracking store of the same folder: it knows where files are."""
        return NbtrackStore(self.store_uri)

    def _kept(self, run_id: str | None, path: str) -> Source | None:
        if run_id is None or not path:
            return None
        try:
            return source_of(self.store, f"runs:/{run_id}/{path}")
        except (InvalidValue, RunNotFound, ModelNotFound):
            # MLflow registers what is not there yet, and what is elsewhere.
            return None

    def get_model_version(self, name: str, version: Any) -> ModelVersion:
        """One version of a model."""
        number = int(_validate_model_version(version))
        with self.store.settled():
            find_version(self.store, name, number)
            versions = all_versions(self.store, name, with_aliases=True)
            return next(version for version in versions if version.version == number)

    def get_model_version_download_uri(self, name: str, version: Any) -> str:
        """Where the files of a version are."""
        from nbtrack.store import version_origins

        number = int(_validate_model_version(version))
        with self.store.settled():
            found = find_version(self.store, name, number)
            for row in version_origins(self.store).to_pylist():
                if (row["name"], row["version"]) == (name, number):
                    origin = origin_of(row["how"], found.source)
                    return origin.location or origin.source
        return found.source

    def update_model_version(
        self, name: str, version: Any, description: str | None = None
    ) -> ModelVersion:
        """Describe a version anew."""
        with self._turn_at_version(name, version) as (turn, found):
            turn.append("described", turn.model_id(name), found.version, value=description or "")
        return self.get_model_version(name, version)

    def transition_model_version_stage(
        self, name: str, version: Any, stage: str, archive_existing_versions: bool
    ) -> ModelVersion:
        """Move a version to a stage, past the gates of the model, and archive others if asked."""
        wanted = stage_named(stage)
        if archive_existing_versions and wanted not in DEFAULT_STAGES_FOR_GET_LATEST_VERSIONS:
            raise MlflowException(
                "Model version transition cannot archive existing model versions because "
                f"'{stage}' is not an Active stage. Valid stages are "
                f"{DEFAULT_STAGES_FOR_GET_LATEST_VERSIONS}"
            )
        with self._turn_at_version(name, version) as (turn, found):
            if found.stage != wanted:
                move(
                    turn,
                    name,
                    found.version,
                    wanted,
                    archive=bool(archive_existing_versions),
                    comment="",
                    override=None,
                    seen=found.seen,
                )
            elif archive_existing_versions:
                there = in_stage(turn.asked, name, wanted)
                others = [each for each in there if each.version != found.version]
                why = f"replaced by version {found.version}"
                archive_all(turn, turn.model_id(name), others, why, how="")
        return self.get_model_version(name, version)

    def delete_model_version(self, name: str, version: Any) -> None:
        """Take a version out of the registry, with its aliases; its number is not given again."""
        with self._turn_at_version(name, version) as (turn, found):
            model = turn.model_id(name)
            for alias in found.aliases:
                turn.append("alias set", model, None, key=alias)
            turn.append("version deleted", model, found.version)

    def search_model_versions(
        self,
        filter_string: str | None = None,
        max_results: int = SEARCH_MODEL_VERSION_MAX_RESULTS_DEFAULT,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[ModelVersion]:
        """The versions that fit, those changed last first; a token where there are more."""
        _check_size(max_results, SEARCH_MODEL_VERSION_MAX_RESULTS_THRESHOLD)
        with self.store.settled():
            versions = all_versions(self.store)
        wanted = add_prompt_filter_string(filter_string, is_prompt=False)
        found = SearchModelVersionUtils.filter(versions, wanted)
        order = order_by or ["last_updated_timestamp DESC", "name ASC", "version_number DESC"]
        return page_of(SearchModelVersionUtils.sort(found, order), max_results, page_token)

    def set_model_version_tag(self, name: str, version: Any, tag: ModelVersionTag) -> None:
        """Tag a version."""
        _validate_model_name(name)
        _validate_model_version_tag(tag.key, tag.value)
        with self._turn_at_version(name, version) as (turn, found):
            text = str(tag.value)
            turn.append("tagged", turn.model_id(name), found.version, key=tag.key, value=text)

    def delete_model_version_tag(self, name: str, version: Any, key: str) -> None:
        """Remove a version's tag; one that is not there changes nothing."""
        _validate_model_name(name)
        _validate_tag_name(key)
        with self._turn_at_version(name, version) as (turn, found):
            if key in found.tags:
                turn.append("tagged", turn.model_id(name), found.version, key=key, value=None)

    # Aliases

    def set_registered_model_alias(self, name: str, alias: str, version: Any) -> None:
        """Let an alias be this version, whatever it was before."""
        _validate_model_name(name)
        _validate_model_alias_name(alias)
        _validate_model_alias_name_reserved(alias)
        with self._turn_at_version(name, version) as (turn, found):
            turn.append("alias set", turn.model_id(name), found.version, key=alias)

    def delete_registered_model_alias(self, name: str, alias: str) -> None:
        """Remove an alias; one that is not there changes nothing."""
        _validate_model_name(name)
        _validate_model_alias_name(alias)
        with turn_at(self.store) as turn:
            model = turn.model(name)
            if alias in model["aliases"]:
                turn.append("alias set", model["model"], None, key=alias)

    def get_model_version_by_alias(self, name: str, alias: str) -> ModelVersion:
        """The version that an alias is; of ``latest`` the one with the greatest number."""
        _validate_model_name(name)
        _validate_model_alias_name(alias)
        if alias.lower() == _LATEST:
            latest = self.get_latest_versions(name)
            if not latest:
                raise MlflowException(
                    f"Latest version not found for model {name}.", RESOURCE_DOES_NOT_EXIST
                )
            return max(latest, key=lambda version: int(version.version))
        aliases = self.get_registered_model(name).aliases
        if alias not in aliases:
            raise MlflowException(
                f"Registered model alias {alias} not found.", INVALID_PARAMETER_VALUE
            )
        return self.get_model_version(name, aliases[alias])

    @contextmanager
    def _turn_at_version(self, name: str, version: Any) -> Iterator[tuple[Turn, OurVersion]]:
        """A turn at the registry, with one version as it is then."""
        number = _validate_model_version(version)
        with turn_at(self.store) as turn:
            yield turn, turn.version(name, number)


def open_registry_store(
    store_uri: str, tracking_uri: str | None = None, **_: Any
) -> NbtrackRegistryStore:
    """What MLflow calls for an address with the scheme ``nbtrack``."""
    return NbtrackRegistryStore(store_uri, tracking_uri)


def _has_model(turn: Turn, name: str) -> bool:
    from nbtrack.store import model_row

    return model_row(turn.asked, name) is not None


def _describe(
    turn: Turn, model: int, version: int | None, description: str | None, tags: Any
) -> None:
    if description:
        turn.append("described", model, version, value=description)
    for key, text in {tag.key: str(tag.value) for tag in tags or ()}.items():
        turn.append("tagged", model, version, key=key, value=text)


def _run_and_path(uri: str) -> tuple[str | None, str]:
    """The run and the path in it that an address of files means, if it is one of a run."""
    if uri.startswith("runs:/"):
        run_id, _, path = uri.removeprefix("runs:/").lstrip("/").partition("/")
        return run_id, path
    try:
        if urlsplit(uri).scheme == "nbtrack":
            kept = kept_at(split_artifact_uri(uri)[1])
        elif urlsplit(uri).scheme == "mlflow-artifacts":
            kept = kept_at(urlsplit(uri).path)
        else:
            return None, ""
    except MlflowException:
        return None, ""
    return kept.run_id, kept.path


def _is_there(name: str) -> MlflowException:
    return MlflowException(
        f"Registered Model (name={name}) already exists.", RESOURCE_ALREADY_EXISTS
    )


def _check_size(max_results: Any, most: int, *, least: int = 1) -> None:
    if not isinstance(max_results, int) or max_results < least:
        told = f"It must be a positive integer, but got {max_results}"
    elif max_results > most:
        told = f"It must be at most {most}, but got value {max_results}"
    else:
        return
    raise MlflowException(f"Invalid value for max_results. {told}", INVALID_PARAMETER_VALUE)
