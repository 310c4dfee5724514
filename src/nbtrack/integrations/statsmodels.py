"""statsmodels: ``fit`` of any of its models, by formula or by arrays.

Names are those of MLflow's autologging, which tells the arguments of ``fit`` alone. Here the
formula is told as well, and what the model was made with: the order of an ARIMA, the family
of a GLM.
"""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy

from nbtrack.capture.scalars import is_setting
from nbtrack.integrations.autologging.patches import Patches
from nbtrack.integrations.autologging.rounds import first_rows
from nbtrack.integrations.autologging.training import Training

# Numbers that results have, as MLflow chooses them.
_RESULTS = (
    "aic bic centered_tss condition_number df_model df_resid ess f_pvalue fvalue llf mse_model "
    "mse_resid mse_total rsquared rsquared_adj scale ssr uncentered_tss"
).split()

# Arguments of models that hold data, or say how it is looked at.
_NO_SETTINGS = frozenset("self endog exog exog_vc groups missing hasconst dates freq".split())


def patch(patches: Patches, base: ModuleType) -> None:
    """Wrap ``fit`` of all models, as they are defined."""
    patches.wrap_methods(base.Model, "fit", ModelFit, inside="statsmodels")


class ModelFit(Training):
    """``fit`` of a model."""

    library = "statsmodels"

    def begin(self) -> None:
        model = self.given["self"]
        self.record.name(type(model).__name__, model)
        self.record.params(dict(_made_with(model, only_chosen=self.record.is_in_cell)))
        self.record.params(dict(self._settings()))
        data = getattr(model, "data", None)
        inputs, targets = getattr(data, "orig_exog", None), getattr(data, "orig_endog", None)
        frame = getattr(data, "frame", None)
        if frame is not None:
            self.record.data(frame, "train", "train")
        elif targets is not None:
            self.record.data(targets if inputs is None else (inputs, targets), "train", "train")

    def end(self) -> None:
        results = self.result
        with warnings.catch_warnings(), self.record.spending():
            # The user has not asked for these numbers, and has seen the fit's warnings.
            warnings.simplefilter("ignore")
            self.record.results(dict(_numbers(results)))
            if hasattr(results, "summary") and not self._is_too_slow(results):
                self.record.text(str(results.summary()), "model_summary.txt")
            if self.record.options.log_models:
                rows, answers = _example(self.given["self"], results)
                self.record.model(results, inputs=rows, outputs=answers)

    def _is_too_slow(self, results: Any) -> bool:
        """Whether a summary costs what a cell has not asked for: the fit of a model of nothing."""
        # That takes about as long as the model's own.
        is_long = self.took_s > self.record.budget_s
        if not (is_long and hasattr(type(getattr(results, "_results", results)), "llnull")):
            return False
        self.record.note(f"summary of {type(self.given['self']).__name__} left out: too slow")
        return True

    def _settings(self) -> Iterator[tuple[str, object]]:
        """The arguments of ``fit``; in a cell those that were chosen."""
        for name, parameter in self.signature.parameters.items():
            value = self.given[name]
            if parameter.kind is parameter.VAR_KEYWORD:
                yield from ((key, each) for key, each in value.items() if is_setting(each))
            elif name == "self" or (self.record.is_in_cell and value is parameter.default):
                continue
            elif not (is_setting(value) or isinstance(value, dict)):
                continue  # Where it starts is data.
            elif not (self.record.is_in_cell and value == parameter.default):
                yield name, value


def _made_with(model: Any, *, only_chosen: bool) -> Iterator[tuple[str, object]]:
    """The formula, and the settings with which a model was made."""
    if isinstance(formula := getattr(model, "formula", None), str):
        yield "formula", formula
    for name, parameter in inspect.signature(type(model).__init__).parameters.items():
        value = getattr(model, name, None)
        if name in _NO_SETTINGS or value is None:
            continue
        if not is_setting(value):
            # A family of distributions or the like, which is an object of statsmodels.
            if not type(value).__module__.startswith("statsmodels."):
                continue
            value = type(value).__name__
        if not (only_chosen and value == parameter.default):
            yield name, value


def _numbers(results: Any) -> Iterator[tuple[str, float]]:
    for name in _RESULTS:
        try:
            value = getattr(results, name)
        except Exception:  # noqa: BLE001 - each model cannot tell some of them, and raises its own
            continue
        if isinstance(value, (int, float, numpy.number)):
            yield name, float(value)


def _example(model: Any, results: Any) -> tuple[Any, Any]:
    """Some rows, and what is predicted for them; neither where a model predicts otherwise."""
    frame = getattr(model.data, "frame", None)
    if frame is None:
        rows = first_rows(model.data.orig_exog)
    else:
        _, _, terms = model.formula.partition("~")
        words = set(re.findall(r"\w+", terms))
        rows = first_rows(frame[[name for name in frame.columns if str(name) in words]])
    try:
        answers = results.predict(rows)
    except Exception:  # noqa: BLE001 - of a series, and of terms whose names are no words
        return None, None
    is_by_row = numpy.shape(answers)[:1] == numpy.shape(rows)[:1]
    return (rows, answers) if is_by_row else (None, None)
