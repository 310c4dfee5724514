"""CatBoost: its own binary format, which holds data alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbtrack.errors import InvalidModel
from nbtrack.models.bundle import Bundle
from nbtrack.models.flavors.flavor import Flavor, Given, Predictor, Saved, wanted
from nbtrack.models.trust import Trust

_KINDS = ("CatBoost", "CatBoostClassifier", "CatBoostRegressor", "CatBoostRanker")


class CatBoostFlavor(Flavor):
    """CatBoost's models."""

    name = "catboost"
    libraries = ("catboost",)
    install = "pip install catboost"

    def save(self, model: Any, folder: Path, given: Given) -> Saved:  # noqa: ARG002
        catboost = self.need("catboost")
        file = "model.cb"
        model.save_model(str(folder / file))
        conf = {
            "catboost_version": catboost.__version__,
            "data": file,
            "model_type": type(model).__name__,
            "save_format": "cbm",
        }
        return Saved(conf, {"loader_module": "mlflow.catboost", "data": file}, ("catboost",))

    def load(self, bundle: Bundle, conf: Mapping[str, Any], trusted: Trust) -> Any:  # noqa: ARG002
        catboost = self.need("catboost")
        kind = wanted(conf, "model_type")
        if kind not in _KINDS:
            raise InvalidModel(f"The model is a {kind!r}, which is none of CatBoost's.")
        model = getattr(catboost, kind)()
        model.load_model(str(bundle.file(wanted(conf, "data"))), conf.get("save_format") or "cbm")
        return model

    def predictor(self, model: Any, bundle: Bundle) -> Predictor:  # noqa: ARG002
        return lambda data, params: model.predict(data, **params)
