"""The reference engine: SimPy processes, one per port, meant to be read."""

from simulator.engine.reference.engine import record, run

__all__ = ["record", "run"]
