"""How soon a grant can matter elsewhere: the least number of cycles from a departure of one program to one of another.

A departure can let the consumer of a token depart `latency` cycles later and the producer that waits for a slot `credit_latency`
cycles later, so the distance is a shortest path over both kinds of edges. Programs whose distance became less wait in a queue,
that of the runnable ones, to pass it on (Bellman and Ford); it is empty again at the end.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.engine.fast.queue import push
from simulator.jit import apart, inlined

Ints = NDArray[np.int64]


@inlined
def nearer(m: Ints, table: int, program: int, cycles: int) -> None:
    """A program is so far away at most."""
    if program and cycles < m[table + m[program + at.NUMBER]]:
        m[table + m[program + at.NUMBER]] = cycles
        push(m, program)


@apart
def distances(m: Ints, source: int, table: int) -> None:
    """Tell the distances of all programs from one, in their order, at `table`; NEVER where there is no path."""
    for program in range(m[at.PROGRAMS]):
        m[table + program] = at.NEVER
    nearer(m, table, source, 0)
    while m[at.QUEUE_HEAD] < m[at.QUEUE_TAIL]:
        program = m[m[at.QUEUE] + (m[at.QUEUE_HEAD] & m[at.QUEUE_MASK])]
        m[at.QUEUE_HEAD] += 1
        m[program + at.AWAKE] = 0
        cycles = m[table + m[program + at.NUMBER]]
        for port in range(m[program + at.INS], m[program + at.OUTS], at.INPUT):
            channel = m[port + at.CHANNEL]
            nearer(m, table, m[channel + at.PRODUCER], cycles + m[channel + at.CREDIT])
        for port in range(m[program + at.OUTS], m[program + at.END], at.OUTPUT):
            channel = m[port + at.CHANNEL]
            nearer(m, table, m[channel + at.CONSUMER], cycles + m[channel + at.LATENCY])
