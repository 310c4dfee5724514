"""One JupyterLab server and one Chromium for all tests in this folder.

``lab`` gives each test a window, a folder on the server with a store of its
own, and, at its end, the proof that nothing asked for left this machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.chromium import MISSING, find_browser
from tests.browser.lab import Lab, chromium
from tests.browser.server import LABEXTENSION, LabServer

_HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put these tests last, and in one worker where several run: they share server and browser.

    Last, since Playwright keeps an event loop running in this thread from the
    first of them on, and other tests want to start their own.
    """
    items.sort(key=_is_here)
    for item in filter(_is_here, items):
        item.add_marker(pytest.mark.xdist_group("browser"))


def _is_here(item: pytest.Item) -> bool:
    return _HERE in item.path.parents


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, headless."""
    if find_browser() is None:
        pytest.fail(MISSING, pytrace=False)
    # A busy machine takes its time, and what is expected is not that it is quick.
    expect.set_options(timeout=30_000)
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def lab_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    """JupyterLab with nbtrack's front-end as it was last built."""
    if not (LABEXTENSION / "package.json").exists():
        pytest.fail(
            "The front-end is not built: pip install -e ., or cd js && npm run build.", False
        )
    place = tmp_path_factory.mktemp("lab")
    root = place / "notebooks"
    root.mkdir()
    server = LabServer(place / "home", root)
    yield server
    server.stop()


@pytest.fixture
def lab(request: pytest.FixtureRequest, browser: Browser, lab_server: LabServer) -> Iterator[Lab]:
    """A window of JupyterLab for this test; what it asked from outside fails the test."""
    with Lab(lab_server, browser, request.node.name) as lab:
        yield lab
        assert lab.outside_requests == []
