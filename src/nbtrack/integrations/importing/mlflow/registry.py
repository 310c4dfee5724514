"""Registered models of MLflow as ours: versions, tags, aliases, and then the stages.

A version is known by what its event says of it (``imported from MLflow: …``), so that importing
again adds only what is new. Everything goes through the registry's own events, dated when it
was brought in: as it was before that, nobody here knew it.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable

from nbtrack.errors import InvalidValue, PromotionRefused, RunNotFound
from nbtrack.integrations.importing.importer import Import
from nbtrack.integrations.importing.mlflow.runs import run_identity
from nbtrack.integrations.mlflow_entities.origins import Origin
from nbtrack.integrations.mlflow_entities.records import MlflowModel, MlflowVersion
from nbtrack.integrations.mlflow_entities.tags import model_number
from nbtrack.registry.names import check_alias, check_model_name, check_stage
from nbtrack.registry.registry import Registry
from nbtrack.registry.source import Source, source_of
from nbtrack.registry.turn import Turn, turn_at
from nbtrack.store import history_table, model_row

_LOGGED = re.compile(r"(?:^models:/|/models/)(m-[0-9a-f]{32})(?:/|$)")
_IN_RUN = re.compile(r"(?:^runs:/|/)([0-9a-f]{32})/(?:artifacts/)?(.+)")


class RegistryImport:
    """Models of MLflow on their way into a store, whose runs are there already."""

    def __init__(self, on_its_way: Import) -> None:
        from nbtrack.store import stored_models

        self._store = on_its_way.store
        self._known = on_its_way.known
        self._report = on_its_way.report
        self._omissions = on_its_way.omissions
        self._store.fold_completely()
        self._logged = {
            model.model_id: (model.run_id, model.path) for model in stored_models(self._store)
        }

    def all_models(self, models: Iterable[MlflowModel]) -> None:
        """Bring them in, one after the other."""
        for model in models:
            try:
                check_model_name(model.name)
            except InvalidValue as error:
                self._omissions.omit("registered models whose name is none here")
                self._omissions.remark(str(error))
                continue
            self._model(model)

    def _model(self, model: MlflowModel) -> None:
        sources = {version.version: self._source(version) for version in model.versions}
        made: dict[int, int] = {}
        with turn_at(self._store) as turn:
            row = model_row(turn.asked, model.name)
            told: set[str] = set()
            aliases: set[str] = set()
            last = 0
            if row is None:
                origin = Origin("", created_ms=model.created_ms).text()
                created = turn.append("model created", None, value=model.name, how=origin)
                number = created.number
                self._describe(turn, number, None, model.description, model.tags)
                self._report.carried["registered models"] += 1
            else:
                number, last = row["model"], row["last_version"] or 0
                aliases = {pair["key"] for pair in row["aliases"] or ()}
                told = set(history_table(turn.asked, name=model.name)["comment"].to_pylist())
            for version in model.versions:
                said = _said(version)
                if said in told:
                    continue
                # Its own number, unless somebody here has given that already.
                last = version.version if version.version > last else last + 1
                made[version.version] = last
                source = sources[version.version]
                turn.append(
                    "version created",
                    number,
                    last,
                    run=source.run_id if source else self._known.find(run_identity(version.run_id)),
                    key=source.path if source else "",
                    value=source.digest if source else "",
                    how=_origin(version, source).text(),
                    comment=said,
                )
                self._describe(turn, number, last, version.description, version.tags)
                self._report.carried["versions"] += 1
            for alias, target in model.aliases.items():
                if alias not in aliases and target in made:
                    self._alias(turn, number, alias, made[target])
        renumbered = {old: new for old, new in made.items() if old != new}
        if renumbered:
            pairs = ", ".join(f"{old} is {new}" for old, new in renumbered.items())
            self._omissions.remark(f"{model.name!r} had versions here already, so that {pairs}")
        self._stages(model, made)

    def _describe(
        self, turn: Turn, model: int, version: int | None, text: str, tags: dict[str, str]
    ) -> None:
        if text:
            turn.append("described", model, version, value=text)
        for key, value in tags.items():
            turn.append("tagged", model, version, key=key, value=value)

    def _alias(self, turn: Turn, model: int, alias: str, version: int) -> None:
        try:
            turn.append("alias set", model, version, key=check_alias(alias))
        except InvalidValue as error:
            self._omissions.omit("aliases that are none here")
            self._omissions.remark(str(error))

    def _stages(self, model: MlflowModel, made: dict[int, int]) -> None:
        registry = Registry(self._store.path)
        for version in model.versions:
            if version.version not in made or version.stage == "None":
                continue
            try:
                registry.transition_stage(
                    model.name,
                    made[version.version],
                    check_stage(version.stage),
                    archive_existing_versions=False,
                    comment="as it was in MLflow",
                )
            except PromotionRefused as error:
                self._omissions.omit("stages that a gate refuses")
                self._omissions.remark(str(error))

    def _source(self, version: MlflowVersion) -> Source | None:
        """What the version is made of, among the files of a run."""
        try:
            run_id, path = self._place(version)
            return source_of(self._store, f"runs:/{run_id}/{path}")
        except (InvalidValue, RunNotFound):
            # It is known by what MLflow says of it.
            return None

    def _place(self, version: MlflowVersion) -> tuple[str, str]:
        run_id, path = self._logged.get(_model_of(version), (None, ""))
        if run_id is not None:
            return run_id, path
        found = _IN_RUN.search(version.source)
        run_id = self._known.find(run_identity(found[1])) if found else None
        if found is None or run_id is None:
            raise InvalidValue(f"{version.source} is in no run.")
        return run_id, found[2].strip("/")


def _model_of(version: MlflowVersion) -> str:
    """The id here of the logged model that it is of, if it is of one."""
    logged = _LOGGED.search(version.source)
    return model_number(version.model_id or (logged[1] if logged else "")) or ""


def _origin(version: MlflowVersion, source: Source | None) -> Origin:
    """What MLflow said of it; where its files are of a run here, as that is called here."""
    if model := _model_of(version):
        address = f"models:/m-{model}"
    else:
        address = f"runs:/{source.run_id}/{source.path}" if source else version.source
    return Origin(
        address,
        run_link=version.run_link,
        model_id=version.model_id or None,
        created_ms=version.created_ms,
        user=version.user or None,
    )


def _said(version: MlflowVersion) -> str:
    made = datetime.datetime.fromtimestamp(version.created_ms / 1000, datetime.UTC)
    by = f" by {version.user}" if version.user else ""
    return f"imported from MLflow: version {version.version} of {made:%Y-%m-%d %H:%M:%S.%f}{by}"
