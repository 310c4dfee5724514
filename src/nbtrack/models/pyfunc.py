"""A model as a function of its input, whatever library it is of."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from nbtrack.models.bundle import Bundle
from nbtrack.models.enforcing import enforce, enforce_params
from nbtrack.models.flavors.flavor import Flavor, Predictor
from nbtrack.models.signature import ModelSignature


class PyFuncModel:
    """A loaded model that takes data as its signature tells, and gives predictions.

    Made by ``nbtrack.pyfunc.load_model``. Safe to call from several threads where the
    library's own predict is.
    """

    def __init__(self, bundle: Bundle, flavor: Flavor, model: Any) -> None:
        self._bundle = bundle
        self._flavor = flavor
        self._model = model
        self._predict: Predictor = flavor.predictor(model, bundle)

    def predict(self, data: object, params: Mapping[str, object] | None = None) -> Any:
        """What the model predicts for ``data``.

        ``data`` is checked against the signature, and brought into its order and types.
        Raises `InvalidInput`, which names the column, what was expected and what came.
        """
        return self._predict_checked(data, params, is_text=False)

    def predict_text(self, data: object, params: Mapping[str, object] | None = None) -> Any:
        """As `predict`, for data that came as JSON or csv, whose values have no width."""
        return self._predict_checked(data, params, is_text=True)

    def _predict_checked(
        self, data: object, params: Mapping[str, object] | None, *, is_text: bool
    ) -> Any:
        signature = self._bundle.signature
        if signature is None:
            return self._predict(data, dict(params or {}))
        if signature.inputs is not None:
            data = enforce(data, signature.inputs, is_text=is_text)
        return self._predict(data, enforce_params(params, signature.params))

    @property
    def bundle(self) -> Bundle:
        """What ``MLmodel`` says of it."""
        return self._bundle

    @property
    def signature(self) -> ModelSignature | None:
        """What it takes and gives, if it was saved with a signature."""
        return self._bundle.signature

    @property
    def flavor(self) -> str:
        """The name of the flavor that loaded it."""
        return self._flavor.name

    @cached_property
    def input_example(self) -> object:
        """The data that it was saved with as an example, or ``None``."""
        from nbtrack.models.example import read_example

        example = read_example(self._bundle)
        return None if example is None else example[0]

    def get_raw_model(self) -> Any:
        """The library's own object."""
        return self._model

    def unwrap_python_model(self) -> Any:
        """The user's own object, of a model that is Python code."""
        return self._model

    def __repr__(self) -> str:
        takes = "" if self.signature is None else f"\n{self.signature}"
        return f"<PyFuncModel {self.flavor} in {self._bundle.path}>{takes}"
