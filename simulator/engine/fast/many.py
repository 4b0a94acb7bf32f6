"""Grants where nothing is leapt over; with a calendar all of a cycle, then what follows from them.

What a grant causes is visible a cycle later at the earliest, so ports granted in the same cycle have nothing to do with each other:
a program is worked out once after all of them, whoever of them wakes it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.engine.fast.account import finish
from simulator.engine.fast.calendar import WORD_BITS, bring, lowest
from simulator.engine.fast.moves import commit, fits, following
from simulator.engine.fast.port import bounded, commit_stream, foresee, foresee_stream, note, placed
from simulator.engine.fast.ports import expect, least, pick, serve_told
from simulator.engine.fast.queue import tally
from simulator.engine.fast.settle import settle
from simulator.engine.fast.walk import enter
from simulator.jit import apart, inlined

Ints = NDArray[np.int64]
Vector = NDArray[np.int32]


@inlined
def sate(m: Ints, program: int) -> None:
    """Say of a program that wants runs that it is done, where no runs follow."""
    if m[program + at.WANTS] and m[program + at.LAST]:
        m[program + at.WANTS], m[program + at.DONE] = 0, 1
        m[at.HUNGRY] -= 1


@apart
def entered(m: Ints, v: Vector, program: int) -> bool:
    """Go to the next run of a program; False when there is none, and it may be done."""
    found: bool = enter(m, v, program)
    if not found:
        sate(m, program)
    return found


@inlined
def eligible_from(m: Ints, v: Vector, program: int) -> int:
    """First cycle in which the next item of a program is eligible; set READY and SEEN."""
    cycle, m[program + at.SEEN] = at.NEVER, at.NEVER
    if m[program + at.LEFT] > 0 or entered(m, v, program):
        if m[program + at.STREAM]:
            foresee_stream(m, program)
        else:
            foresee(m, program)
        cycle = max(m[program + at.NEXT], m[program + at.READY])
    if not m[at.DAYS]:
        m[program + at.ELIGIBLE] = cycle  # asked for where ports are granted ahead
    return cycle


@apart
def assess(m: Ints, v: Vector, program: int) -> None:
    """Work out from which cycle on the next item of a program is eligible, and what its port can grant first."""
    component, position = m[program + at.OWNER], m[program + at.POSITION]
    before, cycle = m[m[component + at.SLOTS] + position], eligible_from(m, v, program)
    expect(m, component, position, cycle)
    free = m[component + at.FINISHED] + 1
    if cycle > before:
        bring(m, component, least(m, component, free))
    elif max(cycle, free) < m[component + at.CANDIDATE]:
        bring(m, component, max(cycle, free))


@apart
def told(m: Ints, program: int, start: int, last: int) -> None:
    """Add an item to the grant log where items are told one by one."""
    tally(m, program, m[program + at.NEXT], start, last, last)


@inlined
def count(m: Ints, program: int, start: int, last: int) -> None:
    """Add an item to the grant log at once: nearly all have waited, so few could be added with the next."""
    if m[at.EVENTS]:
        told(m, program, start, last)
    else:
        m[program + at.SUM_START] += start
        m[program + at.SUM_SQUARE] += start * start
        m[program + at.SUM_DEPART] += last
        m[program + at.UNITS] = last + 1


@apart
def grant_one(m: Ints, v: Vector, bins: Ints, component: int, cycle: int) -> int:
    """Let the arbiter of a port start an item in `cycle`."""
    position = pick(m, component, cycle)
    program = m[component + at.FIRST] + position * at.BLOCK
    if m[program + at.ELASTIC] and not bounded(m, program) and not fits(m, program):
        return at.OVERFLOW
    settle(m, bins, component, cycle)
    span = m[program + at.SPAN] if m[program + at.STREAM] else 0
    last, end = cycle + span - 1, 0
    if span == 0:
        last, end = finish(m, program, m[component + at.PORT_FREE], cycle, m[program + at.READY])
    if m[program + at.PLACE]:
        last = placed(m, component, program, cycle, last)
    if span == 0:
        m[component + at.PORT_FREE] = max(end, m[program + at.TICKS] * last + 1)
    serve_told(m, component, program, cycle, last)
    m[component + at.GRANTEE], m[component + at.GRANTED], m[component + at.FINISHED] = program, cycle, last
    turn = m[component + at.POLICY] == at.ROUND_ROBIN and position + 1 < m[component + at.COUNT]
    m[component + at.POINTER] = position + 1 if turn else 0
    if m[program + at.STREAM]:
        commit_stream(m, program, last)
    else:
        commit(m, program, last)
    count(m, program, cycle, last)
    m[program + at.NEXT] = last + 1
    m[program + at.ITEMS] += 1
    left = m[program + at.LEFT] - 1
    m[program + at.LEFT] = left
    if m[program + at.VARIED] and left > 0:
        following(m, v, program)
    note(m, program, cycle)
    expect(m, component, position, eligible_from(m, v, program))
    bring(m, component, least(m, component, last + 1))
    return at.STUCK


@apart
def grant_all(m: Ints, v: Vector, bins: Ints, cycle: int) -> int:
    """Grant all ports of a day."""
    width = m[at.DAY_WORDS]
    day = m[at.DAYS] + (cycle & (at.WINDOW - 1)) * width
    m[at.TODAY] = cycle
    for word in range(width):
        bits = m[day + word]
        while bits:
            component = m[m[at.PORTS] + WORD_BITS * word + lowest(bits)]
            if grant_one(m, v, bins, component, cycle) == at.OVERFLOW:
                return at.OVERFLOW
            bits &= bits - 1
    return at.STUCK
