"""Which versions of MLflow the plugin was tested with, and a word to who has another."""

from __future__ import annotations

import mlflow

from nbtrack.integrations.gathered import warn_once

# By their first two numbers: what changes after those is mended, not made anew.
TESTED = ("3.17", "3.18")


def warn_if_untested() -> None:
    """Say once in a process that this MLflow is not one of those that were tested."""
    if ".".join(mlflow.__version__.split(".")[:2]) not in TESTED:
        warn_once(
            f"nbtrack was tested under MLflow {' and '.join(TESTED)}, and this is "
            f"{mlflow.__version__}: what the two say to each other may differ."
        )
