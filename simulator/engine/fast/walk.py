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
    """Set the fields of the first item of a run, and link the ports that its items move anything through."""
    row, port, outs = m[program + at.CURRENT] + at.ROW_FIELDS, m[program + at.INS], m[program + at.OUTS]
    inputs, fields = (outs - port) // at.INPUT, (m[program + at.STRIDE] - at.ROW_FIELDS) // 2
    m[program + at.DEMAND] = m[row]
    link, take = program + at.FIRST_IN, row + 1
    while port < outs:
        release = take + inputs
        m[port + at.TAKES], m[port + at.RELEASES] = m[take], m[release]
        if m[take] | m[release] | m[take + fields] | m[release + fields]:
            m[link] = port
            link = port + at.AFTER
        port += at.INPUT
        take += 1
    m[link] = 0
    link, put = program + at.FIRST_OUT, row + 1 + 2 * inputs
    while port < m[program + at.END]:
        m[port + at.PUTS] = m[put]
        if m[put] | m[put + fields]:
            m[link] = port
            link = port + at.AFTER
        port += at.OUTPUT
        put += 1
    m[link] = 0
    if m[program + at.VARIED]:
        set_varied(m, v, program)


@inlined
def varied(m: Ints, v: Vector, word: int, field: int, fields: int, phase: int) -> None:
    """Set a word to a field of a run, if that varies."""
    if m[field + fields]:
        m[word] = np.int64(v[m[field] + phase])


@kernel
def set_varied(m: Ints, v: Vector, program: int) -> None:
    """Set the fields of the current item of a run that varies."""
    row, phase, outs = m[program + at.CURRENT] + at.ROW_FIELDS, m[program + at.PHASE], m[program + at.OUTS]
    block = m[program + at.INS]
    inputs, fields = (outs - block) // at.INPUT, (m[program + at.STRIDE] - at.ROW_FIELDS) // 2
    varied(m, v, program + at.DEMAND, row, fields, phase)
    port = m[program + at.FIRST_IN]
    while port > 0:
        field = row + 1 + (port - block) // at.INPUT
        varied(m, v, port + at.TAKES, field, fields, phase)
        varied(m, v, port + at.RELEASES, field + inputs, fields, phase)
        port = m[port + at.AFTER]
    port = m[program + at.FIRST_OUT]
    while port > 0:
        varied(m, v, port + at.PUTS, row + 1 + 2 * inputs + (port - outs) // at.OUTPUT, fields, phase)
        port = m[port + at.AFTER]


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
    set_varied(m, v, program)
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
    port = m[program + at.FIRST_IN]
    while port > 0:
        channel = m[port + at.CHANNEL]
        m[channel + at.TAKEN] += m[port + at.TAKES]
        if m[port + at.RELEASES] > 0 and m[channel + at.CAPACITY] >= 0:
            refund(m, channel, m[port + at.RELEASES], depart)
        port = m[port + at.AFTER]
    port = m[program + at.FIRST_OUT]
    while port > 0:
        if m[port + at.PUTS] > 0:
            send(m, m[port + at.CHANNEL], m[port + at.PUTS], depart)
        port = m[port + at.AFTER]


@kernel
def fits(m: Ints, program: int) -> bool:
    """Whether every ring can hold what the item moves; otherwise note the channel that must grow."""
    port = m[program + at.FIRST_IN]
    while port > 0:
        channel = m[port + at.CHANNEL]
        held = max(0, m[channel + at.PUT] - m[channel + at.CAPACITY])
        after = m[channel + at.RELEASED] + m[port + at.RELEASES] - held
        if m[channel + at.CAPACITY] >= 0 and after > m[channel + at.CREDITS_MASK] + 1:
            m[at.FULL] = channel
            return False
        port = m[port + at.AFTER]
    port = m[program + at.FIRST_OUT]
    while port > 0:
        channel = m[port + at.CHANNEL]
        if m[channel + at.PUT] + m[port + at.PUTS] - m[channel + at.TAKEN] > m[channel + at.TOKENS_MASK] + 1:
            m[at.FULL] = channel
            return False
        port = m[port + at.AFTER]
    return True


@inlined
def visible(m: Ints, program: int) -> int:
    """Cycle from which all takes are visible; NEVER, and noted on the channel, when one is not even put."""
    ready, port = 0, m[program + at.FIRST_IN]
    while port > 0:
        if m[port + at.TAKES] > 0:
            channel = m[port + at.CHANNEL]
            last = m[channel + at.TAKEN] + m[port + at.TAKES] - 1
            if last >= m[channel + at.PUT]:
                m[channel + at.TOKEN_WAIT] = last
                return at.NEVER
            ready = max(ready, m[m[channel + at.TOKENS] + (last & m[channel + at.TOKENS_MASK])])
        port = m[port + at.AFTER]
    return ready


@inlined
def room(m: Ints, program: int) -> int:
    """Cycle from which all slots the item needs are visible; NEVER, and noted, when one is not even released."""
    ready, port = 0, m[program + at.FIRST_OUT]
    while port > 0:
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
        port = m[port + at.AFTER]
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
