"""Who is runnable, and the log of what departed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.engine.fast.events import record
from simulator.jit import inlined, kernel, spliced

Ints = NDArray[np.int64]


@inlined
def push(m: Ints, program: int) -> None:
    """Make a program runnable."""
    if m[program + at.AWAKE] == 0:
        m[program + at.AWAKE] = 1
        tail = m[at.QUEUE_TAIL]
        m[m[at.QUEUE] + (tail & m[at.QUEUE_MASK])] = program
        m[at.QUEUE_TAIL] = tail + 1


@inlined
def announce(m: Ints, channel: int) -> None:
    """Wake the consumer of a channel when the token it waits for is put."""
    if m[channel + at.TOKEN_WAIT] < m[channel + at.PUT]:
        m[channel + at.TOKEN_WAIT] = at.NEVER
        push(m, m[channel + at.CONSUMER])


@spliced
def vacate(m: Ints, channel: int) -> None:
    """Wake the producer of a channel when the slot it waits for is released."""
    if m[channel + at.ROOM_WAIT] <= m[channel + at.RELEASED]:
        m[channel + at.ROOM_WAIT] = at.NEVER
        push(m, m[channel + at.PRODUCER])


@kernel
def spread(m: Ints, program: int, end: int) -> None:
    """Add the items of one cycle each that started in cycles UNITS .. end - 1 to the grant log.

    Their n starts a, a + 1, .. sum to n a + t with t = n (n - 1) / 2, their squares to n a^2 + 2 a t + t (2 n - 1) / 3.
    """
    first = m[program + at.UNITS]
    count = end - first
    if count > 0:
        half = count * (count - 1) // 2
        squares = half // 3 * (2 * count - 1) if half % 3 == 0 else half * ((2 * count - 1) // 3)
        m[program + at.SUM_START] += count * first + half
        m[program + at.SUM_SQUARE] += count * first * first + 2 * first * half + squares
        m[program + at.SUM_DEPART] += count * first + half


@inlined
def tally(m: Ints, program: int, before: int, start: int, last: int, depart: int) -> None:
    """Add an item to the grant log, at the latest with the next one that waits or takes longer than a cycle."""
    if start > before or depart > start:
        if m[at.EVENTS]:
            record(m, program, before, start, last, depart)
        spread(m, program, before)
        m[program + at.SUM_START] += start
        m[program + at.SUM_SQUARE] += start * start
        m[program + at.SUM_DEPART] += depart
        m[program + at.UNITS] = depart + 1
