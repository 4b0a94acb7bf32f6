"""How far a shared port can be granted ahead of what is not yet worked out.

A program on a shared port that lacks something cannot be granted before that can be visible to it. Two bounds say when that is at
the earliest. The one is static: the least number of cycles from a grant whose effects are not worked out to the program
(:mod:`simulator.engine.fast.reach`). The other looks at what must happen first: a producer has so many items to go before it puts
what is lacking, each of which takes a cycle at least, and may itself wait for others. With n of them before the one that puts::

    arrival >= begin of the producer's next item + n + latency

and likewise for slots. What the second bound says of a cycle stays true, so it is kept with the program.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.engine.fast.account import arrival
from simulator.jit import apart, inlined, spliced
from simulator.record.states import BLOCKED

Ints = NDArray[np.int64]
ROWS = 8
"""Runs of a program that are looked at ahead, at most."""
DEPTH = 3
"""Programs that wait for one another that are looked at, one behind the other."""


@apart
def items_before(m: Ints, program: int, field: int, needed: int) -> int:
    """Items at least that a program finishes before the one in which a field of its runs adds up to `needed`."""
    fields = (m[program + at.STRIDE] - at.ROW_FIELDS) // 2
    row, left = m[program + at.CURRENT], m[program + at.LEFT]
    following, visit, items = m[program + at.ROW], m[program + at.VISIT], 0
    for _ in range(ROWS):
        if left > 0:
            each = m[row + at.ROW_FIELDS + field]
            if m[row + at.ROW_FIELDS + fields + field]:
                break  # it varies, so the next item may be the one
            if each > 0:
                turns = (needed + each - 1) // each
                if turns <= left:
                    items += turns - 1
                    break
                needed -= each * left
            items += left
        if items >= at.WINDOW or (following == 0 and visit >= m[program + at.VISITS_END]):
            break
        row = following
        if row == 0:
            row = m[visit]
            visit += 1
        left = m[row + at.ROW_COUNT]
        following = 0 if m[row + at.ROW_LAST] else row + m[program + at.STRIDE]
    return items


@apart
def comes(m: Ints, channel: int, count: int, depth: int) -> int:
    """Cycle from which the next `count` tokens of a channel are visible, at the earliest."""
    last, producer, cycle = m[channel + at.TAKEN] + count - 1, m[channel + at.PRODUCER], at.NEVER
    if last < m[channel + at.PUT]:
        cycle = m[m[channel + at.TOKENS] + (last & m[channel + at.TOKENS_MASK])]
    elif producer > 0:
        items = items_before(m, producer, m[channel + at.PUT_FIELD], last + 1 - m[channel + at.PUT])
        cycle = begins(m, producer, depth) + items + m[channel + at.LATENCY]
    return cycle


@apart
def frees(m: Ints, channel: int, slots: int, depth: int) -> int:
    """Cycle from which the first `slots` slots of a channel, not all returned, are visibly free, at the earliest."""
    consumer, cycle = m[channel + at.CONSUMER], at.NEVER
    if consumer > 0:
        items = items_before(m, consumer, m[channel + at.RELEASE_FIELD], slots - m[channel + at.RELEASED])
        cycle = begins(m, consumer, depth) + items + m[channel + at.CREDIT]
    return cycle


@apart
def begins(m: Ints, program: int, depth: int) -> int:
    """Cycle in which the next item of a program starts, at the earliest."""
    cycle: int = m[program + at.NEXT]
    if m[program + at.SHARED]:
        cycle = max(cycle, m[m[program + at.OWNER] + at.FINISHED] + 1)
        if not m[program + at.AWAKE]:
            known = m[program + at.ELIGIBLE]
            cycle = max(cycle, known if known < at.NEVER else m[program + at.BOUND])
    if depth == 0 or m[program + at.LEFT] <= 0:
        return cycle
    if m[program + at.STREAM]:
        if m[program + at.SOURCE] >= 0 and m[program + at.TAKE] > 0:
            cycle = max(cycle, comes(m, m[program + at.SOURCE], m[program + at.TAKE], depth - 1))
        return cycle
    port = m[program + at.FIRST_IN]
    while port > 0:
        if m[port + at.TAKES] > 0:
            cycle = max(cycle, comes(m, m[port + at.CHANNEL], m[port + at.TAKES], depth - 1))
        port = m[port + at.AFTER]
    return cycle


@apart
def waits_until(m: Ints, program: int) -> int:
    """First cycle in which the state of an ineligible program of a shared port can change by what is not known yet."""
    changes, eligible, port = at.NEVER, m[program + at.NEXT], m[program + at.FIRST_IN]
    while port > 0:
        cycle = arrival(m, port)
        if cycle == at.NEVER:
            cycle = comes(m, m[port + at.CHANNEL], m[port + at.TAKES], DEPTH)
            if m[m[port + at.CHANNEL] + at.REASON] != BLOCKED:
                changes = min(changes, cycle)
        eligible = max(eligible, cycle)
        port = m[port + at.AFTER]
    port = m[program + at.FIRST_OUT]
    while port > 0:
        channel = m[port + at.CHANNEL]
        needed = m[channel + at.PUT] + m[port + at.PUTS] - m[channel + at.CAPACITY]
        if m[port + at.PUTS] > 0 and m[channel + at.CAPACITY] >= 0 and needed > m[channel + at.RELEASED]:
            eligible = max(eligible, frees(m, channel, needed, DEPTH))
        port = m[port + at.AFTER]
    first: int = min(changes, eligible)
    return first


@inlined
def barred_until(m: Ints, program: int, cycle: int) -> int:
    """Cycle before which nothing unknown changes the state of an ineligible program; no more than `cycle` if not known."""
    if m[program + at.BOUND] <= cycle and cycle >= m[program + at.ASK_FROM]:
        m[program + at.BOUND] = waits_until(m, program)
        m[program + at.PATIENCE] = min(at.WINDOW, 2 * m[program + at.PATIENCE] + 1)
        if m[program + at.BOUND] > cycle:
            m[program + at.PATIENCE] = 0
        m[program + at.ASK_FROM] = cycle + m[program + at.PATIENCE]
    bound: int = m[program + at.BOUND]
    return bound


@spliced
def clear_until(m: Ints, component: int, program: int, cycle: int) -> int:
    """Cycle before which nobody but `program` can be granted a port; no more than `cycle` when that is not known."""
    other, until = m[component + at.FIRST], cycle + at.HORIZON
    for _ in range(m[component + at.COUNT]):
        if other != program and not m[other + at.DONE]:
            first = m[other + at.ELIGIBLE]
            if m[other + at.AWAKE]:
                first = cycle
            elif first == at.NEVER:
                first = barred_until(m, other, cycle)
            until = min(until, first)
            if until <= cycle:
                break
        other += m[at.PROGRAM_WORDS]
    return until


@apart
def further(m: Ints, component: int, horizon: int) -> bool:
    """Whether a port can make its next grant, before `horizon`, before anything else is worked out."""
    cycle, program = m[component + at.CANDIDATE], m[component + at.FIRST]
    if m[at.MANY] or m[at.ENTERED_RUN] or m[at.HUNGRY] > 0 or cycle >= horizon:
        return False
    for _ in range(m[component + at.COUNT]):
        unknown = m[program + at.ELIGIBLE] == at.NEVER and not m[program + at.DONE]
        if unknown and (m[program + at.AWAKE] or barred_until(m, program, cycle) <= cycle):
            return False
        program += m[at.PROGRAM_WORDS]
    return True


@inlined
def soonest(m: Ints, neighbour: int) -> int:
    """First cycle in which a program can depart because of a grant whose effects are not worked out."""
    cycle, count, programs = at.NEVER, m[at.SHARED_COUNT], m[at.PROGRAMS]
    distance = m[at.DISTANCES] + m[neighbour + at.NUMBER]
    for first in range(m[at.FIRST_GRANTS], m[at.FIRST_GRANTS] + count):
        cycle = min(cycle, m[first] + m[distance])
        distance += programs
    return cycle


@apart
def lacks_until(m: Ints, program: int) -> int:
    """First cycle in which something an ineligible program lacks can be visible to it."""
    cycle, port = at.NEVER, m[program + at.FIRST_IN]
    while port > 0:
        if arrival(m, port) == at.NEVER:
            channel = m[port + at.CHANNEL]
            cycle = min(cycle, soonest(m, m[channel + at.PRODUCER]) + m[channel + at.LATENCY])
        port = m[port + at.AFTER]
    if cycle < at.NEVER:
        return cycle
    port = m[program + at.FIRST_OUT]
    while port > 0:
        channel = m[port + at.CHANNEL]
        needed = m[channel + at.PUT] + m[port + at.PUTS] - m[channel + at.CAPACITY]
        if m[port + at.PUTS] > 0 and m[channel + at.CAPACITY] >= 0 and needed > m[channel + at.RELEASED]:
            cycle = min(cycle, soonest(m, m[channel + at.CONSUMER]) + m[channel + at.CREDIT])
        port = m[port + at.AFTER]
    return cycle


@apart
def certain(m: Ints, component: int, cycle: int) -> bool:
    """Whether a port can be granted in `cycle` before the effects of earlier grants are worked out."""
    if m[at.QUEUE_HEAD] == m[at.QUEUE_TAIL] and m[at.HUNGRY] == 0:
        return True
    if m[at.SHARED_COUNT] > at.FORESIGHT or m[at.HUNGRY] > 0:
        return False
    program = m[component + at.FIRST]
    for _ in range(m[component + at.COUNT]):
        unknown = m[program + at.ELIGIBLE] == at.NEVER and not m[program + at.DONE]
        if unknown and (
            m[program + at.AWAKE] or (m[program + at.BOUND] <= cycle and lacks_until(m, program) <= cycle)
        ):
            return False
        program += m[at.PROGRAM_WORDS]
    return True
