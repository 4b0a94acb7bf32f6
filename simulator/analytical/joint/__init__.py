"""The analytical model with joint actual data: exact counts of a design point, tile by tile, and the time of their totals."""

from simulator.analytical.joint.model import effectual, estimate, masks_of

__all__ = ["effectual", "estimate", "masks_of"]
