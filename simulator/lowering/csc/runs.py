"""Runs of the stages of an element over the visits to a tile, told by compiled loops; fields as in :mod:`.pipeline`.

Tables are those of a chunk: a row per run, int64. Fibers are given by `start` and `coordinate` of
:class:`simulator.datapath.csc.Fibers`, turns by :class:`simulator.datapath.csc.Turns`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.jit import kernel

Integers = NDArray[np.int64]
Small = NDArray[np.int32]


@kernel
def input_reads(fiber: Small) -> Integers:
    """Runs of the reads of stored inputs: the first of a visit, those between, the last."""
    table = np.ones((3 * (len(fiber) - 1), 11), dtype=np.int64)
    row = 0
    for v in range(len(fiber) - 1):
        entries = fiber[v + 1] - fiber[v]
        reads, at = max(1, entries), 0
        while at < reads:
            count = reads - 2 if 0 < at < reads - 1 else 1
            table[row, 0] = count
            table[row, 4] = table[row, 5] = at == 0
            table[row, 7] = table[row, 9] = table[row, 10] = entries > 0
            table[row, 8] = at + count == reads
            at += count
            row += 1
    return table[:row].copy()


@kernel
def named(fiber: Small, coordinate: Small) -> NDArray[np.uint8]:
    """1 for every turn of the inputs that names a column of weights."""
    found = np.zeros(len(coordinate) + len(fiber), dtype=np.uint8)
    turn = 0
    for v in range(len(fiber) - 1):
        for i in range(fiber[v], fiber[v + 1]):
            found[turn] = coordinate[i] >= 0
            turn += 1
        turn += fiber[v] == fiber[v + 1]
    return found[:turn].copy()


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
def weight_reads(start: Small, values: NDArray[np.uint8], fiber: Small, coordinate: Small) -> Integers:
    """Runs of the reads of words; both actions are offsets into what the turns of the tile fetch."""
    table = np.empty((_most(start, values) * (len(coordinate) + len(fiber)), 13), dtype=np.int64)
    row, nothing = 0, len(start) - 2
    for v in range(len(fiber) - 1):
        first, last = fiber[v], max(fiber[v], fiber[v + 1] - 1)
        for i in range(first, last + 1):
            c = coordinate[i] if i < fiber[v + 1] else -1
            c = c if c >= 0 else nothing
            turn, end = start[c], start[c + 1]
            final = end - 1 if i == last else end
            while turn < end:
                stop, begins = turn + 1, turn == start[c]
                while not begins and stop < final and (values[stop] > 0) == (values[turn] > 0):
                    stop += 1
                into = table[row]
                into[0] = into[1] = stop - turn
                into[2] = into[3] = 1
                into[4] = into[6] = begins
                into[5] = into[7] = begins and i == first
                into[8] = values[turn] > 0
                into[9] = stop == end and i == last
                into[10] = 0
                into[11] = into[12] = turn
                turn = stop
                row += 1
    return table[:row].copy()


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
