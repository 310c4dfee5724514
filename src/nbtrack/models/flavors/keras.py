"""Keras: its own archive of configuration and weights, loaded in its safe mode."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbtrack.errors import InvalidModel, ModelNotTrusted
from nbtrack.models.bundle import Bundle
from nbtrack.models.flavors.flavor import Flavor, Given, Predictor, Saved, wanted
from nbtrack.models.trust import Trust

_DATA = "data"


class KerasFlavor(Flavor):
    """``keras.Model`` of Keras 3, on any of its backends."""

    name = "keras"
    libraries = ("keras",)
    # Before, the safe mode could be got around.
    install = "pip install 'keras>=3.12' and its backend, such as torch or tensorflow"

    def save(self, model: Any, folder: Path, given: Given) -> Saved:  # noqa: ARG002
        keras = self.need("keras")
        (folder / _DATA).mkdir()
        model.save(folder / _DATA / "model.keras")
        (folder / _DATA / "keras_module.txt").write_text("keras")
        backend = keras.backend.backend()
        conf = {
            "data": _DATA,
            "keras_backend": backend,
            "keras_version": keras.__version__,
            "save_exported_model": False,
        }
        return Saved(conf, {"loader_module": "mlflow.keras"}, packages=("keras", backend))

    def load(self, bundle: Bundle, conf: Mapping[str, Any], trusted: Trust) -> Any:
        if conf.get("save_exported_model"):
            raise InvalidModel(
                "The model is a graph that Keras exported for TensorFlow; load it with "
                "mlflow.keras.load_model, or save the Keras model itself."
            )
        backend = conf.get("keras_backend")
        if backend in ("tensorflow", "torch", "jax"):
            # Before its first import a process may choose; afterwards this says nothing.
            os.environ.setdefault("KERAS_BACKEND", backend)
        keras = self.need("keras")
        file = bundle.file(f"{wanted(conf, 'data')}/model.keras")
        try:
            return keras.saving.load_model(file, safe_mode=trusted is not True)
        except ValueError as error:
            if trusted is not True and "safe" in str(error):
                raise ModelNotTrusted(
                    f"{file.name} holds Python code (a Lambda layer). If you know where the model "
                    "comes from, load it with trusted=True."
                ) from error
            raise

    def predictor(self, model: Any, bundle: Bundle) -> Predictor:  # noqa: ARG002
        def predict(data: Any, _params: dict[str, Any]) -> Any:
            if not hasattr(data, "iloc"):
                return model.predict(data, verbose=0)
            import pandas

            return pandas.DataFrame(model.predict(data.to_numpy(), verbose=0), index=data.index)

        return predict
