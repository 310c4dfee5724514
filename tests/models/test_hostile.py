"""Bundles made to harm: each flavor's own ways in, beside the paths that all have."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import nbtrack
from nbtrack.errors import InvalidModel, InvalidValue, ModelNotTrusted
from nbtrack.models import flavors
from nbtrack.models.bundle import Bundle
from nbtrack.models.flavors import Flavor, Saved
from tests.models.zoo import HAS_TORCH, LABELS, TABLE, ZOO

needs_torch = pytest.mark.skipif(not HAS_TORCH, reason="needs a build of torch")


def bundle_of(name: str, path: Path) -> Path:
    [specimen] = [s for s in ZOO if s.name == name]
    nbtrack.save_model(specimen.make(), path, pip_requirements=[])
    return path


def change(path: Path, edit: Callable[[dict[str, Any]], Any]) -> None:
    told = yaml.safe_load((path / "MLmodel").read_text())
    edit(told["flavors"])
    (path / "MLmodel").write_text(yaml.safe_dump(told))


@pytest.mark.parametrize(
    "named", ["os.system", "subprocess.Popen", "xgboost.core.os", "xgboost.nothing", "xgboost", ""]
)
def test_a_class_that_is_none_of_the_librarys_is_not_made(tmp_path: Path, named: str) -> None:
    path = bundle_of("xgboost", tmp_path / "m")
    change(path, lambda told: told["xgboost"].update(model_class=named))
    with pytest.raises(InvalidModel, match="which is no model of xgboost"):
        nbtrack.load_model(path, trusted=True)


@pytest.mark.parametrize("named", ["__class__", "__init__", "fit.__globals__", "nothing", 3])
def test_a_method_that_is_none_of_the_models_is_not_called(tmp_path: Path, named: object) -> None:
    path = bundle_of("sklearn", tmp_path / "m")
    change(path, lambda told: told["python_function"].update(predict_fn=named))
    with pytest.raises(InvalidModel, match="as its method"):
        nbtrack.pyfunc.load_model(path)


@pytest.mark.parametrize("key", ["children_left", "children_right", "feature"])
@pytest.mark.parametrize("value", [10**6, -7, 0])
def test_a_tree_that_leads_out_of_itself_is_refused(tmp_path: Path, key: str, value: int) -> None:
    import skops.io
    from sklearn.tree import DecisionTreeClassifier

    model = DecisionTreeClassifier(max_depth=2).fit(TABLE, LABELS)
    nbtrack.save_model(model, tmp_path / "m", pip_requirements=[])
    assert (nbtrack.load_model(tmp_path / "m").predict(TABLE) == model.predict(TABLE)).all()
    names = {"children_left": "left_child", "children_right": "right_child"}
    state = model.tree_.__getstate__()
    state["nodes"][names.get(key, key)][0] = value
    model.tree_.__setstate__(state)
    skops.io.dump(model, tmp_path / "m" / "model.skops")
    if (key, value) == ("feature", 0):
        nbtrack.load_model(tmp_path / "m")
    else:
        with pytest.raises(InvalidModel, match="lead out of it"):
            nbtrack.load_model(tmp_path / "m")


@pytest.mark.parametrize(
    "named",
    [
        "ensemble.RandomForestClassifier",
        "ensemble.HistGradientBoostingClassifier",
        "ensemble.GradientBoostingClassifier",
        "neighbors.KNeighborsClassifier",
        "neural_network.MLPClassifier",
        "svm.SVC",
        "gaussian_process.GaussianProcessClassifier",
    ],
)
@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_the_usual_estimators_load_without_a_word(tmp_path: Path, named: str) -> None:
    module, _, name = named.rpartition(".")
    model = getattr(import_module(f"sklearn.{module}"), name)().fit(TABLE, LABELS)
    nbtrack.save_model(model, tmp_path / "m", pip_requirements=[])
    assert (nbtrack.load_model(tmp_path / "m").predict(TABLE) == model.predict(TABLE)).all()


def test_weights_outside_of_an_onnx_bundle_are_not_read(tmp_path: Path) -> None:
    import onnx

    [specimen] = [s for s in ZOO if s.name == "onnx"]
    model = specimen.make()
    path = bundle_of("onnx", tmp_path / "m")
    (tmp_path / "secret").write_bytes(b"\0" * 12)
    tensor = model.graph.initializer[0]
    onnx.external_data_helper.set_external_data(tensor, location="../secret", length=12)
    tensor.ClearField("raw_data")
    (path / "model.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(InvalidModel, match="none inside of its folder"):
        nbtrack.load_model(path)


@needs_torch
def test_code_in_a_keras_archive_needs_the_users_word(tmp_path: Path) -> None:
    import keras

    model = keras.Sequential([keras.Input((3,)), keras.layers.Lambda(lambda x: x * 2)])
    nbtrack.save_model(model, tmp_path / "m", pip_requirements=[])
    with pytest.raises(ModelNotTrusted, match="Lambda"):
        nbtrack.load_model(tmp_path / "m")
    assert nbtrack.load_model(tmp_path / "m", trusted=True).count_params() == 0


@needs_torch
@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("pipeline_model_type", "os", "no class of transformers"),
        ("pipeline_model_type", "__builtins__", "no class of transformers"),
        ("components", ["../../x"], "names a component"),
        ("model_binary", None, "weights are not in its folder"),
    ],
)
def test_a_pipeline_is_made_of_transformers_classes_alone(
    tmp_path: Path, key: str, value: object, message: str
) -> None:
    path = bundle_of("transformers", tmp_path / "m")
    change(path, lambda told: told["transformers"].update({key: value}))
    with pytest.raises(InvalidModel, match=message):
        nbtrack.load_model(path)


@needs_torch
def test_pickled_weights_of_a_pipeline_need_the_users_word(tmp_path: Path) -> None:
    path = bundle_of("transformers", tmp_path / "m")
    for file in (path / "model").glob("*.safetensors"):
        file.rename(file.with_name("pytorch_model.bin"))
    with pytest.raises(ModelNotTrusted, match="weights that are pickled"):
        nbtrack.load_model(path)


def test_a_loader_of_the_bundles_choice_needs_the_users_word(tmp_path: Path) -> None:
    (tmp_path / "MLmodel").write_text("flavors: {python_function: {loader_module: antigravity}}")
    with pytest.raises(ModelNotTrusted, match="the loader antigravity"):
        nbtrack.load_model(tmp_path)


def test_a_bundle_of_a_loader_module_loads_with_the_users_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = tmp_path / "m" / "code"
    code.mkdir(parents=True)
    (code / "my_loader.py").write_text(
        "import pathlib\n"
        "class Model:\n"
        "    def __init__(self, path): self.text = pathlib.Path(path).read_text()\n"
        "    def predict(self, data): return self.text\n"
        "def _load_pyfunc(path): return Model(path)\n"
    )
    (tmp_path / "m" / "words.txt").write_text("hello")
    (tmp_path / "m" / "MLmodel").write_text(
        "flavors: {python_function: {loader_module: my_loader, data: words.txt, code: code}}"
    )
    monkeypatch.setattr("sys.path", [*__import__("sys").path])
    assert nbtrack.pyfunc.load_model(tmp_path / "m", trusted=True).predict(1) == "hello"


class Abacus:
    """A model of a library that nbtrack does not know."""


class AbacusFlavor(Flavor):
    name = "abacus"
    libraries = (__name__,)
    install = "pip install abacus"

    def save(self, model: Any, folder: Path, given: Any) -> Saved:
        (folder / "beads").write_text("3")
        return Saved({"data": "beads"}, {"loader_module": "abacus.mlflow", "data": "beads"})

    def load(self, bundle: Bundle, conf: Any, trusted: Any) -> Any:
        return int(bundle.file(conf["data"]).read_text())

    def predictor(self, model: Any, bundle: Bundle) -> Any:
        return lambda data, _params: data * model


def test_another_package_adds_a_flavor_by_its_entry_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    point = EntryPoint("abacus", f"{__name__}:AbacusFlavor", flavors.GROUP)
    monkeypatch.setattr(EntryPoint, "load", lambda self: AbacusFlavor)
    monkeypatch.setattr(flavors, "entry_points", lambda group: [point])
    flavors._installed.cache_clear()
    try:
        assert "abacus" in flavors.list_flavors()
        nbtrack.save_model(Abacus(), tmp_path / "m", pip_requirements=[])
        assert nbtrack.load_model(tmp_path / "m") == 3
        function = nbtrack.pyfunc.load_model(tmp_path / "m")
        assert function.predict(np.ones(2)).tolist() == [3, 3]
        shutil.rmtree(tmp_path / "m")
    finally:
        flavors._installed.cache_clear()


def test_what_no_flavor_takes_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match=r"No flavor takes a builtins\.int"):
        nbtrack.save_model(3, tmp_path / "m")
    with pytest.raises(InvalidValue, match=r"no flavor 'spark' \(there are: catboost, keras"):
        nbtrack.save_model(TABLE, tmp_path / "m", flavor="spark")
    with pytest.raises(InvalidValue, match="not the class"):
        nbtrack.save_model(nbtrack.PythonModel, tmp_path / "m")
