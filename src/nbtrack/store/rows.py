"""Events as rows: which table each goes to, and how it is inserted."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nbtrack.events import (
    ArtifactKept,
    BoardKept,
    CellExecuted,
    Event,
    ExperimentChanged,
    ExperimentRenamed,
    ExperimentSet,
    FactsObserved,
    InputRead,
    ModelChanged,
    ModelLogged,
    ModelMeasured,
    ModelUsed,
    NoteSet,
    ParamsLogged,
    RegistryChanged,
    RunDeleted,
    RunEnded,
    RunRenamed,
    RunResumed,
    RunStarted,
    TagsSet,
    TextsKept,
    TextStored,
    VerdictReached,
)
from nbtrack.store.arrow_columns import arrow_column

if TYPE_CHECKING:
    import duckdb
    import pyarrow

# Arrow types by column, in the order of the table; ids travel as text and are cast on insert.
_COLUMNS = {
    "runs": "run_id:id parent_id:id name experiment started:ts user host source journal",
    "run_changes": "run_id:id ts:ts status duration_s:f8 name experiment note deleted:bool verdict"
    " ended:ts",
    "params": "run_id:id ts:ts key value type number:f8",
    "tags": "run_id:id ts:ts key value",
    "facts": "run_id:id ts:ts key value",
    "run_texts": "run_id:id ts:ts role digest",
    "texts": "digest text",
    "cells": "session:id number:i4 ts:ts digest cell_id duration_s:f8 status",
    "inputs": "run_id:id ts:ts name kind digest shape schema size_bytes:i8 is_sampled:bool source"
    " note context tags source_type profile",
    "artifacts": "run_id:id ts:ts path digest size_bytes:i8 media_type",
    "boards": "ts:ts name content",
    "registry": "number:i8 ts:ts model:i8 change version:i4 key value how about:i8 run_id:id"
    " comment user host source",
    "experiments": "number:i8 ts:ts name deleted:bool location",
    "experiment_tags": "number:i8 ts:ts key value",
    "logged_models": "model_id:id ts:ts name experiment run_id:id kind location path",
    "logged_model_changes": "model_id:id ts:ts status deleted:bool",
    "logged_model_params": "model_id:id ts:ts key value",
    "logged_model_tags": "model_id:id ts:ts key value",
    "logged_model_metrics": "model_id:id ts:ts run_id:id key value:f8 step:i8 measured:ts data"
    " digest",
    "logged_model_uses": "run_id:id ts:ts model_id:id role step:i8",
    "damage": "found:ts file start_offset:i8 end_offset:i8 reason",
    "fold_log": "journal segment:i4 events_offset:i8 points_offset:i8 folded:ts ended:bool",
}


@dataclass(slots=True)
class Rows:
    """Rows of events by table, in the order in which they came."""

    tables: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    renamed_experiments: list[ExperimentRenamed] = field(default_factory=list)
    # Experiments that runs or models are in: when that was said first, and last.
    named_experiments: dict[str, tuple[int, int]] = field(default_factory=dict)

    def add(self, table: str, *values: Any) -> None:
        """Append one row."""
        self.tables.setdefault(table, []).append(values)

    def change(self, run: str, ts: int, **columns: Any) -> None:
        """Append a change of a run: the given columns, and NULL for the others."""
        names = ("status", "duration_s", "name", "experiment", "note", "deleted", "verdict")
        told = [columns.get(name) for name in names]
        self.add("run_changes", run, ts, *told, columns.get("ended"))
        if experiment := columns.get("experiment"):
            self._name_experiment(experiment, ts)

    def take(self, events: Iterable[Event], journal: str) -> None:
        """Append the rows of ``events``, which stand in ``journal``."""
        for event in events:
            match event:
                case RunStarted():
                    self.add(
                        "runs",
                        event.run,
                        event.parent,
                        event.name,
                        event.experiment,
                        event.ts,
                        event.user,
                        event.host,
                        event.source,
                        journal,
                    )
                    self._name_experiment(event.experiment, event.ts)
                case RunEnded():
                    self.change(
                        event.run,
                        event.ts,
                        status=event.status,
                        duration_s=event.duration_s,
                        ended=event.ended,
                    )
                case ParamsLogged():
                    for key, value in event.params.items():
                        number = _number(value.type, value.text)
                        self.add("params", event.run, event.ts, key, value.text, value.type, number)
                case TagsSet():
                    for key, text in event.tags.items():
                        self.add("tags", event.run, event.ts, key, text)
                case FactsObserved():
                    for key, text in event.facts.items():
                        self.add("facts", event.run, event.ts, key, text)
                case TextsKept():
                    for role, digest in event.digests.items():
                        self.add("run_texts", event.run, event.ts, role, digest)
                case TextStored():
                    self.add("texts", event.digest, event.text)
                case VerdictReached():
                    self.change(event.run, event.ts, verdict=event.verdict)
                case CellExecuted():
                    self.add(
                        "cells",
                        event.session,
                        event.number,
                        event.ts,
                        event.digest,
                        event.cell_id,
                        event.duration_s,
                        event.status,
                    )
                case InputRead():
                    self.add(
                        "inputs",
                        event.run,
                        event.ts,
                        event.name,
                        event.kind,
                        event.digest,
                        event.shape,
                        event.schema,
                        event.size_bytes,
                        event.is_sampled,
                        event.source,
                        event.note,
                        event.context or None,
                        json.dumps(event.tags) if event.tags else None,
                        event.source_type,
                        event.profile,
                    )
                case ArtifactKept():
                    self.add(
                        "artifacts",
                        event.run,
                        event.ts,
                        event.path,
                        event.digest,
                        event.size_bytes,
                        event.media_type,
                    )
                case BoardKept():
                    self.add("boards", event.ts, event.name, event.content)
                case RegistryChanged():
                    self.add(
                        "registry",
                        event.number,
                        event.ts,
                        event.model,
                        event.change,
                        event.version,
                        event.key,
                        event.value,
                        event.how,
                        event.about,
                        event.run,
                        event.comment,
                        event.user,
                        event.host,
                        event.source,
                    )
                case RunResumed():
                    self.change(event.run, event.ts, status=event.status)
                case RunRenamed():
                    self.change(event.run, event.ts, name=event.name)
                case NoteSet():
                    self.change(event.run, event.ts, note=event.note)
                case ExperimentSet():
                    self.change(event.run, event.ts, experiment=event.experiment)
                case RunDeleted():
                    self.change(event.run, event.ts, deleted=event.deleted)
                case ExperimentRenamed():
                    self.renamed_experiments.append(event)
                case ExperimentChanged():
                    told = (event.name, event.deleted, event.location)
                    if told != (None, None, None):
                        self.add("experiments", event.number, event.ts, *told)
                    for key, tag in event.tags.items():
                        self.add("experiment_tags", event.number, event.ts, key, tag)
                case ModelLogged():
                    self.add(
                        "logged_models",
                        event.model,
                        event.ts,
                        event.name,
                        event.experiment,
                        event.run,
                        event.kind,
                        event.location,
                        event.path,
                    )
                    self._name_experiment(event.experiment, event.ts)
                    self._tell_of_model(event)
                case ModelChanged():
                    if event.status is not None or event.deleted is not None:
                        change = (event.model, event.ts, event.status, event.deleted)
                        self.add("logged_model_changes", *change)
                    self._tell_of_model(event)
                case ModelMeasured():
                    self.add(
                        "logged_model_metrics",
                        event.model,
                        event.ts,
                        event.run,
                        event.key,
                        float(event.value),
                        event.step,
                        event.measured,
                        event.data,
                        event.digest,
                    )
                case ModelUsed():
                    use = (event.run, event.ts, event.model, event.role, event.step)
                    self.add("logged_model_uses", *use)

    def _name_experiment(self, experiment: str, ts: int) -> None:
        first, last = self.named_experiments.get(experiment, (ts, ts))
        self.named_experiments[experiment] = (min(first, ts), max(last, ts))

    def _tell_of_model(self, event: ModelLogged | ModelChanged) -> None:
        for key, param in event.params.items():
            self.add("logged_model_params", event.model, event.ts, key, param)
        for key, tag in event.tags.items():
            self.add("logged_model_tags", event.model, event.ts, key, tag)

    def insert(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Insert all rows into the tables of the database in use."""
        for name, rows in self.tables.items():
            columns = [column.partition(":") for column in _COLUMNS[name].split()]
            connection.register("nbtrack_rows", _arrow(columns, rows))
            chosen = ", ".join(
                f'"{column}"::UUID' if type_ == "id" else f'"{column}"'
                for column, _, type_ in columns
            )
            where = ""
            if name == "texts":
                chosen = "DISTINCT " + chosen
                where = " WHERE digest NOT IN (SELECT digest FROM base.texts)"
            connection.execute(f"INSERT INTO base.{name} SELECT {chosen} FROM nbtrack_rows{where}")
            connection.unregister("nbtrack_rows")
        for event in self.renamed_experiments:
            connection.execute(
                "INSERT INTO base.run_changes (run_id, ts, experiment) "
                "SELECT run_id, make_timestamp(?), ? FROM main.all_runs WHERE experiment = ?",
                [event.ts, event.new, event.old],
            )
            connection.execute(
                "INSERT INTO base.experiments (number, ts, name) "
                "SELECT number, make_timestamp(?), ? FROM main.experiments WHERE name = ? "
                "AND ? NOT IN (SELECT name FROM main.experiments)",
                [event.ts, event.new, event.old, event.new],
            )
        if self.named_experiments:
            _number_experiments(connection, self.named_experiments)


def _number_experiments(
    connection: duckdb.DuckDBPyConnection, experiments: Mapping[str, tuple[int, int]]
) -> None:
    """Give each of ``experiments`` a number if it has none, and let it be if it was deleted.

    They are named with the first and last time at which something was put into them. Zero is
    MLflow's number for the one called Default.
    """
    names = list(experiments)
    firsts, lasts = ([times[place] for times in experiments.values()] for place in (0, 1))
    connection.execute(
        """
        INSERT INTO base.experiments (number, ts, name)
        WITH fresh AS (
            SELECT name, ts, row_number() OVER (ORDER BY name = 'Default', ts, name) AS place
            FROM (SELECT unnest(?::VARCHAR[]) AS name, make_timestamp(unnest(?::BIGINT[])) AS ts)
            WHERE name NOT IN (SELECT name FROM main.experiments)
        )
        SELECT CASE WHEN name = 'Default' AND NOT EXISTS (FROM base.experiments WHERE number = 0)
               THEN 0 ELSE place + (SELECT coalesce(max(number), 0) FROM base.experiments) END,
               ts, name
        FROM fresh
        """,
        [names, firsts],
    )
    connection.execute(
        """
        INSERT INTO base.experiments (number, ts, deleted)
        SELECT number, ts, false
        FROM (SELECT unnest(?::VARCHAR[]) AS name, make_timestamp(unnest(?::BIGINT[])) AS ts)
        JOIN main.experiments USING (name) WHERE deleted AND ts > changed
        """,
        [names, lasts],
    )


def _number(type_: str, text: str) -> float | None:
    if type_ not in ("int", "float"):
        return None
    try:
        return float(int(text, 0)) if type_ == "int" else float(text)
    except OverflowError:
        return None


def _arrow(columns: list[tuple[str, str, str]], rows: list[tuple[Any, ...]]) -> pyarrow.Table:
    import pyarrow as pa

    types = {
        "": pa.string(),
        "id": pa.string(),
        "ts": pa.timestamp("us"),
        "f8": pa.float64(),
        "i8": pa.int64(),
        "i4": pa.int32(),
        "bool": pa.bool_(),
    }
    values = zip(*rows, strict=True)
    arrays = [
        arrow_column(column, types[type_])
        for (_, _, type_), column in zip(columns, values, strict=True)
    ]
    return pa.table(arrays, names=[name for name, _, _ in columns])
