"""scikit-learn: skops by default, which holds data alone; pickles on request."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from nbtrack.errors import InvalidModel, InvalidValue
from nbtrack.models.bundle import PYFUNC, Bundle
from nbtrack.models.flavors.estimators import VOUCHED, check_steps
from nbtrack.models.flavors.flavor import Flavor, Given, Predictor, Saved, need, wanted
from nbtrack.models.trust import Trust, load_pickle, load_skops

SKOPS, PICKLE, CLOUDPICKLE = "skops", "pickle", "cloudpickle"
FORMATS = (SKOPS, PICKLE, CLOUDPICKLE)
_PREDICT_FNS = ("predict", "predict_proba", "predict_log_proba", "transform", "score_samples")


class SklearnFlavor(Flavor):
    """Estimators and pipelines."""

    name = "sklearn"
    libraries = ("sklearn",)
    install = "pip install scikit-learn skops"
    options = ("serialization_format", "pyfunc_predict_fn")

    def save(self, model: Any, folder: Path, given: Given) -> Saved:
        sklearn = self.need("sklearn")
        predict_fn = given.options.get("pyfunc_predict_fn", "predict")
        if not callable(getattr(model, predict_fn, None)):
            raise InvalidValue(f"{type(model).__name__} has no method {predict_fn!r}.")
        file, conf, packages = save_object(model, folder, given.options)
        return Saved(
            {"pickled_model": file, "sklearn_version": sklearn.__version__, "code": None, **conf},
            {"loader_module": "mlflow.sklearn", "model_path": file, "predict_fn": predict_fn},
            packages=("scikit-learn", *packages),
        )

    def load(self, bundle: Bundle, conf: Mapping[str, Any], trusted: Trust) -> Any:
        self.need("sklearn")
        file = bundle.file(wanted(conf, "pickled_model"))
        return load_object(file, conf, trusted)

    def predictor(self, model: Any, bundle: Bundle) -> Predictor:
        # A hostile name must not reach any other attribute.
        name = bundle.flavors.get(PYFUNC, {}).get("predict_fn") or "predict"
        if name not in _PREDICT_FNS and not (isinstance(name, str) and name.isidentifier()):
            raise InvalidModel(
                f"The model names {name!r} as its method, which is no method's name."
            )
        predict = getattr(model, name, None)
        if not callable(predict) or name.startswith("_"):
            raise InvalidModel(f"The model names {name!r} as its method, which it does not have.")
        return lambda data, _params: predict(data)


def save_object(
    model: Any, folder: Path, options: Mapping[str, Any]
) -> tuple[str, dict[str, Any], tuple[str, ...]]:
    """Write an object in the wished format: its file, what to say of it, what it needs."""
    format_ = options.get("serialization_format", SKOPS)
    match format_:
        case "skops":
            io = need("skops.io", "pip install skops")
            io.dump(model, folder / "model.skops")
            # For MLflow, which reads from here what it may make. nbtrack does not ask it.
            types = io.get_untrusted_types(file=folder / "model.skops")
            return (
                "model.skops",
                {"serialization_format": SKOPS, "skops_trusted_types": types or None},
                ("skops",),
            )
        case "pickle" | "cloudpickle":
            pickler = need(format_, "pip install cloudpickle")
            with (folder / "model.pkl").open("wb") as file:
                pickler.dump(model, file)
            packages = (CLOUDPICKLE,) if format_ == CLOUDPICKLE else ()
            return "model.pkl", {"serialization_format": format_}, packages
    raise InvalidValue(f"serialization_format is one of {', '.join(FORMATS)}, got {format_!r}.")


def load_object(
    file: Path, conf: Mapping[str, Any], trusted: Trust, *, vouched: Collection[str] = ()
) -> Any:
    """Read what `save_object` wrote, or MLflow in its older versions.

    ``vouched``: types that hold data alone, besides those of which skops knows it.
    """
    # Before there were formats, there was pickle.
    format_ = conf.get("serialization_format", PICKLE)
    match format_:
        case "skops":
            need("skops.io", "pip install skops")
            model = load_skops(file, trusted, VOUCHED.union(vouched))
            check_steps(model)
            return model
        case "pickle":
            return load_pickle(file, trusted)
        case "cloudpickle":
            need(CLOUDPICKLE, "pip install cloudpickle")
            return load_pickle(file, trusted)
    raise InvalidModel(f"The model is of a format {format_!r} that nbtrack does not know.")
