"""A layer on clusters of processing elements over compressed sparse columns."""

from __future__ import annotations

from simulator.lowering.csc_mesh.layer import lower

__all__ = ["lower"]
