"""From MLflow to nbtrack and back: MLflow's own client tells the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import nbtrack
from nbtrack.errors import InvalidValue
from tests.integrations.importing.mlflow_made import MlflowMade


def without_what_is_an_address(shown: dict[str, Any]) -> dict[str, Any]:
    for run in shown["runs"].values():
        # The folder of a logged model bears its id, or is told by address.
        run["files"] = [file for file in run["files"] if not file[0].endswith("MLmodel")]
    return shown


def test_round_trip_over_a_folder_is_the_identity(
    made_by_mlflow: MlflowMade, place: Path, tmp_path: Path
) -> None:
    before = without_what_is_an_address(made_by_mlflow.show(made_by_mlflow.uris["files"]))
    assert set(before["runs"]) == {"one", "child", "going on", "gone"}
    nbtrack.import_mlflow(made_by_mlflow.uris["files"])
    report = nbtrack.export_mlflow(tmp_path / "out")
    assert (report.runs, report.written["versions"], report.remarks) == (4, 2, [])
    after = without_what_is_an_address(made_by_mlflow.show(f"file://{tmp_path}/out"))
    assert after == before
    again = nbtrack.export_mlflow(tmp_path / "out")
    assert (again.runs, again.already_there, again.written["versions"]) == (0, 4, 0)


def test_round_trip_over_a_server_is_the_identity(made_by_mlflow: MlflowMade, place: Path) -> None:
    target = made_by_mlflow.uris["empty server"]
    before = without_what_is_an_address(made_by_mlflow.show(made_by_mlflow.uris["sqlite"]))
    nbtrack.import_mlflow(made_by_mlflow.uris["sqlite"])
    report = nbtrack.export_mlflow(target)
    assert (report.runs, report.written["versions"], report.remarks) == (4, 2, [])
    after = without_what_is_an_address(made_by_mlflow.show(target, ours=True))
    assert after == before
    again = nbtrack.export_mlflow(target)
    assert (again.runs, again.already_there, again.written["versions"]) == (0, 4, 0)


def test_run_of_ours_is_at_home_in_mlflow(
    made_by_mlflow: MlflowMade, place: Path, tmp_path: Path
) -> None:
    with nbtrack.run("ours", lr=0.1, nothing=None, experiment="forest") as run:
        run.log({"loss": 0.5, "odd ∆ key": 1.0, "../up": 2.0}, step=3)
        run.log_text("hello", "a/b.txt")
        run.set_tags({"team": "red"})
    report = nbtrack.export_mlflow(tmp_path / "out")
    assert report.not_carried["facts"] >= 0
    assert len(report.remarks) == 2
    [(name, shown)] = made_by_mlflow.show(f"file://{tmp_path}/out")["runs"].items()
    assert (name, shown["about"][0], shown["about"][4]) == ("ours", "FINISHED", "forest")
    assert shown["params"] == {"lr": "0.1", "nothing": "None"}
    assert shown["tags"]["team"] == "red"
    assert set(shown["history"]) == {"loss", "odd _ key", "_/up"}
    assert shown["files"] == [["a/b.txt", 5]]


def test_version_of_another_is_not_taken_for_ours(place: Path, tmp_path: Path) -> None:
    for store in ("first", "second"):
        with nbtrack.run(store, store=tmp_path / store) as run:
            run.log_text("model", "model/MLmodel")
        nbtrack.Registry(tmp_path / store).register(f"runs:/{run.id}/model", "reg")
    nbtrack.export_mlflow(tmp_path / "out", store=tmp_path / "first")
    report = nbtrack.export_mlflow(tmp_path / "out", store=tmp_path / "second")
    assert "is another one there" in report.remarks[0]


@pytest.mark.parametrize(
    ("uri", "told"), [("sqlite:///x.db", "mlflow server"), (__file__, "is a file")]
)
def test_what_cannot_be_written_to_is_told(uri: str, told: str, place: Path) -> None:
    with pytest.raises(InvalidValue, match=told):
        nbtrack.export_mlflow(uri)
