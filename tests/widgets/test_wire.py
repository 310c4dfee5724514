from __future__ import annotations

import decimal
import json
import math

import pyarrow
import pytest

from nbtrack.widgets.wire import ipc_bytes, json_number


def read(data):
    with pyarrow.ipc.open_stream(data) as reader:
        return reader.read_all()


def test_types_that_the_browsers_reader_lacks_are_made_plain():
    table = pyarrow.table(
        {
            "dictionary": pyarrow.array(["a", "b", "a"]).dictionary_encode(),
            "large": pyarrow.array(["x", None, "z"], pyarrow.large_string()),
            "view": pyarrow.array(["x", None, "z"], pyarrow.string_view()),
            "big": pyarrow.array([2**60, None, -1], pyarrow.int64()),
            "exact": pyarrow.array([decimal.Decimal("1.5"), None, None]),
            "curves": pyarrow.array([[1.0], [], None], pyarrow.large_list(pyarrow.float64())),
        }
    )
    sent = read(ipc_bytes(table))
    assert [str(kind) for kind in sent.schema.types] == [
        "string",
        "string",
        "string",
        "double",
        "double",
        "list<item: double>",
    ]
    assert sent["dictionary"].to_pylist() == ["a", "b", "a"]
    assert sent["big"].to_pylist() == [2**60, None, -1]


def test_a_table_of_many_pieces_travels_as_one():
    piece = pyarrow.table({"x": [1.0, 2.0]})
    sent = read(ipc_bytes(pyarrow.concat_tables([piece] * 3)))
    assert sent["x"].num_chunks == 1
    assert sent["x"].to_pylist() == [1.0, 2.0] * 3


def test_an_empty_table_keeps_its_columns():
    empty = pyarrow.table({"run_id": pyarrow.array([], pyarrow.string())})
    assert read(ipc_bytes(empty)).column_names == ["run_id"]


def test_buffers_are_not_compressed():
    table = pyarrow.table({"x": [0.0] * 10_000})
    assert len(ipc_bytes(table)) > 80_000


@pytest.mark.parametrize(
    ("value", "said"),
    [(math.nan, "NaN"), (math.inf, "Infinity"), (-math.inf, "-Infinity"), (0.5, 0.5), (None, None)],
)
def test_numbers_that_json_lacks_go_as_javascripts_names(value, said):
    assert json.loads(json.dumps(json_number(value), allow_nan=False)) == said
