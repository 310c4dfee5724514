"""statsmodels: ``fit`` of any of its models, by formula or by arrays.

Names are those of MLflow's autologging, which differs in this: it tells ``kwargs`` as a
parameter with no value, and the formula not at all.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy

from nbtrack.capture.scalars import is_setting
from nbtrack.integrations.autologging.patches import Patches
from nbtrack.integrations.autologging.rounds import first_rows
from nbtrack.integrations.autologging.training import Training

# Numbers that results have, where they are at hand or cheap to compute.
_RESULTS = (
    "aic",
    "bic",
    "centered_tss",
    "condition_number",
    "df_model",
    "df_resid",
    "ess",
    "f_pvalue",
    "fvalue",
    "llf",
    "mse_model",
    "mse_resid",
    "mse_total",
    "rsquared",
    "rsquared_adj",
    "scale",
    "ssr",
    "uncentered_tss",
)
