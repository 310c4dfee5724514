"""Runs that meet comparisons one by one, for a caller that reads another grammar than ours.

Where ours holds in two values, these hold in SQL's three: what a run does not have meets no
comparison, ``!=`` neither. Texts are compared as texts, parameters too, and an infinite metric
as the greatest float. That is how MLflow's stores compare.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from nbtrack.store.conditions import Key
from nbtrack.store.selection import Lifecycle, RunQuery, Selection

if TYPE_CHECKING:
    from nbtrack.store.store import Store

ComparedKind = Literal["attributes", "metrics", "params", "tags", "inputs"]
Operator = Literal[
    "=", "!=", "<", "<=", ">", ">=", "LIKE", "ILIKE", "IN", "NOT IN", "IS NULL", "IS NOT NULL"
]

_SQL: Mapping[str, str] = {
    "=": "{left} = {right}",
    "!=": "{left} <> {right}",
    "<": "{left} < {right}",
    "<=": "{left} <= {right}",
    ">": "{left} > {right}",
    ">=": "{left} >= {right}",
    "LIKE": "{left} LIKE {right}",
    "ILIKE": "lower({left}) LIKE lower({right})",
    "IN": "list_contains({right}::VARCHAR[], {left})",
    "NOT IN": "NOT list_contains({right}::VARCHAR[], {left})",
    "IS NULL": "{left} IS NULL",
    "IS NOT NULL": "{left} IS NOT NULL",
}
_GREATEST = "1.7976931348623157e308"


@dataclass(frozen=True, slots=True)
class Comparison:
    """``left`` compared with ``value``: a text, a number, or texts for IN.

    ``otherwise`` is the attribute that stands in for a tag which a run does not have.
    """

    kind: ComparedKind
    key: str
    operator: Operator
    value: str | float | Sequence[str] | None = None
    otherwise: str | None = None


@dataclass(frozen=True, slots=True)
class Sorting:
    """One part of an order: what has no value comes last, and NaN before that."""

    kind: ComparedKind
    key: str
    descending: bool
    otherwise: str | None = None


class _Compared(Selection):
    """The runs of `matching_runs`. ``root`` is where artifacts are that no other place was told."""

    def __init__(
        self,
        experiments: Sequence[str],
        lifecycle: Lifecycle,
        comparisons: Sequence[Comparison],
        sortings: Sequence[Sorting],
        root: str,
    ) -> None:
        super().__init__(RunQuery(experiments=tuple(experiments), lifecycle=lifecycle))
        self._root = root
        self._is_sorted_by_start = False
        self._where += [self._compare(each) for each in comparisons]
        for number, each in enumerate(sortings):
            self._arrange(each, number)

    @property
    def order(self) -> str:
        ends = ["run_id ASC"] if self._is_sorted_by_start else ["started DESC", "run_id ASC"]
        return ", ".join([*self._order, *ends])

    def _compare(self, comparison: Comparison) -> str:
        if comparison.kind == "inputs":
            return self._compare_inputs(comparison)
        value = self._value(comparison)
        test = self._test(value, comparison)
        if comparison.kind != "metrics":
            return f"({test})"
        is_nan = f"isnan({value})"
        return (
            f"({test} OR {is_nan})" if comparison.operator == "!=" else f"({test} AND NOT {is_nan})"
        )

    def _test(self, left: str, comparison: Comparison) -> str:
        right = "" if comparison.value is None else self.bind(_bindable(comparison.value))
        return _SQL[comparison.operator].format(left=left, right=right)

    def _compare_inputs(self, comparison: Comparison) -> str:
        columns = {"name": "name", "digest": "left(digest, 36)", "context": "nullif(context, '')"}
        test = self._test(columns[comparison.key], comparison)
        return f"(r.run_id IN (SELECT run_id FROM main.inputs WHERE {test}))"

    def _arrange(self, sorting: Sorting, number: int) -> None:
        value = self._value(sorting)
        self._is_sorted_by_start |= (sorting.kind, sorting.key) == ("attributes", "start_time")
        if sorting.kind == "metrics":
            place = f"CASE WHEN isnan({value}) THEN 1 WHEN {value} IS NULL THEN 2 ELSE 0 END"
            value = f"CASE WHEN isnan({value}) THEN 0 ELSE {value} END"
        else:
            place = f"CASE WHEN {value} IS NULL THEN 1 ELSE 0 END"
        self.show(f"place_{number}", place)
        self.show(f"order_{number}", value)
        direction = "DESC" if sorting.descending else "ASC"
        self._order += [f"place_{number}", f"order_{number} {direction}"]

    def _value(self, of: Comparison | Sorting) -> str:
        if of.kind == "attributes":
            return self._attribute(of.key)
        if of.kind == "metrics":
            value = self.field(Key("metrics", of.key), "last")
            # Not by least and greatest: they pass over what is missing.
            return f"(CASE WHEN isinf({value}) THEN sign({value}) * {_GREATEST} ELSE {value} END)"
        value = self.field(Key(of.kind, of.key), "text")  # type: ignore[arg-type]
        if of.otherwise is None:
            return value
        return f"coalesce({value}, {self._attribute(of.otherwise)})"

    def _attribute(self, name: str) -> str:
        match name:
            case "run_name":
                return self.attribute("name")
            case "status":
                return f"upper({self.attribute('status')})"
            case "user_id":
                return 'r."user"'
            case "start_time":
                return "epoch_us(r.started) // 1000"
            case "end_time":
                self._changes["end_ts"] = None
                return "epoch_us(c.end_ts) // 1000"
            case "artifact_uri":
                located = "coalesce(nullif(e.location, ''), "
                return (
                    f"(SELECT {located}{self.bind(self._root)} || '/' || e.number) || '/' || "
                    f"{self.attribute('run_id')} || '/artifacts' FROM main.experiments e "
                    f"WHERE e.name = {self.attribute('experiment')})"
                )
            case _:
                return self.attribute(name)


def matching_runs(
    store: Store,
    *,
    experiments: Sequence[str],
    lifecycle: Lifecycle = "active",
    comparisons: Sequence[Comparison] = (),
    order: Sequence[Sorting] = (),
    offset: int = 0,
    limit: int | None = None,
    root: str = "",
) -> list[str]:
    """Ids of the runs of these experiments that meet all comparisons, from ``offset`` on.

    The newest is first where the order does not say otherwise. Attributes go by MLflow's names,
    and times are in milliseconds. Raises `InvalidFilter` for more keys than are joined.
    """
    selection = _Compared(experiments, lifecycle, comparisons, order, root)
    paging = f"LIMIT {selection.bind(2**62 if limit is None else limit)} "
    paging += f"OFFSET {selection.bind(offset)}"
    ordered = selection.order
    sql = f"WITH {selection.ctes()} SELECT run_id::VARCHAR AS run FROM fit ORDER BY {ordered}"
    found = store.query(f"{sql} {paging}", selection.parameters)
    return [run.replace("-", "") for run in found["run"].to_pylist()]


def _bindable(value: str | float | Sequence[str]) -> object:
    return value if isinstance(value, (str, float, int)) else list(value)
