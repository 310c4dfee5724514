"""What goes wrong, as MLflow says it: error codes for our errors, and what is not supported."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from mlflow.exceptions import MlflowException
from mlflow.protos import databricks_pb2 as codes

from nbtrack.errors import (
    ArtifactMissing,
    InvalidFilter,
    InvalidValue,
    ModelNotFound,
    NbtrackError,
    PromotionRefused,
    RegistryConflict,
    RunNotFound,
    StoreHeld,
    StoreUnavailable,
)

_Class = TypeVar("_Class", bound=type)

_CODES: dict[type[NbtrackError], int] = {
    InvalidValue: codes.INVALID_PARAMETER_VALUE,
    InvalidFilter: codes.INVALID_PARAMETER_VALUE,
    RunNotFound: codes.RESOURCE_DOES_NOT_EXIST,
    ModelNotFound: codes.RESOURCE_DOES_NOT_EXIST,
    ArtifactMissing: codes.RESOURCE_DOES_NOT_EXIST,
    PromotionRefused: codes.PERMISSION_DENIED,
    RegistryConflict: codes.RESOURCE_CONFLICT,
    StoreHeld: codes.TEMPORARILY_UNAVAILABLE,
    StoreUnavailable: codes.TEMPORARILY_UNAVAILABLE,
}


def told_as_mlflow(cls: _Class) -> _Class:
    """A class whose methods raise ``MlflowException`` where ours would be raised."""
    ours = [each for each in cls.__mro__ if each.__module__.startswith("nbtrack.")]
    for name in {name for each in ours for name in vars(each) if not name.startswith("__")}:
        method = getattr(cls, name)
        if inspect.isfunction(method):
            setattr(cls, name, _telling(method))
    return cls


def _telling(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def telling(*args: Any, **kwargs: Any) -> Any:
        try:
            return method(*args, **kwargs)
        except NbtrackError as error:
            code = _CODES.get(type(error), codes.INTERNAL_ERROR)
            told = str(error)
            if isinstance(error, ModelNotFound):
                asked = inspect.signature(method).bind(*args, **kwargs).arguments
                told = f"{_not_found(asked)}. {told}"
            raise MlflowException(told, code) from error

    return telling


def _not_found(asked: Mapping[str, Any]) -> str:
    """What MLflow says where there is no such model or version; clients look for its words."""
    if "version" in asked:
        return f"Model Version (name={asked.get('name')}, version={asked['version']}) not found"
    return f"Registered Model with name={asked.get('name')} not found"


def refuse_the_rest(
    *, of: type, but: frozenset[str], empty: Mapping[str, Callable[[], Any]]
) -> Callable[[_Class], _Class]:
    """A class decorator: what ``of`` declares and the class has not is refused by its name.

    ``but`` are methods of ``of`` that do their work as they are. Those of ``empty`` list what a
    store of ours holds none of, and answer so: MLflow's pages ask for it all the time.
    """

    def refusing(cls: _Class) -> _Class:
        own = {name for each in cls.__mro__ if not issubclass(of, each) for name in vars(each)}
        for each in of.__mro__[:-1]:
            for name, declared in vars(each).items():
                if inspect.isfunction(declared) and name not in own | but and name[0] != "_":
                    answer = empty.get(name)
                    method = _refusal(name) if answer is None else _empty(name, answer)
                    setattr(cls, name, method)
        return cls

    return refusing


def _empty(name: str, answer: Callable[[], Any]) -> Callable[..., Any]:
    def empty(self: object, *args: object, **kwargs: object) -> Any:  # noqa: ARG001
        return answer()

    empty.__name__ = name
    return empty


def _refusal(name: str) -> Callable[..., Any]:
    def refusal(self: object, *args: object, **kwargs: object) -> Any:  # noqa: ARG001
        raise MlflowException(
            f"{name} is not supported by the nbtrack store: it keeps runs, models and their "
            "registry, and no traces, prompts or gateways.",
            codes.NOT_IMPLEMENTED,
        )

    refusal.__name__ = name
    return refusal
