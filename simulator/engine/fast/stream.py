"""Runs of a lone program that move tokens of one input at most and put one token into one output at most.

The same recurrence as in :mod:`simulator.engine.fast.walk`, with everything that does not change within the run kept at hand::

    start[i]  = max(depart[i - 1] + 1, arrival[taken + takes[i] - 1])
    depart[i] = max(finish[i], credit[put + i - capacity])
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.engine.fast.account import add, served
from simulator.engine.fast.queue import announce, tally, vacate
from simulator.jit import inlined, kernel
from simulator.record.states import BLOCKED, BUSY

Ints = NDArray[np.int64]
Vector = NDArray[np.int32]


@inlined
def field(m: Ints, v: Vector, program: int, place: int, phase: int) -> int:
    """Field of the item of a run at `phase`."""
    row = m[program + at.CURRENT] + at.ROW_FIELDS
    value = m[row + place]
    if m[row + (m[program + at.STRIDE] - at.ROW_FIELDS) // 2 + place]:
        return np.int64(v[value + phase])
    return value


@kernel
def waited(m: Ints, bins: Ints, program: int, reason: int, before: int, start: int) -> None:
    """Log that a lone program was idle from `before` to `start`, busy until then."""
    component = m[program + at.OWNER]
    add(m, bins, component, BUSY, m[program + at.SINCE], before)
    add(m, bins, component, reason, before, start)
    m[program + at.SINCE] = start


@kernel
def held(m: Ints, bins: Ints, program: int, last: int, depart: int) -> None:
    """Log that a lone program held its item after `last` until `depart`, busy until then."""
    waited(m, bins, program, BLOCKED, last + 1, depart + 1)


@kernel
def stream(m: Ints, v: Vector, bins: Ints, program: int) -> int:
    """Work out the items of the current run until something it needs is not known (STUCK) or it ends."""
    row, outs, limit = m[program + at.CURRENT], m[program + at.OUTS], m[at.LIMIT]
    inputs = (outs - program - at.BLOCK) // at.INPUT
    source = target = -1
    taken = available = tokens = tokens_mask = released = credits = credits_mask = credit = 0
    if m[row + at.ROW_IN] >= 0:
        source = m[program + at.BLOCK + at.INPUT * m[row + at.ROW_IN] + at.CHANNEL]
        taken, available, released = m[source + at.TAKEN], m[source + at.PUT], m[source + at.RELEASED]
        tokens, tokens_mask = m[source + at.TOKENS], m[source + at.TOKENS_MASK]
        credits, credits_mask, credit = (
            m[source + at.CREDITS],
            m[source + at.CREDITS_MASK],
            m[source + at.CREDIT],
        )
    put = base = returned = ring = ring_mask = room = room_mask = latency = 0
    if m[row + at.ROW_OUT] >= 0:
        target = m[outs + at.OUTPUT * m[row + at.ROW_OUT] + at.CHANNEL]
        put, base, returned = m[target + at.PUT], m[target + at.CAPACITY], m[target + at.RELEASED]
        ring, ring_mask, latency = m[target + at.TOKENS], m[target + at.TOKENS_MASK], m[target + at.LATENCY]
        room, room_mask = m[target + at.CREDITS], m[target + at.CREDITS_MASK]
    ticks, shift, per = m[program + at.TICKS], m[program + at.TICKS_SHIFT], m[program + at.TICKS_PER_DEMAND]
    before, free, last = m[program + at.NEXT], m[program + at.FREE], m[program + at.FINISH]
    left, phase, period = m[program + at.LEFT], m[program + at.PHASE], m[row + at.ROW_PERIOD]
    varied, first = m[row + at.ROW_VARIED], left
    starts = squares = departs = take = give = 0
    work = per * field(m, v, program, 0, phase)
    if source >= 0:
        take = field(m, v, program, 1 + m[row + at.ROW_IN], phase)
        give = field(m, v, program, 1 + inputs + m[row + at.ROW_IN], phase)
    while left > 0:
        ready = 0
        if take > 0:
            if taken + take > available:
                m[source + at.TOKEN_WAIT] = taken + take - 1
                break
            ready = m[tokens + ((taken + take - 1) & tokens_mask)]
        start = max(before, ready)
        if start >= limit:
            m[program + at.DEFERRED] = start
            break
        finish, end = served(ticks, shift, work, free, start, ready)
        depart = finish
        if target >= 0:
            if put - base >= returned:
                m[target + at.ROOM_WAIT] = put - base + 1
                break
            if put >= base:
                depart = max(finish, m[room + ((put - base) & room_mask)])
            m[ring + (put & ring_mask)] = depart + latency
            put += 1
        if start > before:
            waited(m, bins, program, m[source + at.REASON], before, start)
        if depart > finish:
            held(m, bins, program, finish, depart)
        for _ in range(give):
            m[credits + (released & credits_mask)] = depart + credit
            released += 1
        taken += take
        before, free, last = depart + 1, max(end, ticks * depart + 1), finish
        starts += start
        squares += start * start
        departs += depart
        left -= 1
        if varied:
            phase = phase + 1 if phase + 1 < period else 0
            if left > 0:
                work = per * field(m, v, program, 0, phase)
                if source >= 0:
                    take = field(m, v, program, 1 + m[row + at.ROW_IN], phase)
                    give = field(m, v, program, 1 + inputs + m[row + at.ROW_IN], phase)
    if left < first:
        m[program + at.NEXT], m[program + at.FREE], m[program + at.FINISH] = before, free, last
        m[program + at.LEFT], m[program + at.PHASE] = left, phase
        tally(m, program, first - left, starts, squares, departs)
        if source >= 0:
            m[source + at.TAKEN], m[source + at.RELEASED] = taken, released
            vacate(m, source)
        if target >= 0:
            m[target + at.PUT] = put
            announce(m, target)
    return at.HUNGER if left == 0 else at.STUCK
