"""Runs of a chunk as rows of a run table: only the fields that matter in time, equal neighbours merged, blocks that are alike told
once, and all fields summed.

Of a run of `count` items the sum of a field is count x value, or for a vector V of period P, with n, r = divmod(count, P)::

    n (V[0] + .. + V[P - 1]) + V[0] + .. + V[r - 1]
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.jit import kernel, spliced
from simulator.plan.runs import COUNT, DEMAND, PERIOD

Ints = NDArray[np.int64]
Flags = NDArray[np.uint8]
Vector = NDArray[np.int32]


@spliced
def total(runs: Ints, varies: Flags, prefix: Ints, run: int, column: int) -> int:
    """Sum of a field over the items of a run."""
    value, count = runs[run, column], runs[run, COUNT]
    if not varies[run, column]:
        cells: int = value * count
        return cells
    period = runs[run, PERIOD]
    if count == period:
        all_of_it: int = prefix[value + count] - prefix[value]
        return all_of_it
    times, rest = count // period, count % period
    once = prefix[value + period] - prefix[value]
    whole: int = times * once + prefix[value + rest] - prefix[value]
    return whole


@spliced
def stream_of(table: Ints, row: int, ins: int, outs: int) -> None:
    """Mark a row that moves tokens of one input at most and one token of one output at most."""
    first = at.ROW_FIELDS
    flags = first + 1 + 2 * ins + outs
    source, target, single = -1, -1, 1
    for place in range(ins):
        take, give = first + 1 + place, first + 1 + ins + place
        if (
            table[row, take]
            | table[row, give]
            | table[row, take - first + flags]
            | table[row, give - first + flags]
        ):
            single = single if source < 0 else 0
            source = place
    for place in range(outs):
        put = first + 1 + 2 * ins + place
        if table[row, put] != 0 or table[row, put - first + flags] != 0:
            plain = target < 0 and table[row, put] == 1 and table[row, put - first + flags] == 0
            single = single if plain else 0
            target = place
    table[row, at.ROW_STREAM], table[row, at.ROW_IN], table[row, at.ROW_OUT] = single, source, target


@spliced
def same(table: Ints, a: int, b: int) -> bool:
    """Whether two rows differ in their counts at most, and are constant."""
    if table[a, at.ROW_VARIED] or table[b, at.ROW_VARIED]:
        return False
    other = 0
    for cell in range(at.ROW_FIELDS, table.shape[1]):
        other |= table[a, cell] ^ table[b, cell]
    return other == 0


@kernel
def tabulate(
    runs: Ints,
    varies: Flags,
    vectors: Vector,
    columns: Ints,
    form: tuple[int, int, int, bool],
    sizes: Ints,
    table: Ints,
    starts: Ints,
    sums: Ints,
) -> int:
    """Fill `table`, `starts` and `sums`; returns the rows used.

    Parameters
    ----------
    runs, varies, vectors : ndarray of int64, uint8 and int32, shape (R, F), (R, F) and (V,)
        As in a chunk.
    columns : ndarray of int64, shape (C,)
        Fields that go into the table.
    form : (int, int, int, bool)
        Inputs and outputs among them, what is added to places in the vectors, whether runs may be streams.
    sizes : ndarray of int64, shape (B,)
        Runs of each block.
    table : ndarray of int64, shape (R, ROW_FIELDS + 2 C)
    starts : ndarray of int64, shape (B + 1,)
        First row of each block, and the rows used.
    sums : ndarray of int64, shape (B, F)
        Of each block; the first is its number of items.
    """
    row, fields, width, run = 0, len(columns), runs.shape[1], -1
    prefix = np.empty(len(vectors) + 1, dtype=np.int64)
    prefix[0] = 0
    for place in range(len(vectors)):
        prefix[place + 1] = prefix[place] + vectors[place]
    for block in range(len(sizes)):
        first, own = row, sums[block]
        starts[block], own[:] = row, 0
        for _ in range(sizes[block]):
            run += 1
            count, varied = runs[run, COUNT], 0
            if count == 0:
                continue
            line, flags, here = runs[run], varies[run], table[row]
            for column in range(DEMAND, width):
                varied |= flags[column]
            own[COUNT] += count
            if varied:
                for column in range(DEMAND, width):
                    own[column] += total(runs, varies, prefix, run, column)
            else:
                for column in range(DEMAND, width):
                    own[column] += line[column] * count
            varied = 0
            for field in range(fields):
                column = columns[field]
                varied |= flags[column]
                here[at.ROW_FIELDS + field] = line[column] + (form[2] if flags[column] else 0)
                here[at.ROW_FIELDS + fields + field] = flags[column]
            here[at.ROW_LAST], here[at.ROW_COUNT], here[at.ROW_VARIED] = 0, count, varied
            here[at.ROW_PERIOD] = line[PERIOD] if varied else 1
            if row > first and same(table, row - 1, row):
                table[row - 1, at.ROW_COUNT] += count
                continue
            stream_of(table, row, form[0], form[1])
            here[at.ROW_STREAM] &= form[3]
            row += 1
        if row > first:
            table[row - 1, at.ROW_LAST] = 1
    starts[len(sizes)] = row
    return row


@spliced
def hashed(table: Ints, vectors: Vector, first: int, beyond: int, fields: int) -> int:
    """A number that blocks of equal rows have in common."""
    value = beyond - first
    for row in range(first, beyond):
        for word in range(at.ROW_LAST, at.ROW_FIELDS):
            value = value * 31 + table[row, word]
        for field in range(at.ROW_FIELDS, at.ROW_FIELDS + fields):
            if table[row, field + fields]:
                begin = table[row, field]
                for place in range(begin, begin + table[row, at.ROW_PERIOD]):
                    value = value * 31 + vectors[place]
            else:
                value = value * 31 + table[row, field]
    return value ^ value >> 29


@spliced
def alike(table: Ints, vectors: Vector, a: int, b: int, rows: int, fields: int) -> bool:
    """Whether so many rows from `a` on mean the same as those from `b` on."""
    for row in range(rows):
        one, two, other = table[a + row], table[b + row], 0
        for word in range(at.ROW_LAST, at.ROW_FIELDS):
            other |= one[word] ^ two[word]
        for field in range(at.ROW_FIELDS, at.ROW_FIELDS + fields):
            other |= one[field + fields] ^ two[field + fields]
            if other == 0 and one[field + fields]:
                for place in range(one[at.ROW_PERIOD]):
                    other |= vectors[one[field] + place] ^ vectors[two[field] + place]
            else:
                other |= one[field] ^ two[field]
        if other:
            return False
    return True


@kernel
def fold(table: Ints, vectors: Vector, starts: Ints, slots: Ints, fields: int) -> None:
    """Let blocks that mean the same begin with the same row.

    Parameters
    ----------
    table : ndarray of int64, shape (R, ROW_FIELDS + 2 C)
    vectors : ndarray of int32
        What its varying fields are places in.
    starts : ndarray of int64, shape (B + 1,)
        First row of each block; changed.
    slots : ndarray of int64, shape (S,)
        -1 throughout, S a power of two above B.
    fields : int
        C.
    """
    beyond, last = starts[0], len(starts) - 1
    for block in range(last):
        first, beyond = beyond, starts[block + 1]
        slot = hashed(table, vectors, first, beyond, fields) & (len(slots) - 1)
        while slots[slot] >= 0:
            other = slots[slot] >> 32
            rows = slots[slot] & 0xFFFFFFFF
            if rows == beyond - first and alike(table, vectors, first, other, rows, fields):
                break
            slot = (slot + 1) & (len(slots) - 1)
        if slots[slot] < 0:
            slots[slot] = first << 32 | (beyond - first)
        starts[block] = slots[slot] >> 32


@kernel
def read(
    runs: Ints,
    varies: Flags,
    vectors: Vector,
    columns: Ints,
    form: tuple[int, int, int, bool],
    sizes: Ints,
    table: Ints,
    order: Ints,
    values: Vector,
    begin: int,
    located: Ints,
    totals: Ints,
) -> int:
    """Tabulate a chunk and fold its blocks; returns how many visits have items.

    Parameters
    ----------
    runs, varies, vectors, columns, form, sizes, table
        As in :func:`tabulate`.
    order : ndarray of int64, shape (V,)
        The block of every visit.
    values : ndarray of int32
        What the varying fields of `table` are places in.
    begin : int
        Where the table begins.
    located : ndarray of int64, shape (V,)
        Filled with where the row is that every visit with items begins with.
    totals : ndarray of int64, shape (F,)
        Filled with the sums of all fields over all visits; the first is the number of items.
    """
    blocks, stride = len(sizes), table.shape[1]
    starts, sums = np.empty(blocks + 1, dtype=np.int64), np.empty((blocks, len(totals)), dtype=np.int64)
    tabulate(runs, varies, vectors, columns, form, sizes, table, starts, sums)
    some = np.empty(blocks, dtype=np.uint8)
    for block in range(blocks):
        some[block] = starts[block + 1] > starts[block]
    if blocks > 1 and len(order) > 1:
        slots = 1
        while slots <= 2 * blocks:
            slots *= 2
        fold(table, values, starts, np.full(slots, -1, dtype=np.int64), len(columns))
    times, count = np.zeros(blocks, dtype=np.int64), 0
    for visit in range(len(order)):
        block = order[visit]
        times[block] += 1
        if some[block]:
            located[count] = begin + starts[block] * stride
            count += 1
    totals[:] = 0
    for block in range(blocks):
        for column in range(len(totals)):
            totals[column] += times[block] * sums[block, column]
    return count
