"""Networks that drop, servers that are busy, disks that are full: nothing half is ever seen."""

import random
import resource
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from nbtrack.artifacts import Artifacts, Wanted
from nbtrack.artifacts.digest import digest_of
from nbtrack.artifacts.places import anywhere, open_place, patience
from nbtrack.artifacts.places.folder import ArtifactFolder
from nbtrack.errors import ArtifactsUnavailable, InvalidValue

LARGE = random.Random(3).randbytes(17 << 20)  # Four parts.
DIGEST = digest_of(LARGE)


@pytest.fixture
def large(tmp_path):
    file = tmp_path / "large.bin"
    file.write_bytes(LARGE)
    return file


def sends(method, path):
    return method == "PUT"


def reads(method, path):
    return method == "GET" and DIGEST[2:] in path and "uploads" not in path


@pytest.mark.parametrize("kind", ["drop", "busy"])
def test_a_part_that_fails_is_sent_again_alone(far, large, kind):
    far.network.fail(kind, far.is_part, times=2)
    assert far.place.put_file(large) == (DIGEST, len(LARGE))
    assert sum(far.is_part(*request) for request in far.network.seen) == 4 + 2
    assert Artifacts([far.place]).read(DIGEST) == LARGE


@pytest.mark.parametrize("kind", ["drop", "busy"])
def test_a_small_file_that_fails_is_sent_again(far, kind):
    far.network.fail(kind, sends, times=2)
    digest = far.place.put(b"small")
    assert Artifacts([far.place]).read(digest) == b"small"


def test_an_upload_that_breaks_off_shows_nothing_and_is_resumed(far, large):
    sent = []

    def after_three(method, path):
        if far.is_part(method, path):
            sent.append(path)
        return far.is_part(method, path) and len(sent) > 3

    far.network.fail("drop", after_three, times=1_000)
    with pytest.raises(ArtifactsUnavailable, match=far.place.url):
        far.place.put_file(large)
    far.network.heal()
    assert far.visible() == []
    assert far.place.size_of(DIGEST) is None
    far.network.heal()
    far.place.put_file(large)
    assert sum(far.is_part(*request) for request in far.network.seen) == 1
    assert Artifacts([far.place]).read(DIGEST) == LARGE


def test_what_is_there_is_not_sent_again(far, large):
    far.place.put_file(large)
    digest = far.place.put(b"small")
    far.network.heal()
    assert far.place.put_file(large) == (DIGEST, len(LARGE))
    assert far.place.put(b"small") == digest
    assert [request for request in far.network.seen if request[0] in ("PUT", "POST")] == []


@pytest.mark.parametrize("kind", ["drop", "busy", "cut"])
def test_a_range_that_fails_is_read_again_alone(far, large, tmp_path, kind):
    far.place.put_file(large)
    far.network.heal()
    far.network.fail(kind, reads, times=2)
    Artifacts([far.place]).fetch([Wanted(DIGEST, len(LARGE), tmp_path / "back")])
    assert (tmp_path / "back").read_bytes() == LARGE
    assert sum(reads(*request) for request in far.network.seen) == 3 + 2


def test_a_download_that_breaks_off_shows_nothing_and_is_resumed(far, large, tmp_path, monkeypatch):
    # One range after the other, so that it is the first that comes through.
    monkeypatch.setattr(anywhere, "_RANGES_AT_ONCE", 1)
    far.place.put_file(large)
    target = tmp_path / "out" / "back"
    got = []

    def after_one(method, path):
        if reads(method, path):
            got.append(path)
        return reads(method, path) and len(got) > 1

    far.network.fail("drop", after_one, times=1_000)
    with pytest.raises(ArtifactsUnavailable, match=far.place.url):
        Artifacts([far.place]).fetch([Wanted(DIGEST, len(LARGE), target)])
    assert not target.exists()
    [partial] = target.parent.iterdir()
    arrived = partial.stat().st_size
    assert 0 < arrived < len(LARGE)
    far.network.heal()
    Artifacts([far.place]).fetch([Wanted(DIGEST, len(LARGE), target)])
    assert target.read_bytes() == LARGE
    assert sum(reads(*request) for request in far.network.seen) < 3
    assert list(target.parent.iterdir()) == [target]


def test_a_partial_download_that_was_tampered_with_is_begun_anew(folder, large, tmp_path):
    folder.place.put_file(large)
    target = tmp_path / "out" / "back"
    target.parent.mkdir()
    partial = target.with_name(f".{DIGEST[:16]}.nbtrack-part")
    partial.write_bytes(b"something else")
    with pytest.raises(Exception, match="not what was written"):
        Artifacts([folder.place]).fetch([Wanted(DIGEST, len(LARGE), target)])
    Artifacts([folder.place]).fetch([Wanted(DIGEST, len(LARGE), target)])
    assert target.read_bytes() == LARGE


def test_patience_ends(far, monkeypatch):
    far.network.fail("busy", lambda method, path: True, times=10_000)
    with pytest.raises(ArtifactsUnavailable, match="Cannot use"):
        far.place.put(b"x")
    assert 1 < len(far.network.seen) <= 2 * (len(patience.PAUSES_S) + 1)


def test_a_bucket_that_is_missing_is_named(far):
    scheme, _, rest = far.place.url.partition("://")
    missing = open_place(f"{scheme}://no-such-{rest}")
    with pytest.raises(ArtifactsUnavailable, match="create the bucket or container"):
        missing.put(b"x")


def test_a_file_that_changes_while_it_is_sent_is_not_published(stand, large, monkeypatch):
    if stand.place.is_near:
        pytest.skip("a folder keeps the file as it was read, in one pass")

    def digest_before_change(file):
        found = digest_of(LARGE), len(LARGE)
        with file.open("r+b") as writer:
            writer.write(b"changed")
        return found

    monkeypatch.setattr(anywhere, "digest_of_file", digest_before_change)
    with pytest.raises(InvalidValue, match="changed while it was being kept"):
        stand.place.put_file(large)
    assert stand.visible() == []


def test_uploads_that_nobody_finished_are_swept_from_s3(s3, large):
    s3.network.fail("drop", lambda method, path: "partNumber=4" in path, times=1_000)
    with pytest.raises(ArtifactsUnavailable):
        s3.place.put_file(large)
    s3.network.heal()
    # moto says of every upload that it began in 2010.
    assert s3.place.sweep(0) == 0
    assert s3.place.sweep(time.time() + 3600, dry_run=True) == 15 << 20
    assert s3.place.sweep(time.time() + 3600) == 15 << 20
    assert s3.place.sweep(time.time() + 3600) == 0


def test_a_full_disk_is_said_and_leaves_nothing_behind(tmp_path, large):
    folder = ArtifactFolder(tmp_path / "artifacts")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4 << 20, limits[1]))
    try:
        with pytest.raises(ArtifactsUnavailable, match=r"Cannot use .*artifacts.*: File too large"):
            folder.put_file(large)
        with pytest.raises(ArtifactsUnavailable, match="Cannot use"):
            folder.put(LARGE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert [path for path in folder.path.rglob("*") if path.is_file()] == []
    folder.put_file(large)
    assert Artifacts([folder]).read(DIGEST) == LARGE


def test_a_process_that_is_killed_while_it_keeps_a_file_shows_nothing(tmp_path):
    program = textwrap.dedent(
        """
        import os, sys
        from pathlib import Path
        from nbtrack.artifacts import ArtifactFolder
        passed = 0
        def told(size):
            global passed
            passed += size
            if passed > 2_000_000:
                os.kill(os.getpid(), 9)
        Path(sys.argv[1], "source").write_bytes(bytes(8 << 20))
        ArtifactFolder(Path(sys.argv[1], "kept")).put_file(Path(sys.argv[1], "source"), told)
        """
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], timeout=60)
    assert done.returncode == -9
    assert list(ArtifactFolder(tmp_path / "kept").kept()) == []


def test_memory_stays_bounded(tmp_path):
    """A file of 100 MB goes in and comes out of a process that may grow by far less."""
    program = textwrap.dedent(
        """
        import resource, sys
        from pathlib import Path
        from nbtrack.artifacts import ArtifactFolder, Artifacts, Wanted
        root = Path(sys.argv[1])
        with (root / "source").open("wb") as file:
            file.truncate(100 << 20)
        artifacts = Artifacts([ArtifactFolder(root / "kept")])
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        [(digest, size)] = artifacts.put_files([root / "source"])
        artifacts.fetch([Wanted(digest, size, root / "back")])
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], timeout=60, capture_output=True, text=True
    )
    assert int(done.stdout) < 30_000, done.stderr
