"""What every place of artifacts keeps of the contract (`ArtifactPlace`), over all of them."""

import random
import threading
import time

import pytest

from nbtrack.artifacts import Artifacts, Wanted
from nbtrack.artifacts.digest import digest_of
from nbtrack.errors import ArtifactDamaged, ArtifactMissing, InvalidValue

LARGE = random.Random(7).randbytes(11 << 20)


@pytest.fixture
def large(tmp_path):
    file = tmp_path / "large.bin"
    file.write_bytes(LARGE)
    return file


def test_bytes_come_back(stand):
    artifacts = Artifacts([stand.place])
    for data in (b"some bytes", b"", bytes(range(256)) * 1000):
        digest = stand.place.put(data)
        assert artifacts.read(digest) == data
        assert stand.place.size_of(digest) == len(data)


def test_a_large_file_comes_back(stand, large, tmp_path):
    artifacts = Artifacts([stand.place])
    [(digest, size)] = artifacts.put_files([large])
    assert (digest, size) == (digest_of(LARGE), len(LARGE))
    target = tmp_path / "deep" / "er" / "back.bin"
    artifacts.fetch([Wanted(digest, size, target)])
    assert target.read_bytes() == LARGE
    assert [file.name for file in target.parent.iterdir()] == ["back.bin"]


def test_chunks_begin_where_they_are_asked_to(stand, large):
    digest, size = stand.place.put_file(large)
    for start in (0, 1, 10_000_000, size):
        assert b"".join(stand.place.chunks(digest, start)) == LARGE[start:]


def test_a_part_is_read_and_no_more(stand, large):
    digest, size = stand.place.put_file(large)
    artifacts = Artifacts([stand.place])
    for start, end in ((0, 10), (10_000_000, 10_000_100), (size - 5, size + 5), (7, 7)):
        assert artifacts.read_part(digest, start, end) == LARGE[start:end]
    with pytest.raises(ArtifactMissing):
        artifacts.read_part(digest_of(b"nothing"), 0, 10)
    assert (artifacts.near_path(digest) is None) == (not stand.place.is_near)


def test_a_file_and_its_bytes_are_one_artifact(stand, tmp_path):
    source = tmp_path / "a.bin"
    source.write_bytes(b"x" * 1000)
    digest, _ = stand.place.put_file(source)
    assert stand.place.put(b"x" * 1000) == digest
    assert [kept.digest for kept in stand.place.kept()] == [digest]


def test_the_list_tells_size_and_age(stand):
    began = time.time()
    digests = {stand.place.put(b"x" * n): n for n in (0, 1, 2000)}
    kept = list(stand.place.kept())
    assert {each.digest: each.size_bytes for each in kept} == digests
    assert all(began - 5 <= each.modified <= time.time() + 5 for each in kept)


def test_an_empty_place_is_empty(stand):
    assert list(stand.place.kept()) == []
    assert stand.place.size_of("00" * 32) is None
    assert stand.place.sweep(time.time() + 60) == 0


def test_many_threads_put_one_thing(stand, large):
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(stand.place.put_file(large)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [(digest_of(LARGE), len(LARGE))] * 3
    assert len(stand.visible()) == 1
    assert Artifacts([stand.place]).read(answers[0][0]) == LARGE


def test_what_is_removed_is_gone(stand):
    secret, other = stand.place.put(b"secret"), stand.place.put(b"other")
    assert stand.place.remove([secret, "00" * 32]) == 1
    assert stand.place.size_of(secret) is None
    with pytest.raises(ArtifactMissing, match=secret[:12]):
        Artifacts([stand.place]).read(secret)
    assert [kept.digest for kept in stand.place.kept()] == [other]


def test_a_flipped_byte_is_found_and_never_written(stand, tmp_path):
    artifacts = Artifacts([stand.place])
    digest = stand.place.put(b"what was written")
    stand.damage(digest, b"what was Written")
    with pytest.raises(ArtifactDamaged, match="not what was written"):
        artifacts.read(digest)
    with pytest.raises(ArtifactDamaged, match="not what was written"):
        artifacts.fetch([Wanted(digest, 16, tmp_path / "out" / "a.txt")])
    assert not (tmp_path / "out" / "a.txt").exists()


def test_a_file_that_was_cut_is_found_and_healed_by_keeping_it_again(stand, large):
    artifacts = Artifacts([stand.place])
    small = stand.place.put(b"what was written")
    big, _ = stand.place.put_file(large)
    stand.damage(small, b"what was")
    stand.damage(big, LARGE[:5000])
    for digest in (small, big):
        with pytest.raises(ArtifactDamaged):
            artifacts.read(digest)
    stand.place.put(b"what was written")
    stand.place.put_file(large)
    assert artifacts.read(small) == b"what was written"
    assert artifacts.read(big) == LARGE


def test_a_digest_is_no_way_out_of_the_place(stand):
    for hostile in ("../../etc/passwd", "a" * 63, "A" * 64, "/" * 64):
        with pytest.raises(InvalidValue, match="not the digest"):
            stand.place.size_of(hostile)
        with pytest.raises(InvalidValue, match="not the digest"):
            stand.place.remove([hostile])


def test_every_store_that_claims_a_place_is_known(stand):
    assert stand.place.owners() == []
    for owner in "aba":
        stand.place.claim(owner * 32)
    assert stand.place.owners() == ["a" * 32, "b" * 32]
    assert list(stand.place.kept()) == []


def test_a_source_that_cannot_be_read_is_the_callers(stand, tmp_path):
    with pytest.raises(FileNotFoundError):
        stand.place.put_file(tmp_path / "none")
    with pytest.raises(IsADirectoryError):
        stand.place.put_file(tmp_path)
    assert stand.visible() == []
