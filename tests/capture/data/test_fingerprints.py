"""Fingerprints: equal content has one digest, and every change another."""

import datetime
import decimal
import subprocess
import sys

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from nbtrack.capture.data import digest as digest_module
from nbtrack.capture.data import files, fingerprint, is_data, size_of


def digest(value):
    found = fingerprint(value)
    assert found is not None
    assert len(found.digest) == 32, found.note
    return found.digest


NUMBERS = np.arange(12.0).reshape(3, 4)
FRAME = pd.DataFrame({"a": [1, 2, 3], "b": [0.5, 1.5, 2.5], "c": ["x", "y", "ü"]})

SAME = {
    "a copy": (NUMBERS, NUMBERS.copy()),
    "Fortran order": (NUMBERS, np.asfortranarray(NUMBERS)),
    "a view with steps": (NUMBERS[:, ::2], NUMBERS[:, ::2].copy()),
    "big-endian": (NUMBERS, NUMBERS.astype(">f8")),
    "sparse, however it is laid out": (
        scipy.sparse.csr_matrix(NUMBERS),
        scipy.sparse.coo_matrix(NUMBERS),
    ),
    "pandas and polars": (FRAME, pl.DataFrame(FRAME.to_dict("list"))),
    "pandas and Arrow": (FRAME, pa.Table.from_pandas(FRAME)),
    "Arrow in chunks": (
        pa.Table.from_pandas(FRAME),
        pa.concat_tables([pa.Table.from_pandas(FRAME[:1]), pa.Table.from_pandas(FRAME[1:])]),
    ),
    "a category and its values": (
        pa.table({"c": ["x", "y", "x"]}),
        pa.table({"c": pa.array(["x", "y", "x"]).dictionary_encode()}),
    ),
    "an index that counts": (FRAME, FRAME.reset_index(drop=True)),
    "texts with gaps": (pl.DataFrame({"t": ["a", None]}), pa.table({"t": ["a", None]})),
    "pairs": ((NUMBERS, [1.0, 2.0] and NUMBERS[0]), (NUMBERS.copy(), NUMBERS[0].copy())),
}


@pytest.mark.parametrize("name", SAME)
def test_equal_content_has_one_digest(name):
    one, other = SAME[name]
    assert digest(one) == digest(other)


def _with(frame, **changes):
    return frame.assign(**changes)


DIFFERENT = {
    "a value": (NUMBERS, NUMBERS + np.eye(3, 4)),
    "the order of rows": (FRAME, FRAME[::-1].reset_index(drop=True)),
    "the order of columns": (FRAME, FRAME[["b", "a", "c"]]),
    "the name of a column": (FRAME, FRAME.rename(columns={"a": "z"})),
    "the type of a column": (FRAME, FRAME.astype({"a": "int32"})),
    "an index": (FRAME, FRAME.set_axis(["r", "s", "t"])),
    "the shape": (NUMBERS, NUMBERS.reshape(4, 3)),
    "the type": (NUMBERS, NUMBERS.astype("f4")),
    "texts that run together": (pa.table({"t": ["ab", "c"]}), pa.table({"t": ["a", "bc"]})),
    "a gap and an empty text": (pa.table({"t": ["", "a"]}), pa.table({"t": [None, "a"]})),
    "where the gap is": (pa.table({"n": [1, None, 2]}), pa.table({"n": [1, 2, None]})),
    "nested": (pa.table({"l": [[1, 2], [3]]}), pa.table({"l": [[1], [2, 3]]})),
    "a time's zone": (
        pd.DataFrame({"t": pd.to_datetime(["2026-01-01"]).tz_localize("UTC")}),
        pd.DataFrame({"t": pd.to_datetime(["2026-01-01"]).tz_localize("Asia/Tokyo")}),
    ),
    "decimals": (
        pd.DataFrame({"d": [decimal.Decimal("1.10"), decimal.Decimal("2")]}),
        pd.DataFrame({"d": [decimal.Decimal("1.20"), decimal.Decimal("2")]}),
    ),
    "mixed objects": (pd.DataFrame({"o": [1, "1"]}), pd.DataFrame({"o": ["1", "1"]})),
    "a mask": (
        np.ma.masked_array([1.0, 2.0], [True, False]),
        np.ma.masked_array([1.0, 2.0], [False, True]),
    ),
    "structured": (
        np.array([(1, 2.0)] * 2, dtype=[("a", "i4"), ("b", "f8")]),
        np.array([(1, 2.0)] * 2, dtype=[("a", "i4"), ("c", "f8")]),
    ),
    "text arrays": (np.array(["ab", "c"]), np.array(["a", "bc"])),
    "an image's pixel": (Image.new("L", (2, 2), 1), Image.new("L", (2, 2), 2)),
    "dates": (
        pd.DataFrame({"d": [datetime.date(2026, 1, 1)]}),
        pd.DataFrame({"d": [datetime.date(2026, 1, 2)]}),
    ),
    "nullable integers": (
        pd.DataFrame({"n": pd.array([1, None], dtype="Int64")}),
        pd.DataFrame({"n": pd.array([2, None], dtype="Int64")}),
    ),
    "an empty frame's columns": (pd.DataFrame({"a": []}), pd.DataFrame({"b": []})),
    "sparse": (scipy.sparse.eye(3, format="csr"), scipy.sparse.csr_matrix(np.ones((3, 3)))),
    "which is X": ((NUMBERS, NUMBERS * 2), (NUMBERS * 2, NUMBERS)),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_what_differs_has_another_digest(name):
    one, other = DIFFERENT[name]
    assert digest(one) != digest(other)
    assert digest(one) == digest(one)


columns = st.dictionaries(
    st.text(min_size=1, max_size=5, alphabet=st.characters(codec="utf-8", exclude_characters="\0")),
    st.lists(st.integers(-(2**40), 2**40), min_size=4, max_size=4)
    | st.lists(
        st.text(max_size=6, alphabet=st.characters(codec="utf-8", exclude_characters="\0")),
        min_size=4,
        max_size=4,
    )
    | st.lists(st.floats(allow_nan=False), min_size=4, max_size=4)
    | st.lists(st.booleans(), min_size=4, max_size=4),
    min_size=1,
    max_size=4,
)


@settings(deadline=None, max_examples=60)
@given(columns)
def test_one_table_has_one_digest_in_every_library(table):
    arrow = pa.table(table)
    assert digest(pd.DataFrame(table)) == digest(arrow) == digest(pl.DataFrame(table))


def test_digests_are_the_same_in_every_process_and_release():
    golden = {
        "numbers": (NUMBERS, "50e15dc5dcea"),
        "frame": (FRAME, "771a97ad6266"),
        "texts": (np.array(["ab", "ü"]), "970d953380b5"),
        "flags": (np.array([True, False]), "e9d1ec6ce9a5"),
    }
    assert {name: digest(value)[:12] for name, (value, _) in golden.items()} == {
        name: expected for name, (_, expected) in golden.items()
    }


def test_a_file_is_its_content(tmp_path):
    (tmp_path / "a.csv").write_text("1,2\n")
    (tmp_path / "b.csv").write_text("1,2\n")
    (tmp_path / "c.csv").write_text("1,3\n")
    one, same, other = (digest(tmp_path / name) for name in ("a.csv", "b.csv", "c.csv"))
    assert one == same == digest(str(tmp_path / "a.csv"))
    assert one != other


def test_a_folder_is_its_files(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name / "deep").mkdir(parents=True)
        (tmp_path / name / "deep" / "x.bin").write_bytes(b"123")
    assert digest(tmp_path / "one") == digest(tmp_path / "two")
    (tmp_path / "two" / "y.bin").write_bytes(b"")
    assert digest(tmp_path / "one") != digest(tmp_path / "two")


def test_what_is_too_large_is_sampled_and_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(digest_module, "MAX_BYTES", 1000)
    monkeypatch.setattr(digest_module, "_BLOCK_BYTES", 8)
    found = fingerprint(np.arange(10_000))
    assert found.is_sampled
    assert "sampled" in found.note
    assert found.digest == fingerprint(np.arange(10_000)).digest
    changed = np.arange(10_000)
    changed[-1] = 0
    assert fingerprint(changed).digest != found.digest
    monkeypatch.setattr(files, "MAX_FILE_BYTES", 64)
    monkeypatch.setattr(files, "_CHUNK_BYTES", 8)
    (tmp_path / "large.bin").write_bytes(bytes(1000))
    assert fingerprint(tmp_path / "large.bin").is_sampled


def test_what_cannot_be_read_says_why():
    lazy = fingerprint(pl.LazyFrame({"a": [1]}))
    assert lazy.is_sampled
    relation = fingerprint(duckdb.sql("SELECT 1 AS a"))
    assert relation.is_sampled
    assert "a" in relation.schema
    address = fingerprint("s3://bucket/train.parquet")
    assert address.digest == ""
    assert "another machine" in address.note


class _Hostile(np.ndarray):
    @property
    def shape(self):
        raise RuntimeError("no")

    def __len__(self):
        raise RuntimeError("no")


class _Liar:
    @property
    def __class__(self):
        raise RuntimeError("no")


def test_hostile_objects_do_no_harm():
    array = np.arange(4).view(_Hostile)
    assert fingerprint(array).digest == ""
    for value in (_Liar(), object(), lambda: None, type, ...):
        assert fingerprint(value) is None
        assert not is_data(value)


@pytest.mark.parametrize(
    "value", [1, 0.5, "adam", None, True, (1, 2), [1, 2], {"lr": 1}, np.float64(1)]
)
def test_settings_are_no_data(value):
    assert not is_data(value)


def test_sizes_are_known_without_reading():
    assert size_of(NUMBERS) == 96
    assert size_of((NUMBERS, NUMBERS)) == 192
    assert size_of(FRAME) > 0
    assert size_of("adam") is None


def test_asking_imports_nothing():
    code = """
import sys
from nbtrack.capture.data import fingerprint, is_data
assert not is_data(3) and not is_data("x") and fingerprint(object()) is None
loaded = {"numpy", "pandas", "polars", "pyarrow", "torch", "xxhash"} & set(sys.modules)
assert loaded <= {"xxhash"}, loaded
"""
    subprocess.run([sys.executable, "-c", code], check=True)
