"""Loops of a nest from the inside out, and the boxes of tensors they cover.

    extent_r(k)   = product of the bounds of the loops of rank r among the innermost k loops
    tile of an axis sum_r c_r r with extents e_r:   1 + sum_r c_r (e_r - 1)  elements

Levels are counted from the innermost memory (0) outwards in this package, as the method's literature does: a tile at level
l is what loops of levels 0 .. l reach. Loops of bound 1 are not in a nest. Source: Parashar et al., Timeloop, ISPASS 2019,
section V.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from simulator.mapping.design_point import DesignPoint
from simulator.mapping.nest import Loop
from simulator.workload.product import Access, Product

Extents = dict[str, int]
Box = tuple[int, ...]


@dataclass(frozen=True)
class Loops:
    """A nest as the model walks it.

    Attributes
    ----------
    levels : tuple of tuple of Loop
        Loops of every level, innermost first: spatial loops, then temporal ones.
    ranks : tuple of str
        All ranks of the product.
    complete : tuple of tuple of Loop
        The same with loops of one iteration, where the nest tells them.
    """

    levels: tuple[tuple[Loop, ...], ...]
    ranks: tuple[str, ...]
    complete: tuple[tuple[Loop, ...], ...] = ()

    @cached_property
    def molds(self) -> tuple[tuple[Extents, ...], ...]:
        """Extents covered up to and with every loop, per level as in `levels`."""
        extents, found = dict.fromkeys(self.ranks, 1), []
        for level in self.levels:
            inside = []
            for loop in level:
                extents = {**extents, loop.rank: extents[loop.rank] * loop.bound}
                inside.append(extents)
            found.append(tuple(inside))
        return tuple(found)

    @cached_property
    def tops(self) -> tuple[Extents, ...]:
        """Extents of the tile at every level: all its loops and those inside."""
        extents, found = dict.fromkeys(self.ranks, 1), []
        for molds in self.molds:
            extents = molds[-1] if molds else extents
            found.append(extents)
        return tuple(found)

    @cached_property
    def perfect(self) -> bool:
        """Whether every loop runs its bound in every round."""
        return all(loop.last == loop.bound for level in self.levels for loop in level)

    def below(self, level: int, loop: int) -> Extents:
        """Extents inside a loop, without it."""
        if loop > 0:
            return self.molds[level][loop - 1]
        return self.tops[level - 1] if level > 0 else dict.fromkeys(self.ranks, 1)


def loops_of(point: DesignPoint) -> Loops:
    """The loops of a design point, innermost level first."""
    levels = tuple(
        tuple(reversed((*level.temporal, *level.spatial))) for level in reversed(point.nest.levels)
    )
    complete = tuple(
        tuple(reversed((*_told(level.temporal, level.order), *_told(level.spatial, level.across))))
        for level in reversed(point.nest.levels)
    )
    return Loops(levels, tuple(name for name, _ in point.product.ranks), complete)


def _told(loops: tuple[Loop, ...], order: tuple[str, ...]) -> tuple[Loop, ...]:
    """Loops of a level with those of one iteration, which `order` names, in its order; as they are where it names none."""
    if {loop.rank for loop in loops} - set(order) or not order:
        return loops
    known = {loop.rank: loop for loop in loops}
    axis = loops[0].axis if loops else ""
    return tuple(known.get(rank, Loop(rank, 1, 1, axis)) for rank in order)


def box(access: Access, extents: Extents) -> Box:
    """Elements of a tensor's tile along each of its axes."""
    return tuple(1 + sum(c * (extents[rank] - 1) for rank, c in axis.terms) for axis in access.axes)


def volume(sizes: Box) -> int:
    """Elements of a box."""
    return math.prod(sizes)


def coiterated(product: Product, first: str, second: str) -> frozenset[str]:
    """Ranks both tensors depend on."""
    return product.tensor(first).ranks & product.tensor(second).ranks
