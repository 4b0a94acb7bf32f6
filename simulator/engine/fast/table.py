"""Runs of a chunk as rows of a run table: only the fields that matter in time, equal neighbours merged, blocks that are alike told
once, and all fields summed.

Of a run of `count` items the sum of a field is count x value, or for a vector V of period P, with n, r = divmod(count, P)::

    n (V[0] + .. + V[P - 1]) + V[0] + .. + V[r - 1]

A row is named by where it lies in the memory `m`. Several chunks are read by one call, their arrays one behind the other: what
belongs to which is told by a row of numbers for each, its form, at `f`. Work space is one array `s`, used anew for every chunk:
prefix sums of the vectors; where the first row of every block lies, and where the rows end; how often each block is visited;
whether it has items; the sums of its fields; slots.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.engine.fast.brisk import brisk, unlimit
from simulator.engine.fast.forms import (
    BEGIN,
    BLOCKS,
    COLUMN0,
    ENDS,
    FIELDS,
    FORM,
    FOUND,
    INS,
    LOCATED,
    NOBODY,
    ORDER0,
    OUTS,
    PROGRAM,
    RUN0,
    SHIFT,
    SIZE0,
    SLOT0,
    SLOTS,
    SOME,
    STARTS,
    STREAMS,
    SUMS,
    TIMES,
    TOTAL0,
    VALUES,
    VECTOR0,
    VISITS,
    WIDTH,
)
from simulator.engine.fast.queue import push
from simulator.jit import apart, inlined, spliced
from simulator.plan.runs import COUNT, DEMAND, PERIOD

Ints = NDArray[np.int64]
Flags = NDArray[np.uint8]
Vector = NDArray[np.int32]
FREE = -1
"""A slot that no block is in."""


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


@inlined
def constant(vectors: Vector, first: int, period: int) -> bool:
    """Whether the values of a vector are equal."""
    place = 1
    while place < period and vectors[first + place] == vectors[first]:
        place += 1
    return place == period


@spliced
def fill(
    m: Ints,
    runs: Ints,
    varies: Flags,
    vectors: Vector,
    columns: Ints,
    form: Ints,
    f: int,
    line: int,
    row: int,
) -> None:
    """Fill a row with a run."""
    fields, varied, begin, program = form[f + FIELDS], 0, 0, form[f + PROGRAM]
    if program != NOBODY and m[program + at.TICKS] == 0 and m[program + at.PLACE] == 0:
        m[row + at.ROW_FIELDS], m[row + at.ROW_FIELDS + fields], begin = 0, 0, 1  # demand makes no difference
    for field in range(begin, fields):
        column = columns[form[f + COLUMN0] + field]
        flag, value = varies[line + column], runs[line + column]
        if flag:
            flag = not constant(vectors, form[f + VECTOR0] + value, runs[line + PERIOD])
            value = value + form[f + SHIFT] if flag else vectors[form[f + VECTOR0] + value]
        varied |= flag
        m[row + at.ROW_FIELDS + field], m[row + at.ROW_FIELDS + fields + field] = value, flag
    m[row + at.ROW_LAST], m[row + at.ROW_COUNT], m[row + at.ROW_VARIED] = 0, runs[line + COUNT], varied
    m[row + at.ROW_PERIOD] = runs[line + PERIOD] if varied else 1


@apart
def tabulate(
    m: Ints,
    runs: Ints,
    varies: Flags,
    vectors: Vector,
    columns: Ints,
    sizes: Ints,
    s: Ints,
    form: Ints,
    f: int,
) -> None:
    """Fill the table, where blocks begin in it, and their sums."""
    width, stride = form[f + WIDTH], at.ROW_FIELDS + 2 * form[f + FIELDS]
    row, line, own = form[f + BEGIN], form[f + RUN0], form[f + SUMS]
    for block in range(form[f + BLOCKS]):
        first = row
        for column in range(width):
            s[own + column] = 0
        for _ in range(sizes[form[f + SIZE0] + block]):
            if runs[line + COUNT] > 0:
                sum_up(runs, varies, s, line, own, width)
                fill(m, runs, varies, vectors, columns, form, f, line, row)
                if row > first and same(m, row - stride, row, stride):
                    m[row - stride + at.ROW_COUNT] += runs[line + COUNT]
                else:
                    stream_of(m, row, form[f + INS], form[f + OUTS])
                    m[row + at.ROW_STREAM] *= form[f + STREAMS]
                    row += stride
            line += width
        if row > first:
            m[row - stride + at.ROW_LAST] = 1
        s[form[f + STARTS] + block], s[form[f + SOME] + block] = first, row > first
        own += width
    s[form[f + STARTS] + form[f + BLOCKS]] = row


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
def fold(m: Ints, v: Vector, s: Ints, form: Ints, f: int) -> None:
    """Let blocks that mean the same begin with the same row."""
    slots, starts, fields = form[f + SLOT0], form[f + STARTS], form[f + FIELDS]
    for slot in range(form[f + SLOTS]):
        s[slots + slot] = FREE
    beyond = s[starts]
    for block in range(form[f + BLOCKS]):
        first, beyond = beyond, s[starts + block + 1]
        slot = hashed(m, v, first, beyond, fields) & (form[f + SLOTS] - 1)
        found = FREE
        while found < 0 and s[slots + slot] >= 0:
            other = s[slots + slot] >> 32
            size = s[slots + slot] & 0xFFFFFFFF
            if size == beyond - first and alike(m, v, first, other, size, fields):
                found = other
            slot = (slot + 1) & (form[f + SLOTS] - 1)
        if found < 0:
            found = first
            s[slots + slot] = first << 32 | (beyond - first)
        s[starts + block] = found


@spliced
def divide(form: Ints, f: int) -> None:
    """Divide the work space of a chunk."""
    blocks = form[f + BLOCKS]
    form[f + SLOTS] = 0
    if blocks > 1 and form[f + VISITS] > 1:
        form[f + SLOTS] = 4
        while form[f + SLOTS] < 2 * blocks:
            form[f + SLOTS] *= 2
    form[f + STARTS] = form[f + VALUES] + 1
    form[f + TIMES] = form[f + STARTS] + blocks + 1
    form[f + SOME] = form[f + TIMES] + blocks
    form[f + SUMS] = form[f + SOME] + blocks
    form[f + SLOT0] = form[f + SUMS] + blocks * form[f + WIDTH]


@apart
def hand_over(m: Ints, form: Ints, f: int) -> None:
    """Give a program its table, and make it runnable if there is an item in it."""
    program, first, count = form[f + PROGRAM], form[f + LOCATED], form[f + FOUND]
    m[program + at.WANTS], m[program + at.LAST] = 0, form[f + ENDS]
    m[program + at.LOADS] += 1
    m[program + at.KEY_ROW] = m[program + at.ROW] = 0
    m[program + at.VISIT], m[program + at.VISITS_END] = first, first + count
    m[program + at.SINGLE] = m[program + at.SHARED] if count == 1 else 0
    if count > 0:
        push(m, program)


@spliced
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
    f: int,
) -> None:
    """Read one chunk; see :func:`read`."""
    divide(form, f)
    s[0], value, shift = 0, form[f + VECTOR0], form[f + SHIFT]
    for place in range(form[f + VALUES]):
        s[place + 1] = s[place] + vectors[value + place]
    if form[f + PROGRAM] != NOBODY:
        for place in range(form[f + VALUES]):
            v[shift + place] = vectors[value + place]
    tabulate(m, runs, varies, vectors, columns, sizes, s, form, f)
    if form[f + SLOTS] > 0:
        fold(m, v, s, form, f)
    for block in range(form[f + BLOCKS]):
        s[form[f + TIMES] + block] = 0
    located, starts = form[f + LOCATED], form[f + STARTS]
    if form[f + BLOCKS] == 1:
        first, visits = s[starts], form[f + VISITS]
        s[form[f + TIMES]] = visits
        if s[form[f + SOME]]:
            for visit in range(visits):
                m[located + visit] = first
            located += visits
    else:
        for visit in range(form[f + VISITS]):
            block = order[form[f + ORDER0] + visit]
            s[form[f + TIMES] + block] += 1
            m[located] = s[starts + block]
            located += s[form[f + SOME] + block]
    total = form[f + TOTAL0]
    for column in range(form[f + WIDTH]):
        totals[total + column] = 0
    for block in range(form[f + BLOCKS]):
        own = form[f + SUMS] + block * form[f + WIDTH]
        for column in range(form[f + WIDTH]):
            totals[total + column] += s[form[f + TIMES] + block] * s[own + column]
    form[f + FOUND] = located - form[f + LOCATED]
    if form[f + PROGRAM] != NOBODY:
        hand_over(m, form, f)


@apart
def read(
    m: Ints,
    v: Vector,
    runs: Ints,
    varies: Flags,
    vectors: Vector,
    columns: Ints,
    sizes: Ints,
    order: Ints,
    space: Ints,
    totals: Ints,
    forms: Ints,
    count: int,
) -> None:
    """Fill run tables with chunks, say where visits begin, sum all fields, and give programs what is theirs.

    Parameters
    ----------
    m, v : ndarray of int64 and int32
        Where the tables go, and what their varying fields are places in, which gets the vectors of chunks that are for a program.
        Behind the visits with items there is one word to spare.
    runs, varies, vectors : ndarray of int64, uint8 and int32, one axis each
        As in a chunk, row after row, chunk after chunk.
    columns : ndarray of int64
        Fields that go into the tables.
    sizes, order : ndarray of int64
        Runs of each block, the block of every visit; of a chunk of one block it is not looked at.
    space : ndarray of int64
        Work space, :func:`work_space` words for every chunk.
    totals : ndarray of int64
        Sums of all fields over all visits; the first of a chunk is the number of its items.
    forms : ndarray of int64, shape (count x FORM,)
        A form per chunk; FOUND is set to how many visits have items.
    count : int
        Chunks.
    """
    quick = 0
    for chunk in range(count):
        f = chunk * FORM
        if forms[f + PROGRAM] != NOBODY and brisk(m, runs, varies, vectors, sizes, forms, f):
            m[forms[f + PROGRAM] + at.BRISK] = quick = 1
    for component in range(m[at.COMPONENTS] if quick else 0):
        unlimit(m, m[at.COMPONENT0] + at.COMPONENT_WORDS * component)
    for chunk in range(count):
        read_chunk(m, v, runs, varies, vectors, columns, sizes, order, space, totals, forms, chunk * FORM)


def work_space(blocks: int, values: int, width: int) -> int:
    """Words of work space that a chunk takes at most: of so many blocks, values of vectors and fields of a run."""
    return values + 2 + (7 + width) * blocks + 4
