"""Items of an outer-product unit whose steps nothing makes wait: sums over counts, tile by tile.

Where no step of :mod:`simulator.datapath.outer_product` asks a bank for two accesses or the port for more words than pass in a
cycle, every step is done in the cycle of its issue: c = c' + 1, e = c, F_b <= c + 1. With a and b the non-zeros of a coordinate and
[] 1 where true, an item of which neither operand is empty has

    steps = sum over k of ceil(a / rows) ceil(b / columns),       cycles = steps + sum over k of [no steps of k]
    products = sum over k of a b,            reads = sum over k of a ceil(b / columns) + b ceil(a / rows)

One row of tiles of A meets all tiles of B at once, which lie side by side for a coordinate.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.jit import kernel

Counts = NDArray[np.int32]
Tables = tuple[Counts, Counts, Counts, Counts]


def sums(depth: int, sizes: tuple[int, int], a: NDArray[np.integer], b: NDArray[np.integer]) -> Tables:
    """Cycles, steps, products and reads of every item.

    Parameters
    ----------
    depth : int
        Coordinates of K of an item.
    sizes : (int, int)
        Multipliers, by operand.
    a, b : ndarray of integers, shapes (tiles of M, K) and (tiles of N, K)
        Non-zeros.

    Returns
    -------
    tuple of four ndarray of int32, shape (tiles of M, tiles of N, ceil(K / depth))
    """
    items = -(-a.shape[1] // depth)
    left, across = a.astype(np.int32), np.ascontiguousarray(b.T, dtype=np.int32)
    groups = -(-left // sizes[0]), -(-across // sizes[1])
    found = np.zeros((4, a.shape[0], items, b.shape[0]), dtype=np.int32)
    _sums(depth, left, groups[0].astype(np.int32), across, groups[1].astype(np.int32), found)
    cycles, steps, products, reads = (np.ascontiguousarray(table.transpose(0, 2, 1)) for table in found)
    return cycles, steps, products, reads


@kernel
def _sums(depth: int, a: Counts, down: Counts, b: Counts, across: Counts, found: NDArray[np.int32]) -> None:
    tiles, zero, one = b.shape[1], np.int32(0), np.int32(1)
    some = np.zeros(tiles, dtype=np.int32)
    for m in range(a.shape[0]):
        for item in range(found.shape[2]):
            first, last = item * depth, min((item + 1) * depth, a.shape[1])
            steps, products, reads = found[1, m, item], found[2, m, item], found[3, m, item]
            cycles, held = found[0, m, item], zero
            some[:] = zero
            for k in range(first, last):
                height, rows, width, columns = a[m, k], down[m, k], b[k], across[k]
                held += height
                for n in range(tiles):
                    issued = rows * columns[n]
                    steps[n] += issued
                    cycles[n] += max(issued, one)
                    products[n] += height * width[n]
                    reads[n] += height * columns[n] + rows * width[n]
                    some[n] += width[n]
            for n in range(tiles):
                if held == zero or some[n] == zero:
                    cycles[n] = one
