"""Files that nobody needs: shown, freed when one says so; and never one that a run needs."""

import os
import threading
import time

import pytest

import nbtrack
from nbtrack.errors import ArtifactMissing, StoreHeld
from nbtrack.tracking.active import current_store
from nbtrack.tracking.files import places
from nbtrack.tracking.files.garbage import find_garbage
from nbtrack.tracking.files.usage import disk_use


@pytest.fixture
def history(place):
    """A run that stays, one in the trash, one that is purged of a shared file, a replaced file."""
    with nbtrack.run("stays") as run:
        run.log_text("replaced" * 10, "a.txt")
        run.log_text("kept", "a.txt")
        run.log_text("shared", "s.txt")
    with nbtrack.run("goes") as run:
        run.log_text("in the trash", "t.txt")
        run.log_text("shared", "s.txt")
    nbtrack.delete_run("goes")
    return place


def age(place, days=2):
    """Let all files of a folder be that old."""
    then = time.time() - days * 86_400
    for file in place.rglob("*"):
        os.utime(file, (then, then))


def test_nothing_young_is_touched(history):
    found = find_garbage(current_store(), free=True)
    assert (found.size_bytes, found.young.files) == (0, 2)
    assert nbtrack.load_text("runs:/goes/t.txt") == "in the trash"


def test_a_look_changes_nothing_and_tells_what_would_go(history):
    age(history / "artifacts")
    found = find_garbage(current_store())
    assert (found.unnamed.files, found.unnamed.size_bytes) == (1, 80)
    assert (found.trashed.files, found.trashed.size_bytes) == (1, 12)
    assert find_garbage(current_store()) == found


def test_what_is_freed_is_gone_and_what_runs_need_stays(history):
    age(history / "artifacts")
    assert find_garbage(current_store(), free=True).size_bytes == 92
    assert nbtrack.load_text("runs:/stays/a.txt") == "kept"
    assert nbtrack.load_text("runs:/stays/s.txt") == "shared"
    with pytest.raises(ArtifactMissing, match="nbtrack gc"):
        nbtrack.load_text("runs:/goes/t.txt")
    assert find_garbage(current_store(), free=True).size_bytes == 0


def test_the_trash_may_stay(history):
    age(history / "artifacts")
    assert find_garbage(current_store(), trash=False, free=True).size_bytes == 80
    nbtrack.restore_run("goes")
    assert nbtrack.load_text("runs:/goes/t.txt") == "in the trash"


def test_what_another_process_has_just_logged_is_needed(place, script):
    done = script(
        """
        import os, nbtrack
        run = nbtrack.run("killed")
        run.log_text("x", "a.txt")
        os._exit(9)
        """
    )
    assert done.returncode == 9, done.stderr
    age(place / "artifacts")
    assert find_garbage(current_store(), free=True).size_bytes == 0
    assert nbtrack.load_text("runs:/killed/a.txt") == "x"


def test_an_upload_that_was_interrupted_is_swept_when_it_is_old(place):
    with nbtrack.run() as run:
        run.log_text("x", "a.txt")
    left = place / "artifacts" / ".new-1234"
    left.write_bytes(b"half")
    assert find_garbage(current_store(), free=True).unfinished_bytes == 0
    age(place / "artifacts")
    assert find_garbage(current_store(), free=True).unfinished_bytes == 4
    assert not left.exists()


def test_nothing_is_freed_while_a_file_is_being_kept(history, monkeypatch):
    monkeypatch.setattr(places, "_PATIENCE_S", 0.05)
    age(history / "artifacts")
    with places.keeping(current_store()), pytest.raises(StoreHeld, match="being kept just now"):
        find_garbage(current_store(), free=True)
    assert find_garbage(current_store(), free=True).size_bytes == 92


def test_bytes_that_are_kept_again_while_garbage_is_freed_are_there_afterwards(history):
    """One comes to need what another frees: whoever is first, the file is there."""
    store = current_store()
    for _ in range(4):
        with nbtrack.run("lost") as lost:
            lost.log_text("wanted again", "w.txt")
        nbtrack.purge(lost.id)
        store.path.joinpath("artifacts").mkdir(exist_ok=True)
        nbtrack.log_text("wanted again", "old.txt", run_id="goes")
        age(history / "artifacts")
        run = nbtrack.run()
        frees = threading.Thread(target=find_garbage, args=(store,), kwargs={"free": True})
        frees.start()
        run.log_text("wanted again", "w.txt")
        frees.join()
        run.end()
        assert nbtrack.get_run(run.id).load_text("w.txt") == "wanted again"
        nbtrack.purge(run.id)


def test_a_place_that_another_store_uses_too_is_left_alone(history, tmp_path):
    nbtrack.set_store(history, artifacts=tmp_path / "common")
    with nbtrack.run("gone") as run:
        run.log_text("mine", "a.txt")
    nbtrack.delete_run(run.id)
    nbtrack.set_store(tmp_path / "other", artifacts=tmp_path / "common")
    with nbtrack.run("theirs") as run:
        run.log_text("theirs", "a.txt")
    age(tmp_path / "common")
    nbtrack.set_store(history)
    found = find_garbage(current_store(), free=True)
    assert found.shared == [str(tmp_path / "common")]
    assert nbtrack.load_text("runs:/theirs/a.txt", store=tmp_path / "other") == "theirs"


def test_disk_use_counts_shared_bytes_once_in_a_place_and_for_each_run(history):
    use = disk_use(current_store())
    assert [(p.files, p.size_bytes) for p in use.places] == [(4, 80 + 4 + 6 + 12)]
    assert use.database_bytes > 0
    assert {row["name"]: row["bytes"] for row in use.runs} == {"stays": 10, "goes": 18}
    assert [(row["files"], row["bytes"]) for row in use.experiments] == [(4, 22)]
