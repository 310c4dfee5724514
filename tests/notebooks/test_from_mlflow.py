"""The notebook about MLflow, with the real MLflow, as it is stored and on a fresh store."""

from __future__ import annotations

from pathlib import Path

import nbformat

import nbtrack
from tests.models.other_python import mlflow_python
from tests.notebooks.test_quickstart import Place, code_cells

STORED = Path(__file__).parents[2] / "notebooks" / "05_from_mlflow.ipynb"


def test_it_is_stored_executed_from_top_to_bottom() -> None:
    cells = code_cells(nbformat.read(STORED, as_version=4))
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))


def test_its_outputs_come_out_the_same_on_a_fresh_store(tmp_path: Path) -> None:
    place = Place(tmp_path, STORED, python=mlflow_python().executable)
    cells = len(code_cells(nbformat.read(STORED, as_version=4)))
    assert f" {cells} passed" in place.nbval(place.notebook)
    assert place.names("finished") == {"plain", "smooth", "blurred", "scaled", "by MLflow"}
    registry = nbtrack.Registry(place.store)
    assert registry.get_model_version("wine", 2).stage == "Production"
    assert registry.get_model_version_by_alias("wine", "champion").version == 2
