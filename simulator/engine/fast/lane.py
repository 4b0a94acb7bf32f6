"""A chain of streams that pass tokens on one by one, worked out item by item through all of it; the first may be a join.

Where every queue between the stages is empty, token i that stage s puts is the one stage s + 1 takes next. So with unit moves::

    start[s, i]  = max(depart[s, i - 1] + 1, depart[s - 1, i] + latency)
    depart[s, i] = max(finish[s, i], depart[s + 1, i - free] + credit_latency)

and neither tokens nor waiting need to be written down. How often this can be repeated is known beforehand, but for what the first
stage takes, which may be from several inputs. Later stages may run ahead of the window of cycles, so while items are recorded it is
not done. Equal items that find nothing to wait for are worked out at once (:mod:`simulator.engine.fast.glide`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.engine.fast.account import SEEN, missing, served
from simulator.engine.fast.glide import glide
from simulator.engine.fast.moves import following, take_from, visible
from simulator.engine.fast.queue import announce, push, tally
from simulator.engine.fast.stream import held, step, supply, take, waited
from simulator.engine.fast.tape import add
from simulator.jit import apart, inlined, spliced
from simulator.record.states import BLOCKED, BUSY

Ints = NDArray[np.int64]
Vector = NDArray[np.int32]


@spliced
def links(m: Ints, program: int, channel: int, consumer: int) -> bool:
    """Whether a stream's output is an empty queue that another stream takes from one by one."""
    if not m[consumer + at.UNIT] or m[consumer + at.LEFT] <= 0 or m[consumer + at.SOURCE] != channel:
        return False
    empty = m[channel + at.PUT] == m[channel + at.TAKEN]
    return (
        empty
        and m[channel + at.PUT] - m[channel + at.RELEASED] < m[channel + at.CAPACITY]
        and consumer != program
    )


@inlined
def space(m: Ints, channel: int) -> int:
    """Tokens that can be put into a channel before a slot is to come back or its ring is to grow; -1: there is none."""
    if channel < 0:
        return at.NEVER
    if m[channel + at.CAPACITY] >= 0:
        slots: int = m[channel + at.RELEASED] + m[channel + at.CAPACITY] - m[channel + at.PUT]
    else:
        slots = m[channel + at.TOKENS_MASK] + 1 + m[channel + at.TAKEN] - m[channel + at.PUT]
    return slots


@spliced
def gather(m: Ints, program: int) -> tuple[int, int]:
    """List the stages of the chain that begins at a program; their number, and how many items all of them can do."""
    stages, items, stage = 0, m[program + at.LEFT], program
    while True:
        m[m[at.LANE] + stages] = stage
        stages += 1
        items = min(items, m[stage + at.LEFT])
        channel = m[stage + at.TARGET]
        if channel < 0:
            return stages, items
        consumer = m[channel + at.CONSUMER]
        if not links(m, program, channel, consumer):
            break
        stage = consumer
    return stages, min(items, space(m, channel))


@apart
def lone(m: Ints, bins: Ints, program: int, before: int, start: int, last: int, depart: int) -> None:
    """Log an item of a component's only program; a stretch of busy cycles is logged when it ends."""
    component = m[program + at.OWNER]
    if start > before:
        add(m, bins, component, BUSY, m[program + at.SINCE], before)
        while before < start:
            state, until = missing(m, program, before)
            until = min(until, start)
            add(m, bins, component, BLOCKED if state == SEEN else state, before, until)
            before = until
        m[program + at.SINCE] = start
    if depart > last:
        add(m, bins, component, BUSY, m[program + at.SINCE], last + 1)
        add(m, bins, component, BLOCKED, last + 1, depart + 1)
        m[program + at.SINCE] = depart + 1


@inlined
def serve(m: Ints, bins: Ints, stage: int, ready: int, done: int) -> int:
    """Work out an item of a stage whose takes are visible from `ready`, after `done` others; its departure."""
    before, ticks, target = m[stage + at.NEXT], m[stage + at.TICKS], m[stage + at.TARGET]
    start = max(before, ready)
    span, end = m[stage + at.SPAN], 0
    last = start + span - 1
    if span == 0:
        last, end = served(
            ticks, m[stage + at.TICKS_SHIFT], m[stage + at.WORK], m[stage + at.FREE], start, ready
        )
    depart = last
    if target >= 0:
        slot = m[target + at.PUT] + done - m[target + at.CAPACITY]
        if slot >= 0 and m[target + at.CAPACITY] >= 0:
            depart = max(last, m[m[target + at.CREDITS] + (slot & m[target + at.CREDITS_MASK])])
    if span == 0:
        m[stage + at.FREE] = max(end, ticks * depart + 1)
    if m[stage + at.JOIN]:
        if start > before or depart > last:
            lone(m, bins, stage, before, start, last, depart)
    else:
        if start > before:
            waited(m, bins, stage, m[m[stage + at.SOURCE] + at.REASON], before, start)
        if depart > last:
            held(m, bins, stage, last, depart)
    m[stage + at.NEXT] = depart + 1
    tally(m, stage, before, start, last, depart)
    cycle: int = depart
    return cycle


@inlined
def hand_on(m: Ints, bins: Ints, stages: int, depart: int, done: int) -> None:
    """Let an item that leaves the first stage in `depart` pass the others, after `done` others, and put it behind the last."""
    list_ = m[at.LANE]
    for place in range(1, stages):
        stage = m[list_ + place]
        channel = m[stage + at.SOURCE]
        depart = serve(m, bins, stage, depart + m[channel + at.LATENCY], done)
        slot = (m[channel + at.RELEASED] + done) & m[channel + at.CREDITS_MASK]
        m[m[channel + at.CREDITS] + slot] = depart + m[channel + at.CREDIT]
    target = m[m[list_ + stages - 1] + at.TARGET]
    if target >= 0:
        token = (m[target + at.PUT] + done) & m[target + at.TOKENS_MASK]
        m[m[target + at.TOKENS] + token] = depart + m[target + at.LATENCY]


@inlined
def count(m: Ints, stages: int, items: int) -> None:
    """Count `items` items in every stage, between the stages and behind the last."""
    for place in range(stages):
        stage = m[m[at.LANE] + place]
        m[stage + at.ITEMS] += items
        m[stage + at.LEFT] -= items
        if place > 0:
            channel = m[stage + at.SOURCE]
            m[channel + at.PUT] += items
            m[channel + at.TAKEN] += items
            m[channel + at.RELEASED] += items
            if m[stage + at.LEFT] == 0:
                m[channel + at.TOKEN_WAIT] = at.NEVER
                push(m, stage)
            elif m[channel + at.TOKEN_WAIT] < at.NEVER:
                m[channel + at.TOKEN_WAIT] = m[channel + at.PUT]
    target = m[m[m[at.LANE] + stages - 1] + at.TARGET]
    if target >= 0:
        m[target + at.PUT] += items
        announce(m, target)


@inlined
def ready_from(m: Ints, program: int) -> int:
    """Cycle from which what the next item of a stream or join takes is visible; NEVER, and noted, while it is not put."""
    cycle: int = visible(m, program) if m[program + at.JOIN] else supply(m, program)
    return cycle


@inlined
def chained(m: Ints, program: int) -> bool:
    """Whether the current run of a program may head a chain."""
    may: bool = m[program + at.STREAM] or (m[program + at.JOIN] and not m[program + at.ELASTIC])
    return may


@apart
def pour(m: Ints, v: Vector, bins: Ints, program: int, stages: int, items: int, done: int) -> int:
    """Work out items of a chain, `items` of them or as far as what they take is known, after `done` others; how many are done."""
    varied, join, before = m[program + at.VARIED], m[program + at.JOIN], done
    while done < items:
        if m[program + at.STEADY] and (done - before) & (done - before - 1) == 0:
            done += glide(m, v, program, stages, items - done, done)
            if done == items:
                break
        ready = ready_from(m, program)
        if ready == at.NEVER or max(ready, m[program + at.NEXT]) >= m[at.LIMIT]:
            break
        depart = serve(m, bins, program, ready, done)
        if join:
            take_from(m, program, depart)
        else:
            take(m, program, depart)
        hand_on(m, bins, stages, depart, done)
        done += 1
        if varied:
            following(m, v, program)
    return done


@apart
def lane(m: Ints, v: Vector, bins: Ints, program: int) -> int:
    """Work out items of a stream or a join, and of the streams it passes tokens on to.

    Not MOVED when something is not known; SINGLY when the next item is to be worked out by itself.
    """
    if m[at.EVENTS_UNTIL] == at.NEVER or not chained(m, program):
        return at.SINGLY
    if ready_from(m, program) == at.NEVER:
        return at.STUCK
    stages, items = gather(m, program)
    if stages == 1 or items <= 0:
        return at.SINGLY
    done = pour(m, v, bins, program, stages, items, 0)
    if done == 0:
        return at.SINGLY
    status = at.STUCK if done < items and ready_from(m, program) == at.NEVER else at.MOVED
    count(m, stages, done)
    return status


@spliced
def alone(m: Ints, v: Vector, bins: Ints, program: int) -> int:
    """Work out one item of a stream by itself."""
    status = step(m, v, bins, program)
    if status == at.MOVED:
        left = m[program + at.LEFT] - 1
        m[program + at.LEFT] = left
        if m[program + at.VARIED] and left > 0:
            following(m, v, program)
    return status
