"""Items of a chain of streams that follow each other without a gap, worked out all at once.

Stage s of a chain (:mod:`simulator.engine.fast.lane`) is next free in cycle next[s]. Items i = 0 .. n - 1 of one cycle each pass it
in cycles next[s] + i, if nothing they need comes later::

    arrival[i]                            <= next[0] + i                 what the first stage takes
    next[s - 1] + i + latency             <= next[s] + i                 what the others take
    credit[i]                             <= next[s] + i                 slots that are free already, i < free
    next[s + 1] + i - free + credit latency <= next[s] + i               slots that these items free, i >= free

The second and the last do not depend on i; arrivals and credits do not fall, so that of the last item is enough where all are
known; where the first stage takes now more and now less, every arrival is looked at. Nobody waits and nobody is held, so there is
nothing to log but that the stages stay busy.

An item may need less than a cycle of a port that keeps its own time, work w of t ticks a cycle. With y[i] = free - t (next + i)
after item i, which came g cycles before it started::

    y[i] = max(y[i - 1] - (t - w), w - t g, 1)     so     y[n - 1] = max(y[-1] - n (t - w), w - t g, 1)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.engine.fast.stream import moves, refund
from simulator.jit import apart, spliced

Ints = NDArray[np.int64]
Vector = NDArray[np.int32]


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
        if m[stage + at.SPAN] > 1 or (m[stage + at.SPAN] == 0 and m[stage + at.WORK] > m[stage + at.TICKS]):
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
def keep_time(m: Ints, stage: int, items: int, now: int, gap: int) -> None:
    """Let the clock of a stage serve items of less than a cycle each, which come `gap` cycles before they start."""
    ticks, work = m[stage + at.TICKS], m[stage + at.WORK]
    ahead = m[stage + at.FREE] - ticks * (now - 1) - items * (ticks - work)
    m[stage + at.FREE] = ticks * (now + items - 1) + max(1, ahead, work - ticks * gap)


@spliced
def pass_on(m: Ints, stages: int, items: int, done: int) -> None:
    """Let all stages pass the items: tokens behind the chain, slots within it, and the clocks of the stages."""
    for place in range(stages):
        stage = m[m[at.LANE] + place]
        now = m[stage + at.NEXT]
        m[stage + at.NEXT] = now + items
        if place > 0:
            channel = m[stage + at.SOURCE]
            if m[stage + at.SPAN] == 0:
                ready = m[m[m[at.LANE] + place - 1] + at.NEXT] - items + m[channel + at.LATENCY]
                keep_time(m, stage, items, now, now - ready)
            ring, mask = m[channel + at.CREDITS], m[channel + at.CREDITS_MASK]
            first = m[channel + at.RELEASED] + done
            for i in range(max(0, items - m[channel + at.CAPACITY]), items):
                m[ring + ((first + i) & mask)] = now + i + m[channel + at.CREDIT]
        target = m[stage + at.TARGET]
        if place + 1 == stages and target >= 0:
            ring, mask, first = m[target + at.TOKENS], m[target + at.TOKENS_MASK], m[target + at.PUT] + done
            for i in range(items):
                m[ring + ((first + i) & mask)] = now + i + m[target + at.LATENCY]


@spliced
def supplied(m: Ints, v: Vector, program: int, items: int) -> int:
    """How many items of a run whose takes vary find theirs visible, one item a cycle."""
    row, source, phase = (
        m[program + at.CURRENT] + at.ROW_FIELDS,
        m[program + at.SOURCE],
        m[program + at.PHASE],
    )
    fields, place = (m[program + at.STRIDE] - at.ROW_FIELDS) // 2, 1 + m[m[program + at.CURRENT] + at.ROW_IN]
    take, varies, taken, put = (
        m[row + place],
        m[row + fields + place],
        m[source + at.TAKEN],
        m[source + at.PUT],
    )
    ring, mask, cycle = m[source + at.TOKENS], m[source + at.TOKENS_MASK], m[program + at.NEXT]
    for i in range(items):
        count = int(v[take + phase]) if varies else take
        if count > 0:
            taken += count
            if taken > put or m[ring + ((taken - 1) & mask)] > cycle + i:
                return i
        phase = phase + 1 if phase + 1 < m[program + at.RUN_PERIOD] else 0
    return items


@spliced
def take_in(m: Ints, v: Vector, program: int, items: int, now: int) -> None:
    """Let the first stage take and give back what items take, one a cycle from `now` on, and keep its time."""
    source, phase, varied = m[program + at.SOURCE], m[program + at.PHASE], m[program + at.VARIED]
    bounded, timed = m[source + at.CAPACITY] >= 0, m[program + at.SPAN] == 0
    ticks, free, arrivals = m[program + at.TICKS], m[program + at.FREE], m[source + at.TOKENS]
    for i in range(items):
        begin = free
        if m[program + at.TAKE] > 0:
            m[source + at.TAKEN] += m[program + at.TAKE]
            last = (m[source + at.TAKEN] - 1) & m[source + at.TOKENS_MASK]
            begin = max(free, ticks * m[arrivals + last])
        if m[program + at.GIVE] > 0 and bounded:
            refund(m, source, m[program + at.GIVE], now + i)
        if timed:
            free = max(begin + m[program + at.WORK], ticks * (now + i) + 1)
        if varied:
            phase = phase + 1 if phase + 1 < m[program + at.RUN_PERIOD] else 0
            m[program + at.PHASE] = phase
            moves(m, v, program)
    m[program + at.FREE] = free


@apart
def glide(m: Ints, v: Vector, program: int, stages: int, items: int, done: int) -> int:
    """Work out items of one demand of the chain that begins at a program, after `done` others; how many."""
    source, take, now = m[program + at.SOURCE], m[program + at.TAKE], m[program + at.NEXT]
    varied = m[program + at.VARIED]
    items = min(items, m[at.LIMIT] - now)
    if varied:
        items = supplied(m, v, program, items)
    elif take != m[program + at.GIVE] or take > 1:
        return 0
    elif take == 1:
        items = min(items, m[source + at.PUT] - m[source + at.TAKEN])
        last = m[source + at.TAKEN] + items - 1
        if items <= 0 or m[m[source + at.TOKENS] + (last & m[source + at.TOKENS_MASK])] > now:
            return 0
    if items <= 0 or not unhindered(m, stages, items, done):
        return 0
    pass_on(m, stages, items, done)
    if source >= 0:
        take_in(m, v, program, items, now)
    elif m[program + at.SPAN] == 0:
        keep_time(m, program, items, now, at.NEVER >> 32)
    return items
