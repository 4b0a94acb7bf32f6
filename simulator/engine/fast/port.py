"""Programs on a shared port, granted in the order of time.

An item is eligible from the cycle in which all its takes and all the slots it needs are visible. When nothing on private ports
can be worked out any more, whatever is still unknown follows from a grant not yet made; so the earliest grant of all shared
ports is safe: what it and all others cause is visible a cycle later at the earliest.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.engine.fast.account import SEEN, add, finish, missing
from simulator.engine.fast.walk import commit, enter, fits, leave, push, room, visible
from simulator.jit import kernel
from simulator.record.states import BLOCKED, BUSY, CONFLICT, DRAINED

Ints = NDArray[np.int64]
Vector = NDArray[np.int32]


@kernel
def evaluate(m: Ints, v: Vector, program: int) -> int:
    """Work out from which cycle on the next item of a program is eligible."""
    m[program + at.ELIGIBLE] = at.NEVER
    if m[program + at.LEFT] == 0 and not enter(m, v, program):
        return at.HUNGER
    ready = visible(m, program)
    if ready < at.NEVER:
        ready = max(ready, room(m, program))
    m[program + at.READY] = ready
    m[program + at.ELIGIBLE] = max(m[program + at.NEXT], ready)
    return at.STUCK


@kernel
def candidate(m: Ints, component: int) -> int:
    """First cycle in which the port can grant something known."""
    first, words, earliest = m[component + at.FIRST], m[at.PROGRAM_WORDS], at.NEVER
    for position in range(m[component + at.COUNT]):
        earliest = min(earliest, m[first + position * words + at.ELIGIBLE])
    return earliest if earliest == at.NEVER else max(earliest, m[component + at.FINISHED] + 1)


@kernel
def chosen(m: Ints, component: int, cycle: int) -> int:
    """Position of the program that the arbiter picks."""
    first, words, count = m[component + at.FIRST], m[at.PROGRAM_WORDS], m[component + at.COUNT]
    position = m[component + at.POINTER] if m[component + at.POLICY] == at.ROUND_ROBIN else 0
    while m[first + position * words + at.ELIGIBLE] > cycle:
        position += 1
        if position == count:
            position = 0
    return position


@kernel
def share(m: Ints, component: int, program: int, end: int) -> None:
    """Count the states of one program from the last grant to `end`."""
    cycle, free = m[component + at.GRANTED], m[component + at.FINISHED] + 1
    if program == m[component + at.GRANTEE]:
        m[program + at.STATES + BUSY] += free - cycle
        cycle = free
    while cycle < end:
        state, until = DRAINED, end
        if not m[program + at.DONE]:
            state, until = missing(m, program, cycle)
        if state == SEEN:
            state, until = (CONFLICT, free) if cycle < free else (BLOCKED, end)
        until = min(until, end)
        m[program + at.STATES + state] += until - cycle
        cycle = until


@kernel
def idle(m: Ints, bins: Ints, component: int, cycle: int, end: int) -> None:
    """Log a component whose port is free over [cycle, end)."""
    first, words = m[component + at.FIRST], m[at.PROGRAM_WORDS]
    while cycle < end:
        state, until = DRAINED, end
        for position in range(m[component + at.COUNT]):
            program = first + position * words
            if not m[program + at.DONE]:
                lack, change = missing(m, program, cycle)
                if lack != SEEN:
                    state, until = lack, min(end, change)
                    break
                state = BLOCKED
        else:
            until = end
        add(m, bins, component, state, cycle, until)
        cycle = until


@kernel
def settle(m: Ints, bins: Ints, component: int, end: int) -> None:
    """Log a component and its programs from the last grant to `end`, where the next is made."""
    first, words = m[component + at.FIRST], m[at.PROGRAM_WORDS]
    begin, free = m[component + at.GRANTED], m[component + at.FINISHED] + 1
    add(m, bins, component, BUSY, begin, free)
    idle(m, bins, component, free, end)
    for position in range(m[component + at.COUNT]):
        program = first + position * words
        if m[program + at.ITEMS] > 0 or not m[program + at.DONE]:
            share(m, component, program, end)


@kernel
def grant(m: Ints, v: Vector, bins: Ints, component: int, cycle: int) -> int:
    """Let the arbiter start an item in `cycle`."""
    position = chosen(m, component, cycle)
    program = m[component + at.FIRST] + position * m[at.PROGRAM_WORDS]
    if m[program + at.ELASTIC] and not fits(m, program):
        return at.OVERFLOW
    settle(m, bins, component, cycle)
    last, end = finish(m, program, m[component + at.PORT_FREE], cycle, m[program + at.READY])
    m[component + at.PORT_FREE] = max(end, m[program + at.TICKS] * last + 1)
    m[component + at.GRANTEE], m[component + at.GRANTED], m[component + at.FINISHED] = program, cycle, last
    m[component + at.POINTER] = position + 1 if position + 1 < m[component + at.COUNT] else 0
    commit(m, program, last)
    leave(m, v, program, cycle, last, last)
    m[program + at.ELIGIBLE] = at.NEVER
    push(m, program)
    return at.STUCK
