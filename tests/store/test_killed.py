"""Processes that die at any moment: what was logged is there, once, and told truthfully."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys

import pytest
from using_store import end_run, finished, journals, log, rows, start_run, wait_until

from nbtrack.store import Store

WRITE_UNTIL_KILLED = """
    run = start(args[0])
    writer = store.writer()
    series = (writer.open_series(run, "a"), writer.open_series(run, "b"))
    print(run, flush=True)
    step = 0
    while True:
        writer.frame(series)((float(step), -float(step)), step)
        os.write(1, b"%d\\n" % step)  # the call has returned
        step += 1
"""


def test_sigkill_of_a_writer_loses_no_call_that_returned(program, store, folder):
    """Fifty writers, in batches, each killed at a moment of its own."""
    chance = random.Random(7)
    acknowledged = {}
    for batch in range(10):
        writers = [program(WRITE_UNTIL_KILLED, f"w{batch}-{n}") for n in range(5)]
        ids = [writer.stdout.readline().strip() for writer in writers]
        for writer, run in zip(writers, ids, strict=True):
            for _ in range(chance.randrange(1, 40)):
                assert writer.stdout.readline()
            writer.send_signal(signal.SIGKILL)
            lines = writer.communicate()[0].split("\n")
            # The last line may be cut; the ones before it were whole answers.
            last = [int(line) for line in lines[:-1] if line]
            acknowledged[run] = max(last, default=0)
        if batch == 4:
            rows(store, "SELECT 1")
    got = {
        run: (count, distinct, last, status, in_time)
        for run, count, distinct, last, status, in_time in rows(
            store,
            """
            SELECT replace(r.run_id::VARCHAR, '-', ''), count(*), count(DISTINCT (m.key, m.step)),
                   max(m.step), any_value(r.status),
                   any_value(r.ended) BETWEEN max(m.ts) AND max(m.ts) + INTERVAL 1 MILLISECOND
            FROM runs r JOIN metrics m USING (run_id) GROUP BY r.run_id
            """,
        )
    }
    assert got.keys() == acknowledged.keys()
    for run, last_returned in acknowledged.items():
        count, distinct, last, status, in_time = got[run]
        assert last >= last_returned
        assert count == distinct == 2 * (last + 1)
        assert (status, in_time) == ("killed", True)
    assert journals(folder) == []


def test_sigkill_of_a_folding_process_loses_and_doubles_nothing(program, store, folder):
    """Fifty readers are killed while they fold; the writer goes on all the time."""
    run = start_run(store)
    chance = random.Random(11)
    # Forked from one process that has DuckDB imported, each child dies within its folds.
    fold_and_die = program("""
        import signal, threading
        import duckdb, pyarrow, numpy
        for line in sys.stdin:
            pid = os.fork()
            if pid == 0:
                def die():
                    time.sleep(float(line))
                    os.kill(os.getpid(), signal.SIGKILL)
                threading.Thread(target=die).start()
                while True:
                    store.fold()
            assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
            print("died", flush=True)
    """)
    step = 0
    for _ in range(50):
        for _ in range(200):
            log(store, run, step, loss=float(step))
            step += 1
        fold_and_die.stdin.write(f"{chance.uniform(0.001, 0.06)}\n")
        fold_and_die.stdin.flush()
        for _ in range(200):
            log(store, run, step, loss=float(step))
            step += 1
        assert fold_and_die.stdout.readline() == "died\n"
    assert rows(
        store, "SELECT count(*), count(DISTINCT step), sum(value), max(step) FROM metrics"
    ) == [(step, step, step * (step - 1) / 2, step - 1)]
    assert rows(store, "SELECT count, max FROM latest_metrics") == [(step, step - 1.0)]
    assert rows(store, "SELECT status FROM runs") == [("running",)]
    end_run(store, run)
    assert rows(store, "SELECT status FROM runs") == [("finished",)]


def test_a_run_without_points_is_killed_at_the_time_of_its_last_event(program, store, folder):
    dying = program("""
        run = start("empty")
        writer = store.writer()
        writer.append(TagsSet(writer.now_us(), run, {"a": "b"}))
        os.kill(os.getpid(), 9)
    """)
    assert dying.wait() == -signal.SIGKILL
    assert rows(
        store,
        """SELECT status, ended BETWEEN t.ts AND t.ts + INTERVAL 1 MILLISECOND, duration_s IS NULL
           OR duration_s BETWEEN 0 AND 5 FROM runs JOIN base.tags t USING (run_id)""",
    ) == [("killed", True, True)]
    assert journals(folder) == []


def test_a_live_writer_in_this_pid_namespace_is_running(program, store, folder):
    alive = program("run = start('alive'); print(1, flush=True); sys.stdin.read(); end(run)")
    alive.stdout.readline()
    assert rows(store, "SELECT status FROM runs") == [("running",)]
    assert rows(store, "SELECT status FROM runs") == [("running",)]
    assert len(journals(folder)) == 1
    finished(alive)
    assert rows(store, "SELECT status FROM runs") == [("finished",)]
    assert journals(folder) == []


def can_unshare():
    if not shutil.which("unshare"):
        return False
    tried = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc", "true"],
        capture_output=True,
    )
    return tried.returncode == 0


@pytest.mark.skipif(not can_unshare(), reason="user namespaces are not permitted here")
def test_a_live_writer_in_another_pid_namespace_is_never_called_killed(program, store, folder):
    """It is pid 1 or 2 in there, which here is another process, or none."""
    there = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc"]
    alive = program(
        "run = start('there'); print(os.getpid(), flush=True); sys.stdin.read(); end(run)",
        prefix=there,
    )
    assert int(alive.stdout.readline()) < 10
    for _ in range(3):
        assert rows(store, "SELECT status FROM runs") == [("running",)]
    finished(alive)
    assert rows(store, "SELECT status FROM runs") == [("finished",)]


def forge_writer(folder, **changes):
    """Let the one journal say that its writer runs elsewhere."""
    [journal] = journals(folder)
    file = folder / "journals" / journal / "writer"
    said = json.loads(file.read_bytes())
    assert changes.keys() <= said.keys()
    file.write_text(json.dumps({**said, **changes}))


@pytest.mark.parametrize("elsewhere", [{"pid_namespace": 1}, {"boot": "other", "host": "other"}])
def test_a_writer_that_cannot_be_judged_from_here_is_not_called_killed(
    program, store, folder, elsewhere
):
    """Its lock is free here, as it is where a mount shares no locks, and its pid means nothing."""
    gone = program("start('elsewhere'); os.kill(os.getpid(), 9)")
    gone.wait()
    forge_writer(folder, **elsewhere)
    assert rows(store, "SELECT status FROM runs") == [("running",)]
    assert len(journals(folder)) == 1


def test_a_pid_that_another_process_has_by_now_does_not_keep_a_dead_writer_alive(
    program, store, folder
):
    gone = program("start('reused'); os.kill(os.getpid(), 9)")
    gone.wait()
    forge_writer(folder, pid=os.getpid())
    assert rows(store, "SELECT status FROM runs") == [("killed",)]


def test_a_killed_child_that_nobody_has_waited_for_is_dead(program, store):
    """A zombie still has its pid and start time."""
    parent = program("""
        pid = os.fork()
        if pid == 0:
            start("zombie")
            os.kill(os.getpid(), 9)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        print("dead", flush=True)
        sys.stdin.read()
    """)
    assert parent.stdout.readline() == "dead\n"
    assert rows(store, "SELECT status FROM runs") == [("killed",)]
    finished(parent)


def test_a_child_forked_by_a_dead_writer_does_not_keep_it_alive(program, store):
    parent = program("""
        run = start("parent")
        pid = os.fork()
        if pid:
            print(pid, flush=True)
        time.sleep(600)
    """)
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    try:
        assert rows(store, "SELECT status FROM runs") == [("killed",)]
    finally:
        os.kill(child, signal.SIGKILL)


def test_a_copied_store_and_the_original_do_not_disturb_each_other(
    program, store, folder, tmp_path
):
    alive = program("""
        run = start("alive")
        writer = store.writer()
        series = (writer.open_series(run, "m"),)
        writer.frame(series)((0.0,), 0)
        print(1, flush=True)
        sys.stdin.readline()
        writer.frame(series)((1.0,), 1)
        end(run)
    """)
    alive.stdout.readline()
    shutil.copytree(folder, tmp_path / "copy" / ".nbtrack")
    copy = Store(tmp_path / "copy" / ".nbtrack")
    assert rows(copy, "SELECT status FROM runs") == [("running",)]
    alive.stdin.write("go\n")
    finished(alive)
    assert rows(
        store, "SELECT status, max(value) FROM runs JOIN metrics USING (run_id) GROUP BY 1"
    ) == [("finished", 1.0)]
    assert rows(copy, "SELECT count(*) FROM metrics") == [(1,)]
    assert journals(folder) == []


def test_a_moved_store_is_whole_and_names_no_absolute_path(store, folder, tmp_path):
    run = start_run(store)
    log(store, run, 0, m=1.0)
    end_run(store, run)
    store.close()
    rows(Store(folder), "SELECT 1")
    for path in folder.rglob("*"):
        if path.is_file():
            assert str(tmp_path).encode() not in path.read_bytes(), path
    folder.rename(tmp_path / "elsewhere")
    moved = Store(tmp_path / "elsewhere")
    assert rows(moved, "SELECT status FROM runs") == [("finished",)]


def test_a_forked_child_writes_a_journal_of_its_own(program, store, folder):
    out = finished(
        program("""
        run = start("parent")
        writer = store.writer()
        m = writer.open_series(run, "m")
        writer.frame((m,))((0.0,), 0)
        store.query("SELECT 1")
        pid = os.fork()
        if pid == 0:
            child = store.writer()
            own = child.open_series(run, "m")
            child.frame((own,))((1.0,), 1)
            print(store.query("SELECT count(*) AS n FROM metrics")["n"].to_pylist(), flush=True)
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
        writer.frame((m,))((2.0,), 2)
        print(store.query("SELECT count(*) AS n FROM metrics")["n"].to_pylist(), flush=True)
        print(store.query("SELECT status FROM runs")["status"].to_pylist(), flush=True)
        end(run)
    """)
    )
    assert out == "[2]\n[3]\n['running']\n"
    assert rows(store, "SELECT step, value FROM metrics ORDER BY step") == [
        (0, 0.0),
        (1, 1.0),
        (2, 2.0),
    ]


def test_a_child_that_exits_normally_after_its_parent_queried_ends_in_peace(program):
    finished(
        program("""
        store.query("SELECT 1")
        pid = os.fork()
        if pid == 0:
            sys.exit(0)
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    """)
    )


@pytest.mark.parametrize("ending", ["sys.exit(0)", "pass", "os.kill(os.getpid(), 15)"])
def test_no_background_thread_keeps_a_process_alive(program, ending):
    process = program(f"""
        start("x")
        store.fold()
        print("end", flush=True)
        {ending}
    """)
    assert process.stdout.readline() == "end\n"
    process.wait(timeout=5)


def test_importing_the_store_starts_nothing_and_imports_nothing_heavy():
    source = (
        "import sys, threading; import nbtrack.store; from nbtrack.store import Store; "
        "from pathlib import Path; Store(Path('nowhere')); "
        "heavy = {'duckdb', 'pyarrow', 'numpy', 'pandas', 'IPython'} & set(sys.modules); "
        "sys.exit(f'{heavy} {threading.enumerate()}' "
        "if heavy or threading.active_count() > 1 else 0)"
    )
    subprocess.run([sys.executable, "-c", source], check=True)


def test_writing_imports_neither_duckdb_nor_numpy(program):
    finished(
        program("""
        run = start()
        writer = store.writer()
        writer.frame((writer.open_series(run, "m"),))((1.0,), 0)
        writer.store_text("text")
        end(run)
        heavy = {"duckdb", "pyarrow", "numpy", "pandas"} & set(sys.modules)
        assert not heavy, heavy
    """)
    )


def test_a_journal_that_is_folded_and_closed_is_deleted_even_if_its_folder_died_before_deleting(
    program, store, folder
):
    """The folding process dies between its commit and the deletion: nothing is folded twice."""
    gone = program(
        "run = start('x'); log = store.writer(); "
        "log.frame((log.open_series(run, 'm'),))((1.0,), 0); end(run); os._exit(0)"
    )
    gone.wait()
    [journal] = journals(folder)
    saved = folder.parent / "saved"
    shutil.copytree(folder / "journals" / journal, saved)
    wait_until(lambda: rows(store, "SELECT count(*) FROM metrics") == [(1,)])
    assert journals(folder) == []
    shutil.copytree(saved, folder / "journals" / journal)
    assert rows(store, "SELECT count(*) FROM metrics") == [(1,)]
    assert rows(store, "SELECT count(*), count(DISTINCT run_id) FROM all_runs") == [(1, 1)]
    assert journals(folder) == []
