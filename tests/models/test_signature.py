"""What is inferred from data, and that MLflow's JSON of it is read back as it was."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbtrack.errors import InvalidModel, InvalidValue
from nbtrack.models.schema import (
    NUMPY_OF,
    Anything,
    Array,
    Column,
    ColumnType,
    Map,
    Object,
    Property,
    Scalar,
    Schema,
    Tensor,
)
from nbtrack.models.signature import ModelSignature, infer_schema, infer_signature

NAMES = st.text(min_size=1, max_size=8)


def types() -> st.SearchStrategy[ColumnType]:
    scalars = st.sampled_from(sorted(NUMPY_OF)).map(Scalar)
    return st.recursive(
        scalars | st.just(Anything()),
        lambda inner: (
            inner.map(Array)
            | inner.map(Map)
            | st.lists(
                st.builds(Property, NAMES, inner, st.booleans()),
                min_size=1,
                max_size=3,
                unique_by=lambda each: each.name,
            ).map(lambda found: Object(tuple(found)))
        ),
        max_leaves=5,
    )


COLUMNS = st.builds(Column, types(), st.none() | NAMES, st.booleans())
TENSORS = st.builds(
    Tensor,
    st.sampled_from(["float64", "int32", "str", "uint8"]),
    st.lists(st.integers(-1, 9), max_size=4).map(tuple),
    st.none() | NAMES,
)


@given(st.lists(COLUMNS, max_size=5) | st.lists(TENSORS, max_size=3))
def test_a_schema_is_read_back_from_its_json(fields: list[Column | Tensor]) -> None:
    schema = Schema(tuple(fields))
    assert Schema.from_json(schema.to_json()) == schema


def told(data: object) -> list[str]:
    return [str(field) for field in infer_schema(data)]


def test_a_frame_tells_names_types_and_which_columns_may_miss() -> None:
    frame = pd.DataFrame(
        {
            "n": np.array([1, 2], dtype="int64"),
            "small": np.array([1, 2], dtype="int8"),
            "x": [1.5, None],
            "f": np.array([1, 2], dtype="float32"),
            "ok": [True, False],
            "name": ["a", "b"],
            "gap": ["a", None],
            "at": pd.to_datetime(["2024-01-01", "2024-01-02"]),
            "raw": [b"a", b"b"],
            "kind": pd.Categorical(["u", "v"]),
            "nullable": pd.array([1, None], dtype="Int64"),
            "void": [None, None],
        }
    )
    assert told(frame) == [
        "n: long",
        "small: integer",
        "x: double (optional)",
        "f: float",
        "ok: boolean",
        "name: string",
        "gap: string (optional)",
        "at: datetime",
        "raw: binary",
        "kind: string",
        "nullable: long (optional)",
        "void: any (optional)",
    ]


def test_lists_and_dicts_in_a_column_are_arrays_and_objects() -> None:
    frame = pd.DataFrame({"tags": [["a"], []], "who": [{"id": 1, "x": 2.5}, {"id": 2}]})
    assert infer_schema(frame).fields == (
        Column(Array(Scalar("string")), "tags"),
        Column(
            Object((Property("id", Scalar("long")), Property("x", Scalar("double"), False))), "who"
        ),
    )


@pytest.mark.parametrize("make", [pl.DataFrame, pa.table], ids=["polars", "arrow"])
def test_tables_of_other_libraries_tell_the_same(make: type) -> None:
    assert told(make({"n": [1, 2], "s": ["a", "b"]})) == ["n: long", "s: string"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (np.zeros((3, 4), dtype="float32"), ["array of float32, shape (any, 4)"]),
        ({"a": np.zeros((3, 2)), "b": np.array([1])}, None),
        ({"a": 1, "b": "x"}, ["a: long", "b: string"]),
        ([{"a": 1}, {"a": 2, "b": True}], ["a: long", "b: boolean (optional)"]),
        (["x", "y"], ["string"]),
        ([1, 2.5], ["double"]),
        ("text", ["string"]),
        (np.array(["long", "er"]), ["array of str, shape (any)"]),
        (datetime.datetime(2024, 1, 1), ["datetime"]),
    ],
)
def test_plain_data_tells_its_schema(data: object, expected: list[str] | None) -> None:
    assert told(data) == (
        expected or ["a: array of float64, shape (any, 2)", "b: array of int64, shape (any)"]
    )


def test_parameters_have_defaults_and_may_be_lists() -> None:
    signature = infer_signature(params={"k": 3, "names": ["a"], "t": 0.5})
    assert [str(each) for each in signature.params] == [
        "k: long = 3",
        "names: list of string = ['a']",
        "t: double = 0.5",
    ]
    assert ModelSignature.from_dict(signature.to_dict()) == signature


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (object(), "No signature can be inferred from builtins.object"),
        ([1, "a"], "two types, long and string"),
        (pd.DataFrame({"c": [1, "a"]}), "Column 'c': values of one column are of two types"),
        (pd.DataFrame({"c": np.array([1], dtype="uint64")}), "uint64 has no type in a signature"),
        ({}, "by its names"),
    ],
)
def test_data_without_a_type_is_refused_by_name(data: object, message: str) -> None:
    with pytest.raises(InvalidValue, match=message):
        infer_schema(data)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[1]",
        '[{"type": "quux"}]',
        '[{"type": "tensor"}]',
        '[{"type": "long"}, {"type": "tensor", "tensor-spec": {"dtype": "int8", "shape": [1]}}]',
    ],
)
def test_a_damaged_signature_is_an_invalid_model(text: str) -> None:
    with pytest.raises(InvalidModel, match="signature"):
        Schema.from_json(text)
