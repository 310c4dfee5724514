"""Questions about registered models and their versions: as they are, or were at a time.

``asked`` is the store, or a `Decision` that nobody else can change meanwhile. ``at`` is a
time in UTC without zone; ``None`` is now. A model is known by the number of the change that
created it, since its name may change and come back.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nbtrack.store.condition_sql import ConditionSql
from nbtrack.store.conditions import Key
from nbtrack.store.decision import Asked
from nbtrack.store.filters import Subject, parse_filter, parse_order
from nbtrack.store.registry_views import (
    APPROVALS,
    DIFFERENCE,
    HISTORY,
    IN_PRODUCTION,
    LINEAGE,
    LISTED_MODELS,
    PRODUCTION_DATA,
    TOLD_VERSIONS,
    VERSIONS_BY_DATA,
    over,
)

if TYPE_CHECKING:
    import pyarrow

Time = datetime.datetime | None

_GIVEN = (
    "registry AS (SELECT * FROM base.registry WHERE ts <= coalesce($at::TIMESTAMP, 'infinity'))"
)
_OTHER_NAMES = {"current_stage": "stage", "created_by": "user", "user_id": "user"}
VERSIONS = Subject(
    {
        "name": "text",
        "version": "number",
        "stage": "text",
        "run_id": "id",
        "path": "text",
        "user": "text",
        "description": "text",
        "created": "time",
        "stage_since": "time",
        "stage_by": "text",
        "how": "text",
    },
    {
        **_OTHER_NAMES,
        "version_number": "version",
        "source_path": "path",
        "creation_timestamp": "created",
    },
)
MODELS = Subject(
    {
        "name": "text",
        "user": "text",
        "description": "text",
        "created": "time",
        "changed": "time",
        "last_version": "number",
    },
    {**_OTHER_NAMES, "creation_timestamp": "created", "last_updated_timestamp": "changed"},
    kinds=("tags", "attributes"),
)
# Where a question's columns stand under another name, or are no text as they are.
_EXPRESSIONS = {
    "run_id": "replace(q.run_id::VARCHAR, '-', '')",
    "description": "nullif(q.description, '')",
    "how": "nullif(q.how, '')",
}
_FIELDS: Mapping[tuple[str, str], str] = {
    ("metrics", "number"): "latest_metrics, value",
    ("params", "number"): "params, number",
    ("params", "text"): "params, CASE WHEN type = 'none' THEN 'None' ELSE value END",
    ("params", "type"): "params, type",
}


class _Search(ConditionSql):
    """Versions or models that fit a filter; metrics and params are those of a version's run."""

    def __init__(self, question: str, subject: Subject) -> None:
        super().__init__()
        self._question = question
        self._subject = subject
        self._of_model = subject is MODELS

    def attribute(self, name: str) -> str:
        return _EXPRESSIONS.get(name, f'q."{name}"')

    def field(self, key: Key, field: str) -> str:
        # A look-up per key: few versions of few models fit the rest, and the views have no keys.
        bound = self.bind(key.name)
        if key.kind == "tags":
            version = "t.version IS NULL" if self._of_model else "t.version = q.version"
            return (
                "(SELECT t.value FROM tags t JOIN models m USING (model) "
                f"WHERE m.name = q.name AND {version} AND t.key = {bound})"
            )
        view, column = _FIELDS[key.kind, field].split(", ", 1)
        return f"(SELECT {column} FROM {view} f WHERE f.run_id = q.run_id AND f.key = {bound})"

    def sql(self, filter: str, order_by: Sequence[str], order: str, limit: int | None) -> str:
        """The question with what fits ``filter``, in order."""
        condition = parse_filter(filter, self._subject)
        where = f"WHERE {self.condition(condition)}" if condition is not None else ""
        parts = []
        for text in order_by:
            wanted = parse_order(text, self._subject)
            value = (
                self.number(wanted.key) if wanted.key.kind == "metrics" else self.text(wanted.key)
            )
            parts.append(f"{value} {'DESC' if wanted.descending else 'ASC'} NULLS LAST")
        ordered = ", ".join([*parts, order])
        most = "" if limit is None else f"LIMIT {self.bind(limit)}"
        shown = "q.*"
        if not self._of_model:
            shown += f" REPLACE ({_EXPRESSIONS['run_id']} AS run_id)"
        return f"SELECT {shown} FROM ({self._question}) q {where} ORDER BY {ordered} {most}"


def version_table(
    asked: Asked,
    filter: str = "",
    order_by: Sequence[str] = (),
    limit: int | None = None,
    *,
    at: Time = None,
    name: str | None = None,
) -> pyarrow.Table:
    """Versions that fit, the newest of each model first; those of one model with ``name``.

    ``tags`` are keys and values with `TAG_SEPARATOR` between, ``seen`` is the number of the
    registry's last change.
    Raises `InvalidFilter`.
    """
    search = _Search(TOLD_VERSIONS + ("" if name is None else "WHERE m.name = $name"), VERSIONS)
    if name is not None:
        search.parameters["name"] = name
    sql = search.sql(filter, order_by, "q.name, q.version DESC", limit)
    return _ask(asked, sql, search.parameters, at)


def model_table(
    asked: Asked,
    filter: str = "",
    order_by: Sequence[str] = (),
    limit: int | None = None,
    *,
    at: Time = None,
) -> pyarrow.Table:
    """Registered models that fit, by name. Raises `InvalidFilter`."""
    search = _Search(LISTED_MODELS, MODELS)
    sql = search.sql(filter, order_by, "q.name", limit)
    return _ask(asked, sql, search.parameters, at)


def model_row(asked: Asked, name: str, *, at: Time = None) -> dict[str, Any] | None:
    """The model called ``name`` with its id as ``model``, its tags, and ``seen``."""
    sql = """
        SELECT m.*, (SELECT coalesce(max(number), 0) FROM registry) AS seen,
               (SELECT list({key: key, value: value} ORDER BY key) FROM tags t
                WHERE t.model = m.model AND t.version IS NULL) AS tags,
               (SELECT list({key: alias, value: version} ORDER BY alias) FROM aliases a
                WHERE a.model = m.model) AS aliases
        FROM models m WHERE m.name = $name
    """
    rows: list[dict[str, Any]] = _ask(asked, sql, {"name": name}, at).to_pylist()
    return rows[0] if rows else None


def card_text(asked: Asked, model: int, version: int | None, *, at: Time = None) -> str:
    """The card of a model, or of one version; empty where none was written."""
    sql = """
        SELECT coalesce(arg_max(value, number), '') AS card FROM registry
        WHERE model = $model AND change = 'card written' AND version IS NOT DISTINCT FROM $version
    """
    found = _ask(asked, sql, {"model": model, "version": version}, at)
    card: str = found["card"].to_pylist()[0]
    return card


def last_number(asked: Asked) -> int:
    """The number of the registry's last change."""
    number: int = asked.query("SELECT coalesce(max(number), 0) AS n FROM base.registry")[
        "n"
    ].to_pylist()[0]
    return number


def registry_mark(asked: Asked, run_id: str | None) -> object:
    """What changes with every change of the registry, and with what is known of one run."""
    rows = ", ".join(
        f"(SELECT count(*) FROM base.{table} WHERE run_id = $run::UUID) AS {table}"
        for table in ("run_changes", "facts", "inputs", "summary")
    )
    found = asked.query(
        f"SELECT coalesce(max(number), 0) AS number, {rows} FROM base.registry",
        {"run": run_id or "0" * 32},
    )
    return found.to_pylist()


def last_move(asked: Asked, model: int, since: int) -> dict[str, Any] | None:
    """The last change of a stage of this model after the change ``since``, if there is one."""
    rows: list[dict[str, Any]] = asked.query(
        'SELECT number, ts, version, key AS stage, "user" FROM base.registry WHERE model = $model '
        "AND change = 'stage moved' AND number > $since ORDER BY number DESC LIMIT 1",
        {"model": model, "since": since},
    ).to_pylist()
    return rows[0] if rows else None


def model_moves(asked: Asked, model: int) -> list[dict[str, Any]]:
    """Every change of a stage of this model, and every deletion, in the order they were decided."""
    rows: list[dict[str, Any]] = asked.query(
        "SELECT version, key AS stage, how, change = 'version deleted' AS is_gone "
        "FROM base.registry WHERE model = $model "
        "AND change IN ('stage moved', 'version deleted') ORDER BY number",
        {"model": model},
    ).to_pylist()
    return rows


def request_table(asked: Asked, *, name: str | None = None, at: Time = None) -> pyarrow.Table:
    """Requests for a change of stage, the newest first."""
    sql = (
        "SELECT m.name, q.* EXCLUDE (model) FROM requests q JOIN models m USING (model) "
        "WHERE $name::VARCHAR IS NULL OR m.name = $name ORDER BY request DESC"
    )
    return _ask(asked, sql, {"name": name}, at)


def history_table(asked: Asked, *, name: str | None = None, at: Time = None) -> pyarrow.Table:
    """Every change, the newest first, of what is gone, too; of one model with ``name``."""
    sql = f"SELECT * FROM ({HISTORY}) WHERE $name::VARCHAR IS NULL OR name = $name"
    return _ask(asked, sql + " ORDER BY number DESC", {"name": name}, at)


def production_table(asked: Asked, *, name: str | None = None, at: Time = None) -> pyarrow.Table:
    """What is in Production: a row per version."""
    return _of_name(asked, IN_PRODUCTION, name, at, "name, since DESC")


def approval_table(asked: Asked, *, name: str | None = None, at: Time = None) -> pyarrow.Table:
    """Who brought what is in Production there, and who had asked for it."""
    return _of_name(asked, APPROVALS, name, at, "name, approved DESC")


def production_data_table(
    asked: Asked, *, name: str | None = None, at: Time = None
) -> pyarrow.Table:
    """The data that the runs of what is in Production read."""
    return _of_name(asked, PRODUCTION_DATA, name, at, "name, version DESC, data")


def versions_by_data_table(asked: Asked, data: str, *, at: Time = None) -> pyarrow.Table:
    """Versions whose runs read data of that name, or of a digest that begins so."""
    sql = (
        f"SELECT * FROM ({VERSIONS_BY_DATA}) WHERE data = $data OR (length($data) >= 6 "
        "AND starts_with(digest, $data)) ORDER BY name, version DESC, data"
    )
    return _ask(asked, sql, {"data": data}, at)


def lineage_table(
    asked: Asked,
    *,
    data: str | None = None,
    runs: Sequence[str] | None = None,
    version: tuple[str, int] | None = None,
    at: Time = None,
) -> pyarrow.Table:
    """What leads from data to runs to versions, the newest first: all of it, or a part.

    ``data`` is a name or the beginning of a digest; what has the same digest under another
    name belongs to it. Of ``runs``, or of a ``version``, what they were made from.
    """
    sql = f"""
        WITH found AS ({LINEAGE})
        SELECT * FROM found
        WHERE ($data::VARCHAR IS NULL OR digest IN (
                  SELECT digest FROM found WHERE digest <> '' AND (data = $data
                      OR (length($data) >= 6 AND starts_with(digest, $data)))
              ) OR data = $data)
          AND ($runs::VARCHAR[] IS NULL
              OR list_contains($runs::VARCHAR[], replace(run_id::VARCHAR, '-', '')))
          AND ($version::INTEGER IS NULL OR (name = $name AND version = $version))
        ORDER BY run_id DESC, data, name, version DESC"""
    name, number = version or (None, None)
    chosen = {"data": data, "runs": runs, "name": name, "version": number}
    return _ask(asked, sql, chosen, at)


def difference_table(asked: Asked, before: str, now: str) -> pyarrow.Table:
    """What differs between two runs: ``kind``, ``key``, and the value of each as text."""
    return asked.query(DIFFERENCE, {"before": before, "now": now})


def _of_name(asked: Asked, question: str, name: str | None, at: Time, order: str) -> pyarrow.Table:
    sql = f"SELECT * FROM ({question}) WHERE $name::VARCHAR IS NULL OR name = $name"
    return _ask(asked, f"{sql} ORDER BY {order}", {"name": name}, at)


def _ask(asked: Asked, sql: str, parameters: Mapping[str, object], at: Time) -> pyarrow.Table:
    return asked.query(over(sql, "registry", given=_GIVEN), {**parameters, "at": at})


def version_origins(asked: Asked) -> pyarrow.Table:
    """Each version by ``name`` and ``version``, with ``how`` it was told of when it was made.

    ``changed_ms`` is when it was described or moved last, or its model renamed; of UTC.
    """
    sql = """
        SELECT m.name, r.version, max(r.how) FILTER (r.change = 'version created') AS how,
               epoch_ms(greatest(max(r.ts) FILTER (
                   r.change IN ('version created', 'described', 'stage moved')),
                   max(n.renamed))) AS changed_ms
        FROM {registry} r JOIN models m USING (model) LEFT JOIN (
            SELECT model, max(ts) AS renamed FROM {registry} WHERE change = 'model renamed'
            GROUP BY model
        ) n USING (model)
        WHERE r.version IS NOT NULL GROUP BY m.name, r.version"""
    return _ask(asked, sql, {}, None)


def model_changes(asked: Asked) -> pyarrow.Table:
    """When each model, by ``name``, or a version of it was changed last: ``changed_ms`` of UTC.

    With ``how`` it was told of when it was made.
    """
    sql = """
        SELECT m.name, epoch_ms(max(r.ts)) AS changed_ms,
               max(r.how) FILTER (r.change = 'model created') AS how
        FROM {registry} r JOIN models m USING (model)
        WHERE r.change IN ('model created', 'model renamed', 'version created', 'version deleted',
                           'stage moved') OR (r.change = 'described' AND r.version IS NULL)
        GROUP BY m.name"""
    return _ask(asked, sql, {}, None)
