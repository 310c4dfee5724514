"""Data against a signature: what is brought into shape, and how the rest is refused."""

from __future__ import annotations

import re
import sys
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse

from nbtrack.errors import InvalidInput, MissingExtra
from nbtrack.models.enforcing import enforce, enforce_params
from nbtrack.models.schema import Anything, Array, Column, Object, Property, Scalar, Schema, Tensor
from nbtrack.models.signature import infer_schema, infer_signature

PEOPLE = Schema(
    (
        Column(Scalar("long"), "age"),
        Column(Scalar("double"), "height"),
        Column(Scalar("string"), "name", is_required=False),
    )
)


def framed(data: object, schema: Schema = PEOPLE, **options: Any) -> pd.DataFrame:
    made = enforce(data, schema, **options)
    assert isinstance(made, pd.DataFrame)
    return made


@pytest.mark.parametrize(
    "data",
    [
        pd.DataFrame({"name": ["a", "b"], "height": [1.5, 2.0], "age": [3, 4], "more": [0, 0]}),
        pl.DataFrame({"age": [3, 4], "height": [1.5, 2.0], "name": ["a", "b"]}),
        {"age": [3, 4], "height": np.array([1.5, 2.0]), "name": ["a", "b"]},
        [{"age": 3, "height": 1.5, "name": "a"}, {"age": 4, "height": 2.0, "name": "b"}],
        [[3, 1.5, "a"], [4, 2.0, "b"]],
    ],
    ids=["pandas", "polars", "dict", "records", "rows"],
)
def test_every_kind_of_table_comes_out_as_the_signature_tells(data: object) -> None:
    frame = framed(data)
    assert list(frame.columns) == ["age", "height", "name"]
    assert frame["age"].tolist() == [3, 4]
    assert frame["height"].tolist() == [1.5, 2.0]
    assert frame["name"].tolist() == ["a", "b"]
    assert [str(frame[c].dtype) for c in ("age", "height")] == ["int64", "float64"]


def test_what_fits_already_is_not_copied() -> None:
    frame = pd.DataFrame({"age": [3], "height": [1.5], "name": ["a"]})
    assert enforce(frame, PEOPLE) is frame


def test_one_row_may_come_as_a_dict_of_values() -> None:
    assert framed({"age": 3, "height": 2})["height"].tolist() == [2.0]


def test_an_optional_column_may_be_absent_and_is_then_missing() -> None:
    frame = framed(pd.DataFrame({"age": [3], "height": [1.5]}))
    assert frame["name"].isna().all()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            {"height": [1.5]},
            "The input lacks columns that the model takes: age: long (got: height).",
        ),
        ({"age": ["x"], "height": [1.0]}, "column 'age': expected long, got str."),
        ({"age": [1.5], "height": [1.0]}, "column 'age': expected long, got float64."),
        ({"age": [True], "height": [1.0]}, "column 'age': expected long, got bool."),
        (
            {"age": [1, None], "height": [1.0, 1.0]},
            "column 'age': expected long in every row, got 1 missing (the first in row 1).",
        ),
        (
            {"age": [1], "height": [2**60 + 1]},
            f"column 'height': expected double, got {2**60 + 1}, which double cannot tell exactly.",
        ),
        ({"age": [1], "height": [1.0], "name": [3]}, "column 'name': expected string, got int64."),
        (
            {"age": [1, 2], "height": [1.0, 2.0], "name": ["a", 3]},
            "column 'name', row 1: expected string, got 3 (int).",
        ),
        ({"age": [1, 2], "height": [1.0]}, "The input's columns differ in length: [1, 2]."),
        (
            np.zeros((2, 2)),
            "The input lacks columns that the model takes: age: long, height: double",
        ),
        (np.zeros((2, 2, 2)), "The model takes a table, got an array of 3 dimensions."),
        (object(), "got object; give a DataFrame"),
    ],
)
def test_what_does_not_fit_is_told_by_column(data: Any, message: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(message)):
        enforce(data, PEOPLE)


def test_numbers_from_text_take_the_signatures_width() -> None:
    schema = Schema((Column(Scalar("float"), "f"), Column(Scalar("integer"), "n")))
    frame = pd.DataFrame({"f": [0.1], "n": [7]})
    assert [str(t) for t in framed(frame, schema, is_text=True).dtypes] == ["float32", "int32"]
    with pytest.raises(InvalidInput, match="column 'f': expected float, got float64"):
        enforce(frame, schema)


def test_a_number_too_large_is_told() -> None:
    schema = Schema((Column(Scalar("integer"), "n"),))
    with pytest.raises(InvalidInput, match="column 'n': expected int32, got 3000000000"):
        enforce(pd.DataFrame({"n": [3_000_000_000]}), schema)


def test_times_and_bytes_are_read_from_text_only() -> None:
    schema = Schema((Column(Scalar("datetime"), "at"), Column(Scalar("binary"), "raw")))
    data = {"at": ["2024-01-02T03:04:05"], "raw": ["aGk="]}
    frame = framed(data, schema, is_text=True)
    assert frame["at"].tolist() == [pd.Timestamp("2024-01-02 03:04:05")]
    assert frame["raw"].tolist() == [b"hi"]
    with pytest.raises(InvalidInput, match="column 'at': expected datetime"):
        enforce(data, schema)
    with pytest.raises(InvalidInput, match="column 'at': expected datetime, got 'soon'"):
        enforce({**data, "at": ["soon"]}, schema, is_text=True)


def test_categories_stay_categories() -> None:
    frame = pd.DataFrame({"kind": pd.Categorical(["a", "b"])})
    made = framed(frame, infer_schema(frame))
    assert isinstance(made["kind"].dtype, pd.CategoricalDtype)


def test_nan_is_a_value_of_a_floating_column() -> None:
    frame = framed({"age": [1], "height": [float("nan")]})
    assert np.isnan(frame["height"][0])


def test_lists_and_objects_are_checked_to_the_leaf() -> None:
    schema = Schema(
        (
            Column(Array(Scalar("long")), "ids"),
            Column(Object((Property("x", Scalar("double")),)), "at"),
        )
    )
    good = pd.DataFrame({"ids": [[1, 2]], "at": [{"x": 1}]})
    assert framed(good, schema)["at"].tolist() == [{"x": 1.0}]
    with pytest.raises(InvalidInput, match=r"column 'ids', row 0\[1\]: expected long, got 'a'"):
        enforce(pd.DataFrame({"ids": [[1, "a"]], "at": [{"x": 1}]}), schema)
    with pytest.raises(InvalidInput, match=r"column 'at', row 0\.x: expected double"):
        enforce(pd.DataFrame({"ids": [[1]], "at": [{"x": "no"}]}), schema)
    with pytest.raises(InvalidInput, match="no property 'y'"):
        enforce(pd.DataFrame({"ids": [[1]], "at": [{"x": 1, "y": 2}]}), schema)


def test_anything_goes_through() -> None:
    schema = Schema((Column(Anything(), "v"),))
    assert framed({"v": [1, "a"]}, schema)["v"].tolist() == [1, "a"]


def test_arrays_are_held_against_shape_and_dtype() -> None:
    schema = Schema((Tensor("float32", (-1, 2)),))
    exact = np.zeros((3, 2), dtype="float32")
    assert enforce(exact, schema) is exact
    made = enforce([[1, 2]], schema)
    assert isinstance(made, np.ndarray)
    assert made.dtype == "float32"
    with pytest.raises(InvalidInput, match=re.escape("expected the shape (any, 2), got (3, 3)")):
        enforce(np.zeros((3, 3), dtype="float32"), schema)
    with pytest.raises(InvalidInput, match="the input: expected float32, got float64"):
        enforce(np.zeros((3, 2)), schema)
    with pytest.raises(InvalidInput, match="rows of several lengths"):
        enforce([[1, 2], [3]], schema)
    with pytest.raises(InvalidInput, match="expected float32, got"):
        enforce([["a", "b"]], schema)


def test_named_arrays_come_as_a_dict() -> None:
    schema = Schema((Tensor("int64", (-1,), "ids"), Tensor("float64", (-1, 2), "x")))
    made = enforce({"x": [[1, 2]], "ids": [7]}, schema)
    assert isinstance(made, dict)
    assert made["ids"].dtype == "int64"
    assert made["x"].dtype == "float64"
    with pytest.raises(InvalidInput, match="lacks the array 'ids' \\(got: x\\)"):
        enforce({"x": [[1, 2]]}, schema)
    with pytest.raises(InvalidInput, match="takes arrays by name \\(ids, x\\)"):
        enforce([1, 2], schema)


def test_a_sparse_matrix_stays_sparse_where_arrays_are_taken() -> None:
    sparse = scipy.sparse.csr_matrix(np.eye(3))
    assert enforce(sparse, infer_schema(sparse)) is sparse


def test_a_table_without_pandas_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtra, match="pip install pandas"):
        enforce({"age": [1], "height": [1.0]}, PEOPLE)


def test_parameters_are_checked_and_filled_with_defaults() -> None:
    params = infer_signature(params={"k": 3, "names": ["a"]}).params
    assert enforce_params(None, params) == {"k": 3, "names": ["a"]}
    assert enforce_params({"k": np.int64(5)}, params)["k"] == 5
    with pytest.raises(InvalidInput, match=r"no parameter 'q' \(it takes: k, names\)"):
        enforce_params({"q": 1}, params)
    with pytest.raises(InvalidInput, match="parameter 'k': expected long, got 'x'"):
        enforce_params({"k": "x"}, params)
    with pytest.raises(InvalidInput, match=r"parameter 'names'\[1\]: expected string, got 1"):
        enforce_params({"names": ["a", 1]}, params)
    with pytest.raises(InvalidInput, match="parameter 'names': expected a list of string"):
        enforce_params({"names": "a"}, params)
