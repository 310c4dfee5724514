"""MLflow's databases: SQLite through Python's own module, any other through SQLAlchemy.

Only columns that are there are asked for, so that a database of any age that has runs will do.
"""

from __future__ import annotations

import math
import sqlite3
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Protocol

from nbtrack.errors import InvalidValue, MissingExtra
from nbtrack.integrations.importing.mlflow.artifacts import chosen_location, files_at
from nbtrack.integrations.importing.source import Omissions, parents_first
from nbtrack.integrations.mlflow_entities.records import (
    MODEL_STATUSES,
    LoggedModel,
    Measured,
    MlflowDataset,
    MlflowExperiment,
    MlflowModel,
    MlflowRun,
    MlflowVersion,
    Points,
)
from nbtrack.integrations.mlflow_entities.tags import PARENT

# Runs that are read together: a query of each table for so many.
_AT_ONCE = 200
_NEEDED = {
    "experiments": ("experiment_id", "name"),
    "runs": ("run_uuid", "experiment_id", "status", "start_time"),
    "params": ("run_uuid", "key", "value"),
    "tags": ("run_uuid", "key", "value"),
    "metrics": ("run_uuid", "key", "value", "timestamp"),
}

Row = dict[str, Any]


class Tables(Protocol):
    """Tables of a database: their columns, and rows of them."""

    def columns(self, table: str) -> Sequence[str]:
        """The columns of a table; none if there is no such table."""
        ...

    def rows(self, table: str, column: str = "", values: Sequence[object] = ()) -> Iterable[Row]:
        """The rows that have one of ``values`` in ``column``, or all."""
        ...

    def tuples(
        self, table: str, names: Sequence[str], column: str, values: Sequence[object]
    ) -> Iterable[tuple[Any, ...]]:
        """As `rows`, of some columns by place: for those that are many."""
        ...


class SqlStore:
    """A database of MLflow's. Raises `InvalidValue` where it is none, or cannot be read."""

    def __init__(self, uri: str) -> None:
        self.omissions = Omissions()
        self._tables: Tables = _SqliteTables(uri) if uri.startswith("sqlite:") else _AnyTables(uri)
        for table, columns in _NEEDED.items():
            missing = set(columns) - set(self._tables.columns(table))
            if missing:
                raise InvalidValue(
                    f"{_hidden(uri)} is no database of MLflow, or one of a version that nbtrack "
                    f"cannot read: its table {table!r} has no {', '.join(sorted(missing))}. If it "
                    f"is MLflow's, `mlflow db upgrade` brings a copy of it up to date."
                )

    @cached_property
    def _experiments(self) -> dict[Any, Row]:
        return {row["experiment_id"]: row for row in self._tables.rows("experiments")}

    @cached_property
    def _runs(self) -> dict[str, Row]:
        rows = sorted(self._tables.rows("runs"), key=lambda row: row["start_time"] or 0)
        return {row["run_uuid"]: row for row in rows}

    def count(self) -> int | None:
        """How many rows of runs there are."""
        return len(self._runs)

    def experiments(self) -> Iterator[MlflowExperiment]:
        """The table of experiments, with their tags."""
        columns = self._tables.columns("experiment_tags")
        rows = self._tables.rows("experiment_tags") if columns else ()
        tags = _grouped(rows, "experiment_id")
        for number, row in self._experiments.items():
            yield MlflowExperiment(
                str(number),
                row["name"],
                chosen_location(row.get("artifact_location") or "", str(number)),
                row.get("creation_time"),
                row.get("last_update_time"),
                row.get("lifecycle_stage") == "deleted",
                {each["key"]: each["value"] or "" for each in tags.get(number, ())},
            )

    def runs(self, is_there: Callable[[str], bool]) -> Iterator[MlflowRun]:
        """In the order of their start."""
        if self._tables.columns("trace_info"):
            self.omissions.omit("traces", sum(1 for _ in self._tables.rows("trace_info")))
        new: dict[str, str | None] = {}
        for run_id in self._runs:
            if is_there(run_id):
                yield MlflowRun(run_id, "")
            else:
                new[run_id] = None
        parents = self._tables.rows("tags", "key", [PARENT])
        new.update({row["run_uuid"]: row["value"] for row in parents if row["run_uuid"] in new})
        order = parents_first(new)
        for start in range(0, len(order), _AT_ONCE):
            yield from self._some(order[start : start + _AT_ONCE])

    def models_of_no_run(self) -> Iterator[LoggedModel]:
        """The logged models whose run is none, or is gone."""
        if self._tables.columns("logged_models"):
            rows = self._tables.rows("logged_models")
            of_none = [row for row in rows if row["source_run_id"] not in self._runs]
            for start in range(0, len(of_none), _AT_ONCE):
                yield from self._logged(of_none[start : start + _AT_ONCE])

    def registered_models(self) -> Iterator[MlflowModel]:
        """The table of registered models, and those that hang on it."""
        columns = self._tables.columns("registered_models")
        for row in self._tables.rows("registered_models") if columns else ():
            name = row["name"]
            versions = self._tables.rows("model_versions", "name", [name])
            yield MlflowModel(
                name,
                row.get("description") or "",
                int(row.get("creation_time") or 0),
                int(row.get("last_updated_time") or 0),
                self._of_model("registered_model_tags", name, "key", "value"),
                {
                    alias: int(number)
                    for alias, number in self._of_model(
                        "registered_model_aliases", name, "alias", "version"
                    ).items()
                },
                sorted(
                    (
                        self._version(each)
                        for each in versions
                        if each.get("current_stage") != "Deleted_Internal"
                    ),
                    key=lambda version: version.version,
                ),
            )

    def _version(self, row: Row) -> MlflowVersion:
        number = int(row["version"])
        has_tags = self._tables.columns("model_version_tags")
        tags = self._tables.rows("model_version_tags", "name", [row["name"]]) if has_tags else ()
        return MlflowVersion(
            number,
            row.get("run_id") or "",
            row.get("source") or "",
            row.get("model_id") or "",
            row.get("current_stage") or "None",
            row.get("description") or "",
            row.get("user_id") or "",
            int(row.get("creation_time") or 0),
            int(row.get("last_updated_time") or 0),
            row.get("run_link") or None,
            {each["key"]: each["value"] for each in tags if int(each["version"]) == number},
        )

    def _of_model(self, table: str, name: str, key: str, value: str) -> dict[str, str]:
        if not self._tables.columns(table):
            return {}
        return {row[key]: str(row[value]) for row in self._tables.rows(table, "name", [name])}

    # Runs

    def _some(self, run_ids: Sequence[str]) -> Iterator[MlflowRun]:
        params = self._by_run("params", run_ids)
        tags = self._by_run("tags", run_ids)
        datasets = self._datasets(run_ids)
        models = self._models_of(run_ids)
        uses = self._uses(run_ids)
        measured = self._measured(run_ids)
        for run_id in run_ids:
            row = self._runs[run_id]
            experiment = self._experiments.get(row["experiment_id"], {})
            yield MlflowRun(
                run_id,
                experiment.get("name") or "Default",
                name=row.get("name") or "",
                user=row.get("user_id") or "",
                status=row["status"] or "FINISHED",
                start_ms=row["start_time"],
                end_ms=row.get("end_time"),
                is_deleted="deleted"
                in (row.get("lifecycle_stage"), experiment.get("lifecycle_stage")),
                params={each["key"]: each["value"] for each in params.get(run_id, ())},
                tags={each["key"]: each["value"] or "" for each in tags.get(run_id, ())},
                datasets=datasets.get(run_id, []),
                models=models.get(run_id, []),
                read=[
                    each["destination_id"]
                    for each in uses.get(run_id, ())
                    if each["destination_type"] == "MODEL_INPUT"
                ],
                made=[
                    (each["destination_id"], each.get("step") or 0)
                    for each in uses.get(run_id, ())
                    if each["destination_type"] == "MODEL_OUTPUT"
                ],
                measured=measured.get(run_id, []),
                points=partial(self._points, run_id),
                files=partial(files_at, row.get("artifact_uri") or "", self.omissions),
            )

    def _by_run(self, table: str, run_ids: Sequence[str]) -> dict[str, list[Row]]:
        return _grouped(self._tables.rows(table, "run_uuid", run_ids), "run_uuid")

    def _points(self, run_id: str) -> Iterator[Points]:
        columns = ["key", "timestamp", "value", "step", "is_nan"]
        there = set(self._tables.columns("metrics"))
        known = [column for column in columns if column in there]
        of_key: dict[str, list[tuple[Any, ...]]] = {}
        for row in self._tables.tuples("metrics", known, "run_uuid", [run_id]):
            of_key.setdefault(row[0], []).append(row)
        for key, rows in of_key.items():
            found = dict(zip(known, map(list, zip(*rows, strict=True)), strict=True))
            zeros = [0] * len(rows)
            is_nan = found.get("is_nan", zeros)
            values = [
                math.nan if nan else value
                for nan, value in zip(is_nan, found["value"], strict=True)
            ]
            yield key, found["timestamp"], values, found.get("step", zeros)

    def _datasets(self, run_ids: Sequence[str]) -> dict[str, list[MlflowDataset]]:
        if not self._tables.columns("inputs") or not self._tables.columns("datasets"):
            return {}
        links = [
            row
            for row in self._tables.rows("inputs", "destination_id", run_ids)
            if row["source_type"] == "DATASET"
        ]
        if not links:
            return {}
        sources = list({row["source_id"] for row in links})
        sets = {
            row["dataset_uuid"]: row
            for row in self._tables.rows("datasets", "dataset_uuid", sources)
        }
        ids = [row["input_uuid"] for row in links]
        tags = _grouped(self._tables.rows("input_tags", "input_uuid", ids), "input_uuid")
        found: dict[str, list[MlflowDataset]] = {}
        for link in links:
            row = sets.get(link["source_id"])
            if row is not None:
                of_input = {
                    each["name"]: each["value"] for each in tags.get(link["input_uuid"], ())
                }
                found.setdefault(link["destination_id"], []).append(
                    MlflowDataset(
                        row["name"],
                        row["digest"],
                        row["dataset_source_type"],
                        row["dataset_source"],
                        row["dataset_schema"],
                        row["dataset_profile"],
                        of_input,
                    )
                )
        return found

    def _uses(self, run_ids: Sequence[str]) -> dict[str, list[Row]]:
        """Which models the runs have as inputs and outputs."""
        if not self._tables.columns("inputs"):
            return {}
        return _grouped(self._tables.rows("inputs", "source_id", run_ids), "source_id")

    def _measured(self, run_ids: Sequence[str]) -> dict[str, list[Measured]]:
        table = "logged_model_metrics"
        if not self._tables.columns(table):
            return {}
        found: dict[str, list[Measured]] = {}
        for row in self._tables.rows(table, "run_id", run_ids):
            value = row["metric_value"]
            told = Measured(
                row["model_id"],
                row["metric_name"],
                math.nan if value is None else value,
                row["metric_step"],
                row["metric_timestamp_ms"],
                row["dataset_name"] or "",
                row["dataset_digest"] or "",
            )
            found.setdefault(row["run_id"], []).append(told)
        return found

    def _models_of(self, run_ids: Sequence[str]) -> dict[str, list[LoggedModel]]:
        if not self._tables.columns("logged_models"):
            return {}
        found: dict[str, list[LoggedModel]] = {}
        for model in self._logged(self._tables.rows("logged_models", "source_run_id", run_ids)):
            found.setdefault(str(model.run_id), []).append(model)
        return found

    def _logged(self, rows: Iterable[Row]) -> Iterator[LoggedModel]:
        made = sorted(rows, key=lambda row: row["creation_timestamp_ms"])
        ids = [row["model_id"] for row in made]
        params, tags = (
            _grouped(self._tables.rows(table, "model_id", ids), "model_id") if ids else {}
            for table in ("logged_model_params", "logged_model_tags")
        )
        for row in made:
            model_id = row["model_id"]
            yield LoggedModel(
                model_id,
                row["name"],
                self._experiments.get(row["experiment_id"], {}).get("name") or "Default",
                row["source_run_id"] or None,
                row["creation_timestamp_ms"],
                row["last_updated_timestamp_ms"],
                MODEL_STATUSES[row["status"]],
                row["model_type"] or "",
                {each["param_key"]: each["param_value"] for each in params.get(model_id, ())},
                {each["tag_key"]: each["tag_value"] for each in tags.get(model_id, ())},
                partial(files_at, row["artifact_location"], self.omissions),
                row["lifecycle_stage"] == "deleted",
            )


class _SqliteTables:
    def __init__(self, uri: str) -> None:
        path = Path(uri.removeprefix("sqlite:///").partition("?")[0])
        if not path.is_file():
            raise InvalidValue(f"There is no file {path}.")
        self._uri = uri
        # Read-only, and as it is: not even a lock file is made beside it.
        self._connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        weakref.finalize(self, self._connection.close)
        self._columns: dict[str, list[str]] = {}

    def columns(self, table: str) -> Sequence[str]:
        if table not in self._columns:
            found = self._query(f'PRAGMA table_info("{table}")')
            self._columns[table] = [row["name"] for row in found]
        return self._columns[table]

    def rows(self, table: str, column: str = "", values: Sequence[object] = ()) -> Iterable[Row]:
        marks = ", ".join("?" * len(values))
        where = f' WHERE "{column}" IN ({marks})' if column else ""
        return self._query(f'SELECT * FROM "{table}"{where}', values)

    def tuples(
        self, table: str, names: Sequence[str], column: str, values: Sequence[object]
    ) -> Iterable[tuple[Any, ...]]:
        chosen = ", ".join(f'"{name}"' for name in names)
        marks = ", ".join("?" * len(values))
        return self._tuples(
            f'SELECT {chosen} FROM "{table}" WHERE "{column}" IN ({marks})', values
        )[1]

    def _query(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        names, found = self._tuples(sql, values)
        return [dict(zip(names, row, strict=True)) for row in found]

    def _tuples(
        self, sql: str, values: Sequence[object]
    ) -> tuple[list[str], list[tuple[Any, ...]]]:
        try:
            found = self._connection.execute(sql, tuple(values))
            return [column[0] for column in found.description], found.fetchall()
        except sqlite3.Error as error:
            raise InvalidValue(
                f"{self._uri} cannot be read ({error}); what came before is imported."
            ) from error


class _AnyTables:
    def __init__(self, uri: str) -> None:
        try:
            import sqlalchemy
        except ImportError as error:
            raise MissingExtra(
                f"Reading {_hidden(uri)} needs SQLAlchemy and the database's driver: "
                "pip install sqlalchemy."
            ) from error
        self._sql = sqlalchemy
        self._uri = uri
        try:
            # Connections are closed after each question: nobody tells us of the end.
            self._engine = sqlalchemy.create_engine(uri, poolclass=sqlalchemy.NullPool)
            self._names = set(sqlalchemy.inspect(self._engine).get_table_names())
        except (sqlalchemy.exc.SQLAlchemyError, ImportError) as error:
            raise self._told(error) from error
        self._made: dict[str, Any] = {}

    def columns(self, table: str) -> Sequence[str]:
        return list(self._table(table).columns.keys()) if table in self._names else []

    def rows(self, table: str, column: str = "", values: Sequence[object] = ()) -> Iterable[Row]:
        names = self.columns(table)
        found = self.tuples(table, names, column, values)
        return [dict(zip(names, row, strict=True)) for row in found]

    def tuples(
        self, table: str, names: Sequence[str], column: str, values: Sequence[object]
    ) -> Iterable[tuple[Any, ...]]:
        made = self._table(table)
        query = self._sql.select(*(made.columns[name] for name in names))
        if column:
            query = query.where(made.columns[column].in_(list(values)))
        try:
            with self._engine.connect() as connection:
                return [tuple(row) for row in connection.execute(query)]
        except self._sql.exc.SQLAlchemyError as error:
            raise self._told(error) from error

    def _table(self, name: str) -> Any:
        if name not in self._made:
            made = self._sql.Table(name, self._sql.MetaData(), autoload_with=self._engine)
            self._made[name] = made
        return self._made[name]

    def _told(self, error: Exception) -> InvalidValue:
        reason = str(error).splitlines()[0]
        return InvalidValue(f"{_hidden(self._uri)} cannot be read ({reason}).")


def _grouped(rows: Iterable[Row], column: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row[column], []).append(row)
    return found


def _hidden(uri: str) -> str:
    """The address without what may be a password."""
    from nbtrack.capture.secrets import redact

    return redact(uri)
