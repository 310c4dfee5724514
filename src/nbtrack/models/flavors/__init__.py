"""One file per library: how its models are written, read and asked.

The nearest ancestor of a model's class decides whose it is: an ``XGBClassifier`` is
XGBoost's although it is also a scikit-learn estimator. Another package adds a flavor
through the entry point group ``nbtrack.flavors``: a class that inherits `Flavor`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points

from nbtrack.errors import InvalidValue
from nbtrack.models.bundle import PYFUNC, Bundle
from nbtrack.models.flavors.flavor import Flavor, Saved

__all__ = ["Flavor", "Saved", "flavor_named", "flavor_of", "flavor_of_bundle", "list_flavors"]

GROUP = "nbtrack.flavors"

# Name in MLmodel: the module here, and the class in it.
_OWN = {
    "catboost": "CatBoostFlavor",
    "keras": "KerasFlavor",
    "lightgbm": "LightGBMFlavor",
    "onnx": "OnnxFlavor",
    "python_function": "PythonFunctionFlavor",
    "pytorch": "PyTorchFlavor",
    "sklearn": "SklearnFlavor",
    "statsmodels": "StatsmodelsFlavor",
    "transformers": "TransformersFlavor",
    "xgboost": "XGBoostFlavor",
}


def list_flavors() -> list[str]:
    """The names of all flavors, other packages' included."""
    return sorted({*_OWN, *_installed()})


def flavor_named(name: str) -> Flavor:
    """The flavor of that name; raises `InvalidValue` if there is none."""
    if name in _OWN:
        flavor: Flavor = getattr(import_module(f"{__name__}.{name}"), _OWN[name])()
        return flavor
    if name in _installed():
        return _installed()[name]
    raise InvalidValue(f"There is no flavor {name!r} (there are: {', '.join(list_flavors())}).")


def flavor_of(model: object) -> Flavor:
    """Whose model it is, by the nearest ancestor of its class; functions are Python's own."""
    of_library = {library: name for name in list_flavors() for library in _libraries(name)}
    for ancestor in type(model).__mro__:
        module = ancestor.__module__
        for library in (module, module.partition(".")[0]):
            if library in of_library:
                return flavor_named(of_library[library])
    python = flavor_named(PYFUNC)
    if callable(model) or callable(getattr(model, "predict", None)):
        return python
    kind = f"{type(model).__module__}.{type(model).__qualname__}"
    raise InvalidValue(
        f"No flavor takes a {kind} (there are: {', '.join(list_flavors())}). Give a function of "
        "the input, or a class that inherits nbtrack.PythonModel."
    )


def flavor_of_bundle(bundle: Bundle) -> Flavor | None:
    """The flavor that reads the bundle as its library's; Python's own where it is of no other."""
    known = [name for name in bundle.flavors if name in list_flavors() and name != PYFUNC]
    # Several can stand side by side (ONNX beside its source); the first written comes first.
    if known:
        return flavor_named(known[0])
    return flavor_named(PYFUNC) if PYFUNC in bundle.flavors else None


def _libraries(name: str) -> tuple[str, ...]:
    if name in _OWN:
        return _LIBRARIES[name]
    return tuple(_installed()[name].libraries)


# Told here too, so that asking whose a model is loads one flavor and not all.
_LIBRARIES: dict[str, tuple[str, ...]] = {
    "catboost": ("catboost",),
    "keras": ("keras",),
    "lightgbm": ("lightgbm",),
    "onnx": ("onnx",),
    "python_function": ("nbtrack.models.python_model", "mlflow"),
    "pytorch": ("torch",),
    "sklearn": ("sklearn",),
    "statsmodels": ("statsmodels",),
    "transformers": ("transformers",),
    "xgboost": ("xgboost",),
}


@cache
def _installed() -> dict[str, Flavor]:
    """Flavors of other packages. One that does not load is its package's fault, and is told."""
    return {point.name: point.load()() for point in entry_points(group=GROUP)}
