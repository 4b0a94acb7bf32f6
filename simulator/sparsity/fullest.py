"""How full the fullest block of every rank of a mask is: what decides which patterns it satisfies.

Along a fiber, positions of rank 0 are elements and those of rank r blocks of H_(r-1) positions of rank r - 1, non-empty when any of
them is (:mod:`simulator.sparsity.patterns.hss`)::

    fullest[r] = most non-empty positions of rank r in a block of H_r

The lengths H alone decide it, so one pass serves every G.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from simulator.jit import kernel, popcount64
from simulator.sparsity.fibers import fiber_chunks

WORD = 64
"""Longest block of elements that is looked at in one piece."""
MOST = 255
"""Longest block whose positions are counted in a byte."""


def along(
    mask: NDArray[np.bool_], lengths: tuple[int, ...], most: tuple[int, ...] | None = None
) -> tuple[int, ...]:
    """Of fibers that are the rows of `mask`, shape (fibers, coordinates); `lengths` of the ranks, lowest first.

    The lowest must be at most :data:`WORD`. Where `most` is given, no more is looked at once a rank has a block with more than its
    own: what is returned says that, and not how full the fullest is.
    """
    found = np.zeros(len(lengths), dtype=np.int64)
    limits = np.array(lengths if most is None else most)
    for part in fiber_chunks(*mask.shape):
        octets = np.packbits(mask[part], axis=1, bitorder="little")
        words = np.zeros((len(octets), -(-mask.shape[1] // WORD) * 8 + 8), dtype=np.uint8)
        words[:, : octets.shape[1]] = octets
        if _along(words.view(np.uint64), mask.shape[1], np.array(lengths), found, limits):
            break
    return tuple(found.tolist())


@kernel
def _along(
    words: NDArray[np.uint64],
    length: int,
    lengths: NDArray[np.int64],
    found: NDArray[np.int64],
    limits: NDArray[np.int64],
) -> bool:
    """Rows of bits, one word more than they need; the counts of upper ranks are closed as their blocks end.

    Whether some rank has a block that is fuller than its limit: then the rows after the first such are not looked at.
    """
    first, ranks = lengths[0], len(lengths)
    ones = np.uint64(0xFFFFFFFFFFFFFFFF) >> np.uint64(64 - first)
    counts, places = np.zeros(ranks, dtype=np.int64), np.zeros(ranks, dtype=np.int64)
    for f in range(words.shape[0]):
        row = words[f]
        counts[:] = 0
        places[:] = 0
        for start in range(0, length, first):
            word, shift = start >> 6, np.uint64(start & 63)
            bits = row[word] >> shift
            if shift + np.uint64(first) > np.uint64(64):
                bits |= row[word + 1] << (np.uint64(64) - shift)
            count = popcount64(bits & ones)
            if count > found[0]:
                found[0] = count
            filled, rank = 1 if count > 0 else 0, 1
            while rank < ranks:
                counts[rank] += filled
                places[rank] += 1
                if places[rank] < lengths[rank]:
                    break
                filled = 1 if counts[rank] > 0 else 0
                found[rank] = max(found[rank], counts[rank])
                counts[rank] = places[rank] = 0
                rank += 1
        filled = 0
        for rank in range(1, ranks):  # what is left of the last blocks
            counts[rank] += filled
            found[rank] = max(found[rank], counts[rank])
            filled = 1 if counts[rank] > 0 else 0
        for rank in range(ranks):
            if found[rank] > limits[rank]:
                return True
    return False


def down(mask: NDArray[np.bool_], lengths: tuple[int, ...]) -> tuple[int, ...]:
    """Of fibers that are the columns of `mask`, shape (coordinates, fibers); see :func:`along`.

    No length may be more than :data:`MOST`.
    """
    found, octets = [], np.ascontiguousarray(mask).view(np.uint8)
    for length in lengths:
        filled = np.zeros((math.ceil(octets.shape[0] / length), octets.shape[1]), dtype=np.uint8)
        counts = np.zeros(octets.shape[1], dtype=np.uint8)
        most = np.zeros(octets.shape[1], dtype=np.uint8)
        _down(octets, length, counts, most, filled)
        found.append(int(most.max(initial=0)))
        octets = filled
    return tuple(found)


@kernel
def _down(
    mask: NDArray[np.uint8],
    length: int,
    counts: NDArray[np.uint8],
    most: NDArray[np.uint8],
    filled: NDArray[np.uint8],
) -> None:
    for block in range(filled.shape[0]):
        for n in range(len(counts)):
            counts[n] = 0
        for k in range(block * length, min(mask.shape[0], (block + 1) * length)):
            row = mask[k]
            for n in range(len(counts)):
                counts[n] += row[n]
        above = filled[block]
        for n in range(len(counts)):
            most[n] = max(most[n], counts[n])
            above[n] = 1 if counts[n] > 0 else 0
