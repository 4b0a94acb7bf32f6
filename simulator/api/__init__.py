"""The public functions: load, gemm, conv2d, simulate, sample, estimate, compare. Everything heavy is imported when it is needed."""

from simulator.api.estimation import DECLARED, MEASURED, compare, design_point, design_points, estimate
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
    "sample",
    "simulate",
    "versions",
]
