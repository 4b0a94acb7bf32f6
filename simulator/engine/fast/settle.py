"""What a shared port and its programs did between grants, told when the next grant is made."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.engine.fast.account import SEEN, missing
from simulator.engine.fast.ports import lacking
from simulator.engine.fast.tape import add
from simulator.jit import apart, inlined, kernel
from simulator.record.states import BLOCKED, BUSY, CONFLICT, DRAINED

Ints = NDArray[np.int64]


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


@apart
def idle(m: Ints, bins: Ints, component: int, cycle: int, end: int) -> None:
    """Log a component whose port is free over [cycle, end)."""
    first, words = m[component + at.FIRST], m[at.PROGRAM_WORDS]
    while cycle < end:
        state, until = DRAINED, end
        for position in range(m[component + at.COUNT]):
            program = first + position * words
            if not m[program + at.DONE]:
                if m[at.MANY]:
                    lack, change = lacking(m, program, cycle)
                else:
                    lack, change = missing(m, program, cycle)
                if lack != SEEN:
                    state, until = lack, min(end, change)
                    break
                state = BLOCKED
        else:
            until = end
        add(m, bins, component, state, cycle, until)
        cycle = until


@inlined
def settle(m: Ints, bins: Ints, component: int, end: int) -> None:
    """Log a component and its programs from the last grant to `end`, where the next is made."""
    program, words = m[component + at.FIRST], m[at.PROGRAM_WORDS]
    begin, free = m[component + at.GRANTED], m[component + at.FINISHED] + 1
    if end > free:
        add(m, bins, component, BUSY, m[component + at.STRETCH], free)
        idle(m, bins, component, free, end)
        m[component + at.STRETCH] = end
    if m[at.MANY]:
        return
    for _ in range(m[component + at.COUNT]):
        if program == m[component + at.GRANTEE] and end == free:
            m[program + at.STATES + BUSY] += free - begin
        elif program != m[component + at.GRANTEE] and m[program + at.SEEN] <= begin:
            m[program + at.STATES + CONFLICT] += free - begin
            m[program + at.STATES + BLOCKED] += end - free
        elif m[program + at.DONE] and program != m[component + at.GRANTEE]:
            m[program + at.STATES + DRAINED] += end - begin if m[program + at.ITEMS] > 0 else 0
        elif m[program + at.ITEMS] > 0 or not m[program + at.DONE]:
            share(m, component, program, end)
        program += words
