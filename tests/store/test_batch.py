"""A batch is in the store as a whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nbtrack.errors import StoreHeld
from nbtrack.events import ParamsLogged, ParamValue, RunEnded, RunStarted, TextsKept, new_run_id
from nbtrack.store import Batch, Store, writing_batches
from nbtrack.store.segments import WIDE_RECORDS


def filled(batch: Batch, points: int = 10) -> str:
    """A run with a curve in a batch; its id."""
    run = new_run_id()
    batch.append(RunStarted(1, run, "brave-fox", "iris"))
    steps = np.arange(points)
    batch.append_points(run, "loss", steps, steps + 5, steps / 2)
    digest = batch.store_text("some text")
    batch.append(TextsKept(1, run, {"source": digest}), RunEnded(9, run, "finished", 1.0))
    return run


def counts(store: Store) -> tuple[int, int]:
    runs, points = (
        store.query("SELECT count(*) FROM runs"),
        store.query("SELECT count(*) FROM metrics"),
    )
    return runs[0][0].as_py(), points[0][0].as_py()


def test_batch_is_seen_when_it_is_published_and_not_before(tmp_path: Path) -> None:
    store = Store(tmp_path / ".nbtrack")
    batch = Batch(store.path)
    filled(batch)
    assert counts(store) == (0, 0)
    batch.publish()
    assert counts(store) == (1, 10)
    [row] = store.query("SELECT status, duration_s FROM runs").to_pylist()
    assert row == {"status": "finished", "duration_s": 1.0}
    assert store.query("SELECT text FROM texts")["text"].to_pylist() == ["some text"]
    assert not list((store.path / "journals").iterdir())


def test_curve_of_many_frames_arrives_in_order(tmp_path: Path) -> None:
    store = Store(tmp_path / ".nbtrack")
    batch = Batch(store.path)
    points = 3 * WIDE_RECORDS + 1
    filled(batch, points)
    batch.publish()
    found = store.query("SELECT step, value, epoch_us(ts) AS us FROM metrics ORDER BY step")
    assert found["step"].to_numpy().tolist() == list(range(points))
    assert (found["value"].to_numpy() == np.arange(points) / 2).all()
    assert (found["us"].to_numpy() == np.arange(points) + 5).all()


def test_what_is_cut_back_was_never_there(tmp_path: Path) -> None:
    store = Store(tmp_path / ".nbtrack")
    batch = Batch(store.path)
    first = filled(batch)
    mark = batch.mark()
    filled(batch)
    batch.cut_back(mark)
    third = filled(batch, 5)
    batch.publish()
    assert counts(store) == (2, 15)
    ids = store.query("SELECT replace(run_id::VARCHAR, '-', '') AS id FROM runs")["id"].to_pylist()
    assert sorted(ids) == sorted([first, third])
    # The text that both keep was in what was cut away, too.
    assert store.query("SELECT count(*) FROM texts")[0][0].as_py() == 2


def test_empty_batch_leaves_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path / ".nbtrack")
    with writing_batches(store.path):
        Batch(store.path).publish()
    assert not list((store.path / "journals").iterdir())
    assert not (store.path / "batches").exists()


def test_killed_writer_leaves_nothing_but_what_the_next_clears_away(tmp_path: Path) -> None:
    place = tmp_path / ".nbtrack"
    program = (
        "import os, pathlib\n"
        "from nbtrack.store import Batch, writing_batches\n"
        "from tests.store.test_batch import filled\n"
        f"place = pathlib.Path({str(place)!r})\n"
        "with writing_batches(place):\n"
        "    filled(Batch(place), 100_000)\n"
        "    os._exit(9)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(__file__).parents[2], env={**os.environ}
    )
    assert done.returncode == 9
    store = Store(place)
    assert counts(store) == (0, 0)
    assert list((place / "batches").iterdir())
    with writing_batches(place):
        batch = Batch(place)
        filled(batch)
        batch.publish()
    assert counts(store) == (1, 10)
    assert not (place / "batches").exists()


def test_two_do_not_write_batches_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nbtrack.store.batch._PATIENCE_S", 0.01)
    place = tmp_path / ".nbtrack"
    with (
        writing_batches(place),
        pytest.raises(StoreHeld, match="Another import"),
        writing_batches(place),
    ):
        pass


def test_params_of_a_batch_are_typed(tmp_path: Path) -> None:
    store = Store(tmp_path / ".nbtrack")
    batch = Batch(store.path)
    run = filled(batch)
    batch.append(ParamsLogged(1, run, {"lr": ParamValue("float", "0.10")}))
    batch.publish()
    [row] = store.query("SELECT value, number FROM params").to_pylist()
    assert row == {"value": "0.10", "number": 0.1}
