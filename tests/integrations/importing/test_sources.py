"""Every source of files keeps the promises of all, also when it was moved."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from nbtrack.integrations.importing.importer import import_source
from nbtrack.integrations.importing.source import RunSource
from nbtrack.integrations.importing.tables import TableFile
from nbtrack.integrations.importing.tensorboard.source import EventFolder
from nbtrack.integrations.importing.wandb.source import WandbFolder
from nbtrack.store import Store
from tests.integrations.importing.conformance import PROMISES, MakeSource
from tests.integrations.importing.event_files import write_folder
from tests.integrations.importing.wandb_made import recorded


def _wide(folder: Path) -> Callable[[Path], RunSource]:
    (folder / "wide.csv").write_text(
        "name,lr,accuracy,started\na,0.1,0.9,2024-01-02T03:04:05\n"
        + 2 * "b,0.2,0.8,2024-01-02T03:05:05\n"
    )
    return lambda at: TableFile(at / "wide.csv", said={}, roles={})


def _long(folder: Path) -> Callable[[Path], RunSource]:
    table = pyarrow.table(
        {
            "run": ["x", "y", "x", "y"],
            "step": [0, 0, 1, 1],
            "timestamp": [1.7e9, 1.7e9 + 5, 1.7e9 + 1, 1.7e9 + 6],
            "loss": [1.0, 2.0, 0.5, None],
            "lr": [0.1, 0.2, 0.1, 0.2],
        }
    )
    pyarrow.parquet.write_table(table, folder / "long.parquet")
    return lambda at: TableFile(at / "long.parquet", said={}, roles={})


def _tensorboard(folder: Path) -> Callable[[Path], RunSource]:
    write_folder(folder / "logs")
    return lambda at: EventFolder(at / "logs", experiment=None)


def _wandb(folder: Path) -> Callable[[Path], RunSource]:
    shutil.copytree(recorded(), folder / "offline")
    exported = folder / "exported" / "other"
    exported.mkdir(parents=True)
    (exported / "config.json").write_text('{"lr": 0.5, "_wandb": {}}')
    (exported / "summary.json").write_text('{"loss": 0.25, "_timestamp": 1.7e9, "_runtime": 5}')
    (exported / "history.csv").write_text("_step,_timestamp,loss\n0,1.7e9,1\n1,1700000001,0.25\n")
    return lambda at: WandbFolder(at, experiment=None)


FILES = {"wide table": _wide, "long table": _long, "tensorboard": _tensorboard, "wandb": _wandb}


@pytest.fixture(params=FILES)
def make(request: pytest.FixtureRequest, tmp_path: Path) -> MakeSource:
    """What opens one of the sources, anew each time."""
    place = tmp_path / "source"
    place.mkdir()
    opened = FILES[request.param](place)
    return lambda: opened(place)


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
def test_source(
    promise: Callable[[MakeSource, Path], None], make: MakeSource, tmp_path: Path
) -> None:
    promise(make, tmp_path)


@pytest.mark.parametrize("name", FILES)
def test_source_that_was_moved_holds_the_same_runs(name: str, tmp_path: Path) -> None:
    before = tmp_path / "before"
    before.mkdir()
    opened = FILES[name](before)
    store = Store(tmp_path / "store")
    first = import_source(store, opened(before))
    after = shutil.copytree(before, tmp_path / "elsewhere" / "after")
    shutil.rmtree(before)
    assert import_source(store, opened(after)).already_there == first.runs
