"""Lowering: a layer on a machine becomes a plan, in small passes (code, counts, tiling, network)."""

from simulator.lowering.lower import Lowered, lower

__all__ = ["Lowered", "lower"]
