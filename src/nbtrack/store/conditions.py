"""What a filter says once it is read: a tree of conditions on the values of a run.

A comparison holds or does not: with a value that is missing or NaN it does not
hold, whatever the operator, and `Not` turns that around.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Kind = Literal["metrics", "params", "tags", "attributes"]
AttributeType = Literal["text", "id", "status", "time", "number"]
Value = float | str | bool | datetime | None

ATTRIBUTES: Mapping[str, AttributeType] = {
    "name": "text",
    "run_id": "id",
    "status": "status",
    "experiment": "text",
    "started": "time",
    "ended": "time",
    "duration_s": "number",
    "parent_id": "id",
    "note": "text",
    "user": "text",
    "host": "text",
    "source": "text",
    "verdict": "text",
}
STATUSES = ("running", "scheduled", "finished", "failed", "killed")


@dataclass(frozen=True, slots=True)
class Key:
    """What a condition or an order is about; for attributes, ``name`` is one of `ATTRIBUTES`."""

    kind: Kind
    name: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """``key operator values``; there is one value, but for ``IN`` and ``NOT IN``.

    Times are naive UTC; statuses are in lower case, ids without dashes.
    """

    key: Key
    operator: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Presence:
    """Whether the run has a value (``IS NOT NULL``), or one that is NaN (``IS NAN``)."""

    key: Key
    test: Literal["present", "nan"]


@dataclass(frozen=True, slots=True)
class Not:
    """Holds where ``part`` does not."""

    part: Condition


@dataclass(frozen=True, slots=True)
class Junction:
    """Holds where all (``AND``) or any (``OR``) of ``parts`` do."""

    word: Literal["AND", "OR"]
    parts: tuple[Condition, ...]


Condition = Comparison | Presence | Not | Junction


@dataclass(frozen=True, slots=True)
class Order:
    """Runs sorted by ``key``; those without a value, or with NaN, come last either way."""

    key: Key
    descending: bool
