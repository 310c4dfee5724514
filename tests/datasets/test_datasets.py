"""Data sets: what is known of data, and what runs are told of it."""

import json

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import nbtrack
from nbtrack.errors import InvalidValue

TABLE = {"size": [1, 2, None], "colour": ["red", "blue", "blue"], "price": [0.5, 1.5, 2.5]}
train = pd.DataFrame(TABLE)


def profile(data):
    return {row["column"]: row for row in nbtrack.dataset(data, "t").profile}


def test_a_data_set_knows_its_content():
    found = nbtrack.dataset(train, source="s3://bucket/train.csv")
    assert (found.name, found.kind, found.shape) == ("train", "pandas.DataFrame", (3, 3))
    assert list(found.schema) == list(TABLE)
    assert found.source == "s3://bucket/train.csv"
    assert found.digest == nbtrack.dataset(train.copy(), "another").digest
    assert found.digest != nbtrack.dataset(train.iloc[::-1]).digest
    assert repr(found).startswith("<Dataset train: pandas.DataFrame 3 x 3, digest ")


def test_a_variable_of_the_caller_gives_the_name(tmp_path):
    local = np.arange(6.0)
    assert nbtrack.dataset(local).name == "local"
    twice = local
    assert nbtrack.dataset(local).name == "data"
    del twice
    assert nbtrack.dataset(np.arange(5.0)).name == "data"
    file = tmp_path / "wine.csv"
    train.to_csv(file, index=False)
    assert nbtrack.dataset(file).name == "wine.csv"


@pytest.mark.parametrize(
    "frame",
    [train, pl.DataFrame(TABLE), pl.LazyFrame(TABLE), pa.table(TABLE)],
    ids=["pandas", "polars", "lazy", "arrow"],
)
def test_every_frame_has_the_same_profile(frame):
    found = profile(frame)
    assert list(found) == list(TABLE)
    size, colour, price = found.values()
    assert (size["count"], size["nulls"], float(size["min"]), float(size["max"])) == (2, 1, 1, 2)
    assert (price["mean"], price["q50"]) == (1.5, "1.5")
    # No text of the data is told.
    assert (colour["count"], colour["distinct_about"], colour["min"]) == (3, 2, None)


def test_files_and_arrays_have_a_profile(tmp_path):
    for write, name in ((train.to_csv, "t.csv"), (train.to_parquet, "it's.parquet")):
        write(tmp_path / name, index=False)
        assert profile(tmp_path / name)["price"]["mean"] == 1.5
    found = profile(np.array([[1.0, np.nan], [3.0, 4.0]]))
    assert (found["0"]["mean"], found["1"]["nulls"], found["1"]["mean"]) == (2.0, 1, 4.0)


def test_columns_that_are_no_names_are_told_apart():
    frame = pd.DataFrame([[1, 2, 3]], columns=[0, "a", "a"])
    assert list(profile(frame)) == ["0", "a", "a (2)"]


def test_of_very_many_rows_a_part_is_looked_at(monkeypatch):
    from nbtrack.store import profiles

    monkeypatch.setattr(profiles, "MAX_ROWS", 1_000)
    monkeypatch.setattr(profiles, "SAMPLE_ROWS", 500)
    found = profile(np.arange(10_000.0))
    assert found["0"]["count"] == 500
    assert 4_000 < found["0"]["mean"] < 6_000


def test_what_is_no_table_has_no_profile():
    with pytest.raises(InvalidValue, match="no table that could be profiled"):
        nbtrack.dataset(np.zeros((2, 2, 2)), "cube").profile  # noqa: B018
    with pytest.raises(InvalidValue, match="A int is no data"):
        nbtrack.dataset(3)


def test_a_run_is_told_of_its_data(place):
    with nbtrack.run("r") as run:
        nbtrack.log_input(train, "training", {"owner": "ann"})
        nbtrack.log_input(nbtrack.dataset(np.zeros((2, 2, 2)), "cube"), context="shape only")
    cube, table = nbtrack.get_run(run.id).inputs
    assert (table.name, table.context, table.tags) == ("train", "training", {"owner": "ann"})
    assert table.digest == nbtrack.dataset(train).digest
    assert (cube.name, cube.context, cube.shape) == ("cube", "shape only", "(2, 2, 2)")
    kept = json.loads(nbtrack.get_run(run.id).text("profile:train"))
    assert [row["column"] for row in kept] == list(TABLE)
    with pytest.raises(KeyError):
        nbtrack.get_run(run.id).text("profile:cube")


def test_a_run_is_started_where_none_is_and_another_may_be_given(place):
    nbtrack.log_input(train, name="given")
    started = nbtrack.active_run()
    started.end()
    assert [each.name for each in nbtrack.get_run(started.id).inputs] == ["given"]
    other = nbtrack.start_run()
    other.end()
    nbtrack.log_input(train, run=other)
    assert nbtrack.active_run() is None
    assert [each.name for each in nbtrack.get_run(other.id).inputs] == ["train"]


def test_what_was_said_of_data_outlives_a_later_look_at_it(place):
    with nbtrack.run("r") as run:
        nbtrack.log_input(train, "training")
        nbtrack.log_input(train)
    (found,) = nbtrack.get_run(run.id).inputs
    assert (found.name, found.context) == ("train", "training")


def test_secrets_in_a_source_are_not_kept(place):
    address = "postgresql://ann:hunter2secret@host/db"
    with nbtrack.run("r") as run:
        nbtrack.log_input(nbtrack.dataset(train, source=address))
    assert "hunter2secret" not in nbtrack.get_run(run.id).inputs[0].source
