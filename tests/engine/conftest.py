"""Both engines, by name, and short ways of saying what an outcome was."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from simulator.record.outcome import Outcome
from simulator.registry import resolve


@pytest.fixture(params=["reference", "fast"])
def engine(request: pytest.FixtureRequest) -> Callable[..., Outcome]:
    """An engine; tests that use it run on each."""
    run: Callable[..., Outcome] = resolve("engine", request.param)
    return run
