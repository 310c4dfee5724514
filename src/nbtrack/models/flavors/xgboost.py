"""XGBoost: its own format, which holds data alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbtrack.errors import InvalidValue
from nbtrack.models.bundle import Bundle
from nbtrack.models.flavors.flavor import Flavor, Given, Predictor, Saved, class_named, wanted
from nbtrack.models.trust import Trust

_FORMATS = ("ubj", "json")
_BOOSTER = "xgboost.core.Booster"


class XGBoostFlavor(Flavor):
    """Boosters, and the estimators that are like scikit-learn's."""

    name = "xgboost"
    libraries = ("xgboost",)
    install = "pip install xgboost"
    options = ("model_format",)

    def save(self, model: Any, folder: Path, given: Given) -> Saved:
        xgboost = self.need("xgboost")
        format_ = given.options.get("model_format", "ubj")
        if format_ not in _FORMATS:
            raise InvalidValue(f"model_format is one of {', '.join(_FORMATS)}, got {format_!r}.")
        kind = type(model)
        if kind.__module__.partition(".")[0] != "xgboost":
            raise InvalidValue(
                f"{kind.__qualname__} inherits from XGBoost, whose format does not keep it; "
                "save it with flavor='sklearn', or wrap it in a function."
            )
        file = f"model.{format_}"
        model.save_model(folder / file)
        conf = {
            "data": file,
            "model_class": f"{kind.__module__}.{kind.__qualname__}",
            "model_format": format_,
            "xgb_version": xgboost.__version__,
        }
        needs_sklearn = not isinstance(model, xgboost.Booster)
        return Saved(
            conf,
            {"loader_module": "mlflow.xgboost", "data": file},
            packages=("xgboost", "xgboost-cpu", *(("scikit-learn",) if needs_sklearn else ())),
        )

    def load(self, bundle: Bundle, conf: Mapping[str, Any], trusted: Trust) -> Any:  # noqa: ARG002
        self.need("xgboost")
        model = class_named(conf.get("model_class", _BOOSTER), "xgboost", "model")()
        model.load_model(bundle.file(wanted(conf, "data")))
        return model

    def predictor(self, model: Any, bundle: Bundle) -> Predictor:  # noqa: ARG002
        import xgboost

        if not isinstance(model, xgboost.Booster):
            return lambda data, params: model.predict(data, **params)
        # Without it a column of categories is refused; with it nothing else changes.
        return lambda data, params: model.predict(
            xgboost.DMatrix(data, enable_categorical=True), **params
        )
