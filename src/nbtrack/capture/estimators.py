"""Parameters of estimators in scikit-learn's style, those that differ from the default."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from nbtrack.capture.scalars import is_setting

_MISSING = object()
_MAX_DEPTH = 4


def is_estimator(value: object) -> bool:
    """Whether a value is an object with ``get_params`` and ``fit``, not a class."""
    kind = type(value)
    if issubclass(kind, type):
        return False
    names = {name for base in type.__getattribute__(kind, "__mro__") for name in vars(base)}
    return "get_params" in names and "fit" in names


def chosen_params(estimator: object, depth: int = 0) -> Iterator[tuple[str, object]]:
    """The parameters that differ from the default, with those of the estimators inside.

    Names are scikit-learn's: ``C``, or ``clf__C`` inside a pipeline.
    """
    try:
        params = dict(estimator.get_params(deep=False))  # type: ignore[attr-defined]
        defaults = _defaults(type(estimator))
    except Exception:  # noqa: BLE001 - an estimator of the user's own may raise anything
        return
    for name, value in params.items():
        if is_setting(value):
            if not _is_same(value, defaults.get(name, _MISSING)):
                yield str(name), value
        elif depth < _MAX_DEPTH:
            for inner_name, inner in _inner_estimators(str(name), value):
                for key, setting in chosen_params(inner, depth + 1):
                    yield f"{inner_name}__{key}", setting


def _inner_estimators(name: str, value: object) -> Iterator[tuple[str, object]]:
    if is_estimator(value):
        yield name, value
    elif type(value) is list:
        for step in value[:50]:
            if type(step) is tuple and len(step) >= 2 and is_estimator(step[1]):
                yield str(step[0]), step[1]


def _defaults(kind: type) -> dict[str, object]:
    """Also those of the classes to which a constructor hands on its ``**kwargs``."""
    found: dict[str, object] = {}
    for ancestor in kind.__mro__:
        if "__init__" not in vars(ancestor):
            continue
        parameters = inspect.signature(ancestor.__init__).parameters.values()  # type: ignore[misc]
        for each in parameters:
            if each.default is not each.empty:
                found.setdefault(each.name, each.default)
        if not any(each.kind is each.VAR_KEYWORD for each in parameters):
            break
    return found


def _is_same(value: object, default: object) -> bool:
    if value is default:
        return True
    try:
        # Two NaNs are two objects, and mean the same here: SimpleImputer(missing_values=nan).
        both_nan = value != value and default != default
        return type(value) is type(default) and bool(both_nan or value == default)
    except Exception:  # noqa: BLE001 - comparing may raise anything
        return False
