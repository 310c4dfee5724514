from __future__ import annotations

from pathlib import Path

import pytest

from nbtrack.magics.notebook import CellKey, default_experiment
from nbtrack.tracking import active

FIT = "model = Forest(n_estimators=100).fit(X, y)\naccuracy = model.score(X_test, y_test)\n"


def test_the_front_ends_id_decides_where_both_runs_have_one():
    key = CellKey.of("a1", 3, FIT)
    assert key.is_same_cell(CellKey.of("a1", 9, "something = 'else'"))
    assert not key.is_same_cell(CellKey.of("b2", 3, FIT))


def test_without_an_id_a_changed_number_is_the_same_cell():
    changed = "%%track again\n" + FIT.replace("100", "250")
    assert CellKey.of(None, 3, FIT).is_same_cell(CellKey.of(None, 7, changed))


def test_without_an_id_another_text_is_another_cell():
    assert not CellKey.of(None, 3, FIT).is_same_cell(CellKey.of(None, 3, "loss = train(net)"))


def test_in_the_same_place_half_of_the_lines_suffice():
    edited = FIT.replace("accuracy", "f1")
    assert CellKey.of(None, 3, FIT).is_same_cell(CellKey.of(None, 3, edited))
    assert not CellKey.of(None, 3, FIT).is_same_cell(CellKey.of(None, 4, edited))


def test_a_key_comes_back_from_the_facts_that_it_leaves():
    for key in (CellKey.of("a1", 3, FIT), CellKey.of(None, 0, "")):
        assert CellKey.from_facts(key.facts()) == key


def test_a_run_of_a_script_has_no_cell():
    assert CellKey.from_facts({"git.commit": "abc"}) is None


def test_an_id_of_vs_code_leaves_the_file_out():
    moved = "vscode-notebook-cell:/home/u/{}/a.ipynb#W2sZmlsZQ%3D%3D"
    one, other = (CellKey.of(moved.format(place), 1, FIT) for place in ("x", "y"))
    assert one == other
    assert one.facts()["cell.id"] == "W2sZmlsZQ%3D%3D"


def test_a_very_long_cell_leaves_a_short_key():
    key = CellKey.of(None, 1, "\n".join(f"x{i} = {i}" for i in range(5000)))
    assert sum(len(text) for text in key.facts().values()) < 1000


@pytest.fixture
def nothing_chosen(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(active, "_experiment", None)
    for name in ("NBTRACK_EXPERIMENT", "JPY_SESSION_NAME"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.usefixtures("nothing_chosen")
def test_papermill_tells_the_notebooks_name_through_its_parameters(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["kernel"])
    monkeypatch.delattr("__main__.__file__", raising=False)
    told = {"PAPERMILL_INPUT_PATH": str(tmp_path / "monthly report.ipynb")}
    assert default_experiment(told) == ("monthly report", False)


@pytest.mark.usefixtures("nothing_chosen")
def test_a_chosen_experiment_is_left_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NBTRACK_EXPERIMENT", "chosen")
    assert default_experiment({"PAPERMILL_INPUT_PATH": "a.ipynb"}) == (None, False)
