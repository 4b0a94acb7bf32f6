"""Outer-product datapath over bitmasks of both operands (dual-side sparse tensor core): steps, scatter, service time.

A tile is `tile_rows` x `tile_columns` accumulators, kept in a banked buffer. For every k of an item (a tile and `depth`
consecutive k) the column of A and the row of B are condensed to their non-zeros, in ascending order, and cut into groups of `rows`
and `columns`; each pair of groups is one step of the multipliers:

    steps(k) = ceil(nnz A[tile, k] / rows) ceil(nnz B[k, tile] / columns),    products(k) = nnz A[tile, k] nnz B[k, tile]

Bank (i mod bank_rows, j mod bank_columns) holds accumulator (i, j). An access of a bank reads, adds and writes up to `bank_words`
words of one accumulator row. The bitmasks have two levels: one bit tells that the column of items of a whole operand tile is empty,
and an item with an empty operand takes the one cycle in which that is seen. Any other begins in cycle 0 with nothing under way:

- Issue: one step per cycle, in order of k, groups of A, groups of B; a k without steps takes the one cycle that finds out. A step
  waits while `queue` earlier ones are not done: slots are freed in order, in the cycle after the last access of a step.
- Port: accesses go to the banks in order, each as wide as `bank_words` however many words it carries, `bandwidth` words per cycle
  (a fraction of a cycle left over serves the next step when that is already waiting); a step's accesses reach their banks in
  the cycle in which the last of them passes, the cycle of issue at the earliest.
- Banks: each serves one access per cycle, in order.

The item ends with the last access. With c the issue, e the arrival, m_b the accesses of bank b, w = bank_words sum m_b and p the
bandwidth, in recurrences (1 / p cycle is a tick of the port):

    c = max(c' + 1, done of the step `queue` before + 1),   end = max(end', p c) + w,   e = ceil(end / p) - 1
    F_b = max(F_b, e) + m_b,                                 done = max over b of F_b - 1

Sources: step of 8 x 16 and tile of 32 x 32 from public readers' notes on Wang et al., Dual-side Sparse Tensor Core, ISCA 2021
(arXiv 2105.09564), which also say that an operand collector softens the accumulation buffer's conflicts and that the paper tells
neither the number of banks nor their size. What the machine assumes instead is in its description.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.datapath.condensed import sums
from simulator.errors import InputError
from simulator.jit import kernel, pointer, popcount64

_WORD = 64
_LONGEST = 2**31 - 1


@dataclass(frozen=True)
class Unit:
    """One outer-product unit with its accumulation buffer.

    Attributes
    ----------
    tile_rows, tile_columns : int
        Accumulators, <= 64 each.
    depth : int
        Coordinates of K of an item.
    rows, columns : int
        Multipliers, by operand.
    bank_rows, bank_columns : int
        Banks of the accumulation buffer, by coordinate.
    bank_words : int
        Words of one accumulator row in an access of a bank.
    bandwidth : int
        Words per cycle through the buffer's port, 0 for unlimited.
    queue : int
        Steps under way at once.

    Raises
    ------
    InputError
        A number out of its range.
    """

    tile_rows: int
    tile_columns: int
    depth: int
    rows: int
    columns: int
    bank_rows: int
    bank_columns: int
    bank_words: int
    bandwidth: int
    queue: int

    def __post_init__(self) -> None:
        for name in ("tile_rows", "tile_columns"):
            if not 1 <= getattr(self, name) <= _WORD:
                raise InputError(
                    f"{name} {getattr(self, name)}: a bitmask word holds 1..{_WORD} rows or columns"
                )
        for name in ("depth", "rows", "columns", "bank_rows", "bank_columns", "bank_words", "queue"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} {getattr(self, name)}: must be at least 1")
        if self.bandwidth < 0:
            raise InputError(f"bandwidth {self.bandwidth}: must be at least 1, or 0 for unlimited")
        longest = self.depth * self.tile_rows * self.tile_columns * (2 + self.bank_words)
        if longest > _LONGEST:
            raise InputError(
                f"an item may take {longest} cycles, at most {_LONGEST} can be told: lower depth or bank_words"
            )

    @property
    def unhindered(self) -> bool:
        """Whether no step can wait: a bank gets one access of a step at most, and the port passes a step's words in a cycle."""
        rows, columns = min(self.rows, self.tile_rows), min(self.columns, self.tile_columns)
        tall = min(rows, -(-self.tile_rows // self.bank_rows))
        wide = min(columns, -(-self.tile_columns // self.bank_columns))
        words = rows * min(columns, self.bank_columns) * self.bank_words
        return tall == 1 and wide <= self.bank_words and (self.bandwidth == 0 or words <= self.bandwidth)


@dataclass(frozen=True)
class Service:
    """What the items of a matrix multiplication ask of the unit.

    Attributes
    ----------
    cycles, steps, products, reads : ndarray of int32, shape (tiles of M, tiles of N, ceil(K / depth))
        Service time in cycles, steps issued, multiplications with both operands non-zero, operand values read by the steps.
    """

    cycles: NDArray[np.int32]
    steps: NDArray[np.int32]
    products: NDArray[np.int32]
    reads: NDArray[np.int32]


def pack(mask: NDArray[np.bool_], tile: int) -> NDArray[np.uint64]:
    """Bitmask words of the fibers across a tile.

    Parameters
    ----------
    mask : ndarray of bool, shape (rows, K)
        An operand with K along its last axis.
    tile : int
        Rows of a tile, <= 64.

    Returns
    -------
    ndarray of uint64, shape (ceil(rows / tile), K)
        Bit r of word (t, k) is mask[t tile + r, k]; bits past the last row are 0.
    """
    words = np.zeros((-(-mask.shape[0] // tile), mask.shape[1]), dtype=np.uint64)
    _pack(np.ascontiguousarray(mask).view(np.uint8), tile, words)
    return words


def pack_columns(mask: NDArray[np.bool_], tile: int) -> NDArray[np.uint64]:
    """As :func:`pack`, of an operand with K along its first axis, shape (K, columns)."""
    words = np.zeros((-(-mask.shape[1] // tile), mask.shape[0]), dtype=np.uint64)
    _pack_columns(np.ascontiguousarray(mask).view(np.uint8), tile, words)
    return words


@kernel
def _pack(mask: NDArray[np.uint8], tile: int, words: NDArray[np.uint64]) -> None:
    for row in range(mask.shape[0]):
        source, target, place = mask[row], words[row // tile], np.uint64(row % tile)
        for k in range(source.shape[0]):
            target[k] |= np.uint64(source[k]) << place


@kernel
def _pack_columns(mask: NDArray[np.uint8], tile: int, words: NDArray[np.uint64]) -> None:
    for k in range(mask.shape[0]):
        source = mask[k]
        for t in range(words.shape[0]):
            word, start = np.uint64(0), t * tile
            for place in range(min(tile, source.shape[0] - start)):
                word |= np.uint64(source[start + place]) << np.uint64(place)
            words[t, k] = word


def service(unit: Unit, a: NDArray[np.uint64], b: NDArray[np.uint64]) -> Service:
    """Service time and work of every item; see the module.

    Parameters
    ----------
    unit : Unit
    a : ndarray of uint64, shape (tiles of M, K)
        Words of A, of :func:`pack`.
    b : ndarray of uint64, shape (tiles of N, K)
        Words of B.
    """
    if a.shape[1] != b.shape[1]:
        raise InputError(f"operands of K = {a.shape[1]} and K = {b.shape[1]}: K must be the same")
    if unit.unhindered:
        counts = np.bitwise_count(a), np.bitwise_count(b)
        return Service(*sums(unit.depth, (unit.rows, unit.columns), *counts))
    return stepped(unit, a, b)


def stepped(unit: Unit, a: NDArray[np.uint64], b: NDArray[np.uint64]) -> Service:
    """The same, every step worked out, whether or not one can wait."""
    shape = (a.shape[0], b.shape[0], -(-a.shape[1] // unit.depth))
    found = Service(*(np.zeros(shape, dtype=np.int32) for _ in range(4)))
    a_count, a_falls = _spread(a, unit.rows, -(-unit.tile_rows // unit.rows), unit.bank_rows)
    b_count, b_falls = _spread(b, unit.columns, -(-unit.tile_columns // unit.columns), unit.bank_columns)
    sizes = unit.depth, unit.rows, unit.columns, unit.bank_words, unit.bandwidth, unit.queue
    accesses = ((b_falls.astype(np.int32) + unit.bank_words - 1) // unit.bank_words).astype(np.uint8)
    tables = found.cycles, found.steps, found.products, found.reads
    for m in range(shape[0]):
        _items(*sizes, a_count, a_falls, b_count, accesses, m, tables)
    return found


@kernel
def _spread(
    words: NDArray[np.uint64], size: int, groups: int, banks: int
) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """Non-zeros of every word, and how those of each group of `size` fall on the banks: (tiles, K, groups, banks)."""
    tiles, depth = words.shape
    occupancy = np.zeros((tiles, depth), dtype=np.int32)
    falls = np.zeros((tiles, depth, groups, banks), dtype=np.uint8)
    for t in range(tiles):
        for k in range(depth):
            word, found, place = words[t, k], 0, 0
            occupancy[t, k] = popcount64(word)
            while word:
                if word & np.uint64(1):
                    falls[t, k, found // size, place % banks] += np.uint8(1)
                    found += 1
                word >>= np.uint64(1)
                place += 1
    return occupancy, falls


@kernel
def _items(
    depth: int,
    rows: int,
    columns: int,
    words: int,
    bandwidth: int,
    queue: int,
    a_count: NDArray[np.int32],
    a_falls: NDArray[np.uint8],
    b_count: NDArray[np.int32],
    b_falls: NDArray[np.uint8],
    m: int,
    found: tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]],
) -> None:
    """All items of one row of tiles; `found` is cycles, steps, products, reads."""
    free = np.zeros((a_falls.shape[3], b_falls.shape[3]), dtype=np.int32)
    done = np.zeros(queue, dtype=np.int64)
    for n in range(found[0].shape[1]):
        for item in range(found[0].shape[2]):
            first, last = item * depth, min((item + 1) * depth, a_count.shape[1])
            if not (a_count[m, first:last].any() and b_count[n, first:last].any()):
                found[0][m, n, item] = 1
                continue
            free[:] = 0
            done[:] = -1
            issue, port, end, issued, work, reads = -1, 0, 0, 0, 0, 0
            for k in range(first, last):
                height, width = int(a_count[m, k]), int(b_count[n, k])
                if height == 0 or width == 0:
                    issue += 1
                    continue
                work += height * width
                down, across = -(-height // rows), -(-width // columns)
                reads += height * across + width * down
                for i in range(down):
                    for j in range(across):
                        slot = issued % queue
                        issue = max(issue + 1, done[slot] + 1)
                        arrival = issue
                        if bandwidth:
                            accesses = _sum(a_falls[m, k, i]) * _sum(b_falls[n, k, j])
                            port = max(port, bandwidth * issue) + words * accesses
                            arrival = (port + bandwidth - 1) // bandwidth - 1
                        end = max(end, _scatter(a_falls[m, k, i], b_falls[n, k, j], arrival, free))
                        done[slot] = end - 1
                        issued += 1
            found[0][m, n, item] = max(issue + 1, end)
            found[1][m, n, item] = issued
            found[2][m, n, item] = work
            found[3][m, n, item] = reads


@kernel
def _sum(counts: NDArray[np.uint8]) -> int:
    total = 0
    for i in range(counts.shape[0]):
        total += int(counts[i])
    return total


@kernel
def _scatter(
    rows: NDArray[np.uint8], columns: NDArray[np.uint8], arrival: int, free: NDArray[np.int32]
) -> int:
    """Accesses of a step into their banks; the first cycle in which every bank is free again.

    A bank the step does not reach may be raised to `arrival` too: no later access reaches it earlier.
    """
    at = np.int32(arrival)
    top = np.int32(0)
    for i in range(rows.shape[0]):
        height = np.int32(rows[i])
        for j in range(columns.shape[0]):
            until = max(free[i, j], at) + height * np.int32(columns[j])
            free[i, j] = until
            top = max(top, until)
    return int(top)


def multiply(unit: Unit, a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.int64]:
    """Multiply through condensing, steps, scatter into the banks and reading the banks out.

    Parameters
    ----------
    unit : Unit
    a : ndarray of int64, shape (M, K)
    b : ndarray of int64, shape (K, N)

    Returns
    -------
    ndarray of int64, shape (M, N)
    """
    tiles = -(-a.shape[0] // unit.tile_rows), -(-b.shape[1] // unit.tile_columns)
    left = np.zeros((tiles[0] * unit.tile_rows, a.shape[1]), dtype=np.int64)
    right = np.zeros((b.shape[0], tiles[1] * unit.tile_columns), dtype=np.int64)
    left[: a.shape[0]], right[:, : b.shape[1]] = a, b
    out = np.zeros((left.shape[0], right.shape[1]), dtype=np.int64)
    words = pack(left != 0, unit.tile_rows), pack(np.ascontiguousarray(right.T) != 0, unit.tile_columns)
    groups, banks = (unit.rows, unit.columns), (unit.bank_rows, unit.bank_columns)
    _multiply(unit.tile_rows, unit.tile_columns, *groups, *banks, left, right, *words, out)
    return out[: a.shape[0], : b.shape[1]]


@kernel
def _multiply(
    tile_rows: int,
    tile_columns: int,
    rows: int,
    columns: int,
    bank_rows: int,
    bank_columns: int,
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    a: NDArray[np.uint64],
    b: NDArray[np.uint64],
    out: NDArray[np.int64],
) -> None:
    """Tile by tile: the buffer is [bank row, bank column, line, word of the line]; a row and a column add up to a place."""
    lines, words = -(-tile_rows // bank_rows), -(-tile_columns // bank_columns)
    held = np.zeros(bank_rows * bank_columns * lines * words, dtype=np.int64)
    down, across = np.arange(tile_rows), np.arange(tile_columns)
    down = down % bank_rows * (bank_columns * lines * words) + down // bank_rows * words
    across = across % bank_columns * (lines * words) + across // bank_columns
    at, to, buffer = np.zeros_like(down), np.zeros_like(across), pointer(held)
    for m in range(a.shape[0]):
        for n in range(b.shape[0]):
            held[:] = 0
            for k in range(a.shape[1]):
                height, width = _condense(a[m, k], at), _condense(b[n, k], to)
                for i in range(0, height, rows):
                    for j in range(0, width, columns):
                        for r in at[i : min(i + rows, height)]:
                            value, first = left[m * tile_rows + r, k], down[r]
                            for c in to[j : min(j + columns, width)]:
                                buffer[first + across[c]] += value * right[k, n * tile_columns + c]
            for r in range(tile_rows):
                for c in range(tile_columns):
                    out[m * tile_rows + r, n * tile_columns + c] = buffer[down[r] + across[c]]


@kernel
def _condense(word: int, places: NDArray[np.int64]) -> int:
    """Places of the ones of a word, in ascending order; how many there are."""
    found, place = 0, 0
    rest = np.uint64(word)
    while rest:
        if rest & np.uint64(1):
            places[found] = place
            found += 1
        rest >>= np.uint64(1)
        place += 1
    return found
