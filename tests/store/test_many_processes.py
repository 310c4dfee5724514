"""Processes that use one store at the same time: nobody fails, starves, loses or doubles."""

import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from using_store import end_run, finished, journals, log, rows, start_run

from nbtrack.store import Store


def test_eight_processes_open_a_store_that_does_not_exist_yet(program, store, folder):
    source = """
        print("ready", flush=True)
        sys.stdin.readline()
        run = start(args[0])
        store.writer().frame((store.writer().open_series(run, "m"),))((1.0,), 0)
        print(store.query("SELECT count(*) AS n FROM runs")["n"].to_pylist()[0] >= 1)
        end(run)
    """
    everyone = [program(source, number) for number in range(8)]
    for process in everyone:
        assert process.stdout.readline() == "ready\n"
    for process in everyone:
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [finished(process) for process in everyone] == ["True\n"] * 8
    assert rows(store, "SELECT count(*), count(DISTINCT name) FROM runs") == [(8, 8)]
    assert rows(store, "SELECT count(*) FROM metrics") == [(8,)]
    assert rows(store, "SELECT DISTINCT status FROM runs") == [("finished",)]
    assert (folder / ".gitignore").read_text() == "*\n"


def test_four_writers_and_four_readers_lose_and_double_nothing(program, store, folder):
    runs, steps = 5, 2000
    write = f"""
        for number in range({runs}):
            run = start(f"{{args[0]}}-{{number}}")
            writer = store.writer()
            series = (writer.open_series(run, "loss"), writer.open_series(run, "acc"))
            for step in range({steps}):
                writer.frame(series)((1 / (1 + step), float(step)), step)
            end(run)
        print("written")
    """
    read = """
        last = 0
        import pyarrow, duckdb
        rows = store.query("SELECT 1")
        print("reading", flush=True)
        deadline = time.monotonic() + 100
        while time.monotonic() < deadline:
            answer = store.query("SELECT count(*) AS n, count(DISTINCT (run_id, key, step)) AS d "
                                 "FROM metrics").to_pylist()[0]
            assert answer["n"] == answer["d"], answer
            assert answer["n"] >= last, (answer, last)
            last = answer["n"]
            if last == int(args[0]):
                break
        print(last)
    """
    expected = 4 * runs * steps * 2
    readers = [program(read, expected) for _ in range(4)]
    for reader in readers:
        assert reader.stdout.readline() == "reading\n"
    writers = [program(write, number) for number in range(4)]
    for writer in writers:
        assert finished(writer) == "written\n"
    for reader in readers:
        assert int(finished(reader)) == expected
    assert rows(
        store, "SELECT count(*), count(DISTINCT (run_id, key, step)), sum(value) FROM metrics"
    )[0][:2] == (expected, expected)
    assert rows(
        store, "SELECT DISTINCT count, max, max_step FROM latest_metrics WHERE key='acc'"
    ) == [(steps, steps - 1.0, steps - 1)]
    assert rows(store, "SELECT count(*) FROM runs WHERE status = 'finished'") == [(20,)]
    store.fold()
    assert len(journals(folder)) == 0


def test_a_point_is_visible_in_another_process_at_once(program, store):
    reader = program("""
        for line in sys.stdin:
            answer = store.query("SELECT max(step) AS s FROM metrics")["s"].to_pylist()[0]
            print(answer, flush=True)
    """)
    run = start_run(store)
    for step in range(20):
        log(store, run, step, loss=1.0)
        reader.stdin.write("read\n")
        reader.stdin.flush()
        assert reader.stdout.readline() == f"{step}\n"
    end_run(store, run)


def test_threads_of_one_process_write_and_read_together(store):
    run = start_run(store)

    def write(key):
        for step in range(500):
            log(store, run, step, **{key: float(step)})

    def read():
        for _ in range(20):
            rows(store, "SELECT count(*) FROM metrics")

    with ThreadPoolExecutor(7) as pool:
        everyone = [pool.submit(write, f"k{n}") for n in range(4)]
        everyone += [pool.submit(read) for _ in range(3)]
        for one in everyone:
            one.result()
    assert rows(
        store, "SELECT key, count(*), count(DISTINCT step) FROM metrics GROUP BY key ORDER BY key"
    ) == [(f"k{n}", 500, 500) for n in range(4)]


@pytest.fixture
def folder_in_memory():
    """A store's folder where a disk, which each process asks to keep its journal, costs nothing."""
    memory = Path("/dev/shm")
    place = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))
    yield place / ".nbtrack"
    shutil.rmtree(place)


def test_hundreds_of_short_processes_leave_no_journals_behind(program, folder_in_memory):
    """Each forked child is a process with a journal of its own, and no reader comes by."""
    folder, store = folder_in_memory, Store(folder_in_memory)
    finished(
        program(
            """
        def short(number):
            run = start(f"run-{number}")
            writer = store.writer()
            writer.frame((writer.open_series(run, "m"),))((1.0,), 0)
            end(run)
            store.close()

        for number in range(400):
            if os.fork() == 0:
                short(number)
                os._exit(0)
            if number >= 8:
                assert os.wait()[1] == 0
        for _ in range(8):
            assert os.wait()[1] == 0
        """,
            place=folder,
        ),
        timeout_s=240,
    )
    assert rows(
        store, "SELECT count(*), count(DISTINCT name) FROM runs WHERE status = 'finished'"
    ) == [(400, 400)]
    assert len(journals(folder)) <= 1
