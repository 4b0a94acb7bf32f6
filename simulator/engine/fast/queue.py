"""Who is runnable, and the log of what departed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.jit import inlined

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


@inlined
def vacate(m: Ints, channel: int) -> None:
    """Wake the producer of a channel when the slot it waits for is released."""
    if m[channel + at.ROOM_WAIT] <= m[channel + at.RELEASED]:
        m[channel + at.ROOM_WAIT] = at.NEVER
        push(m, m[channel + at.PRODUCER])


@inlined
def tally(m: Ints, program: int, items: int, starts: int, squares: int, departs: int) -> None:
    """Add to the grant log of a program whose last item departed in the cycle before NEXT."""
    m[program + at.ITEMS] += items
    m[program + at.SUM_START] += starts
    m[program + at.SUM_SQUARE] += squares
    m[program + at.SUM_DEPART] += departs
    m[at.LAST] = max(m[at.LAST], m[program + at.NEXT] - 1)
