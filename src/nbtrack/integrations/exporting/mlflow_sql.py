"""MLflow's databases as a target, through its own models of the tables.

MLflow's calls give ids and times of their own, so that its store makes and migrates the database
(`SqlAlchemyStore`), and rows are written in sessions of SQLAlchemy: a run with all it has in one
transaction, when its files are in place.
"""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack.errors import InvalidValue, MissingExtra
from nbtrack.integrations.exporting.mlflow_files import write_files
from nbtrack.integrations.exporting.mlflow_runs import another_there
from nbtrack.integrations.importing.source import SourceFile
from nbtrack.integrations.mlflow_entities.records import (
    MODEL_STATUSES,
    LoggedModel,
    Measured,
    MlflowDataset,
    MlflowExperiment,
    MlflowModel,
    MlflowRun,
)

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_GREATEST = 1.7976931348623157e308
_MAX_TAG_CHARS = 8_000
# Rows in one statement; a number has 64 bits in SQLite, and 32 in MLflow's other databases.
_ROWS = 10_000


class SqlTarget:
    """The database at ``uri``. Raises `MissingExtra` without MLflow, `InvalidValue` for none."""

    def __init__(self, uri: str) -> None:
        beside = _folder_beside(uri)
        if not beside.is_dir():
            # MLflow would try to open it for minutes.
            raise InvalidValue(f"There is no folder {beside}; make it, or name another file.")
        try:
            from mlflow.exceptions import MlflowException
            from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
            from mlflow.store.model_registry.dbmodels import models as registry_tables
            from mlflow.store.tracking.dbmodels import models as tables
            from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
            from sqlalchemy.exc import SQLAlchemyError
        except ImportError as error:
            raise MissingExtra(
                "MLflow's databases are written with MLflow itself: pip install 'nbtrack[mlflow]', "
                "or export to a folder, or to the server of the database."
            ) from error
        self.remarks: list[str] = []
        self._tables, self._registry = tables, registry_tables
        self._files_at = get_artifact_repository
        self._is_sqlite = uri.startswith("sqlite")
        try:
            store = SqlAlchemyStore(uri, (beside / "mlruns").as_uri())
        except (SQLAlchemyError, MlflowException, ImportError, OSError) as error:
            from nbtrack.capture.secrets import redact

            reason = str(error).splitlines()[0]
            raise InvalidValue(f"{redact(uri)} cannot be written to ({reason}).") from error
        self._engine = store.engine
        with self._session() as session:
            rows = session.query(tables.SqlExperiment).all()
            self._experiments = {row.name: row.experiment_id for row in rows}
            self._locations = {row.experiment_id: row.artifact_location for row in rows}
            self._runs = {row[0] for row in session.query(tables.SqlRun.run_uuid)}
            self._models = {row[0] for row in session.query(tables.SqlLoggedModel.model_id)}
        # Where files of new experiments go: beside those of the first, which has number 0.
        default = self._locations.get(0, "")
        self._root = default[:-2] if default.endswith("/0") else str(store.artifact_root_uri)

    @contextmanager
    def _session(self) -> Iterator[Session]:
        from sqlalchemy.orm import Session

        with Session(self._engine) as session, session.begin():
            yield session

    def put_experiment(self, experiment: MlflowExperiment) -> bool:
        """Write an experiment, or the tags that one of its name has not; whether it is new.

        SQLite takes its number, if that is free; other databases count for themselves.
        """
        tables, number = self._tables, self._experiments.get(experiment.name)
        is_new = number is None
        with self._session() as session:
            if is_new:
                row = tables.SqlExperiment(
                    name=experiment.name,
                    lifecycle_stage="deleted" if experiment.is_deleted else "active",
                    creation_time=experiment.created_ms,
                    last_update_time=experiment.updated_ms,
                )
                if self._is_sqlite and int(experiment.experiment_id) not in self._locations:
                    row.experiment_id = int(experiment.experiment_id)
                session.add(row)
                session.flush()
                number = row.experiment_id
                row.artifact_location = experiment.location or f"{self._root}/{number}"
                self._experiments[experiment.name] = number
                self._locations[number] = row.artifact_location
            tag = tables.SqlExperimentTag
            there = {row[0] for row in session.query(tag.key).filter_by(experiment_id=number)}
            for key, text in experiment.tags.items():
                if key not in there:
                    session.add(tag(key=key, value=text, experiment_id=number))
        return is_new

    def run_id_of(self, run: MlflowRun) -> str | None:
        """The id that the run has in the database, if it is there."""
        return run.run_id if run.run_id in self._runs else None

    def put_run(self, run: MlflowRun) -> str:
        """Write a run with its models; its id."""
        tables, number = self._tables, self._experiments[run.experiment]
        address = f"{self._locations[number]}/{run.run_id}/artifacts"
        self._put_files(address, run.files())
        new = [model for model in run.models if model.model_id not in self._models]
        for model in new:
            self._put_files(self._place_of(model), model.files())
        with self._session() as session:
            session.add(
                tables.SqlRun(
                    run_uuid=run.run_id,
                    name=run.name[:250],
                    source_type="UNKNOWN",
                    source_name="",
                    entry_point_name="",
                    source_version="",
                    user_id=run.user[:256],
                    status=run.status,
                    start_time=run.start_ms,
                    end_time=run.end_ms,
                    deleted_time=(run.end_ms or run.start_ms) if run.is_deleted else None,
                    lifecycle_stage="deleted" if run.is_deleted else "active",
                    artifact_uri=address,
                    experiment_id=number,
                )
            )
            session.flush()
            of_run = {"run_uuid": run.run_id}
            self._insert(session, tables.SqlParam, _pairs(run.params, of_run))
            self._insert(session, tables.SqlTag, _pairs(self._fitting(run.tags), of_run))
            self._put_points(session, run)
            for dataset in run.datasets:
                self._put_dataset(session, number, run.run_id, dataset)
            for model in new:
                self._put_model(session, model)
            ties = [("INPUT", model_id, 0) for model_id in run.read]
            ties += [("OUTPUT", model_id, step) for model_id, step in run.made]
            for role, model_id, step in ties:
                session.add(
                    tables.SqlInput(
                        input_uuid=uuid.uuid4().hex,
                        source_type=f"RUN_{role}",
                        source_id=run.run_id,
                        destination_type=f"MODEL_{role}",
                        destination_id=model_id,
                        step=step,
                    )
                )
        self._runs.add(run.run_id)
        self._models.update(model.model_id for model in new)
        return run.run_id

    def _put_points(self, session: Session, run: MlflowRun) -> None:
        rows: list[dict[str, Any]] = []
        last: list[dict[str, Any]] = []
        for key, times, values, steps in run.points():
            points = {
                (step, time, _bounded(value), value != value)
                for time, value, step in zip(times, values, steps, strict=True)
            }
            made = [
                {
                    "key": key,
                    "timestamp": time,
                    "step": step,
                    "value": value,
                    "is_nan": is_nan,
                    "run_uuid": run.run_id,
                }
                for step, time, value, is_nan in sorted(points)
            ]
            rows += made
            last += made[-1:]
        self._insert(session, self._tables.SqlMetric, rows)
        self._insert(session, self._tables.SqlLatestMetric, last)

    def _put_dataset(
        self, session: Session, number: int, run_id: str, dataset: MlflowDataset
    ) -> None:
        tables = self._tables
        named = {"experiment_id": number, "name": dataset.name, "digest": dataset.digest}
        row = session.query(tables.SqlDataset).filter_by(**named).one_or_none()
        if row is None:
            row = tables.SqlDataset(
                **named,
                dataset_uuid=uuid.uuid4().hex,
                dataset_source_type=dataset.source_type[:36],
                dataset_source=dataset.source,
                dataset_schema=dataset.schema,
                dataset_profile=dataset.profile,
            )
            session.add(row)
        tie = tables.SqlInput(
            input_uuid=uuid.uuid4().hex,
            source_type="DATASET",
            source_id=row.dataset_uuid,
            destination_type="RUN",
            destination_id=run_id,
        )
        session.add(tie)
        session.flush()
        for key, text in dataset.tags.items():
            session.add(
                tables.SqlInputTag(input_uuid=tie.input_uuid, name=key[:255], value=text[:500])
            )

    # Logged models

    def put_model_of_no_run(self, model: LoggedModel) -> bool:
        """Write a logged model; whether it is new."""
        if model.model_id in self._models:
            return False
        self._put_files(self._place_of(model), model.files())
        with self._session() as session:
            self._put_model(session, model)
        self._models.add(model.model_id)
        return True

    def _place_of(self, model: LoggedModel) -> str:
        location = self._locations[self._experiments[model.experiment]]
        return f"{location}/models/{model.model_id}/artifacts"

    def _put_model(self, session: Session, model: LoggedModel) -> None:
        tables = self._tables
        number = self._experiments[model.experiment]
        session.add(
            tables.SqlLoggedModel(
                model_id=model.model_id,
                experiment_id=number,
                name=model.name,
                artifact_location=self._place_of(model),
                creation_timestamp_ms=model.created_ms,
                last_updated_timestamp_ms=model.updated_ms,
                status=MODEL_STATUSES.index(model.status, 1),
                lifecycle_stage="deleted" if model.is_deleted else "active",
                model_type=model.model_type or None,
                source_run_id=model.run_id,
            )
        )
        session.flush()
        of_model = {"model_id": model.model_id, "experiment_id": number}
        for table, texts, kind in (
            (tables.SqlLoggedModelParam, model.params, "param"),
            (tables.SqlLoggedModelTag, model.tags, "tag"),
        ):
            rows = _pairs(texts, of_model, key=f"{kind}_key", value=f"{kind}_value")
            self._insert(session, table, rows)

    def put_measured(self, model_id: str, measured: Sequence[tuple[str, Measured]]) -> None:
        """Write what runs measured of a logged model, unless it is there."""
        if model_id not in self._models:
            self.remarks.append(f"what was measured of {model_id}, which is not there, is left out")
            return
        table, run_table = self._tables.SqlLoggedModelMetric, self._tables.SqlRun
        columns = ("run_id", "metric_name", "metric_timestamp_ms", "metric_step")
        with self._session() as session:
            chosen = [getattr(table, column) for column in columns]
            known = {tuple(row) for row in session.query(*chosen).filter_by(model_id=model_id)}
            runs = {run_id for run_id, _ in measured}
            found = session.query(run_table.run_uuid, run_table.experiment_id)
            numbers = dict(tuple(row) for row in found.filter(run_table.run_uuid.in_(runs)))
            rows = []
            for run_id, each in measured:
                key = (run_id, each.key, each.time_ms, each.step)
                # MLflow has one value of a moment.
                if key not in known:
                    known.add(key)
                    rows.append(
                        {
                            **dict(zip(columns, key, strict=True)),
                            "model_id": model_id,
                            "metric_value": _bounded(each.value),
                            "experiment_id": numbers[run_id],
                            "dataset_name": each.data or None,
                            "dataset_digest": each.digest or None,
                        }
                    )
            self._insert(session, table, rows)

    # Registered models

    def put_registered(self, model: MlflowModel) -> int:
        """Write a registered model; how many of its versions are new."""
        tables, written = self._registry, 0
        with self._session() as session:
            versions = session.query(tables.SqlModelVersion).filter_by(name=model.name)
            known = {row.version: row.run_id or "" for row in versions}
            if not session.query(tables.SqlRegisteredModel).filter_by(name=model.name).count():
                session.add(
                    tables.SqlRegisteredModel(
                        name=model.name,
                        creation_time=model.created_ms,
                        last_updated_time=model.updated_ms,
                        description=model.description or None,
                    )
                )
                session.flush()
                of_model = {"name": model.name}
                self._insert(session, tables.SqlRegisteredModelTag, _pairs(model.tags, of_model))
            for version in model.versions:
                if version.version in known:
                    if known[version.version] != version.run_id:
                        self.remarks.append(another_there(model.name, version.version))
                    continue
                session.add(
                    tables.SqlModelVersion(
                        name=model.name,
                        version=version.version,
                        creation_time=version.created_ms,
                        last_updated_time=version.updated_ms,
                        description=version.description or None,
                        user_id=version.user or None,
                        current_stage=version.stage,
                        source=version.source,
                        storage_location=self._location(session, version.source),
                        run_id=version.run_id or None,
                        run_link=version.run_link,
                        status="READY",
                    )
                )
                session.flush()
                of_version = {"name": model.name, "version": version.version}
                rows = _pairs(version.tags, of_version)
                self._insert(session, tables.SqlModelVersionTag, rows)
                written += 1
            aliases = session.query(tables.SqlRegisteredModelAlias.alias)
            there = {row[0] for row in aliases.filter_by(name=model.name)}
            for alias, number in model.aliases.items():
                if alias not in there:
                    named = {"name": model.name, "alias": alias, "version": number}
                    session.add(tables.SqlRegisteredModelAlias(**named))
        return written

    def address_of(self, run: MlflowRun, run_id: str, path: str) -> str:
        """Where the files below ``path`` of a run are."""
        return f"{self._locations[self._experiments[run.experiment]]}/{run_id}/artifacts/{path}"

    def model_id_of(self, model_id: str) -> str:
        """A logged model keeps its id."""
        return model_id

    def finish(self) -> None:
        """Nothing: what is deleted was written so."""

    # Within

    def _location(self, session: Session, source: str) -> str:
        table = self._tables.SqlLoggedModel
        model_id = source.removeprefix("models:/")
        found = session.query(table.artifact_location).filter_by(model_id=model_id).one_or_none()
        return str(found[0]) if found else source

    def _fitting(self, tags: Mapping[str, str]) -> dict[str, str]:
        for key, text in tags.items():
            told = f"the tag {key!r} is cut there: MLflow takes 8,000 characters"
            if len(text) > _MAX_TAG_CHARS and told not in self.remarks:
                self.remarks.append(told)
        return {key: text[:_MAX_TAG_CHARS] for key, text in tags.items()}

    def _insert(self, session: Session, table: Any, rows: Sequence[dict[str, Any]]) -> None:
        from sqlalchemy import insert

        for start in range(0, len(rows), _ROWS):
            session.execute(insert(table), list(rows[start : start + _ROWS]))

    def _put_files(self, address: str, files: Iterable[SourceFile]) -> None:
        """Put files at an address, of any kind that MLflow writes to."""
        if address.startswith("mlflow-artifacts:"):
            raise InvalidValue(
                f"The files of this database go through its server ({address}); export to that: "
                "http://…"
            )
        with tempfile.TemporaryDirectory(prefix="nbtrack-") as folder:
            write_files(Path(folder), files)
            if any(Path(folder).iterdir()):
                self._files_at(address).log_artifacts(folder)


def _folder_beside(uri: str) -> Path:
    """Where the files of a new database go: where MLflow has them, but beside an SQLite file."""
    path = uri.partition(":///")[2].partition("?")[0]
    return Path(path).absolute().parent if uri.startswith("sqlite") and path else Path.cwd()


def _bounded(value: float) -> float:
    return 0.0 if value != value else max(-_GREATEST, min(_GREATEST, value))


def _pairs(
    texts: Mapping[str, str],
    owner: Mapping[str, Any],
    *,
    key: str = "key",
    value: str = "value",
) -> list[dict[str, Any]]:
    return [{**owner, key: name, value: text} for name, text in texts.items()]
