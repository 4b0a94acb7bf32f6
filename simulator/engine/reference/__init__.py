"""The reference engine: SimPy processes, one per port, meant to be read."""

from simulator.engine.reference.engine import run

__all__ = ["run"]
