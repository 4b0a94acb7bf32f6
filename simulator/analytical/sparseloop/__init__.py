"""Sparseloop-class analytical model: dense traffic, sparse features, micro-architecture."""

from __future__ import annotations

from simulator.analytical.sparseloop.model import estimate
from simulator.analytical.sparseloop.modes import MODES

__all__ = ["MODES", "estimate"]
