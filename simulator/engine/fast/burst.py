"""Grants to one program of a shared port, one after the other, as long as no other can be granted.

Then the program is as good as alone, but for two things: it needs its slots when it starts, and what the others wait for meanwhile
is told. So it may head a chain of streams (:mod:`simulator.engine.fast.lane`) like any other. Until which cycle it has the port for
itself says :mod:`simulator.engine.fast.ahead`; it does not matter what else is worked out first.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.engine.fast.account import served
from simulator.engine.fast.lane import count, gather, hand_on, space
from simulator.engine.fast.moves import following
from simulator.engine.fast.queue import tally
from simulator.engine.fast.settle import settle
from simulator.engine.fast.stream import refund, supply
from simulator.jit import apart, inlined, spliced

Ints = NDArray[np.int64]
Vector = NDArray[np.int32]


@inlined
def slot_from(m: Ints, target: int, done: int) -> int:
    """Cycle from which the slot for the next token of a channel is visible, after `done` others; it is known to be returned."""
    slot = m[target + at.PUT] + done - m[target + at.CAPACITY]
    if slot < 0 or m[target + at.CAPACITY] < 0:
        return 0
    cycle: int = m[m[target + at.CREDITS] + (slot & m[target + at.CREDITS_MASK])]
    return cycle


@apart
def tell(m: Ints, bins: Ints, component: int, free: int, start: int) -> None:
    """Tell what a port that is free from `free` on and its programs did before its next item starts in `start`."""
    m[component + at.FINISHED] = free - 1
    settle(m, bins, component, start)
    m[component + at.GRANTED] = start


@spliced
def granted(
    m: Ints, bins: Ints, component: int, program: int, free: int, start: int, ready: int
) -> int:
    """Start the next item of a program in `start` that has a port for itself, which is free from `free` on; its departure."""
    if start > free:
        tell(m, bins, component, free, start)
    span, end = m[program + at.SPAN], 0
    last = start + span - 1
    if span == 0:
        ticks = m[program + at.TICKS]
        last, end = served(
            ticks,
            m[program + at.TICKS_SHIFT],
            m[program + at.WORK],
            m[component + at.PORT_FREE],
            start,
            ready,
        )
        m[component + at.PORT_FREE] = max(end, ticks * last + 1)
    tally(m, program, m[program + at.NEXT], start, last, last)
    m[program + at.NEXT] = last + 1
    return last


@apart
def burst(m: Ints, v: Vector, bins: Ints, component: int, program: int, cycle: int, until: int) -> None:
    """Grant a port to a program in `cycle` and again and again, before `until`: until then no other can be granted."""
    stages, items = gather(m, program)
    if items == 0:  # the chain is full
        stages, items = 1, min(m[program + at.LEFT], space(m, m[program + at.TARGET]))
    source, first, varied = m[program + at.SOURCE], m[program + at.TARGET], m[program + at.VARIED]
    done, start, free = 0, cycle, cycle
    m[component + at.GRANTED] = cycle
    while done < items:
        ready = supply(m, program)
        if first >= 0:
            ready = max(ready, slot_from(m, first, done))
        if max(ready, free) >= until:
            break
        start = max(ready, free)
        depart = granted(m, bins, component, program, free, start, ready)
        free = depart + 1
        if m[program + at.TAKE] > 0:
            m[source + at.TAKEN] += m[program + at.TAKE]
        if m[program + at.GIVE] > 0 and m[source + at.CAPACITY] >= 0:
            refund(m, source, m[program + at.GIVE], depart)
        hand_on(m, bins, stages, depart, done)
        done += 1
        if varied and done < m[program + at.LEFT]:
            following(m, v, program)
    if start > m[component + at.GRANTED]:
        tell(m, bins, component, start, start)
    m[component + at.FINISHED] = free - 1
    if m[program + at.SPAN] > 0:
        m[component + at.PORT_FREE] = m[program + at.TICKS] * m[component + at.FINISHED] + 1
    count(m, stages, done)
