"""Programs on a shared port, granted in the order of time.

An item is eligible from the cycle in which all its takes and all the slots it needs are visible. When nothing on private ports
can be worked out any more, whatever is still unknown follows from a grant not yet made; so the earliest grant of all shared
ports is safe: what it and all others cause is visible a cycle later at the earliest.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.engine.fast.account import arrival, finish
from simulator.engine.fast.ahead import clear_until
from simulator.engine.fast.burst import burst
from simulator.engine.fast.moves import commit, fits, following, room, visible
from simulator.engine.fast.queue import announce, tally
from simulator.engine.fast.service import ask, move_on, serve
from simulator.engine.fast.settle import settle
from simulator.engine.fast.stream import supply, take
from simulator.engine.fast.walk import enter
from simulator.jit import apart, inlined, kernel, spliced
from simulator.record.states import BLOCKED

Ints = NDArray[np.int64]
Vector = NDArray[np.int32]


@spliced
def seen(m: Ints, program: int) -> int:
    """Cycle from which all data of the next item is visible, NEVER while it is not known."""
    cycle, port = 0, m[program + at.FIRST_IN]
    while port > 0:
        if m[m[port + at.CHANNEL] + at.REASON] != BLOCKED:
            cycle = max(cycle, arrival(m, port))
        port = m[port + at.AFTER]
    return cycle


@spliced
def foresee(m: Ints, program: int) -> None:
    """Set READY and SEEN of an item that is no stream's."""
    ready = visible(m, program)
    if ready < at.NEVER:
        ready = max(ready, room(m, program))
    m[program + at.READY], m[program + at.SEEN] = ready, seen(m, program)


@spliced
def foresee_stream(m: Ints, program: int) -> None:
    """Set READY and SEEN of an item of a stream."""
    source, target, ready, told = m[program + at.SOURCE], m[program + at.TARGET], supply(m, program), 0
    if m[program + at.TAKE] > 0 and m[source + at.REASON] != BLOCKED:
        told = ready
    if target >= 0 and ready < at.NEVER and m[target + at.CAPACITY] >= 0:
        slot = m[target + at.PUT] - m[target + at.CAPACITY]
        if slot >= m[target + at.RELEASED]:
            m[target + at.ROOM_WAIT], ready = slot + 1, at.NEVER
        elif slot >= 0:
            ready = max(ready, m[m[target + at.CREDITS] + (slot & m[target + at.CREDITS_MASK])])
    m[program + at.READY], m[program + at.SEEN] = ready, told


@apart
def evaluate(m: Ints, v: Vector, program: int) -> None:
    """Work out from which cycle on the next item of a program is eligible, and what its port can grant first."""
    eligible, m[program + at.SEEN] = at.NEVER, at.NEVER
    if m[program + at.LEFT] > 0 or enter(m, v, program):
        if m[program + at.STREAM]:
            foresee_stream(m, program)
        else:
            foresee(m, program)
        eligible = max(m[program + at.NEXT], m[program + at.READY])
    m[program + at.ELIGIBLE] = eligible
    component, words = m[program + at.OWNER], m[at.PROGRAM_WORDS]
    other, earliest = m[component + at.FIRST], at.NEVER
    for _ in range(m[component + at.COUNT]):
        earliest = min(earliest, m[other + at.ELIGIBLE])
        other += words
    if earliest < at.NEVER:
        earliest = max(earliest, m[component + at.FINISHED] + 1)
    m[component + at.CANDIDATE] = earliest


@spliced
def commit_stream(m: Ints, program: int, depart: int) -> None:
    """Move the tokens and slots of an item of a stream."""
    target = m[program + at.TARGET]
    take(m, program, depart)
    if target >= 0:
        token = m[target + at.PUT] & m[target + at.TOKENS_MASK]
        m[m[target + at.TOKENS] + token] = depart + m[target + at.LATENCY]
        m[target + at.PUT] += 1
        announce(m, target)


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


@inlined
def note(m: Ints, program: int, cycle: int) -> None:
    """Remember a grant whose effects are not yet worked out."""
    if m[at.SHARED_COUNT] <= at.FORESIGHT:
        first = m[at.FIRST_GRANTS] + m[program + at.SHARED_NUMBER]
        m[first] = min(m[first], cycle)


@spliced
def forget(m: Ints) -> None:
    """The effects of all grants are worked out."""
    if m[at.SHARED_COUNT] <= at.FORESIGHT:
        for first in range(m[at.FIRST_GRANTS], m[at.FIRST_GRANTS] + m[at.SHARED_COUNT]):
            m[first] = at.NEVER


@spliced
def bounded(m: Ints, program: int) -> bool:
    """Whether the next item is a stream's and no ring it moves tokens through ever grows."""
    if not m[program + at.STREAM]:
        return False
    target = m[program + at.TARGET]
    fixed: bool = target < 0 or m[target + at.CAPACITY] >= 0
    return fixed


@apart
def placed(m: Ints, component: int, program: int, cycle: int, last: int) -> int:
    """Last cycle in service of an item that has an address, `last` by its rate alone; and go to the next address."""
    place = m[program + at.PLACE]
    if m[component + at.REQUESTS]:
        ask(m, m[component + at.REQUESTS], place, cycle)
    if m[component + at.STATE]:
        last = serve(
            m, m[component + at.STATE], place, m[program + at.DEMAND], m[program + at.READY], cycle, last
        )
    move_on(m, place)
    return last


@apart
def grant(m: Ints, v: Vector, bins: Ints, component: int, cycle: int) -> int:
    """Let the arbiter start an item in `cycle`."""
    position = chosen(m, component, cycle)
    program = m[component + at.FIRST] + position * m[at.PROGRAM_WORDS]
    if m[program + at.ELASTIC] and not bounded(m, program) and not fits(m, program):
        return at.OVERFLOW
    settle(m, bins, component, cycle)
    m[component + at.GRANTEE] = program
    m[component + at.POINTER] = position + 1 if position + 1 < m[component + at.COUNT] else 0
    note(m, program, cycle)
    if m[program + at.STREAM] and m[program + at.LEFT] > 1 and not m[at.HUNGRY] | m[at.EVENTS]:
        until = max(cycle + 1, clear_until(m, component, program, cycle))
        burst(m, v, bins, component, program, cycle, until)
        evaluate(m, v, program)
        return at.STUCK
    last, end = finish(m, program, m[component + at.PORT_FREE], cycle, m[program + at.READY])
    if m[program + at.PLACE]:
        last = placed(m, component, program, cycle, last)
    m[component + at.PORT_FREE] = max(end, m[program + at.TICKS] * last + 1)
    m[component + at.GRANTED], m[component + at.FINISHED] = cycle, last
    if m[program + at.STREAM]:
        commit_stream(m, program, last)
    else:
        commit(m, program, last)
    tally(m, program, m[program + at.NEXT], cycle, last, last)
    m[program + at.NEXT] = last + 1
    m[program + at.ITEMS] += 1
    m[program + at.LEFT] -= 1
    if m[program + at.VARIED] and m[program + at.LEFT] > 0:
        following(m, v, program)
    evaluate(m, v, program)
    return at.STUCK
