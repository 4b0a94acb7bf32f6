"""Leaps over periods that repeat exactly.

When all that is known is worked out, the whole state is compared with one kept from an earlier such moment, d cycles before. If
every part either has not changed at all, or is the same relative to the clock and stands before the same items, then the d cycles
between are repeated as long as the items are: k periods are added at once. A time in a part that moved grows by k d; counts by k
times what they grew; with s the n starts of the period, their sum and the sum of their squares by::

    sum over j = 1 .. k of sum (s + j d)   = k sum(s)   + n d K1          K1 = k (k + 1) / 2
    sum over j = 1 .. k of sum (s + j d)^2 = k sum(s^2) + 2 d K1 sum(s) + n d^2 K2    K2 = k (k + 1) (2 k + 1) / 6

and the intervals logged in the period are logged k times, each d cycles later. A part that has not changed must have nothing to do
before the last of these periods is over.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.engine.fast.account import arrival
from simulator.engine.fast.tape import loop, unroll
from simulator.jit import inlined, kernel
from simulator.record.states import BLOCKED, STATES

Ints = NDArray[np.int64]
Vector = NDArray[np.int32]
NO = 0


@inlined
def shifted(new: int, old: int, by: int) -> bool:
    """Whether a time moved by `by`, or never comes."""
    return new - old == by or (new == at.NEVER and old == at.NEVER)


@inlined
def ring_shifted(m: Ints, ring: int, mask: int, first: int, before: int, count: int, by: int) -> bool:
    """Whether `count` entries of a ring from `first` on are those kept from `before` on, moved by `by`."""
    entry, kept = 0, m[at.KEPT] + ring
    while entry < count and m[ring + ((first + entry) & mask)] - m[kept + ((before + entry) & mask)] == by:
        entry += 1
    return entry >= count


@kernel
def channel_repeats(m: Ints, channel: int, by: int) -> bool:
    """Whether a channel is as it was, by so many cycles later."""
    was = m[at.KEPT] + channel
    put, taken = m[channel + at.PUT] - m[was + at.PUT], m[channel + at.TAKEN] - m[was + at.TAKEN]
    released = m[channel + at.RELEASED] - m[was + at.RELEASED]
    token_wait, room_wait = m[channel + at.TOKEN_WAIT], m[channel + at.ROOM_WAIT]
    bounded = m[channel + at.CAPACITY] >= 0
    if put != taken or (bounded and put != released):
        return False
    if not shifted(token_wait, m[was + at.TOKEN_WAIT], put) or not shifted(
        room_wait, m[was + at.ROOM_WAIT], put
    ):
        return False
    if put == 0:
        return True
    if m[channel + at.WIDTH] > 0 and (
        m[channel + at.ENTRY] - m[was + at.ENTRY] != by or m[channel + at.ENTERED] != m[was + at.ENTERED]
    ):
        return False
    pending, first = m[channel + at.PUT] - m[channel + at.TAKEN], m[channel + at.TAKEN]
    if not ring_shifted(
        m, m[channel + at.TOKENS], m[channel + at.TOKENS_MASK], first, first - put, pending, by
    ):
        return False
    if not bounded:
        return True
    first = m[channel + at.PUT] - m[channel + at.CAPACITY]
    if first - put < 0:
        return False
    pending = m[channel + at.RELEASED] - first
    return ring_shifted(
        m, m[channel + at.CREDITS], m[channel + at.CREDITS_MASK], first, first - put, pending, by
    )


@kernel
def row_equal(m: Ints, v: Vector, a: int, b: int, begin: int, stride: int) -> bool:
    """Whether two rows of a run table mean the same from word `begin` on."""
    other, fields = 0, (stride - at.ROW_FIELDS) // 2
    for word in range(begin, at.ROW_FIELDS):
        other |= m[a + word] ^ m[b + word]
    for field in range(at.ROW_FIELDS, at.ROW_FIELDS + fields):
        other |= m[a + field + fields] ^ m[b + field + fields]
        one, two = m[a + field], m[b + field]
        if one != two and m[a + field + fields] and other == 0:
            for phase in range(m[a + at.ROW_PERIOD]):
                other |= v[one + phase] ^ v[two + phase]
        else:
            other |= one ^ two
    return other == 0


@kernel
def repeats(m: Ints, v: Vector, program: int, most: int) -> int:
    """How many more periods, at most `most`, the items of a program that moved are those of the last one."""
    was, stride, row = m[at.KEPT] + program, m[program + at.STRIDE], m[program + at.CURRENT]
    before, left = m[was + at.CURRENT], m[program + at.LEFT]
    if m[program + at.PHASE] != m[was + at.PHASE] or m[program + at.LOADS] != m[was + at.LOADS] or left < 1:
        return NO
    if row == before:
        whole_runs: int = min(most, (left - 1) // (m[was + at.LEFT] - left))
        return whole_runs
    if left != m[was + at.LEFT] or not row_equal(m, v, row, before, at.ROW_PERIOD, stride):
        return NO
    rows, matched = (row - before) // stride, 0
    here, there = row + stride, before + stride
    while (
        matched < most * rows
        and here < m[program + at.ROW_END]
        and row_equal(m, v, here, there, at.ROW_COUNT, stride)
    ):
        matched += 1
        here += stride
        there += stride
    times: int = min(most, matched // rows)
    return times


@inlined
def since_repeats(m: Ints, word: int, by: int) -> bool:
    """Whether the beginning of a stretch has not changed or has moved."""
    moved: int = m[word] - m[m[at.KEPT] + word]
    return moved in (0, by)


@kernel
def moved_repeats(m: Ints, program: int, by: int) -> bool:
    """Whether the times of a program that moved did so by `by`."""
    was = m[at.KEPT] + program
    if m[program + at.NEXT] - m[was + at.NEXT] != by or m[program + at.DEFERRED] < at.NEVER:
        return False
    if not since_repeats(m, program + at.UNITS, by):
        return False
    component, ticks = m[program + at.OWNER], m[program + at.TICKS]
    if not m[program + at.SHARED]:
        free = m[program + at.FREE] - m[was + at.FREE]
        regular: bool = free == ticks * by or whole(m, program)
        return regular and since_repeats(m, program + at.SINCE, by)
    if not shifted(m[program + at.ELIGIBLE], m[was + at.ELIGIBLE], by):
        return False
    old = m[at.KEPT] + component
    seen, known = m[program + at.SEEN], m[was + at.SEEN]
    if not shifted(seen, known, by) and not (
        seen <= m[component + at.GRANTED] and known <= m[old + at.GRANTED]
    ):
        return False
    ready, early = ticks * m[program + at.READY], ticks * m[was + at.READY]
    past = ready <= m[component + at.PORT_FREE] and early <= m[old + at.PORT_FREE]
    return shifted(m[program + at.READY], m[was + at.READY], by) or past


@inlined
def whole(m: Ints, program: int) -> bool:
    """Whether the ticks of a program's port never matter."""
    ticks: int = m[program + at.TICKS]
    return ticks in (0, m[program + at.TICKS_PER_DEMAND])


@kernel
def still(m: Ints, program: int, by: int) -> int:
    """For how many periods of `by` cycles a program that has not moved has nothing to do; NO when it is not the same."""
    was, limit, until = m[at.KEPT] + program, m[at.LIMIT], m[program + at.DEFERRED]
    if until != m[was + at.DEFERRED] or m[program + at.LEFT] != m[was + at.LEFT]:
        return NO
    if m[program + at.DONE] != m[was + at.DONE] or m[program + at.LOADS] != m[was + at.LOADS]:
        return NO
    if m[program + at.SHARED] and not m[program + at.DONE]:
        if m[program + at.ELIGIBLE] != m[was + at.ELIGIBLE] or m[program + at.SEEN] != m[was + at.SEEN]:
            return NO
        until = min(until, m[program + at.ELIGIBLE])
        granted = m[m[at.KEPT] + m[program + at.OWNER] + at.GRANTED]
        for port in range(program + at.BLOCK, m[program + at.OUTS], at.INPUT):
            if m[m[port + at.CHANNEL] + at.REASON] != BLOCKED:
                seen = arrival(m, port)
                if seen > granted:
                    until = min(until, seen)
    times: int = max(NO, (until - limit) // by)
    return times


@kernel
def port_repeats(m: Ints, component: int, by: int) -> bool:
    """Whether a shared port is as it was, by so many cycles later, or was not granted since."""
    was = m[at.KEPT] + component
    if m[component + at.POINTER] != m[was + at.POINTER] or m[component + at.GRANTEE] != m[was + at.GRANTEE]:
        return False
    if m[component + at.GRANTED] == m[was + at.GRANTED]:
        idle: bool = m[component + at.CANDIDATE] == at.NEVER
        return idle and m[was + at.CANDIDATE] == at.NEVER
    first = m[component + at.FIRST]
    free = m[component + at.PORT_FREE] - m[was + at.PORT_FREE]
    if free != m[first + at.TICKS] * by and not whole(m, first):
        return False
    if (
        m[component + at.GRANTED] - m[was + at.GRANTED] != by
        or m[component + at.FINISHED] - m[was + at.FINISHED] != by
    ):
        return False
    same = shifted(m[component + at.CANDIDATE], m[was + at.CANDIDATE], by)
    return same and since_repeats(m, component + at.STRETCH, by)


@kernel
def periods(m: Ints, v: Vector, by: int) -> int:
    """How many periods of `by` cycles can be leapt over."""
    for entry in range(m[at.PORTS], m[at.PORTS_END]):
        if not port_repeats(m, m[entry], by):
            return NO
    most, program = 1 << 30, m[at.PROGRAM0]
    for _ in range(m[at.PROGRAMS]):
        if m[program + at.ITEMS] == m[m[at.KEPT] + program + at.ITEMS]:
            most = min(most, still(m, program, by))
        elif not moved_repeats(m, program, by):
            return NO
        if most <= 0:
            return NO
        program += m[at.PROGRAM_WORDS]
    channel = m[at.CHANNEL0]
    for _ in range(m[at.CHANNELS]):
        if not channel_repeats(m, channel, by):
            return NO
        channel += at.CHANNEL_WORDS
    program = m[at.PROGRAM0]
    for _ in range(m[at.PROGRAMS]):
        if m[program + at.ITEMS] != m[m[at.KEPT] + program + at.ITEMS]:
            most = repeats(m, v, program, most)
            if most <= 0:
                return NO
        program += m[at.PROGRAM_WORDS]
    return most


@kernel
def move_ring(m: Ints, ring: int, mask: int, first: int, count: int, onward: int, later: int) -> None:
    """Move pending entries of a ring `onward` places on, each time `later`."""
    scratch = m[at.SCRATCH]
    for entry in range(count):
        m[scratch + entry] = m[ring + ((first + entry) & mask)] + later
    for entry in range(count):
        m[ring + ((first + onward + entry) & mask)] = m[scratch + entry]


@kernel
def move_channel(m: Ints, channel: int, by: int, times: int) -> None:
    """Leap with a channel."""
    put = m[channel + at.PUT] - m[m[at.KEPT] + channel + at.PUT]
    if put == 0:
        return
    onward, later, first = times * put, times * by, m[channel + at.TAKEN]
    pending = m[channel + at.PUT] - first
    move_ring(m, m[channel + at.TOKENS], m[channel + at.TOKENS_MASK], first, pending, onward, later)
    if m[channel + at.CAPACITY] >= 0:
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


@kernel
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
    twice = once * (2 * times + 1) // 3
    m[program + at.ITEMS] += times * items
    m[program + at.SUM_START] += times * starts + logged * by * once
    m[program + at.SUM_DEPART] += times * departs + logged * by * once
    m[program + at.SUM_SQUARE] += times * squares + 2 * by * once * starts + logged * by * by * twice
    rows = m[program + at.CURRENT] - m[was + at.CURRENT]
    if rows == 0:
        m[program + at.LEFT] += times * (m[program + at.LEFT] - m[was + at.LEFT])
    m[program + at.CURRENT] += times * rows
    m[program + at.ROW] += times * rows
    move(m, program + at.UNITS, by, times)
    move(m, program + at.SINCE, by, times)
    move(m, program + at.FREE, m[program + at.TICKS] * by, times)
    m[program + at.NEXT] += times * by
    for word in (at.ELIGIBLE, at.READY, at.SEEN):
        if m[program + word] - m[was + word] == by:
            m[program + word] += times * by


@kernel
def move_port(m: Ints, component: int, by: int, times: int) -> None:
    """Leap with a shared port."""
    if m[component + at.GRANTED] == m[m[at.KEPT] + component + at.GRANTED]:
        return
    for word in (at.GRANTED, at.FINISHED, at.STRETCH):
        move(m, component + word, by, times)
    move(m, component + at.PORT_FREE, m[m[component + at.FIRST] + at.TICKS] * by, times)
    if m[component + at.CANDIDATE] < at.NEVER:
        m[component + at.CANDIDATE] += times * by


@kernel
def keep(m: Ints, base: int, cycle: int, component: int, signature: int) -> None:
    """Keep the state at `base` to compare later ones with."""
    for word in range(at.HEADER, m[at.ECHO_WORDS]):
        m[base + word] = m[word]
    m[base + at.KEPT_SIGNATURE], m[base + at.KEPT_AT], m[base + at.KEPT_PORT] = signature, cycle, component
    m[base + at.KEPT_EPOCH] = m[at.EPOCH]


@kernel
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


@kernel
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


@inlined
def attempt(m: Ints, v: Vector, bins: Ints, base: int, cycle: int, component: int) -> int:
    """Leap if the state before the grant of `component` in `cycle` is the one kept at `base`; the cycles leapt over."""
    by, over = cycle - m[base + at.KEPT_AT], 0
    if m[base + at.KEPT_EPOCH] == m[at.EPOCH] and component == m[base + at.KEPT_PORT] and by > 0:
        m[at.KEPT] = base
        times = periods(m, v, by)
        if times * by >= at.WORTH:
            leap(m, bins, by, times)
            over = times * by
    return over


@inlined
def key(m: Ints, program: int) -> int:
    """Signature of the current run of a program."""
    row = m[program + at.CURRENT]
    if m[program + at.KEY_ROW] != row:
        value = m[row + at.ROW_COUNT]
        for word in range(row + at.ROW_FIELDS, row + m[program + at.STRIDE]):
            value = value * 31 + m[word]
        m[program + at.KEY_ROW], m[program + at.KEY] = row, value
    known: int = m[program + at.KEY]
    return known


@kernel
def signature(m: Ints, component: int) -> int:
    """What states that repeat have in common: the runs of all programs and how full the channels are."""
    value, program, channel = component, m[at.PROGRAM0], m[at.CHANNEL0]
    for _ in range(m[at.PROGRAMS]):
        value = value * 1000003
        if m[program + at.LEFT] > 0:
            value += key(m, program)
        program += m[at.PROGRAM_WORDS]
    for _ in range(m[at.CHANNELS]):
        value = value * 1000003 + m[channel + at.PUT] - m[channel + at.TAKEN]
        channel += at.CHANNEL_WORDS
    return value


@kernel
def echo(m: Ints, v: Vector, bins: Ints, cycle: int, component: int) -> int:
    """Leap if the state is one seen at a run boundary before; the cycles leapt over."""
    m[at.CREDIT_LEFT] -= 1
    mark, over = signature(m, component), 0
    base = m[at.ECHOES] + ((mark ^ mark >> 17 ^ mark >> 34) & m[at.ECHO_MASK]) * m[at.ECHO_WORDS]
    if m[base + at.KEPT_SIGNATURE] == mark:
        over = attempt(m, v, bins, base, cycle, component)
    keep(m, base, cycle + over, component, mark)
    return over


@kernel
def consider(m: Ints, v: Vector, bins: Ints, cycle: int, component: int) -> bool:
    """Leap if the state before the grant of `component` in `cycle` is one that was kept; keep it now and then.

    Inside runs one state is kept (Brent); where a shared port's program enters a run, the last one of every signature.
    """
    fine, over = m[at.FINE], 0
    if m[at.ENTERED_RUN]:
        m[at.ENTERED_RUN] = 0
        if m[at.CREDIT_LEFT] > 0:
            over = echo(m, v, bins, cycle, component)
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
