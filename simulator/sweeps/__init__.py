"""Sweeps: many points of machine parameters, traces, patterns and rungs, over processes or a cluster, in one tidy table.

Specifications are YAML (:mod:`simulator.sweeps.spec`); a point that fails is a row with its error, and the others go on. Every
finished point is logged at once, so that a sweep that was interrupted is continued by the same call.
"""

from simulator.sweeps.run import Sweep, sweep
from simulator.sweeps.spec import Spec, read

__all__ = ["Spec", "Sweep", "read", "sweep"]
