"""How fast runs come in: 10,000 of MLflow's, and a million points of TensorBoard's."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import nbtrack
from nbtrack.integrations.report import Report

RUNS, POINTS, TAGS = 10_000, 1_000_000, 10


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="nbtrack-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _taken_s(work: Callable[[], Report]) -> tuple[float, Report]:
    begun = time.perf_counter()
    report = work()
    return time.perf_counter() - begun, report


def bench_mlflow_runs() -> tuple[str, float, float | None, str, str]:
    """10,000 runs of an MLflow database: five params, four tags, three metrics of ten points."""
    with _folder() as folder:
        _write_database(folder / "ml.db")
        uri, store = f"sqlite:///{folder}/ml.db", folder / ".nbtrack"
        taken_s, report = _taken_s(lambda: nbtrack.import_mlflow(uri, store=store))
    assert report.runs == RUNS
    return ("10,000 MLflow runs imported", RUNS / taken_s, None, "runs/s", ">= 500")


def bench_tensorboard_points() -> tuple[str, float, float | None, str, str]:
    """A million points of ten tags in one event file of TensorBoard."""
    with _folder() as folder:
        _write_events(folder / "run")
        store = folder / ".nbtrack"
        taken_s, report = _taken_s(lambda: nbtrack.import_tensorboard(folder, store=store))
    assert report.carried["points"] == POINTS
    return ("1 M TensorBoard points imported", POINTS / taken_s, None, "points/s", ">= 200000")


def _write_database(file: Path) -> None:
    """A database as MLflow has them, with the columns that matter."""
    connection = sqlite3.connect(file)
    connection.executescript(
        """
        CREATE TABLE experiments (experiment_id INTEGER, name TEXT, lifecycle_stage TEXT);
        INSERT INTO experiments VALUES (1, 'bench', 'active');
        CREATE TABLE runs (run_uuid TEXT PRIMARY KEY, name TEXT, user_id TEXT, status TEXT,
            start_time BIGINT, end_time BIGINT, lifecycle_stage TEXT, artifact_uri TEXT,
            experiment_id INTEGER);
        CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT, PRIMARY KEY (key, run_uuid));
        CREATE TABLE tags (key TEXT, value TEXT, run_uuid TEXT, PRIMARY KEY (key, run_uuid));
        CREATE TABLE metrics (key TEXT, value FLOAT, timestamp BIGINT, run_uuid TEXT,
            step BIGINT, is_nan BOOLEAN);
        CREATE INDEX params_run ON params (run_uuid);
        CREATE INDEX tags_run ON tags (run_uuid);
        CREATE INDEX metrics_run ON metrics (run_uuid);
        """
    )
    ids = [f"{number:032x}" for number in range(RUNS)]
    started = [1_700_000_000_000 + 1000 * number for number in range(RUNS)]
    connection.executemany(
        "INSERT INTO runs VALUES (?, 'run', 'ada', 'FINISHED', ?, ? + 500, 'active', '/none', 1)",
        [(run, at, at) for run, at in zip(ids, started, strict=True)],
    )
    for table, keys in (("params", 5), ("tags", 4)):
        rows = [(f"k{key}", f"0.{key}", run) for run in ids for key in range(keys)]
        connection.executemany(f"INSERT INTO {table} VALUES (?, ?, ?)", rows)
    connection.executemany(
        "INSERT INTO metrics VALUES (?, ?, ?, ?, ?, 0)",
        [
            (f"m{key}", step / 7, at + step, run, step)
            for run, at in zip(ids, started, strict=True)
            for key in range(3)
            for step in range(10)
        ],
    )
    connection.commit()
    connection.close()


def _write_events(folder: Path) -> None:
    from tests.integrations.importing.event_files import frame, plain, write_events

    file = write_events(folder, [])
    # One event of each tag, of which step, time and value are then written over.
    tags = [plain(1, f"loss/part_{number}")[0] for number in range(TAGS)]
    with file.open("ab") as stream:
        for step in range(1, POINTS // TAGS + 1):
            for event in tags:
                event.step = step
                event.wall_time = 1_700_000_000.0 + step / 1000
                event.summary.value[0].simple_value = 1 / step
                stream.write(frame(event.SerializeToString()))
