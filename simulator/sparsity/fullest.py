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

from simulator.jit import apart, kernel, pointer, popcount64, stepping
from simulator.sparsity.fibers import fiber_chunks

Ints = NDArray[np.int64]
Flags = NDArray[np.uint8]
WORD = 64
"""Longest block of elements that is looked at in one piece."""
NIBBLE = 4
"""Blocks of so many elements, the most common ones, are looked at a word at a time."""
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
        rows = words.view(np.uint64)
        if len(lengths) <= 2 and lengths[0] == NIBBLE and WORD % (NIBBLE * lengths[-1]) == 0:
            fuller = _nibbles(rows, lengths[1] if len(lengths) == 2 else 1, found, limits)
        else:
            fuller = _along(rows, mask.shape[1], np.array(lengths), found, limits)
        if fuller:
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


@kernel
def _nibbles(
    words: NDArray[np.uint64], above: int, found: NDArray[np.int64], limits: NDArray[np.int64]
) -> bool:
    """:func:`_along` of blocks of four and, above them, of `above` such blocks, which divide a word; found is one or two ranks.

    The ones of all sixteen blocks of a word are counted at once, in four bits each; one is fuller than c if c + 1 .. 4 plus 7 - c
    has its highest bit set.
    """
    field = np.uint64(4 * above)
    part = np.uint64(0xFFFFFFFFFFFFFFFF) >> (np.uint64(64) - field)
    for f in range(words.shape[0]):
        row = words[f]
        for w in range(len(row)):
            bits = row[w]
            pairs = bits - ((bits >> np.uint64(1)) & np.uint64(0x5555555555555555))
            counts = (pairs & np.uint64(0x3333333333333333)) + (
                (pairs >> np.uint64(2)) & np.uint64(0x3333333333333333)
            )
            while (counts + np.uint64(7 - found[0]) * np.uint64(0x1111111111111111)) & np.uint64(
                0x8888888888888888
            ):
                found[0] += 1
            if len(found) > 1:
                either = bits | (bits >> np.uint64(1))
                filled = (either | (either >> np.uint64(2))) & np.uint64(0x1111111111111111)
                while filled:
                    found[1] = max(found[1], popcount64(filled & part))
                    filled = filled >> field if above < 16 else np.uint64(0)
        for rank in range(len(found)):
            if found[rank] > limits[rank]:
                return True
    return False


def of_rows(mask: NDArray[np.bool_], length: int) -> NDArray[np.int64]:
    """Elements of the fullest block of every row, int64, shape (fibers,); `mask` is of shape (fibers, coordinates)."""
    found = np.zeros(len(mask), dtype=np.int64)
    octets = np.ascontiguousarray(mask).view(np.uint8)
    if octets.size:
        _of_rows(octets.reshape(-1), mask.shape[1], length, found)
    return found


@stepping
def _of_rows(mask: Flags, coordinates: int, length: int, found: Ints) -> None:
    """See :func:`of_rows`, of a flat array."""
    _rows(pointer(mask), len(found), coordinates, length, pointer(found))


@apart
def _rows(mask: Flags, count: int, coordinates: int, length: int, found: Ints) -> None:
    """See :func:`of_rows`."""
    for f in range(count):
        at, end, most = f * coordinates, (f + 1) * coordinates, 0
        while at < end:
            some = 0
            for k in range(at, min(end, at + length)):
                some += mask[k]
            most, at = max(most, some), at + length
        found[f] = most


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
