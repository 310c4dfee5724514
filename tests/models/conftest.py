"""A store of its own for every test, bundles to look at, and an environment with MLflow."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

import nbtrack
from nbtrack.tracking import active
from tests.models.other_python import Python, mlflow_python


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a store that does not exist yet, chosen as the current one."""
    monkeypatch.setattr(active, "_chosen_store", None)
    monkeypatch.setattr(active, "_experiment", None)
    nbtrack.set_store(tmp_path / ".nbtrack")
    yield tmp_path / ".nbtrack"
    for run in active.open_runs():
        run.end()


@pytest.fixture(scope="session")
def iris() -> pd.DataFrame:
    return load_iris(as_frame=True).data


@pytest.fixture(scope="session")
def classifier(iris: pd.DataFrame) -> LogisticRegression:
    return LogisticRegression(max_iter=500).fit(iris, load_iris().target)


@pytest.fixture
def saved(tmp_path: Path, classifier: LogisticRegression, iris: pd.DataFrame) -> Path:
    """A classifier's bundle; its requirements are given, since finding them takes a process."""
    nbtrack.save_model(
        classifier,
        tmp_path / "saved",
        input_example=iris.head(2),
        pip_requirements=["scikit-learn"],
    )
    return tmp_path / "saved"


@pytest.fixture(scope="session")
def mlflow() -> Python:
    """A Python that has the real MLflow, and not nbtrack."""
    return mlflow_python()


@pytest.fixture(scope="session")
def fresh() -> Python:
    """This environment's Python, in a process of its own."""
    return Python(Path(sys.executable))
