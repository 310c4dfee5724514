"""What the columns of somebody's table mean, guessed from their names and types.

A guess is told, and each column can be said to be something else.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbtrack.errors import InvalidValue

if TYPE_CHECKING:
    import pyarrow

# What a column that says of the run itself may be called, without case, spaces and signs.
_NAMES = {
    "run": "run runid runname runuuid trial trialid experimentrun jobid name id",
    "name": "runname name",
    "experiment": "experiment experimentname project study",
    "step": "step epoch iteration iter globalstep batch round",
    "started": "starttime started startedat created createdat begin",
    "ended": "endtime ended endedat finished finishedat end",
    "time": "timestamp time walltime datetime date",
    "status": "status state",
    "note": "note notes description comment",
    "metric": "metric metricname key tag",
    "value": "value metricvalue",
}
_PREFIXES = {"metrics": "metrics", "params": "params", "tags": "tags", "config": "params"}
# Whole numbers that are measured, and fractions that are set.
_MEASURED = re.compile(
    r"loss|acc|auc|f1|score|error|rmse|mse|mae|r2|precision|recall|perplexity|bleu|rouge|iou|map\b",
    re.I,
)
_SET = re.compile(
    r"^(.*_)?(lr|learning_?rate|dropout|weight_?decay|momentum|alpha|beta\d?|gamma|lambda\w*|eps"
    r"|epsilon|eta|tau|temperature|subsample|colsample\w*|reg_\w+|l1(_ratio)?|l2|C|tol)$",
    re.I,
)


@dataclass(slots=True)
class Columns:
    """Which column is what: one of each role, and the metrics, params and tags by column."""

    roles: dict[str, str] = field(default_factory=dict)
    metrics: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def is_long(self) -> bool:
        """Whether a row is a point in time of a run, not a whole run."""
        return "step" in self.roles or self.is_tall

    @property
    def is_tall(self) -> bool:
        """Whether a row is one point of one metric, which it names."""
        return "metric" in self.roles and "value" in self.roles

    def sentence(self) -> str:
        """What was understood, for people to check."""
        what = (
            "a row is one point of a metric"
            if self.is_tall
            else "a row is a step of a run"
            if self.is_long
            else "a row is a run"
        )
        parts = [f"{role}: {column}" for role, column in self.roles.items()]
        parts += [
            f"{kind}: {', '.join(columns)}"
            for kind, columns in (
                ("metrics", self.metrics),
                ("params", self.params),
                ("tags", self.tags),
            )
            if columns
        ]
        return f"understood that {what}; {'; '.join(parts)}"


def guess_columns(
    table: pyarrow.Table, said: Mapping[str, Sequence[str]], roles: Mapping[str, str | None]
) -> Columns:
    """What the columns of ``table`` are.

    ``said`` has columns that are ``metrics``, ``params``, ``tags`` or to be ``ignore``d,
    ``roles`` the column of a role. Raises `InvalidValue` for a column that is not there.
    """
    names: list[str] = table.column_names
    for column in [*(each for given in said.values() for each in given), *roles.values()]:
        if column is not None and column not in names:
            near = difflib.get_close_matches(column, names, n=1)
            hint = f" (did you mean {near[0]!r}?)" if near else ""
            raise InvalidValue(
                f"There is no column {column!r}{hint}; there are {', '.join(map(repr, names))}."
            )
    found = Columns({role: column for role, column in roles.items() if column is not None})
    taken = {each for given in said.values() for each in given} | set(found.roles.values())
    _guess_roles(found, [name for name in names if name not in taken])
    taken |= set(found.roles.values())
    for kind in ("metrics", "params", "tags"):
        getattr(found, kind).update((each, _bare(each)) for each in said.get(kind, ()))
    for name in names:
        if name not in taken:
            kind = _kind(name, table.schema.field(name).type, is_long=found.is_long)
            getattr(found, kind)[name] = _bare(name)
    return found


def _guess_roles(found: Columns, names: list[str]) -> None:
    plain = {re.sub(r"[\W_]+", "", name).lower(): name for name in reversed(names)}
    for role, words in _NAMES.items():
        if role in found.roles:
            continue
        for word in words.split():
            column = plain.get(word)
            if column is not None and column not in found.roles.values():
                found.roles[role] = column
                break
    if not found.is_tall:
        # One without the other is a column like any.
        found.roles.pop("metric", None)
        found.roles.pop("value", None)


def _kind(name: str, type_: pyarrow.DataType, *, is_long: bool) -> str:
    import pyarrow.types as types

    prefix = re.split(r"[./]", name, maxsplit=1)[0].lower()
    if prefix in _PREFIXES and name[len(prefix) + 1 :]:
        return _PREFIXES[prefix]
    if types.is_floating(type_) or types.is_decimal(type_):
        return "params" if _SET.match(name) else "metrics"
    if types.is_integer(type_):
        return "metrics" if is_long or _MEASURED.search(name) else "params"
    return "params"


def _bare(name: str) -> str:
    prefix = re.split(r"[./]", name, maxsplit=1)[0]
    return name[len(prefix) + 1 :] or name if prefix.lower() in _PREFIXES else name
