"""sparsecycle: a cycle-level, data-exact simulator of sparse tensor accelerators.

>>> import simulator
>>> hw = simulator.load("highlight")
>>> result = simulator.simulate(hw, simulator.gemm(weights, inputs))

Names are imported when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.api import (
        Interrupted,
        compare,
        estimate,
        load,
        load_machine,
        load_trace,
        record_events,
        sample,
        simulate,
        write_events,
    )
    from simulator.errors import DeadlockError, InfeasibleError, InputError, SimulatorError, UnitError
    from simulator.hardware.machine import Machine
    from simulator.mapping.design_point import DesignPoint
    from simulator.record.comparison import Comparison
    from simulator.record.estimate import Estimate
    from simulator.record.result import LayerResult, Result
    from simulator.record.sample import Sampled
    from simulator.sweeps import sweep
    from simulator.workload.layer import Layer, conv2d, gemm
    from simulator.workload.model import Trace

_HOMES = {
    "Comparison": "record.comparison",
    "DeadlockError": "errors",
    "DesignPoint": "mapping.design_point",
    "Estimate": "record.estimate",
    "InfeasibleError": "errors",
    "InputError": "errors",
    "Interrupted": "api",
    "Layer": "workload.layer",
    "LayerResult": "record.result",
    "Machine": "hardware.machine",
    "Result": "record.result",
    "Sampled": "record.sample",
    "SimulatorError": "errors",
    "Trace": "workload.model",
    "UnitError": "errors",
    "compare": "api",
    "conv2d": "workload.layer",
    "estimate": "api",
    "gemm": "workload.layer",
    "load": "api",
    "load_machine": "api",
    "load_trace": "api",
    "record_events": "api",
    "sample": "api",
    "simulate": "api",
    "sweep": "sweeps",
    "write_events": "api",
}

__all__ = [
    "Comparison",
    "DeadlockError",
    "DesignPoint",
    "Estimate",
    "InfeasibleError",
    "InputError",
    "Interrupted",
    "Layer",
    "LayerResult",
    "Machine",
    "Result",
    "Sampled",
    "SimulatorError",
    "Trace",
    "UnitError",
    "compare",
    "conv2d",
    "estimate",
    "gemm",
    "load",
    "load_machine",
    "load_trace",
    "record_events",
    "sample",
    "simulate",
    "sweep",
    "write_events",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'simulator' has no attribute {name!r}")
    return getattr(import_module(f"simulator.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
