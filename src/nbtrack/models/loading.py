"""From a URI to a model: as its library's own object, or as a function."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from nbtrack.errors import InvalidModel
from nbtrack.models.bundle import PYFUNC, Bundle
from nbtrack.models.flavors import Flavor, flavor_of_bundle
from nbtrack.models.places import folder_of
from nbtrack.models.pyfunc import PyFuncModel
from nbtrack.models.trust import Trust, let_import


def load_model(
    model_uri: str | os.PathLike[str],
    dst_path: str | os.PathLike[str] | None = None,
    *,
    trusted: Trust = False,
) -> Any:
    """The model as it was given to `save_model`: the library's own object.

    A model that is Python code comes as a `PyFuncModel`.

    Parameters
    ----------
    model_uri : a folder, or ``runs:/<run>/<path>``.
    dst_path : a folder to which the files of a run's model are brought; default, a
        temporary one.
    trusted : whether code that the model brings may run, a pickle's too; or the types that
        skops may make besides those it knows. Without it, `ModelNotTrusted` says what is
        in the way.
    """
    bundle = read_bundle(model_uri, dst_path)
    flavor = _flavor(bundle)
    model = _loaded(bundle, flavor, trusted)
    return PyFuncModel(bundle, flavor, model) if flavor.name == PYFUNC else model


def load_pyfunc(
    model_uri: str | os.PathLike[str],
    dst_path: str | os.PathLike[str] | None = None,
    *,
    trusted: Trust = False,
) -> PyFuncModel:
    """The model as a function, whatever its library; arguments as those of `load_model`."""
    bundle = read_bundle(model_uri, dst_path)
    flavor = _flavor(bundle)
    return PyFuncModel(bundle, flavor, _loaded(bundle, flavor, trusted))


def read_bundle(
    model_uri: str | os.PathLike[str], dst_path: str | os.PathLike[str] | None = None
) -> Bundle:
    """What a model says of itself; nothing of it is loaded."""
    return Bundle.read(folder_of(model_uri, None if dst_path is None else Path(dst_path)))


def _flavor(bundle: Bundle) -> Flavor:
    flavor = flavor_of_bundle(bundle)
    if flavor is None:
        raise InvalidModel(
            f"The model in {bundle.path} is of {', '.join(bundle.flavors) or 'no flavor'}, "
            "which no flavor here reads."
        )
    return flavor


def _loaded(bundle: Bundle, flavor: Flavor, trusted: Trust) -> Any:
    if bundle.code_folder is not None:
        let_import(bundle.code_folder, trusted)
    return flavor.load(bundle, bundle.flavors[flavor.name], trusted)
