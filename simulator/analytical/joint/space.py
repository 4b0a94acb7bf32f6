"""The iteration space of a nest as integers: bases of tiles by step and instance, boxes of tensors, occupancies of boxes.

The coordinate of a rank is a mixed-radix number of its loops, outermost first. With w_k the product of the bounds of the deeper
loops of its rank, loop k in iteration i_k adds i_k w_k, so that a tile of level l at step s and instance i is, in rank r::

    base_r = sum over temporal loops outside l + sum over spatial loops outside l        [base_r, min(base_r + extent_r, size_r))

Steps and instances of a level are those of compute whose deeper loops stand at 0: s_l = s / (temporal bounds of l and deeper).
Steps are looked up in two tables (outer and inner loops), which keeps them small.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InfeasibleError
from simulator.mapping.design_point import DesignPoint
from simulator.workload.product import Access

Ints = NDArray[np.int64]
MASK_LIMIT = 1 << 30


class Bases(NamedTuple):
    """Where tiles begin.

    Attributes
    ----------
    outer, inner, inst : ndarray of int64, shape (outer steps, R), (inner steps, R), (instances of compute, R)
        base = outer[s // inner steps] + inner[s % inner steps] + inst[i], s a step of compute.
    size : ndarray of int64, shape (R,)
        Of the ranks.
    """

    outer: Ints
    inner: Ints
    inst: Ints
    size: Ints


class Tiles(NamedTuple):
    """The steps and instances of a level.

    Attributes
    ----------
    steps, instances : int
    step, instance : int
        Steps and instances of compute in one of the level's.
    extent : ndarray of int64, shape (R,)
        Of its tiles, untrimmed.
    """

    steps: int
    instances: int
    step: int
    instance: int
    extent: Ints


class Tensor(NamedTuple):
    """A tensor's projection and mask.

    Attributes
    ----------
    terms : ndarray of int64, shape (axes, R)
        Coefficients.
    strides : ndarray of int64, shape (axes,)
        Of a point in `mask`.
    mask : ndarray of uint8, shape (elements,)
        1 where non-zero.
    prefix : ndarray of int64, flat
        Non-zeros before a corner, one element longer along every axis.
    corner : ndarray of int64, shape (axes,)
        Strides in `prefix`.
    """

    terms: Ints
    strides: Ints
    mask: NDArray[np.uint8]
    prefix: Ints
    corner: Ints


@dataclass(frozen=True)
class LoopAt:
    """A loop with its level and the coordinates one iteration spans."""

    level: int
    rank: int
    bound: int
    stride: int
    spatial: bool


@dataclass(frozen=True)
class Space:
    """A nest on a product, numbered.

    Attributes
    ----------
    point : DesignPoint
    ranks : tuple of str
    loops : tuple of LoopAt
        Outermost first; of bound > 1.
    bases : Bases
    imperfect : bool
        Whether some combination of loops lies outside the ranks.
    """

    point: DesignPoint
    ranks: tuple[str, ...]
    loops: tuple[LoopAt, ...]
    bases: Bases
    imperfect: bool

    @property
    def levels(self) -> int:
        """Memories; also the number of compute."""
        return len(self.point.nest.levels)

    def many(self, spatial: bool, first: int = 0, last: int | None = None) -> int:
        """Product of the temporal or spatial bounds of levels first .. last - 1."""
        last = self.levels if last is None else last
        return math.prod(k.bound for k in self.loops if k.spatial == spatial and first <= k.level < last)

    def tiles(self, level: int) -> Tiles:
        """Steps and instances of a level; compute is the level after the last."""
        extent = np.ones(len(self.ranks), np.int64)
        for k in self.loops:
            if k.level >= level:
                extent[k.rank] *= k.bound
        return Tiles(
            self.many(False, 0, level),
            self.many(True, 0, level),
            self.many(False, level),
            self.many(True, level),
            extent,
        )

    def terms(self, access: Access) -> Ints:
        """Coefficients of a tensor's axes, shape (axes, R); a tensor without axes has one of one element."""
        found = [[axis.coefficient(rank) for rank in self.ranks] for axis in access.axes]
        return np.array(found or [[0] * len(self.ranks)], np.int64)


def space(point: DesignPoint) -> Space:
    """Number the loops and ranks of a design point."""
    ranks = tuple(rank for rank, _ in point.product.ranks)
    loops = tuple(_loops(point, ranks))
    size = np.array([size for _, size in point.product.ranks], np.int64)
    temporal = [k for k in loops if not k.spatial]
    cut = _cut([k.bound for k in temporal])
    tables = [_table(part, len(ranks)) for part in (temporal[:cut], temporal[cut:])]
    inst = _table([k for k in loops if k.spatial], len(ranks))
    reach = np.ones(len(ranks), np.int64)
    for k in loops:
        reach[k.rank] *= k.bound
    return Space(point, ranks, loops, Bases(tables[0], tables[1], inst, size), bool((reach != size).any()))


def _loops(point: DesignPoint, ranks: tuple[str, ...]) -> list[LoopAt]:
    found: list[LoopAt] = []
    stride = dict.fromkeys(ranks, 1)
    for level, loop in reversed(list(point.nest.loops())):
        if loop.bound > 1:
            found.append(
                LoopAt(level, ranks.index(loop.rank), loop.bound, stride[loop.rank], bool(loop.axis))
            )
        stride[loop.rank] *= loop.bound
    return found[::-1]


def _cut(bounds: list[int]) -> int:
    """Where to divide the loops so that both tables stay small."""
    sides = [(math.prod(bounds[:c]) + math.prod(bounds[c:]), c) for c in range(len(bounds) + 1)]
    return min(sides)[1]


def _table(loops: list[LoopAt], ranks: int) -> Ints:
    """Sums of iteration x stride for every combination of loops, shape (combinations, R)."""
    table = np.zeros((1, ranks), np.int64)
    for k in loops:
        step = np.zeros((k.bound, ranks), np.int64)
        step[:, k.rank] = np.arange(k.bound) * k.stride
        table = (table[:, None, :] + step[None, :, :]).reshape(-1, ranks)
    return table


def tensor(space: Space, access: Access, mask: NDArray[np.bool_]) -> Tensor:
    """Projection, mask and prefix sums of a tensor.

    Raises
    ------
    InfeasibleError
        More elements than are sensible to hold.
    """
    if access.size > MASK_LIMIT:
        raise InfeasibleError(
            f"tensor {access.name!r}: {access.size} elements; exact counts hold up to {MASK_LIMIT}"
        )
    shape = access.shape or (1,)
    prefix = np.zeros([n + 1 for n in shape], np.int64)
    inner = mask.reshape(shape).astype(np.int64)
    for axis in range(len(shape)):
        inner = np.cumsum(inner, axis=axis)
    prefix[tuple(slice(1, None) for _ in shape)] = inner
    return Tensor(
        space.terms(access),
        _strides(shape),
        np.ascontiguousarray(mask).astype(np.uint8).reshape(-1),
        prefix.reshape(-1),
        _strides(prefix.shape),
    )


def _strides(shape: tuple[int, ...]) -> Ints:
    return np.array([math.prod(shape[a + 1 :]) for a in range(len(shape))], np.int64)


def linear(space: Space, access: Access) -> tuple[Ints, Ints, Ints]:
    """Element of a tensor that compute uses, as outer[s // inner steps] + inner[s % inner steps] + inst[i]."""
    weights = _strides(access.shape or (1,)) @ space.terms(access)
    bases: Any = space.bases
    return bases.outer @ weights, bases.inner @ weights, bases.inst @ weights
