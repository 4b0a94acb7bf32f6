"""Which of many ports can be granted when: a calendar queue (Brown, Calendar queues, Communications of the ACM 31, 1988) with a day
for each cycle of the window.

A day has a bit for every port, set where the port's first grant that is known is made in that cycle. Nothing is caused in the
cycle it is caused by, so a day is over when all its ports were granted, and the next is the first behind it with a port in it.
Ports whose first grant is behind the window are noted in no day before their window begins.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.jit import inlined, leading_zeros, spliced

Ints = NDArray[np.int64]
WORD_BITS = 32
"""Ports, or programs of a port, in a word."""


@inlined
def flip(m: Ints, component: int, cycle: int) -> None:
    """Note a port in the day of a cycle, or no longer, if that is in the window."""
    day = m[component + at.DAY_WORD] + (cycle & (at.WINDOW - 1)) * m[at.DAY_WORDS]
    m[day] ^= m[component + at.DAY_BIT] * (cycle < m[at.LIMIT])


@inlined
def bring(m: Ints, component: int, cycle: int) -> None:
    """Set the first grant of a port that is known."""
    if m[at.DAYS]:
        flip(m, component, m[component + at.CANDIDATE])
        flip(m, component, cycle)
    m[component + at.CANDIDATE] = cycle


@spliced
def open_days(m: Ints) -> None:
    """Begin a window: all days are empty yet."""
    m[at.TODAY] = m[at.BASE]
    for entry in range(m[at.PORTS], m[at.PORTS_END]):
        flip(m, m[entry], m[m[entry] + at.CANDIDATE])


@inlined
def lowest(bits: int) -> int:
    """Place of the lowest one of a word that is not zero."""
    place: int = 63 - leading_zeros(bits & -bits)
    return place


@spliced
def first_day(m: Ints) -> int:
    """The earliest grant that is known."""
    width, earliest = m[at.DAY_WORDS], at.NEVER
    for cycle in range(m[at.TODAY], m[at.LIMIT]):
        day = m[at.DAYS] + (cycle & (at.WINDOW - 1)) * width
        for word in range(day, day + width):
            if m[word]:
                return cycle
    for entry in range(m[at.PORTS], m[at.PORTS_END]):
        earliest = min(earliest, m[m[entry] + at.CANDIDATE])
    return earliest
