"""Grants to one program of a shared port, one after the other, as long as no other can be granted.

Then the program is as good as alone, but for two things: it needs its slots when it starts, and what the others wait for meanwhile
is told. Until which cycle it has the port for itself says :mod:`simulator.engine.fast.ahead`; it does not matter what else is
worked out first. So when there is no room for its next token, and at last, a chain (:mod:`simulator.engine.fast.lane`) whose head
waits for these tokens goes on: what it gives back are the slots for more.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.engine.fast.account import served
from simulator.engine.fast.lane import chained, count, gather, pour, space
from simulator.engine.fast.moves import following
from simulator.engine.fast.queue import announce, tally
from simulator.engine.fast.settle import settle
from simulator.engine.fast.stream import supply, take
from simulator.jit import apart, inlined, spliced

Ints = NDArray[np.int64]
Vector = NDArray[np.int32]


@inlined
def room_from(m: Ints, target: int) -> int:
    """Cycle from which there is room for the next token of a channel, NEVER while that is not known."""
    if target < 0 or m[target + at.CAPACITY] < 0:
        return 0 if space(m, target) > 0 else at.NEVER
    slot = m[target + at.PUT] - m[target + at.CAPACITY]
    if slot < 0:
        return 0
    cycle: int = at.NEVER
    if slot < m[target + at.RELEASED]:
        cycle = m[m[target + at.CREDITS] + (slot & m[target + at.CREDITS_MASK])]
    return cycle


@inlined
def listener(m: Ints, program: int) -> int:
    """The program with a port of its own that waits for what a stream puts, if it may head a chain; 0: there is none."""
    target, found = m[program + at.TARGET], 0
    if target >= 0 and m[target + at.TOKEN_WAIT] < at.NEVER:
        consumer = m[target + at.CONSUMER]
        if m[consumer + at.ALONE] and m[consumer + at.LEFT] > 0 and chained(m, consumer):
            found = consumer
    return found


@apart
def tell(m: Ints, bins: Ints, component: int, free: int, start: int) -> None:
    """Tell what a port that is free from `free` on and its programs did before its next item starts in `start`."""
    m[component + at.FINISHED] = free - 1
    settle(m, bins, component, start)
    m[component + at.GRANTED] = start


@spliced
def granted(m: Ints, bins: Ints, component: int, program: int, free: int, start: int, ready: int) -> int:
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
    depart: int = last
    return depart


@apart
def burst(m: Ints, v: Vector, bins: Ints, component: int, program: int, cycle: int, until: int) -> None:
    """Grant a port to a program in `cycle`, and again and again before `until`: until then no other can be granted."""
    target, varied = m[program + at.TARGET], m[program + at.VARIED]
    consumer, stages, items, passed = listener(m, program), 0, 0, 0
    if consumer:
        stages, items = gather(m, consumer)
    left, free, start = m[program + at.LEFT], cycle, cycle
    m[component + at.GRANTED] = cycle
    while left > 0:
        room = room_from(m, target)
        if room == at.NEVER and passed < items:
            passed = pour(m, v, bins, consumer, stages, items, passed)
            room = room_from(m, target)
        ready = max(supply(m, program), room)
        if max(ready, free) >= until:
            break
        start = max(ready, free)
        depart = granted(m, bins, component, program, free, start, ready)
        free = depart + 1
        take(m, program, depart)
        if target >= 0:
            token = m[target + at.PUT] & m[target + at.TOKENS_MASK]
            m[m[target + at.TOKENS] + token] = depart + m[target + at.LATENCY]
            m[target + at.PUT] += 1
        left -= 1
        if varied and left > 0:
            following(m, v, program)
    if passed < items:
        passed = pour(m, v, bins, consumer, stages, items, passed)
    if start > m[component + at.GRANTED]:
        tell(m, bins, component, start, start)
    m[component + at.FINISHED] = free - 1
    if m[program + at.SPAN] > 0:
        m[component + at.PORT_FREE] = m[program + at.TICKS] * m[component + at.FINISHED] + 1
    m[program + at.ITEMS] += m[program + at.LEFT] - left
    m[program + at.LEFT] = left
    if passed > 0:
        count(m, stages, passed)
    if target >= 0:
        announce(m, target)
