"""LightGBM: boosters in its own text; its estimators as scikit-learn's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbtrack.models.bundle import Bundle
from nbtrack.models.flavors.flavor import Flavor, Given, Predictor, Saved, wanted
from nbtrack.models.flavors.sklearn import load_object, save_object
from nbtrack.models.trust import Trust

_BOOSTER = "lightgbm.basic.Booster"
# What its estimators are made of: each is rebuilt from text and numbers.
_VOUCHED = {
    "collections.OrderedDict",
    "collections.defaultdict",
    _BOOSTER,
    *(f"lightgbm.sklearn.LGBM{kind}" for kind in ("Classifier", "Model", "Ranker", "Regressor")),
}


class LightGBMFlavor(Flavor):
    """Boosters, and the estimators that are like scikit-learn's."""

    name = "lightgbm"
    libraries = ("lightgbm",)
    install = "pip install lightgbm"
    options = ("serialization_format",)

    def save(self, model: Any, folder: Path, given: Given) -> Saved:
        lightgbm = self.need("lightgbm")
        kind = type(model)
        conf: dict[str, Any] = {
            "lgb_version": lightgbm.__version__,
            "model_class": f"{kind.__module__}.{kind.__qualname__}",
        }
        packages: tuple[str, ...] = ("lightgbm",)
        if isinstance(model, lightgbm.Booster):
            file = "model.lgb"
            model.save_model(folder / file)
        else:
            file, told, more = save_object(model, folder, given.options)
            conf |= told
            packages += ("scikit-learn", *more)
        conf["data"] = file
        return Saved(conf, {"loader_module": "mlflow.lightgbm", "data": file}, packages)

    def load(self, bundle: Bundle, conf: Mapping[str, Any], trusted: Trust) -> Any:
        lightgbm = self.need("lightgbm")
        file = bundle.file(wanted(conf, "data"))
        if conf.get("model_class", _BOOSTER) == _BOOSTER:
            return lightgbm.Booster(model_file=file)
        # Before there were formats, there was cloudpickle.
        told = {"serialization_format": "cloudpickle", **conf}
        return load_object(file, told, trusted, vouched=_VOUCHED)

    def predictor(self, model: Any, bundle: Bundle) -> Predictor:  # noqa: ARG002
        return lambda data, params: model.predict(data, **params)
