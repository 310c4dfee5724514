"""What the real MLflow saved is loaded here, where MLflow is not installed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

import nbtrack
from nbtrack.errors import InvalidInput, ModelNotTrusted
from nbtrack.models.loading import read_bundle
from tests.models.other_python import Python
from tests.models.scoring_server import served
from tests.models.zoo import ARRAY, HAS_TORCH, TABLE, ZOO, plain

# What a model takes that is not the table.
INPUTS = {"onnx": "array", "pytorch": "array", "keras": "array", "transformers": "texts"}


@pytest.fixture(scope="module")
def theirs(mlflow: Python, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """A folder of bundles that MLflow wrote, what it predicts with them, and with one of ours."""
    folder = tmp_path_factory.mktemp("theirs")
    [estimator] = [s.make() for s in ZOO if s.name == "sklearn"]
    nbtrack.save_model(estimator, folder / "ours", input_example=TABLE.head(2), pip_requirements=[])
    expected = mlflow.run(
        """
        import os, warnings
        warnings.simplefilter("ignore")
        sys.path.append(checkout)
        import mlflow
        from mlflow.models import infer_signature
        from tests.models.zoo import ARRAY, LABELS, TABLE, ZOO, plain
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
        mlflow.catboost.save_model(made["catboost"](), f"{folder}/catboost", **common)
        mlflow.statsmodels.save_model(made["statsmodels"](), f"{folder}/statsmodels", **common)
        arrays = {**common, "signature": infer_signature(ARRAY, ARRAY[:, :1]),
                  "input_example": ARRAY[:2]}
        mlflow.onnx.save_model(made["onnx"](), f"{folder}/onnx", **arrays)
        if "pytorch" in made:
            mlflow.pytorch.save_model(made["pytorch"](), f"{folder}/pytorch", **arrays)
            # With an example it looks for a folder that it has not made.
            mlflow.keras.save_model(
                made["keras"](), f"{folder}/keras", **{**arrays, "input_example": None})
            mlflow.transformers.save_model(
                made["transformers"](), f"{folder}/transformers", input_example=["good day"],
                pip_requirements=[])

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
        for name in os.listdir(folder):
            if os.path.isdir(f"{folder}/{name}"):
                data = inputs.get(name, "table")
                data = {"table": TABLE, "array": ARRAY, "texts": ["good day"]}[data]
                answer[name] = plain(mlflow.pyfunc.load_model(f"{folder}/{name}").predict(data))

        # A database would first be filled with tables, which takes longer than all the rest.
        os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
        mlflow.set_tracking_uri(f"file:{folder}/mlruns")
        with mlflow.start_run():
            info = mlflow.sklearn.log_model(
                model, name="m", serialization_format="skops", **common)
        answer["logged"] = mlflow.artifacts.download_artifacts(info.model_uri)

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
        inputs=INPUTS,
    )
    return folder, expected


NAMES = """skops pickle cloudpickle proba xgboost lightgbm catboost statsmodels onnx python
function pytorch keras transformers""".split()
NEED_TORCH = {"pytorch", "keras", "transformers"}
NEED_A_WORD = {"pickle", "cloudpickle", "statsmodels", "python", "function", "pytorch"}


# Of Keras with torch below it.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("name", NAMES if HAS_TORCH else sorted(set(NAMES) - NEED_TORCH))
def test_what_mlflow_saved_predicts_here_the_same(theirs: tuple[Path, Any], name: str) -> None:
    assert importlib.util.find_spec("mlflow") is None
    folder, expected = theirs
    if name in NEED_A_WORD:
        with pytest.raises(ModelNotTrusted, match="trusted=True"):
            nbtrack.pyfunc.load_model(folder / name)
    function = nbtrack.pyfunc.load_model(folder / name, trusted=name in NEED_A_WORD)
    kind = INPUTS.get(name, "table")
    predicted = function.predict({"table": TABLE, "array": ARRAY, "texts": ["good day"]}[kind])
    if name == "transformers":
        # A pipeline's own answer here; MLflow makes a table of it.
        predicted = [list(each.values()) for each in predicted]
    assert plain(predicted) == expected[name]
    if kind == "table":
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


def test_a_model_that_mlflow_logged_is_registered_and_served(
    theirs: tuple[Path, Any], place: Path
) -> None:
    version = nbtrack.register_model(theirs[1]["logged"], "theirs")
    nbtrack.transition_stage("theirs", version, "Production")
    serve = [sys.executable, "-m", "nbtrack", "models", "serve", "-m", "models:/theirs/Production"]
    with served(serve, {"NBTRACK_STORE": str(place)}) as address:
        asked = {"dataframe_split": TABLE.to_dict(orient="split")}
        answer = httpx.post(f"{address}/invocations", json=asked)
    assert answer.json()["predictions"] == theirs[1]["skops"]
