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

from simulator.jit import apart, popcount64
from simulator.sparsity.fibers import fiber_chunks

WORD = 64
"""Longest block of elements that is looked at in one piece."""
NIBBLE = 4
"""Blocks of so many elements, the most common ones, are looked at a word at a time."""
MOST = 255
"""Longest block whose positions are counted in a byte."""
PAIRS, FOURS, EACH = 0x5555555555555555, 0x3333333333333333, 0x1111111111111111
HIGHEST = -0x7777777777777778
"""The highest bit of every four, in a word with a sign."""

Ints = NDArray[np.int64]
Flags = NDArray[np.uint8]


def along(
    mask: NDArray[np.bool_], lengths: tuple[int, ...], most: tuple[int, ...] | None = None
) -> tuple[int, ...]:
    """Of fibers that are the rows of `mask`, shape (fibers, coordinates); `lengths` of the ranks, lowest first.

    The lowest must be at most :data:`WORD`. Where `most` is given, no more is looked at once a rank has a block with more than its
    own: what is returned says that, and not how full the fullest is.
    """
    found = np.zeros(len(lengths), dtype=np.int64)
    limits = np.array(lengths if most is None else most, dtype=np.int64)
    nibbles = len(lengths) <= 2 and lengths[0] == NIBBLE and WORD % (NIBBLE * lengths[-1]) == 0
    for part in fiber_chunks(*mask.shape):
        octets = np.packbits(np.ascontiguousarray(mask[part]), axis=1, bitorder="little")
        if not nibbles or mask.shape[1] % WORD:
            words = np.zeros((len(octets), -(-mask.shape[1] // WORD) * 8 + 8), dtype=np.uint8)
            words[:, : octets.shape[1]] = octets
            octets = words
        count, size = len(octets), octets.shape[1] // 8
        rows = octets.view(np.int64).reshape(-1)
        if nibbles:
            above = lengths[1] if len(lengths) == 2 else 1
            fuller = _nibbles(rows, count, size, above, found, len(found), limits)
        else:
            each, space = np.array(lengths, dtype=np.int64), np.zeros(2 * len(lengths), dtype=np.int64)
            fuller = _along(rows, count, size, mask.shape[1], each, len(each), found, limits, space)
        if fuller:
            break
    return tuple(found.tolist())


@apart
def _along(
    words: Ints,
    rows: int,
    size: int,
    length: int,
    lengths: Ints,
    ranks: int,
    found: Ints,
    limits: Ints,
    space: Ints,
) -> bool:
    """Rows of `size` words, one more than their bits need; the counts of upper ranks are closed as their blocks end.

    Whether some rank has a block that is fuller than its limit: then the rows after the first such are not looked at. `space`
    is a count and a place for every rank.
    """
    first = int(lengths[0])
    ones = -1 if first == WORD else (1 << first) - 1
    for f in range(rows):
        for rank in range(2 * ranks):
            space[rank] = 0
        start = 0
        while start < length:
            word, shift = f * size + (start >> 6), start & 63
            bits = int(words[word])
            if shift > 0:
                bits = bits >> shift & (1 << 64 - shift) - 1
                if shift + first > WORD:
                    bits |= int(words[word + 1]) << 64 - shift
            count = popcount64(bits & ones)
            if count > found[0]:
                found[0] = count
            filled, rank = 1 if count > 0 else 0, 1
            while rank < ranks:
                space[rank] += filled
                space[ranks + rank] += 1
                if space[ranks + rank] < lengths[rank]:
                    break
                filled = 1 if space[rank] > 0 else 0
                found[rank] = max(found[rank], space[rank])
                space[rank] = space[ranks + rank] = 0
                rank += 1
            start += first
        filled = 0
        for rank in range(1, ranks):  # what is left of the last blocks
            space[rank] += filled
            found[rank] = max(found[rank], space[rank])
            filled = 1 if space[rank] > 0 else 0
        for rank in range(ranks):
            if found[rank] > limits[rank]:
                return True
    return False


@apart
def _nibbles(words: Ints, rows: int, size: int, above: int, found: Ints, ranks: int, limits: Ints) -> bool:
    """:func:`_along` of blocks of four and, above them, of `above` such blocks, which divide a word; found is one or two ranks.

    The ones of all sixteen blocks of a word are counted at once, in four bits each; one is fuller than c if c + 1 .. 4 plus 7 - c
    has its highest bit set.
    """
    field = 4 * above
    part = -1 if above == 16 else (1 << field) - 1
    for f in range(rows):
        for w in range(f * size, (f + 1) * size):
            bits = int(words[w])
            pairs = bits - (bits >> 1 & PAIRS)
            counts = (pairs & FOURS) + (pairs >> 2 & FOURS)
            while (counts + (7 - int(found[0])) * EACH) & HIGHEST != 0:
                found[0] += 1
            if ranks > 1:
                either = bits | bits >> 1
                filled = (either | either >> 2) & EACH
                while filled != 0:
                    found[1] = max(found[1], popcount64(filled & part))
                    filled = filled >> field if above < 16 else 0
        for rank in range(ranks):
            if found[rank] > limits[rank]:
                return True
    return False


def of_rows(mask: NDArray[np.bool_], length: int) -> NDArray[np.int64]:
    """Elements of the fullest block of every row, int64, shape (fibers,); `mask` is of shape (fibers, coordinates)."""
    found = np.zeros(len(mask), dtype=np.int64)
    octets = np.ascontiguousarray(mask).view(np.uint8)
    if octets.size:
        _of_rows(octets.reshape(-1), len(found), mask.shape[1], length, found)
    return found


@apart
def _of_rows(mask: Flags, count: int, coordinates: int, length: int, found: Ints) -> None:
    """See :func:`of_rows`, of a flat array."""
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
        flat, above = octets.reshape(-1), filled.reshape(-1)
        rows, columns = octets.shape
        _down(flat, rows, columns, length, counts, most, above, len(filled))
        found.append(int(most.max(initial=0)))
        octets = filled
    return tuple(found)


@apart
def _down(
    mask: Flags, rows: int, columns: int, length: int, counts: Flags, most: Flags, filled: Flags, blocks: int
) -> None:
    """The counts of columns in every block of rows, the most of each, and which blocks have any; of flat arrays."""
    for block in range(blocks):
        for n in range(columns):
            counts[n] = 0
        for k in range(block * length, min(rows, (block + 1) * length)):
            row = k * columns
            for n in range(columns):
                counts[n] += mask[row + n]
        above = block * columns
        for n in range(columns):
            most[n] = max(most[n] & 255, counts[n] & 255)
            filled[above + n] = 1 if counts[n] != 0 else 0
