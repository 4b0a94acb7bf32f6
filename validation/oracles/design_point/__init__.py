"""A design point on actual tensors, told point by point with sets, straight from docs/design_points.md. Slow and obvious.

It calls nothing of the lowering or the analytical models. Steps and instances are tuples of loop digits; a tile is a box, a
tuple of ranges, or None when it is empty; states are by child instance and step.
"""

from validation.oracles.design_point.oracle import Oracle, design_point
from validation.oracles.design_point.told import Told

__all__ = ["Oracle", "Told", "design_point"]
