"""What a bundle may run when it is loaded: nothing of its own, unless the user says so.

A pickle, and a Python file, run with the rights of whoever loads them. skops,
safetensors and the libraries' own formats hold data alone. What a bundle says
about itself counts for nothing here: its own list of trusted types could name any.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

from nbtrack.errors import InvalidModel, ModelNotTrusted
from nbtrack.models.python_model import FunctionModel, PythonModel, PythonModelContext, TypeHints

# True: run what it brings. Names: types that skops may make, besides those it knows.
Trust = bool | Collection[str]


def check_code(trusted: Trust, what: str, path: Path) -> None:
    """Raise `ModelNotTrusted` unless the user said that the model's own code may run."""
    if trusted is not True:
        raise ModelNotTrusted(
            f"{path.name} holds {what}, which runs whatever its author wrote when it is loaded. "
            "If you know where the model comes from, load it with trusted=True "
            "(on the command line: --trusted)."
        )


def load_skops(file: Path, trusted: Trust, vouched: Collection[str] = ()) -> Any:
    """The object in a skops file. Types that neither skops nor we vouch for need a word."""
    import skops.io

    unknown = skops.io.get_untrusted_types(file=file)
    if trusted is not True:
        named = set(trusted) if trusted else set()
        refused = sorted(set(unknown) - named - set(vouched))
        if refused:
            raise ModelNotTrusted(
                f"{file.name} holds types that skops does not vouch for: {', '.join(refused)}. "
                f"If you know them, load it with trusted={refused!r}, or with trusted=True."
            )
    return skops.io.load(file, trusted=unknown)


def load_pickle(file: Path, trusted: Trust) -> Any:
    """The object in a pickle, which needs the user's word."""
    check_code(trusted, "a pickle", file)
    with file.open("rb") as stream:
        return _Unpickler(stream).load()


def let_import(folder: Path, trusted: Trust) -> None:
    """Let modules that the bundle brings in ``folder`` be imported."""
    check_code(trusted, "Python modules", folder)
    if str(folder) not in sys.path:
        # At the end: what is installed here is not to be replaced by a bundle's.
        sys.path.append(str(folder))


# What MLflow pickles of its own beside a user's class, and what stands for it here.
_STAND_INS = {
    ("mlflow.pyfunc.model", "PythonModel"): PythonModel,
    ("mlflow.pyfunc.model", "_FunctionPythonModel"): FunctionModel,
    ("mlflow.pyfunc.model", "PythonModelContext"): PythonModelContext,
    ("mlflow.models.signature", "_TypeHints"): TypeHints,
}


class _Unpickler(pickle.Unpickler):
    """Makes models that were pickled by MLflow, also where MLflow is not installed."""

    def find_class(self, module: str, name: str) -> Any:
        try:
            return super().find_class(module, name)
        except ModuleNotFoundError as error:
            stand_in = _STAND_INS.get((module, name))
            if stand_in is None:
                raise InvalidModel(
                    f"The model needs the module {error.name!r}, which is not installed here; "
                    "its requirements.txt says which package to install."
                ) from error
        return stand_in
