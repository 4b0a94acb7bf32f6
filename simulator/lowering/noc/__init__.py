"""Networks on chip: who is joined to whom, the way of every flow, and the components and channels they come to."""

from simulator.lowering.noc.alone import Stream, alone, latency
from simulator.lowering.noc.fabric import Fabric, Timing
from simulator.lowering.noc.routes import Hop, Node, Route, route

__all__ = ["Fabric", "Hop", "Node", "Route", "Stream", "Timing", "alone", "latency", "route"]
