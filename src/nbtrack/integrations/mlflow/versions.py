"""Which versions of MLflow the plugin was tested with, and what they call by two names."""

from __future__ import annotations

from typing import Any

import mlflow
from mlflow.utils import validation

from nbtrack.integrations.gathered import warn_once

# By their first two numbers: what changes after those is mended, not made anew.
TESTED = ("3.17", "3.18")


def _either(name: str, since_3_18: str) -> Any:
    return getattr(validation, name, None) or getattr(validation, since_3_18)


validate_alias = _either("_validate_model_alias_name", "_validate_alias_name")
validate_alias_is_free = _either(
    "_validate_model_alias_name_reserved", "_validate_alias_name_reserved"
)


def warn_if_untested() -> None:
    """Say once in a process that this MLflow is not one of those that were tested."""
    if ".".join(mlflow.__version__.split(".")[:2]) not in TESTED:
        warn_once(
            f"nbtrack was tested under MLflow {' and '.join(TESTED)}, and this is "
            f"{mlflow.__version__}: what the two say to each other may differ."
        )
