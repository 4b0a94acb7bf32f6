"""Dense traffic of tensors whose tiles never overlap (every axis a single rank), whatever the loops: perfect or not.

A tile is sent whenever a loop that moves it, or one outside such a loop, steps. Summed over all instances and steps,
a tensor t of size |t| is sent

    |t| x product over the ranks r it does not have of  N_r

times its words: N_r counts the iterations of r's loops that exist (coordinate below the size of r), over the loops
that tell transfers apart: temporal loops down to the innermost that moves the tile, and spatial loops (those between
parent and child not, where children share). Rules 1, 3 to 6 of ``docs/design_points.md``. Instances at the edge that
have nothing left for some steps are taken to keep what they hold. Here levels count from the innermost.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

from simulator.analytical.sparseloop.loops import Box, Loops, box
from simulator.analytical.sparseloop.traffic import Traffic
from simulator.mapping.design_point import DesignPoint
from simulator.mapping.nest import Loop
from simulator.workload.product import Access


def can_count(access: Access) -> bool:
    """Whether tiles of a tensor never overlap."""
    return all(len(axis.terms) < 2 for axis in access.axes) and len(access.axes) >= len(access.ranks)


@dataclass(frozen=True)
class _Placed:
    """A loop with its level, its place from the outside, and the coordinates one iteration covers."""

    loop: Loop
    level: int
    place: int
    stride: int


class Disjoint:
    """Traffic of one tensor of a design point."""

    def __init__(self, point: DesignPoint, loops: Loops, access: Access) -> None:
        self.point, self.loops, self.access = point, loops, access
        self.sizes = dict(point.product.ranks)
        keys = [
            (i, j) for i in reversed(range(len(loops.levels))) for j in reversed(range(len(loops.levels[i])))
        ]
        self.placed = [
            _Placed(loops.levels[i][j], i, place, loops.below(i, j)[loops.levels[i][j].rank])
            for place, (i, j) in enumerate(keys)
        ]

    def traffic(self) -> list[Traffic]:
        """Traffic at every memory, innermost first; averages per instance."""
        nests = self.point.nest.levels[::-1]
        kept = [level for level, nest in enumerate(nests) if self.access.name in nest.keeps]
        nothing: Box = (0,) * len(self.access.axes)
        found = [
            Traffic(self._tile(level) if level in kept else nothing, instances=self._instances(level))
            for level in range(len(nests))
        ]
        for inner, outer in itertools.pairwise([-1, *kept]):
            shares = self.access.name not in nests[outer].no_multicast
            self._between(found, inner, outer, shares)
        return found

    def _tile(self, level: int) -> Box:
        sizes = box(self.access, self.loops.tops[level])
        return tuple(min(n, axis.size) for n, axis in zip(sizes, self.access.axes, strict=True))

    def _instances(self, level: int) -> int:
        return math.prod(p.loop.bound for p in self.placed if p.loop.axis and p.level > level)

    def _sent(self, told: Callable[[_Placed], bool]) -> int:
        """Words sent when the loops for which `told` holds tell transfers apart."""
        others = [rank for rank in self.sizes if rank not in self.access.ranks]
        return self.access.size * math.prod(self._existing(rank, told) for rank in others)

    def _existing(self, rank: str, told: Callable[[_Placed], bool]) -> int:
        """Iterations of the told loops of a rank, all its others at their first, that exist."""
        loops = [p for p in self.placed if p.loop.rank == rank and told(p)]
        return _count([(p.stride, p.loop.bound) for p in loops], self.sizes[rank] - 1)

    def _between(self, found: list[Traffic], inner: int, outer: int, shares: bool) -> None:
        """What moves between a memory and its child (compute: -1)."""
        ranks = self.access.ranks
        steps = [p for p in self.placed if p.level > inner and not p.loop.axis]
        moving = [p.place for p in steps if p.loop.rank in ranks]
        last = (max((p.place for p in steps), default=-1)) if inner < 0 else max(moving, default=-1)

        def spatial(p: _Placed, shared: bool) -> bool:
            return bool(p.loop.axis) and p.level > (outer if shared else inner)

        def temporal(p: _Placed) -> bool:
            return not p.loop.axis and p.level > inner and p.place <= last

        every = self._sent(lambda p: spatial(p, False) or temporal(p))
        first = self._sent(lambda p: spatial(p, False))
        read = self._sent(lambda p: spatial(p, shares) or temporal(p))
        read_first = self._sent(lambda p: spatial(p, shares))
        unique = self._sent(lambda p: spatial(p, True))
        parent, parents = found[outer], found[outer].instances
        output = self.access.name == self.point.product.output.name
        if inner < 0:
            moved = read / parents
            if not output:
                parent.reads = moved
                return
            parent.updates, parent.reads = moved, moved - unique / parents
            parent.reductions = parent.reads
            return
        child, children = found[inner], found[inner].instances
        child.parent, parent.child = outer, inner
        if not output:
            child.fills, parent.reads = every / children, read / parents
            return
        child.drains, child.fills = every / children, (every - first) / children
        parent.updates, parent.reads = read / parents, (read - read_first) / parents


def _count(loops: list[tuple[int, int]], most: int) -> int:
    """Index combinations of nested loops, (stride, bound) outermost first, whose coordinate is at most `most`."""
    if most < 0:
        return 0
    if not loops:
        return 1
    (stride, bound), inner = loops[0], loops[1:]
    last = min(bound - 1, most // stride)
    full = math.prod(n for _, n in inner)
    return last * full + _count(inner, most - last * stride)
