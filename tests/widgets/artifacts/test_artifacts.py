"""The files of a run from Python: what is listed, what is shown of each, and what never travels."""

from __future__ import annotations

import datetime
import decimal
import gzip
import io
import json
import math

import pyarrow
import pyarrow.parquet
import pytest

import nbtrack
from nbtrack.errors import ArtifactMissing, InvalidValue, RunNotFound
from nbtrack.tracking import active
from nbtrack.tracking.active import run
from nbtrack.tracking.files import places
from nbtrack.widgets.artifacts import reading
from nbtrack.widgets.artifacts.previews import HEX_BYTES, TEXT_BYTES
from nbtrack.widgets.artifacts.widget import ArtifactBrowser
from tests.widgets.saying import HOSTILE, VIEW, say

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
TABLE = pyarrow.table(
    {
        "id": range(250),
        "score": [math.nan, math.inf, *(i / 3 for i in range(248))],
        "name": [None, *(f"n{i}" for i in range(249))],
    }
)


def parquet(table=TABLE):
    pyarrow.parquet.write_table(table, file := io.BytesIO())
    return file.getvalue()


@pytest.fixture
def kept(place):
    """A function that keeps files in a run and gives a browser of them."""
    browsers = []

    def keep(files, name="r"):
        with run(name, experiment="e") as r:
            for path, data in files.items():
                r.keep_artifact(path, data)
        browsers.append(nbtrack.browse_artifacts(name))
        return browsers[-1]

    yield keep
    for browser in browsers:
        browser.close()


@pytest.fixture(params=["folder", "memory"])
def anywhere(request, place, kept):
    """`kept`, with files on this machine and behind fsspec."""
    if request.param == "memory":
        active.set_store(place, artifacts=f"memory://{place.parent.name}")
    return kept


def shown(browser, path):
    return say(browser, kind="preview", path=path)


def rows(buffers):
    return pyarrow.ipc.open_stream(buffers[0]).read_all().to_pydict()


# What each kind of file is shown as


def test_each_file_is_shown_as_what_it_is(anywhere):
    files = {
        "a.svg": (SVG, "image"),
        "a.wav": (b"RIFF....WAVE", "audio"),
        "a.html": (b"<p>hello", "html"),
        "a.json": (b'{"a": [1, 2]}', "json"),
        "nan.json": (b'{"a": NaN}', "json"),
        "bad.json": (b'{"a": ', "text"),
        "eval.json": (b'{"columns": ["x", "y"], "data": [[1, "a"], [2, null]]}', "table"),
        "columns.json": (b'{"columns": ["x"], "data": [1, 2]}', "json"),
        "a.md": (b"# Title", "text"),
        "a.py": (b"x = 1\n", "text"),
        "Makefile": ("über\t".encode(), "text"),
        "latin.txt": ("Stra\xdfe und mehr Text".encode("latin-1"), "text"),
        "a.bin": (bytes(range(256)), "bytes"),
        "a.csv": (b"a,b\n1,x\n", "table"),
        "a.tsv": (b"a\tb\n1\tx\n", "table"),
        "a.csv.gz": (gzip.compress(b"a,b\n1,x\n"), "table"),
        "a.parquet": (parquet(), "table"),
        "wrong.parquet": (b"no table", "text"),
        "empty.csv": (b"", "empty"),
    }
    browser = anywhere({path: data for path, (data, _) in files.items()})
    found = {path: shown(browser, path)[0]["as"] for path in files}
    assert found == {path: kind for path, (_, kind) in files.items()}
    assert "cannot be read as a table" in shown(browser, "wrong.parquet")[0]["note"]


def test_a_table_is_paged_and_ordered(anywhere):
    browser = anywhere({"t.parquet": parquet()})
    answer, buffers = shown(browser, "t.parquet")
    assert (answer["names"], answer["total"]) == (("id", "score", "name"), 250)
    assert answer["types"] == ("BIGINT", "DOUBLE", "VARCHAR")
    assert rows(buffers)["c0"] == [str(i) for i in range(100)]
    _, buffers = say(browser, kind="rows", path="t.parquet", offset=200, order_by=None)
    assert rows(buffers)["c0"] == [str(i) for i in range(200, 250)]
    _, buffers = say(browser, kind="rows", path="t.parquet", offset=0, order_by=2, descending=False)
    page = rows(buffers)
    assert page["c2"][:3] == ["n0", "n1", "n10"]
    # Numbers are ordered as numbers.
    _, buffers = say(browser, kind="rows", path="t.parquet", offset=2, order_by=1, descending=True)
    assert rows(buffers)["c0"][:2] == ["249", "248"]


def test_a_page_of_log_table_and_one_of_odd_names(place, kept):
    with run("tabled") as r:
        r.log_table({"x": [1, 2], "y": ["a", None]}, "eval.json")
    browser = nbtrack.browse_artifacts("tabled")
    assert rows(shown(browser, "eval.json")[1]) == {"c0": ["1", "2"], "c1": ["a", None]}
    browser.close()
    odd = kept({"o.csv": b'a,A,"x""; DROP",\n1,2,3,4\n', "long.csv": b"t\n" + b"z" * 900 + b"\n"})
    answer, buffers = shown(odd, "o.csv")
    assert answer["names"][:1] == ("a",)
    assert len(rows(buffers)) == 4
    assert rows(shown(odd, "long.csv")[1])["c0"] == ["z" * 200 + "…"]


def test_values_of_every_type_are_written(kept):
    table = pyarrow.table(
        {
            "list": [[1.5, 2.0], None],
            "struct": [{"a": 1.5}, {"a": None}],
            "decimal": [decimal.Decimal("1.50"), None],
            "lasted": pyarrow.array([1_500_000, None], pyarrow.duration("us")),
            "when": [datetime.datetime(2026, 1, 2), None],
            "bytes": [b"\x00\xff", None],
            "flag": [True, None],
        }
    )
    browser = kept({"t.parquet": parquet(table)})
    page = rows(shown(browser, "t.parquet")[1])
    assert [page[f"c{i}"][0] for i in range(7)] == [
        "[1.5, 2.0]",
        "{'a': 1.5}",
        "1.50",
        "1500000",
        "2026-01-02 00:00:00",
        r"\x00\xFF",
        "true",
    ]
    browser.path = "t.parquet"
    assert "[1.5, 2.0]" in browser._html()


def test_of_many_columns_some_are_shown(kept):
    wide = pyarrow.table({f"c{i}": [i] for i in range(300)})
    answer, buffers = shown(kept({"w.parquet": parquet(wide)}), "w.parquet")
    assert (len(answer["names"]), answer["columns_left_out"]) == (200, 100)
    assert len(rows(buffers)) == 200


def test_a_model_says_what_it_is(kept):
    text = (
        b"flavors:\n  sklearn:\n    sklearn_version: 1.9.1\n    code: null\nsignature:\n"
        b'  inputs: \'[{"name": "age", "type": "double", "required": true}]\'\n'
    )
    browser = kept({"model/MLmodel": text, "bad/MLmodel": b"flavors: ["})
    pairs = shown(browser, "model/MLmodel")[0]["pairs"]
    assert pairs["flavors"] == "sklearn 1.9.1"
    assert "age" in pairs["inputs"]
    assert shown(browser, "bad/MLmodel")[0]["pairs"] == {}


# What does not travel


def test_a_text_comes_in_parts_that_cut_no_character(anywhere):
    text = "a" + "é𝄞" * 60_000
    browser = anywhere({"long.txt": text.encode()})
    answer, _ = shown(browser, "long.txt")
    found, start = answer["text"], answer["next"]
    assert 0 < TEXT_BYTES - start < 4
    while start is not None:
        answer, _ = say(browser, kind="more", path="long.txt", start=start)
        found, start = found + answer["text"], answer["next"]
    assert found == text


@pytest.fixture
def asked(monkeypatch):
    """What was asked of places behind fsspec, as ranges of bytes."""
    from nbtrack.artifacts.places.anywhere import FsspecPlace

    ranges = []
    read = FsspecPlace._range

    def told(self, path, start, end):
        ranges.append((start, end))
        return read(self, path, start, end)

    monkeypatch.setattr(FsspecPlace, "_range", told)
    return ranges


def test_of_a_large_file_elsewhere_only_the_beginning_is_fetched(place, kept, asked, monkeypatch):
    monkeypatch.setattr(reading, "MAX_FETCHED_BYTES", 1000)
    active.set_store(place, artifacts=f"memory://{place.parent.name}")
    large = b"a,b\n" + b"1,2\n" * 5_000_000
    browser = kept({"large.bin": b"\0" * 20_000_000, "large.csv": large})
    asked.clear()
    assert len(shown(browser, "large.bin")[1][0]) == HEX_BYTES
    assert asked == [(0, TEXT_BYTES)]
    asked.clear()
    answer, _ = shown(browser, "large.csv")
    assert (answer["as"], answer["next"]) == ("text", TEXT_BYTES)
    assert "place elsewhere" in answer["note"]
    assert asked == [(0, TEXT_BYTES)]


def test_of_a_large_csv_the_rows_are_not_counted(kept, monkeypatch):
    from nbtrack.store import table_files

    monkeypatch.setattr(table_files, "MAX_READ_BYTES", 100)
    browser = kept({"t.csv": b"n\n" + b"".join(b"%d\n" % (500 - i) for i in range(500))})
    answer, buffers = shown(browser, "t.csv")
    assert answer["total"] is None
    _, buffers = say(browser, kind="rows", path="t.csv", offset=100, order_by=0)
    assert rows(buffers)["c0"][0] == "400"


def test_a_file_too_large_for_the_page_is_refused_with_the_way_to_it(kept, monkeypatch):
    from nbtrack.widgets.artifacts import model

    monkeypatch.setattr(model, "MAX_FILE_BYTES", 10)
    browser = kept({"a.bin": b"x" * 11, "b.bin": b"y" * 10})
    answer, _ = say(browser, kind="file", path="a.bin")
    assert answer["kind"] == "error"
    assert "download_artifacts('a.bin')" in answer["message"]
    assert say(browser, kind="file", path="b.bin")[1] == [b"y" * 10]


# What is missing, damaged or hostile


def test_what_cannot_be_shown_is_said_in_its_place(kept):
    browser = kept({"gone.txt": b"text", "bad.svg": SVG, "bad.parquet": parquet()})
    folder = places.artifacts_of(browser.store).places[0]
    digests = dict(
        zip(browser.arrow()["path"].to_pylist(), browser.arrow()["digest"].to_pylist(), strict=True)
    )
    folder.path_of(digests["gone.txt"]).unlink()
    for path in ("bad.svg", "bad.parquet"):
        folder.path_of(digests[path]).write_bytes(b"something else")
    answer, _ = shown(browser, "gone.txt")
    assert answer["as"] == "trouble"
    assert "is not in" in answer["message"]
    assert shown(browser, "bad.svg")[0]["as"] == "trouble"
    assert "is not what was written" in shown(browser, "bad.svg")[0]["message"]
    assert "cannot be read as a table" in shown(browser, "bad.parquet")[0]["note"]
    assert "keeps no file" in shown(browser, "../../etc/passwd")[0]["message"]
    assert browser.path == "bad.parquet"


def test_hostile_names_and_contents_stay_text(kept):
    page = f"<script>alert(1)</script>{HOSTILE}"
    browser = kept(
        {
            f"{HOSTILE.replace('/', '')}.txt": page.encode(),
            "p.html": page.encode(),
            "t.csv": f"{HOSTILE.replace(chr(34), '')},b\n<script>,2\n".encode(),
        },
        name=HOSTILE,
    )
    for path in [None, *browser.arrow()["path"].to_pylist()]:
        browser.path = path
        drawn = browser._html()
        assert "<script" not in drawn
        assert "<img src=x" not in drawn
    assert "\n" not in repr(browser)


# The widget


def test_it_shows_as_widget_page_and_text(kept):
    browser = kept({"a.svg": SVG, "deep/b.csv": b"a,b\n1,x\n", "c.bin": b"\0\1"})
    bundle, _ = browser._repr_mimebundle_()
    assert set(bundle) == {VIEW, "text/html", "text/plain"}
    assert bundle["text/plain"] == "Files of 'r': 3 files, 72 bytes"
    assert "image/svg+xml;base64" in bundle["text/html"]
    browser.path = "deep/b.csv"
    assert browser._opened == "deep/b.csv"
    assert "varchar" in browser._html().lower()
    browser.path = "c.bin"
    assert "00 01" in browser._html()
    say(browser, kind="close")
    assert browser.path is None
    with pytest.raises(ArtifactMissing):
        browser.path = "nothing"
    assert browser.path is None
    assert browser.df().path.tolist() == ["a.svg", "c.bin", "deep/b.csv"]
    json.dumps(browser._snapshot, allow_nan=False)


def test_it_follows_the_run(place):
    with run("live") as r:
        browser = nbtrack.browse_artifacts()
        assert browser._snapshot["files"] == []
        assert "keeps no files yet" in browser._html()
        r.keep_artifact("a.txt", b"1")
        browser._news()
        assert [file["path"] for file in browser._snapshot["files"]] == ["a.txt"]
        before = browser._snapshot
        browser._news()
        assert browser._snapshot is before
        browser.close()


def test_which_run_and_which_file(kept):
    first = kept({"a.txt": b"1"}, name="first")
    kept({"b.txt": b"2"}, name="second")
    assert repr(nbtrack.browse_artifacts()).startswith("Files of 'second'")
    opened = nbtrack.browse_artifacts(nbtrack.get_run("first"), "a.txt")
    assert (opened.path, opened.store) == ("a.txt", first.store)
    with pytest.raises(ArtifactMissing, match="keeps no file 'zebra'"):
        nbtrack.browse_artifacts("first", "zebra")
    with pytest.raises(RunNotFound):
        nbtrack.browse_artifacts("nobody")
    with pytest.raises(InvalidValue, match="Files are of one run, not of a int"):
        ArtifactBrowser(7)


def test_a_store_without_runs_says_so(place):
    with pytest.raises(InvalidValue, match="no runs"):
        nbtrack.browse_artifacts()
