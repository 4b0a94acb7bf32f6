"""Lists of two ranks in one pass: which elements of a window are stored, and where they belong again.

What is stored, and why, is said in :mod:`simulator.sparsity.formats.coordinate_payload`: with windows of H1 blocks of H0 elements,
an offset per element, an offset and an end address per block that has elements, and a count of such blocks per window.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.jit import apart

Ints = NDArray[np.int64]
Words = NDArray[np.uint32]
Vector = NDArray[np.int32]
Flags = NDArray[np.uint8]


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
    flat, each = np.ascontiguousarray(mask).view(np.uint8).reshape(-1), sizes.reshape(-1)
    told, low, high, end = (words.view(np.int32) for words in (count, offset0, *upper))
    _store(flat, fibers, coords, lengths[0], lengths[1], told, high, end, low, each)
    blocks = int(sizes[1].sum())
    return Lists(count, upper[0, :blocks], upper[1, :blocks], offset0[:stored], sizes[0], sizes[1])


@apart
def _store(
    mask: Flags,
    fibers: int,
    coords: int,
    high: int,
    low: int,
    count: Vector,
    offset1: Vector,
    end1: Vector,
    offset0: Vector,
    sizes: Ints,
) -> None:
    """:func:`lists` of fibers of so many coordinates; `sizes` is elements of all fibers, then blocks."""
    stored = blocks = window = 0
    for f in range(fibers):
        elements, filled, start, end = stored, blocks, f * coords, (f + 1) * coords
        while start < end:
            first, before = stored, blocks
            for b in range(min(high, (end - start + low - 1) // low)):
                had, at = stored, start + b * low
                for i in range(min(low, end - at)):
                    offset0[stored] = i  # whether it is stored or not: what is not is written over
                    stored += int(mask[at + i])
                offset1[blocks], end1[blocks] = b, stored - first
                blocks += 1 if stored > had else 0
            count[window] = blocks - before
            window += 1
            start += high * low
        sizes[f], sizes[fibers + f] = stored - elements, blocks - filled


def places(count: Words, offset1: Words, end1: Words, offset0: Words, lengths: tuple[int, int]) -> Ints:
    """Coordinate of every element, counted through all windows, int64, shape (elements,)."""
    found = np.zeros(len(offset0), dtype=np.int64)
    parts = (np.ascontiguousarray(words).view(np.int32) for words in (count, offset1, end1, offset0))
    told, high, end, low = parts
    _place(len(count), told, high, end, low, lengths[0], lengths[1], found)
    return found


@apart
def _place(
    windows: int,
    count: Vector,
    offset1: Vector,
    end1: Vector,
    offset0: Vector,
    high: int,
    low: int,
    found: Ints,
) -> None:
    """See :func:`places`."""
    block = at = 0
    for window in range(windows):
        first = at
        for _ in range(count[window]):
            start = (window * high + int(offset1[block])) * low
            while at < first + int(end1[block]):
                found[at] = start + int(offset0[at])
                at += 1
            block += 1
