"""Compaction, purge, backup, restore and health."""

import random
import threading
from contextlib import contextmanager

import pytest
from using_store import end_run, finished, journals, log, rows, start_run

from nbtrack.errors import StoreHeld
from nbtrack.events import (
    CellExecuted,
    FactsObserved,
    ParamsLogged,
    ParamValue,
    TagsSet,
    TextsKept,
    new_run_id,
)
from nbtrack.store import Store

EVERYTHING = {
    "points": "SELECT key, step, value FROM metrics ORDER BY ALL",
    "latest": "SELECT * EXCLUDE (run_id) FROM latest_metrics ORDER BY ALL",
    "runs": "SELECT * EXCLUDE (run_id) FROM all_runs ORDER BY ALL",
    "tags": "SELECT key, value FROM tags ORDER BY ALL",
    "params": "SELECT key, value, type FROM params ORDER BY ALL",
    "texts": "SELECT role, text FROM texts ORDER BY ALL",
}


def contents(store):
    # As text: NaN is not equal to itself.
    return {name: repr(rows(store, sql)) for name, sql in EVERYTHING.items()}


def fill(store, runs=4, folds=5, name="run"):
    """Runs whose points, tags and texts come in over several folds."""
    chance = random.Random(3)
    ids = [start_run(store, f"{name}-{n}") for n in range(runs)]
    writer = store.writer()
    for fold in range(folds):
        for run in ids:
            for step in range(20):
                value = chance.choice([float("nan"), float("inf"), chance.random()])
                log(store, run, fold * 20 + step, a=value, b=float(step))
            writer.append(TagsSet(writer.now_us(), run, {"t": str(fold)}))
            digest = writer.store_text(f"text of {fold} in {name}")
            writer.append(TextsKept(writer.now_us(), run, {f"role{fold}": digest}))
        store.fold()
    for run in ids:
        writer.append(ParamsLogged(writer.now_us(), run, {"lr": ParamValue("float", "0.1")}))
        end_run(store, run)
    return ids


def test_compaction_changes_nothing_but_the_rows_it_takes(store, folder):
    fill(store)
    before = contents(store)
    report = store.compact()
    assert contents(store) == before
    assert report.points == 4 * 5 * 20 * 2
    assert rows(store, "SELECT count(*) FROM base.summary") == [(8,)]
    assert rows(store, "SELECT count(*) FROM base.fold_log")[0][0] <= 2
    assert sorted(path.name for path in folder.iterdir() if "copy" in path.name) == []
    # And once more, with what was folded since.
    fill(store, name="more")
    before = contents(store)
    store.compact()
    assert contents(store) == before


def test_points_are_sorted_by_run_after_compaction(store):
    ids = [start_run(store) for _ in range(3)]
    for step in range(30):
        for run in ids:
            log(store, run, step, m=1.0)
        store.fold()
    store.compact()
    found = rows(store, "SELECT run_id, key, step FROM base.points ORDER BY rowid")
    assert found == sorted(found)


def test_a_run_too_large_for_one_piece_is_copied_whole(store, monkeypatch):
    from nbtrack.store import compaction

    monkeypatch.setattr(compaction, "POINTS_AT_ONCE", 64)
    monkeypatch.setattr(compaction, "ROWS_AT_ONCE", 3)
    fill(store)
    big = start_run(store, "big")
    for step in range(500):
        log(store, big, step, m=float(step))
    before = contents(store)
    store.compact()
    assert contents(store) == before


def test_others_log_fold_and_read_while_the_store_is_compacted(store, folder, program, monkeypatch):
    from nbtrack.store import compaction

    monkeypatch.setattr(compaction, "POINTS_AT_ONCE", 100)
    fill(store)
    other = program("""
        run = start("beside")
        writer = store.writer()
        log = writer.frame((writer.open_series(run, "m"),))
        store.query("SELECT 1")
        print("ready", flush=True)
        step = 0
        while not Path(args[0]).exists():
            log((float(step),), step)
            step += 1
            n = store.query("SELECT count(*) AS n FROM metrics WHERE key = 'm'")["n"].to_pylist()
            assert n == [step]
        end(run)
        print(step)
    """, folder.parent / "stop")  # fmt: skip
    assert other.stdout.readline() == "ready\n"
    for _ in range(3):
        store.compact()
    (folder.parent / "stop").touch()
    steps = int(finished(other))
    assert steps > 3
    assert rows(store, "SELECT count(*), count(DISTINCT step) FROM metrics WHERE key = 'm'") == [
        (steps, steps)
    ]


def test_whoever_wants_the_store_gets_it_between_two_pieces_of_a_compaction(
    store, program, monkeypatch
):
    from nbtrack.store import compaction
    from nbtrack.store.locks import StoreLock

    monkeypatch.setattr(compaction, "POINTS_AT_ONCE", 100)
    fill(store)
    other = program("""
        run = start("beside")
        writer = store.writer()
        log = writer.frame((writer.open_series(run, "m"),))
        for step, _ in enumerate(sys.stdin):
            log((float(step),), step)
            # Folds what was logged, which nobody else may be reading or writing beside.
            found = store.query("SELECT count(*) AS n FROM metrics WHERE key = 'm'")
            print(found["n"].to_pylist()[0], flush=True)
        end(run)
    """)
    seen = []
    shared, compacting = StoreLock.shared, threading.current_thread()

    @contextmanager
    def then_the_other(lock):
        with shared(lock):
            yield
        if threading.current_thread() is compacting:
            other.stdin.write("look\n")
            other.stdin.flush()
            seen.append(int(other.stdout.readline()))

    monkeypatch.setattr(StoreLock, "shared", then_the_other)
    store.compact()
    # That nobody had to wait in vain, the other would have said on its standard error.
    assert finished(other) == ""
    # The plan and the 800 points that were there before are at least nine holds of the lock.
    assert len(seen) > 8
    assert seen == list(range(1, len(seen) + 1))


def test_a_process_killed_in_a_compaction_leaves_the_store_as_it_was(store, folder, program):
    fill(store)
    before = contents(store)
    for delay in (0.0, 0.01, 0.02, 0.04, 0.08):
        dying = program(
            """
            import threading
            store.query("SELECT 1")
            threading.Timer(float(args[0]), lambda: os.kill(os.getpid(), 9)).start()
            while True:
                store.compact()
            """,
            delay,
        )
        dying.wait(30)
        assert contents(store) == before
    store.compact()
    assert contents(store) == before


SECRET = "sk-live-4242424242"


def holds_secret(folder):
    return [
        path.name
        for path in folder.rglob("*")
        if path.is_file() and SECRET.encode() in path.read_bytes()
    ]


def leak(store, run):
    writer = store.writer()
    writer.append(ParamsLogged(writer.now_us(), run, {"token": ParamValue("str", SECRET)}))
    digest = writer.store_text(f"key = {SECRET!r}")
    writer.append(TextsKept(writer.now_us(), run, {"source": digest}))
    log(store, run, 0, **{SECRET: 1.0})


def test_a_purged_run_is_gone_from_every_file(store, folder):
    kept = fill(store, runs=2)
    leaked = start_run(store, "leaky")
    leak(store, leaked)
    end_run(store, leaked)
    rows(store, "SELECT 1")
    assert holds_secret(folder)
    assert store.purge([leaked]) == 1
    assert holds_secret(folder) == []
    assert rows(store, "SELECT count(*) FROM all_runs") == [(2,)]
    assert rows(store, "SELECT count(*), count(DISTINCT run_id) FROM metrics") == [(400, 2)]
    assert rows(store, "SELECT count(*) FROM texts") == [(10,)]
    assert store.purge([leaked]) == 0
    # The process goes on logging, and may store the same text for another run.
    again = start_run(store, "again")
    leak(store, again)
    assert rows(store, "SELECT text FROM texts WHERE role = 'source'") == [(f"key = {SECRET!r}",)]
    del kept


def execute(store, session, number, text):
    writer = store.writer()
    digest = writer.store_text(text)
    writer.append(CellExecuted(writer.now_us(), session, number, digest))


def tracked(store, name, session, number):
    """A run that the cell with that number was."""
    run = start_run(store, name)
    writer = store.writer()
    facts = {"session.id": session, "session.number": str(number)}
    writer.append(FactsObserved(writer.now_us(), run, facts))
    end_run(store, run)
    return run


def test_the_cell_of_a_purged_run_is_gone_and_those_before_it_are_kept_for_others(store, folder):
    session = new_run_id()
    execute(store, session, 1, "import math")
    execute(store, session, 2, f"login({SECRET!r})")
    leaky = tracked(store, "leaky", session, 2)
    execute(store, session, 3, "math.pi")
    tracked(store, "kept", session, 3)
    store.fold()
    store.purge([leaky])
    assert rows(store, "SELECT number, text FROM cells ORDER BY number") == [
        (1, "import math"),
        (3, "math.pi"),
    ]
    assert holds_secret(folder) == []


def test_a_session_goes_with_its_last_run(store, folder):
    session, another = new_run_id(), new_run_id()
    execute(store, session, 1, f"login({SECRET!r})")
    execute(store, session, 2, "train()")
    run = tracked(store, "leaky", session, 2)
    execute(store, another, 1, "train()")
    tracked(store, "kept", another, 1)
    store.fold()
    store.purge([run])
    assert rows(store, "SELECT number, text FROM cells") == [(1, "train()")]
    assert holds_secret(folder) == []


def test_a_run_in_the_journal_of_another_live_process_is_purged_there_too(store, folder, program):
    other = program(f"""
        run = start("leaky")
        writer = store.writer()
        token = {{"token": ParamValue("str", {SECRET!r})}}
        writer.append(ParamsLogged(writer.now_us(), run, token))
        digest = writer.store_text({SECRET!r})
        writer.append(TextsKept(writer.now_us(), run, {{"source": digest}}))
        leaky = writer.frame((writer.open_series(run, {SECRET!r}),))
        keep = start("kept")
        both = writer.frame((writer.open_series(keep, "m"), writer.open_series(keep, "n")))
        for step in range(10):
            leaky((1.0,), step)
            both((1.0, 2.0), step)
        print(run, flush=True)
        sys.stdin.readline()
        end(run)
        print("ended", flush=True)
        sys.stdin.readline()
        both((1.0, 2.0), 10)
        again = writer.store_text({SECRET!r})
        writer.append(TextsKept(writer.now_us(), keep, {{"source": again}}))
        end(keep)
    """)
    leaked = other.stdout.readline().strip()
    with pytest.raises(StoreHeld, match="still running"):
        store.purge([leaked])
    other.stdin.write("end\n")
    other.stdin.flush()
    assert other.stdout.readline() == "ended\n"
    assert store.purge([leaked]) == 1
    assert holds_secret(folder) == []
    other.stdin.write("go on\n")
    other.stdin.flush()
    finished(other)
    assert rows(Store(folder), "SELECT name, status FROM all_runs") == [("kept", "finished")]
    assert rows(store, "SELECT key, count(*) FROM metrics GROUP BY key ORDER BY key") == [
        ("m", 11),
        ("n", 11),
    ]
    assert rows(store, "SELECT text FROM texts") == [(SECRET,)]
    assert rows(store, "SELECT count(*) FROM base.damage") == [(0,)]
    assert journals(folder) == []


def test_a_backup_holds_everything_and_any_duckdb_opens_it(store, tmp_path):
    import duckdb

    fill(store)
    before = contents(store)
    place = store.backup(tmp_path / "backup.duckdb")
    with duckdb.connect(str(place), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM runs").fetchall() == [(4,)]
    fill(store, name="later")
    # Journals that are still there would be folded on top.
    store.close()
    store.fold()
    kept = store.restore(place)
    assert contents(store) == before
    # What was replaced is beside it, and comes back the same way.
    store.restore(kept)
    assert rows(store, "SELECT count(*) FROM runs") == [(8,)]


def test_a_restored_store_goes_on_where_live_journals_are_beyond_the_backup(store, tmp_path):
    run = start_run(store)
    log(store, run, 0, m=1.0)
    place = store.backup(tmp_path / "backup.duckdb")
    log(store, run, 1, m=2.0)
    store.fold()
    store.restore(place)
    assert rows(store, "SELECT step FROM metrics ORDER BY step") == [(0,), (1,)]
    end_run(store, run)
    assert rows(store, "SELECT status FROM runs") == [("finished",)]


def test_a_run_open_in_the_backup_whose_process_is_gone_comes_back_as_killed(store, tmp_path):
    run = start_run(store)
    log(store, run, 0, m=1.0)
    place = store.backup(tmp_path / "backup.duckdb")
    end_run(store, run)
    elsewhere = Store(tmp_path / "elsewhere" / ".nbtrack")
    elsewhere.restore(place)
    assert rows(elsewhere, "SELECT status FROM runs") == [("killed",)]


def test_health_tells_place_versions_journals_and_damage(store, folder, program):
    import duckdb

    empty = store.health()
    assert (empty.exists, empty.problems) == (False, [])
    fill(store)
    store.fold()
    other = program("start('other'); print(1, flush=True); sys.stdin.read()")
    other.stdout.readline()
    health = store.health()
    assert health.path == folder
    assert health.duckdb_version == duckdb.__version__
    assert (health.exists, health.is_writable, health.runs, health.points) == (True, True, 4, 800)
    assert health.database_bytes == (folder / "store.duckdb").stat().st_size
    assert health.free_bytes > 0
    assert health.filesystem != "unknown"
    [mine, theirs] = health.journals
    assert {mine.life, theirs.life} == {"alive"}
    assert theirs.pid == other.pid
    assert "python" in theirs.writer
    assert theirs.size_bytes > 0
    assert health.problems == []
    held = duckdb.connect(str(folder / "store.duckdb"))
    assert "open in this process" in store.health().problems[0]
    held.close()


def test_two_threads_may_ask_at_once_while_a_third_compacts(store):
    fill(store, runs=2)
    wrong = []

    def ask():
        for _ in range(10):
            if rows(store, "SELECT count(*) FROM metrics") != [(400,)]:
                wrong.append(1)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    threads.append(threading.Thread(target=lambda: [store.compact() for _ in range(3)]))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
