"""Many shared ports at once: which is granted next, and the states of what waits at them, told no sooner than asked for.

With hundreds of ports, looking at all of them, and at all programs of one, for every grant costs more than the grants. So:

- The first grants of all ports are the leaves of a tree whose every node is the least of the two below it; the root is the next.
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
from simulator.jit import apart, inlined, popcount64, spliced
from simulator.record.states import BLOCKED, BUSY, CONFLICT, DRAINED

Ints = NDArray[np.int64]
BITS = 32
"""Cycles of a word of bits."""


@inlined
def mark(m: Ints, component: int, begin: int, end: int) -> None:
    """Note that a port is in service over the part of [begin, end) that is in the window."""
    base = m[at.BASE]
    begin, end = max(begin, base) - base, min(end, m[at.LIMIT]) - base
    while begin < end:
        upto = min(end, (begin // BITS + 1) * BITS)
        m[m[component + at.SERVED] + begin // BITS] |= ((1 << (upto - begin)) - 1) << begin % BITS
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
        upto = min(end, (begin // BITS + 1) * BITS)
        part = m[m[component + at.SERVED] + begin // BITS] >> begin % BITS & ((1 << (upto - begin)) - 1)
        total += popcount64(np.uint64(part))
        begin = upto
    return total


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
    while cycle < end:
        state, until = missing(m, program, cycle)
        if state == SEEN:
            taken = busy(m, component, cycle, end)
            m[program + at.STATES + CONFLICT] += taken
            m[program + at.STATES + BLOCKED] += end - cycle - taken
            return
        until = min(until, end)
        m[program + at.STATES + state] += until - cycle
        cycle = until


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
    mark(m, component, cycle, last + 1)


@apart
def close_ports(m: Ints, cycle: int) -> None:
    """Tell all states of the window before the next, which begins at `cycle`."""
    for entry in range(m[at.PORTS], m[at.PORTS_END]):
        component = m[entry]
        tell_all(m, component, cycle)
        for word in range(m[component + at.SERVED], m[component + at.SERVED] + at.WINDOW // BITS):
            m[word] = 0


@apart
def open_ports(m: Ints) -> None:
    """Begin a window with what is in service."""
    for entry in range(m[at.PORTS], m[at.PORTS_END]):
        component = m[entry]
        mark(m, component, m[component + at.GRANTED], m[component + at.FINISHED] + 1)


@inlined
def least(m: Ints, component: int) -> int:
    """First cycle in which a program of a port is eligible."""
    first, cycle = m[component + at.SLOTS], at.NEVER
    for slot in range(first, first + m[component + at.COUNT]):
        cycle = min(cycle, m[slot])
    return cycle


@inlined
def climb(m: Ints, component: int, cycle: int) -> None:
    """Set the first grant of a port in the tree."""
    tree, node = m[at.TREE], m[at.TREE_LEAVES] + m[component + at.PORT_NUMBER]
    if m[tree + node] == cycle:
        return
    m[tree + node] = cycle
    while node > 1:
        node >>= 1
        under = min(m[tree + 2 * node], m[tree + 2 * node + 1])
        if m[tree + node] == under:
            return
        m[tree + node] = under


@spliced
def first_of_tree(m: Ints) -> tuple[int, int]:
    """The earliest grant that is known, and its component, the first of several."""
    tree, leaves, node = m[at.TREE], m[at.TREE_LEAVES], 1
    cycle = m[tree + 1]
    if cycle >= at.NEVER:
        return at.NEVER, 0
    while node < leaves:
        node = 2 * node + (m[tree + 2 * node] != cycle)
    return cycle, m[m[at.PORTS] + node - leaves]


@inlined
def pick(m: Ints, component: int, cycle: int) -> int:
    """Position of the program that the arbiter picks."""
    slots, count = m[component + at.SLOTS], m[component + at.COUNT]
    position = m[component + at.POINTER] if m[component + at.POLICY] == at.ROUND_ROBIN else 0
    while m[slots + position] > cycle:
        position += 1
        if position == count:
            position = 0
    return position
