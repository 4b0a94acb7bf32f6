"""The public functions: load, simulate, sample, record_events, estimate, compare, .. Heavy imports wait until they are needed."""

from simulator.api.estimation import DECLARED, MEASURED, compare, design_point, design_points, estimate
from simulator.api.events import record_events, write_events
from simulator.api.loading import load, load_machine, load_trace
from simulator.api.sampling import sample
from simulator.api.simulation import Interrupted, lowered_layer, simulate, versions

__all__ = [
    "DECLARED",
    "MEASURED",
    "Interrupted",
    "compare",
    "design_point",
    "design_points",
    "estimate",
    "load",
    "load_machine",
    "load_trace",
    "lowered_layer",
    "record_events",
    "sample",
    "simulate",
    "versions",
    "write_events",
]
