"""MLflow's own SQLite store and ours, side by side, in an environment that has MLflow.

`make test` runs these in ``.venv/mlflow``; where MLflow is not installed they are not collected.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.integrations.mlflow.served import Server

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


@pytest.fixture(scope="session", autouse=True)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server | None]:
    """MLflow's server, where a test is about it: begun with all, so that nobody waits for it."""
    if not any(item.path.name == "test_server.py" for item in request.session.items):
        yield None
        return
    from tests.integrations.mlflow.served import start_server

    begun = start_server(tmp_path_factory.mktemp("served"))
    yield begun
    begun.end()
