"""python_function: a class or a function of the user's, pickled, or what a module loads.

Both run code when they are loaded, so that loading needs the user's word.
"""

from __future__ import annotations

import inspect
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from nbtrack.errors import InvalidModel, InvalidValue
from nbtrack.models import python_model
from nbtrack.models.bundle import PYFUNC, Bundle
from nbtrack.models.flavors.flavor import Flavor, Given, Predictor, Saved
from nbtrack.models.python_model import FunctionModel, PythonModelContext
from nbtrack.models.trust import Trust, check_code, load_pickle

_PICKLE = "python_model.pkl"


class PythonFunctionFlavor(Flavor):
    """A function, or an object with ``predict``; an object that a loader module makes."""

    name = PYFUNC
    libraries = ("nbtrack.models.python_model", "mlflow")
    install = "pip install cloudpickle"
    options = ("artifacts", "model_config")

    def save(self, model: Any, folder: Path, given: Given) -> Saved:
        config = dict(given.options.get("model_config") or {})
        told: dict[str, Any] = {"loader_module": "mlflow.pyfunc.model"}
        if config:
            told["config"] = config
        artifacts = _keep_files(given.options.get("artifacts") or {}, folder)
        if artifacts:
            told["artifacts"] = artifacts
        if isinstance(model, type):
            raise InvalidValue(f"Give an object of the class {model.__name__}, not the class.")
        if not callable(getattr(model, "predict", None)):
            model = FunctionModel(model)
        cloudpickle = self.need("cloudpickle")
        with _by_value(cloudpickle), (folder / _PICKLE).open("wb") as file:
            cloudpickle.dump(model, file)
        told["python_model"] = _PICKLE
        told["cloudpickle_version"] = cloudpickle.__version__
        return Saved({}, told, packages=("cloudpickle",))

    def load(self, bundle: Bundle, conf: Mapping[str, Any], trusted: Trust) -> Any:
        if conf.get("model_code_path"):
            raise InvalidModel(
                "The model is a file of Python that MLflow runs to get it; load it with "
                "mlflow.pyfunc.load_model, or log the object itself."
            )
        if conf.get("python_model"):
            file = bundle.file(conf["python_model"])
            check_code(trusted, "a pickle", file)
            self.need("cloudpickle")
            model = load_pickle(file, trusted)
        else:
            return _load_by_module(bundle, conf, trusted)
        return _begun(model, bundle, conf)

    def begun(self, model: Any, bundle: Bundle) -> Any:
        return _begun(model, bundle, bundle.flavors[PYFUNC])

    def predictor(self, model: Any, bundle: Bundle) -> Predictor:
        conf = bundle.flavors[PYFUNC]
        if not conf.get("python_model"):
            # Made by a loader module of its own: no context, and perhaps no parameters.
            takes_params = "params" in inspect.signature(model.predict).parameters
            if takes_params:
                return lambda data, params: model.predict(data, params=params)
            return lambda data, _params: model.predict(data)
        return _predictor(model, _context(bundle, conf))


def _predictor(model: Any, context: PythonModelContext) -> Predictor:
    """``model.predict`` with as many arguments as it takes."""
    names = list(inspect.signature(model.predict).parameters)
    takes_params = "params" in names
    takes_context = len(names) - takes_params > 1 or "context" in names

    def predict(data: Any, params: dict[str, Any]) -> Any:
        arguments = (context, data) if takes_context else (data,)
        return (
            model.predict(*arguments, params=params) if takes_params else model.predict(*arguments)
        )

    return predict


def _begun(model: Any, bundle: Bundle, conf: Mapping[str, Any]) -> Any:
    if not callable(getattr(model, "predict", None)):
        if not callable(model):
            raise InvalidModel(f"The model in {bundle.path} has no predict.")
        model = FunctionModel(model)
    if callable(getattr(model, "load_context", None)):
        model.load_context(_context(bundle, conf))
    return model


def _context(bundle: Bundle, conf: Mapping[str, Any]) -> PythonModelContext:
    files = conf.get("artifacts") or {}
    if not isinstance(files, Mapping):
        raise InvalidModel(f"The model in {bundle.path} names files in a way that does not read.")
    paths = {
        str(name): str(bundle.file(told.get("path") if isinstance(told, Mapping) else told))
        for name, told in files.items()
    }
    return PythonModelContext(paths, conf.get("config"))


def _load_by_module(bundle: Bundle, conf: Mapping[str, Any], trusted: Trust) -> Any:
    """As MLflow loads a model of a loader module of its own."""
    name = conf.get("loader_module")
    if not isinstance(name, str) or not name:
        raise InvalidModel(f"The model in {bundle.path} does not say how it is loaded.")
    check_code(trusted, f"the loader {name}", bundle.path)
    try:
        module = import_module(name)
    except ModuleNotFoundError as error:
        raise InvalidModel(
            f"The model is loaded by the module {error.name!r}, which is not installed here; "
            "its requirements.txt says which package to install."
        ) from error
    data = conf.get("data")
    return module._load_pyfunc(str(bundle.path if data is None else bundle.file(data)))


@contextmanager
def _by_value(cloudpickle: Any) -> Iterator[None]:
    """Pickle nbtrack's base class with the user's, so that it loads without nbtrack."""
    cloudpickle.register_pickle_by_value(python_model)
    try:
        yield
    finally:
        cloudpickle.unregister_pickle_by_value(python_model)


def _keep_files(files: Mapping[str, Any], folder: Path) -> dict[str, dict[str, str]]:
    kept: dict[str, dict[str, str]] = {}
    for name, source in files.items():
        path = Path(source)
        if not path.exists():
            raise InvalidValue(f"artifacts[{name!r}]: there is no file {str(source)!r}.")
        # Two of one name stand apart; the name is what they are found by.
        home = folder / "artifacts"
        target = home / path.name
        if target.exists():
            target = home / f"{len(kept)}" / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            shutil.copytree(path, target)
        else:
            shutil.copyfile(path, target)
        relative = target.relative_to(folder).as_posix()
        kept[str(name)] = {"path": relative, "uri": path.name}
    return kept
