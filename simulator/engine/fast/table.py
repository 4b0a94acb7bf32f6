"""Runs of a chunk as rows of a run table: only the fields that matter in time, equal neighbours merged, blocks that are alike told
once, and all fields summed.

Of a run of `count` items the sum of a field is count x value, or for a vector V of period P, with n, r = divmod(count, P)::

    n (V[0] + .. + V[P - 1]) + V[0] + .. + V[r - 1]

A row is named by where it lies in the memory `m`. Work space is one array `s`: prefix sums of the vectors; where the first row of
every block lies, and where the rows end; how often each block is visited; whether it has items; the sums of its fields; slots.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.jit import apart, inlined, pointer, spliced, stepping
from simulator.plan.runs import COUNT, DEMAND, PERIOD

Ints = NDArray[np.int64]
Flags = NDArray[np.uint8]
Vector = NDArray[np.int32]
FREE = -1
"""A slot that no block is in."""
# What a chunk is read with
BEGIN, LOCATED, BLOCKS, VISITS, WIDTH, FIELDS, INS, OUTS, SHIFT, STREAMS, VALUES, SLOTS = range(12)
STARTS, TIMES, SOME, SUMS, SLOT0 = range(12, 17)


@inlined
def total(runs: Ints, varies: Flags, s: Ints, line: int, column: int) -> int:
    """Sum of a field over the items of a run."""
    value, count = runs[line + column], runs[line + COUNT]
    cells: int = value * count
    if varies[line + column]:
        period = runs[line + PERIOD]
        if count == period:
            cells = s[value + count] - s[value]
        else:
            once, rest = s[value + period] - s[value], s[value + count % period] - s[value]
            cells = count // period * once + rest
    return cells


@spliced
def stream_of(m: Ints, row: int, ins: int, outs: int) -> None:
    """Mark a row that puts one token into one output at most; it is a stream if it moves tokens of one input at most."""
    first = row + at.ROW_FIELDS
    flags = 1 + 2 * ins + outs
    source, target, single, plain = -1, -1, 1, 1
    for place in range(ins):
        take, give = first + 1 + place, first + 1 + ins + place
        if m[take] | m[give] | m[take + flags] | m[give + flags]:
            single = single if source < 0 else 0
            source = place
    for place in range(outs):
        put = first + 1 + 2 * ins + place
        if m[put] | m[put + flags]:
            plain = plain if target < 0 and m[put] == 1 and m[put + flags] == 0 else 0
            target = place
    kind = at.NEITHER
    if plain and single:
        kind = at.STREAMING
    elif plain and target >= 0:
        kind = at.JOINING
    m[row + at.ROW_STREAM], m[row + at.ROW_IN], m[row + at.ROW_OUT] = kind, source, target


@spliced
def same(m: Ints, a: int, b: int, stride: int) -> bool:
    """Whether two rows differ in their counts at most, and are constant."""
    other = m[a + at.ROW_VARIED] | m[b + at.ROW_VARIED]
    for word in range(at.ROW_FIELDS, stride):
        other |= m[a + word] ^ m[b + word]
    equal: bool = other == 0
    return equal


@spliced
def sum_up(runs: Ints, varies: Flags, s: Ints, line: int, own: int, width: int) -> None:
    """Add the items of a run to the sums of its block."""
    count, varied = runs[line + COUNT], 0
    s[own + COUNT] += count
    for column in range(DEMAND, width):
        varied |= varies[line + column]
    for column in range(DEMAND, width):
        s[own + column] += total(runs, varies, s, line, column) if varied else runs[line + column] * count


@spliced
def fill(m: Ints, runs: Ints, varies: Flags, columns: Ints, form: Ints, line: int, row: int) -> None:
    """Fill a row with a run."""
    fields, varied = form[FIELDS], 0
    for field in range(fields):
        column = columns[field]
        flag = varies[line + column]
        varied |= flag
        m[row + at.ROW_FIELDS + field] = runs[line + column] + (form[SHIFT] if flag else 0)
        m[row + at.ROW_FIELDS + fields + field] = flag
    m[row + at.ROW_LAST], m[row + at.ROW_COUNT], m[row + at.ROW_VARIED] = 0, runs[line + COUNT], varied
    m[row + at.ROW_PERIOD] = runs[line + PERIOD] if varied else 1


@apart
def tabulate(m: Ints, runs: Ints, varies: Flags, columns: Ints, sizes: Ints, s: Ints, form: Ints) -> None:
    """Fill the table, where blocks begin in it, and their sums."""
    width, stride = form[WIDTH], at.ROW_FIELDS + 2 * form[FIELDS]
    row, line, own = form[BEGIN], 0, form[SUMS]
    for block in range(form[BLOCKS]):
        first = row
        for column in range(width):
            s[own + column] = 0
        for _ in range(sizes[block]):
            if runs[line + COUNT] > 0:
                sum_up(runs, varies, s, line, own, width)
                fill(m, runs, varies, columns, form, line, row)
                if row > first and same(m, row - stride, row, stride):
                    m[row - stride + at.ROW_COUNT] += runs[line + COUNT]
                else:
                    stream_of(m, row, form[INS], form[OUTS])
                    m[row + at.ROW_STREAM] *= form[STREAMS]
                    row += stride
            line += width
        if row > first:
            m[row - stride + at.ROW_LAST] = 1
        s[form[STARTS] + block], s[form[SOME] + block] = first, row > first
        own += width
    s[form[STARTS] + form[BLOCKS]] = row


@spliced
def hashed(m: Ints, v: Vector, first: int, beyond: int, fields: int) -> int:
    """A number that blocks of equal rows have in common."""
    stride = at.ROW_FIELDS + 2 * fields
    value, row = beyond - first, first
    while row < beyond:
        for word in range(row + at.ROW_LAST, row + at.ROW_FIELDS):
            value = value * 31 + m[word]
        for field in range(row + at.ROW_FIELDS, row + at.ROW_FIELDS + fields):
            if m[field + fields]:
                for place in range(m[field], m[field] + m[row + at.ROW_PERIOD]):
                    value = value * 31 + v[place]
            else:
                value = value * 31 + m[field]
        row += stride
    return value ^ value >> 29


@spliced
def alike(m: Ints, v: Vector, a: int, b: int, size: int, fields: int) -> bool:
    """Whether rows of so many words from `a` on mean the same as those from `b` on."""
    row, other = 0, 0
    while row < size and other == 0:
        one, two = a + row, b + row
        for word in range(at.ROW_LAST, at.ROW_FIELDS):
            other |= m[one + word] ^ m[two + word]
        for field in range(at.ROW_FIELDS, at.ROW_FIELDS + fields):
            other |= m[one + field + fields] ^ m[two + field + fields]
            if other == 0 and m[one + field + fields]:
                for place in range(m[one + at.ROW_PERIOD]):
                    other |= v[m[one + field] + place] ^ v[m[two + field] + place]
            else:
                other |= m[one + field] ^ m[two + field]
        row += at.ROW_FIELDS + 2 * fields
    return other == 0


@apart
def fold(m: Ints, v: Vector, s: Ints, form: Ints) -> None:
    """Let blocks that mean the same begin with the same row."""
    slots, starts, fields = form[SLOT0], form[STARTS], form[FIELDS]
    for slot in range(form[SLOTS]):
        s[slots + slot] = FREE
    beyond = s[starts]
    for block in range(form[BLOCKS]):
        first, beyond = beyond, s[starts + block + 1]
        slot = hashed(m, v, first, beyond, fields) & (form[SLOTS] - 1)
        found = FREE
        while found < 0 and s[slots + slot] >= 0:
            other = s[slots + slot] >> 32
            size = s[slots + slot] & 0xFFFFFFFF
            if size == beyond - first and alike(m, v, first, other, size, fields):
                found = other
            slot = (slot + 1) & (form[SLOTS] - 1)
        if found < 0:
            found = first
            s[slots + slot] = first << 32 | (beyond - first)
        s[starts + block] = found


@apart
def read_chunk(
    m: Ints,
    v: Vector,
    runs: Ints,
    varies: Flags,
    vectors: Vector,
    columns: Ints,
    sizes: Ints,
    order: Ints,
    s: Ints,
    totals: Ints,
    form: Ints,
) -> int:
    """See :func:`read`."""
    s[0] = 0
    for place in range(form[VALUES]):
        s[place + 1] = s[place] + vectors[place]
    tabulate(m, runs, varies, columns, sizes, s, form)
    if form[SLOTS] > 0:
        fold(m, v, s, form)
    for block in range(form[BLOCKS]):
        s[form[TIMES] + block] = 0
    located, starts = form[LOCATED], form[STARTS]
    for visit in range(form[VISITS]):
        block = order[visit]
        s[form[TIMES] + block] += 1
        m[located] = s[starts + block]
        located += s[form[SOME] + block]
    for column in range(form[WIDTH]):
        totals[column] = 0
    for block in range(form[BLOCKS]):
        own = form[SUMS] + block * form[WIDTH]
        for column in range(form[WIDTH]):
            totals[column] += s[form[TIMES] + block] * s[own + column]
    count: int = located - form[LOCATED]
    return count


@stepping
def read(
    words: Ints,
    values: Vector,
    runs: Ints,
    varies: Flags,
    vectors: Vector,
    columns: Ints,
    sizes: Ints,
    order: Ints,
    space: Ints,
    totals: Ints,
    form: Ints,
) -> int:
    """Fill a run table with a chunk, say where visits begin, and sum all fields; returns how many visits have items.

    Parameters
    ----------
    words, values : ndarray of int64 and int32
        Where the table goes, and what its varying fields are places in. Behind the visits with items there is one word to spare.
    runs, varies, vectors : ndarray of int64, uint8 and int32, one axis each
        As in a chunk, row after row.
    columns : ndarray of int64
        Fields that go into the table.
    sizes, order : ndarray of int64
        Runs of each block, the block of every visit.
    space : ndarray of int64
        Work space, as `form` divides it.
    totals : ndarray of int64
        Sums of all fields over all visits; the first is the number of items.
    form : ndarray of int64, shape (17,)
        From :func:`form_of`.
    """
    return read_chunk(
        pointer(words),
        pointer(values),
        pointer(runs),
        pointer(varies),
        pointer(vectors),
        pointer(columns),
        pointer(sizes),
        pointer(order),
        pointer(space),
        pointer(totals),
        pointer(form),
    )


def form_of(
    begin: int, located: int, shift: int, streams: bool, ports: tuple[int, int], sizes: dict[str, int]
) -> tuple[Ints, int]:
    """How a chunk is read, and how much work space that takes.

    Parameters
    ----------
    begin, located : int
        Where the table begins in the memory, and the list of rows that visits begin with.
    shift : int
        What is added to places in the vectors.
    streams : bool
        Whether runs may be streams.
    ports : (int, int)
        Inputs and outputs among the fields.
    sizes : dict of str to int
        How many `blocks`, `visits`, `values` of vectors, `fields` in the table and `width`, fields of a run.
    """
    blocks, visits, values = sizes["blocks"], sizes["visits"], sizes["values"]
    slots = 2 << blocks.bit_length() if blocks > 1 and visits > 1 else 0
    starts = values + 1
    times = starts + blocks + 1
    some, sums = times + blocks, times + 2 * blocks
    slot0 = sums + blocks * sizes["width"]
    given = [
        begin,
        located,
        blocks,
        visits,
        sizes["width"],
        sizes["fields"],
        *ports,
        shift,
        streams,
        values,
        slots,
    ]
    return np.array([*given, starts, times, some, sums, slot0], dtype=np.int64), slot0 + slots
