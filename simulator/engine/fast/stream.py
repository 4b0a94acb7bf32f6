"""Runs of a lone program that move tokens of one input at most and put one token into one output at most.

The same recurrence as in :mod:`simulator.engine.fast.walk`, with everything that does not change within the run kept at hand::

    start[i]  = max(depart[i - 1] + 1, arrival[taken + takes[i] - 1])
    depart[i] = max(finish[i], credit[put + i - capacity])
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.engine.fast.account import served
from simulator.engine.fast.queue import announce, tally, vacate
from simulator.engine.fast.tape import add
from simulator.jit import inlined, kernel, spliced
from simulator.record.states import BLOCKED, BUSY

Ints = NDArray[np.int64]
Vector = NDArray[np.int32]


@inlined
def field(m: Ints, v: Vector, program: int, place: int, phase: int) -> int:
    """Field of the item of a run at `phase`."""
    row = m[program + at.CURRENT] + at.ROW_FIELDS
    value: int = m[row + place]
    if m[row + (m[program + at.STRIDE] - at.ROW_FIELDS) // 2 + place]:
        value = int(v[value + phase])
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
def describe(m: Ints, v: Vector, program: int) -> None:
    """Keep at hand what the current run, a stream or a join, moves, but for what a join takes."""
    row, outs = m[program + at.CURRENT], m[program + at.OUTS]
    place, target = m[row + at.ROW_IN], m[row + at.ROW_OUT]
    m[program + at.SOURCE] = m[m[program + at.INS] + at.INPUT * place + at.CHANNEL] if place >= 0 else -1
    m[program + at.TARGET] = m[outs + at.OUTPUT * target + at.CHANNEL] if target >= 0 else -1
    if m[row + at.ROW_STREAM] == at.JOINING:
        m[program + at.STEADY] = 0
        return
    vary(m, v, program)
    row += at.ROW_FIELDS
    flag = m[row + (m[program + at.STRIDE] - at.ROW_FIELDS) // 2]
    m[program + at.STEADY] = flag == 0 and (m[program + at.SOURCE] >= 0 or m[program + at.VARIED] == 0)
    fixed = m[program + at.ALONE] and not m[program + at.VARIED] and m[program + at.SOURCE] >= 0
    m[program + at.UNIT] = fixed and m[program + at.TAKE] == 1 and m[program + at.GIVE] == 1


@inlined
def vary(m: Ints, v: Vector, program: int) -> None:
    """Keep at hand what may vary from item to item of a stream."""
    pace(m, program, field(m, v, program, 0, m[program + at.PHASE]))
    moves(m, v, program)


@inlined
def pace(m: Ints, program: int, demand: int) -> None:
    """Keep at hand what service an item of so much demand needs: its ticks, and its cycles where they are whole."""
    ticks = m[program + at.TICKS]
    m[program + at.WORK] = m[program + at.TICKS_PER_DEMAND] * demand
    whole = ticks > 0 and ticks == m[program + at.TICKS_PER_DEMAND]
    m[program + at.SPAN] = max(1, demand) if whole else 1 if ticks == 0 else 0


@inlined
def moves(m: Ints, v: Vector, program: int) -> None:
    """Keep at hand how many tokens an item of a stream takes and gives back."""
    phase, place = m[program + at.PHASE], m[m[program + at.CURRENT] + at.ROW_IN]
    inputs = (m[program + at.OUTS] - m[program + at.INS]) // at.INPUT
    m[program + at.TAKE] = field(m, v, program, 1 + place, phase) if place >= 0 else 0
    m[program + at.GIVE] = field(m, v, program, 1 + inputs + place, phase) if place >= 0 else 0


@inlined
def supply(m: Ints, program: int) -> int:
    """Cycle from which what the next item of a stream takes is visible; NEVER, and noted, while it is not put."""
    source, take, cycle = m[program + at.SOURCE], m[program + at.TAKE], 0
    if take > 0:
        last = m[source + at.TAKEN] + take - 1
        if last >= m[source + at.PUT]:
            m[source + at.TOKEN_WAIT] = last
            return at.NEVER
        cycle = m[m[source + at.TOKENS] + (last & m[source + at.TOKENS_MASK])]
    return cycle


@inlined
def refund(m: Ints, channel: int, count: int, depart: int) -> None:
    """Return `count` slots of a bounded channel and wake its producer when that is what it waits for."""
    released, ring, mask = m[channel + at.RELEASED], m[channel + at.CREDITS], m[channel + at.CREDITS_MASK]
    for credit in range(released, released + count):
        m[ring + (credit & mask)] = depart + m[channel + at.CREDIT]
    m[channel + at.RELEASED] = released + count
    vacate(m, channel)


@inlined
def take(m: Ints, program: int, depart: int) -> None:
    """Take the tokens and give back the slots of an item of a stream that departs in cycle `depart`."""
    source = m[program + at.SOURCE]
    if m[program + at.TAKE] > 0:
        m[source + at.TAKEN] += m[program + at.TAKE]
    if m[program + at.GIVE] > 0 and m[source + at.CAPACITY] >= 0:
        refund(m, source, m[program + at.GIVE], depart)


@spliced
def step(m: Ints, v: Vector, bins: Ints, program: int) -> int:
    """Work out the next item of a stream; not MOVED when something it needs is not known."""
    source, target = m[program + at.SOURCE], m[program + at.TARGET]
    ready = supply(m, program)
    if ready == at.NEVER:
        return at.STUCK
    before, ticks = m[program + at.NEXT], m[program + at.TICKS]
    start = max(before, ready)
    if start >= m[at.LIMIT]:
        m[program + at.DEFERRED] = start
        return at.STUCK
    span, end = m[program + at.SPAN], 0
    final = start + span - 1
    if span == 0:
        final, end = served(
            ticks, m[program + at.TICKS_SHIFT], m[program + at.WORK], m[program + at.FREE], start, ready
        )
    depart, put = final, 0
    if target >= 0:
        put = m[target + at.PUT]
        slot = put - m[target + at.CAPACITY]
        if m[target + at.CAPACITY] < 0:
            if put - m[target + at.TAKEN] > m[target + at.TOKENS_MASK]:
                m[at.FULL] = target
                return at.OVERFLOW
        elif slot >= m[target + at.RELEASED]:
            m[target + at.ROOM_WAIT] = slot + 1
            return at.STUCK
        elif slot >= 0:
            depart = max(final, m[m[target + at.CREDITS] + (slot & m[target + at.CREDITS_MASK])])
        m[m[target + at.TOKENS] + (put & m[target + at.TOKENS_MASK])] = depart + m[target + at.LATENCY]
        m[target + at.PUT] = put + 1
        announce(m, target)
    if start > before:
        waited(m, bins, program, m[source + at.REASON], before, start)
    if depart > final:
        held(m, bins, program, final, depart)
    take(m, program, depart)
    m[program + at.FREE], m[program + at.NEXT] = max(end, ticks * depart + 1), depart + 1
    m[program + at.ITEMS] += 1
    tally(m, program, before, start, final, depart)
    return at.MOVED
