"""SCALE-Sim's topology files: layer shapes as CSV."""

from simulator.frontend.scalesim.topology import Topology, read, write
from simulator.frontend.scalesim.traces import trace_of

__all__ = ["Topology", "read", "trace_of", "write"]
