"""Occupancies of spans of rows of a matrix, column by column: what fibers that run down the rows hold, without turning them round.

A span is rows start <= k < stop; within it rows fall in blocks of H, the last one may be ragged::

    elements[s, n] = sum of mask[k, n]          blocks[s, n] = blocks of column n with a non-zero
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.jit import apart

Ints = NDArray[np.int64]
Vector = NDArray[np.int32]
Flags = NDArray[np.uint8]

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
    return stored(mask, edges, length, (1, 0, 1), np.zeros(len(edges) - 1, dtype=np.int32))


def stored(
    mask: NDArray[np.bool_],
    edges: NDArray[np.int64],
    length: int,
    bits: tuple[int, int, int],
    rest: NDArray[np.int32],
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """What fibers of values and their places take: ``elements a`` and ``elements b + blocks c + rest[span]``, of bits (a, b, c).

    Each int32, shape (spans, N); see :func:`occupied`. No count is written down in between.
    """
    data = np.empty((len(edges) - 1, mask.shape[1]), dtype=np.int32)
    metadata = np.empty_like(data)
    seen = np.zeros(mask.shape[1], dtype=np.uint8)
    flat = data.reshape(-1), metadata.reshape(-1)
    at = np.ascontiguousarray(edges)
    _stored(_flat(mask), mask.shape[1], at, len(data), length, seen, *bits, rest, *flat)
    return data, metadata


@apart
def _stored(
    mask: Flags,
    columns: int,
    edges: Ints,
    spans: int,
    length: int,
    seen: Flags,
    value: int,
    element: int,
    block: int,
    rest: Vector,
    data: Vector,
    metadata: Vector,
) -> None:
    """See :func:`stored`, of flat arrays; `seen` has room for a row."""
    for s in range(spans):
        own, start = s * columns, edges[s]
        for n in range(columns):
            data[own + n] = 0
            metadata[own + n] = rest[s]
        while start < edges[s + 1]:
            for n in range(columns):
                seen[n] = 0
            for k in range(start, min(start + length, edges[s + 1])):
                row = k * columns
                for n in range(columns):
                    seen[n] += mask[row + n]
            for n in range(columns):
                data[own + n] += seen[n] & 255
                metadata[own + n] += block if seen[n] != 0 else 0
            start += length
        for n in range(columns):
            metadata[own + n] += data[own + n] * element
            data[own + n] *= value


def _flat(mask: NDArray[np.bool_]) -> Flags:
    return np.ascontiguousarray(mask).view(np.uint8).reshape(-1)


def row_counts(mask: NDArray[np.bool_], columns: int) -> NDArray[np.int64]:
    """Elements of every row in each tile of so many columns, int64, shape (K, tiles)."""
    found = np.zeros((mask.shape[0], -(-mask.shape[1] // columns)), dtype=np.int64)
    rows, length = mask.shape
    _row_counts(_flat(mask), rows, length, columns, found.reshape(-1))
    return found


@apart
def _row_counts(mask: Flags, rows: int, length: int, columns: int, found: Ints) -> None:
    """:func:`row_counts`, of flat arrays."""
    at = 0
    for k in range(rows):
        start = 0
        while start < length:
            count = 0
            for n in range(k * length + start, k * length + min(length, start + columns)):
                count += mask[n]
            found[at] = count
            at += 1
            start += columns


def tile_sums(values: NDArray[np.int32], columns: int) -> NDArray[np.int64]:
    """Sums of every row over each tile of so many columns, int64, shape (rows, tiles)."""
    rows, length = values.shape
    if values.strides[1] == 0:  # columns are alike: those of one
        widths = np.minimum(columns, length - np.arange(0, length, columns))
        return np.asarray(np.multiply(values[:, :1], widths, dtype=np.int64))
    found = np.empty((rows, -(-length // columns)), dtype=np.int64)
    _tile_sums(np.ascontiguousarray(values).reshape(-1), rows, length, columns, found.reshape(-1))
    return found


@apart
def _tile_sums(values: Vector, rows: int, length: int, columns: int, found: Ints) -> None:
    """:func:`tile_sums`, of flat arrays."""
    at = 0
    for k in range(rows):
        start, end = k * length, (k + 1) * length
        while start < end:
            stop, total = min(end, start + columns), 0
            for n in range(start, stop):
                total += values[n]
            found[at], at, start = total, at + 1, stop


def column_counts(
    mask: NDArray[np.bool_], order: NDArray[np.int64], edges: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Elements of every column in each span of rows, taken in `order`, int64, shape (spans, K)."""
    found = np.zeros((len(edges) - 1, mask.shape[1]), dtype=np.int32)
    rows, spans = np.ascontiguousarray(order), np.ascontiguousarray(edges)
    _column_counts(_flat(mask), mask.shape[1], rows, spans, len(found), found.reshape(-1))
    return found.astype(np.int64)


@apart
def _column_counts(mask: Flags, columns: int, order: Ints, edges: Ints, spans: int, found: Vector) -> None:
    """:func:`column_counts`, of flat arrays; `found` is zeros."""
    for s in range(spans):
        own = s * columns
        for i in range(edges[s], edges[s + 1]):
            row = order[i] * columns
            for k in range(columns):
                found[own + k] += mask[row + k]
