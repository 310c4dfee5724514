"""Conditions as SQL: each value is bound, and what is missing fits no comparison."""

from __future__ import annotations

from abc import ABC, abstractmethod

from nbtrack.store.conditions import Comparison, Condition, Junction, Key, Not, Presence, Value


class ConditionSql(ABC):
    """Conditions over something that says where its attributes and keys are found."""

    def __init__(self) -> None:
        self.parameters: dict[str, object] = {}

    @abstractmethod
    def attribute(self, name: str) -> str:
        """An expression for an attribute."""

    @abstractmethod
    def field(self, key: Key, field: str) -> str:
        """An expression for the ``text``, ``number`` or ``type`` of a key that is no attribute."""

    def bind(self, value: object) -> str:
        """A placeholder for ``value``."""
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return f"${name}"

    def text(self, key: Key) -> str:
        """The value of ``key`` as text, or what it is for attributes that are none."""
        if key.kind == "attributes":
            return self.attribute(key.name)
        return self.field(key, "text")

    def number(self, key: Key) -> str:
        """The value of ``key`` as a number; NaN is one."""
        return self.text(key) if key.kind == "attributes" else self.field(key, "number")

    def condition(self, condition: Condition) -> str:
        """``condition`` as an expression that is true, false or NULL, which is "does not hold"."""
        match condition:
            case Junction():
                parts = [f"({self.condition(part)})" for part in condition.parts]
                return f" {condition.word} ".join(parts)
            case Not():
                # NULL is "does not hold"; AND and OR keep it so, NOT has to be told.
                return f"NOT coalesce({self.condition(condition.part)}, false)"
            case Presence(key, "nan"):
                return f"isnan({self.number(key)})"
            case Presence(key):
                value = self.number(key) if key.kind == "metrics" else self.text(key)
                return f"{value} IS NOT NULL"
            case Comparison(key, ("IN" | "NOT IN") as operator, values):
                negated = operator == "NOT IN"
                parts = [self._among(key, part, negated) for part in _by_type(values)]
                return (" AND " if negated else " OR ").join(f"({part})" for part in parts)
            case Comparison(key, operator, (value,)):
                return self._compared(key, operator, value)
            case Comparison():
                raise AssertionError(condition)

    def _among(self, key: Key, values: list[Value], negated: bool) -> str:
        if len(values) == 1:
            return self._compared(key, "!=" if negated else "=", values[0])
        is_number = isinstance(values[0], float)
        value = self.number(key) if is_number else self.text(key)
        kind = "DOUBLE" if is_number else "VARCHAR" if isinstance(values[0], str) else "TIMESTAMP"
        # A list holds no NULL, so that a missing value is in it as little as out of it.
        test = f"{'NOT ' if negated else ''}list_contains({self.bind(values)}::{kind}[], {value})"
        present = f"{value} IS NOT NULL AND {test}"
        return f"{present} AND NOT isnan({value})" if is_number else present

    def _compared(self, key: Key, operator: str, value: Value) -> str:
        if value is None or isinstance(value, bool):
            type_ = self.field(key, "type")
            test = f"{type_} = 'none'"
            if value is not None:
                test = f"{type_} = 'bool' AND {self.text(key)} = {self.bind(str(value))}"
            return f"({test})" if operator == "=" else f"NOT ({test})"
        if isinstance(value, float):
            number = self.number(key)
            compared = f"{number} {operator} {self.bind(value)}::DOUBLE"
            # To DuckDB NaN is a number greater than all others.
            return f"{compared} AND NOT isnan({number})"
        return f"{self.text(key)} {operator} {self.bind(value)}"


def _by_type(values: tuple[Value, ...]) -> list[list[Value]]:
    """``values`` in lists that can be compared at once; True, False and None stand alone."""
    lists: dict[object, list[Value]] = {}
    for value in values:
        if value is None or isinstance(value, bool):
            lists[value, "alone"] = [value]
        else:
            lists.setdefault(type(value), []).append(value)
    return list(lists.values())
