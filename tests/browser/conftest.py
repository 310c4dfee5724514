"""One JupyterLab server and one Chromium for all tests in this folder.

``lab`` gives each test a JupyterLab with nothing open, a folder on the server with a
store of its own, and, at its end, the proof that nothing asked for left this machine.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.chromium import MISSING, find_browser
from tests.browser.lab import Lab, Window, chromium
from tests.browser.server import LABEXTENSION, LabServer


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


@pytest.fixture(scope="session")
def window(browser: Browser) -> Iterator[Window]:
    """The window that JupyterLab is loaded in by the first test that opens a notebook."""
    window = Window(browser)
    yield window
    window.close()


@pytest.fixture
def lab(request: pytest.FixtureRequest, window: Window, lab_server: LabServer) -> Iterator[Lab]:
    """JupyterLab with no notebook open; what it asked from outside fails the test."""
    with Lab(lab_server, window, request.node.name) as lab:
        yield lab
        assert lab.outside_requests == []
