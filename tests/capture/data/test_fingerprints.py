"""Fingerprints: equal content has one digest, and every change another."""

import datetime
import decimal
import subprocess
import sys
import threading

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse
import sklearn.datasets
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from nbtrack.capture.data import fingerprint, is_data, size_of
from tests.capture.data.digests import digest

NUMBERS = np.arange(12.0).reshape(3, 4)
PAIRS = np.array([(1, 2.0), (3, 4.0)], dtype=[("a", "i1"), ("b", "f8")])
DAYS = np.array(["2026-01-01", "NaT"], dtype="datetime64[D]")
OTHER_NAN = np.array([0xFFF8000000000001], dtype="u8").view("f8")


def _padded(filling):
    """The pairs, with something left over between their fields."""
    raw = np.full(2, filling, dtype="V16")
    padded = raw.view(np.dtype({"names": ["a", "b"], "formats": ["i1", "f8"], "offsets": [0, 8]}))
    for name in ("a", "b"):
        padded[name] = PAIRS[name]
    return padded


def _unordered():
    """A sparse matrix with a place told twice, one told as zero, and its rows in no order."""
    return scipy.sparse.coo_matrix(([3.0, 1.0, 1.0, 0.0], ([1, 0, 0, 2], [2, 1, 1, 2])), (3, 3))


SAME = {
    "a copy": (NUMBERS, NUMBERS.copy()),
    "Fortran order": (NUMBERS, np.asfortranarray(NUMBERS)),
    "a large matrix in Fortran order": (
        np.arange(600_000).reshape(600, 1000),
        np.asfortranarray(np.arange(600_000).reshape(600, 1000)),
    ),
    "axes in another order": (
        np.arange(24).reshape(2, 3, 4).transpose(2, 0, 1),
        np.arange(24).reshape(2, 3, 4).transpose(2, 0, 1).copy(),
    ),
    "a view with steps": (NUMBERS[:, ::2], NUMBERS[:, ::2].copy()),
    "backwards": (NUMBERS[::-1], NUMBERS[::-1].copy()),
    "big-endian": (NUMBERS, NUMBERS.astype(">f8")),
    "big-endian times": (DAYS, DAYS.astype(">M8[D]")),
    "NaN however it came about": (np.array([1.0, np.nan]), np.append(1.0, OTHER_NAN)),
    "complex NaN": (np.array([np.nan + 1j]), np.array([OTHER_NAN[0] + 1j])),
    "a subclass": (NUMBERS, NUMBERS.view(type("Mine", (np.ndarray,), {}))),
    "nothing masked": (NUMBERS, np.ma.masked_array(NUMBERS)),
    "what a mask hides": (
        np.ma.masked_array([1.0, 2.0], [True, False]),
        np.ma.masked_array([9.0, 2.0], [True, False]),
    ),
    "what lies between fields": (_padded(b"x" * 16), _padded(b"y" * 16)),
    "texts in a wider array": (np.array(["ab", "ü"]), np.array(["ab", "ü"], dtype="U20")),
    "objects": (np.array([1, "a", None], object), np.array([1, "a", None], object)),
    "sparse, however it is laid out": (
        scipy.sparse.csr_matrix(NUMBERS),
        scipy.sparse.coo_matrix(NUMBERS),
    ),
    "sparse, however it was filled": (
        _unordered(),
        scipy.sparse.csc_array([[0, 2.0, 0], [0, 0, 3.0], [0, 0, 0]]),
    ),
    "pairs": ((NUMBERS, NUMBERS[0]), (NUMBERS.copy(), NUMBERS[0].copy())),
    "parts in parts": (
        {"train": (NUMBERS, NUMBERS[0]), "test": (NUMBERS, NUMBERS[1])},
        {"train": (NUMBERS.copy(), NUMBERS[0]), "test": (NUMBERS, NUMBERS[1])},
    ),
    "a bunch": (sklearn.datasets.load_iris(), sklearn.datasets.load_iris()),
    "an image": (Image.new("RGB", (2, 3), 7), Image.new("RGB", (2, 3), 7)),
}


@pytest.mark.parametrize("name", SAME)
def test_equal_content_has_one_digest(name):
    one, other = SAME[name]
    assert digest(one) == digest(other)


DIFFERENT = {
    "a value": (NUMBERS, NUMBERS + np.eye(3, 4)),
    "the order": (NUMBERS, NUMBERS[::-1]),
    "the shape": (NUMBERS, NUMBERS.reshape(4, 3)),
    "one more axis": (NUMBERS, NUMBERS[None]),
    "a shape of nothing": (np.empty((0, 3)), np.empty((3, 0))),
    "the type": (NUMBERS, NUMBERS.astype("f4")),
    "the type of the same bytes": (np.arange(3), np.arange(3).astype("u8")),
    "a unit of time": (np.zeros(2, "M8[s]"), np.zeros(2, "M8[ms]")),
    "the sign of zero": (np.array([0.0, 1.0]), np.array([-0.0, 1.0])),
    "a value among NaN": (np.array([1.0, np.nan]), np.array([2.0, np.nan])),
    "a mask": (
        np.ma.masked_array([1.0, 2.0], [True, False]),
        np.ma.masked_array([1.0, 2.0], [False, True]),
    ),
    "the name of a field": (PAIRS, PAIRS.astype([("a", "i1"), ("c", "f8")])),
    "the last digits of a long float": (
        np.array([1, 2], np.longdouble),
        np.array([1, 2], np.longdouble) + 2 * np.finfo(np.longdouble).eps,
    ),
    "texts that run together": (np.array(["ab", "c"]), np.array(["a", "bc"])),
    "bytes and texts": (np.array([b"ab"]), np.array(["ab"])),
    "the kind of an object": (np.array([1, "a"], object), np.array(["1", "a"], object)),
    "an object deep inside": (
        np.array([[1, [2, {"a": 3}]], None], object),
        np.array([[1, [2, {"a": 4}]], None], object),
    ),
    "a long array in an object": (
        np.array([None, np.zeros(5000)], object),
        np.array([None, np.append(np.zeros(4999), 1)], object),
    ),
    "an image's pixel": (Image.new("L", (2, 2), 1), Image.new("L", (2, 2), 2)),
    "an image's size": (Image.new("L", (2, 3), 1), Image.new("L", (3, 2), 1)),
    "sparse": (scipy.sparse.eye(3, format="csr"), scipy.sparse.csr_matrix(np.ones((3, 3)))),
    "a place": (_unordered(), _unordered().T),
    "which is X": ((NUMBERS, NUMBERS * 2), (NUMBERS * 2, NUMBERS)),
    "a name of a part": ({"X": NUMBERS}, {"Y": NUMBERS}),
    "where a part ends": (([NUMBERS, NUMBERS], [NUMBERS]), ([NUMBERS], [NUMBERS, NUMBERS])),
    "a bunch": (sklearn.datasets.load_iris(), sklearn.datasets.load_wine()),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_what_differs_has_another_digest(name):
    one, other = DIFFERENT[name]
    assert digest(one) != digest(other)
    assert digest(one) == digest(one)


@settings(max_examples=100)
@given(
    hnp.arrays(
        st.sampled_from(["?", "i1", "u2", "i8", "f2", "f4", "f8", "c8", "M8[us]", "m8[D]"]),
        hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=6),
    ),
    st.data(),
)
def test_layout_makes_no_difference(array, data):
    axes = data.draw(st.permutations(range(array.ndim)))
    laid_out = array.transpose(axes).copy().transpose(np.argsort(axes)) if axes else array.copy()
    assert digest(laid_out) == digest(array)
    assert digest(array.astype(array.dtype.newbyteorder(">"))) == digest(array)


GOLDEN = {
    "numbers": (NUMBERS, "647b19eb79e67754b79fb1ccd3a301dc"),
    "a single number": (np.array(0.5), "82a684a9abb2081c2ff5f90af4bdf639"),
    "nothing": (np.empty((0, 3), "f4"), "90b5561ed3f2b22e2715b5a12601e242"),
    "halves": (np.array([1.5, np.nan], "f2"), "725b435d7413a06958227d1f35c64c02"),
    "flags": (np.array([True, False]), "65c9df03d26336d4d59906b4cd8bc1b6"),
    "times": (DAYS, "16062408237a798d298789baa7c7e940"),
    "fields": (PAIRS, "54bbcd648d2dacbc91b07518a07dfd24"),
    "masked": (np.ma.masked_array([1, 2], [True, False]), "3bbb9eed57a304c10f3960b7968549ff"),
    "texts": (np.array(["ab", "ü"]), "6243943160c5e3f5ad6f19d392c37690"),
    "bytes": (np.array([b"ab", b""]), "a681660a43e82787513060f84ffd5f91"),
    "objects": (
        np.array([1, 0.5, "a", None, (2, [3]), decimal.Decimal("1.0"), b"x", True], object),
        "88fb403afe257be7e694db483da44b60",
    ),
    "sparse": (_unordered(), "18133f15b696b17bd831cc8717cf46bb"),
    "image": (Image.new("RGB", (2, 3), (1, 2, 3)), "fa2aa6a0f1043a5dcf13b83c79ff383f"),
    "parts": ({"X": NUMBERS, "y": np.arange(3, dtype="i8")}, "269d5019698c12aca237728648a8ca8f"),
    "table": (
        pd.DataFrame({"a": np.arange(3, dtype="i8"), "b": [0.5, np.nan, 2], "c": ["x", "", "ü"]}),
        "9680f0a8fcd68f499f4aa45f683e9c7c",
    ),
    "index": (
        pd.DataFrame({"a": [1.0, 2.0]}, index=pd.Index(["r", "s"], name="k")),
        "6dd7976d3992eb2531e0ce1546571eab",
    ),
    "categories": (
        pd.DataFrame({"k": pd.Categorical(["x", "y", None, "x"])}),
        "386fc5111bd4029d057e8f9eab99544c",
    ),
    "zone": (
        pd.DataFrame({"t": pd.to_datetime(["2026-01-01"]).tz_localize("UTC").as_unit("us")}),
        "60b8ad2e059bf7aeed1734f517d64133",
    ),
    "decimals": (
        pa.table({"d": pa.array([decimal.Decimal("1.10"), None])}),
        "020b9b6c559b2aaad0f122217e20d764",
    ),
    "dates": (
        pa.table({"d": [datetime.date(2026, 1, 2), None]}),
        "3209df79ff4c37d57583c9d33af068ee",
    ),
    "nested": (
        pa.table({"l": [[1, 2], None, []], "s": [{"a": 1}, {"a": None}, None]}),
        "1834234ca437b7f97ddc248fd69ee03b",
    ),
    "gaps": (
        pl.DataFrame({"n": [1, None, 3], "t": ["a", None, "c"]}),
        "ed0d81ca26e30c5469c011a18dd5be52",
    ),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_digests_stay_what_they_are_in_every_process_and_release(name):
    value, expected = GOLDEN[name]
    assert digest(value) == expected


LARGE = np.arange(1_000_000.0)
BUDGET = 400_000


@pytest.mark.parametrize("place", [0, 999_999])
def test_beyond_the_budget_the_first_and_the_last_still_count(place):
    found = fingerprint(LARGE, budget_bytes=BUDGET)
    assert found.is_sampled
    assert found.note == "sampled: 1 in 20, in even stretches with the first and the last"
    assert found.size_bytes == LARGE.nbytes
    changed = LARGE.copy()
    changed[place] = -1
    assert digest(changed, budget_bytes=BUDGET) != found.digest


def test_a_sample_hangs_on_places_and_on_shape():
    sampled = digest(LARGE, budget_bytes=BUDGET)
    assert digest(LARGE.copy(), budget_bytes=BUDGET) == sampled
    assert digest(np.roll(LARGE, 1), budget_bytes=BUDGET) != sampled
    assert digest(LARGE[:-1], budget_bytes=BUDGET) != sampled
    assert digest(LARGE.reshape(1000, 1000), budget_bytes=BUDGET) != sampled


def test_a_sample_is_the_same_in_every_layout():
    matrix = LARGE.reshape(1000, 1000)
    sampled = digest(matrix, budget_bytes=BUDGET)
    assert digest(np.asfortranarray(matrix), budget_bytes=BUDGET) == sampled
    assert digest(matrix.astype(">f8"), budget_bytes=BUDGET) == sampled


def test_what_fits_into_the_budget_is_read_whole():
    found = fingerprint(LARGE, budget_bytes=LARGE.nbytes)
    assert not found.is_sampled
    assert found.note == ""


def test_a_gigabyte_of_numbers_is_within_the_budget():
    assert not fingerprint(np.broadcast_to(np.float32(1), (1 << 28,))).is_sampled


def test_a_part_that_was_sampled_marks_the_whole():
    pair = fingerprint((LARGE, LARGE[:10]), budget_bytes=BUDGET)
    assert pair.is_sampled
    lazy = fingerprint((NUMBERS, duckdb.sql("SELECT 1 AS a")))
    assert lazy.is_sampled
    assert lazy.note == "1: its query, not its rows"


def test_a_memory_map_knows_its_file(tmp_path):
    np.save(tmp_path / "x.npy", NUMBERS)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    found = fingerprint(mapped)
    assert found.source == str(tmp_path / "x.npy")
    assert found.digest == digest(NUMBERS)


def test_an_opened_image_knows_its_file(tmp_path):
    Image.new("P", (2, 2), 3).save(tmp_path / "x.png")
    with Image.open(tmp_path / "x.png") as image:
        assert fingerprint(image).source == str(tmp_path / "x.png")


def test_a_schema_stays_short():
    wide = pd.DataFrame(np.zeros((1, 5000)))
    found = fingerprint(wide)
    assert found.shape == (1, 5000)
    assert len(found.schema) < 10_000
    assert "more" in found.schema


class _Hostile(np.ndarray):
    @property
    def shape(self):
        raise RuntimeError("no")

    def __len__(self):
        raise RuntimeError("no")

    def __array_finalize__(self, whole):
        pass


class _HostileFrame(pd.DataFrame):
    @property
    def dtypes(self):
        raise RuntimeError("no")


class _Liar:
    @property
    def __class__(self):
        raise RuntimeError("no")

    def __eq__(self, other):
        raise RuntimeError("no")

    def __fspath__(self):
        raise RuntimeError("no")

    def __getattr__(self, name):
        raise RuntimeError("no")


def test_hostile_objects_do_no_harm():
    assert digest(np.arange(4).view(_Hostile)) == digest(np.arange(4))
    for value in (_HostileFrame({"a": [1]}), _Liar(), object(), lambda: None, type, ...):
        assert fingerprint(value) is None or fingerprint(value).digest == ""
        assert not is_data(value)
        assert size_of(value) is None
    objects = np.empty(2, object)
    objects[0] = _Liar()
    holding = fingerprint(objects)
    assert holding.digest == ""
    assert "_Liar" in holding.note


def test_what_holds_itself_is_no_data():
    endless = []
    endless.append(endless)
    assert fingerprint(endless) is None


def test_content_may_change_while_it_is_read():
    array = np.zeros(200_000)
    frame = pd.DataFrame({"a": np.zeros(200_000), "t": ["x"] * 200_000})
    parts = {"a": array}
    is_over = threading.Event()

    def change():
        turn = 0
        while not is_over.is_set():
            turn += 1
            array[turn % 1000] = turn
            frame.loc[turn % 1000, "t"] = "y" * (turn % 7)
            frame[f"c{turn % 5}"] = turn
            parts[str(turn % 50)] = array

    changing = threading.Thread(target=change)
    changing.start()
    try:
        seen = [fingerprint(value) for value in (array, frame, parts) * 10]
    finally:
        is_over.set()
        changing.join()
    assert all(each.digest or each.note for each in seen)


@pytest.mark.parametrize(
    "value",
    [
        *(1, 0.5, "adam", None, True, (1, 2), [1, 2], {"lr": 1}, (), {}, b"ab"),
        *(np.float64(1), np.array(1.0), np.array([1.0]), {"X": NUMBERS, "lr": 1}),
    ],
)
def test_settings_are_no_data(value):
    assert not is_data(value)


def test_sizes_are_known_without_reading():
    assert size_of(NUMBERS) == 96
    assert size_of((NUMBERS, NUMBERS)) == 192
    assert size_of(pd.DataFrame({"a": NUMBERS[0]})) > 0
    assert size_of("adam") is None


def test_asking_imports_nothing():
    code = """
import sys
from nbtrack.capture.data import fingerprint, is_data
assert not is_data(3) and not is_data("x") and fingerprint(object()) is None
assert not is_data("s3://bucket") or fingerprint("s3://bucket").digest == ""
heavy = {"numpy", "pandas", "polars", "pyarrow", "torch", "fsspec", "duckdb"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)
