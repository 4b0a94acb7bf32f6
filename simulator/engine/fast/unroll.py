"""Tapes written into the bins of the interval log, which fold behind them.

A component's cycles are added interval by interval to 4,096 bins of 2**shift cycles; when an interval ends behind the last bin,
neighbours are merged and the shift grows by one, which gives the canonical log of :mod:`simulator.record.intervals`.

A tape without loops is added entry by entry. With loops the cycles per state before every fourth entry are summed first, and of a
turn of every loop. Then it is walked from the end of one bin to the end of the next: what lies between is the difference of two
sums, and where an end falls into a loop the walk goes on in a turn of it; turns that begin and end in one bin are added at once, as
many as there are. With bins of w = 2**k cycles and turns of s cycles, every w / gcd(w, s) turns end as far into a bin as they
begin: if there are more, the bins of so many come again.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.engine.fast.turns import add_mapped, mapped
from simulator.jit import apart, inlined, kernel, spliced
from simulator.record.intervals import BINS
from simulator.record.states import STATES

Ints = NDArray[np.int64]
ALL = len(STATES)
"""Place of the sum over all states."""
WIDTH = ALL + 1
ROW = at.BIN_ROW
"""From the bins of one state of a component to those of the next."""


@apart
def fold(m: Ints, bins: Ints, component: int) -> None:
    """Merge neighbouring bins of a component."""
    half = BINS // 2
    for state in range(len(STATES)):
        if m[component + at.USED] >> state & 1:
            row = (m[component + at.INDEX] * len(STATES) + state) * ROW
            for b in range(half):
                bins[row + b] = bins[row + 2 * b] + bins[row + 2 * b + 1]
            for b in range(row + half, row + BINS):
                bins[b] = 0
    m[component + at.SHIFT] += 1


@inlined
def reach(m: Ints, bins: Ints, component: int, cycles: int) -> None:
    """Tell `cycles` cycles more of a component: let its bins reach to their end."""
    m[component + at.TOLD] += cycles
    while (m[component + at.TOLD] - 1) >> m[component + at.SHIFT] >= BINS:
        if m[component + at.USED] == 0:
            m[component + at.SHIFT] += 1  # nothing is in the bins yet
        else:
            fold(m, bins, component)


@kernel
def unroll(m: Ints, bins: Ints, component: int) -> None:
    """Write the tape of a component into its bins and clear it; what was kept before is of no more use for leaps."""
    if m[component + at.LOOPED] > 0:
        around(m, bins, component)
    else:
        straight(m, bins, component)
    m[component + at.TAPED] = m[component + at.LOOPED] = 0
    m[at.EPOCH] += 1


@inlined
def across(bins: Ints, cells: int, cycle: int, after: int, shift: int) -> None:
    """Add cycles to several bins of a state, of which all but the first and the last are in no other."""
    first, last, width = cells + (cycle >> shift), cells + ((after - 1) >> shift), 1 << shift
    bins[first] += width - (cycle & (width - 1))
    for cell in range(first + 1, last):
        bins[cell] = width
    bins[last] += ((after - 1) & (width - 1)) + 1


@apart
def straight(m: Ints, bins: Ints, component: int) -> None:
    """Write a tape without loops into the bins of a component."""
    tape, cycle, told = m[component + at.TAPE], m[component + at.TOLD], 0
    beyond = tape + m[component + at.TAPED]
    for entry in range(tape, beyond):
        told += bins[entry] >> 3
    reach(m, bins, component, told)
    shift, row = m[component + at.SHIFT], m[component + at.INDEX] * len(STATES) * ROW
    used, width = m[component + at.USED], 1 << shift
    for entry in range(tape, beyond):
        state, span = bins[entry] & 7, bins[entry] >> 3
        used |= 1 << state
        m[component + at.TOTALS + state] += span
        cells, room = row + state * ROW, width - (cycle & (width - 1))
        if span > width:
            across(bins, cells, cycle, cycle + span, shift)
        else:  # two bins at most, and without a branch; nothing is added behind the last
            first = cells + (cycle >> shift)
            bins[first] += min(span, room)
            bins[first + 1] += max(0, span - room)
        cycle += span
    m[component + at.USED] = used


@inlined
def add_turns(bins: Ints, to: int, turn: int, times: int) -> None:
    """Add the cycles of some turns to sums."""
    for place in range(WIDTH):
        bins[to + place] += times * bins[turn + place]


@inlined
def carry(bins: Ints, to: int, of: int) -> None:
    """Copy the cycles per state and in all word by word: some were just stored so, and are not to be waited for."""
    for place in range(WIDTH):
        bins[to + place] = bins[of + place]


@inlined
def copy_sums(bins: Ints, to: int, of: int) -> None:
    """Copy the cycles per state and in all at once."""
    a, b, c, d = bins[of], bins[of + 1], bins[of + 2], bins[of + 3]
    e, f, g, h = bins[of + 4], bins[of + 5], bins[of + 6], bins[of + 7]
    bins[to], bins[to + 1], bins[to + 2], bins[to + 3] = a, b, c, d
    bins[to + 4], bins[to + 5], bins[to + 6], bins[to + 7] = e, f, g, h


@spliced
def sum_turn(m: Ints, bins: Ints, tape: int, loops: int, this: int, running: int) -> None:
    """Work out the cycles before a turn of a loop, in it and up to its end, of which those up to its end are at `running`."""
    first, base = bins[this + at.FIRST_ENTRY], this + at.BASE_SUMS
    block = first // at.BLOCK_ENTRIES
    copy_sums(bins, base, m[at.SUMS] + WIDTH * block)
    for entry in range(block * at.BLOCK_ENTRIES, first):
        code = bins[tape + entry]
        if code >= 0:
            bins[base + (code & 7)] += code >> 3
            bins[base + ALL] += code >> 3
        else:
            inner = loops + at.LOOP_WORDS * (-1 - code)
            add_turns(bins, base, inner + at.TURN, bins[inner + at.TIMES])
    carry(bins, this + at.BEYOND_SUMS, running)
    for place in range(WIDTH):
        bins[this + at.TURN + place] = bins[running + place] - bins[base + place]


@spliced
def sum_up(m: Ints, bins: Ints, component: int) -> int:
    """Work out the cycles before every block of entries, in all at last, and those of a turn of every loop; where the last are."""
    tape, loops, sums = m[component + at.TAPE], m[component + at.LOOPS], m[at.SUMS]
    entry, beyond, cycles = tape, tape + m[component + at.TAPED], 0
    for place in range(WIDTH):
        bins[sums + place] = 0
    while entry < beyond:
        carry(bins, sums + WIDTH, sums)
        sums += WIDTH
        end = min(beyond, entry + at.BLOCK_ENTRIES)
        while entry < end:
            code = bins[entry]
            if code >= 0:
                bins[sums + (code & 7)] += code >> 3
                cycles += code >> 3
            else:
                this = loops + at.LOOP_WORDS * (-1 - code)
                bins[sums + ALL] = cycles
                sum_turn(m, bins, tape, loops, this, sums)
                add_turns(bins, sums, this + at.TURN, bins[this + at.TIMES])
                cycles = bins[sums + ALL]
            entry += 1
        bins[sums + ALL] = cycles
    found: int = sums
    return found


@spliced
def last_within(bins: Ints, sums: int, block: int, blocks: int, until: int) -> int:
    """The last block from `block` on, which begins no later than `until`, that does not either."""
    step = 4
    while block + step <= blocks and bins[sums + WIDTH * (block + step) + ALL] <= until:
        block += step
        step *= 2
    while step > 1:
        step //= 2
        if block + step <= blocks and bins[sums + WIDTH * (block + step) + ALL] <= until:
            block += step
    return block


@inlined
def pass_on(bins: Ints, cell: int, states: int, here: int, there: int) -> None:
    """Add the cycles between two places of a tape to a bin, and let `here` be the other."""
    for state in range(ALL):
        if states >> state & 1:
            bins[cell + state * ROW] += bins[there + state] - bins[here + state]
            bins[here + state] = bins[there + state]


@spliced
def unit_of(bins: Ints, frame: int, cell: int, states: int, width: int, times: int) -> int:
    """How many of so many turns of a loop are walked before the rest: all, or those of a unit that ends as far into a bin as it
    begins, if it comes twice at least; then its bins come again, and what was in the first before is noted."""
    span = bins[bins[frame + at.OF_LOOP] + at.TURN + ALL]
    unit: int = max(1, width // (span & -span))
    bins[frame + at.UNITS_LEFT] = 0
    if times < 2 * unit:
        return times
    bins[frame + at.UNITS_LEFT], bins[frame + at.TURNS_AFTER] = times // unit - 1, times % unit
    bins[frame + at.FIRST_CELL] = cell
    for state in range(ALL):
        if states >> state & 1:
            bins[frame + at.CELL_BEFORE + state] = bins[cell + state * ROW]
    return unit


@apart
def add_units(bins: Ints, frame: int, cell: int, states: int) -> int:
    """Add a unit of turns, which ends in `cell`, as often as it is left; where the last ends."""
    first, units = bins[frame + at.FIRST_CELL], bins[frame + at.UNITS_LEFT]
    size = cell - first
    for state in range(ALL):
        if states >> state & 1:
            begin, end = first + state * ROW, cell + state * ROW
            share = bins[begin] - bins[frame + at.CELL_BEFORE + state]  # of the unit in the bin it begins in
            bins[end] += share
            for bin in range(begin + 1, begin + 1 + units * size):
                bins[bin + size] = bins[bin]
            bins[end + units * size] -= share
    bins[frame + at.UNITS_LEFT] = 0
    last: int = cell + units * size
    return last


@spliced
def begin(m: Ints, bins: Ints, component: int) -> tuple[int, int]:
    """Sum a tape up and let the bins reach to its end; where the sums of all of it are, and a bit for every state in it."""
    total, states = sum_up(m, bins, component), 0
    reach(m, bins, component, bins[total + ALL])
    for state in range(ALL):
        if bins[total + state] > 0:
            states |= 1 << state
            m[component + at.TOTALS + state] += bins[total + state]
    m[component + at.USED] |= states
    for place in range(WIDTH):
        bins[m[at.FRAMES] + at.HERE + place] = 0
    return total, states


@spliced
def cross(bins: Ints, cell: int, row: int, room: int, width: int, rest: int) -> tuple[int, int]:
    """Add `rest` cycles of a state, of which `room` are in the bin at `cell`; the bin they end in, and the room behind them."""
    bins[cell + row] += room
    rest -= room
    cell += 1
    while rest > width:
        bins[cell + row] = width
        rest -= width
        cell += 1
    bins[cell + row] += rest
    return cell, width - rest


@spliced
def turn_on(bins: Ints, frame: int, cell: int, states: int, room: int, times: int) -> tuple[int, int, int]:
    """Add turns of a loop, of which `times` are left, as far as they need no walk; the bin, the room in it, and the turns left."""
    turn = bins[frame + at.OF_LOOP] + at.TURN
    span = bins[turn + ALL]
    while True:
        if times > 0 and span <= room:
            some = min(times, room // span)
            for state in range(ALL):
                if states >> state & 1:
                    bins[cell + state * ROW] += some * bins[turn + state]
            room -= some * span
            times -= some
        if times > 0 or bins[frame + at.UNITS_LEFT] == 0:
            break
        cell = add_units(bins, frame, cell, states)
        times = bins[frame + at.TURNS_AFTER]
    return cell, room, times


@spliced
def skip(
    bins: Ints, sums: int, cell: int, states: int, here: int, entry: int, blocks: int, until: int
) -> int:
    """Add the blocks of entries from `entry` on that end no later than `until`; the entry behind them."""
    block = -(-entry // at.BLOCK_ENTRIES)
    if block <= blocks and bins[sums + WIDTH * block + ALL] <= until:
        block = last_within(bins, sums, block, blocks, until)
        pass_on(bins, cell, states, here, sums + WIDTH * block)
        bins[here + ALL] = bins[sums + WIDTH * block + ALL]
        entry = block * at.BLOCK_ENTRIES
    return entry


@spliced
def around(m: Ints, bins: Ints, component: int) -> None:
    """Write a tape with loops into the bins of a component."""
    cycle = m[component + at.TOLD]
    stop, states = begin(m, bins, component)
    tape, loops, sums = m[component + at.TAPE], m[component + at.LOOPS], m[at.SUMS]
    blocks, width = m[component + at.TAPED] // at.BLOCK_ENTRIES, 1 << m[component + at.SHIFT]
    cell = m[component + at.INDEX] * len(STATES) * ROW + (cycle >> m[component + at.SHIFT])
    room = width - (cycle & (width - 1))  # of the bin at `cell`
    bottom = frame = m[at.FRAMES]
    maps = bottom + at.FRAME * (at.DEEPEST + 2)
    bins[maps] = maps + 1
    # Where the walk is in the turn of a frame, and the cycles before; at `stop` are the sums up to the end of that turn
    entry, passed = 0, 0
    while True:
        here = frame + at.HERE
        if bins[stop + ALL] - passed > room:  # the end of the bin is in this turn
            until = passed + room
            bins[here + ALL] = passed
            entry = skip(bins, sums, cell, states, here, entry, blocks, until)
            room = until - bins[here + ALL]
            code = bins[tape + entry]
            while code >= 0 and code >> 3 <= room:
                bins[cell + (code & 7) * ROW] += code >> 3
                bins[here + (code & 7)] += code >> 3
                room -= code >> 3
                entry += 1
                code = bins[tape + entry]
            entry += 1
            if code >= 0:  # it goes on behind the bin
                bins[here + (code & 7)] += code >> 3
                passed = until - room + (code >> 3)
                cell, room = cross(bins, cell, (code & 7) * ROW, room, width, code >> 3)
                continue
            this = loops + at.LOOP_WORDS * (-1 - code)
            bins[here + ALL] = until - room
            add_turns(bins, here, this + at.TURN, bins[this + at.TIMES])
            if mapped(bins, tape, this, states, width, maps):
                cell, room = add_mapped(bins, this, states, cell, room, width)
                passed = bins[here + ALL]
                continue
            bins[frame + at.NEXT_ENTRY], bins[frame + at.UP_TO] = entry, stop
            frame += at.FRAME
            bins[frame + at.OF_LOOP] = this
            times = unit_of(bins, frame, cell, states, width, bins[this + at.TIMES])
        else:
            pass_on(bins, cell, states, here, stop)
            room -= bins[stop + ALL] - passed
            if frame == bottom:
                return
            times = bins[frame + at.TURNS_LEFT]
        cell, room, times = turn_on(bins, frame, cell, states, room, times)
        if times > 0:
            this = bins[frame + at.OF_LOOP]
            bins[frame + at.TURNS_LEFT] = times - 1
            copy_sums(bins, frame + at.HERE, this + at.BASE_SUMS)
            entry, stop = bins[this + at.FIRST_ENTRY], this + at.BEYOND_SUMS
        else:
            frame -= at.FRAME
            entry, stop = bins[frame + at.NEXT_ENTRY], bins[frame + at.UP_TO]
        passed = bins[frame + at.HERE + ALL]
