"""What the registry answers: as it is, or as it was at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from os import PathLike
from typing import TYPE_CHECKING

from nbtrack.errors import InvalidValue
from nbtrack.registry import finding
from nbtrack.registry.gates import Check, Gates, read_gates
from nbtrack.registry.moves import evidence_of, gate_checks, in_stage
from nbtrack.registry.names import PRODUCTION, STAGES, check_stage, check_version
from nbtrack.registry.records import ModelCard, ModelVersion, RegisteredModel, Request
from nbtrack.tracking.active import current_store
from nbtrack.tracking.answers import Answer
from nbtrack.tracking.author import author_at
from nbtrack.tracking.settling import settle

if TYPE_CHECKING:
    from nbtrack.store import Store

Place = str | PathLike[str] | None


class RegistryView:
    """The registered models of a store, to be read: now, or as they were at the time ``at``.

    Made by `Registry` and `Registry.as_of`. Names and arguments are those of MLflow's client.
    """

    def __init__(self, store: Store, at: datetime | None = None) -> None:
        self._store = store
        self.at = at

    # Models

    def get_registered_model(self, name: str) -> RegisteredModel:
        """A registered model. Raises `ModelNotFound`, with the closest name."""
        with self._store.settled():
            row = finding.find_model(self._store, name, self.at)
            there = finding.find_versions(
                self._store, "stage = 'Production'", name=name, at=self.at
            )
        return RegisteredModel(
            **{key: row[key] for key in ("name", "description", "tags", "aliases", "created")},
            changed=row["changed"],
            user=row["user"],
            last_version=row["last_version"],
            in_production=tuple(sorted(each.version for each in there)),
        )

    def search_registered_models(
        self,
        filter_string: str | None = None,
        max_results: int | None = None,
        order_by: Sequence[str] | None = None,
    ) -> Answer:
        """Registered models that fit: ``"name LIKE 'fraud%' AND tags.team = 'risk'"``.

        Attributes are ``name``, ``user``, ``description``, ``created``, ``changed`` and
        ``last_version``. By name, where no order is given.
        """
        from nbtrack.store import model_table

        table = model_table(
            self._store, filter_string or "", tuple(order_by or ()), max_results, at=self.at
        )
        return Answer(table.drop_columns(["card", "gates"]))

    def model_card(self, name: str, version: int | None = None) -> ModelCard:
        """The card of a model, or of one version: markdown; empty where none was written."""
        from nbtrack.store import card_text

        number = None if version is None else self.get_model_version(name, version).version
        model = finding.find_model(self._store, name, self.at)["model"]
        return ModelCard(card_text(self._store, model, number, at=self.at))

    # Versions

    def get_model_version(self, name: str, version: int | str) -> ModelVersion:
        """One version. Raises `ModelNotFound`."""
        return finding.find_version(self._store, name, version, self.at)

    def get_model_version_by_alias(self, name: str, alias: str) -> ModelVersion:
        """The version to which an alias points. Raises `ModelNotFound`."""
        return finding.find_alias(self._store, name, alias.removeprefix("@"), self.at)

    def get_latest_versions(
        self, name: str, stages: Sequence[str] | None = None
    ) -> list[ModelVersion]:
        """The newest version of each stage, or of each of ``stages``."""
        wanted = [check_stage(stage) for stage in stages or STAGES]
        with self._store.settled():
            finding.find_model(self._store, name, self.at)
            found = finding.find_versions(self._store, name=name, at=self.at)
        newest = {each.stage: each for each in reversed(found)}
        return [newest[stage] for stage in wanted if stage in newest]

    def search_model_versions(
        self,
        filter_string: str | None = None,
        max_results: int | None = None,
        order_by: Sequence[str] | None = None,
    ) -> list[ModelVersion]:
        """Versions that fit: ``"name = 'fraud' AND stage = 'Staging' AND metrics.auc > 0.9"``.

        The grammar is that of `nbtrack.search_runs`. Attributes are those of a version
        (``name``, ``version``, ``stage``, ``run_id``, ``user``, ``created``, …) and ``tags.`` its
        tags; ``metrics.`` and ``params.`` are those of its run. The newest of each model first.
        """
        return finding.find_versions(
            self._store, filter_string or "", tuple(order_by or ()), max_results, at=self.at
        )

    def resolve(self, uri: str) -> ModelVersion:
        """What a URI means: models:/name/3, models:/name/Production, models:/name@alias."""
        return finding.find_uri(self._store, uri, self.at)

    # What was decided

    def history(self, name: str | None = None) -> Answer:
        """Every change, the newest first: what, who, when, why, from where; of one model by name.

        What was deleted is told, too.
        """
        from nbtrack.store import history_table

        return Answer(history_table(self._store, name=name, at=self.at))

    def requests(self, name: str | None = None, status: str | None = "open") -> list[Request]:
        """Requests for a change of stage, the newest first; ``status`` of ``None`` is all."""
        found = finding.find_requests(self._store, name=name, at=self.at)
        return [each for each in found if status is None or each.status == status]

    def gates(self, name: str) -> Gates:
        """What the model asks of a version that goes to Production."""
        return read_gates(finding.find_model(self._store, name, self.at)["gates"])

    def check(self, name: str, version: int | str) -> list[Check]:
        """Whether you could promote a version to Production now: each gate, with its figures."""
        settle()
        with self._store.settled():
            found = finding.find_version(self._store, name, version)
            gates = self.gates(name)
            user = author_at(self._store.path).user
            there = in_stage(self._store, name, PRODUCTION)
            evidence, current = evidence_of(self._store, found, there)
            return gate_checks(evidence, current, gates, actor=user)

    # What is asked most. Each is a view of SQL, too

    def in_production(self, name: str | None = None) -> Answer:
        """What is in Production: version, run, since when, by whom (``models_in_production``)."""
        from nbtrack.store import production_table

        return Answer(production_table(self._store, name=name, at=self.at))

    def approvals(self, name: str | None = None) -> Answer:
        """Who let it into Production, and who had asked for it (``production_approvals``)."""
        from nbtrack.store import approval_table

        return Answer(approval_table(self._store, name=name, at=self.at))

    def production_data(self, name: str | None = None) -> Answer:
        """The data that what is in Production was made from (``production_data``)."""
        from nbtrack.store import production_data_table

        return Answer(production_data_table(self._store, name=name, at=self.at))

    def changes(
        self, name: str, version: int | str | None = None, against: int | str | None = None
    ) -> Answer:
        """What is different in a version: ``kind``, ``key``, ``before``, ``now``.

        Without ``version``, what changed with the one that is in Production since the one that
        was there before (``production_changes``); with it, what would change if it were promoted.
        ``against`` is another version to hold it against.
        """
        from nbtrack.store import difference_table, production_table

        with self._store.settled():
            there = production_table(self._store, name=name, at=self.at).to_pylist()
            if version is None and not there:
                finding.find_model(self._store, name, self.at)
                raise InvalidValue(f"Nothing of {name!r} is in Production; say which version.")
            if against is None:
                against = there[0]["previous" if version is None else "version"] if there else None
            now = check_version(version if version is not None else there[0]["version"])
            if against is None:
                raise InvalidValue(
                    f"Nothing of {name!r} was in Production before; say against= which version."
                )
            ours = finding.find_version(self._store, name, now, self.at)
            theirs = finding.find_version(self._store, name, against, self.at)
            return Answer(difference_table(self._store, theirs.run_id, ours.run_id))

    def versions_using(self, data: str) -> Answer:
        """Versions whose runs read a data set: by its name, or the beginning of its digest.

        The view is ``model_versions_by_data``.
        """
        from nbtrack.store import versions_by_data_table

        return Answer(versions_by_data_table(self._store, data, at=self.at))

    def __repr__(self) -> str:
        at = "" if self.at is None else f" as of {self.at:%Y-%m-%d %H:%M:%S} UTC"
        return f"<Registry of {self._store.path}{at}>"


def utc_time(time: datetime | str) -> datetime:
    """A time in UTC without zone; text and times that name no zone are in UTC."""
    if isinstance(time, str):
        try:
            time = datetime.fromisoformat(time)
        except ValueError as error:
            raise InvalidValue(
                f"A time is a datetime or text such as '2026-11-23 14:05' (UTC), got {time!r}."
            ) from error
    return time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time


def store_of(place: Place) -> Store:
    """The store in ``place``, by default the current one."""
    return current_store(place)
