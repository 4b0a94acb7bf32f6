"""Whether the state of a network repeats, and how long what it stands before does.

Two states d cycles apart are the same when every part either has not changed at all, or is the same relative to the clock and
stands before the same items. Times that can make no difference any more need not be the same: a token or slot that was visible
before its program's last departure (on a shared port: the port's last grant) is as good as any other such. A part that has not
changed must have nothing to do before the last of the periods to come is over.

A channel may fill or drain meanwhile. With p tokens put, t taken and r slots released in the period, its consumer goes on as it
did for n periods when p = t and pending tokens moved by d, or when the n t tokens it takes next were visible to it before the
state compared, as those of the period were before the one kept; likewise its producer, with slots, p and r. Both hold at once or
the state is not the same; n is one less than there are tokens or slots for, so that what a program looks at ahead is covered too.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.engine.fast.account import arrival
from simulator.jit import apart, inlined, kernel, spliced
from simulator.record.states import BLOCKED

Ints = NDArray[np.int64]
Vector = NDArray[np.int32]
NO = 0


@inlined
def shifted(new: int, old: int, by: int) -> bool:
    """Whether a time moved by `by`, or never comes."""
    return new - old == by or (new == at.NEVER and old == at.NEVER)


@inlined
def settled_until(m: Ints, program: int, base: int) -> int:
    """Cycle before whose end all that is visible to a program is equal to it, in the state at `base`."""
    if m[program + at.SHARED]:
        cycle: int = m[base + m[program + at.OWNER] + at.GRANTED]
    else:
        cycle = m[base + program + at.NEXT] - 1
    return cycle


@inlined
def ring_shifted(
    m: Ints, ring: int, mask: int, first: int, before: int, count: int, by: int, of: int
) -> bool:
    """Whether `count` entries of a ring from `first` on are those kept from `before` on, moved by `by`, or both of no
    more consequence to program `of`."""
    entry, kept, now, then = 0, m[at.KEPT] + ring, settled_until(m, of, 0), settled_until(m, of, m[at.KEPT])
    while entry < count:
        new, old = m[ring + ((first + entry) & mask)], m[kept + ((before + entry) & mask)]
        if new - old != by and (new > now or old > then):
            return False
        entry += 1
    return True


@spliced
def visible_end(m: Ints, ring: int, mask: int, first: int, end: int, cycle: int) -> int:
    """Place of the first of a ring's entries from `first` to `end`, in the order of time, that is after `cycle`."""
    while first < end:
        middle = (first + end) >> 1
        if m[ring + (middle & mask)] <= cycle:
            first = middle + 1
        else:
            end = middle
    return first


@spliced
def draining(m: Ints, channel: int, taken: int) -> int:
    """For how many periods the tokens that the consumer takes are such as it long saw."""
    if taken == 0:
        return at.FAR
    program, first, ring = m[channel + at.CONSUMER], m[channel + at.TAKEN], m[channel + at.TOKENS]
    mask, end = m[channel + at.TOKENS_MASK], m[channel + at.PUT]
    if first == end or m[ring + (first & mask)] > settled_until(m, program, m[at.KEPT]):
        return NO
    times: int = (visible_end(m, ring, mask, first, end, settled_until(m, program, 0)) - first) // taken - 1
    return times


@spliced
def filling(m: Ints, channel: int, put: int) -> int:
    """For how many periods the slots that the producer takes are such as it long saw free."""
    program, ring, mask = m[channel + at.PRODUCER], m[channel + at.CREDITS], m[channel + at.CREDITS_MASK]
    first, end = m[channel + at.PUT] - m[channel + at.CAPACITY], m[channel + at.RELEASED]
    if first == end or (first >= 0 and m[ring + (first & mask)] > settled_until(m, program, m[at.KEPT])):
        return NO
    free = visible_end(m, ring, mask, max(0, first), end, settled_until(m, program, 0))
    times: int = (free - first) // put - 1
    return times


@spliced
def growing(m: Ints, channel: int, more: int) -> int:
    """For how many periods the ring of an unbounded channel holds `more` tokens each time."""
    if more <= 0:
        return at.FAR
    times: int = (m[channel + at.TOKENS_MASK] + 1 - m[channel + at.PUT] + m[channel + at.TAKEN]) // more - 1
    return times


@spliced
def tokens_repeat(m: Ints, channel: int, put: int, taken: int, by: int) -> int:
    """For how many periods of `by` cycles the consumer of a channel sees what it saw in the last."""
    if put != taken:
        return draining(m, channel, taken)
    if put == 0:
        return at.FAR
    first = m[channel + at.TAKEN]
    ring, mask, program = m[channel + at.TOKENS], m[channel + at.TOKENS_MASK], m[channel + at.CONSUMER]
    if ring_shifted(m, ring, mask, first, first - put, m[channel + at.PUT] - first, by, program):
        return at.FAR
    return NO


@spliced
def room_repeats(m: Ints, channel: int, put: int, taken: int, released: int, by: int) -> int:
    """For how many periods of `by` cycles the producer of a channel sees what it saw in the last."""
    if m[channel + at.CAPACITY] < 0:
        return growing(m, channel, put - taken)
    if put == 0:
        return at.FAR
    if put != released:
        return filling(m, channel, put)
    first = m[channel + at.PUT] - m[channel + at.CAPACITY]
    ring, mask, program = m[channel + at.CREDITS], m[channel + at.CREDITS_MASK], m[channel + at.PRODUCER]
    pending = m[channel + at.RELEASED] - first
    if first >= put and ring_shifted(m, ring, mask, first, first - put, pending, by, program):
        return at.FAR
    return NO


@spliced
def held(m: Ints, channel: int, put: int, taken: int, released: int) -> bool:
    """Whether a channel that drifts is waited for by nobody, and its rings hold a period."""
    waits = m[channel + at.TOKEN_WAIT] < at.NEVER or m[channel + at.ROOM_WAIT] < at.NEVER
    tokens, credits = m[channel + at.TOKENS_MASK] + 1, m[channel + at.CREDITS_MASK] + 1
    bounded, grows = m[channel + at.CAPACITY] >= 0, m[channel + at.CAPACITY] > tokens
    return not waits and not grows and put <= tokens and (not bounded or released <= credits)


@apart
def channel_repeats(m: Ints, channel: int, by: int) -> int:
    """For how many periods of `by` cycles a channel goes on as it did in the last."""
    was = m[at.KEPT] + channel
    put, taken = m[channel + at.PUT] - m[was + at.PUT], m[channel + at.TAKEN] - m[was + at.TAKEN]
    released = m[channel + at.RELEASED] - m[was + at.RELEASED]
    token_wait, room_wait = m[channel + at.TOKEN_WAIT], m[channel + at.ROOM_WAIT]
    bounded = m[channel + at.CAPACITY] >= 0
    if not shifted(token_wait, m[was + at.TOKEN_WAIT], put) or not shifted(
        room_wait, m[was + at.ROOM_WAIT], put
    ):
        return NO
    if put > 0 and m[channel + at.WIDTH] > 0:
        same = m[channel + at.ENTRY] - m[was + at.ENTRY] == by
        if not same or m[channel + at.ENTERED] != m[was + at.ENTERED]:
            return NO
    drifting = put != taken or (bounded and put != released)
    if drifting and not held(m, channel, put, taken, released):
        return NO
    times: int = tokens_repeat(m, channel, put, taken, by)
    if times > 0:
        times = min(times, room_repeats(m, channel, put, taken, released, by))
    return times


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


@spliced
def within(m: Ints, v: Vector, program: int, row: int, before: int, most: int) -> int:
    """How many more periods the rows of the block being visited go on as from `before` to `row`."""
    stride, matched = m[program + at.STRIDE], 0
    if not row_equal(m, v, row, before, at.ROW_PERIOD, stride):
        return NO
    rows = (row - before) // stride
    while (
        matched < most * rows
        and not m[row + at.ROW_LAST]
        and row_equal(m, v, row + stride, before + stride, at.ROW_COUNT, stride)
    ):
        matched += 1
        row += stride
        before += stride
    times: int = min(most, matched // rows)
    return times


@spliced
def equal_visits(m: Ints, new: int, old: int, most: int) -> int:
    """How many visits from `new` on, at most `most`, name the same rows as those from `old` on."""
    matched, other = 0, 0
    while matched + 16 <= most and other == 0:
        for place in range(16):
            other |= m[new + matched + place] ^ m[old + matched + place]
        if other == 0:
            matched += 16
    while matched < most and m[new + matched] == m[old + matched]:
        matched += 1
    return matched


@apart
def repeats(m: Ints, v: Vector, program: int, most: int) -> int:
    """How many more periods, at most `most`, the items of a program that moved are those of the last one."""
    was, row = m[at.KEPT] + program, m[program + at.CURRENT]
    before, left = m[was + at.CURRENT], m[program + at.LEFT]
    if m[program + at.PHASE] != m[was + at.PHASE] or m[program + at.LOADS] != m[was + at.LOADS] or left < 1:
        return NO
    visit, visited = m[program + at.VISIT], m[was + at.VISIT]
    if visit == visited and row == before:
        whole_runs: int = min(most, (left - 1) // (m[was + at.LEFT] - left))
        return whole_runs
    if left != m[was + at.LEFT]:
        return NO
    if visit == visited:
        return within(m, v, program, row, before, most)
    if row != before:
        return NO
    visits = visit - visited
    times: int = (
        equal_visits(m, visit, visited, min(most * visits, m[program + at.VISITS_END] - visit)) // visits
    )
    return times


@inlined
def since_repeats(m: Ints, word: int, by: int) -> bool:
    """Whether the beginning of a stretch has not changed or has moved."""
    moved: int = m[word] - m[m[at.KEPT] + word]
    return moved in (0, by)


@apart
def moved_repeats(m: Ints, program: int, by: int) -> bool:
    """Whether the times of a program that moved did so by `by`."""
    was = m[at.KEPT] + program
    if m[program + at.NEXT] - m[was + at.NEXT] != by:
        return False
    if not shifted(m[program + at.DEFERRED], m[was + at.DEFERRED], by):
        return False
    if not since_repeats(m, program + at.UNITS, by):
        return False
    component, ticks = m[program + at.OWNER], m[program + at.TICKS]
    if not m[program + at.SHARED]:
        free = m[program + at.FREE] - m[was + at.FREE]
        regular: bool = free == ticks * by or whole(m, program)
        return regular and since_repeats(m, program + at.SINCE, by)
    old = m[at.KEPT] + component
    eligible, once = m[program + at.ELIGIBLE], m[was + at.ELIGIBLE]
    if not shifted(eligible, once, by) and (
        eligible > m[component + at.FINISHED] + 1 or once > m[old + at.FINISHED] + 1
    ):
        return False
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


@apart
def still(m: Ints, program: int, by: int) -> int:
    """For how many periods of `by` cycles a program that has not moved has nothing to do; NO when it is not the same."""
    was, limit, until = m[at.KEPT] + program, m[at.LIMIT], m[program + at.DEFERRED]
    first = m[m[program + at.OWNER] + at.CANDIDATE]
    if until != m[was + at.DEFERRED] or m[program + at.LEFT] != m[was + at.LEFT]:
        return NO
    if m[program + at.DONE] != m[was + at.DONE] or m[program + at.LOADS] != m[was + at.LOADS]:
        return NO
    if m[program + at.SHARED] and not m[program + at.DONE]:
        if m[program + at.ELIGIBLE] != m[was + at.ELIGIBLE] or m[program + at.SEEN] != m[was + at.SEEN]:
            return NO
        until = min(until, m[program + at.ELIGIBLE])
        limit = max(limit, first) if first < at.NEVER else limit
        granted = m[m[at.KEPT] + m[program + at.OWNER] + at.GRANTED]
        port = m[program + at.FIRST_IN]
        while port > 0:
            if m[m[port + at.CHANNEL] + at.REASON] != BLOCKED:
                seen, channel = arrival(m, port), m[port + at.CHANNEL]
                if seen == at.NEVER and m[channel + at.PUT] != m[m[at.KEPT] + channel + at.PUT]:
                    return NO
                if seen > granted:
                    until = min(until, seen)
            port = m[port + at.AFTER]
    times: int = max(NO, (until - limit) // by)
    return times


@apart
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


@apart
def periods(m: Ints, v: Vector, by: int) -> int:
    """How many periods of `by` cycles can be leapt over."""
    for entry in range(m[at.PORTS], m[at.PORTS_END]):
        if not port_repeats(m, m[entry], by):
            return NO
    most, program = at.FAR, m[at.PROGRAM0]
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
        most = min(most, channel_repeats(m, channel, by))
        if most <= 0:
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
