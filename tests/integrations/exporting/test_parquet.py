"""Runs as Parquet files, which anything reads."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as parquet
import pytest

import nbtrack
from nbtrack.errors import InvalidFilter, InvalidValue


def test_files_hold_what_the_runs_hold(place: Path, tmp_path: Path) -> None:
    with nbtrack.run("outer", lr=0.1, experiment="iris") as outer:
        outer.log(loss=0.5)
        outer.log_text("hello", "a/b.txt")
        with nbtrack.run("inner", experiment="iris") as inner:
            inner.log(loss=0.25)
    with nbtrack.run("other", experiment="else"):
        pass
    out = tmp_path / "out"
    report = nbtrack.export_parquet(out, experiments=["iris"], artifacts=True)
    assert report.runs == 2
    runs = parquet.read_table(out / "runs.parquet").to_pylist()
    assert {run["name"]: run["parent_id"] for run in runs} == {"outer": None, "inner": outer.id}
    metrics = parquet.read_table(out / "metrics.parquet").to_pylist()
    assert {row["run_id"]: row["value"] for row in metrics} == {outer.id: 0.5, inner.id: 0.25}
    assert (out / "artifacts" / outer.id / "a" / "b.txt").read_text() == "hello"
    assert not list(out.glob("*.part"))


def test_later_export_replaces_the_earlier_one(place: Path, tmp_path: Path) -> None:
    with nbtrack.run("a", lr=0.1):
        pass
    nbtrack.export_parquet(tmp_path / "out")
    nbtrack.export_parquet(tmp_path / "out", filter_string="params.lr > 1")
    # Empty, and still with all its columns.
    table = parquet.read_table(tmp_path / "out" / "runs.parquet")
    assert (table.num_rows, "experiment" in table.column_names) == (0, True)


def test_what_cannot_be_done_is_told_and_leaves_nothing(place: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidFilter):
        nbtrack.export_parquet(tmp_path / "out", filter_string="params.lr >")
    with pytest.raises(InvalidValue, match="is a file"):
        nbtrack.export_parquet(__file__)
    assert not (tmp_path / "out").exists()
