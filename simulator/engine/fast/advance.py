"""The order of work: programs on private ports as far as they go, then the earliest grant, then the next window of cycles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.engine.fast.account import close, merge, open_window
from simulator.engine.fast.ahead import certain, further
from simulator.engine.fast.calendar import first_day, open_days
from simulator.engine.fast.many import assess, grant_all, grant_one, sate
from simulator.engine.fast.port import evaluate, forget, grant
from simulator.engine.fast.ports import close_ports, open_ports, tell_all
from simulator.engine.fast.queue import push, spread
from simulator.engine.fast.recall import consider
from simulator.engine.fast.rings import widen
from simulator.engine.fast.settle import settle
from simulator.engine.fast.tape import add
from simulator.engine.fast.unroll import unroll
from simulator.engine.fast.walk import walk
from simulator.jit import apart, inlined, spliced
from simulator.record.states import BUSY, DISABLED, DRAINED, STATES

Ints = NDArray[np.int64]
Vector = NDArray[np.int32]
Flags = NDArray[np.uint8]


@spliced
def drain(m: Ints, v: Vector, bins: Ints) -> int:
    """Let every runnable program do what it can until none is runnable."""
    while m[at.QUEUE_HEAD] < m[at.QUEUE_TAIL]:
        program = m[m[at.QUEUE] + (m[at.QUEUE_HEAD] & m[at.QUEUE_MASK])]
        m[at.QUEUE_HEAD] += 1
        m[program + at.AWAKE] = 0
        if m[program + at.SHARED]:
            if m[at.MANY]:
                assess(m, v, program)
            else:
                evaluate(m, v, program)
                sate(m, program)
            continue
        status = at.MOVED
        while status == at.MOVED:
            status = walk(m, v, bins, program)
        sate(m, program)
        if status == at.OVERFLOW:
            push(m, program)
            return status
    return at.STUCK if m[at.HUNGRY] == 0 else at.HUNGER


@inlined
def earliest(m: Ints, cycle: int) -> int:
    """First cycle from which a program on a private port was deferred, or `cycle`."""
    words, program = m[at.PROGRAM_WORDS], m[at.PROGRAM0]
    for _ in range(m[at.PROGRAMS]):
        cycle = min(cycle, m[program + at.DEFERRED])
        program += words
    return cycle


@apart
def turn(m: Ints, bins: Ints, cycle: int) -> None:
    """Close the window and open the next one at `cycle`."""
    words = m[at.PROGRAM_WORDS]
    for entry in range(m[at.CROWDS], m[at.CROWDS_END]):
        component = m[entry]
        close(m, bins, component, m[at.LIMIT])
        merge(m, bins, component, m[at.LIMIT], cycle)
    if m[at.MANY]:
        close_ports(m, cycle)
    m[at.BASE], m[at.LIMIT] = cycle, cycle + at.WINDOW
    if m[at.MANY]:
        open_ports(m)
    if m[at.DAYS]:
        open_days(m)
    for entry in range(m[at.CROWDS], m[at.CROWDS_END]):
        open_window(m, m[entry])
    m[at.CREDIT_LEFT] += 1
    program = m[at.PROGRAM0]
    for _ in range(m[at.PROGRAMS]):
        if m[program + at.DEFERRED] < m[at.LIMIT]:
            m[program + at.DEFERRED] = at.NEVER
            push(m, program)
        program += words


@inlined
def first_grant(m: Ints) -> tuple[int, int]:
    """The earliest grant that is known, and its component unless there is a calendar."""
    if m[at.DAYS]:
        return first_day(m), 0
    cycle, component = at.NEVER, 0
    for entry in range(m[at.PORTS], m[at.PORTS_END]):
        if m[m[entry] + at.CANDIDATE] < cycle:
            cycle, component = m[m[entry] + at.CANDIDATE], m[entry]
    return cycle, component


@apart
def advance(m: Ints, v: Vector, bins: Ints, windows: int) -> int:
    """Run until a program is hungry, a ring has no room, all is done or stuck, `windows` are over, or the next is too far."""
    settled = False
    while True:
        cycle, component = at.NEVER, 0
        if not m[at.DAYS] or m[at.QUEUE_HEAD] == m[at.QUEUE_TAIL]:
            cycle, component = first_grant(m)
        entered = m[at.LEAPING] and m[at.ENTERED_RUN]
        if entered or not (settled and cycle < m[at.LIMIT] and certain(m, component, cycle)):
            status = drain(m, v, bins)
            if status == at.OVERFLOW and widen(m, m[at.FULL]):
                settled = False
                continue
            if status != at.STUCK:
                return status
            forget(m)
            settled = True
            cycle, component = first_grant(m)
            if m[at.LEAPING] and cycle < m[at.LIMIT] and consider(m, v, bins, cycle, component):
                cycle, component = first_grant(m)
        if cycle < m[at.LIMIT]:
            if m[at.DAYS]:
                status = grant_all(m, v, bins, cycle)
            elif m[at.MANY]:
                status = grant_one(m, v, bins, component, cycle)
            else:
                status = grant(m, v, bins, component, cycle)
            while status != at.OVERFLOW and not m[at.MANY]:
                sate(m, m[component + at.GRANTEE])
                if not further(m, component, cycle + at.HORIZON):
                    break
                status = grant(m, v, bins, component, m[component + at.CANDIDATE])
            if status == at.OVERFLOW and not widen(m, m[at.FULL]):
                return at.OVERFLOW
            continue
        cycle = earliest(m, cycle)
        if cycle == at.NEVER:
            return at.ENDED
        if cycle + at.WINDOW > m[at.ALERT]:
            return at.ALERTED
        turn(m, bins, cycle)
        settled = False
        windows -= 1
        if windows == 0:
            return at.PAUSED


@apart
def unrolled(m: Ints, bins: Ints) -> None:
    """Write the tapes of all components into their bins."""
    component = m[at.COMPONENT0]
    for _ in range(m[at.COMPONENTS]):
        unroll(m, bins, component)
        component += at.COMPONENT_WORDS


@spliced
def log_rest(m: Ints, bins: Ints, component: int, cycles: int) -> None:
    """Log the cycles of a component that are left to the end of the run, `cycles` in all."""
    kind, items, words = m[component + at.KIND], 0, m[at.PROGRAM_WORDS]
    for position in range(m[component + at.COUNT]):
        program = m[component + at.FIRST] + position * words
        items += m[program + at.ITEMS]
        spread(m, program, m[program + at.NEXT])
        if kind == at.CROWD or m[program + at.ITEMS] == 0:
            state = DRAINED if m[program + at.ITEMS] > 0 else DISABLED
            m[program + at.STATES + state] += cycles - m[program + at.NEXT]
    if kind == at.CROWD:
        close(m, bins, component, min(m[at.LIMIT], cycles))
        merge(m, bins, component, min(m[at.LIMIT], cycles), cycles)
    elif items == 0:
        add(m, bins, component, DISABLED, 0, cycles)
    elif kind == at.PORT:
        settle(m, bins, component, cycles)
        if m[at.MANY]:
            tell_all(m, component, cycles)
        add(m, bins, component, BUSY, m[component + at.STRETCH], m[component + at.FINISHED] + 1)
    else:
        program = m[component + at.FIRST]
        add(m, bins, component, BUSY, m[program + at.SINCE], m[program + at.NEXT])
        add(m, bins, component, DRAINED, m[program + at.NEXT], cycles)


@inlined
def narrow(bins: Ints, row: int, width: int, told: Flags, here: int, size: int) -> None:
    """Write `width` bins as unsigned integers of `size` bytes, the lowest first, and clear them."""
    if size == 1:
        for bin in range(width):
            told[here + bin] = bins[row + bin]
    elif size == 2:
        for bin in range(width):
            told[here + 2 * bin] = bins[row + bin] & 255
            told[here + 2 * bin + 1] = bins[row + bin] >> 8
    else:
        for bin in range(width):
            for byte in range(size):
                told[here + size * bin + byte] = bins[row + bin] >> 8 * byte & 255
    for bin in range(row, row + width):
        bins[bin] = 0


@apart
def finished(m: Ints, bins: Ints, cycles: int, told: Flags, width: int, size: int) -> None:
    """Log the cycles that are left to the end of the run, and move the log to `told`.

    Parameters
    ----------
    m, bins : ndarray of int64
        Of the run; all bins are zero afterwards.
    cycles : int
        Of the run in all.
    told : ndarray of uint8
        `width` cells for every component and state, of `size` bytes each, the lowest first. Those of states in which a component
        never was are left as they are.
    """
    component, here = m[at.COMPONENT0], 0
    for _ in range(m[at.COMPONENTS]):
        if m[component + at.USED] == 0:
            m[component + at.INDEX] = 0  # the bins of the first are empty again, and at hand
        log_rest(m, bins, component, cycles)
        unroll(m, bins, component)
        if m[component + at.KIND] == at.LONE and m[component + at.COUNT] > 0:
            for state in range(len(STATES)):  # its program is in the state that it is in
                m[m[component + at.FIRST] + at.STATES + state] = m[component + at.TOTALS + state]
        row = m[component + at.INDEX] * len(STATES) * at.BIN_ROW
        for state in range(len(STATES)):
            if m[component + at.USED] >> state & 1:
                narrow(bins, row, width, told, here, size)
            row += at.BIN_ROW
            here += width * size
        component += at.COMPONENT_WORDS
