"""What is registered is loaded as it was registered, by every URI, and its files are kept."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from sklearn.linear_model import LinearRegression

import nbtrack
from nbtrack.errors import InvalidModel, ModelNotFound
from nbtrack.tracking.active import current_store
from nbtrack.tracking.files.garbage import find_garbage

X = np.array([[0.0], [1.0], [2.0]])


def logged(slope):
    with nbtrack.run("line"):
        model = LinearRegression().fit(X, slope * X[:, 0])
        return nbtrack.log_model(model, "line", input_example=X, pip_requirements=[])


@pytest.fixture
def line(registry):
    """Two versions of a line, of slope 2 and 3; the second in Production, the first ``old``."""
    for slope in (2, 3):
        nbtrack.register_model(logged(slope), "line")
    registry.transition_stage("line", 2, "Production")
    registry.set_registered_model_alias("line", "old", 1)
    return registry


def test_every_uri_loads_the_model_that_it_names(line):
    for uri, slope in (
        ("models:/line/1", 2),
        ("models:/line@old", 2),
        ("models:/line/2", 3),
        ("models:/line/Production", 3),
        ("models:/line/latest", 3),
        (line.get_model_version("line", 1), 2),
        (line.get_model_version("line", 1).source, 2),
    ):
        assert nbtrack.load_model(uri).predict([[10.0]]) == pytest.approx([10 * slope])
        assert nbtrack.pyfunc.load_model(uri).predict(X[1:2]) == pytest.approx([slope])
    with pytest.raises(ModelNotFound):
        nbtrack.load_model("models:/line/7")


def test_a_version_whose_files_were_written_over_is_not_loaded(line):
    version = line.get_model_version("line", 1)
    nbtrack.start_run(run_id=version.run_id)
    nbtrack.log_model(
        LinearRegression().fit(X, X[:, 0]), "line", input_example=X, pip_requirements=[]
    )
    nbtrack.end_run()
    with pytest.raises(InvalidModel, match="line 1 is not what was registered any more"):
        nbtrack.load_model(version)


def test_files_that_a_version_names_are_never_garbage(line, place):
    version = line.get_model_version("line", 1)
    nbtrack.delete_run(version.run_id)
    store = current_store()
    assert find_garbage(store, grace_s=0.0).size_bytes == 0
    assert nbtrack.load_model("models:/line/1").predict([[1.0]]) == pytest.approx([2.0])


def test_the_command_line_predicts_with_what_is_in_production(line, tmp_path):
    from nbtrack.cli import commands, models  # noqa: F401

    (tmp_path / "rows.json").write_text('{"inputs": [[10.0]]}')
    found = CliRunner().invoke(
        commands,
        ["--store", str(current_store().path), "models", "predict",
         "-m", "models:/line/Production", "-i", str(tmp_path / "rows.json")],
    )  # fmt: skip
    assert found.exit_code == 0, found.output
    assert json.loads(found.output)["predictions"] == pytest.approx([30.0])
