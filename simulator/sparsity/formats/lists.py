"""Lists of two ranks in one pass: which elements of a window are stored, and where they belong again.

What is stored, and why, is said in :mod:`simulator.sparsity.formats.coordinate_payload`: with windows of H1 blocks of H0 elements,
an offset per element, an offset and an end address per block that has elements, and a count of such blocks per window.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.jit import kernel

Ints = NDArray[np.int64]
Words = NDArray[np.uint32]


@dataclass(frozen=True)
class Lists:
    """What is stored of fibers besides the values.

    Attributes
    ----------
    count : ndarray of uint32, shape (windows of all fibers,)
        Blocks that have elements.
    offset1, end1 : ndarray of uint32, shape (such blocks of all fibers,)
        Block in its window, and elements of the window up to its end.
    offset0 : ndarray of uint32, shape (elements of all fibers,)
        Coordinate of the element in its block.
    elements, blocks : ndarray of int64, shape (fibers,)
    """

    count: Words
    offset1: Words
    end1: Words
    offset0: Words
    elements: Ints
    blocks: Ints


def lists(mask: NDArray[np.bool_], lengths: tuple[int, int]) -> Lists:
    """Lists of the elements of `mask`, shape (fibers, coordinates), in blocks of lengths (H1, H0)."""
    fibers, coords = mask.shape
    windows = -(-coords // (lengths[0] * lengths[1]))
    stored = int(np.count_nonzero(mask))
    count = np.zeros(fibers * windows, dtype=np.uint32)
    offset0 = np.zeros(
        stored + 1, dtype=np.uint32
    )  # one more: a zero is written where the next element will be
    upper = np.zeros((2, min(stored, fibers * windows * lengths[0]) + 1), dtype=np.uint32)
    sizes = np.zeros((2, fibers), dtype=np.int64)
    _store(np.ascontiguousarray(mask).view(np.uint8), lengths, count, upper, offset0, sizes)
    blocks = int(sizes[1].sum())
    return Lists(count, upper[0, :blocks], upper[1, :blocks], offset0[:stored], sizes[0], sizes[1])


@kernel
def _store(
    mask: NDArray[np.uint8], lengths: tuple[int, int], count: Words, upper: Words, offset0: Words, sizes: Ints
) -> None:
    high, low = lengths
    stored = blocks = window = 0
    for f in range(mask.shape[0]):
        row = mask[f]
        before = stored, blocks
        for start in range(0, len(row), high * low):
            first, filled = stored, blocks
            for b in range(min(high, (len(row) - start + low - 1) // low)):
                had, some = stored, row[start + b * low : start + (b + 1) * low]
                for i in range(len(some)):  # written whether it is stored or not: what is not is written over
                    offset0[stored] = i
                    stored += int(some[i])
                upper[0, blocks], upper[1, blocks] = b, stored - first
                blocks += 1 if stored > had else 0
            count[window] = blocks - filled
            window += 1
        sizes[0, f], sizes[1, f] = stored - before[0], blocks - before[1]


def places(count: Words, offset1: Words, end1: Words, offset0: Words, lengths: tuple[int, int]) -> Ints:
    """Coordinate of every element, counted through all windows, int64, shape (elements,)."""
    found = np.zeros(len(offset0), dtype=np.int64)
    _place(count, offset1, end1, offset0, lengths, found)
    return found


@kernel
def _place(
    count: Words, offset1: Words, end1: Words, offset0: Words, lengths: tuple[int, int], found: Ints
) -> None:
    block = at = 0
    for window in range(len(count)):
        first = at
        for _ in range(count[window]):
            start = (window * lengths[0] + np.int64(offset1[block])) * lengths[1]
            while at < first + np.int64(end1[block]):
                found[at] = start + offset0[at]
                at += 1
            block += 1
