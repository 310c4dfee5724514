"""The conformance suite: every flavor does the same, on the real library.

Each model is saved once. One process that has nbtrack, and one that has MLflow and
not nbtrack, load all of them; what MLflow saves is loaded here.
"""

from __future__ import annotations

import json
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
import yaml

import nbtrack
from nbtrack.errors import InvalidInput, InvalidModel, MissingExtra, ModelNotTrusted
from nbtrack.models.flavors import flavor_of, list_flavors
from nbtrack.models.requirements import infer_requirements
from tests.models.other_python import Python
from tests.models.zoo import ALL, ZOO, Specimen, plain

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")

HEAD = 4


@dataclass(frozen=True)
class Saved:
    path: Path
    model: Any
    expected: Any


def head(data: Any) -> Any:
    return data[:HEAD]


@pytest.fixture(scope="module")
def park(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Saved]:
    """Every model of the zoo, saved."""
    folder = tmp_path_factory.mktemp("park")
    found = {}
    for specimen in ZOO:
        model = specimen.make()
        path = folder / specimen.name
        with warnings.catch_warnings():
            # Of the libraries that are saving.
            warnings.simplefilter("ignore")
            nbtrack.save_model(
                model,
                path,
                input_example=head(specimen.data),
                pip_requirements=[],
                **(specimen.options or {}),
            )
            function = nbtrack.pyfunc.load_model(path, trusted=specimen.needs_trust)
            found[specimen.name] = Saved(path, model, plain(function.predict(specimen.data)))
    return found


@pytest.fixture(scope="module")
def needs(park: dict[str, Saved]) -> dict[str, list[str]]:
    """What each model needs, found by two fresh processes at a time."""
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda s: infer_requirements(park[s.name].path, [s.package]), ZOO)
        return dict(zip(park, found, strict=True))


@pytest.fixture(scope="module")
def elsewhere(park: dict[str, Saved], fresh: Python, tmp_path_factory: Any) -> dict[str, Any]:
    """What a fresh process predicts with each bundle, and the class that it loads."""
    return _predictions(fresh, park, tmp_path_factory.mktemp("fresh"), "nbtrack")


@pytest.fixture(scope="module")
def in_mlflow(park: dict[str, Saved], mlflow: Python, tmp_path_factory: Any) -> dict[str, Any]:
    """What MLflow predicts with each bundle."""
    return _predictions(mlflow, park, tmp_path_factory.mktemp("mlflow"), "mlflow")


def _predictions(python: Python, park: dict[str, Saved], folder: Path, library: str) -> Any:
    told = {s.name: {"path": str(park[s.name].path), "trusted": s.needs_trust} for s in ZOO}
    return python.run(
        """
        import importlib.util, os, pathlib, traceback, warnings
        warnings.simplefilter("ignore")
        os.environ["KERAS_BACKEND"] = "torch"
        sys.path.append(checkout)
        from tests.models.zoo import ZOO, plain
        assert library == "nbtrack" or importlib.util.find_spec("nbtrack") is None
        if library == "mlflow":
            import mlflow
        else:
            import nbtrack
        answer = {}
        for specimen in ZOO:
            about = told[specimen.name]
            try:
                if library == "mlflow":
                    model = mlflow.pyfunc.load_model(about["path"])
                    kind = "mlflow"
                else:
                    model = nbtrack.pyfunc.load_model(about["path"], trusted=about["trusted"])
                    kind = type(model.get_raw_model()).__qualname__
                answer[specimen.name] = [plain(model.predict(specimen.data)), kind]
            except Exception:
                answer[specimen.name] = ["".join(traceback.format_exc()), "failed"]
        """,
        told=told,
        library=library,
        checkout=Path(__file__).parents[2],
    )


def everyone(test: Any) -> Any:
    skipped = pytest.mark.skip(reason="needs a build of torch")
    chosen = [s if s in ZOO else pytest.param(s, marks=skipped) for s in ALL]
    return pytest.mark.parametrize("specimen", chosen, ids=str)(test)


def test_the_zoo_has_one_of_each_flavor() -> None:
    assert {s.flavor or s.name for s in ALL} == set(list_flavors())


@everyone
def test_a_model_is_known_by_its_class(specimen: Specimen, park: dict[str, Saved]) -> None:
    assert flavor_of(park[specimen.name].model).name == (specimen.flavor or specimen.name)


@everyone
def test_another_process_predicts_the_same(
    specimen: Specimen, park: dict[str, Saved], elsewhere: dict[str, Any]
) -> None:
    predicted, kind = elsewhere[specimen.name]
    assert predicted == park[specimen.name].expected
    if specimen.name not in ("python_function", "pytorch"):
        assert kind == type(park[specimen.name].model).__qualname__


@everyone
def test_mlflow_predicts_the_same_where_nbtrack_is_not(
    specimen: Specimen, park: dict[str, Saved], in_mlflow: dict[str, Any]
) -> None:
    predicted, kind = in_mlflow[specimen.name]
    assert kind == "mlflow", predicted
    if specimen.name == "transformers":
        # MLflow gives a table of what the pipeline gives.
        predicted = [{"label": label, "score": score} for label, score in predicted]
    assert predicted == park[specimen.name].expected


@everyone
def test_the_signature_and_the_example_are_read_back(
    specimen: Specimen, park: dict[str, Saved]
) -> None:
    function = nbtrack.pyfunc.load_model(park[specimen.name].path, trusted=True)
    assert function.signature is not None
    assert function.signature.inputs is not None
    assert function.signature.outputs is not None
    assert plain(function.input_example) == plain(head(specimen.data))


@everyone
def test_what_it_needs_is_pinned_to_what_is_here(
    specimen: Specimen, needs: dict[str, list[str]]
) -> None:
    lines = needs[specimen.name]
    version = metadata.version(specimen.package).partition("+")[0]
    assert f"{specimen.package}=={version}" in lines
    names = {line.partition("==")[0].lower() for line in lines}
    assert names & {"nbtrack", "pytest", "hypothesis", "duckdb", "ipython"} == set()


@everyone
def test_a_wrong_input_is_refused_by_name(specimen: Specimen, park: dict[str, Saved]) -> None:
    function = nbtrack.pyfunc.load_model(park[specimen.name].path, trusted=True)
    with pytest.raises(InvalidInput, match=specimen.complaint):
        function.predict(specimen.wrong)


@everyone
def test_what_would_run_code_needs_the_users_word(
    specimen: Specimen, park: dict[str, Saved]
) -> None:
    if specimen.needs_trust:
        with pytest.raises(ModelNotTrusted, match="trusted=True"):
            nbtrack.load_model(park[specimen.name].path)
    else:
        nbtrack.load_model(park[specimen.name].path)


@everyone
def test_no_path_of_its_description_leads_out(
    specimen: Specimen, park: dict[str, Saved], tmp_path: Path
) -> None:
    told = yaml.safe_load((park[specimen.name].path / "MLmodel").read_text())
    flavor = specimen.flavor or specimen.name
    for key in specimen.paths:
        for hostile in ("../secret", "/etc/passwd"):
            (tmp_path / "MLmodel").write_text(
                json.dumps(
                    {
                        **told,
                        "flavors": {
                            **told["flavors"],
                            flavor: {**told["flavors"][flavor], key: hostile},
                        },
                    }
                )
            )
            with pytest.raises(InvalidModel, match="none inside of its folder"):
                nbtrack.load_model(tmp_path, trusted=True)


@everyone
def test_a_library_that_is_not_there_is_named_with_its_install_line(
    specimen: Specimen, park: dict[str, Saved], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [*sys.modules]:
        if name.partition(".")[0] == specimen.library:
            monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, specimen.library, None)
    with pytest.raises(MissingExtra, match=rf"needs {specimen.library}.*pip install"):
        nbtrack.load_model(park[specimen.name].path, trusted=True)
