"""MLflow's own SQLite store and ours, side by side, in an environment that has MLflow.

`make test` runs these in ``.venv/mlflow``; where MLflow is not installed they are not collected.
"""

from __future__ import annotations

import importlib.util

import pytest

if importlib.util.find_spec("mlflow") is None:
    collect_ignore_glob = ["*.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # MLflow's dependencies warn of each other.
    for item in items:
        item.add_marker(pytest.mark.filterwarnings("ignore"))


@pytest.fixture(scope="session")
def sqlite_uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    """MLflow's store, made once: its migrations take seconds."""
    return f"sqlite:///{tmp_path_factory.mktemp('theirs')}/mlflow.db"


@pytest.fixture(scope="session")
def nbtrack_uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"nbtrack://{tmp_path_factory.mktemp('ours')}/.nbtrack"
