"""What a flavor is: the seam that every library's file here implements."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

from nbtrack.errors import InvalidModel, MissingExtra
from nbtrack.models.bundle import Bundle
from nbtrack.models.signature import ModelSignature
from nbtrack.models.trust import Trust

# A model as a function of its input and of parameters.
Predictor = Callable[[Any, dict[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Saved:
    """What a flavor wrote: its entry in ``MLmodel``, and that of ``python_function``.

    ``packages`` are needed even where loading did not import them here.
    """

    conf: Mapping[str, Any]
    pyfunc: Mapping[str, Any]
    packages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Given:
    """What the user gave beside the model, for flavors that need it to save."""

    example: object = None
    signature: ModelSignature | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


class Flavor(ABC):
    """Writes, reads and asks the models of one library."""

    #: Its name in ``MLmodel``.
    name: ClassVar[str]
    #: Modules whose classes are its models.
    libraries: ClassVar[tuple[str, ...]]
    #: What to install for it.
    install: ClassVar[str]
    #: Options of `save`, beside those that every flavor has.
    options: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def save(self, model: Any, folder: Path, given: Given) -> Saved:
        """Write the model into the bundle's ``folder``, which is there and empty."""

    @abstractmethod
    def load(self, bundle: Bundle, conf: Mapping[str, Any], trusted: Trust) -> Any:
        """The library's own object. Paths in ``conf`` go through ``bundle.file``."""

    @abstractmethod
    def predictor(self, model: Any, bundle: Bundle) -> Predictor:
        """``model``, as `load` gave it, as a function."""

    def begun(self, model: Any, bundle: Bundle) -> Any:  # noqa: ARG002 - for flavors that need it
        """``model``, which was just saved as ``bundle``, as `load` would give it."""
        return model

    def need(self, module: str) -> Any:
        """The module, imported; raises `MissingExtra` with the line that installs it."""
        return need(module, self.install)


def need(module: str, install: str) -> ModuleType:
    """The module, imported; raises `MissingExtra` with the line that installs it."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name and module.split(".")[0] != error.name.split(".")[0]:
            raise
        raise MissingExtra(
            f"This model needs {module.partition('.')[0]}, which is not installed: {install}"
        ) from error


def wanted(conf: Mapping[str, Any], *keys: str) -> Any:
    """The first of the keys that the entry has; raises `InvalidModel` if it has none."""
    for key in keys:
        if conf.get(key) is not None:
            return conf[key]
    raise InvalidModel(f"The model's description lacks {keys[0]!r}; was it written by MLflow?")


def class_named(path: str, library: str, kind: str) -> Any:
    """The class that an entry names, which must be one of the library's own.

    A name from a bundle is hostile text: only what the library itself defines, and
    only classes, are handed out.
    """
    module, _, name = path.rpartition(".")
    if module.partition(".")[0] == library:
        found = getattr(import_module(module), name, None)
        if isinstance(found, type) and found.__module__.partition(".")[0] == library:
            return found
    raise InvalidModel(f"The model names {path!r} as its class, which is no {kind} of {library}.")
