"""The order of the tests, and what holds for those of properties."""

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is slow, and a store that an example fills is a fixture's: neither is a mistake.
settings.register_profile(
    "nbtrack",
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("nbtrack")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the browser's tests last.

    Playwright keeps an event loop running in the main thread from its first use on,
    in which nobody else can start one, and interrupts go elsewhere.
    """
    items.sort(key=lambda item: "browser" in item.path.parts)
