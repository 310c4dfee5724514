"""The order of the tests."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the browser's tests last.

    Playwright keeps an event loop running in the main thread from its first use on,
    in which nobody else can start one, and interrupts go elsewhere.
    """
    items.sort(key=lambda item: "browser" in item.path.parts)
