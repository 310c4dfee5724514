"""Full disks, missing rights, deleted folders, newer stores: told clearly, and work goes on."""

import os
import shutil
import subprocess
import warnings

import duckdb
import pytest
from using_store import end_run, finished, journals, log, rows, start_run, wait_until

from nbtrack.errors import StoreTooNew, StoreUnavailable
from nbtrack.events import TagsSet
from nbtrack.store import Store
from nbtrack.store.schema import SCHEMA_VERSION

IN_NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount"]


def can_mount():
    if not shutil.which("unshare"):
        return False
    tried = subprocess.run(
        [*IN_NAMESPACE, "sh", "-c", "mount -t tmpfs -o size=64k none /mnt"], capture_output=True
    )
    return tried.returncode == 0


needs_mount = pytest.mark.skipif(not can_mount(), reason="mounting is not permitted here")


@needs_mount
def test_a_full_disk_costs_nothing_once_there_is_space_again(program, tmp_path):
    """A small file system, filled up by somebody else in the middle of a run."""
    disk = tmp_path / "disk"
    disk.mkdir()
    out = finished(
        program(
            """
            import subprocess, warnings
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", args[0]], check=True)
            run = start()
            writer = store.writer()
            log = writer.frame((writer.open_series(run, "m"),))
            log((0.0,), 0)
            filler = Path(args[0], "filler")
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always")
                with open(filler, "wb", buffering=0) as file:
                    try:
                        while file.write(b"x" * 4096):
                            pass
                    except OSError:
                        pass
                for step in range(1, 20_000):
                    log((float(step),), step)
                writer.append(TagsSet(writer.now_us(), run, {"during": "yes"}))
                # What cannot be folded is read where it stands.
                assert store.query("SELECT count(*) AS n FROM runs")["n"].to_pylist() == [1]
            messages = {str(each.message) for each in told}
            assert len(messages) == 1, messages
            print(*messages)
            filler.unlink()
            time.sleep(1.1)
            log((1.0,), 20_000)
            end(run)
            store.close()
            answer = store.query("SELECT count(*), count(DISTINCT step), sum(value) FROM metrics")
            print(*[column.to_pylist()[0] for column in answer.columns])
            print(store.query("SELECT key FROM tags").to_pylist(), writer.lost_calls)
            print(store.query("SELECT count(*) AS n FROM base.damage").to_pylist())
            """,
            disk,
            place=disk / ".nbtrack",
            prefix=IN_NAMESPACE,
        )
    )
    message, points, tags, damage = out.splitlines()
    assert "No space left" in message
    assert "waits in memory" in message
    assert points == f"20001 20001 {sum(range(20_000)) + 1.0}"
    assert tags == "[{'key': 'during'}] 0"
    assert damage == "[{'n': 0}]"


def test_what_waits_in_memory_is_bounded_and_its_loss_is_counted_and_told(
    store, folder, monkeypatch
):
    from nbtrack.store import journal

    monkeypatch.setattr(journal, "MAX_PENDING_BYTES", 32 * 100)
    folder.parent.joinpath(".nbtrack").write_text("a file stands where the folder should be")
    run = start_run_quietly(store)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for step in range(500):
            log(store, run, step, m=1.0)
        assert 380 <= store.writer().lost_calls <= 420
        told = []
        monkeypatch.setattr(warnings, "warn", lambda message, *_, **__: told.append(message))
        store.close()
    assert any("are lost" in str(message) for message in told)


def start_run_quietly(store):
    with pytest.warns(RuntimeWarning, match="cannot write"):
        return start_run(store)


def test_a_place_that_cannot_be_written_warns_once_and_the_program_goes_on(store, folder):
    folder.write_text("a file stands where the folder should be")
    run = start_run_quietly(store)
    for step in range(10):
        log(store, run, step, m=1.0)
    # As soon as it can be written, everything is there.
    folder.unlink()
    wait_until(lambda: journals(folder))
    log(store, run, 10, m=1.0)
    end_run(store, run)
    assert rows(
        store, "SELECT status, count(*) FROM runs JOIN metrics USING (run_id) GROUP BY 1"
    ) == [("finished", 11)]


# Root may write anywhere, unless it gives that up.
WITHOUT_PRIVILEGE = (
    ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.getuid() == 0 else []
)


@pytest.mark.skipif(
    bool(WITHOUT_PRIVILEGE) and not shutil.which("setpriv"), reason="needs to give up privileges"
)
def test_a_folder_without_permission_to_write_is_told_and_read(program, store, folder):
    run = start_run(store)
    log(store, run, 0, m=1.0)
    end_run(store, run)
    store.fold()
    other = start_run(store, "live")
    log(store, other, 0, m=2.0)
    everything = [folder, *folder.rglob("*")]
    modes = {path: path.stat().st_mode for path in everything}
    for path in everything:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        out = finished(
            program(
                """
                import warnings
                answer = store.query(
                    "SELECT name, value FROM runs JOIN metrics USING (run_id) ORDER BY name"
                )
                print(answer.to_pylist())
                with warnings.catch_warnings(record=True) as told:
                    warnings.simplefilter("always")
                    mine = start("mine")
                    end(mine)
                print(*{str(each.message) for each in told})
                from nbtrack.errors import StoreUnavailable
                try:
                    store.fold()
                except StoreUnavailable as error:
                    print(error)
                print(store.health().problems[0])
                os._exit(0)
                """,
                prefix=WITHOUT_PRIVILEGE,
            )
        ).splitlines()
    finally:
        for path, mode in modes.items():
            path.chmod(mode)
    assert out[0] == str([{"name": "live", "value": 2.0}, {"name": "run", "value": 1.0}])
    assert "cannot write to" in out[1]
    assert "Permission denied" in out[1]
    assert "NBTRACK_STORE" in out[1]
    assert str(folder) in out[2]
    assert "cannot be written" in out[3]


@needs_mount
def test_a_store_on_a_read_only_mount_is_browsed_without_writing(program, store, folder, tmp_path):
    first = start_run(store, "folded")
    log(store, first, 0, m=1.0)
    store.fold()
    log(store, first, 1, m=3.0)
    second = start_run(store, "journal")
    log(store, second, 0, m=2.0)
    before = sorted(str(path) for path in folder.rglob("*"))
    out = finished(
        program(
            """
            import subprocess
            subprocess.run(["mount", "--bind", args[0], args[0]], check=True)
            subprocess.run(["mount", "-o", "remount,ro,bind", args[0]], check=True)
            sql = ("SELECT name, count(*) AS n, max(value) AS top FROM runs "
                   "JOIN metrics USING (run_id) GROUP BY name ORDER BY name")
            print(store.query(sql).to_pylist())
            print(store.query("SELECT count, max FROM latest_metrics ORDER BY max").to_pylist())
            print(store.health().is_writable)
            """,
            folder,
            prefix=IN_NAMESPACE,
        )
    ).splitlines()
    assert out[0] == str(
        [{"name": "folded", "n": 2, "top": 3.0}, {"name": "journal", "n": 1, "top": 2.0}]
    )
    assert out[1] == str([{"count": 1, "max": 2.0}, {"count": 2, "max": 3.0}])
    assert sorted(str(path) for path in folder.rglob("*")) == before


def test_a_folder_deleted_under_a_running_process_is_written_anew(store, folder):
    run = start_run(store, "survivor")
    log(store, run, 0, m=1.0)
    with pytest.warns(RuntimeWarning, match="was deleted"):  # noqa: PT031 - from another thread
        shutil.rmtree(folder)
        wait_until(lambda: journals(folder))
        # The warning comes from the background thread, after the files.
        wait_until(lambda: rows(store, "SELECT count(*) FROM metrics") == [(1,)])
        store.close()
    log(store, run, 1, m=2.0)
    end_run(store, run)
    assert rows(store, "SELECT name, status, step, value FROM runs JOIN metrics USING (run_id) "
                "ORDER BY step") == [
        ("survivor", "finished", 0, 1.0),
        ("survivor", "finished", 1, 2.0),
    ]  # fmt: skip


def test_a_folder_deleted_to_begin_afresh_stays_empty(store, folder):
    run = start_run(store, "over")
    log(store, run, 0, m=1.0)
    end_run(store, run)
    shutil.rmtree(folder)
    writer = store.writer()
    assert not writer.outlive_deletion()
    start_run(store, "fresh")
    assert rows(store, "SELECT name FROM runs") == [("fresh",)]


def test_a_store_of_a_newer_schema_is_refused_and_logging_goes_on(store, folder):
    start_run(store, "before")
    store.fold()
    with duckdb.connect(str(folder / "store.duckdb")) as connection:
        connection.execute("UPDATE base.meta SET value = '99' WHERE key = 'schema_version'")
    fresh = Store(folder)
    run = start_run(fresh, "after")
    log(fresh, run, 0, m=1.0)
    with pytest.raises(StoreTooNew, match=r"schema 99.*upgrade"):
        fresh.query("SELECT 1")
    with pytest.raises(StoreTooNew):
        fresh.fold()
    with duckdb.connect(str(folder / "store.duckdb")) as connection:
        connection.execute(
            "UPDATE base.meta SET value = ? WHERE key = 'schema_version'", [str(SCHEMA_VERSION)]
        )
    assert rows(fresh, "SELECT name FROM runs ORDER BY name") == [("after",), ("before",)]
    fresh.close()


def test_a_file_that_is_no_database_is_told_with_what_to_do(store, folder):
    start_run(store)
    store.fold()
    (folder / "store.duckdb").write_bytes(b"this is not a database" * 1000)
    with pytest.raises(Exception, match=r"store\.duckdb.*(nbtrack restore|move)"):
        store.query("SELECT 1", fresh=False)


def test_a_store_that_does_not_exist_answers_with_nothing_and_is_not_made(tmp_path):
    store = Store(tmp_path / "nowhere" / ".nbtrack")
    assert rows(store, "SELECT count(*) FROM runs") == [(0,)]
    assert not (tmp_path / "nowhere").exists()


def test_a_path_that_is_not_utf8_works(tmp_path):
    place = os.fsencode(tmp_path) + b"/caf\xe9"
    try:
        os.mkdir(place)
    except OSError:
        pytest.skip("this file system takes only UTF-8")
    store = Store(type(tmp_path)(os.fsdecode(place)) / ".nbtrack")
    run = start_run(store, name="x")
    writer = store.writer()
    writer.append(TagsSet(writer.now_us(), run, {"path": os.fsdecode(place)}))
    log(store, run, 0, m=1.0)
    assert rows(store, "SELECT value FROM metrics") == [(1.0,)]
    assert "\\udce9" in rows(store, "SELECT value FROM tags")[0][0]
    store.compact()
    assert rows(store, "SELECT value FROM metrics") == [(1.0,)]
    store.close()


def test_a_group_folder_is_shared_with_the_group(tmp_path):
    shared = tmp_path / "team"
    shared.mkdir()
    shared.chmod(0o2775)
    old = os.umask(0o077)
    try:
        store = Store(shared / ".nbtrack")
        start_run(store)
        store.fold()
        for path in (shared / ".nbtrack").rglob("*"):
            wanted = 0o070 if path.is_dir() else 0o060
            assert path.stat().st_mode & wanted == wanted, path
        store.close()
    finally:
        os.umask(old)


def test_an_unwritable_restore_target_and_a_missing_backup_are_told(store, tmp_path):
    start_run(store)
    with pytest.raises(StoreUnavailable, match="no backup"):
        store.restore(tmp_path / "missing.duckdb")
    (tmp_path / "there.duckdb").touch()
    with pytest.raises(StoreUnavailable, match="exists already"):
        store.backup(tmp_path / "there.duckdb")
