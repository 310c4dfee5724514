"""Models that are Python code: a class to inherit, and a function taken for one.

Everything here is pickled with the user's class, text and all, so that such a model
loads where nbtrack is not installed. So this module names no other.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any


class PythonModelContext:
    """What a model finds at hand: its files by name, and its configuration."""

    def __init__(
        self, artifacts: Mapping[str, str], model_config: Mapping[str, Any] | None = None
    ) -> None:
        self._artifacts = dict(artifacts)
        self._model_config = dict(model_config or {})

    @property
    def artifacts(self) -> dict[str, str]:
        """Local paths of the files that were saved with the model, by name."""
        return self._artifacts

    @property
    def model_config(self) -> dict[str, Any]:
        """Values that were given when the model was saved or loaded."""
        return self._model_config


class TypeHints:
    """What MLflow asks a model for: the types that its ``predict`` is annotated with."""

    def __init__(self, input: Any = None, output: Any = None) -> None:
        self.input = input
        self.output = output


class PythonModel:
    """A model in Python: inherit, and write ``predict``.

    ``predict`` is written as ``predict(self, context, model_input, params=None)`` or
    ``predict(self, model_input, params=None)``, as in MLflow.
    """

    def load_context(self, context: Any) -> None:
        """Called once when the model is loaded, before the first `predict`."""

    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
        """The prediction for ``model_input``."""
        raise NotImplementedError(f"{type(self).__name__} has no predict(self, model_input).")

    @property
    def predict_type_hints(self) -> TypeHints:
        """None: the signature says what is taken. MLflow asks for it when it predicts."""
        return TypeHints()


class FunctionModel(PythonModel):
    """A function of the input, or of the input and parameters; the context it does without."""

    def __init__(self, func: Callable[..., Any], *_: Any, **__: Any) -> None:
        self.func = func

    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:  # noqa: ARG002
        """What the function gives."""
        if len(inspect.signature(self.func).parameters) > 1:
            return self.func(model_input, params)
        return self.func(model_input)
