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
from simulator.engine.fast.lane import alone, lane, lone
from simulator.engine.fast.moves import commit, fits, following, refresh, room, visible
from simulator.engine.fast.queue import tally
from simulator.engine.fast.stream import describe, pace
from simulator.jit import apart, inlined, kernel, spliced
from simulator.record.states import BLOCKED, BUSY

Ints = NDArray[np.int64]
Vector = NDArray[np.int32]


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
    kind = m[row + at.ROW_STREAM]
    m[program + at.STREAM], m[program + at.UNIT] = kind == at.STREAMING, 0
    m[program + at.JOIN] = kind == at.JOINING and m[program + at.ALONE]
    if kind != at.NEITHER:
        describe(m, v, program)
        if m[program + at.STREAM] and m[program + at.ALONE]:
            return True
    refresh(m, v, program)
    if m[program + at.JOIN]:
        pace(m, program, m[program + at.DEMAND])
    return True


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


@inlined
def passes_on(m: Ints, program: int) -> bool:
    """Whether what a program puts goes to a stream by itself, so that its items may be worked out as a lane."""
    found = m[program + at.JOIN]
    if m[program + at.STREAM] and m[program + at.TARGET] >= 0:
        found = m[m[m[program + at.TARGET] + at.CONSUMER] + at.UNIT]
    follows: bool = found != 0
    return follows


@spliced
def walk(m: Ints, v: Vector, bins: Ints, program: int) -> int:
    """Work out the next item of a program with a private port and go to the one after it."""
    if m[program + at.LEFT] == 0 and not enter(m, v, program):
        return at.HUNGER
    if passes_on(m, program):
        status = lane(m, v, bins, program)
        if status != at.SINGLY:
            return status
    if m[program + at.STREAM]:
        return alone(m, v, bins, program)
    status = item(m, v, bins, program)
    if status == at.MOVED:
        left = m[program + at.LEFT] - 1
        m[program + at.LEFT] = left
        if m[program + at.VARIED] and left > 0:
            following(m, v, program)
    return status
