"""Two layers on HighLight, and a window in the middle of them."""

from __future__ import annotations

import numpy as np
import pytest

import simulator
from simulator.events import Log
from simulator.workload.model import Trace


@pytest.fixture(scope="session")
def trace() -> Trace:
    rng = np.random.default_rng(1)
    weights = np.kron(np.ones((24, 16), bool), [True, True, False, False])
    layers = (simulator.gemm(weights, rng.random((64, 48)) < 0.6, name=name) for name in ("a/one", "a/two"))
    return Trace("two", tuple(layers))


@pytest.fixture(scope="session")
def log(trace: Trace) -> Log:
    return simulator.record_events("highlight", trace)


@pytest.fixture(scope="session")
def window(trace: Trace, log: Log) -> Log:
    """The last cycles of the first layer and the first of the second."""
    middle = log.layers[1].offset
    return simulator.record_events("highlight", trace, cycles=(middle - 100, middle + 150))
