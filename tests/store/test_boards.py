"""Boards in the store: the last of a name holds, and all care for the store keeps them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from using_store import end_run, finished, rows, start_run

from nbtrack.events import BoardKept
from nbtrack.store import Store, board_content, board_table

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def keep(store, name, content):
    writer = store.writer()
    writer.append(BoardKept(writer.now_us(), name, content))


def names(store):
    return board_table(store)["name"].to_pylist()


@settings(max_examples=25)
@given(boards=st.dictionaries(TEXT.filter(bool), TEXT, min_size=1, max_size=5))
def test_boards_of_every_name_come_back(store, boards):
    for name, content in boards.items():
        keep(store, name, content)
    assert {name: board_content(store, name) for name in boards} == boards


def test_the_last_of_a_name_holds_and_a_deleted_one_is_gone(store):
    keep(store, "a", "1")
    keep(store, "b", "2")
    store.fold()
    keep(store, "a", "3")
    assert names(store) == ["a", "b"]
    assert board_content(store, "a") == "3"
    keep(store, "a", None)
    assert (names(store), board_content(store, "a")) == (["b"], None)
    keep(store, "a", "4")
    assert board_content(store, "a") == "4"


def test_an_empty_store_has_none(store):
    assert names(store) == []
    assert board_content(store, "a") is None


def test_another_process_reads_what_was_saved(store, program):
    keep(store, "שלום <b>", "{}")
    # Nothing of it is folded yet.
    assert finished(program("print(store.query('SELECT name FROM boards'))")).count("שלום <b>") == 1


def test_compaction_backup_and_a_purge_keep_boards(store, tmp_path):
    run = start_run(store)
    end_run(store, run)
    keep(store, "a", "1")
    store.fold()
    keep(store, "a", "2")
    keep(store, "b", "3")
    keep(store, "b", None)
    store.compact()
    assert (names(store), board_content(store, "a")) == (["a"], "2")
    store.purge([run])
    assert rows(store, "SELECT count(*) FROM runs") == [(0,)]
    assert (names(store), board_content(store, "a")) == (["a"], "2")
    saved = store.backup(tmp_path / "backup.duckdb")
    another = Store(tmp_path / "another")
    another.restore(saved)
    assert board_content(another, "a") == "2"


def test_a_version_before_boards_stops_in_front_of_one(store, monkeypatch):
    """What it does not know it must not step over: the board would be lost to all."""
    from nbtrack.store import segments

    keep(store, "a", "1")
    monkeypatch.setattr(segments, "JOURNAL_VERSION", 2)
    with pytest.warns(RuntimeWarning, match="journal format 4, and this nbtrack reads up to 2"):
        assert names(store) == []
    monkeypatch.undo()
    assert names(Store(store.path)) == ["a"]
