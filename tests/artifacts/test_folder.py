"""Artifacts in a folder: kept once, whole or not at all, verified when they are read."""

import threading

import pytest

from nbtrack.artifacts import ArtifactFolder
from nbtrack.errors import ArtifactDamaged, ArtifactMissing


@pytest.fixture
def folder(tmp_path):
    return ArtifactFolder(tmp_path / "artifacts")


def _files(folder):
    return [path for path in folder.path.rglob("*") if path.is_file()]


def test_bytes_come_back(folder):
    assert folder.read(folder.put(b"some bytes")) == b"some bytes"
    assert folder.read(folder.put(b"")) == b""


def test_a_file_and_its_bytes_are_one_artifact(folder, tmp_path):
    source = tmp_path / "large.bin"
    source.write_bytes(bytes(range(256)) * 10_000)
    digest, size = folder.put_file(source)
    assert digest == folder.put(source.read_bytes())
    assert size == 2_560_000
    assert len(_files(folder)) == 1


def test_many_threads_put_one_thing(folder):
    threads = [threading.Thread(target=folder.put, args=(b"x" * 100_000,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(_files(folder)) == 1


def test_a_file_that_cannot_be_read_leaves_nothing_behind(folder, tmp_path):
    with pytest.raises(IsADirectoryError):
        folder.put_file(tmp_path)
    assert not folder.path.exists()


def test_a_missing_artifact_is_named(folder):
    with pytest.raises(ArtifactMissing, match="abab"):
        folder.read("ab" * 32)


def test_a_flipped_byte_is_found(folder):
    digest = folder.put(b"what was written")
    folder.path_of(digest).write_bytes(b"what was Written")
    with pytest.raises(ArtifactDamaged, match="not what was written"):
        folder.read(digest)


def test_what_is_removed_is_gone(folder):
    digest = folder.put(b"secret")
    assert folder.remove([digest, "00" * 32]) == 1
    with pytest.raises(ArtifactMissing):
        folder.read(digest)
