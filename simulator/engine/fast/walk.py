"""Programs on private ports, worked out item by item as far as tokens and credits are known.

Such a program is a recurrence over its items, with tokens and credits carrying the cycle they become visible in::

    start[i]  = max(depart[i - 1] + 1, arrival of the last token taken)
    finish[i] = service time of the contract
    depart[i] = max(finish[i], return of the last slot needed)

so it does not matter in which order programs are worked out (a Kahn network), and nothing here looks at a clock.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.engine.fast.account import SEEN, finish, missing, paint
from simulator.engine.fast.lane import lane
from simulator.engine.fast.queue import announce, tally
from simulator.engine.fast.stream import describe, refund, vary
from simulator.engine.fast.tape import add
from simulator.jit import apart, inlined, kernel, spliced
from simulator.record.states import BLOCKED, BUSY

Ints = NDArray[np.int64]
Vector = NDArray[np.int32]


@kernel
def refresh(m: Ints, v: Vector, program: int) -> None:
    """Set the fields of the current item of a run."""
    row, phase = m[program + at.CURRENT] + at.ROW_FIELDS, m[program + at.PHASE]
    outs, end = m[program + at.OUTS], m[program + at.END]
    inputs = (outs - program - at.BLOCK) // at.INPUT
    fields = (m[program + at.STRIDE] - at.ROW_FIELDS) // 2
    for field in range(fields):
        value = m[row + field]
        if m[row + fields + field]:
            value = np.int64(v[value + phase])
        if field == 0:
            m[program + at.DEMAND] = value
        elif field <= inputs:
            m[program + at.BLOCK + (field - 1) * at.INPUT + at.TAKES] = value
        elif field <= 2 * inputs:
            m[program + at.BLOCK + (field - 1 - inputs) * at.INPUT + at.RELEASES] = value
        else:
            m[end - (fields - field) * at.OUTPUT + at.PUTS] = value


@kernel
def enter(m: Ints, v: Vector, program: int) -> bool:
    """Go to the next run; False, and the program is hungry, when none is loaded."""
    row = m[program + at.ROW]
    if row == 0:
        visit = m[program + at.VISIT]
        if visit >= m[program + at.VISITS_END]:
            if not m[program + at.DONE] and not m[program + at.WANTS]:
                m[program + at.WANTS] = 1
                m[at.HUNGRY] += 1
            return False
        row = m[visit]
        m[program + at.VISIT] = visit + 1
        m[at.ENTERED_RUN] |= m[program + at.SHARED]
    m[at.ENTERED_RUN] |= m[program + at.SINGLE]
    m[program + at.CURRENT] = row
    m[program + at.ROW] = 0 if m[row + at.ROW_LAST] else row + m[program + at.STRIDE]
    m[program + at.LEFT] = m[row + at.ROW_COUNT]
    m[program + at.RUN_PERIOD] = m[row + at.ROW_PERIOD]
    m[program + at.VARIED] = m[row + at.ROW_VARIED]
    m[program + at.PHASE] = 0
    m[program + at.STREAM], m[program + at.UNIT] = m[row + at.ROW_STREAM], 0
    if m[row + at.ROW_STREAM]:
        describe(m, v, program)
        if m[program + at.ALONE]:
            return True
    refresh(m, v, program)
    return True


@kernel
def following(m: Ints, v: Vector, program: int) -> None:
    """Go to the next item of a run that varies."""
    phase = m[program + at.PHASE] + 1
    m[program + at.PHASE] = phase if phase < m[program + at.RUN_PERIOD] else 0
    refresh(m, v, program)
    if m[program + at.STREAM]:
        vary(m, v, program)


@spliced
def send(m: Ints, channel: int, count: int, depart: int) -> None:
    """Put `count` tokens into a channel and wake its consumer when that is what it waits for."""
    put, ring, mask = m[channel + at.PUT], m[channel + at.TOKENS], m[channel + at.TOKENS_MASK]
    width, latency = m[channel + at.WIDTH], m[channel + at.LATENCY]
    if width == 0:
        for token in range(put, put + count):
            m[ring + (token & mask)] = depart + latency
    else:
        entry, entered = m[channel + at.ENTRY], m[channel + at.ENTERED]
        if depart > entry:
            entry, entered = depart, 0
        for token in range(put, put + count):
            if entered == width:
                entry, entered = entry + 1, 0
            entered += 1
            m[ring + (token & mask)] = entry + latency
        m[channel + at.ENTRY], m[channel + at.ENTERED] = entry, entered
    m[channel + at.PUT] = put + count
    announce(m, channel)


@inlined
def commit(m: Ints, program: int, depart: int) -> None:
    """Move the tokens and slots of an item that departs in cycle `depart`."""
    outs = m[program + at.OUTS]
    for port in range(program + at.BLOCK, outs, at.INPUT):
        channel = m[port + at.CHANNEL]
        m[channel + at.TAKEN] += m[port + at.TAKES]
        if m[port + at.RELEASES] > 0 and m[channel + at.CAPACITY] >= 0:
            refund(m, channel, m[port + at.RELEASES], depart)
    for port in range(outs, m[program + at.END], at.OUTPUT):
        if m[port + at.PUTS] > 0:
            send(m, m[port + at.CHANNEL], m[port + at.PUTS], depart)


@kernel
def fits(m: Ints, program: int) -> bool:
    """Whether every ring can hold what the item moves; otherwise note the channel that must grow."""
    outs = m[program + at.OUTS]
    for port in range(program + at.BLOCK, outs, at.INPUT):
        channel = m[port + at.CHANNEL]
        held = max(0, m[channel + at.PUT] - m[channel + at.CAPACITY])
        after = m[channel + at.RELEASED] + m[port + at.RELEASES] - held
        if m[channel + at.CAPACITY] >= 0 and after > m[channel + at.CREDITS_MASK] + 1:
            m[at.FULL] = channel
            return False
    for port in range(outs, m[program + at.END], at.OUTPUT):
        channel = m[port + at.CHANNEL]
        if m[channel + at.PUT] + m[port + at.PUTS] - m[channel + at.TAKEN] > m[channel + at.TOKENS_MASK] + 1:
            m[at.FULL] = channel
            return False
    return True


@inlined
def visible(m: Ints, program: int) -> int:
    """Cycle from which all takes are visible; NEVER, and noted on the channel, when one is not even put."""
    ready = 0
    for port in range(program + at.BLOCK, m[program + at.OUTS], at.INPUT):
        if m[port + at.TAKES] > 0:
            channel = m[port + at.CHANNEL]
            last = m[channel + at.TAKEN] + m[port + at.TAKES] - 1
            if last >= m[channel + at.PUT]:
                m[channel + at.TOKEN_WAIT] = last
                return at.NEVER
            ready = max(ready, m[m[channel + at.TOKENS] + (last & m[channel + at.TOKENS_MASK])])
    return ready


@inlined
def room(m: Ints, program: int) -> int:
    """Cycle from which all slots the item needs are visible; NEVER, and noted, when one is not even released."""
    ready = 0
    for port in range(m[program + at.OUTS], m[program + at.END], at.OUTPUT):
        channel = m[port + at.CHANNEL]
        capacity = m[channel + at.CAPACITY]
        if m[port + at.PUTS] > 0 and capacity >= 0:
            needed = m[channel + at.PUT] + m[port + at.PUTS] - capacity
            if needed > m[channel + at.RELEASED]:
                m[channel + at.ROOM_WAIT] = needed
                return at.NEVER
            if needed > 0:
                credit = m[m[channel + at.CREDITS] + ((needed - 1) & m[channel + at.CREDITS_MASK])]
                ready = max(ready, credit)
    return ready


@apart
def lone(m: Ints, bins: Ints, program: int, before: int, start: int, last: int, depart: int) -> None:
    """Log an item of a component's only program; a stretch of busy cycles is logged when it ends."""
    component = m[program + at.OWNER]
    if start > before:
        add(m, bins, component, BUSY, m[program + at.SINCE], before)
        while before < start:
            state, until = missing(m, program, before)
            until = min(until, start)
            add(m, bins, component, BLOCKED if state == SEEN else state, before, until)
            before = until
        m[program + at.SINCE] = start
    if depart > last:
        add(m, bins, component, BUSY, m[program + at.SINCE], last + 1)
        add(m, bins, component, BLOCKED, last + 1, depart + 1)
        m[program + at.SINCE] = depart + 1


@apart
def crowd(m: Ints, program: int, before: int, start: int, last: int, depart: int) -> None:
    """Log an item of one of several programs with private ports."""
    while before < start:
        state, until = missing(m, program, before)
        state, until = BLOCKED if state == SEEN else state, min(until, start)
        m[program + at.STATES + state] += until - before
        paint(m, program, state, before, until)
        before = until
    m[program + at.STATES + BUSY] += last + 1 - start
    paint(m, program, BUSY, start, last + 1)
    m[program + at.STATES + BLOCKED] += depart - last
    paint(m, program, BLOCKED, last + 1, depart + 1)


@apart
def item(m: Ints, v: Vector, bins: Ints, program: int) -> int:
    """Work out the next item of any program with a private port; not MOVED when something it needs is not known."""
    ticks, before = m[program + at.TICKS], m[program + at.NEXT]
    ready = visible(m, program)
    start = max(before, ready)
    if start >= m[at.LIMIT]:
        if ready < at.NEVER:
            m[program + at.DEFERRED] = start
        return at.STUCK
    last, end = finish(m, program, m[program + at.FREE], start, ready)
    depart = max(last, room(m, program))
    if depart == at.NEVER:
        return at.STUCK
    if m[program + at.ELASTIC] and not fits(m, program):
        return at.OVERFLOW
    if not m[program + at.ALONE]:
        crowd(m, program, before, start, last, depart)
    elif start > before or depart > last:
        lone(m, bins, program, before, start, last, depart)
    commit(m, program, depart)
    m[program + at.FREE] = max(end, ticks * depart + 1)
    m[program + at.FINISH], m[program + at.NEXT] = last, depart + 1
    m[program + at.ITEMS] += 1
    tally(m, program, before, start, last, depart)
    return at.MOVED


@spliced
def walk(m: Ints, v: Vector, bins: Ints, program: int) -> int:
    """Work out the next item of a program with a private port and go to the one after it."""
    if m[program + at.LEFT] == 0 and not enter(m, v, program):
        return at.HUNGER
    if m[program + at.STREAM]:
        return lane(m, v, bins, program)
    status = item(m, v, bins, program)
    if status == at.MOVED:
        left = m[program + at.LEFT] - 1
        m[program + at.LEFT] = left
        if m[program + at.VARIED] and left > 0:
            following(m, v, program)
    return status
