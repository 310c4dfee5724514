"""Stores that earlier versions wrote, kept in tests/data: they are read, and brought up to date."""

import re
import zipfile
from pathlib import Path

import duckdb
import pytest
from using_store import end_run, rows, start_run

from nbtrack.store import Store
from nbtrack.store.schema import ADDED, SCHEMA_VERSION

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture
def first_store(tmp_path):
    """A store of schema 1: a run that is folded, and one in the journal of a process long gone."""
    with zipfile.ZipFile(DATA / "store-schema-1.zip") as archive:
        archive.extractall(tmp_path)
    return tmp_path / ".nbtrack"


def _version(file):
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute("SELECT max(value::INT) FROM base.meta").fetchall()[0][0]


def test_an_older_store_is_read_whole(first_store):
    store = Store(first_store)
    # Whether the second was killed can only be told on the machine that wrote it.
    assert rows(
        store, "SELECT name, status IN ('running', 'killed') FROM runs ORDER BY started"
    ) == [
        ("first-of-old", False),
        ("left-open", True),
    ]
    assert rows(store, "SELECT count(*) FROM metrics WHERE key = 'loss'") == [(5,)]
    assert rows(store, "SELECT value FROM latest_metrics WHERE key = 'acc'") == [(0.5,)]


def test_an_older_store_gets_what_later_versions_added(first_store):
    store = Store(first_store)
    assert rows(store, "SELECT count(*) FROM cells") == [(0,)]
    assert _version(first_store / "store.duckdb") == SCHEMA_VERSION
    assert _version(first_store / f"before-schema-{SCHEMA_VERSION}.duckdb") == 1


def test_an_older_store_is_upgraded_by_a_fold_too(first_store):
    store = Store(first_store)
    store.fold()
    assert _version(first_store / "store.duckdb") == SCHEMA_VERSION
    store.compact()
    assert rows(store, "SELECT count(*) FROM runs") == [(2,)]


def test_an_older_store_is_restored_from_as_a_backup(first_store, tmp_path):
    store = Store(tmp_path / "another")
    store.restore(first_store)
    assert rows(store, "SELECT name FROM runs") == [("first-of-old",)]
    assert rows(store, "SELECT count(*) FROM inputs") == [(0,)]


@pytest.mark.parametrize("version", range(2, SCHEMA_VERSION))
def test_a_store_of_any_version_since_gets_what_came_later(tmp_path, version):
    store = Store(tmp_path / "older")
    run = start_run(store, "kept")
    end_run(store, run)
    store.fold()
    file = store.path / "store.duckdb"
    added = "".join(sql for number, sql in ADDED.items() if number > version)
    tables = re.findall(r"CREATE TABLE base\.(\w+)", added)
    columns = re.findall(r"ALTER TABLE base\.(\w+) ADD COLUMN (\w+)", added)
    with duckdb.connect(str(file)) as connection:
        for (view,) in connection.execute(
            "SELECT view_name FROM duckdb_views WHERE NOT internal"
        ).fetchall():
            connection.execute(f"DROP VIEW main.{view}")
        for table in tables:
            connection.execute(f"DROP TABLE base.{table}")
        for table, column in columns:
            connection.execute(f"ALTER TABLE base.{table} DROP COLUMN {column}")
        connection.execute(f"UPDATE base.meta SET value = '{version}' WHERE key = 'schema_version'")
    later = Store(store.path)
    filled = {"experiments"}
    assert [rows(later, f"SELECT count(*) FROM base.{table}") for table in tables] == [
        [(int(table in filled),)] for table in tables
    ]
    assert rows(later, "SELECT number, name, created FROM experiments") == rows(
        later, "SELECT 1, experiment, started FROM runs"
    )
    for table, column in columns:
        assert rows(later, f"SELECT count({column}) FROM base.{table}") == [(0,)]
    assert rows(later, "SELECT name FROM runs") == [("kept",)]
    assert rows(later, "SELECT count(*) FROM boards, models_in_production") == [(0,)]
    assert _version(file) == SCHEMA_VERSION
    assert _version(store.path / f"before-schema-{SCHEMA_VERSION}.duckdb") == version
    store.close()


def test_an_older_store_that_cannot_be_written_is_browsed(first_store, monkeypatch):
    # Its folder may not be writable at all; here another program holds the file.
    holder = duckdb.connect(str(first_store / "store.duckdb"), read_only=True)
    try:
        with pytest.warns(RuntimeWarning, match="is open in this process"):
            assert rows(Store(first_store), "SELECT count(*) FROM cells") == [(0,)]
    finally:
        holder.close()
