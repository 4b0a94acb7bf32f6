"""Events of runs: what every program did item by item, what lay in every queue, what moved, and what led to what."""

from simulator.events.log import LayerEvents, Log, Track
from simulator.events.timeline import Timeline, timeline

__all__ = ["LayerEvents", "Log", "Timeline", "Track", "timeline"]
