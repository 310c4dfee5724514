"""statsmodels: it has no format but its pickle, so that loading needs the user's word."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nbtrack.errors import InvalidInput
from nbtrack.models.bundle import Bundle
from nbtrack.models.flavors.flavor import Flavor, Given, Predictor, Saved, wanted
from nbtrack.models.trust import Trust, load_pickle

_FILE = "model.statsmodels"


class StatsmodelsFlavor(Flavor):
    """Results, as ``fit`` gives them."""

    name = "statsmodels"
    libraries = ("statsmodels",)
    install = "pip install statsmodels"
    options = ("remove_data",)

    def save(self, model: Any, folder: Path, given: Given) -> Saved:
        statsmodels = self.need("statsmodels")
        model.save(str(folder / _FILE), remove_data=given.options.get("remove_data", False))
        conf = {"data": _FILE, "statsmodels_version": statsmodels.__version__}
        return Saved(conf, {"loader_module": "mlflow.statsmodels", "data": _FILE}, ("statsmodels",))

    def load(self, bundle: Bundle, conf: Mapping[str, Any], trusted: Trust) -> Any:
        self.need("statsmodels")
        return load_pickle(bundle.file(wanted(conf, "data")), trusted)

    def predictor(self, model: Any, bundle: Bundle) -> Predictor:  # noqa: ARG002
        from statsmodels.tsa.base.tsa_model import TimeSeriesModel

        if not isinstance(model.model, TimeSeriesModel):
            return lambda data, _params: model.predict(data)

        def forecast(data: Any, _params: dict[str, Any]) -> Any:
            # As in MLflow: a series is asked for a span, which stands in one row.
            if len(data) != 1 or not {"start", "end"} <= set(data.columns):
                raise InvalidInput(
                    "A time series predicts from one row with the columns start and end, "
                    f"got {len(data)} rows with {', '.join(map(str, data.columns))}."
                )
            return model.predict(start=data["start"].iloc[0], end=data["end"].iloc[0])

        return forecast
