"""The notebook about comparing, as it is stored and on a fresh store."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

import nbtrack
from tests.notebooks.test_quickstart import Place, code_cells

STORED = Path(__file__).parents[2] / "notebooks" / "03_compare.ipynb"
NETWORKS = 200

ACCURACY = """
SELECT coalesce(median(accuracy), 0) FROM (
    SELECT p.value::DOUBLE AS lr, o.value::DOUBLE AS momentum, m.value AS accuracy
    FROM runs JOIN params p USING (run_id) JOIN params o USING (run_id)
    JOIN latest_metrics m USING (run_id)
    WHERE experiment = 'sweep' AND p.key = 'lr' AND o.key = 'momentum' AND m.key = 'accuracy'
) WHERE """


def test_it_is_stored_executed_from_top_to_bottom() -> None:
    cells = code_cells(nbformat.read(STORED, as_version=4))
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A folder in which the notebook has just run, its outputs the same as those stored."""
    place = Place(tmp_path_factory.mktemp("compare"), STORED)
    assert " 12 passed" in place.nbval(place.notebook)
    return place


def test_its_outputs_come_out_the_same_on_a_fresh_store(place: Place) -> None:
    names = place.names("finished")
    assert {"calm", "bold"} < names
    assert len(names) == NETWORKS + 2


def test_what_its_text_says_of_the_pictures_is_so(place: Place) -> None:
    def accuracy(where: str) -> float:
        (value,) = nbtrack.sql(ACCURACY + where, store=place.store).df().iloc[0]
        return float(value)

    # The hill and its cliff.
    assert accuracy("lr < 0.01") < 0.5
    assert accuracy("lr BETWEEN 0.1 AND 1") > 0.9
    assert accuracy("lr > 1") < 0.2
    # The ridge leans: what much momentum gains at small rates it loses at great ones.
    assert accuracy("lr < 0.03 AND momentum > 0.6") > accuracy("lr < 0.03 AND momentum < 0.3") + 0.1
    assert accuracy("lr > 1 AND momentum > 0.6") < accuracy("lr > 1 AND momentum < 0.3")
    sweep = nbtrack.runs(experiment="sweep", store=place.store)
    chart = nbtrack.importance(sweep, metric="accuracy")
    ranked = chart.df()
    chart.close()
    assert ranked["parameter"].iloc[0] == "lr"
