"""Fingerprints of files, folders and addresses."""

import os
import threading
from pathlib import Path
from typing import ClassVar

import fsspec
import pytest

from nbtrack.capture.data import addresses, files, fingerprint, is_data, size_of
from tests.capture.data.digests import digest


def test_a_file_is_its_content(tmp_path):
    (tmp_path / "a.csv").write_text("1,2\n")
    (tmp_path / "b.csv").write_text("1,2\n")
    (tmp_path / "c.csv").write_text("1,3\n")
    one, same, other = (digest(tmp_path / name) for name in ("a.csv", "b.csv", "c.csv"))
    assert one == same == digest(str(tmp_path / "a.csv"))
    assert one != other
    found = fingerprint(tmp_path / "a.csv")
    assert (found.kind, found.size_bytes) == ("file", 4)
    assert found.source == str(tmp_path / "a.csv")


def test_a_large_file_is_sampled(tmp_path):
    content = bytearray(os.urandom(1_000_000))
    (tmp_path / "x.bin").write_bytes(content)
    found = fingerprint(tmp_path / "x.bin", budget_bytes=100_000)
    assert found.is_sampled
    assert found.note == "sampled: 1 in 20, in even stretches with the first and the last"
    assert found.size_bytes == 1_000_000
    content[-1] ^= 1
    (tmp_path / "x.bin").write_bytes(content)
    assert digest(tmp_path / "x.bin", budget_bytes=100_000) != found.digest


def _make_folder(folder, **names):
    for name, content in {"deep_x": "123", "y": "", **names}.items():
        file = folder / (name.replace("_", "/") + ".bin")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return folder


@pytest.mark.parametrize(
    "names", [{"y": "1"}, {"deep_x": "124"}, {"z": ""}, {"deep_y": ""}, {"deep_x": "1", "y": "23"}]
)
def test_a_folder_is_its_files(tmp_path, names):
    one = _make_folder(tmp_path / "one")
    assert digest(one) == digest(_make_folder(tmp_path / "two"))
    assert digest(one) != digest(_make_folder(tmp_path / "three", **names))


def test_a_folder_that_links_to_itself_ends(tmp_path):
    folder = _make_folder(tmp_path / "one")
    try:
        (folder / "again").symlink_to(folder, target_is_directory=True)
    except OSError:
        pytest.skip("links are not allowed here")
    assert digest(folder) == digest(_make_folder(tmp_path / "two"))


def test_of_many_files_some_are_opened(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MAX_OPENED", 5)
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(10):
        (folder / f"{number}.txt").write_text("1")
    found = fingerprint(folder)
    assert found.is_sampled
    assert found.note == "names and sizes of all files, content of 1 in 2"
    (folder / "9.txt").write_text("2")
    assert digest(folder) != found.digest
    monkeypatch.setattr(files, "MAX_LISTED", 4)
    assert "its first 4 files; there are more" in fingerprint(folder).note


def test_a_folder_beyond_the_budget_is_sampled(tmp_path):
    (tmp_path / "large").mkdir()
    (tmp_path / "large" / "x.bin").write_bytes(bytes(1_000_000))
    assert fingerprint(tmp_path / "large", budget_bytes=1000).is_sampled
    assert not fingerprint(tmp_path / "large").is_sampled


def test_paths_may_be_parts(tmp_path):
    (tmp_path / "x.csv").write_text("1")
    (tmp_path / "y.csv").write_text("2")
    paths = {"train": tmp_path / "x.csv", "test": str(tmp_path / "y.csv")}
    assert digest(paths) != digest({**paths, "test": paths["train"]})


def test_the_folder_of_work_and_those_around_it_are_no_data():
    for folder in (".", "..", "../..", Path.cwd(), Path.cwd().parent):
        assert not is_data(folder)


@pytest.mark.parametrize(
    "value", ["adam", "no/such/file.csv", "", "a\0b.csv", "x" * 10_000, "~x/y."]
)
def test_other_texts_are_no_data(value):
    assert fingerprint(value) is None
    assert not is_data(value)


def test_a_file_that_cannot_be_read_says_so(tmp_path, monkeypatch):
    (tmp_path / "x.csv").write_text("1")
    with monkeypatch.context() as patch:
        patch.setattr("builtins.open", lambda *_, **__: (_ for _ in ()).throw(PermissionError))
        found = fingerprint(tmp_path / "x.csv")
    assert found.digest == ""
    assert "PermissionError" in found.note


def test_an_address_is_not_read_unless_that_is_allowed():
    found = fingerprint("s3://bucket/train.parquet")
    assert found.digest == ""
    assert found.source == "s3://bucket/train.parquet"
    assert found.note == "not read: it is on another machine"
    assert size_of("s3://bucket/train.parquet") == 0


def test_an_address_keeps_no_credentials():
    found = fingerprint("https://ann:open-sesame-1@host/x.csv?token=0123456789abcdef&part=5")
    assert "open-sesame" not in found.source
    assert "0123456789" not in found.source
    assert "part=5" in found.source


def test_what_an_address_names_is_known_by_what_its_place_tells():
    with fsspec.open("memory://nbtrack/x.csv", "w") as file:
        file.write("1,2")
    found = fingerprint("memory://nbtrack/x.csv", allow_network=True)
    assert len(found.digest) == 32
    assert found.is_sampled
    assert found.note == "by its size and created, not its content"
    assert found.size_bytes == 3
    opened = fsspec.open("memory://nbtrack/x.csv")
    assert digest(opened, allow_network=True) == found.digest
    with fsspec.open("memory://nbtrack/x.csv", "w") as file:
        file.write("1,2,3")
    assert digest("memory://nbtrack/x.csv", allow_network=True) != found.digest


def test_an_address_that_names_nothing_says_so():
    found = fingerprint("memory://nbtrack/none.csv", allow_network=True)
    assert found.digest == ""
    assert found.note == "not read: FileNotFoundError when its place was asked"


class _FarPlace(fsspec.AbstractFileSystem):
    """The far end of a network: it answers with ``known``, and only after ``answers`` is set."""

    protocol = "hdfs"
    cachable = False
    known: ClassVar[dict] = {}
    answers = threading.Event()

    def info(self, path, **kwargs):
        self.answers.wait()
        return {"name": path, "type": "file", **self.known}


@pytest.fixture
def far_place():
    fsspec.register_implementation("hdfs", _FarPlace, clobber=True)
    _FarPlace.answers.set()
    yield _FarPlace
    _FarPlace.answers.set()


def test_an_etag_tells_content_apart(far_place):
    digests = set()
    for known in ({"ETag": "1", "size": 5}, {"ETag": "2", "size": 5}, {"ETag": "2", "size": 6}):
        far_place.known = known
        digests.add(digest("hdfs://far/x.csv", allow_network=True))
        assert digest("hdfs://far/copy.csv", allow_network=True) in digests
    assert len(digests) == 3
    far_place.known = {"size": 5}
    assert fingerprint("hdfs://far/x.csv", allow_network=True).digest == ""


def test_a_place_that_does_not_answer_is_not_waited_for(far_place, monkeypatch):
    monkeypatch.setattr(addresses, "TIMEOUT_S", 0.01)
    far_place.answers.clear()
    found = fingerprint("hdfs://far/x.csv", allow_network=True)
    assert found.digest == ""
    assert found.note == "not read: its place did not answer within 0.01 s"
