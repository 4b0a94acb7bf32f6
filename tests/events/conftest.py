"""Logs to look at: a layer of a machine, two layers of a trace, and random networks."""

from __future__ import annotations

import numpy as np
import pytest

import simulator
from simulator.engine.fast import record
from simulator.events import LayerEvents, Log
from simulator.events.log import layer_events
from simulator.plan import Plan
from simulator.record.recording import Window


def whole(plan: Plan, begin: int = 0, end: int = 10**9) -> LayerEvents:
    """The events of a plan."""
    outcome, recording = record(plan, Window(begin, end))
    return layer_events("layer", 0, outcome.cycles, plan, recording)


def layer_of(seed: int) -> simulator.Layer:
    """A small layer with 2:4 weights and inputs with zeros."""
    rng = np.random.default_rng(seed)
    weights = np.kron(rng.random((24, 16)) < 2, [True, True, False, False])
    return simulator.gemm(weights, rng.random((64, 48)) < 0.6, name=f"layer{seed}")


@pytest.fixture(scope="session")
def log() -> Log:
    """Two layers on HighLight, whole."""
    from simulator.workload.model import Trace

    return simulator.record_events("highlight", Trace("two", (layer_of(1), layer_of(2))))
