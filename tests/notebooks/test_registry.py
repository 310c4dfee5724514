"""The notebook about the registry, as it is stored and on a fresh store."""

from __future__ import annotations

from pathlib import Path

import nbformat

import nbtrack
from tests.notebooks.test_quickstart import Place, code_cells

STORED = Path(__file__).parents[2] / "notebooks" / "04_registry.ipynb"


def test_it_is_stored_executed_from_top_to_bottom() -> None:
    cells = code_cells(nbformat.read(STORED, as_version=4))
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))


def test_its_outputs_come_out_the_same_on_a_fresh_store(tmp_path: Path) -> None:
    place = Place(tmp_path, STORED)
    cells = len(code_cells(nbformat.read(STORED, as_version=4)))
    assert f" {cells} passed" in place.nbval(place.notebook)
    assert place.names("finished") == {"shallow", "hasty", "careful"}
    registry = nbtrack.Registry(place.store)
    stages = [registry.get_model_version("tumour", n).stage for n in (1, 2, 3)]
    assert stages == ["Production", "None", "Archived"]
