"""What a model takes or gives, column by column: MLflow's types, and their JSON.

A schema is a list of columns (tables) or of tensors (arrays), never both; the
columns of one that came from an array have no names. The JSON is the text that
stands in a bundle's ``MLmodel``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nbtrack.errors import InvalidModel

# MLflow's name of a scalar, and the type that NumPy gives it.
NUMPY_OF = {
    "boolean": "bool",
    "integer": "int32",
    "long": "int64",
    "float": "float32",
    "double": "float64",
    "string": "str",
    "binary": "bytes",
    "datetime": "datetime64[ns]",
}


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value: ``boolean``, ``integer``, ``long``, ``float``, ``double``, ``string``, …"""

    name: str

    def __str__(self) -> str:
        return self.name

    def to_json(self) -> dict[str, Any]:
        return {"type": self.name}


@dataclass(frozen=True, slots=True)
class Anything:
    """Any value, nulls included."""

    def __str__(self) -> str:
        return "any"

    def to_json(self) -> dict[str, Any]:
        return {"type": "any"}


@dataclass(frozen=True, slots=True)
class Array:
    """A list of values of one type."""

    items: ColumnType

    def __str__(self) -> str:
        return f"array of {self.items}"

    def to_json(self) -> dict[str, Any]:
        return {"type": "array", "items": self.items.to_json()}


@dataclass(frozen=True, slots=True)
class Map:
    """Text to values of one type, under keys that differ from row to row."""

    values: ColumnType

    def __str__(self) -> str:
        return f"map of {self.values}"

    def to_json(self) -> dict[str, Any]:
        return {"type": "map", "values": self.values.to_json()}


@dataclass(frozen=True, slots=True)
class Property:
    """One named value of an `Object`."""

    name: str
    type: ColumnType
    is_required: bool = True


@dataclass(frozen=True, slots=True)
class Object:
    """Named values, each of a type of its own."""

    properties: tuple[Property, ...]

    def __str__(self) -> str:
        return "{" + ", ".join(f"{each.name}: {each.type}" for each in self.properties) + "}"

    def to_json(self) -> dict[str, Any]:
        told = {p.name: {**p.type.to_json(), "required": p.is_required} for p in self.properties}
        return {"type": "object", "properties": told}


ColumnType = Scalar | Anything | Array | Map | Object


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; ``name`` is ``None`` where it is known by its position alone."""

    type: ColumnType
    name: str | None = None
    is_required: bool = True

    def __str__(self) -> str:
        optional = "" if self.is_required else " (optional)"
        return f"{self.name}: {self.type}{optional}" if self.name else f"{self.type}{optional}"

    def to_json(self) -> dict[str, Any]:
        named = {} if self.name is None else {"name": self.name}
        return {**self.type.to_json(), **named, "required": self.is_required}


@dataclass(frozen=True, slots=True)
class Tensor:
    """An array of ``dtype`` (NumPy's name); -1 in ``shape`` stands for any length."""

    dtype: str
    shape: tuple[int, ...]
    name: str | None = None
    # There for what reads columns and tensors alike: a tensor is always needed.
    is_required: bool = True

    def __str__(self) -> str:
        shape = ", ".join("any" if n == -1 else str(n) for n in self.shape)
        told = f"array of {self.dtype}, shape ({shape})"
        return f"{self.name}: {told}" if self.name else told

    def to_json(self) -> dict[str, Any]:
        named = {} if self.name is None else {"name": self.name}
        spec = {"dtype": self.dtype, "shape": list(self.shape)}
        return {"type": "tensor", **named, "tensor-spec": spec}


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter of predicting, with the value that holds where none is given."""

    name: str
    type: ColumnType
    default: object
    is_list: bool = False

    def __str__(self) -> str:
        return f"{self.name}: {'list of ' if self.is_list else ''}{self.type} = {self.default!r}"

    def to_json(self) -> dict[str, Any]:
        shape = [-1] if self.is_list else None
        return {"name": self.name, "default": self.default, "shape": shape, **self.type.to_json()}


@dataclass(frozen=True, slots=True)
class Schema:
    """Columns or tensors, in order."""

    fields: tuple[Column | Tensor, ...]

    @property
    def is_tensor(self) -> bool:
        """Whether it tells of arrays rather than of a table."""
        return isinstance(self.fields[0], Tensor) if self.fields else False

    @property
    def is_named(self) -> bool:
        """Whether every field has a name."""
        return bool(self.fields) and all(each.name is not None for each in self.fields)

    @property
    def names(self) -> list[str]:
        """The fields' names; positions where they have none."""
        return [str(i) if f.name is None else f.name for i, f in enumerate(self.fields)]

    def __iter__(self) -> Iterator[Column | Tensor]:
        return iter(self.fields)

    def __len__(self) -> int:
        return len(self.fields)

    def __str__(self) -> str:
        return "[" + ", ".join(map(str, self.fields)) + "]"

    def to_json(self) -> str:
        """The text that stands in ``MLmodel``."""
        return json.dumps([each.to_json() for each in self.fields])

    @classmethod
    def from_json(cls, text: str) -> Schema:
        """The schema of a bundle. Raises `InvalidModel` for what it does not know."""
        fields = tuple(_read_field(each) for each in _rows(text))
        if len({isinstance(each, Tensor) for each in fields}) > 1:
            raise InvalidModel("The signature mixes columns and tensors; a model takes either.")
        return cls(fields)


def params_to_json(params: Iterable[Param]) -> str:
    """The text that stands in ``MLmodel`` for parameters."""
    return json.dumps([each.to_json() for each in params], default=str)


def params_from_json(text: str) -> tuple[Param, ...]:
    """The parameters of a bundle."""
    rows = _rows(text)
    try:
        return tuple(
            Param(
                str(row["name"]),
                read_type(row),
                row.get("default"),
                is_list=row.get("shape") is not None,
            )
            for row in rows
        )
    except KeyError as error:
        raise InvalidModel(f"A parameter in the signature has no {error}.") from error


def read_type(told: Mapping[str, Any]) -> ColumnType:
    """A type from its JSON; MLflow's names, and those of its Python types."""
    match str(told.get("type", "")).lower():
        case "array":
            return Array(read_type(told.get("items") or {}))
        case "map":
            return Map(read_type(told.get("values") or {}))
        case "object":
            properties = told.get("properties") or {}
            return Object(
                tuple(
                    Property(str(name), read_type(each), bool(each.get("required", True)))
                    for name, each in properties.items()
                )
            )
        case "any":
            return Anything()
        case name if name in NUMPY_OF:
            return Scalar(name)
        case name:
            raise InvalidModel(
                f"The signature names a type {name!r} that nbtrack does not know "
                f"(it knows: {', '.join(NUMPY_OF)}, array, map, object, any, tensor)."
            )


def _read_field(told: Mapping[str, Any]) -> Column | Tensor:
    name = told.get("name")
    name = None if name is None else str(name)
    if told.get("type") == "tensor":
        spec = told.get("tensor-spec") or {}
        try:
            shape = tuple(int(n) for n in spec["shape"])
            return Tensor(str(spec["dtype"]), shape, name)
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidModel(f"The signature has a tensor that does not read: {told}.") from error
    # Before `required` there was its opposite.
    is_required = bool(told.get("required", not told.get("optional", False)))
    return Column(read_type(told), name, is_required)


def _rows(text: str) -> list[dict[str, Any]]:
    try:
        rows = json.loads(text)
    except (TypeError, ValueError) as error:
        raise InvalidModel(f"The signature is not JSON: {str(text)[:60]!r}.") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InvalidModel(f"The signature is not a list of fields: {str(text)[:60]!r}.")
    return rows
