"""Spatial skipping as ``docs/design_points.md`` means it (rule 13): positions that matter are packed onto the lanes there are.

The spatial loops of a memory whose rank the follower and a leader share are packed: lanes = fan-out along their axes / bounds
of the other spatial loops there, at most their own bound. At a step of compute n of their positions have all leaders non-zero
and take ceil(n / lanes) rounds::

    cycles of compute = steps x E[ceil(n / lanes)]

n follows the leader's own distribution; of several leaders, that of independent positions. Here levels count from
the innermost memory.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from simulator.analytical.sparseloop.density import Distribution
from simulator.analytical.sparseloop.loops import Loops, box
from simulator.analytical.sparseloop.rules import Tiles
from simulator.analytical.sparseloop.traffic import fanouts
from simulator.errors import InputError
from simulator.hardware.saf import Condition
from simulator.mapping.design_point import DesignPoint
from simulator.mapping.nest import Loop


@dataclass(frozen=True)
class Packing:
    """One packing.

    Attributes
    ----------
    level : int
        Memory that fans out.
    condition : Condition
    loops : tuple of Loop
        Packed together.
    lanes : int
    """

    level: int
    condition: Condition
    loops: tuple[Loop, ...]
    lanes: int

    @property
    def bound(self) -> int:
        """Positions."""
        return math.prod(loop.bound for loop in self.loops)


def packing_of(point: DesignPoint, loops: Loops) -> Packing | None:
    """The packing of a design point, None without.

    Raises
    ------
    InputError
        Two packings in one nest.
    """
    found: list[Packing] = []
    operands = {access.name for access in point.product.operands}
    for level, storage in enumerate(reversed(point.hierarchy.storage)):
        for rule in point.features.at(storage.name).rules:
            if rule.kind == "spatial-skipping" and rule.options[0].follower in operands:
                packed = _packing(point, loops, level, rule.options[0])
                found.extend([packed] if packed else [])
    if len(found) > 1:
        raise InputError(f"{point.name}: two rules pack spatial loops; one may")
    return found[0] if found else None


def _packing(point: DesignPoint, loops: Loops, level: int, condition: Condition) -> Packing | None:
    follower = point.product.tensor(condition.follower).ranks
    leaders = frozenset[str]().union(*(point.product.tensor(name).ranks for name in condition.leaders))
    spatial = [loop for loop in loops.levels[level] if loop.axis]
    packed = tuple(loop for loop in spatial if loop.rank in follower & leaders)
    if not packed:
        return None
    axes = {loop.axis for loop in packed}
    others = math.prod(loop.bound for loop in spatial if loop not in packed and loop.axis in axes)
    bound = math.prod(loop.bound for loop in packed)
    along = zip("XY", fanouts(point.hierarchy)[level], strict=True)
    lanes = math.prod(children for axis, children in along if axis in axes) // others
    return Packing(level, condition, packed, max(min(lanes, bound), 1))


def rounds(packing: Packing, point: DesignPoint, tiles: Tiles, loops: Loops) -> float:
    """Expected rounds of a step of compute."""
    extents = dict.fromkeys(loops.ranks, 1)
    for loop in packing.loops:
        extents[loop.rank] *= loop.bound
    leaders = packing.condition.leaders
    if len(leaders) == 1:
        access = point.product.tensor(leaders[0])
        found = tiles[leaders[0]][0].density.distribution(box(access, extents))
    else:
        found = _independent(packing.bound, math.prod(tiles[name][0].density.scalar() for name in leaders))
    return float(np.ceil(found.occupancy / packing.lanes) @ found.probability)


def _independent(bound: int, share: float) -> Distribution:
    """Positions that matter when each does with a probability of its own."""
    n = np.arange(bound + 1, dtype=np.int64)
    chosen = np.array([math.comb(bound, int(k)) for k in n], dtype=np.float64)
    return Distribution(n, chosen * share**n * (1.0 - share) ** (bound - n))


def narrow(packing: Packing, tiles: Tiles) -> None:
    """Inside a packing there are `lanes` instances along its axis; sets `x` or `y` of the tiles inside."""
    for of_tensor in tiles.values():
        for tile in of_tensor[: packing.level]:
            if packing.loops[0].axis == "X":
                tile.x = max(tile.x * packing.lanes // packing.bound, 1)
            else:
                tile.y = max(tile.y * packing.lanes // packing.bound, 1)
