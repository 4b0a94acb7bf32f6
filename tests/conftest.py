"""Options of the test suite."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--networks", type=int, default=200, help="random networks the differential tests run")


@pytest.fixture(scope="session")
def networks(request: pytest.FixtureRequest) -> int:
    """How many random networks a test may run."""
    return int(request.config.getoption("--networks"))
