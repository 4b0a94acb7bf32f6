"""Kernels on boxes: the tile of a tensor, its non-zeros by prefix sums, the points of a tile that another has not.

nnz(box) = sum over corners of (-1)^(lower ends) prefix(corner)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.analytical.joint.space import Bases, Tensor, Tiles
from simulator.jit import kernel

Ints = NDArray[np.int64]


@kernel
def box(bases: Bases, tiles: Tiles, tensor: Tensor, s: int, i: int, out: Ints) -> bool:
    """Tile of a tensor at step s and instance i of a level.

    Parameters
    ----------
    out : ndarray of int64, shape (2, axes)
        Gets first and one past the last coordinate; all 0 when empty.

    Returns
    -------
    bool
        Whether it has points.
    """
    at = s * tiles.step
    many = bases.inner.shape[0]
    o, n, j = at // many, at % many, i * tiles.instance
    ranks = bases.size.shape[0]
    axes = tensor.strides.shape[0]
    out[:] = 0
    for r in range(ranks):
        if bases.outer[o, r] + bases.inner[n, r] + bases.inst[j, r] >= bases.size[r]:
            return False
    for a in range(axes):
        out[1, a] = 1
        for r in range(ranks):
            c = tensor.terms[a, r]
            if c != 0:
                low = bases.outer[o, r] + bases.inner[n, r] + bases.inst[j, r]
                high = min(low + tiles.extent[r], bases.size[r]) - 1
                out[0, a] += c * low
                out[1, a] += c * high
    return True


@kernel
def nonzeros(tensor: Tensor, place: Ints) -> int:
    """Non-zeros of a box, shape (2, axes)."""
    axes = tensor.strides.shape[0]
    total = 0
    for corner in range(1 << axes):
        at, sign = 0, 1
        for a in range(axes):
            if corner >> a & 1:
                at += place[1, a] * tensor.corner[a]
            else:
                at += place[0, a] * tensor.corner[a]
                sign = -sign
        total += sign * tensor.prefix[at]
    return total


@kernel
def same(one: Ints, other: Ints) -> bool:
    """Whether two boxes are equal."""
    equal = True
    for a in range(one.shape[1]):
        equal = equal and one[0, a] == other[0, a] and one[1, a] == other[1, a]
    return equal


@kernel
def points(tensor: Tensor, exists: bool, place: Ints, without: Ints, out: Ints) -> int:
    """Elements of a box that are not in another, in the order of the tensor's axes.

    Parameters
    ----------
    exists : bool
        Whether the box has points at all.
    place, without : ndarray of int64, shape (2, axes)
        `without` is all 0 for none.
    out : ndarray of int64
        Gets the elements, as indices of the mask.

    Returns
    -------
    int
        How many.
    """
    if not exists:
        return 0
    last = tensor.strides.shape[0] - 1
    at = place[0].copy()
    many = 0
    while True:
        first, inside = 0, True
        for a in range(last):
            first += at[a] * tensor.strides[a]
            inside = inside and without[0, a] <= at[a] < without[1, a]
        for x in range(place[0, last], place[1, last]):
            if not (inside and without[0, last] <= x < without[1, last]):
                out[many] = first + x
                many += 1
        a = last - 1
        while a >= 0:
            at[a] += 1
            if at[a] < place[1, a]:
                break
            at[a] = place[0, a]
            a -= 1
        if a < 0:
            return many
