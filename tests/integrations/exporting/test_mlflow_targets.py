"""What cannot be written into a store of MLflow's is told."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

import nbtrack
from nbtrack.errors import InvalidValue, MissingExtra


def test_version_of_another_is_not_taken_for_ours(place: Path, tmp_path: Path) -> None:
    for store in ("first", "second"):
        with nbtrack.run(store, store=tmp_path / store) as run:
            run.log_text("model", "model/MLmodel")
        nbtrack.Registry(tmp_path / store).register(f"runs:/{run.id}/model", "reg")
    nbtrack.export_mlflow(tmp_path / "out", store=tmp_path / "first")
    report = nbtrack.export_mlflow(tmp_path / "out", store=tmp_path / "second")
    assert "is another one there" in report.remarks[0]


@pytest.mark.parametrize(
    ("uri", "told"),
    [
        ("ftp://x/y", "no address that nbtrack writes to"),
        ("sqlite:////nowhere/x.db", "There is no folder /nowhere"),
        (__file__, "is a file"),
    ],
)
def test_what_cannot_be_written_to_is_told(uri: str, told: str, place: Path) -> None:
    with pytest.raises(InvalidValue, match=told):
        nbtrack.export_mlflow(uri)


@pytest.mark.skipif(find_spec("mlflow") is not None, reason="MLflow is here")
def test_database_needs_mlflow(place: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingExtra, match=r"nbtrack\[mlflow\]"):
        nbtrack.export_mlflow(f"sqlite:///{tmp_path}/x.db")
    assert not (tmp_path / "x.db").exists()


def test_experiment_keeps_its_number_unless_that_is_anothers(place: Path, tmp_path: Path) -> None:
    for store, experiment in (("first", "iris"), ("second", "wine")):
        with nbtrack.run(experiment, experiment=experiment, store=tmp_path / store):
            pass
        nbtrack.export_mlflow(tmp_path / "out", store=tmp_path / store)
    folders = {
        yaml.safe_load(file.read_text())["name"]: file.parent.name
        for file in (tmp_path / "out").glob("*/meta.yaml")
    }
    assert folders["iris"] == "1"
    assert folders["wine"] not in ("1", "0")
    report = nbtrack.import_mlflow(tmp_path / "out")
    assert (report.runs, report.carried["experiments"]) == (2, 2)


def test_run_that_was_exported_is_known_when_it_comes_back(place: Path, tmp_path: Path) -> None:
    with nbtrack.run("there and back") as run:
        run.log(loss=0.5)
    nbtrack.export_mlflow(tmp_path / "out")
    assert nbtrack.import_mlflow(tmp_path / "out").already_there == 1
