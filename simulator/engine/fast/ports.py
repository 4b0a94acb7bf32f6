"""What happens at many shared ports, told no sooner than asked for, and what their arbiters choose from.

Where there are hundreds of ports, looking at all programs of one for every grant costs more than the grants. So:

- The first cycles of a port's programs lie side by side.
- What a program waits for is told when it is granted, and when a window ends, for all cycles since it was told last. Then all
  arrivals before are known, and from the cycle `seen` in which its data is visible on, with busy(a, b) the cycles of the port in
  service between::

      conflict = busy(seen, until),        blocked = until - seen - busy(seen, until)

  Cycles in service are bits, one per cycle of the window; what reaches beyond the window is known from the last grant.

This needs states that are not compared with earlier ones: it is done where nothing is leapt over.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.engine.fast.account import SEEN, missing
from simulator.engine.fast.calendar import WORD_BITS, lowest
from simulator.jit import apart, inlined, popcount64
from simulator.record.states import BLOCKED, BUSY, CONFLICT, DRAINED

Ints = NDArray[np.int64]


@inlined
def mark(m: Ints, component: int, begin: int, end: int) -> None:
    """Note that a port is in service over the part of [begin, end) that is in the window."""
    base = m[at.BASE]
    begin, end = max(begin, base) - base, min(end, m[at.LIMIT]) - base
    while begin < end:
        upto = min(end, (begin // WORD_BITS + 1) * WORD_BITS)
        m[m[component + at.SERVED] + begin // WORD_BITS] |= ((1 << (upto - begin)) - 1) << begin % WORD_BITS
        begin = upto


@inlined
def busy(m: Ints, component: int, begin: int, end: int) -> int:
    """Cycles of a port in service in [begin, end), which begins in the window or later."""
    base, total = m[at.BASE], 0
    late = max(begin, m[at.LIMIT])
    if late < end:
        total = max(0, min(end, m[component + at.FINISHED] + 1) - late)
    begin, end = begin - base, min(end, m[at.LIMIT]) - base
    while begin < end:
        upto = min(end, (begin // WORD_BITS + 1) * WORD_BITS)
        part = m[m[component + at.SERVED] + begin // WORD_BITS] >> begin % WORD_BITS & (
            (1 << (upto - begin)) - 1
        )
        total += popcount64(np.uint64(part))
        begin = upto
    return total


@inlined
def lacking(m: Ints, program: int, cycle: int) -> tuple[int, int]:
    """State of a program whose next item lacks data at `cycle`, and the cycle until which it does; SEEN when none lacks."""
    if m[program + at.SEEN] <= cycle:
        return SEEN, at.NEVER
    if m[program + at.STREAM]:
        return m[m[program + at.SOURCE] + at.REASON], m[program + at.SEEN]
    return missing(m, program, cycle)


@inlined
def tell(m: Ints, component: int, program: int, end: int) -> None:
    """Count the states of a program that waits up to `end`."""
    cycle = m[program + at.SINCE]
    if cycle >= end:
        return
    m[program + at.SINCE] = end
    if m[program + at.DONE]:
        m[program + at.STATES + DRAINED] += end - cycle if m[program + at.ITEMS] > 0 else 0
        return
    state, until = lacking(m, program, cycle)
    while state != SEEN and cycle < end:
        until = min(until, end)
        m[program + at.STATES + state] += until - cycle
        cycle = until
        state, until = lacking(m, program, cycle)
    if cycle < end:
        taken = busy(m, component, cycle, end)
        m[program + at.STATES + CONFLICT] += taken
        m[program + at.STATES + BLOCKED] += end - cycle - taken


@apart
def tell_all(m: Ints, component: int, end: int) -> None:
    """Count the states of all programs of a port up to `end`."""
    program = m[component + at.FIRST]
    for _ in range(m[component + at.COUNT]):
        tell(m, component, program, end)
        program += m[at.PROGRAM_WORDS]


@inlined
def serve_told(m: Ints, component: int, program: int, cycle: int, last: int) -> None:
    """Count the states of a program that is granted in `cycle` and in service until `last`."""
    tell(m, component, program, cycle)
    m[program + at.STATES + BUSY] += last + 1 - cycle
    m[program + at.SINCE] = last + 1
    if last == cycle:
        place = cycle - m[at.BASE]
        m[m[component + at.SERVED] + place // WORD_BITS] |= 1 << place % WORD_BITS
    else:
        mark(m, component, cycle, last + 1)


@apart
def close_ports(m: Ints, cycle: int) -> None:
    """Tell all states of the window before the next, which begins at `cycle`."""
    for entry in range(m[at.PORTS], m[at.PORTS_END]):
        component = m[entry]
        tell_all(m, component, cycle)
        for word in range(m[component + at.SERVED], m[component + at.SERVED] + at.WINDOW // WORD_BITS):
            m[word] = 0


@apart
def open_ports(m: Ints) -> None:
    """Begin a window with what is in service."""
    for entry in range(m[at.PORTS], m[at.PORTS_END]):
        component = m[entry]
        mark(m, component, m[component + at.GRANTED], m[component + at.FINISHED] + 1)


@inlined
def expect(m: Ints, component: int, position: int, cycle: int) -> None:
    """Note the first cycle of a program, and that it has one, if it is not NEVER."""
    word, bit = m[component + at.EXPECTED] + position // WORD_BITS, 1 << position % WORD_BITS
    m[m[component + at.SLOTS] + position] = cycle
    m[word] |= bit
    if cycle == at.NEVER:
        m[word] ^= bit


@inlined
def least(m: Ints, component: int, floor: int) -> int:
    """First cycle from `floor` on in which a program of a port is eligible."""
    slots, cycle = m[component + at.SLOTS], at.NEVER
    for word in range(m[component + at.EXPECTED], slots):
        bits = m[word]
        while bits:
            cycle = min(cycle, m[slots + lowest(bits)])
            bits &= bits - 1
        slots += WORD_BITS
    return max(cycle, floor)


@inlined
def pick(m: Ints, component: int, cycle: int) -> int:
    """Position of the first program from POINTER on, around, that is eligible."""
    slots, first = m[component + at.SLOTS], m[component + at.EXPECTED]
    pointer, words = m[component + at.POINTER], slots - first
    number: int = pointer // WORD_BITS
    bits = m[first + number] >> pointer % WORD_BITS << pointer % WORD_BITS
    while True:
        while bits:
            position = WORD_BITS * number + lowest(bits)
            if m[slots + position] <= cycle:
                return position
            bits &= bits - 1
        number = number + 1 if number + 1 < words else 0
        bits = m[first + number]
