"""The interval log while it is written: a tape per component.

The intervals of a component follow one another without a gap. So a tape of (state, cycles) says all, and a leap over k periods
is one entry more, a loop: what was written since the period began comes k times again. Loops may be in loops. A tape is unrolled
into the bins when it is full and at the end; see :mod:`simulator.engine.fast.unroll`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.engine.fast.unroll import unroll
from simulator.jit import inlined, kernel

Ints = NDArray[np.int64]


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
    bins[this + at.TIMES], bins[this + at.DEPTH], bins[this + at.MAP] = times, depth + 1, 0
    bins[m[component + at.TAPE] + taped] = -1 - number
    m[component + at.TAPED], m[component + at.LOOPED] = taped + 1, number + 1
    crowded: bool = number + 1 == at.MOST_LOOPS or taped + 2 > m[at.ENTRIES]
    return crowded or depth + 1 == at.DEEPEST
