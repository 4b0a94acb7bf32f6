"""Skip-ahead intersection of blocks that fit a word, all coordinates of both fibers at once.

With words a, b of a fiber pair, bit k for coordinate k, and low(w) all bits up to the highest of w (none for w = 0), the
unit passes

    x = a & ~b & low(b)     y = b & ~a & low(a)     both = a & b        heads = x | y | both

until one fiber is used up. Of the heads in ascending order it passes in one cycle a match, or up to `window` of a stretch of x, or
of y. The head that follows each one of a set s of them is found by a carry, which runs through the gap above:

    next(s) = heads & (~heads + (s << 1))

A head is no first of its stretch if it is in same = x & next(x) | y & next(y); the p-th and later ones of their stretches, from 0,
are late(p) = same & next(late(p - 1)), late(1) = same. So

    cycles = |heads| - |same| + sum over p = window, 2 window, .. of (|late(p)| - |late(p + 1)|)

What is passed is counted without looking at pairs, since it is separable: over tiles of fibers A and B, with counts per
coordinate k,

    products = sum over k of |A[k]| |B[k]|        scanned = sum over k of |A[k]| |low(B)[k]| + |low(A)[k]| |B[k]|
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.jit import kernel, popcount64

WORD = 64
NEAR = 8
"""Heads of a stretch beyond which it is looked at by itself."""
AT_ONCE = 16
"""Pairs that are asked together whether they have such a stretch."""
SPAN = 1024
"""Fibers of B that are in the cache at a time, about."""
HALF = 32
"""Bits of a count kept beside another."""
ONE, NONE = np.uint64(1), np.uint64(0)

Integers = NDArray[np.int64]
Words = NDArray[np.uint64]


def words(mask: NDArray[np.bool_], block: int) -> Words:
    """Blocks of the fibers of a mask, shape (fibers, K), as words, uint64, shape (fibers, blocks); `block` is at most 64."""
    fibers, size = mask.shape
    blocks = -(-size // block)
    if block < WORD or size % WORD:
        padded = np.zeros((fibers, blocks * block), dtype=np.bool_)
        padded[:, :size] = mask
        mask = padded.reshape(fibers, blocks, block)
    packed = np.packbits(np.ascontiguousarray(mask), axis=-1, bitorder="little").reshape(fibers, blocks, -1)
    if packed.shape[-1] != WORD // 8:
        wide = np.zeros((fibers, blocks, WORD // 8), dtype=np.uint8)
        wide[..., : packed.shape[-1]] = packed
        packed = wide
    return packed.view("<u8").reshape(fibers, blocks)


def low(found: Words) -> Words:
    """All bits of every word up to its highest."""
    for step in (1, 2, 4, 8, 16, 32):
        found = found | found >> np.uint64(step)
    return found


def service(
    a: NDArray[np.bool_], b: NDArray[np.bool_], block: int, tiles: tuple[int, int], window: int
) -> tuple[Integers, Integers, Integers, Integers]:
    """Intersect every fiber of a mask A, shape (fibers, K), with every one of B, in blocks of at most 64 coordinates.

    Parameters
    ----------
    a, b : ndarray of bool
    block : int
    tiles : (int, int)
        Fibers of A and of B in a tile.
    window : int
        Coordinates a fiber skips at most in a cycle.

    Returns
    -------
    tuple of ndarray of int64, shape (tiles of A, tiles of B, blocks)
        Cycles, matches, coordinates passed, fiber pairs with a match.
    """
    x, y = words(a, block), words(b, block)
    low_x, low_y = low(x), low(y)
    cycles = np.zeros((x.shape[1], -(-len(x) // tiles[0]), -(-len(y) // tiles[1])), dtype=np.int64)
    sums = np.zeros_like(cycles)
    across, beside = (np.ascontiguousarray(each.T) for each in (y, ~y & low_y))
    with np.errstate(over="ignore"):
        _service(x, ~x & low_x, across, beside, tiles[0], tiles[1], window, cycles, sums)
    held = [_tally(each, tiles[0]) for each in (x, low_x)], [_tally(each, tiles[1]) for each in (y, low_y)]
    products = _product(held[0][0], held[1][0])
    scanned = _product(held[0][0], held[1][1]) + _product(held[0][1], held[1][0])
    found = [np.ascontiguousarray(each.transpose(1, 2, 0)) for each in (cycles, products, scanned, sums)]
    return found[0], found[1], found[2], found[3]


def _tally(found: Words, tile: int) -> NDArray[np.float64]:
    """How many fibers of every tile have each bit of each block, shape (blocks, tiles, 64)."""
    bits = np.unpackbits(found.astype("<u8", copy=False).view(np.uint8), axis=1, bitorder="little")
    counts = np.zeros((-(-len(bits) // tile), bits.shape[1]), dtype=np.int32)
    _add_up(bits, tile, counts)
    return counts.reshape(len(counts), -1, WORD).transpose(1, 0, 2).astype(np.float64)


def _product(a: NDArray[np.float64], b: NDArray[np.float64]) -> Integers:
    """Sums over the bits of a block of a[t] b[u], shape (blocks, tiles of A, tiles of B); exact: all are far below 2**53."""
    return np.asarray(a @ b.transpose(0, 2, 1)).astype(np.int64)


@kernel
def _add_up(bits: NDArray[np.uint8], tile: int, counts: NDArray[np.int32]) -> None:
    for fiber in range(bits.shape[0]):
        row, into = bits[fiber], counts[fiber // tile]
        for k in range(len(row)):
            into[k] += row[k]


@kernel
def _meet(a: int, beside_a: int, b: Words, beside_b: Words, found: Integers, late: Words) -> None:
    """Add the pairs of one word with a row of them: in the lower half the cycles of endless windows, in the upper whether they
    match; and tell late(NEAR).
    """
    for n in range(len(b)):
        x, y, both = a & beside_b[n], b[n] & beside_a, a & b[n]
        heads = x | y | both
        gaps = ~heads
        same = (x & (gaps + (x << ONE))) | (y & (gaps + (y << ONE)))
        run = same & (gaps + (same << ONE))
        run = same & (gaps + (run << ONE))
        run = same & (gaps + (run << ONE))
        run = same & (gaps + (run << ONE))
        run = same & (gaps + (run << ONE))
        run = same & (gaps + (run << ONE))
        late[n] = same & (gaps + (run << ONE))
        match = np.int64(1) if both != NONE else np.int64(0)
        found[n] += popcount64(heads & ~same) + (match << HALF)


@kernel
def _any(late: Words) -> bool:
    """Whether any word has a bit."""
    some = NONE
    for n in range(len(late)):
        some |= late[n]
    return bool(some != NONE)


@kernel
def _more(a: int, beside_a: int, b: int, beside_b: int, window: int) -> int:
    """Cycles of one pair beyond those of endless windows."""
    x, y = a & beside_b, b & beside_a
    heads = x | y | (a & b)
    gaps = ~heads
    same = (x & (gaps + (x << ONE))) | (y & (gaps + (y << ONE)))
    late, place, cycles = same, 1, 0
    while late != NONE:
        after = same & (gaps + (late << ONE))
        if place % window == 0:
            cycles += popcount64(late) - popcount64(after)
        late = after
        place += 1
    return cycles


@kernel
def _service(
    a: Words,
    beside_a: Words,
    b: Words,
    beside_b: Words,
    tile_a: int,
    tile_b: int,
    window: int,
    cycles: Integers,
    sums: Integers,
) -> None:
    """Add up all pairs; A in rows of blocks, B in rows of fibers."""
    span = max(1, SPAN // tile_b) * tile_b
    late, found = np.zeros(span, dtype=np.uint64), np.zeros(span, dtype=np.int64)
    for first in range(0, b.shape[1], span):
        end = min(b.shape[1], first + span)
        for block in range(a.shape[1]):
            row, beside = b[block, first:end], beside_b[block, first:end]
            for tile in range(cycles.shape[1]):
                found[:] = 0
                for m in range(tile * tile_a, min(a.shape[0], (tile + 1) * tile_a)):
                    if a[m, block] == NONE:
                        continue
                    _meet(a[m, block], beside_a[m, block], row, beside, found, late)
                    for start in range(0, end - first, AT_ONCE):
                        stop = min(end - first, start + AT_ONCE)
                        if window >= NEAR and not _any(late[start:stop]):
                            continue
                        for n in range(start, stop):
                            if window < NEAR or late[n] != NONE:
                                found[n] += _more(a[m, block], beside_a[m, block], row[n], beside[n], window)
                for n in range(end - first):
                    cycles[block, tile, (first + n) // tile_b] += found[n] & ((1 << HALF) - 1)
                    sums[block, tile, (first + n) // tile_b] += found[n] >> HALF


def multiply(
    a: NDArray[np.int64], b: NDArray[np.int64], block: int, starts: tuple[Integers, Integers]
) -> NDArray[np.int64]:
    """Outputs of every fiber of A, shape (M, K), with every one of B, shape (N, K), int64, shape (M, N).

    The unit matches where both words of a block have a bit; how many bits a word has below says at which place of its compressed
    fiber, whose blocks begin at `starts`, the value lies.
    """
    sums = np.zeros((len(a), len(b)), dtype=np.int64)
    x, y = words(a != 0, block), words(b != 0, block)
    _multiply(x, starts[0], a[a != 0], y, starts[1], b[b != 0], sums)
    return sums


@kernel
def _multiply(
    a: Words,
    a_starts: Integers,
    a_values: Integers,
    b: Words,
    b_starts: Integers,
    b_values: Integers,
    sums: Integers,
) -> None:
    for m in range(sums.shape[0]):
        for n in range(sums.shape[1]):
            total = 0
            for block in range(a.shape[1]):
                both = a[m, block] & b[n, block]
                while both != NONE:
                    below = (both & (~both + ONE)) - ONE
                    i = a_starts[m, block] + popcount64(a[m, block] & below)
                    j = b_starts[n, block] + popcount64(b[n, block] & below)
                    total += a_values[i] * b_values[j]
                    both &= both - ONE
            sums[m, n] = total
