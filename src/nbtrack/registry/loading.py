"""Loading what is registered: ``models:/`` URIs beside those that ``models`` knows."""

from __future__ import annotations

import os
from typing import Any

from nbtrack.errors import InvalidModel
from nbtrack.models import loading, saving
from nbtrack.models.pyfunc import PyFuncModel
from nbtrack.models.trust import Trust
from nbtrack.registry.finding import find_uri
from nbtrack.registry.reading import Place
from nbtrack.registry.records import ModelVersion
from nbtrack.registry.source import source_of
from nbtrack.tracking.active import current_store

Model = str | os.PathLike[str] | ModelVersion


def load_model(
    model_uri: Model,
    dst_path: str | os.PathLike[str] | None = None,
    *,
    trusted: Trust = False,
    store: Place = None,
) -> Any:
    """The model as it was given to `save_model`: the library's own object.

    A model that is Python code comes as a `PyFuncModel`.

    Parameters
    ----------
    model_uri : ``models:/<name>/3``, ``models:/<name>/Production``, ``models:/<name>@alias``, a
        version, ``runs:/<run>/<path>``, or a folder.
    dst_path : a folder to which the files of a run's model are brought; default, a
        temporary one.
    trusted : whether code that the model brings may run, a pickle's too; or the types that
        skops may make besides those it knows. Without it, `ModelNotTrusted` says what is
        in the way.
    """
    return loading.load_model(where_is(model_uri, store), dst_path, trusted=trusted)


def load_pyfunc(
    model_uri: Model,
    dst_path: str | os.PathLike[str] | None = None,
    *,
    trusted: Trust = False,
    store: Place = None,
) -> PyFuncModel:
    """The model as a function, whatever its library; arguments as those of `load_model`."""
    return loading.load_pyfunc(where_is(model_uri, store), dst_path, trusted=trusted)


def where_is(model_uri: Model, store: Place = None) -> str | os.PathLike[str]:
    """A registered version as ``runs:/<run id>/<path>``; any other URI as it is.

    Raises `ModelNotFound`, and `InvalidModel` where the run has written something else there
    since: a version is what was registered, or nothing.
    """
    if not isinstance(model_uri, ModelVersion) and not str(model_uri).startswith("models:"):
        return model_uri
    place = current_store(store)
    with place.settled():
        version = model_uri
        if not isinstance(version, ModelVersion):
            version = find_uri(place, str(model_uri))
        is_same = source_of(place, version.source).digest == version.digest
    if not is_same:
        raise InvalidModel(
            f"{version.name} {version.version} is not what was registered any more: its run has "
            f"written other files to {version.path!r} since. Register that as a version of its own."
        )
    return version.source


class pyfunc(saving.pyfunc):
    """Models as functions, in MLflow's words: ``pyfunc.load_model(uri).predict(data)``."""

    load_model = staticmethod(load_pyfunc)
