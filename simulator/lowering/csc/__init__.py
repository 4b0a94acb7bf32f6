"""A layer on a processing element over compressed sparse columns."""

from __future__ import annotations

from simulator.lowering.csc.layer import lower

__all__ = ["lower"]
