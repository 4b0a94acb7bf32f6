"""Runs of the stages of an element over the visits of a batch, told by compiled loops; fields as in :mod:`.pipeline`.

Tables are those of a chunk: a row per run, int64. Fibers are given by `start` and `coordinate` of
:class:`simulator.datapath.csc.Fibers`, turns by :class:`simulator.datapath.csc.Turns`, kinds of turns as :mod:`.batch` numbers
them; `begin` is the first visit of every stretch and the end of the last.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.jit import kernel

Integers = NDArray[np.int64]
Small = NDArray[np.int32]


@kernel
def kinds(
    begin: Integers, fiber: Small, coordinate: Small, columns: Integers, ends: NDArray[np.uint8]
) -> tuple[Integers, Integers, Integers, Integers]:
    """(Number of the kind of every turn, the kinds stretch by stretch, where those of each begin, its first turn).

    Stretches are of tiles of so many columns; `ends` says which are the last of theirs.
    """
    most = 8 * (columns.max() + 1)
    order = np.empty(len(coordinate) + len(fiber), dtype=np.int64)
    found = np.empty(min(len(order), 8 * (columns + 1).sum()), dtype=np.int64)
    number = np.full(most, -1, dtype=np.int64)
    first, turns = np.zeros(len(columns) + 1, dtype=np.int64), np.zeros(len(columns) + 1, dtype=np.int64)
    turn = count = 0
    for stretch in range(len(columns)):
        for v in range(begin[stretch], begin[stretch + 1]):
            last = max(fiber[v], fiber[v + 1] - 1)
            for i in range(fiber[v], last + 1):
                column = coordinate[i] if i < fiber[v + 1] else -1
                column = column if column >= 0 else columns[stretch]
                kind = 8 * column + 4 * (i == fiber[v]) + 2 * (i == last)
                kind += ends[stretch] and i == last and v == begin[stretch + 1] - 1
                if number[kind] < 0:
                    number[kind] = count
                    found[count] = kind
                    count += 1
                order[turn] = number[kind]
                turn += 1
        for kind in found[first[stretch] : count]:
            number[kind] = -1
        first[stretch + 1], turns[stretch + 1] = count, turn
    return order[:turn].copy(), found[:count].copy(), first, turns


@kernel
def named(fiber: Small, coordinate: Small) -> Small:
    """1 for every turn of the inputs that names a column of weights."""
    found = np.zeros(len(coordinate) + len(fiber), dtype=np.int32)
    turn = 0
    for v in range(len(fiber) - 1):
        for i in range(fiber[v], fiber[v + 1]):
            found[turn] = coordinate[i] >= 0
            turn += 1
        turn += fiber[v] == fiber[v + 1]
    return found[:turn].copy()


@kernel
def input_reads(most: int) -> tuple[Integers, Integers]:
    """Runs of the reads of fibers of 0 .. most stored inputs, and how many each has: the first, those between, the last."""
    table = np.ones((3 * (most + 1), 11), dtype=np.int64)
    counts = np.zeros(most + 1, dtype=np.int64)
    row = 0
    for entries in range(most + 1):
        reads, at = max(1, entries), 0
        while at < reads:
            count = reads - 2 if 0 < at < reads - 1 else 1
            table[row, 0] = count
            table[row, 4] = table[row, 5] = at == 0
            table[row, 7] = table[row, 9] = table[row, 10] = entries > 0
            table[row, 8] = at + count == reads
            at += count
            row += 1
            counts[entries] += 1
    return table[:row].copy(), counts


@kernel
def weight_addresses(turn: Integers, begins: Integers, ends: Integers, action: int) -> Integers:
    """Runs of the addresses of columns: the first turn of a stretch takes begins[i], the last puts ends[i], by themselves where
    that is not nothing. The action is `action`, or if that is negative an offset into what the turns read.
    """
    table = np.ones((3 * len(begins), 11), dtype=np.int64)
    row = 0
    for stretch in range(len(begins)):
        at, end = turn[stretch], turn[stretch + 1]
        while at < end:
            first, stop = at == turn[stretch] and begins[stretch] > 0, end
            if first:
                stop = at + 1
            elif at < end - 1 and ends[stretch] > 0:
                stop = end - 1
            into = table[row]
            into[0] = stop - at
            into[5] = into[7] = begins[stretch] if first else 0
            into[9] = ends[stretch] if stop == end else 0
            into[10] = action
            if action < 0:
                into[1], into[10] = stop - at, at
            at = stop
            row += 1
    return table[:row].copy()


@kernel
def _most(start: Small, values: NDArray[np.uint8]) -> int:
    """Most runs of a column: the first turn and the last by themselves, those between by whether they go to the multiplier."""
    most = 0
    for c in range(len(start) - 1):
        changes = 3
        for turn in range(start[c] + 1, start[c + 1]):
            changes += (values[turn] > 0) != (values[turn - 1] > 0)
        most = max(most, changes)
    return most


@kernel
def weight_reads(
    base: Integers,
    start: Small,
    values: NDArray[np.uint8],
    words: Integers,
    tile: int,
    kinds: Integers,
    begin: Integers,
) -> tuple[Integers, Integers]:
    """Runs of the reads of words for every kind of turn, and how many each has; both actions are offsets into what the turns fetch,
    from the first of the batch on. The stretches are of `tile` and those after it, which have so many `words`.
    """
    stretches = len(begin) - 1
    most = _most(start[base[tile] : base[tile + stretches]], values)
    table = np.ones((most * len(kinds), 13), dtype=np.int64)
    counts = np.zeros(len(kinds), dtype=np.int64)
    row, origin = 0, start[base[tile]]
    for stretch in range(stretches):
        at = base[tile + stretch]
        for number in range(begin[stretch], begin[stretch + 1]):
            kind = kinds[number]
            column, first, last, end = at + kind // 8, kind // 4 % 2, kind // 2 % 2, kind % 2
            turn, beyond, before = start[column], start[column + 1], row
            final = beyond - 1 if last else beyond
            while turn < beyond:
                stop, begins = turn + 1, turn == start[column]
                while not begins and stop < final and (values[stop] > 0) == (values[turn] > 0):
                    stop += 1
                into = table[row]
                into[0] = into[1] = stop - turn
                into[4] = into[6] = begins
                into[5] = into[7] = begins and first
                into[8] = values[turn] > 0
                into[9] = stop == beyond and last
                into[10] = words[tile + stretch] if stop == beyond and end else 0
                into[11] = into[12] = turn - origin
                turn = stop
                row += 1
            counts[number] = row - before
    return table[:row].copy(), counts


@kernel
def marked(total: int, a: Integers, b: Integers) -> Integers:
    """Rows (count, in a, in b) of items 0 .. total - 1 of which those in `a` or `b`, both ascending, are runs by themselves."""
    table = np.zeros((2 * (len(a) + len(b)) + 1, 3), dtype=np.int64)
    row = at = i = j = 0
    while at < total:
        place = min(a[i] if i < len(a) else total, b[j] if j < len(b) else total)
        if place > at:
            table[row, 0] = place - at
            row += 1
        at = place
        if place < total:
            in_a, in_b = i < len(a) and a[i] == place, j < len(b) and b[j] == place
            table[row, 0], table[row, 1], table[row, 2] = 1, in_a, in_b
            i, j, at, row = i + in_a, j + in_b, place + 1, row + 1
    return table[:row].copy()


@kernel
def drains(begin: Integers, issues: Integers, bits: Integers, rows: Integers, out: Integers) -> Integers:
    """Runs of sums that leave, of stretches of so many bits and rows, outputs or not: visits that follow one another in which
    something was written, or nothing.
    """
    table = np.ones((len(issues), 13), dtype=np.int64)
    row = 0
    for stretch in range(len(begin) - 1):
        v = begin[stretch]
        while v < begin[stretch + 1]:
            stop, written = v + 1, issues[v] > 0
            while stop < begin[stretch + 1] and (issues[stop] > 0) == written:
                stop += 1
            into = table[row]
            into[0] = stop - v
            into[2] = into[3] = bits[stretch]
            into[5] = into[7] = written
            into[8] = into[11] = rows[stretch]
            into[9], into[10], into[12] = 1 - out[stretch], out[stretch], out[stretch] * rows[stretch]
            v = stop
            row += 1
    return table[:row].copy()
