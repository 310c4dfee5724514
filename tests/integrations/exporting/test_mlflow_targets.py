"""What cannot be written into a store of MLflow's is told."""

from __future__ import annotations

from pathlib import Path

import pytest

import nbtrack
from nbtrack.errors import InvalidValue


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
