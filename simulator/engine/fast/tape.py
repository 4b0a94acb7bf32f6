"""The interval log while it is written: bins that fold and, where periods may be leapt over, tapes in front of them.

A component's cycles are added interval by interval to 4,096 bins of 2**shift cycles; when an interval ends behind the last
bin, neighbours are merged and the shift grows by one, which gives the canonical log of :mod:`simulator.record.intervals`.

The intervals of a component follow one another without a gap. So a tape of (state, cycles) says all, and a leap over k periods is one
entry more, a loop: what was written since the period began comes k times again. Loops may be in loops. A tape is unrolled into the
bins when it is full and at the end: with P[e] the cycles per state before entry e, and E[e] their sum::

    P[e + 1] = P[e] + k (P[e] - P[first])        for a loop, else P[e] + cycles in its state

and turns of a loop that begin and end in one bin are added at once, as many as there are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.jit import inlined, kernel
from simulator.record.intervals import BINS
from simulator.record.states import STATES

Ints = NDArray[np.int64]
ALL = len(STATES)
"""Place of the sum over all states."""
WIDTH = ALL + 1


@kernel
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


@kernel
def spill(m: Ints, bins: Ints, component: int, state: int, begin: int, end: int) -> None:
    """Add cycles to several bins, after folding them until all fit."""
    while (end - 1) >> m[component + at.SHIFT] >= BINS:
        fold(m, bins, component)
    shift, row = m[component + at.SHIFT], (m[component + at.INDEX] * len(STATES) + state) * BINS
    while begin < end:
        upto = min(end, ((begin >> shift) + 1) << shift)
        bins[row + (begin >> shift)] += upto - begin
        begin = upto


@inlined
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
    if m[at.LEAPING] == 0:
        put(m, bins, component, state, begin, end)
        return
    if m[component + at.TAPED] == at.MOST_ENTRIES:
        unroll(m, bins, component)
    taped = m[component + at.TAPED]
    entry = m[component + at.TAPE] + at.ENTRY_WORDS * taped
    bins[entry], bins[entry + 1] = state, end - begin
    m[component + at.TAPED] = taped + 1


@kernel
def loop(m: Ints, bins: Ints, component: int, first: int, times: int) -> bool:
    """Repeat what was written from entry `first` on; whether the tape must be unrolled soon."""
    taped, tape, depth = m[component + at.TAPED], m[component + at.TAPE], 0
    if taped == first:
        return False
    inner = m[component + at.LAST_LOOP]
    while inner > first:
        depth = max(depth, bins[tape + at.ENTRY_WORDS * (inner - 1) + 2])
        inner = bins[tape + at.ENTRY_WORDS * (inner - 1) + 3]
    entry = tape + at.ENTRY_WORDS * taped
    bins[entry], bins[entry + 1], bins[entry + 2] = -1 - first, times, depth + 1
    bins[entry + 3] = m[component + at.LAST_LOOP]
    m[component + at.TAPED], m[component + at.LAST_LOOP] = taped + 1, taped + 1
    full: bool = depth + 1 >= at.DEEPEST or taped + 2 > at.MOST_ENTRIES
    return full


@kernel
def sum_up(m: Ints, bins: Ints, component: int) -> None:
    """Cycles per state, and in all, before every entry of a tape."""
    sums, tape = m[at.SUMS], m[component + at.TAPE]
    for place in range(WIDTH):
        bins[sums + place] = 0
    for entry in range(m[component + at.TAPED]):
        code, value = bins[tape + at.ENTRY_WORDS * entry], bins[tape + at.ENTRY_WORDS * entry + 1]
        here = sums + WIDTH * entry
        first = sums + WIDTH * (-1 - code) if code < 0 else here
        for place in range(WIDTH):
            bins[here + WIDTH + place] = bins[here + place] + value * (bins[here + place] - bins[first + place])
        if code >= 0:
            bins[here + WIDTH + code] += value
            bins[here + WIDTH + ALL] += value


@inlined
def turns(m: Ints, bins: Ints, component: int, frame: int, cycle: int) -> int:
    """Add the turns of a loop that are within the bin of `cycle`; the cycle after them."""
    begin, end = m[at.SUMS] + WIDTH * bins[frame + 2], m[at.SUMS] + WIDTH * bins[frame + 1]
    span, shift = bins[end + ALL] - bins[begin + ALL], m[component + at.SHIFT]
    times = min(bins[frame + 3], ((((cycle >> shift) + 1) << shift) - cycle) // span)
    if times > 0:
        row = m[component + at.INDEX] * len(STATES) * BINS + (cycle >> shift)
        for state in range(len(STATES)):
            bins[row + state * BINS] += times * (bins[end + state] - bins[begin + state])
        bins[frame + 3] -= times
    after: int = cycle + times * span
    return after


@kernel
def unroll(m: Ints, bins: Ints, component: int) -> None:
    """Write the tape of a component into its bins and clear it; what was kept before is of no more use for leaps."""
    sum_up(m, bins, component)
    tape, taped, cycle = m[component + at.TAPE], m[component + at.TAPED], m[component + at.TOLD]
    last, frame, deep = m[at.SUMS] + WIDTH * taped, m[at.FRAMES], 0
    for state in range(len(STATES)):
        if bins[last + state] > 0:
            m[component + at.USED] |= 1 << state
    m[component + at.TOLD] += bins[last + ALL]
    while (m[component + at.TOLD] - 1) >> m[component + at.SHIFT] >= BINS:
        fold(m, bins, component)
    bins[frame], bins[frame + 1], bins[frame + 2], bins[frame + 3] = 0, taped, 0, 0
    while deep >= 0:
        entry = bins[frame]
        if entry == bins[frame + 1]:
            if bins[frame + 3] > 0:
                cycle = turns(m, bins, component, frame, cycle)
            if bins[frame + 3] > 0:
                bins[frame + 3] -= 1
                bins[frame] = bins[frame + 2]
            else:
                deep -= 1
                frame -= at.FRAME
            continue
        bins[frame] = entry + 1
        code, value = bins[tape + at.ENTRY_WORDS * entry], bins[tape + at.ENTRY_WORDS * entry + 1]
        if code >= 0:
            put(m, bins, component, code, cycle, cycle + value)
            cycle += value
        else:
            deep += 1
            frame += at.FRAME
            bins[frame], bins[frame + 1], bins[frame + 2], bins[frame + 3] = entry, entry, -1 - code, value
    m[component + at.TAPED] = m[component + at.LAST_LOOP] = 0
    m[at.EPOCH] += 1
