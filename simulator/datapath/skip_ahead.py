"""Skip-ahead intersection: a unit walks two sorted fibers and meets at the coordinates both have.

The unit sees the next `window` coordinates of each fiber. In a cycle it compares the two heads a and b:

    a = b     a match, which is multiplied; both fibers move on by one
    a < b     the first fiber skips ahead to its first coordinate >= b, by at most `window` places
    a > b     the second does, alike

until one fiber is used up. A fiber pair of which one is empty costs nothing: only fibers with a non-zero are stored, so the
coordinates of rows and columns were intersected before. The same rule, one level up, intersects the coordinates of the blocks of K
in which a tile of each operand holds anything; only pairs of blocks that both have are read.

Source: Hegde et al., ExTensor, MICRO 2019 (hierarchical intersection, skipping ahead through the coordinates of the other operand).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulator.datapath import skip_ahead_words
from simulator.jit import kernel

Integers = NDArray[np.int64]


class Fibers:
    """Compressed fibers, their coordinates cut into blocks.

    Parameters
    ----------
    mask : ndarray of bool, shape (fibers, K)
        Where a fiber has a non-zero.
    block : int
        Coordinates of a block.
    """

    def __init__(self, mask: NDArray[np.bool_], block: int) -> None:
        self.mask, self.block = mask, block
        self.blocks = -(-mask.shape[1] // block)

    @cached_property
    def coordinates(self) -> Integers:
        """Coordinates of the non-zeros, int64, sorted within a fiber; fiber after fiber."""
        return np.nonzero(self.mask)[1].astype(np.int64)

    @cached_property
    def starts(self) -> Integers:
        """Where each block of each fiber begins in `coordinates`, shape (fibers, blocks + 1); the last column is where it ends."""
        ends = np.cumsum(self.occupancy.ravel()).reshape(self.occupancy.shape)
        first = np.concatenate([[0], ends[:-1, -1]])
        return np.column_stack([first, ends])

    @cached_property
    def occupancy(self) -> Integers:
        """Non-zeros of every block of every fiber, int64, shape (fibers, blocks)."""
        edges = np.arange(0, self.mask.shape[1], self.block)
        return np.add.reduceat(self.mask, edges, axis=1, dtype=np.int64)


def compress(mask: NDArray[np.bool_], block: int) -> Fibers:
    """Fibers of the rows of a mask, shape (fibers, K), in blocks of `block` coordinates."""
    return Fibers(mask, block)


@dataclass(frozen=True)
class Service:
    """What pairs of tiles ask of the unit; arrays of int64, shape (tiles of A, tiles of B, blocks).

    Attributes
    ----------
    cycles, products, scanned, sums : ndarray
        Cycles of all fiber pairs, matches, coordinates passed in both fibers, and fiber pairs with a match.
    """

    cycles: Integers
    products: Integers
    scanned: Integers
    sums: Integers


def service(a: Fibers, b: Fibers, tiles: tuple[int, int], window: int) -> Service:
    """Intersect every fiber of A with every fiber of B, block by block; blocks of more than 64 coordinates are walked one by one.

    Parameters
    ----------
    a, b : Fibers
    tiles : (int, int)
        Fibers of A and of B in a tile.
    window : int
        Coordinates a fiber skips at most in a cycle.
    """
    if a.block <= skip_ahead_words.WORD:
        return Service(*skip_ahead_words.service(a.mask, b.mask, a.block, tiles, window))
    shape = (-(-len(a.mask) // tiles[0]), -(-len(b.mask) // tiles[1]), a.blocks)
    found = np.zeros((*shape, 4), dtype=np.int64)
    _service(a.coordinates, a.starts, b.coordinates, b.starts, tiles[0], tiles[1], window, found)
    return Service(*(np.ascontiguousarray(found[..., i]) for i in range(4)))


def blocks(a: Integers, b: Integers, window: int) -> tuple[int, int]:
    """(Cycles, coordinates passed) of intersecting two sorted fibers of block numbers."""
    totals = np.zeros(4, dtype=np.int64)
    _intersect(a, 0, len(a), b, 0, len(b), window, totals)
    return int(totals[0]), int(totals[2])


@kernel
def _step(
    a: Integers, i: int, a_end: int, b: Integers, j: int, b_end: int, window: int
) -> tuple[int, int, bool]:
    """Places after a cycle, and whether the heads matched."""
    if a[i] == b[j]:
        return i + 1, j + 1, True
    if a[i] < b[j]:
        stop = min(i + window, a_end)
        while i < stop and a[i] < b[j]:
            i += 1
    else:
        stop = min(j + window, b_end)
        while j < stop and b[j] < a[i]:
            j += 1
    return i, j, False


@kernel
def _intersect(
    a: Integers, i: int, a_end: int, b: Integers, j: int, b_end: int, window: int, totals: Integers
) -> None:
    first, matches = i + j, 0
    while i < a_end and j < b_end:
        i, j, match = _step(a, i, a_end, b, j, b_end, window)
        totals[0] += 1
        matches += match
    totals[1] += matches
    totals[2] += i + j - first
    totals[3] += matches > 0


@kernel
def _service(
    a: Integers,
    a_starts: Integers,
    b: Integers,
    b_starts: Integers,
    tile_a: int,
    tile_b: int,
    window: int,
    found: Integers,
) -> None:
    for m in range(a_starts.shape[0]):
        for n in range(b_starts.shape[0]):
            for block in range(a_starts.shape[1] - 1):
                _intersect(
                    a,
                    a_starts[m, block],
                    a_starts[m, block + 1],
                    b,
                    b_starts[n, block],
                    b_starts[n, block + 1],
                    window,
                    found[m // tile_a, n // tile_b, block],
                )


def multiply(a: NDArray[np.int64], b: NDArray[np.int64], block: int, window: int) -> NDArray[np.int64]:
    """Outputs from compressed fibers: values are found by the places at which the unit's coordinates match.

    Blocks of more than 64 coordinates are walked one by one.

    Parameters
    ----------
    a, b : ndarray of int64, shapes (M, K) and (N, K)
    block, window : int
        Coordinates of a block of K; what a fiber skips at most in a cycle.

    Returns
    -------
    ndarray of int64, shape (M, N)
    """
    x, y = compress(a != 0, block), compress(b != 0, block)
    if block <= skip_ahead_words.WORD:
        return skip_ahead_words.multiply(a, b, block, (x.starts, y.starts))
    sums = np.zeros((len(a), len(b)), dtype=np.int64)
    _multiply(x.coordinates, x.starts, a[a != 0], y.coordinates, y.starts, b[b != 0], window, sums)
    return sums


@kernel
def _multiply(
    a: Integers,
    a_starts: Integers,
    a_values: Integers,
    b: Integers,
    b_starts: Integers,
    b_values: Integers,
    window: int,
    sums: Integers,
) -> None:
    for m in range(sums.shape[0]):
        for n in range(sums.shape[1]):
            for block in range(a_starts.shape[1] - 1):
                i, a_end = a_starts[m, block], a_starts[m, block + 1]
                j, b_end = b_starts[n, block], b_starts[n, block + 1]
                while i < a_end and j < b_end:
                    at_a, at_b = i, j
                    i, j, match = _step(a, i, a_end, b, j, b_end, window)
                    if match:
                        sums[m, n] += a_values[at_a] * b_values[at_b]
