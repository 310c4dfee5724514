"""Fingerprints of tables: the same columns have one digest in pandas, polars and Arrow."""

import datetime
import decimal
import zoneinfo

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbtrack.capture.data import fingerprint
from tests.capture.data.digests import digest

FRAME = pd.DataFrame({"a": [1, 2, 3], "b": [0.5, 1.5, 2.5], "c": ["x", "y", "ü"]})
MOMENT = datetime.datetime(2026, 3, 29, 2, 30, 0, 123456)
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")


def _one(*values, **how):
    return pa.table({"v": pa.array(values, **how)})


SAME = {
    "pandas and polars": (FRAME, pl.DataFrame(FRAME.to_dict("list"))),
    "pandas and Arrow": (FRAME, pa.Table.from_pandas(FRAME)),
    "a table and a batch": (_one(1, 2), _one(1, 2).to_batches()[0]),
    "chunks": (
        pa.Table.from_pandas(FRAME),
        pa.concat_tables([pa.Table.from_pandas(FRAME[:1]), pa.Table.from_pandas(FRAME[1:])]),
    ),
    "a part of a larger table": (_one("b", "c"), _one("a", "b", "c", "d").slice(1, 2)),
    "flags that begin amid a byte": (_one(True, False), _one(False, True, False).slice(1)),
    "categories and their values in Arrow": (
        _one("x", "y", "x"),
        pa.table({"v": pa.array(["x", "y", "x"]).dictionary_encode()}),
    ),
    "categories and their values in pandas": (
        pd.DataFrame({"v": ["x", None, "y"]}),
        pd.DataFrame({"v": pd.Categorical(["x", None, "y"], ["z", "y", "x"], ordered=True)}),
    ),
    "categories and their values in polars": (
        pl.DataFrame({"v": ["x", None, "y"]}),
        pl.DataFrame({"v": ["x", None, "y"]}, schema={"v": pl.Enum(["y", "x"])}),
    ),
    "an index that counts": (FRAME, FRAME.set_axis([0, 1, 2])),
    "an index that counts after a filter": (FRAME, FRAME[FRAME["a"] > 0]),
    "texts as objects": (FRAME, FRAME.astype({"c": object})),
    "texts with gaps": (pl.DataFrame({"v": ["a", None]}), _one("a", None)),
    "texts of another type": (_one("a", None), _one("a", None, type=pa.large_string())),
    "numbers with gaps": (
        pd.DataFrame({"v": pd.array([1, None], dtype="Int64")}),
        pl.DataFrame({"v": [1, None]}),
    ),
    "nullable numbers without gaps": (
        pd.DataFrame({"v": pd.array([1, 2], dtype="Int64")}),
        pd.DataFrame({"v": [1, 2]}),
    ),
    "what a gap hides": (
        pa.table(
            {
                "v": pa.Array.from_buffers(
                    pa.int64(),
                    2,
                    [pa.py_buffer(b"\x01"), pa.py_buffer(np.array([1, 2]))],
                    null_count=1,
                )
            }
        ),
        _one(1, None),
    ),
    "times": (
        pd.DataFrame({"v": [MOMENT, None]}).astype("M8[us]"),
        pl.DataFrame({"v": [MOMENT, None]}),
    ),
    "times with a zone": (
        pd.DataFrame({"v": pd.to_datetime([MOMENT]).tz_localize("UTC").as_unit("us")}),
        pl.DataFrame({"v": [MOMENT]}).with_columns(pl.col("v").dt.replace_time_zone("UTC")),
    ),
    "spans of time": (
        pd.DataFrame({"v": pd.to_timedelta([5, None], unit="s").as_unit("us")}),
        pl.DataFrame({"v": [datetime.timedelta(seconds=5), None]}),
    ),
    "dates": (
        pd.DataFrame({"v": [datetime.date(2026, 1, 1), None]}),
        pl.DataFrame({"v": [datetime.date(2026, 1, 1), None]}),
    ),
    "decimals": (
        pd.DataFrame({"v": [decimal.Decimal("1.10"), None]}),
        pl.DataFrame({"v": [decimal.Decimal("1.10"), None]}, schema={"v": pl.Decimal(30, 2)}),
    ),
    "lists": (pd.DataFrame({"v": [[1, 2], [], None]}), pl.DataFrame({"v": [[1, 2], [], None]})),
    "lists of arrays": (pd.DataFrame({"v": [np.arange(2), np.arange(3)]}), _one([0, 1], [0, 1, 2])),
    "records": (pl.DataFrame({"v": [{"a": 1, "b": "x"}]}), _one({"a": 1, "b": "x"})),
    "nothing but gaps": (pd.DataFrame({"v": [None, None]}), pl.DataFrame({"v": [None, None]})),
    "no rows": (pl.DataFrame({"v": ["x"]}).clear(), _one("x").slice(1)),
    "no columns": (pd.DataFrame(), pl.DataFrame()),
    "a series and its table": (pd.Series([1, 2], name="v"), pd.DataFrame({"v": [1, 2]})),
    "series": (pd.Series([1, 2], name="v"), pl.Series("v", [1, 2])),
    "objects": (pd.DataFrame({"v": [1, "1", {2}]}).head(2), pd.DataFrame({"v": [1, "1"]})),
}


@pytest.mark.parametrize("name", SAME)
def test_the_same_table_has_one_digest(name):
    one, other = SAME[name]
    assert digest(one) == digest(other)


def _zoned(name):
    return pd.DataFrame({"v": pd.to_datetime(["2026-01-01"]).tz_localize("UTC").tz_convert(name)})


DIFFERENT = {
    "a value": (FRAME, FRAME.assign(b=[0.5, 1.5, 2.6])),
    "a text": (FRAME, FRAME.assign(c=["x", "y", "u"])),
    "the order of rows": (FRAME, FRAME[::-1].reset_index(drop=True)),
    "the order of columns": (FRAME, FRAME[["b", "a", "c"]]),
    "the name of a column": (FRAME, FRAME.rename(columns={"a": "z"})),
    "the type of a column": (FRAME, FRAME.astype({"a": "int32"})),
    "an index": (FRAME, FRAME.set_axis(["r", "s", "t"])),
    "the order of an index": (FRAME, FRAME[::-1]),
    "where an index begins": (FRAME, FRAME.set_axis(range(1, 4))),
    "the name of an index": (
        FRAME.set_index("c"),
        FRAME.set_index("c").rename_axis("k"),
    ),
    "an index and a column": (FRAME.set_index("a"), FRAME),
    "levels of an index": (FRAME.set_index(["a", "b"]), FRAME.set_index(["b", "a"])),
    "texts that run together": (_one("ab", "c"), _one("a", "bc")),
    "a gap and an empty text": (_one("", "a"), _one(None, "a")),
    "where the gap is": (_one(1, None, 2), _one(1, 2, None)),
    "a gap and a zero": (_one(1, 0), _one(1, None)),
    "a gap and NaN": (_one(1.0, None), _one(1.0, float("nan"))),
    "a number beside a gap": (
        pd.DataFrame({"v": pd.array([1, None], dtype="Int64")}),
        pd.DataFrame({"v": pd.array([2, None], dtype="Int64")}),
    ),
    "lists": (_one([1, 2], [3]), _one([1], [2, 3])),
    "an empty list and none": (_one([1], []), _one([1], None)),
    "a field of a record": (_one({"a": 1}), _one({"b": 1})),
    "a value of a record": (_one({"a": 1}), _one({"a": None})),
    "a key of a map": (
        _one([("a", 1)], type=pa.map_(pa.string(), pa.int64())),
        _one([("b", 1)], type=pa.map_(pa.string(), pa.int64())),
    ),
    "a zone": (_zoned("UTC"), _zoned("Asia/Tokyo")),
    "a zone and none": (_zoned("UTC"), _zoned(None)),
    "decimals": (_one(decimal.Decimal("1.10")), _one(decimal.Decimal("1.20"))),
    "dates": (_one(datetime.date(2026, 1, 1)), _one(datetime.date(2026, 1, 2))),
    "times of day": (_one(datetime.time(1, 2)), _one(datetime.time(1, 3))),
    "periods": (
        pd.DataFrame({"v": pd.period_range("2026-01", periods=2, freq="M")}),
        pd.DataFrame({"v": pd.period_range("2026-02", periods=2, freq="M")}),
    ),
    "intervals": (
        pd.DataFrame({"v": pd.interval_range(0, 2)}),
        pd.DataFrame({"v": pd.interval_range(1, 3)}),
    ),
    "the kind of an object": (
        pd.DataFrame({"v": [1, "1"]}, dtype=object),
        pd.DataFrame({"v": ["1", "1"]}, dtype=object),
    ),
    "a column of none": (pd.DataFrame({"a": []}), pd.DataFrame({"b": []})),
    "how many rows there are without columns": (
        pd.DataFrame(index=range(2)),
        pd.DataFrame(index=range(3)),
    ),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_another_table_has_another_digest(name):
    one, other = DIFFERENT[name]
    assert digest(one) != digest(other)
    assert digest(one) == digest(one)


ROWS = 4
TEXTS = st.text(max_size=6, alphabet=st.characters(codec="utf-8"))
# Polars calls what comes without a name column_0.
NAMES = TEXTS.filter(len)
WHOLE = st.integers(-(2**63), 2**63 - 1)
MOMENTS = st.datetimes(datetime.datetime(1700, 1, 1), datetime.datetime(2200, 1, 1))


def _column(values):
    return st.lists(values, min_size=ROWS, max_size=ROWS)


@settings(max_examples=100)
@given(
    st.dictionaries(
        TEXTS,
        st.one_of(map(_column, (WHOLE, TEXTS, st.floats(allow_nan=False), st.booleans()))),
        min_size=1,
        max_size=4,
    )
)
def test_one_table_has_one_digest_in_every_library(table):
    assert digest(pd.DataFrame(table)) == digest(pa.table(table)) == digest(pl.DataFrame(table))


@settings(max_examples=100)
@given(
    st.dictionaries(
        NAMES,
        st.one_of(
            _column(st.none() | values)
            for values in (
                *(WHOLE, TEXTS, st.floats(), st.booleans(), MOMENTS, st.dates()),
                *(st.binary(max_size=4), st.lists(st.none() | WHOLE, max_size=3)),
            )
        ),
        min_size=1,
        max_size=4,
    ),
    st.integers(0, ROWS),
)
def test_gaps_and_chunks_make_no_difference_between_libraries(table, cut):
    arrow = pa.table(table)
    expected = digest(arrow)
    assert digest(pl.from_arrow(arrow)) == expected
    assert digest(arrow.to_pandas(types_mapper=pd.ArrowDtype)) == expected
    assert digest(pa.concat_tables([arrow.slice(0, cut), arrow.slice(cut)])) == expected


def test_what_polars_makes_of_chunks_makes_no_difference():
    whole = pl.DataFrame({"n": range(10), "t": list("abcdefghij")})
    assert digest(pl.concat([whole[:3], whole[3:]], rechunk=False)) == digest(whole)


def test_long_columns_of_objects_are_read_piece_by_piece():
    texts = pd.DataFrame(
        {"t": [None] * 40_000 + [f"text {n}" for n in range(40_000)]}, dtype=object
    )
    assert digest(texts) == digest(pl.DataFrame({"t": texts["t"].tolist()}))
    mixed = pd.DataFrame({"n": [1] * 40_000 + [0.5] * 40_000}, dtype=object)
    assert digest(mixed) == digest(pd.DataFrame({"n": [1.0] * 40_000 + [0.5] * 40_000}))


def test_a_large_table_is_sampled_by_its_rows():
    rows = 100_000
    table = pa.table({"n": np.arange(rows), "t": [f"{n:07}" for n in range(rows)]})
    budget = table.nbytes // 10
    found = fingerprint(table, budget_bytes=budget)
    assert found.is_sampled
    assert found.digest == digest(pa.concat_tables([table[:7], table[7:]]), budget_bytes=budget)
    for changed in (
        pa.concat_tables([table[:-1], table[:1]]),
        pa.concat_tables([table[-1:], table[1:]]),
        table[:-1],
        table.rename_columns(["n", "s"]),
    ):
        assert digest(changed, budget_bytes=budget) != found.digest


def test_a_table_tells_its_columns():
    found = fingerprint(FRAME[["a", "b"]])
    assert (found.kind, found.shape) == ("pandas.DataFrame", (3, 2))
    assert found.schema == '{"a": "int64", "b": "float64"}'
    assert found.size_bytes > 0
    assert not found.is_sampled


def test_columns_of_one_name_and_of_no_text_are_told_apart():
    frame = pd.DataFrame([[1, 2], [3, 4]])
    assert digest(frame.set_axis(["a", "a"], axis=1)) != digest(
        frame[[1, 0]].set_axis(["a", "a"], axis=1)
    )
    assert digest(frame) == digest(frame.set_axis(["0", "1"], axis=1))


def test_objects_of_an_unknown_class_are_not_read():
    class Mine:
        pass

    found = fingerprint(pd.DataFrame({"v": [Mine(), 1]}))
    assert found.digest == ""
    assert "Mine" in found.note


def test_a_query_is_its_text_and_its_types():
    relation = fingerprint(duckdb.sql("SELECT 1 AS a"))
    assert relation.is_sampled
    assert relation.note == "its query, not its rows"
    assert relation.schema == '{"a": "INTEGER"}'
    assert relation.digest == digest(duckdb.sql("SELECT 1 AS a"))
    assert relation.digest != digest(duckdb.sql("SELECT 2 AS a"))


def test_a_plan_of_polars_is_not_run():
    found = fingerprint(pl.LazyFrame({"a": [1]}))
    assert (found.kind, found.digest) == ("polars.LazyFrame", "")
    assert found.note.startswith("not read")
