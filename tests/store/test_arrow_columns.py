"""Columns of Arrow: as pyarrow itself makes them, and without pandas."""

import datetime

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from using_store import finished

from nbtrack.store import arrow_columns
from nbtrack.store.arrow_columns import arrow_column, numpy_values

INTS = st.integers(-(2**63), 2**63 - 1)
VALUES = {
    pa.string(): st.text(st.characters(exclude_categories=["Cs"])),
    pa.bool_(): st.booleans(),
    pa.int64(): INTS,
    pa.int32(): st.integers(-(2**31), 2**31 - 1),
    pa.float64(): st.floats(),
    pa.timestamp("us"): INTS,
}
ARRAYS = {"f8": st.floats(), "i8": INTS, "i4": st.integers(-(2**31), 2**31 - 1), "?": st.booleans()}


def same(column, expected):
    column.validate(full=True)
    assert (column.type, column.null_count) == (expected.type, expected.null_count)
    # As text: NaN is not equal to itself.
    assert repr(column.to_pylist()) == repr(expected.to_pylist())


@pytest.mark.parametrize("type_", VALUES, ids=str)
@given(data=st.data())
def test_a_list_becomes_what_pyarrow_makes_of_it(type_, data):
    values = data.draw(st.lists(st.none() | VALUES[type_], max_size=40))
    if pa.types.is_timestamp(type_):
        column, expected = arrow_column(values, type_), pa.array(values, type_)
        assert column.view(pa.int64()).equals(expected.view(pa.int64()))
        return
    same(arrow_column(values, type_), pa.array(values, type_))
    same(arrow_column(tuple(values), type_), pa.array(values, type_))


@pytest.mark.parametrize("dtype", ARRAYS)
@given(data=st.data())
def test_a_masked_array_becomes_what_pyarrow_makes_of_it(dtype, data):
    values = np.array(data.draw(st.lists(ARRAYS[dtype], max_size=40)), dtype)
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=len(values), max_size=len(values))))
    mask = mask.astype(bool)
    same(arrow_column(values), pa.array(values))
    same(arrow_column(np.ma.array(values, mask=mask)), pa.array(values, mask=mask))
    # A field of records is no contiguous array.
    records = np.zeros(len(values), [("other", "u1"), ("value", dtype)])
    records["value"] = values
    same(arrow_column(records["value"]), pa.array(values))


def test_what_lies_askew_is_aligned():
    record = np.frombuffer(bytes(range(40)), [("value", "f8"), ("key", "u1")], 1, offset=3)
    column = arrow_column(record["value"])
    assert not record["value"].flags.aligned
    assert column.buffers()[1].address % 8 == 0
    assert column.to_pylist() == record["value"].tolist()


def test_texts_and_times_of_numpy():
    texts = np.ma.array(["a", None, "ü"], mask=[False, True, False], dtype=object)
    same(arrow_column(texts, pa.string()), pa.array(["a", None, "ü"]))
    moment = datetime.datetime(2026, 11, 26, 4, 5, 6, 789)
    for unit in ("us", "ns"):
        times = np.ma.array([moment, moment], f"M8[{unit}]", mask=[False, True])
        same(arrow_column(times, pa.timestamp("us")), pa.array([moment, None]))


def test_texts_that_are_too_large_for_short_offsets_have_long_ones(monkeypatch):
    monkeypatch.setattr(arrow_columns, "_INT32_MAX", 5)
    for texts in (["abc", None, "def"], ["ü", "", "üü"]):
        same(arrow_column(texts, pa.string()), pa.array(texts, pa.large_string()))
    same(arrow_column(["abc", "de"], pa.string()), pa.array(["abc", "de"]))


def test_numbers_come_back_as_they_are():
    column = arrow_column([3, 1, 2], pa.int64())
    assert numpy_values(column).tolist() == [3, 1, 2]
    assert numpy_values(column.slice(1)).tolist() == [1, 2]


def test_what_a_type_does_not_hold_is_refused():
    with pytest.raises(UnicodeEncodeError):
        arrow_column(["\ud800"], pa.string())
    with pytest.raises(OverflowError):
        arrow_column([2**63], pa.int64())
    with pytest.raises(OverflowError):
        arrow_column([2**63], pa.timestamp("us"))
    with pytest.raises(OverflowError):
        arrow_column([2**31], pa.int32())


@pytest.mark.skipif(
    duckdb.__version__.startswith("1."), reason="DuckDB 1 asks pyarrow.dataset, which does"
)
def test_logging_and_asking_import_no_pandas(program):
    found = finished(
        program("""
        run = start("r")
        writer = store.writer()
        writer.frame((writer.open_series(run, "m"),))((1.0,), 0)
        end(run)
        from nbtrack.store import RunQuery, run_frame
        assert store.query("SELECT value FROM metrics")["value"].to_pylist() == [1.0]
        assert run_frame(store, RunQuery())["metrics.m"].to_pylist() == [1.0]
        print("pandas" in sys.modules)
        """)
    )
    assert found == "False\n"
