"""statsmodels: what ``fit`` tells, beside what MLflow tells of the same.

MLflow's names, with these differences. Its parameter ``kwargs`` is left out, and what is in it
told instead; the formula and the settings that a model was made with are told, which MLflow
leaves out; degrees of freedom without end are infinite. In a tracked cell only chosen
settings are told, and no summary that would take another fit.
"""

from __future__ import annotations

import math
import pickle
import traceback
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from IPython.core.interactiveshell import InteractiveShell
from statsmodels.tsa.api import VAR
from statsmodels.tsa.arima.model import ARIMA

import nbtrack
from nbtrack.integrations.autologging import record

Runs = Callable[[], list[Any]]

RANDOM = np.random.default_rng(0)
TABLE = pd.DataFrame(RANDOM.random((60, 2)), columns=["size", "age"])
TABLE["price"] = 2 * TABLE["size"] + np.log(1 + TABLE["age"]) + RANDOM.normal(0, 0.1, 60)
DEAR = (TABLE["price"] > TABLE["price"].median()).astype(int)
INPUTS = sm.add_constant(TABLE[["size", "age"]])
LINEAR = set(
    "aic bic centered_tss condition_number df_model df_resid ess f_pvalue fvalue llf mse_model "
    "mse_resid mse_total rsquared rsquared_adj scale ssr uncentered_tss".split()
)
LIKELIHOOD = set("aic bic df_model df_resid llf scale".split())


def light() -> None:
    nbtrack.autolog(log_models=False, log_datasets=False)


def asked(run: Any) -> Any:
    """The model of the run; a pickle is opened on our word."""
    return nbtrack.pyfunc.load_model(f"runs:/{run.id}/model", trusted=True)


def test_a_formula_is_told_with_its_numbers_its_summary_and_its_model(runs: Runs) -> None:
    nbtrack.autolog()
    results = smf.ols("price ~ size + np.log(1 + age)", TABLE).fit(cov_type="HC1")
    [run] = runs()
    assert run.status == "finished"
    assert run.params == {
        "formula": "price ~ size + np.log(1 + age)",
        "method": "pinv",
        "cov_type": "HC1",
        "cov_kwds": None,
        "use_t": None,
    }
    assert set(run.metrics) == LINEAR
    assert run.metrics["rsquared"] == pytest.approx(results.rsquared)
    assert "OLS Regression Results" in run.load_text("model_summary.txt")
    model = asked(run)
    # Of the table those columns that the terms name.
    assert [each.name for each in model.signature.inputs] == ["size", "age"]
    assert list(model.predict(TABLE)) == pytest.approx(list(results.predict(TABLE)))
    assert [each.name for each in run.inputs] == ["train"]


def test_models_by_arrays_are_told(runs: Runs) -> None:
    nbtrack.autolog(log_datasets=False)
    family = sm.families.Poisson()
    counts = sm.GLM((10 * TABLE["price"]).round(), INPUTS, family=family).fit()
    odds = sm.Logit(DEAR, INPUTS.to_numpy()).fit(disp=0, maxiter=50)
    glm, logit = runs()
    assert set(glm.metrics) == set(logit.metrics) == LIKELIHOOD
    assert glm.metrics["aic"] == pytest.approx(counts.aic)
    assert (glm.params["family"], glm.params["method"]) == ("Poisson", "IRLS")
    assert (logit.params["maxiter"], logit.params["disp"]) == (50, 0)
    assert asked(logit).predict(INPUTS.to_numpy()) == pytest.approx(odds.predict(INPUTS.to_numpy()))


def test_a_series_is_told_with_its_order(runs: Runs) -> None:
    nbtrack.autolog()
    series = RANDOM.normal(size=40).cumsum()
    results = ARIMA(series, order=(1, 0, 0)).fit()
    VAR(TABLE.to_numpy()).fit(1)
    arima, var = runs()
    assert arima.params["order"] == [1, 0, 0]
    assert arima.metrics["llf"] == pytest.approx(results.llf)
    assert arima.metrics["df_resid"] == math.inf
    # It is asked for a span, and not by rows.
    assert asked(arima).signature is None
    span = pd.DataFrame({"start": [40], "end": [42]})
    assert asked(arima).predict(span) == pytest.approx(results.predict(40, 42))
    assert var.params["maxlags"] == 1
    assert "Summary of Regression Results" in var.load_text("model_summary.txt")


def test_a_mixed_model_and_a_robust_one_are_told(runs: Runs) -> None:
    light()
    groups = np.arange(60) % 5
    table = TABLE.assign(price=TABLE["price"] + np.array([0, 1, 2, 3, 4])[groups])
    smf.mixedlm("price ~ size", table, groups=groups).fit()
    sm.RLM(TABLE["price"], INPUTS, M=sm.robust.norms.TukeyBiweight()).fit()
    mixed, robust = runs()
    assert (mixed.params["formula"], mixed.params["reml"]) == ("price ~ size", True)
    # Numbers that a kind of model does not have are left out.
    assert set(robust.metrics) == {"df_model", "df_resid", "scale"}
    assert robust.params["M"] == "TukeyBiweight"


def test_a_model_of_the_users_is_told_and_pickled(runs: Runs) -> None:
    light()
    results = Mine(TABLE["price"], INPUTS).fit()
    assert pickle.loads(pickle.dumps(results)).rsquared == results.rsquared
    [run] = runs()
    assert run.metrics["rsquared"] == pytest.approx(results.rsquared)


class Mine(sm.OLS):  # type: ignore[misc]
    """A model that inherits its ``fit``."""


def test_two_fits_in_one_run_are_told_apart(runs: Runs) -> None:
    light()
    with nbtrack.run():
        first = smf.ols("price ~ size", TABLE).fit()
        second = smf.ols("price ~ age", TABLE).fit()
    [run] = runs()
    assert run.params["formula"] == "price ~ size"
    assert run.params["OLS-2.formula"] == "price ~ age"
    values = run.history("rsquared").arrow()["value"].to_pylist()
    assert values == pytest.approx([first.rsquared, second.rsquared])
    files = {each.path for each in nbtrack.list_artifacts(run_id=run.id)}
    assert files == {"model_summary.txt", "OLS-2.model_summary.txt"}


def test_a_fit_that_fails_fails_its_run(runs: Runs) -> None:
    light()
    with pytest.raises(np.linalg.LinAlgError) as raised:
        sm.Logit(DEAR, INPUTS.assign(again=INPUTS["size"])).fit(disp=0)
    frames = traceback.extract_tb(raised.value.__traceback__)
    assert not [each for each in frames if "nbtrack/integrations" in each.filename]
    [run] = runs()
    assert run.status == "failed"


def test_fit_is_restored(runs: Runs) -> None:
    before = sm.OLS.fit
    light()
    assert sm.OLS(TABLE["price"], INPUTS).fit().rsquared > 0
    nbtrack.autolog(disable=True)
    assert sm.OLS.fit is before
    assert sm.OLS(TABLE["price"], INPUTS).fit().rsquared > 0
    assert len(runs()) == 1


def test_a_tracked_cell_tells_nothing_twice(
    shell: InteractiveShell, runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.push({"smf": smf, "sm": sm, "TABLE": TABLE, "INPUTS": INPUTS, "DEAR": DEAR})
    shell.run_cell(
        "%%track\n"
        "formula = 'price ~ size'\n"
        "results = smf.ols(formula, TABLE).fit()\n"
        "rsquared = results.rsquared\n"
    )
    # However fast the machine: a fit that is noticed.
    monkeypatch.setattr(record, "_UNNOTICED_S", 0.0)
    monkeypatch.setattr(record, "_SHARE", 0.0)
    shell.run_cell("%%track\nodds = sm.Logit(DEAR, INPUTS).fit(disp=0, maxiter=50)\n")
    linear, logit = runs()
    assert linear.params == {"formula": "price ~ size"}
    own = {key for key in linear.metrics if not key.startswith("system/")}
    assert own == LINEAR
    assert linear.history("rsquared").arrow()["step"].to_pylist() == [0]
    assert logit.params == {"disp": 0, "maxiter": 50}
    kept = [{each.path for each in nbtrack.list_artifacts(run_id=run.id)} for run in runs()]
    assert "model_summary.txt" in kept[0]
    assert "model_summary.txt" not in kept[1]
