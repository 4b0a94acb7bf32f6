"""The interval log while it is written: tapes, and bins that fold behind them.

A component's cycles are added interval by interval to 4,096 bins of 2**shift cycles; when an interval ends behind the last bin,
neighbours are merged and the shift grows by one, which gives the canonical log of :mod:`simulator.record.intervals`.

The intervals of a component follow one another without a gap. So a tape of (state, cycles) says all, and a leap over k periods
is one entry more, a loop: what was written since the period began comes k times again. Loops may be in loops. A tape is unrolled
into the bins when it is full and at the end: first the cycles per state of a turn of every loop are worked out, in order, from the
sums before its first and its last entry; then the entries are added one by one, but turns of a loop that begin and end in one bin
at once, as many as there are, and so are blocks of entries that begin and end in one bin.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.jit import apart, inlined, kernel, spliced
from simulator.record.intervals import BINS
from simulator.record.states import STATES

Ints = NDArray[np.int64]
ALL = len(STATES)
"""Place of the sum over all states."""
WIDTH = ALL + 1


@apart
def fold(m: Ints, bins: Ints, component: int) -> None:
    """Merge neighbouring bins of a component."""
    half = BINS // 2
    for state in range(len(STATES)):
        if m[component + at.USED] >> state & 1:
            row = (m[component + at.INDEX] * len(STATES) + state) * BINS
            for b in range(half):
                bins[row + b] = bins[row + 2 * b] + bins[row + 2 * b + 1]
            for b in range(row + half, row + BINS):
                bins[b] = 0
    m[component + at.SHIFT] += 1


@apart
def spill(m: Ints, bins: Ints, component: int, state: int, begin: int, end: int) -> None:
    """Add cycles to several bins, after folding them until all fit."""
    while (end - 1) >> m[component + at.SHIFT] >= BINS:
        fold(m, bins, component)
    shift, row = m[component + at.SHIFT], (m[component + at.INDEX] * len(STATES) + state) * BINS
    while begin < end:
        upto = min(end, ((begin >> shift) + 1) << shift)
        bins[row + (begin >> shift)] += upto - begin
        begin = upto


@kernel
def put(m: Ints, bins: Ints, component: int, state: int, begin: int, end: int) -> None:
    """Add cycles [begin, end) in `state` to the bins of a component."""
    m[component + at.USED] |= 1 << state
    shift = m[component + at.SHIFT]
    first, last = begin >> shift, (end - 1) >> shift
    if first == last and last < BINS:
        bins[(m[component + at.INDEX] * len(STATES) + state) * BINS + first] += end - begin
    else:
        spill(m, bins, component, state, begin, end)


@inlined
def add(m: Ints, bins: Ints, component: int, state: int, begin: int, end: int) -> None:
    """Add cycles [begin, end) in `state`, which follow those before, to the log of a component."""
    if end <= begin:
        return
    if m[component + at.TAPED] == m[at.ENTRIES]:
        unroll(m, bins, component)
    taped = m[component + at.TAPED]
    bins[m[component + at.TAPE] + taped] = (end - begin) << 3 | state
    m[component + at.TAPED] = taped + 1


@kernel
def loop(m: Ints, bins: Ints, component: int, first: int, times: int) -> bool:
    """Repeat what was written from entry `first` on; whether the tape must be unrolled now."""
    taped, depth, number = m[component + at.TAPED], 0, m[component + at.LOOPED]
    if taped == first:
        return False
    this = m[component + at.LOOPS] + at.LOOP_WORDS * number
    inner = this - at.LOOP_WORDS
    while inner >= m[component + at.LOOPS] and bins[inner + at.STOP] >= first:
        depth = max(depth, bins[inner + at.DEPTH])
        inner -= at.LOOP_WORDS
    bins[this + at.FIRST_ENTRY], bins[this + at.STOP] = first, taped
    bins[this + at.TIMES], bins[this + at.DEPTH] = times, depth + 1
    bins[m[component + at.TAPE] + taped] = -1 - number
    m[component + at.TAPED], m[component + at.LOOPED] = taped + 1, number + 1
    crowded: bool = number + 1 == at.MOST_LOOPS or taped + 2 > m[at.ENTRIES]
    return crowded or depth + 1 == at.DEEPEST


@inlined
def note(m: Ints, bins: Ints, component: int, entry: int, sums: int) -> None:
    """Add an entry to the cycles per state, and in all, at `sums`."""
    code = bins[m[component + at.TAPE] + entry]
    if code >= 0:
        bins[sums + (code & 7)] += code >> 3
        bins[sums + ALL] += code >> 3
    else:
        this = m[component + at.LOOPS] + at.LOOP_WORDS * (-1 - code)
        for place in range(WIDTH):
            bins[sums + place] += bins[this + at.TIMES] * bins[this + at.TURN + place]


@kernel
def sum_up(m: Ints, bins: Ints, component: int) -> None:
    """Work out the cycles per state of a turn of every loop of a tape, and at SUMS those of the whole tape."""
    running, tape = m[at.SUMS], m[component + at.TAPE]
    scratch = running + WIDTH
    blocks = scratch + WIDTH
    for place in range(WIDTH):
        bins[running + place] = 0
    for entry in range(m[component + at.TAPED]):
        if entry % at.BLOCK_ENTRIES == 0:
            for place in range(WIDTH):
                bins[blocks + WIDTH * (entry // at.BLOCK_ENTRIES) + place] = bins[running + place]
        code = bins[tape + entry]
        if code < 0:
            this = m[component + at.LOOPS] + at.LOOP_WORDS * (-1 - code)
            first = bins[this + at.FIRST_ENTRY]
            block = first // at.BLOCK_ENTRIES
            for place in range(WIDTH):
                bins[scratch + place] = bins[blocks + WIDTH * block + place]
            for before in range(block * at.BLOCK_ENTRIES, first):
                note(m, bins, component, before, scratch)
            for place in range(WIDTH):
                bins[this + at.TURN + place] = bins[running + place] - bins[scratch + place]
        note(m, bins, component, entry, running)


@spliced
def turns(m: Ints, bins: Ints, component: int, frame: int, cycle: int) -> int:
    """Add the turns of a loop that are within the bin of `cycle`; the cycle after them."""
    turn, shift = bins[frame + 2] + at.TURN, m[component + at.SHIFT]
    span = bins[turn + ALL]
    times = min(bins[frame + 3], ((((cycle >> shift) + 1) << shift) - cycle) // span)
    if times > 0:
        row = m[component + at.INDEX] * len(STATES) * BINS + (cycle >> shift)
        for state in range(len(STATES)):
            if bins[turn + state] > 0:
                bins[row + state * BINS] += times * bins[turn + state]
        bins[frame + 3] -= times
    after: int = cycle + times * span
    return after


@inlined
def spanned(m: Ints, bins: Ints, block: int) -> int:
    """Cycles from the beginning of the tape to a block of entries."""
    cycles: int = bins[m[at.SUMS] + 2 * WIDTH + WIDTH * block + ALL]
    return cycles


@spliced
def blocks_within(m: Ints, bins: Ints, first: int, most: int, room: int) -> int:
    """How many blocks of entries from the `first` on, at most `most`, span no more than `room` cycles."""
    begin, count, step = spanned(m, bins, first), 0, 1
    while count + step <= most and spanned(m, bins, first + count + step) - begin <= room:
        count += step
        step *= 2
    while step > 1:
        step //= 2
        if count + step <= most and spanned(m, bins, first + count + step) - begin <= room:
            count += step
    return count


@spliced
def add_blocks(m: Ints, bins: Ints, component: int, first: int, count: int, cycle: int) -> int:
    """Add `count` blocks of entries, which are within the bin of `cycle`; the cycle after them."""
    this = m[at.SUMS] + 2 * WIDTH + WIDTH * first
    beyond = this + WIDTH * count
    row = m[component + at.INDEX] * len(STATES) * BINS + (cycle >> m[component + at.SHIFT])
    for state in range(len(STATES)):
        bins[row + state * BINS] += bins[beyond + state] - bins[this + state]
    after: int = cycle + bins[beyond + ALL] - bins[this + ALL]
    return after


@spliced
def widen(m: Ints, bins: Ints, component: int) -> None:
    """Let the bins of a component reach to the end of what is told of it."""
    while (m[component + at.TOLD] - 1) >> m[component + at.SHIFT] >= BINS:
        if m[component + at.USED] == 0:
            m[component + at.SHIFT] += 1  # nothing is in the bins yet
        else:
            fold(m, bins, component)


@spliced
def straight(m: Ints, bins: Ints, component: int) -> None:
    """Write a tape without loops into the bins of a component."""
    tape, cycle, told = m[component + at.TAPE], m[component + at.TOLD], 0
    for entry in range(tape, tape + m[component + at.TAPED]):
        told += bins[entry] >> 3
    m[component + at.TOLD] = cycle + told
    widen(m, bins, component)
    shift, row = m[component + at.SHIFT], m[component + at.INDEX] * len(STATES) * BINS
    used = m[component + at.USED]
    for entry in range(tape, tape + m[component + at.TAPED]):
        state, span = bins[entry] & 7, bins[entry] >> 3
        used |= 1 << state
        m[component + at.TOTALS + state] += span
        cell, after = row + state * BINS, cycle + span
        while cycle < after:
            upto = min(after, ((cycle >> shift) + 1) << shift)
            bins[cell + (cycle >> shift)] += upto - cycle
            cycle = upto
    m[component + at.USED] = used


@kernel
def unroll(m: Ints, bins: Ints, component: int) -> None:
    """Write the tape of a component into its bins and clear it; what was kept before is of no more use for leaps."""
    if m[component + at.LOOPED] > 0:
        unroll_loops(m, bins, component)
    else:
        straight(m, bins, component)
    m[component + at.TAPED] = m[component + at.LOOPED] = 0
    m[at.EPOCH] += 1


@spliced
def unroll_loops(m: Ints, bins: Ints, component: int) -> None:
    """Write a tape with loops into the bins of a component."""
    sum_up(m, bins, component)
    tape, cycle, frame = m[component + at.TAPE], m[component + at.TOLD], m[at.FRAMES]
    bottom = frame
    m[component + at.TOLD] += bins[m[at.SUMS] + ALL]
    widen(m, bins, component)
    for state in range(len(STATES)):
        if bins[m[at.SUMS] + state] > 0:
            m[component + at.USED] |= 1 << state
            m[component + at.TOTALS + state] += bins[m[at.SUMS] + state]
    bins[frame], bins[frame + 1], bins[frame + 3] = 0, m[component + at.TAPED], 0
    while frame >= bottom:
        entry = bins[frame]
        if entry < bins[frame + 1]:
            if entry % at.BLOCK_ENTRIES == 0:
                block, beyond = entry // at.BLOCK_ENTRIES, min(bins[frame + 1], m[component + at.TAPED] - 1)
                room = (((cycle >> m[component + at.SHIFT]) + 1) << m[component + at.SHIFT]) - cycle
                count = blocks_within(m, bins, block, beyond // at.BLOCK_ENTRIES - block, room)
                if count > 0:
                    cycle = add_blocks(m, bins, component, block, count, cycle)
                    bins[frame] = entry + count * at.BLOCK_ENTRIES
                    continue
            bins[frame] = entry + 1
            code = bins[tape + entry]
            if code >= 0:
                put(m, bins, component, code & 7, cycle, cycle + (code >> 3))
                cycle += code >> 3
            else:
                this = m[component + at.LOOPS] + at.LOOP_WORDS * (-1 - code)
                frame += at.FRAME
                bins[frame], bins[frame + 1] = entry, entry
                bins[frame + 2], bins[frame + 3] = this, bins[this + at.TIMES]
            continue
        if bins[frame + 3] > 0:
            cycle = turns(m, bins, component, frame, cycle)
        if bins[frame + 3] > 0:
            bins[frame + 3] -= 1
            bins[frame] = bins[bins[frame + 2] + at.FIRST_ENTRY]
        else:
            frame -= at.FRAME
