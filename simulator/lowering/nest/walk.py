"""The loop nest as integers: what kernels walk.

The loops of a rank count its coordinate in mixed radix, outermost first: a loop's *stride* is the product of the bounds of the
rank's loops inside it, and a coordinate at or beyond the rank's size does not exist. For a level, the loops outside it fix

    base_r(step, instance) = sum of digit x stride,     tile of rank r = [base_r, min(base_r + extent_r, size_r))

and a tensor's tile is, per axis, the hull of sum of coefficient x coordinate. Levels count from 0; the number of levels stands
for compute. See docs/design_points.md, rules 1, 1a and 4a.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError
from simulator.mapping.design_point import DesignPoint
from simulator.mapping.nest import Loop
from simulator.workload.product import Access

Integers = NDArray[np.int64]


class Walk(NamedTuple):
    """The loops outside a level.

    Attributes
    ----------
    bounds, ranks, strides : ndarray of int64, shape (T,)
        Temporal loops, outermost first.
    bases : ndarray of int64, shape (instances, R)
        What the spatial loops add to every rank.
    extents, sizes : ndarray of int64, shape (R,)
        Coordinates of a rank that the level and what is deeper reach; size of the rank.
    """

    bounds: Integers
    ranks: Integers
    strides: Integers
    bases: Integers
    extents: Integers
    sizes: Integers


class Shape(NamedTuple):
    """A tensor: axis a is the sum of `coefs` x `ranks` over the terms starts[a] .. starts[a + 1] - 1, `shape` elements long, its
    neighbours `strides` apart in the flattened tensor.
    """

    starts: Integers
    ranks: Integers
    coefs: Integers
    shape: Integers
    strides: Integers


@dataclass(frozen=True)
class Placed:
    """A loop and where it stands.

    Attributes
    ----------
    level : int
    loop : Loop
    rank : int
        Index of its rank.
    stride : int
        Coordinates of the rank that one iteration covers.
    """

    level: int
    loop: Loop
    rank: int
    stride: int


class Space:
    """The iteration space of a design point, its loops placed."""

    def __init__(self, point: DesignPoint) -> None:
        self.point = point
        self.product = point.product
        self.ranks = tuple(name for name, _ in point.product.ranks)
        self.sizes = np.array([size for _, size in point.product.ranks], dtype=np.int64)
        self.levels = len(point.nest.levels)
        self.loops = _placed(point)

    @cached_property
    def steps(self) -> int:
        """Steps of compute: combinations of all temporal loops."""
        return self.steps_of(self.levels)

    def temporal(self, level: int) -> list[Placed]:
        """Temporal loops outside `level`."""
        return [p for p in self.loops if p.level < level and not p.loop.axis]

    def spatial(self, level: int) -> list[Placed]:
        """Spatial loops outside `level`."""
        return [p for p in self.loops if p.level < level and p.loop.axis]

    def steps_of(self, level: int) -> int:
        """Steps of a level."""
        return math.prod(p.loop.bound for p in self.temporal(level))

    def instances_of(self, level: int) -> int:
        """Instances of a level that the nest names."""
        return math.prod(p.loop.bound for p in self.spatial(level))

    def extents(self, level: int) -> Integers:
        """Coordinates of every rank that `level` and what is deeper reach, not cut at the size."""
        found = np.ones(len(self.ranks), dtype=np.int64)
        for p in self.loops:
            if p.level >= level:
                found[p.rank] *= p.loop.bound
        return found

    def walk(self, level: int) -> Walk:
        """The loops outside `level`, for kernels."""
        temporal = self.temporal(level)
        columns = [[p.loop.bound for p in temporal], [p.rank for p in temporal], [p.stride for p in temporal]]
        bounds, ranks, strides = (np.array(column, dtype=np.int64) for column in columns)
        return Walk(bounds, ranks, strides, self.bases(level), self.extents(level), self.sizes)

    def bases(self, level: int) -> Integers:
        """What the spatial loops outside `level` add to every rank, instances in the order of the loops."""
        found = np.zeros((1, len(self.ranks)), dtype=np.int64)
        for p in self.spatial(level):
            step = np.zeros((p.loop.bound, len(self.ranks)), dtype=np.int64)
            step[:, p.rank] = np.arange(p.loop.bound) * p.stride
            found = (found[:, None, :] + step[None]).reshape(-1, len(self.ranks))
        return found

    def shape(self, tensor: Access) -> Shape:
        """A tensor for kernels; one without axes has one of a single element."""
        index = {name: i for i, name in enumerate(self.ranks)}
        axes = [axis.terms for axis in tensor.axes] or [()]
        terms = [(index[rank], coef) for axis in axes for rank, coef in axis]
        sizes = list(tensor.shape) or [1]
        if any(coef < 0 for _, coef in terms):
            raise InputError(
                f"tensor {tensor.name!r}: coefficients of ranks must not be negative in {self.product.text}"
            )
        strides = [math.prod(sizes[a + 1 :]) for a in range(len(sizes))]
        starts = np.cumsum([0, *(len(axis) for axis in axes)])
        return Shape(
            starts.astype(np.int64),
            np.array([rank for rank, _ in terms], dtype=np.int64),
            np.array([coef for _, coef in terms], dtype=np.int64),
            np.array(sizes, dtype=np.int64),
            np.array(strides, dtype=np.int64),
        )

    def hull(self, tensor: Access, level: int) -> Integers:
        """Most elements along every axis of a tile of `tensor` at `level`."""
        reach = dict(zip(self.ranks, np.minimum(self.extents(level), self.sizes).tolist(), strict=True))
        axes = [1 + sum(coef * (reach[rank] - 1) for rank, coef in axis.terms) for axis in tensor.axes]
        return np.array(axes or [1], dtype=np.int64)

    def fanouts(self, level: int) -> list[int]:
        """Levels outside `level` below which there are several instances of the next."""
        return [i for i in range(level) if any(p.level == i for p in self.spatial(level))]

    def period(self, outer: int, inner: int) -> int:
        """Steps of `inner` in an iteration of the temporal loops of `outer`."""
        return math.prod(p.loop.bound for p in self.temporal(inner) if p.level > outer)

    def fan(self, level: int) -> int:
        """Instances of the next level that the nest names below an instance of `level`."""
        return math.prod(p.loop.bound for p in self.loops if p.level == level and p.loop.axis)


def _placed(point: DesignPoint) -> tuple[Placed, ...]:
    ranks = [name for name, _ in point.product.ranks]
    inside, found = dict.fromkeys(ranks, 1), list[Placed]()
    for level, loop in reversed(list(point.nest.loops())):
        if loop.rank not in inside:
            raise InputError(
                f"design point {point.name!r}: a loop of {loop.rank!r}, which is no rank of {point.product.text}"
            )
        if loop.bound > 1:
            found.append(Placed(level, loop, ranks.index(loop.rank), inside[loop.rank]))
        inside[loop.rank] *= loop.bound
    short = {rank: n for rank, n in inside.items() if n < point.product.size(rank)}
    if short:
        told = ", ".join(f"{rank}: {n} of {point.product.size(rank)}" for rank, n in short.items())
        raise InputError(f"design point {point.name!r}: the loops do not cover their ranks ({told})")
    return tuple(reversed(found))
