"""What an item moves: the fields of a run, and the tokens and slots its ports take and give."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.engine.fast.queue import announce
from simulator.engine.fast.stream import pace, refund, vary
from simulator.jit import inlined, kernel, spliced

Ints = NDArray[np.int64]
Vector = NDArray[np.int32]
MANY = 8
"""Outputs of a run above which those that its next items move anything through are listed,"""
NEAR = 16
"""and how many items those are, a power of two: what a line of a processor's cache holds."""


@kernel
def refresh(m: Ints, v: Vector, program: int) -> None:
    """Set the fields of the first item of a run, and link the ports that its items move anything through."""
    row, port, outs = m[program + at.CURRENT] + at.ROW_FIELDS, m[program + at.INS], m[program + at.OUTS]
    inputs, fields = (outs - port) // at.INPUT, (m[program + at.STRIDE] - at.ROW_FIELDS) // 2
    m[program + at.DEMAND] = m[row]
    own, link, take = program + at.FIRST_IN, program + at.RUN_IN, row + 1
    while port < outs:
        release = take + inputs
        m[port + at.TAKES], m[port + at.RELEASES] = m[take], m[release]
        if m[take] | m[release] | m[take + fields] | m[release + fields]:
            m[own], m[link], m[port + at.FIELD] = port, port, take
            own, link = port + at.AFTER, port + at.RUN_AFTER
        port += at.INPUT
        take += 1
    m[own], m[link] = 0, 0
    own, link, put, used = program + at.FIRST_OUT, program + at.RUN_OUT, row + 1 + 2 * inputs, 0
    while port < m[program + at.END]:
        m[port + at.PUTS] = m[put]
        if m[put] | m[put + fields]:
            used += 1
            m[own], m[link], m[port + at.FIELD] = port, port, put
            own, link = port + at.AFTER, port + at.RUN_AFTER
        port += at.OUTPUT
        put += 1
    m[own], m[link] = 0, 0
    m[program + at.LISTED] = used > MANY
    if m[program + at.VARIED]:
        set_varied(m, v, program)


@inlined
def varied(m: Ints, v: Vector, word: int, field: int, fields: int, phase: int) -> None:
    """Set a word to a field of a run, if that varies."""
    if m[field + fields]:
        m[word] = np.int64(v[m[field] + phase])


@kernel
def look_ahead(m: Ints, v: Vector, program: int) -> None:
    """List the outputs that the current item or one of the next few of a run that varies puts anything into."""
    fields, phase = (m[program + at.STRIDE] - at.ROW_FIELDS) // 2, m[program + at.PHASE]
    beyond = min(phase + NEAR, m[program + at.RUN_PERIOD])
    link, port = program + at.NEAR_OUT, m[program + at.RUN_OUT]
    while port > 0:
        field = m[port + at.FIELD]
        puts = m[field]
        if m[field + fields]:
            first, puts = puts, 0
            for place in range(first + phase, first + beyond):
                puts |= v[place]
        m[port + at.PUTS] = puts  # of those that are not listed: none
        if puts:
            m[link] = port
            link = port + at.NEAR_AFTER
        port = m[port + at.RUN_AFTER]
    m[link] = 0


@kernel
def set_varied(m: Ints, v: Vector, program: int) -> None:
    """Set the fields of the current item of a run that varies, and link the ports it moves anything through."""
    inputs = (m[program + at.OUTS] - m[program + at.INS]) // at.INPUT
    fields, phase = (m[program + at.STRIDE] - at.ROW_FIELDS) // 2, m[program + at.PHASE]
    varied(m, v, program + at.DEMAND, m[program + at.CURRENT] + at.ROW_FIELDS, fields, phase)
    link, port = program + at.FIRST_IN, m[program + at.RUN_IN]
    while port > 0:
        field = m[port + at.FIELD]
        varied(m, v, port + at.TAKES, field, fields, phase)
        varied(m, v, port + at.RELEASES, field + inputs, fields, phase)
        if m[port + at.TAKES] | m[port + at.RELEASES]:
            m[link] = port
            link = port + at.AFTER
        port = m[port + at.RUN_AFTER]
    m[link] = 0
    link, port, beside = program + at.FIRST_OUT, m[program + at.RUN_OUT], at.RUN_AFTER
    if m[program + at.LISTED]:
        if phase & (NEAR - 1) == 0:
            look_ahead(m, v, program)
        port, beside = m[program + at.NEAR_OUT], at.NEAR_AFTER
    while port > 0:
        varied(m, v, port + at.PUTS, m[port + at.FIELD], fields, phase)
        if m[port + at.PUTS]:
            m[link] = port
            link = port + at.AFTER
        port = m[port + beside]
    m[link] = 0


@kernel
def following(m: Ints, v: Vector, program: int) -> None:
    """Go to the next item of a run that varies; a lone stream keeps what it moves at hand instead of at its ports."""
    phase = m[program + at.PHASE] + 1
    m[program + at.PHASE] = phase if phase < m[program + at.RUN_PERIOD] else 0
    if not (m[program + at.STREAM] and m[program + at.ALONE]):
        set_varied(m, v, program)
    if m[program + at.STREAM]:
        vary(m, v, program)
    elif m[program + at.JOIN]:
        pace(m, program, m[program + at.DEMAND])


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
def take_from(m: Ints, program: int, depart: int) -> None:
    """Take the tokens and give back the slots of an item that departs in cycle `depart`."""
    port = m[program + at.FIRST_IN]
    while port > 0:
        channel = m[port + at.CHANNEL]
        m[channel + at.TAKEN] += m[port + at.TAKES]
        if m[port + at.RELEASES] > 0 and m[channel + at.CAPACITY] >= 0:
            refund(m, channel, m[port + at.RELEASES], depart)
        port = m[port + at.AFTER]


@inlined
def commit(m: Ints, program: int, depart: int) -> None:
    """Move the tokens and slots of an item that departs in cycle `depart`."""
    take_from(m, program, depart)
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
