"""Another program has the database open: logging goes on, the message names it, reads serve."""

import os
import sys

import duckdb
import pytest
from using_store import end_run, log, rows, start_run

from nbtrack.errors import StoreHeld

HOLD = """
    import duckdb
    held = duckdb.connect(str(Path(sys.argv[1]) / "store.duckdb"))
    held.execute("SELECT 1")
    print("held", flush=True)
    sys.stdin.readline()
    held.close()
    print("freed", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def logged(store):
    """A store with one folded run, and its id."""
    run = start_run(store, "before")
    log(store, run, 0, m=1.0)
    rows(store, "SELECT 1")
    return run


def test_while_another_program_holds_the_file_logging_and_reading_go_on(program, store, logged):
    holder = program(HOLD)
    assert holder.stdout.readline() == "held\n"
    during = start_run(store, "during")
    log(store, during, 0, m=2.0)
    with pytest.warns(RuntimeWarning, match="open in another program") as told:
        got = rows(store, "SELECT name, value FROM runs JOIN metrics USING (run_id)")
    assert ("during", 2.0) in got
    [message] = {str(each.message) for each in told}
    assert str(holder.pid) in message
    assert os.path.basename(sys.executable).rstrip("0123456789.") in message
    with pytest.raises(StoreHeld, match=str(holder.pid)):
        store.fold()
    end_run(store, during)
    holder.stdin.write("\n")
    holder.stdin.flush()
    assert holder.stdout.readline() == "freed\n"
    assert rows(
        store, "SELECT name, value FROM runs JOIN metrics USING (run_id) ORDER BY name"
    ) == [
        ("before", 1.0),
        ("during", 2.0),
    ]


def test_a_connection_of_the_users_own_in_this_process_is_named(store, folder, logged):
    mine = duckdb.connect(str(folder / "store.duckdb"))
    during = start_run(store, "during")
    log(store, during, 0, m=2.0)
    with pytest.warns(Warning, match=str(os.getpid())):
        got = rows(store, "SELECT name FROM runs")
    assert ("during",) in got
    with pytest.raises(StoreHeld, match=r"your own"):
        store.fold()
    mine.execute("SELECT count(*) FROM runs")
    mine.close()
    assert rows(store, "SELECT name FROM runs ORDER BY name") == [("before",), ("during",)]


def test_the_users_own_connection_by_another_spelling_of_the_path_is_noticed(
    store, folder, logged, tmp_path, monkeypatch
):
    """Two instances that write one file would destroy it: locks do not part one process."""
    (tmp_path / "link").symlink_to(folder)
    monkeypatch.chdir(tmp_path)
    for spelling in (str(tmp_path / "link" / "store.duckdb"), ".nbtrack/store.duckdb"):
        mine = duckdb.connect(spelling)
        start_run(store, "during")
        with pytest.raises(StoreHeld):
            store.fold()
        mine.close()
    assert len(rows(store, "SELECT * FROM runs")) == 3


def test_a_reader_that_holds_the_file_read_only_is_named_and_does_not_stop_logging(
    program, store, logged
):
    holder = program(HOLD.replace('store.duckdb")', 'store.duckdb"), read_only=True'))
    assert holder.stdout.readline() == "held\n"
    during = start_run(store, "during")
    with pytest.warns(Warning, match=str(holder.pid)):
        got = rows(store, "SELECT name FROM runs")
    # A read-only holder leaves the database readable for us, too.
    assert ("during",) in got
    holder.stdin.write("\n")
    holder.stdin.flush()
    assert holder.stdout.readline() == "freed\n"
    end_run(store, during)
    assert rows(store, "SELECT name, status FROM runs ORDER BY name") == [
        ("before", "running"),
        ("during", "finished"),
    ]


def test_nobody_holds_the_database_between_operations(store, folder, logged):
    other = duckdb.connect(str(folder / "store.duckdb"))
    assert other.execute("SELECT name FROM runs").fetchall() == [("before",)]
    other.close()


def test_a_long_answer_holds_nothing(store, folder, logged):
    table = store.query("SELECT range AS n FROM range(100000)")
    other = duckdb.connect(str(folder / "store.duckdb"))
    other.close()
    assert table.num_rows == 100_000


def test_queries_cannot_change_the_store(store, logged):
    from nbtrack.errors import NbtrackError

    for sql in ("DELETE FROM base.runs", "DROP VIEW runs", "CREATE TABLE t (a INT)"):
        with pytest.raises(NbtrackError):
            store.query(sql)
    assert rows(store, "SELECT name FROM runs") == [("before",)]


def test_frames_are_in_scope_by_name_and_gone_afterwards(store, logged):
    import pandas
    import pyarrow

    frames = {
        "mine": pandas.DataFrame({"name": ["before"], "team": ["vision"]}),
        "other": pyarrow.table({"x": [1, 2]}),
    }
    assert rows(
        store, "SELECT team, x FROM runs JOIN mine USING (name), other ORDER BY x", frames=frames
    ) == [("vision", 1), ("vision", 2)]
    from nbtrack.errors import NbtrackError

    with pytest.raises(NbtrackError):
        store.query("SELECT * FROM mine")
