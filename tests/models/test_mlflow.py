"""What the real MLflow saved is loaded here, where MLflow is not installed."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

import nbtrack
from nbtrack.errors import InvalidInput, ModelNotTrusted
from nbtrack.models.loading import read_bundle
from tests.models.other_python import Python
from tests.models.zoo import TABLE, ZOO, plain


@pytest.fixture(scope="module")
def theirs(mlflow: Python, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """A folder of bundles that MLflow wrote, what it predicts with them, and with one of ours."""
    folder = tmp_path_factory.mktemp("theirs")
    [estimator] = [s.make() for s in ZOO if s.name == "sklearn"]
    nbtrack.save_model(estimator, folder / "ours", input_example=TABLE.head(2), pip_requirements=[])
    expected = mlflow.run(
        """
        import warnings
        warnings.simplefilter("ignore")
        sys.path.append(checkout)
        import mlflow
        from mlflow.models import infer_signature
        from tests.models.zoo import ZOO, TABLE, LABELS, plain
        made = {s.name: s.make for s in ZOO}
        common = {"signature": infer_signature(TABLE, LABELS), "input_example": TABLE.head(2),
                  "pip_requirements": []}
        model = made["sklearn"]()
        for format_ in ("skops", "pickle", "cloudpickle"):
            mlflow.sklearn.save_model(
                model, f"{folder}/{format_}", serialization_format=format_, **common)
        mlflow.sklearn.save_model(
            model, f"{folder}/proba", pyfunc_predict_fn="predict_proba", **common)
        mlflow.xgboost.save_model(made["xgboost"](), f"{folder}/xgboost", **common)
        mlflow.lightgbm.save_model(
            made["lightgbm-booster"](), f"{folder}/lightgbm", **common)

        class Scaled(mlflow.pyfunc.PythonModel):
            def load_context(self, context):
                with open(context.artifacts["factor"]) as file:
                    self.factor = float(file.read())

            def predict(self, context, model_input, params=None):
                return model_input.sum(axis=1) * self.factor + params["shift"]

        with open(f"{folder}/factor.txt", "w") as file:
            file.write("2.0")
        mlflow.pyfunc.save_model(
            f"{folder}/python", python_model=Scaled(),
            artifacts={"factor": f"{folder}/factor.txt"},
            signature=infer_signature(TABLE, LABELS, params={"shift": 1.0}),
            input_example=(TABLE.head(2), {"shift": 3.0}), pip_requirements=[])
        mlflow.pyfunc.save_model(
            f"{folder}/function", python_model=lambda model_input: model_input.sum(axis=1),
            input_example=TABLE.head(2), pip_requirements=[])
        answer = {}
        names = "skops pickle cloudpickle proba xgboost lightgbm python function".split()
        for name in names:
            answer[name] = plain(mlflow.pyfunc.load_model(f"{folder}/{name}").predict(TABLE))

        ours = mlflow.pyfunc.load_model(f"{folder}/ours")
        estimator = mlflow.sklearn.load_model(f"{folder}/ours")
        answer["ours"] = {
            "kind": type(estimator).__name__, "predicted": estimator.predict(TABLE).tolist(),
            "example": plain(ours.input_example),
            "inputs": [each.name for each in ours.metadata.get_input_schema()]}
        try:
            ours.predict(TABLE.drop(columns="a"))
        except mlflow.MlflowException as error:
            answer["ours"]["refusal"] = str(error)
        """,
        folder=folder,
        checkout=Path(__file__).parents[2],
    )
    return folder, expected


NAMES = ["skops", "pickle", "cloudpickle", "proba", "xgboost", "lightgbm", "python", "function"]
NEED_A_WORD = {"pickle", "cloudpickle", "python", "function"}


@pytest.mark.parametrize("name", NAMES)
def test_what_mlflow_saved_predicts_here_the_same(theirs: tuple[Path, Any], name: str) -> None:
    assert importlib.util.find_spec("mlflow") is None
    folder, expected = theirs
    if name in NEED_A_WORD:
        with pytest.raises(ModelNotTrusted, match="trusted=True"):
            nbtrack.pyfunc.load_model(folder / name)
    function = nbtrack.pyfunc.load_model(folder / name, trusted=name in NEED_A_WORD)
    assert plain(function.predict(TABLE)) == expected[name]
    assert plain(function.input_example) == plain(TABLE.head(2))
    with pytest.raises(InvalidInput, match=r"lacks columns that the model takes: c: double"):
        function.predict(TABLE.drop(columns="c"))


def test_parameters_of_mlflows_models_are_taken(theirs: tuple[Path, Any]) -> None:
    function = nbtrack.pyfunc.load_model(theirs[0] / "python", trusted=True)
    shifted = function.predict(TABLE, {"shift": 11.0}) - function.predict(TABLE)
    assert set(shifted.round(6)) == {10.0}
    assert str(read_bundle(theirs[0] / "python").signature).endswith("shift: double = 1.0")


def test_mlflow_loads_our_estimator_as_itself(theirs: tuple[Path, Any]) -> None:
    told = theirs[1]["ours"]
    assert told["kind"] == "Pipeline"
    assert told["predicted"] == theirs[1]["skops"]
    assert told["example"] == plain(TABLE.head(2))
    assert told["inputs"] == ["a", "b", "c"]
    assert "missing inputs ['a']" in told["refusal"]
