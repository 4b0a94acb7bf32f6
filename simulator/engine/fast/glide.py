"""Items of a chain of streams that follow each other without a gap, worked out all at once.

Stage s of a chain (:mod:`simulator.engine.fast.lane`) is next free in cycle next[s]. Items i = 0 .. n - 1 of one cycle each pass it
in cycles next[s] + i, if nothing they need comes later::

    arrival[i]                            <= next[0] + i                 what the first stage takes
    next[s - 1] + i + latency             <= next[s] + i                 what the others take
    credit[i]                             <= next[s] + i                 slots that are free already, i < free
    next[s + 1] + i - free + credit latency <= next[s] + i               slots that these items free, i >= free

The second and the last do not depend on i; arrivals and credits do not fall, so that of the last item is enough where all are
known. Nobody waits and nobody is held, so there is nothing to log but that the stages stay busy.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.engine.fast.stream import refund
from simulator.jit import apart, spliced

Ints = NDArray[np.int64]


@spliced
def ahead(m: Ints, stage: int, channel: int, onward: int, items: int, done: int) -> bool:
    """Whether a stage never waits for its successor, which is next free in `onward`: items after `done` others."""
    now, capacity = m[stage + at.NEXT], m[channel + at.CAPACITY]
    free = capacity - m[channel + at.PUT] + m[channel + at.RELEASED]
    if now + m[channel + at.LATENCY] > onward:
        return False
    if items > free and onward + m[channel + at.CREDIT] - free > now:
        return False
    first = m[channel + at.PUT] + done - capacity
    for slot in range(max(0, first), first + min(items, free)):
        if m[m[channel + at.CREDITS] + (slot & m[channel + at.CREDITS_MASK])] > now + slot - first:
            return False
    return True


@spliced
def unhindered(m: Ints, stages: int, items: int, done: int) -> bool:
    """Whether all stages can pass so many items one a cycle, after `done` others."""
    for place in range(stages):
        stage = m[m[at.LANE] + place]
        channel = m[stage + at.TARGET]
        if m[stage + at.SPAN] != 1:
            return False
        if place + 1 < stages:
            if not ahead(m, stage, channel, m[m[m[at.LANE] + place + 1] + at.NEXT], items, done):
                return False
        elif channel >= 0 and m[channel + at.CAPACITY] >= 0:
            slot = m[channel + at.PUT] + done + items - 1 - m[channel + at.CAPACITY]
            credit = m[channel + at.CREDITS] + (slot & m[channel + at.CREDITS_MASK])
            if slot >= 0 and m[credit] > m[stage + at.NEXT]:
                return False
    return True


@spliced
def pass_on(m: Ints, stages: int, items: int, done: int) -> None:
    """Let all stages pass the items: tokens behind the chain, slots within it, and the clocks of the stages."""
    for place in range(stages):
        stage = m[m[at.LANE] + place]
        now = m[stage + at.NEXT]
        m[stage + at.NEXT] = now + items
        if place > 0:
            channel = m[stage + at.SOURCE]
            ring, mask = m[channel + at.CREDITS], m[channel + at.CREDITS_MASK]
            first = m[channel + at.RELEASED] + done
            for i in range(max(0, items - m[channel + at.CAPACITY]), items):
                m[ring + ((first + i) & mask)] = now + i + m[channel + at.CREDIT]
        target = m[stage + at.TARGET]
        if place + 1 == stages and target >= 0:
            ring, mask, first = m[target + at.TOKENS], m[target + at.TOKENS_MASK], m[target + at.PUT] + done
            for i in range(items):
                m[ring + ((first + i) & mask)] = now + i + m[target + at.LATENCY]


@apart
def glide(m: Ints, program: int, stages: int, items: int, done: int) -> int:
    """Work out items of the chain that begins at a program whose run does not vary, after `done` others; how many."""
    source, take, now = m[program + at.SOURCE], m[program + at.TAKE], m[program + at.NEXT]
    items = min(items, m[at.LIMIT] - now)
    if take != m[program + at.GIVE] or take > 1:
        return 0
    if take == 1:
        items = min(items, m[source + at.PUT] - m[source + at.TAKEN])
        last = m[source + at.TAKEN] + items - 1
        if items <= 0 or m[m[source + at.TOKENS] + (last & m[source + at.TOKENS_MASK])] > now:
            return 0
    if items <= 0 or not unhindered(m, stages, items, done):
        return 0
    pass_on(m, stages, items, done)
    if take == 1:
        m[source + at.TAKEN] += items
        if m[source + at.CAPACITY] >= 0:
            for i in range(items):
                refund(m, source, 1, now + i)
    return items
