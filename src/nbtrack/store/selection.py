"""Which runs a query means, and in what order: the query as SQL over the base tables.

Every value and every key is a bound parameter. Only the keys that the query names
are read, each in a relation of its own, so that the cost depends on the question
and not on how much the runs hold.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from nbtrack.errors import InvalidFilter
from nbtrack.store.condition_sql import ConditionSql
from nbtrack.store.conditions import Key, Order
from nbtrack.store.filters import parse_filter, parse_order
from nbtrack.store.schema import LAST_VALUE

Lifecycle = Literal["active", "deleted", "all"]

# Each key is a join, and planning grows with them: a hundred take most of a second.
MAX_KEYS = 100
MAX_WORDS = 20


@dataclass(frozen=True, slots=True)
class RunQuery:
    """Which runs, and in what order.

    ``filter`` is MLflow's search grammar with OR, NOT and parentheses. ``search`` is
    words, each of which must occur in the name, the id, the experiment, the note, a
    parameter or a tag; a word with ``=`` is looked for in ``key=value``.
    ``order_by`` holds texts such as ``metrics.acc DESC``; the newest run is first
    among equals, and where there is no order. ``experiments`` of ``None`` is all.
    """

    filter: str = ""
    search: str = ""
    order_by: tuple[str, ...] = ()
    experiments: tuple[str, ...] | None = None
    lifecycle: Lifecycle = "active"


# What a run's last changes say; each column of a change holds where it is not NULL.
CHANGES: Mapping[str, str] = {
    "name": "arg_max(name, ts)",
    "experiment": "arg_max(experiment, ts)",
    "note": "arg_max(note, ts)",
    "status": "arg_max(status, ts)",
    "status_ts": "max(ts) FILTER (status IS NOT NULL)",
    "told_ended": "arg_max_null(ended, ts) FILTER (status IS NOT NULL)",
    # Also while it runs again.
    "end_ts": "arg_max(coalesce(ended, "
    "CASE WHEN status NOT IN ('running', 'scheduled') THEN ts END), ts)",
    "duration_s": "arg_max(duration_s, ts)",
    "verdict": "arg_max(verdict, ts)",
}
# Which rows say that, where it is not the column of that name.
_SAID_BY = dict.fromkeys(("status_ts", "told_ended", "end_ts"), "status")
# Each attribute, from ``base.runs r`` and its changes ``c``. An empty text is no value.
ATTRIBUTE_VALUES: Mapping[str, str] = {
    "run_id": "replace(r.run_id::VARCHAR, '-', '')",
    "name": "coalesce(c.name, r.name)",
    "status": "coalesce(c.status, 'running')",
    "experiment": "coalesce(c.experiment, r.experiment)",
    "started": "r.started",
    "ended": "CASE WHEN c.status NOT IN ('running', 'scheduled') "
    "THEN coalesce(c.told_ended, c.status_ts) END",
    "duration_s": "c.duration_s",
    "parent_id": "replace(r.parent_id::VARCHAR, '-', '')",
    "note": "nullif(c.note, '')",
    "user": "nullif(r.\"user\", '')",
    "host": "nullif(r.host, '')",
    "source": "nullif(r.source, '')",
    "verdict": "c.verdict",
}

# The current value of a key by run: the last that was logged, in three guises for parameters.
_SOURCES: Mapping[str, str] = {
    "metrics": "base.summary",
    "params": "base.params",
    "tags": "base.tags",
}
# The order of points as one number, which compares much faster than the pair does.
LAST_POINT = "last_step::HUGEINT * 18446744073709551616 + epoch_us(last_ts)"
# What a parameter is as text: None has none of its own.
PARAM_TEXT = "CASE WHEN type = 'none' THEN 'None' ELSE value END"
_FIELDS: Mapping[tuple[str, str], str] = {
    ("metrics", "number"): f"arg_max_null(last_value, {LAST_POINT})",
    ("metrics", "last"): LAST_VALUE,
    ("params", "number"): "arg_max_null(number, ts)",
    ("params", "text"): f"arg_max({PARAM_TEXT}, ts)",
    ("params", "type"): "arg_max(type, ts)",
    ("tags", "text"): "arg_max_null(value, ts)",
}


class Selection(ConditionSql):
    """The runs of a query as common table expressions, the last of which is ``fit``.

    ``fit`` has a row for each run that fits: ``run_id``, ``started``, a column for
    each part of the order, and what `show` added. Raises `InvalidFilter`.
    """

    def __init__(self, query: RunQuery) -> None:
        super().__init__()
        self._changes: dict[str, None] = {}
        self._keys: dict[Key, dict[str, None]] = {}
        self._searches: list[str] = []
        self._columns = ["r.run_id", "r.started"]
        self._order: list[str] = []
        self._where = self._conditions(query)
        for number, text in enumerate(query.order_by):
            self._sort(parse_order(text), number)

    def show(self, name: str, expression: str) -> None:
        """Let ``fit`` have a column ``name`` for what `text` or `number` gave."""
        self._columns.append(f'{expression} AS "{name}"')

    @property
    def order(self) -> str:
        """What follows ORDER BY, over the columns of ``fit``; no two runs are equal in it."""
        return ", ".join([*self._order, "started DESC", "run_id DESC"])

    def ctes(self) -> str:
        """What follows WITH; read it last, when everything needed has been asked for."""
        if len(self._keys) > MAX_KEYS:
            raise InvalidFilter(
                f"The filter and order name {len(self._keys)} keys; {MAX_KEYS} are the most."
            )
        made = []
        joins = []
        if self._changes:
            columns = ", ".join(f"{CHANGES[name]} AS {name}" for name in self._changes)
            said = sorted({_SAID_BY.get(name, name) for name in self._changes})
            rows = " OR ".join(f"{name} IS NOT NULL" for name in said)
            made.append(
                f"c AS (SELECT run_id, {columns} FROM base.run_changes "
                f"WHERE {rows} GROUP BY run_id)"
            )
            joins.append("LEFT JOIN c USING (run_id)")
        for number, (key, fields) in enumerate(self._keys.items()):
            columns = ", ".join(f"{_FIELDS[key.kind, field]} AS {field}" for field in fields)
            made.append(
                f"k{number} AS (SELECT run_id, {columns} FROM {_SOURCES[key.kind]} "
                f"WHERE key = {self.bind(key.name)} GROUP BY run_id)"
            )
            joins.append(f"LEFT JOIN k{number} USING (run_id)")
        made += self._searches
        made.append(
            "gone AS (SELECT run_id FROM base.run_changes WHERE deleted IS NOT NULL "
            "GROUP BY run_id HAVING arg_max(deleted, ts))"
        )
        where = " AND ".join(self._where) or "true"
        made.append(
            f"fit AS (SELECT {', '.join(self._columns)} FROM base.runs r "
            f"{' '.join(joins)} WHERE {where})"
        )
        return ",\n".join(made)

    def attribute(self, name: str) -> str:
        """An attribute, from the run or its changes."""
        expression = ATTRIBUTE_VALUES[name]
        self._changes.update(dict.fromkeys(re.findall(r"\bc\.(\w+)", expression)))
        return expression

    def field(self, key: Key, field: str) -> str:
        """A parameter, metric or tag, in a relation of its own."""
        self._keys.setdefault(key, {})[field] = None
        return f"k{list(self._keys).index(key)}.{field}"

    def _conditions(self, query: RunQuery) -> list[str]:
        where = []
        if query.lifecycle != "all":
            negation = "NOT " if query.lifecycle == "active" else ""
            where.append(f"r.run_id {negation}IN (SELECT run_id FROM gone)")
        if query.experiments is not None:
            names = self.bind(list(query.experiments))
            experiment = self.text(Key("attributes", "experiment"))
            where.append(f"list_contains({names}::VARCHAR[], {experiment})")
        condition = parse_filter(query.filter)
        if condition is not None:
            where.append(f"({self.condition(condition)})")
        words = list(dict.fromkeys(query.search.lower().split()))
        if len(words) > MAX_WORDS:
            raise InvalidFilter(f"The search has {len(words)} words; {MAX_WORDS} are the most.")
        where += [self._found(word) for word in words]
        return where

    def _sort(self, order: Order, number: int) -> None:
        key = order.key
        parts = []
        if key.kind in ("metrics", "params"):
            value = self.number(key)
            parts.append(f"CASE WHEN NOT isnan({value}) THEN {value} END")
        if key.kind == "params":
            type_ = self.field(key, "type")
            parts.append(f"CASE WHEN {type_} NOT IN ('int', 'float') THEN {self.text(key)} END")
        elif key.kind != "metrics":
            parts.append(self.text(key))
        for place, part in enumerate(parts):
            name = f"order_{number}_{place}"
            self.show(name, part)
            self._order.append(f"{name} {'DESC' if order.descending else 'ASC'} NULLS LAST")

    # Free text

    def _found(self, word: str) -> str:
        """Whether ``word``, in lower case, occurs in the run."""
        bound = self.bind(word)
        name, experiment, note, run_id = (
            self.text(Key("attributes", name)) for name in ("name", "experiment", "note", "run_id")
        )
        tests = [f"contains(lower({text}), {bound})" for text in (name, experiment, note)]
        digits = word.replace("-", "")
        if len(digits) >= 4 and set(digits) <= set("0123456789abcdef"):
            tests.append(f"contains({run_id}, {self.bind(digits)})")
        number = len(self._searches)
        for table, text in (("params", PARAM_TEXT), ("tags", "value")):
            self._searches.append(_holders(f"w{number}_{table}", table, text, word, bound))
            tests.append(f"r.run_id IN (SELECT run_id FROM w{number}_{table})")
        return f"({' OR '.join(tests)})"


def _holders(name: str, table: str, text: str, word: str, bound: str) -> str:
    """The runs in which a parameter or tag holds ``word`` now, as a table expression."""
    held = f"key || '=' || {text}" if "=" in word else text
    return (
        f"{name} AS (SELECT DISTINCT run_id FROM ("
        f"SELECT run_id, key, arg_max_null({held}, ts) AS held FROM base.{table} "
        # A value that was replaced does not count: those that ever fitted are looked at again.
        f"SEMI JOIN (SELECT run_id, key FROM base.{table} "
        f"WHERE contains(lower({held}), {bound})) USING (run_id, key) GROUP BY run_id, key"
        f") WHERE contains(lower(held), {bound}))"
    )
