"""Which state programs and components are in, and until when."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.engine.fast.tape import add
from simulator.jit import apart, inlined, kernel
from simulator.record.states import BLOCKED, BUSY, DISABLED, DRAINED, REFILL, STARVED

Ints = NDArray[np.int64]
SEEN = -1
"""Not a state: the data inputs of the next item are visible."""
RANKS = 1 << 20
"""Rank of a state that no program's starvation precedes."""


@inlined
def arrival(m: Ints, port: int) -> int:
    """Cycle from which the takes of an input port are visible, NEVER while not all are put."""
    if m[port + at.TAKES] <= 0:
        return 0
    channel = m[port + at.CHANNEL]
    last = m[channel + at.TAKEN] + m[port + at.TAKES] - 1
    if last >= m[channel + at.PUT]:
        return at.NEVER
    cycle: int = m[m[channel + at.TOKENS] + (last & m[channel + at.TOKENS_MASK])]
    return cycle


@inlined
def missing(m: Ints, program: int, cycle: int) -> tuple[int, int]:
    """State of a program whose next item lacks data at `cycle`, and the cycle until which it does; SEEN when none lacks."""
    port = m[program + at.FIRST_IN]
    while port > 0:
        reason = m[m[port + at.CHANNEL] + at.REASON]
        if reason != BLOCKED:
            seen = arrival(m, port)
            if seen > cycle:
                return reason, seen
        port = m[port + at.AFTER]
    return SEEN, at.NEVER


@inlined
def served(ticks: int, shift: int, work: int, free: int, start: int, ready: int) -> tuple[int, int]:
    """Last cycle in service of an item of `work` ticks, `ticks` of them a cycle (2**shift when not negative), and its end."""
    if ticks == 0:
        return start, 0
    end = max(free, ticks * ready) + work
    last = (end - 1) >> shift if shift >= 0 else (end - 1) // ticks
    return max(start, last), end


@inlined
def finish(m: Ints, program: int, free: int, start: int, ready: int) -> tuple[int, int]:
    """Last cycle in service of an item and the tick it ends at (see the contract, service time)."""
    demand, per = m[program + at.DEMAND], m[program + at.TICKS_PER_DEMAND]
    if per > 0 and m[program + at.TICKS] == per:
        return start + max(1, demand) - 1, 0
    work = per * demand
    return served(m[program + at.TICKS], m[program + at.TICKS_SHIFT], work, free, start, ready)


@kernel
def state_at(m: Ints, program: int, cycle: int) -> tuple[int, int]:
    """State of a program with a private port at a cycle its last item's start precedes, and until when it lasts."""
    if cycle <= m[program + at.FINISH]:
        return BUSY, m[program + at.FINISH] + 1
    if cycle < m[program + at.NEXT]:
        return BLOCKED, m[program + at.NEXT]
    if m[program + at.DONE]:
        return DRAINED if m[program + at.ITEMS] > 0 else DISABLED, at.NEVER
    state, until = missing(m, program, cycle)
    if state != SEEN:
        return state, until
    ready, port = 0, m[program + at.FIRST_IN]
    while port > 0:
        ready = max(ready, arrival(m, port))
        port = m[port + at.AFTER]
    if ready > cycle:
        return BLOCKED, ready
    last, _ = finish(m, program, m[program + at.FREE], max(m[program + at.NEXT], ready), ready)
    if cycle <= last:
        return BUSY, last + 1
    return BLOCKED, at.NEVER


@kernel
def rank(state: int, position: int) -> int:
    """Precedence of a program's state among those of its component; `position` is its place there."""
    if state == BUSY:
        return 0
    if state in (STARVED, REFILL):
        return 2 * position + state
    return RANKS + state


@kernel
def ranked(value: int) -> int:
    """State of the component when the lowest rank of its programs is `value`."""
    if value == 0:
        return BUSY
    if value >= RANKS:
        return value - RANKS
    return STARVED if value & 1 else REFILL


@apart
def paint(m: Ints, program: int, state: int, begin: int, end: int) -> None:
    """Put the state of a program in a crowd over the part of [begin, end) that is inside the window and not yet told."""
    component = m[program + at.OWNER]
    begin, end = max(begin, m[program + at.SINCE]), min(end, m[at.LIMIT])
    value = rank(state, m[program + at.POSITION])
    offset = m[component + at.BUFFER] - m[at.BASE]
    for cell in range(offset + begin, offset + end):
        m[cell] = min(m[cell], value)
    m[program + at.SINCE] = max(m[program + at.SINCE], end)


@apart
def merge(m: Ints, bins: Ints, component: int, begin: int, end: int) -> None:
    """Log a crowd over cycles in which no item starts."""
    words = m[at.PROGRAM_WORDS]
    while begin < end:
        value, until = 2 * RANKS, end
        for position in range(m[component + at.COUNT]):
            state, change = state_at(m, m[component + at.FIRST] + position * words, begin)
            value, until = min(value, rank(state, position)), min(until, change)
        add(m, bins, component, ranked(value), begin, until)
        begin = until


@kernel
def open_window(m: Ints, component: int) -> None:
    """Begin the window of a crowd with what its items already under way do in it."""
    for position in range(m[component + at.COUNT]):
        program = m[component + at.FIRST] + position * m[at.PROGRAM_WORDS]
        m[program + at.SINCE] = m[at.BASE]
        paint(m, program, BUSY, m[at.BASE], m[program + at.FINISH] + 1)
        paint(m, program, BLOCKED, m[program + at.FINISH] + 1, m[program + at.NEXT])


@apart
def close(m: Ints, bins: Ints, component: int, end: int) -> None:
    """Log a crowd from the beginning of the window to `end`, which is in it, and clear the window."""
    words, base = m[at.PROGRAM_WORDS], m[at.BASE]
    for position in range(m[component + at.COUNT]):
        program = m[component + at.FIRST] + position * words
        cycle = m[program + at.SINCE]
        while cycle < end:
            state, until = state_at(m, program, cycle)
            paint(m, program, state, cycle, min(until, end))
            cycle = min(until, end)
    offset, begin = m[component + at.BUFFER] - base, base
    while begin < end:
        value, until = m[offset + begin], begin
        while until < end and m[offset + until] == value:
            m[offset + until] = 2 * RANKS
            until += 1
        add(m, bins, component, ranked(value), begin, until)
        begin = until
