"""States kept to recognise them when they come again.

Only a state in which all that is known is worked out is looked at, before the grant that comes next. Short periods, within
runs, are found against one state that is kept anew now and then (Brent's algorithm). Long ones, of tiles and of tiles of tiles,
are found where a program on a shared port enters a run: a table keeps the last such state of every signature. A network that
never repeats pays for few of them: keeping costs credit, which comes with cycles and with leaps.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.engine.fast.events import outside
from simulator.engine.fast.leap import leap
from simulator.engine.fast.repeat import periods
from simulator.jit import apart, inlined, spliced

Ints = NDArray[np.int64]
Vector = NDArray[np.int32]
MIX = 2685821657736338717
"""Odd; products with it have signatures that differ little far apart."""


@inlined
def copy_eight(m: Ints, base: int, word: int) -> None:
    """Keep eight words at once."""
    a, b, c, d = m[word], m[word + 1], m[word + 2], m[word + 3]
    e, f, g, h = m[word + 4], m[word + 5], m[word + 6], m[word + 7]
    to = base + word
    m[to], m[to + 1], m[to + 2], m[to + 3] = a, b, c, d
    m[to + 4], m[to + 5], m[to + 6], m[to + 7] = e, f, g, h


@inlined
def keep_ring(m: Ints, base: int, ring: int, mask: int, first: int, end: int) -> None:
    """Keep the entries of a ring that are pending."""
    for entry in range(first, end):
        m[base + ring + (entry & mask)] = m[ring + (entry & mask)]


@apart
def keep(m: Ints, base: int, cycle: int, component: int, signature: int) -> None:
    """Keep the state at `base` to compare later ones with: the first words of every block, and what is pending in rings."""
    block = m[at.COMPONENT0]
    for _ in range(m[at.COMPONENTS]):
        copy_eight(m, base, block)
        block += at.COMPONENT_WORDS
    block = m[at.CHANNEL0]
    for _ in range(m[at.CHANNELS]):
        copy_eight(m, base, block)
        first, end = m[block + at.TAKEN], m[block + at.PUT]
        keep_ring(m, base, m[block + at.TOKENS], m[block + at.TOKENS_MASK], first, end)
        if m[block + at.CAPACITY] >= 0:
            first, end = max(0, end - m[block + at.CAPACITY]), m[block + at.RELEASED]
            keep_ring(m, base, m[block + at.CREDITS], m[block + at.CREDITS_MASK], first, end)
        block += at.CHANNEL_WORDS
    block = m[at.PROGRAM0]
    for _ in range(m[at.PROGRAMS]):
        for word in range(block, block + at.PROGRAM_KEPT, 8):
            copy_eight(m, base, word)
        block += at.BLOCK
    m[base + at.KEPT_SIGNATURE], m[base + at.KEPT_AT], m[base + at.KEPT_PORT] = signature, cycle, component
    m[base + at.KEPT_EPOCH] = m[at.EPOCH]


@spliced
def attempt(m: Ints, v: Vector, bins: Ints, base: int, cycle: int, component: int) -> int:
    """Leap if the state before the grant of `component` in `cycle` is the one kept at `base`; the cycles leapt over."""
    by, over = cycle - m[base + at.KEPT_AT], 0
    if m[base + at.KEPT_EPOCH] == m[at.EPOCH] and component == m[base + at.KEPT_PORT] and by > 0:
        m[at.KEPT] = base
        times = periods(m, v, by)
        if m[at.EVENTS]:
            times = min(times, outside(m, by))
        if times * by >= at.WORTH:
            leap(m, bins, by, times)
            over = times * by
    return over


@spliced
def key(m: Ints, program: int) -> int:
    """Signature of the current run of a program."""
    row = m[program + at.CURRENT]
    if m[program + at.KEY_ROW] != row:
        value, fields = m[row + at.ROW_COUNT], (m[program + at.STRIDE] - at.ROW_FIELDS) // 2
        for word in range(row + at.ROW_FIELDS, row + at.ROW_FIELDS + fields):
            value = value * 31 + (-1 if m[word + fields] else m[word])
        m[program + at.KEY_ROW], m[program + at.KEY] = row, value
    known: int = m[program + at.KEY]
    return known


@apart
def signature(m: Ints, component: int) -> int:
    """What states that repeat have in common: the runs of all programs and which channels are about empty."""
    value, program, channel = component, m[at.PROGRAM0], m[at.CHANNEL0]
    for _ in range(m[at.PROGRAMS]):
        value = value * 1000003
        if m[program + at.LEFT] > 0:
            value += key(m, program)
        program += m[at.PROGRAM_WORDS]
    for _ in range(m[at.CHANNELS]):
        value = value * 1000003 + min(2, m[channel + at.PUT] - m[channel + at.TAKEN])
        channel += at.CHANNEL_WORDS
    return value


@spliced
def echo(m: Ints, v: Vector, bins: Ints, cycle: int, component: int) -> int:
    """Leap if the state is one seen at a run boundary before; the cycles leapt over."""
    m[at.CREDIT_LEFT] -= 1
    mark, over = signature(m, component), 0
    base = m[at.ECHOES] + (mark * MIX >> 40 & m[at.ECHO_MASK]) * m[at.KEPT_WORDS]
    if m[base + at.KEPT_SIGNATURE] == mark:
        over = attempt(m, v, bins, base, cycle, component)
    keep(m, base, cycle + over, component, mark)
    return over


@apart
def consider(m: Ints, v: Vector, bins: Ints, cycle: int, component: int) -> bool:
    """Leap if the state before the grant of `component` in `cycle` is one that was kept; keep it now and then.

    Inside runs one state is kept (Brent); where a shared port's program enters a run, the last one of every signature.
    """
    fine, over = m[at.FINE], 0
    if m[at.ENTERED_RUN]:
        m[at.ENTERED_RUN] = 0
        if m[at.CREDIT_LEFT] > 0 and cycle >= m[at.ECHOED]:
            over = echo(m, v, bins, cycle, component)
            m[at.ECHOED] = cycle + over + at.PAUSE
    m[at.AGE] += 1
    if over == 0:
        over = attempt(m, v, bins, fine, cycle, component)
    if over > 0:
        m[at.POWER], m[at.FLOOR], m[at.AGE] = at.SHORTEST, at.SHORTEST, 0
        keep(m, fine, cycle + over, component, 0)
        return True
    if m[at.AGE] >= m[at.POWER]:
        if m[at.POWER] >= at.LONGEST:
            m[at.FLOOR] = min(at.LONGEST, 2 * m[at.FLOOR])
        m[at.POWER] = 2 * m[at.POWER] if m[at.POWER] < at.LONGEST else m[at.FLOOR]
        m[at.AGE] = 0
        keep(m, fine, cycle, component, 0)
    return False
