"""Occupancies of spans of rows of a matrix, column by column: what fibers that run down the rows hold, without turning them round.

A span is rows start <= k < stop; within it rows fall in blocks of H, the last one may be ragged::

    elements[s, n] = sum of mask[k, n]          blocks[s, n] = blocks of column n with a non-zero
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.jit import kernel

MOST = 255
"""Longest block: the rows of a block are counted in a byte."""


def occupied(
    mask: NDArray[np.bool_], edges: NDArray[np.int64], length: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """(Elements, non-empty blocks) of each span and column, each int32, shape (spans, N).

    Parameters
    ----------
    mask : ndarray of bool, shape (K, N)
    edges : ndarray of int64, shape (spans + 1,)
        First row of every span, and the one after the last.
    length : int
        Rows of a block, at most :data:`MOST`.
    """
    elements = np.zeros((len(edges) - 1, mask.shape[1]), dtype=np.int32)
    blocks = np.zeros_like(elements)
    seen = np.zeros(mask.shape[1], dtype=np.uint8)
    _occupied(np.ascontiguousarray(mask).view(np.uint8), edges, length, seen, elements, blocks)
    return elements, blocks


def stored(
    mask: NDArray[np.bool_],
    edges: NDArray[np.int64],
    length: int,
    bits: tuple[int, int, int],
    rest: NDArray[np.int32],
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """What fibers of values and their places take: ``elements a`` and ``elements b + blocks c + rest[span]``, of bits (a, b, c).

    Each int32, shape (spans, N); see :func:`occupied`, whose counts are not written down in between.
    """
    data = np.empty((len(edges) - 1, mask.shape[1]), dtype=np.int32)
    metadata = np.empty_like(data)
    seen = np.zeros(mask.shape[1], dtype=np.uint8)
    octets = np.ascontiguousarray(mask).view(np.uint8)
    _stored(octets, edges, length, seen, bits, rest, data, metadata)
    return data, metadata


@kernel
def _stored(
    mask: NDArray[np.uint8],
    edges: NDArray[np.int64],
    length: int,
    seen: NDArray[np.uint8],
    bits: tuple[int, int, int],
    rest: NDArray[np.int32],
    data: NDArray[np.int32],
    metadata: NDArray[np.int32],
) -> None:
    value, element, block = np.int32(bits[0]), np.int32(bits[1]), np.int32(bits[2])
    for s in range(len(edges) - 1):
        found, filled = data[s], metadata[s]
        for n in range(len(seen)):
            found[n] = 0
            filled[n] = rest[s]
        for start in range(edges[s], edges[s + 1], length):
            for n in range(len(seen)):
                seen[n] = 0
            for k in range(start, min(start + length, edges[s + 1])):
                row = mask[k]
                for n in range(len(seen)):
                    seen[n] += row[n]
            for n in range(len(seen)):
                found[n] += seen[n]
                filled[n] += block if seen[n] > 0 else np.int32(0)
        for n in range(len(seen)):
            filled[n] += found[n] * element
            found[n] *= value


@kernel
def _occupied(
    mask: NDArray[np.uint8],
    edges: NDArray[np.int64],
    length: int,
    seen: NDArray[np.uint8],
    elements: NDArray[np.int32],
    blocks: NDArray[np.int32],
) -> None:
    for s in range(len(edges) - 1):
        found, filled = elements[s], blocks[s]
        for start in range(edges[s], edges[s + 1], length):
            for n in range(len(seen)):
                seen[n] = 0
            for k in range(start, min(start + length, edges[s + 1])):
                row = mask[k]
                for n in range(len(seen)):
                    seen[n] += row[n]
            for n in range(len(seen)):
                found[n] += seen[n]
                filled[n] += 1 if seen[n] > 0 else 0


def row_counts(mask: NDArray[np.bool_], columns: int) -> NDArray[np.int64]:
    """Elements of every row in each tile of so many columns, int64, shape (K, tiles)."""
    found = np.zeros((mask.shape[0], -(-mask.shape[1] // columns)), dtype=np.int64)
    _row_counts(np.ascontiguousarray(mask).view(np.uint8), columns, found)
    return found


@kernel
def _row_counts(mask: NDArray[np.uint8], columns: int, found: NDArray[np.int64]) -> None:
    for k in range(mask.shape[0]):
        row = mask[k]
        for tile in range(found.shape[1]):
            count, some = 0, row[tile * columns : (tile + 1) * columns]
            for n in range(len(some)):
                count += some[n]
            found[k, tile] = count


def column_counts(
    mask: NDArray[np.bool_], order: NDArray[np.int64], edges: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Elements of every column in each span of rows, taken in `order`, int64, shape (spans, K)."""
    found = np.zeros((len(edges) - 1, mask.shape[1]), dtype=np.int32)
    _column_counts(np.ascontiguousarray(mask).view(np.uint8), order, edges, found)
    return found.astype(np.int64)


@kernel
def _column_counts(
    mask: NDArray[np.uint8], order: NDArray[np.int64], edges: NDArray[np.int64], found: NDArray[np.int32]
) -> None:
    for s in range(len(edges) - 1):
        sums = found[s]
        for i in range(edges[s], edges[s + 1]):
            row = mask[order[i]]
            for k in range(len(sums)):
                sums[k] += row[k]
