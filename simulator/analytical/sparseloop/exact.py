"""Dense traffic without shortcuts: what is new in a tile is sent, point by point, and shared point by point.

Loops outside a child, outermost first, with bounds n and tile moves v. When loop j steps, all inside it start again,
and the tile has moved by s_j = v_j - sum over i inside j of (n_i - 1) v_i;  that happens (n_j - 1) prod over i
outside j of n_i  times, and the first tile comes whole::

    fills of the child            sum over j of  times_j |T minus (T - s_j)|
    reads of the parent           the same of the union over its children (of every child, without multicast)
    drains of the child           as many points as enter it;  updates of the parent: their union over the children
    partial sums sent back        points entering again: those entering, less each instance's points once
    accumulating reads            updates from compute, less the first update of every point that started from zero

Rules 3 to 6 of ``docs/design_points.md``, for tensors whose tiles may overlap (``disjoint`` tells the others), where
all loops are perfect; other nests are walked as Timeloop does (``deltas``). Here levels count from the innermost memory.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np

from simulator.analytical.sparseloop.loops import Box, Loops, box, volume
from simulator.analytical.sparseloop.traffic import Traffic
from simulator.mapping.design_point import DesignPoint
from simulator.workload.product import Access

Point = tuple[int, ...]


def can_count(point: DesignPoint, loops: Loops, access: Access) -> bool:
    """Whether a tensor's traffic is counted exactly here."""
    single = all(len(axis.terms) < 2 for axis in access.axes)
    free = not any(access.name in nest.no_reuse for nest in point.nest.levels)
    once = sum(len(axis.terms) for axis in access.axes) == len(access.ranks)
    return loops.perfect and once and free and (single or access.name != point.product.output.name)


def exact_traffic(point: DesignPoint, loops: Loops, access: Access) -> list[Traffic]:
    """Traffic of one tensor at every memory, innermost first.

    Parameters
    ----------
    point : DesignPoint
    loops : Loops
    access : Access
    """
    nests = point.nest.levels[::-1]
    kept = [level for level, nest in enumerate(nests) if access.name in nest.keeps]
    output = access.name == point.product.output.name
    nothing: Box = (0,) * len(access.axes)
    found = [
        Traffic(
            box(access, loops.tops[level]) if level in kept else nothing, instances=_instances(loops, level)
        )
        for level in range(len(nests))
    ]
    for inner, outer in itertools.pairwise([-1, *kept]):
        way = _way(loops, access, inner, outer, access.name not in nests[outer].no_multicast)
        child = found[inner] if inner >= 0 else None
        if child is not None:
            child.parent, found[outer].child = outer, inner
        _between(found[outer], child, way, output)
    return found


@dataclass(frozen=True)
class Way:
    """The loops between a child's tile and the whole product.

    Attributes
    ----------
    tile : tuple of int
        Of the child (one point for compute).
    steps : tuple of (int, tuple of int)
        Temporal loops outside the child, outermost first: bound, move of the tile.
    children : tuple of (int, tuple of int)
        Spatial loops between parent and child: bound, move.
    multicast : bool
    """

    tile: Box
    steps: tuple[tuple[int, Point], ...]
    children: tuple[tuple[int, Point], ...]
    multicast: bool

    @property
    def fanout(self) -> int:
        """Children of one parent."""
        return math.prod(bound for bound, _ in self.children)

    @property
    def iterations(self) -> int:
        """Steps of the child."""
        return math.prod(bound for bound, _ in self.steps)

    def shifts(self) -> list[tuple[int, Point]]:
        """How often the tile moves by which vector."""
        found, outside = [], 1
        for j, (bound, move) in enumerate(self.steps):
            back = [sum((n - 1) * v[a] for n, v in self.steps[j + 1 :]) for a in range(len(move))]
            shift = tuple(m - b for m, b in zip(move, back, strict=True))
            found.append((outside * (bound - 1), shift))
            outside *= bound
        return found

    def entering(self) -> int:
        """Points that enter one child over all steps."""
        return volume(self.tile) + sum(
            times * (volume(self.tile) - _overlap(self.tile, shift)) for times, shift in self.shifts()
        )

    def shared(self) -> int:
        """Points that enter the children of one parent, each once per step where they share."""
        if not self.multicast:
            return self.entering() * self.fanout
        return self.covered() + sum(times * self._union(shift) for times, shift in self.shifts() if times)

    def covered(self) -> int:
        """Points the children of one parent hold together."""
        return math.prod(self._covered(a, n) for a, n in enumerate(self.tile))

    def distinct(self) -> int:
        """Children of one parent with different tiles; all, without multicast."""
        if not self.multicast:
            return self.fanout
        return math.prod(bound for bound, move in self.children if any(move))

    def first(self) -> int:
        """Points one child ever holds, each once."""
        return volume(self.tile) * math.prod(bound for bound, move in self.steps if any(move))

    def _union(self, shift: Point) -> int:
        """Points new to any child after a move."""
        moved = [a for a, s in enumerate(shift) if s]
        if not moved:
            return 0
        if _overlap(self.tile, shift) == 0:
            return self.covered()
        if len(moved) == 1:
            a = moved[0]
            lengths = [self._covered(b, abs(shift[a]) if a == b else n) for b, n in enumerate(self.tile)]
            return math.prod(lengths)
        return self._painted(shift)

    def _covered(self, axis: int, length: int) -> int:
        """Coordinates that intervals of a length cover along an axis, one interval per child."""
        starts = {0}
        for bound, move in self.children:
            if move[axis]:
                starts = {s + i * move[axis] for s in starts for i in range(bound)}
        ordered = sorted(starts)
        return length + sum(min(length, b - a) for a, b in itertools.pairwise(ordered))

    def _painted(self, shift: Point) -> int:
        """The same where new points are no box: painted on the hull of the children's tiles."""
        new = np.ones(self.tile, dtype=bool)
        new[tuple(slice(max(0, -s), n - max(0, s)) for n, s in zip(self.tile, shift, strict=True))] = False
        hull = [n + sum((b - 1) * m[a] for b, m in self.children) for a, n in enumerate(self.tile)]
        canvas = np.zeros(hull, dtype=bool)
        spans = [
            [tuple(i * x for x in move) for i in range(bound)] for bound, move in self.children if any(move)
        ]
        for offsets in itertools.product(*spans):
            start = [sum(parts) for parts in zip(*offsets, strict=True)] if offsets else [0] * len(self.tile)
            canvas[tuple(slice(s, s + n) for s, n in zip(start, self.tile, strict=True))] |= new
        return int(canvas.sum())


def _overlap(tile: Box, shift: Point) -> int:
    """Points a tile has in common with itself moved."""
    return math.prod(max(n - abs(s), 0) for n, s in zip(tile, shift, strict=True))


def _way(loops: Loops, access: Access, inner: int, outer: int, multicast: bool) -> Way:
    """The loops between the memories `inner` (-1: compute) and `outer`, and outside."""
    steps, children = [], []
    for level in range(len(loops.levels) - 1, inner, -1):
        for i in reversed(range(len(loops.levels[level]))):
            loop = loops.levels[level][i]
            below = loops.below(level, i)
            move = tuple(axis.coefficient(loop.rank) * below[loop.rank] for axis in access.axes)
            if not loop.axis:
                steps.append((loop.bound, move))
            elif level <= outer:
                children.append((loop.bound, move))
    tile = box(access, loops.tops[inner]) if inner >= 0 else (1,) * len(access.axes)
    return Way(tile, tuple(steps), tuple(children), multicast)


def _instances(loops: Loops, level: int) -> int:
    """Instances of a level the nest names."""
    outside = loops.levels[level + 1 :]
    return math.prod(loop.bound for loops_of_level in outside for loop in loops_of_level if loop.axis)


def _between(parent: Traffic, child: Traffic | None, way: Way, output: bool) -> None:
    """Count what moves between a memory and its child, or compute."""
    if child is None:
        _to_compute(parent, way, output)
        return
    entering = way.entering()
    if not output:
        child.fills = entering
        parent.reads = way.shared()
        return
    again = entering - way.first()
    child.drains, child.fills = entering, again
    parent.updates = way.shared()
    parent.reads = again * way.distinct()


def _to_compute(memory: Traffic, way: Way, output: bool) -> None:
    """Count what moves between the innermost memory and the multipliers."""
    points = way.iterations * (way.covered() if way.multicast else way.fanout)
    if not output:
        memory.reads = points
        return
    memory.updates = points
    memory.reads = points - way.first() * math.prod(bound for bound, move in way.children if any(move))
    memory.reductions = float(memory.reads)
