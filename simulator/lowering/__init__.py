"""Lowering: a layer on a machine becomes a plan, in small passes; how, its organisation says."""

from simulator.lowering.lower import lower
from simulator.lowering.lowered import Lowered

__all__ = ["Lowered", "lower"]
