"""Leaps over periods that repeat exactly.

A time in a part that moved in a period of d cycles grows by k d when k periods are added; counts grow by k times what they grew
in it; with s the n starts of the period, their sum and the sum of their squares by::

    sum over j = 1 .. k of sum (s + j d)   = k sum(s)   + n d K1          K1 = k (k + 1) / 2
    sum over j = 1 .. k of sum (s + j d)^2 = k sum(s^2) + 2 d K1 sum(s) + n d^2 K2    K2 = k (k + 1) (2 k + 1) / 6

and the intervals logged in the period are logged k times more. The state at the begin of the period is the one at KEPT.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.engine.fast.tape import loop
from simulator.engine.fast.unroll import unroll
from simulator.jit import apart, inlined, kernel
from simulator.record.states import STATES

Ints = NDArray[np.int64]


@kernel
def move_ring(m: Ints, ring: int, mask: int, first: int, count: int, onward: int, later: int) -> None:
    """Move pending entries of a ring `onward` places on, each time `later`."""
    scratch = m[at.SCRATCH]
    for entry in range(count):
        m[scratch + entry] = m[ring + ((first + entry) & mask)] + later
    for entry in range(count):
        m[ring + ((first + onward + entry) & mask)] = m[scratch + entry]


@kernel
def extend_ring(m: Ints, ring: int, mask: int, end: int, count: int, by: int, times: int) -> None:
    """Add the last `count` entries of a ring, which ends before place `end`, `times` times more, each time `by` later."""
    for entry in range(end, end + times * count):
        m[ring + (entry & mask)] = m[ring + ((entry - count) & mask)] + by


@apart
def drift(m: Ints, channel: int, by: int, times: int) -> None:
    """Leap with a channel that fills or drains; what is put goes on as in the period."""
    was = m[at.KEPT] + channel
    put, taken = m[channel + at.PUT] - m[was + at.PUT], m[channel + at.TAKEN] - m[was + at.TAKEN]
    released = m[channel + at.RELEASED] - m[was + at.RELEASED]
    extend_ring(m, m[channel + at.TOKENS], m[channel + at.TOKENS_MASK], m[channel + at.PUT], put, by, times)
    extend_ring(
        m,
        m[channel + at.CREDITS],
        m[channel + at.CREDITS_MASK],
        m[channel + at.RELEASED],
        released,
        by,
        times,
    )
    m[channel + at.PUT] += times * put
    m[channel + at.TAKEN] += times * taken
    m[channel + at.RELEASED] += times * released
    if put > 0:
        m[channel + at.ENTRY] += times * by


@apart
def move_channel(m: Ints, channel: int, by: int, times: int) -> None:
    """Leap with a channel."""
    was, bounded = m[at.KEPT] + channel, m[channel + at.CAPACITY] >= 0
    put, taken = m[channel + at.PUT] - m[was + at.PUT], m[channel + at.TAKEN] - m[was + at.TAKEN]
    if put != taken or (bounded and put != m[channel + at.RELEASED] - m[was + at.RELEASED]):
        drift(m, channel, by, times)
        return
    onward, later, first = times * put, times * by, m[channel + at.TAKEN]
    if onward == 0:
        return
    pending = m[channel + at.PUT] - first
    move_ring(m, m[channel + at.TOKENS], m[channel + at.TOKENS_MASK], first, pending, onward, later)
    if bounded:
        first = m[channel + at.PUT] - m[channel + at.CAPACITY]
        pending = m[channel + at.RELEASED] - first
        move_ring(m, m[channel + at.CREDITS], m[channel + at.CREDITS_MASK], first, pending, onward, later)
        m[channel + at.RELEASED] += onward
    m[channel + at.PUT] += onward
    m[channel + at.TAKEN] += onward
    m[channel + at.ENTRY] += later
    if m[channel + at.TOKEN_WAIT] < at.NEVER:
        m[channel + at.TOKEN_WAIT] += onward
    if m[channel + at.ROOM_WAIT] < at.NEVER:
        m[channel + at.ROOM_WAIT] += onward


@inlined
def move(m: Ints, word: int, by: int, times: int) -> None:
    """Leap with a time, if it moved in the period."""
    if m[word] != m[m[at.KEPT] + word]:
        m[word] += times * by


@apart
def move_program(m: Ints, program: int, by: int, times: int) -> None:
    """Leap with a program."""
    was = m[at.KEPT] + program
    for state in range(at.STATES, at.STATES + len(STATES)):
        m[program + state] += times * (m[program + state] - m[was + state])
    items = m[program + at.ITEMS] - m[was + at.ITEMS]
    if items == 0:
        return
    starts = m[program + at.SUM_START] - m[was + at.SUM_START]
    squares = m[program + at.SUM_SQUARE] - m[was + at.SUM_SQUARE]
    departs = m[program + at.SUM_DEPART] - m[was + at.SUM_DEPART]
    logged = items if m[program + at.UNITS] != m[was + at.UNITS] else 0
    once = times * (times + 1) // 2
    twice = once // 3 * (2 * times + 1) if once % 3 == 0 else once * ((2 * times + 1) // 3)
    m[program + at.ITEMS] += times * items
    m[program + at.SUM_START] += times * starts + logged * by * once
    m[program + at.SUM_DEPART] += times * departs + logged * by * once
    m[program + at.SUM_SQUARE] += times * squares + 2 * by * once * starts + logged * by * by * twice
    rows = m[program + at.CURRENT] - m[was + at.CURRENT]
    visits = m[program + at.VISIT] - m[was + at.VISIT]
    if visits > 0:
        m[program + at.VISIT] += times * visits
    elif rows == 0:
        m[program + at.LEFT] += times * (m[program + at.LEFT] - m[was + at.LEFT])
    else:
        m[program + at.CURRENT] += times * rows
        row = m[program + at.CURRENT]
        m[program + at.ROW] = 0 if m[row + at.ROW_LAST] else row + m[program + at.STRIDE]
    move(m, program + at.UNITS, by, times)
    move(m, program + at.SINCE, by, times)
    move(m, program + at.FREE, m[program + at.TICKS] * by, times)
    m[program + at.NEXT] += times * by
    for word in (at.ELIGIBLE, at.READY, at.SEEN, at.DEFERRED):
        if m[program + word] < at.NEVER:
            m[program + word] += times * by


@apart
def move_port(m: Ints, component: int, by: int, times: int) -> None:
    """Leap with a shared port."""
    if m[component + at.GRANTED] == m[m[at.KEPT] + component + at.GRANTED]:
        return
    for word in (at.GRANTED, at.FINISHED, at.STRETCH):
        move(m, component + word, by, times)
    move(m, component + at.PORT_FREE, m[m[component + at.FIRST] + at.TICKS] * by, times)
    if m[component + at.CANDIDATE] < at.NEVER:
        m[component + at.CANDIDATE] += times * by


@apart
def log_again(m: Ints, bins: Ints, times: int) -> None:
    """Log the intervals of the period `times` times more."""
    component, full = m[at.COMPONENT0], False
    for _ in range(m[at.COMPONENTS]):
        first = m[m[at.KEPT] + component + at.TAPED]
        full = loop(m, bins, component, first, times) or full
        component += at.COMPONENT_WORDS
    if full:
        component = m[at.COMPONENT0]
        for _ in range(m[at.COMPONENTS]):
            unroll(m, bins, component)
            component += at.COMPONENT_WORDS


@apart
def leap(m: Ints, bins: Ints, by: int, times: int) -> None:
    """Leap over `times` periods of `by` cycles."""
    program, channel = m[at.PROGRAM0], m[at.CHANNEL0]
    for _ in range(m[at.PROGRAMS]):
        move_program(m, program, by, times)
        program += m[at.PROGRAM_WORDS]
    for _ in range(m[at.CHANNELS]):
        move_channel(m, channel, by, times)
        channel += at.CHANNEL_WORDS
    for entry in range(m[at.PORTS], m[at.PORTS_END]):
        move_port(m, m[entry], by, times)
    m[at.LEAPT] += times * by
    m[at.BASE] += times * by
    m[at.LIMIT] += times * by
    m[at.CREDIT_LEFT] += times * by >> at.CREDIT_SHIFT
    log_again(m, bins, times)
