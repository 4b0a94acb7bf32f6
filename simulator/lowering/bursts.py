"""Runs of pieces that move through memories, kind by kind: bursts of DRAM, what they write into a buffer, rows read of one.

Each kind of piece is a block of at most three runs, those between written without gaps.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.jit import apart, inlined
from simulator.lowering.kinds import Blocks
from simulator.plan.runs import COUNT, DEMAND, PERIOD, PORTS, WORK

Ints = NDArray[np.int64]
Vector = NDArray[np.int32]
Flags = NDArray[np.uint8]
WORD = 8
"""Bytes of a DRAM word, the unit its energy is counted in."""


def reads(sizes: Ints, burst: int, spaces: int) -> Blocks:
    """Pieces of so many bytes, each of which takes so many spaces with its first burst and releases them with it."""
    return _transfers(sizes, burst, 2 * spaces, 1, False)


def writes(sizes: Ints, burst: int) -> Blocks:
    """Pieces of so many bytes, a token taken with every burst."""
    return _transfers(sizes, burst, 2, 0, True)


def _transfers(sizes: Ints, burst: int, ports: int, puts: int, each: bool) -> Blocks:
    fields, count = PORTS + ports + puts + 1, len(sizes)
    table, counts = np.empty((3 * count, fields), dtype=np.int64), np.empty(count, dtype=np.int64)
    left = _transferred(sizes, count, burst, ports, each, fields, table.reshape(-1), counts)
    return Blocks.same(table[:left], counts)


@apart
def _transferred(
    sizes: Ints, kinds: int, burst: int, ports: int, each: bool, fields: int, table: Ints, counts: Ints
) -> int:
    """Runs of the first burst, of those between and of the last; how many. Where `each` burst takes tokens, the first is like those
    between.
    """
    left = 0
    for kind in range(kinds):
        bursts, begin = max(1, (sizes[kind] + burst - 1) // burst), left
        rest = max(0 if each else 1, sizes[kind] - (bursts - 1) * burst)
        for part in range(3):
            times, size = 1 if bursts > 1 and not each else 0, burst
            if part == 1:
                times = bursts - 1 if each else bursts - 2
            if part == 2:
                times, size = 1, rest
            if times > 0:
                row = left * fields
                taken = 1 if each or part == 0 or bursts == 1 else 0
                _begun(table, row, times, size, size)
                for port in range(PORTS, fields - 1):
                    table[row + port] = taken if port < PORTS + ports else 1
                table[row + fields - 1] = (size + WORD - 1) // WORD
                left += 1
        counts[kind] = left - begin
    return left


@inlined
def _begun(table: Ints, row: int, times: int, demand: int, work: int) -> None:
    """Begin a run of so many items."""
    table[row + COUNT] = times
    table[row + PERIOD] = 1
    table[row + DEMAND] = demand
    table[row + WORK] = work


def rows(pieces: Ints, row: int, word: int) -> Blocks:
    """Rows of streams of inputs, of data or, where a word has bytes, of metadata.

    `pieces` are rows, bytes read of the last one, and whether the first row takes the piece and the last gives it back, shape
    (4, kinds).
    """
    count = pieces.shape[1]
    table, counts = np.empty((3 * count, PORTS + 6), dtype=np.int64), np.empty(count, dtype=np.int64)
    left = _rows(pieces.reshape(-1), count, row, word, table.reshape(-1), counts)
    return Blocks.same(table[:left], counts)


@apart
def _rows(pieces: Ints, kinds: int, row: int, word: int, table: Ints, counts: Ints) -> int:
    """Runs of the first row, of those between and of the last; how many."""
    left, fields = 0, PORTS + 6
    for kind in range(kinds):
        count, tail = pieces[kind], pieces[kinds + kind]
        fetch, last, begin = pieces[2 * kinds + kind], pieces[3 * kinds + kind], left
        for part in range(3):
            times, size = 1 if count > 1 else 0, row
            if part == 1:
                times = count - 2
            if part == 2:
                times, size = 1, tail
            if times > 0:
                at = left * fields
                _begun(table, at, times, size, size)
                table[at + PORTS] = fetch if part == 0 or count == 1 else 0
                table[at + PORTS + 1] = last if part == 2 else 0
                table[at + PORTS + 2] = 1
                table[at + PORTS + 3] = last if part == 2 else 0
                table[at + PORTS + 4] = 0 if word > 0 else 1
                table[at + PORTS + 5] = size // word if word > 0 else 0
                left += 1
        counts[kind] = left - begin
    return left


def fills(pieces: Ints, burst: int, row: int, word: int, ready: int) -> Blocks:
    """Bursts written as they arrive; the last says so to as many programs as wait for the piece.

    `pieces` are bytes, rows of data, and bytes of metadata, shape (3, kinds).
    """
    count, fields = pieces.shape[1], PORTS + 4 + ready
    room = 3 * (int(pieces[0].sum()) // burst + count)
    vectors, table = np.zeros(room, dtype=np.int32), np.empty((2 * count, fields), dtype=np.int64)
    varies, found = np.zeros(table.shape, dtype=np.uint8), np.empty((2, count), dtype=np.int64)
    flat, flags = table.reshape(-1), varies.reshape(-1)
    left = _filled(
        pieces.reshape(-1), count, burst, row, word, vectors, flat, flags, fields, found.reshape(-1)
    )
    counts, values = found
    return Blocks(table[:left], varies[:left], counts, vectors[: int(values.sum())], values)


@apart
def _filled(
    pieces: Ints,
    count: int,
    burst: int,
    row: int,
    word: int,
    vectors: Vector,
    table: Ints,
    varies: Flags,
    fields: int,
    found: Ints,
) -> int:
    """Rows and words of pieces spread over their bursts in proportion, the last burst by itself; how many runs.

    Parameters
    ----------
    pieces : ndarray of int64, shape (3 x count,)
    count, burst, row, word : int
        Pieces; bytes.
    vectors : ndarray of int32
        Per piece: bytes, rows and words of every burst but the last.
    table, varies : ndarray of int64 and uint8, shape (2 x count x fields,)
        A field that is the same in all bursts is one number.
    fields : int
    found : ndarray of int64, shape (2 x count,)
        Runs of every piece, then its vector values.
    """
    left, at = 0, 0
    for p in range(count):
        bursts = max(1, (pieces[p] + burst - 1) // burst)
        rows, words = pieces[count + p], (pieces[2 * count + p] + word - 1) // word
        body, told_rows, told_words = max(1, bursts - 1), 0, 0
        found[p], found[count + p] = min(bursts, 2), 3 * body
        for i in range(bursts):
            until_rows = ((i + 1) * rows + bursts - 1) // bursts
            until_words = ((i + 1) * words + bursts - 1) // bursts
            some, few = until_rows - told_rows, until_words - told_words
            told_rows, told_words = until_rows, until_words
            size = some * row + few * word
            if i < bursts - 1:
                vectors[at + i], vectors[at + body + i], vectors[at + 2 * body + i] = size, some, few
            else:
                if bursts > 1:
                    _spread(vectors, at, body, table, varies, left * fields, fields)
                    left += 1
                _begun(table, left * fields, 1, size, size)
                for port in range(PORTS, fields - 2):
                    table[left * fields + port] = 1
                table[left * fields + fields - 2], table[left * fields + fields - 1] = some, few
                left += 1
        at += 3 * body
    return left


@inlined
def _spread(vectors: Vector, at: int, body: int, table: Ints, varies: Flags, line: int, fields: int) -> None:
    """The run of all bursts of a piece but the last."""
    _begun(table, line, body, 0, 0)
    table[line + PERIOD] = body
    for port in range(PORTS, fields - 2):
        table[line + port] = 1 if port < PORTS + 2 else 0
    for field in range(4):
        part, column = max(0, field - 1), DEMAND + field
        if field > 1:
            column = fields - 4 + field
        begin, vary = at + part * body, 0
        for i in range(1, body):
            vary |= vectors[begin + i] ^ vectors[begin]
        varies[line + column] = 1 if vary != 0 else 0
        table[line + column] = begin if vary != 0 else vectors[begin]
