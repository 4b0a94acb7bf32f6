"""The network of a plan laid out in the memory: the blocks of :mod:`simulator.engine.fast.layout`, filled in by one kernel.

`t` is the network as :mod:`simulator.engine.fast.wiring` tells it. HEAP is the next word that nobody uses yet. Only ports whose
channel has no endless supply are told: the others never wait and never matter.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.engine.fast import layout as at
from simulator.engine.fast import wiring
from simulator.engine.fast.calendar import WORD_BITS
from simulator.engine.fast.reach import distances
from simulator.jit import apart, inlined, leading_zeros, spliced
from simulator.plan.runs import DEMAND, PORTS

Ints = NDArray[np.int64]
RING = 16
"""Slots of a ring at first."""
ROOMY = 1 << 16
"""Bounded channels of at most this capacity get rings that never grow."""
FORM = 6
"""Numbers told of a program: whether its runs may be streams; inputs and outputs that are told; where its columns begin; how many
they are; words of a row of a run table."""


@inlined
def digits(value: int) -> int:
    """Binary digits of an integer that is not negative."""
    count: int = 64 - leading_zeros(value)
    return count


@inlined
def taken(m: Ints, count: int) -> int:
    """Place of so many fresh words, all zero."""
    first: int = m[at.HEAP]
    m[at.HEAP] = first + count
    for word in range(first, first + count):
        m[word] = 0
    return first


@inlined
def words_of(bits: int) -> int:
    """Words of so many bits."""
    return (bits + WORD_BITS - 1) // WORD_BITS


@inlined
def channel_of(channel: int) -> int:
    """Row of a channel."""
    return wiring.ROWS + wiring.CHANNEL_COLUMNS * channel


@inlined
def component_of(t: Ints, component: int) -> int:
    """Row of a component."""
    return channel_of(t[wiring.CHANNELS]) + wiring.COMPONENT_COLUMNS * component


@inlined
def elastic(t: Ints, row: int) -> bool:
    """Whether the rings of a channel may grow."""
    grows: bool = t[row + wiring.CAPACITY] < 0 or t[row + wiring.CAPACITY] > ROOMY
    return grows


@inlined
def slots_of(t: Ints, row: int) -> int:
    """Slots of the ring of tokens of a channel."""
    needed = max(1, t[row + wiring.INITIAL], RING if elastic(t, row) else t[row + wiring.CAPACITY])
    slots: int = 1 << digits(needed - 1)
    return slots


@apart
def bound(t: Ints, size: int, leap: int) -> int:
    """Words that a network, told by `size` integers, is laid out in at most."""
    channels, components, programs = t[wiring.CHANNELS], t[wiring.COMPONENTS], t[wiring.PROGRAMS]
    words = (
        at.HEADER
        + at.LINE
        + channels * at.CHANNEL_WORDS
        + programs * (at.BLOCK + 6 + at.FORESIGHT)
        + at.FORESIGHT
    )
    words += components * (at.COMPONENT_WORDS + 8 + at.WINDOW // WORD_BITS)
    words += (components // WORD_BITS + 1) * at.WINDOW + size * max(at.INPUT, at.OUTPUT)
    for channel in range(channels):
        words += 2 * slots_of(t, channel_of(channel))
    for component in range(components):
        if t[component_of(t, component) + wiring.KIND] == at.CROWD:
            words += at.WINDOW
    if leap:
        words += at.ECHO_WORDS + 2 * at.MOST_KEPT
    most: int = words
    return most


@spliced
def lay_header(m: Ints, t: Ints) -> None:
    """The header, and the blocks, which are zero yet."""
    for word in range(at.HEADER):
        m[word] = 0
    m[at.HEAP] = at.HEADER
    m[at.COMPONENTS], m[at.CHANNELS] = t[wiring.COMPONENTS], t[wiring.CHANNELS]
    m[at.PROGRAMS], m[at.PROGRAM_WORDS] = t[wiring.PROGRAMS], at.BLOCK
    m[at.COMPONENT0] = taken(m, m[at.COMPONENTS] * at.COMPONENT_WORDS)
    m[at.CHANNEL0] = taken(m, m[at.CHANNELS] * at.CHANNEL_WORDS)
    m[at.PROGRAM0] = taken(m, m[at.PROGRAMS] * at.BLOCK)
    slots = 1 << digits(m[at.PROGRAMS])
    m[at.LANE] = taken(m, m[at.PROGRAMS])
    m[at.QUEUE], m[at.QUEUE_MASK] = taken(m, slots), slots - 1
    m[at.LIMIT], m[at.ALERT] = at.WINDOW, at.NEVER


@spliced
def lay_channels(m: Ints, t: Ints) -> None:
    """Channels and their rings, those of few slots both in one line."""
    taken(m, -m[at.HEAP] % at.LINE)
    for number in range(m[at.CHANNELS]):
        row, channel = channel_of(number), m[at.CHANNEL0] + at.CHANNEL_WORDS * number
        slots = slots_of(t, row)
        returned = slots if t[row + wiring.CAPACITY] >= 0 else 1
        m[channel + at.PUT], m[channel + at.CAPACITY] = t[row + wiring.INITIAL], t[row + wiring.CAPACITY]
        m[channel + at.LATENCY], m[channel + at.CREDIT] = t[row + wiring.LATENCY], t[row + wiring.CREDIT]
        m[channel + at.WIDTH], m[channel + at.REASON] = t[row + wiring.WIDTH], t[row + wiring.REASON]
        m[channel + at.TOKENS], m[channel + at.TOKENS_MASK] = taken(m, slots), slots - 1
        m[channel + at.CREDITS], m[channel + at.CREDITS_MASK] = taken(m, returned), returned - 1
        m[channel + at.ENTRY], m[channel + at.TOKEN_WAIT], m[channel + at.ROOM_WAIT] = -1, at.NEVER, at.NEVER


@spliced
def lay_components(m: Ints, t: Ints) -> None:
    """Components, the lists of their kinds, and the cycles that several private ports are worked out in."""
    first, ports, crowds = m[at.PROGRAM0], 0, 0
    for number in range(m[at.COMPONENTS]):
        row, component = component_of(t, number), m[at.COMPONENT0] + at.COMPONENT_WORDS * number
        count, kind = t[row + wiring.COUNT], t[row + wiring.KIND]
        m[component + at.INDEX], m[component + at.COUNT], m[component + at.KIND] = number, count, kind
        m[component + at.POLICY] = t[row + wiring.POLICY]
        m[component + at.FINISHED], m[component + at.CANDIDATE] = -1, at.NEVER
        m[component + at.FIRST] = first if count > 0 else 0
        first += at.BLOCK * count
        ports += kind == at.PORT
        crowds += kind == at.CROWD
    m[at.PORTS] = m[at.PORTS_END] = taken(m, ports)
    m[at.CROWDS] = m[at.CROWDS_END] = taken(m, crowds)
    for number in range(m[at.COMPONENTS]):
        component = m[at.COMPONENT0] + at.COMPONENT_WORDS * number
        if m[component + at.KIND] == at.PORT:
            m[m[at.PORTS_END]] = component
            m[at.PORTS_END] += 1
        elif m[component + at.KIND] == at.CROWD:
            m[m[at.CROWDS_END]] = component
            m[at.CROWDS_END] += 1
            m[component + at.BUFFER] = taken(m, at.WINDOW)
            for word in range(m[component + at.BUFFER], m[component + at.BUFFER] + at.WINDOW):
                m[word] = at.NEVER


@inlined
def finite(t: Ints, first: int, count: int) -> int:
    """How many of the channels named from `first` on have no endless supply."""
    found = 0
    for place in range(first, first + count):
        found += t[channel_of(t[place]) + wiring.ENDLESS] == 0
    return found


@apart
def lay_ports(
    m: Ints, t: Ints, columns: Ints, forms: Ints, program: int, place: int, column: int, form: int
) -> int:
    """Ports of a program told at `place`, which fields of its runs matter in time, and its form; how many fields those are.

    They are the demand, takes and releases of the inputs that are told, puts of the outputs that are. Runs may be streams if it is
    not one of several private ports, entry is unlimited, no output is an input, and no ring of a bounded channel grows.
    """
    every, others = t[place], t[place + 1 + t[place]]
    outputs = place + 2 + every
    ins, outs = finite(t, place + 1, every), finite(t, outputs, others)
    m[program + at.INS] = taken(m, at.INPUT * ins + at.OUTPUT * outs)
    m[program + at.OUTS] = m[program + at.INS] + at.INPUT * ins
    m[program + at.END] = m[program + at.OUTS] + at.OUTPUT * outs
    m[program + at.STRIDE] = at.ROW_FIELDS + 2 * (1 + 2 * ins + outs)
    columns[column], stream = DEMAND, m[m[program + at.OWNER] + at.KIND] != at.CROWD
    port, rank = m[program + at.INS], column + 1
    for entry in range(every):
        row, channel = (
            channel_of(t[place + 1 + entry]),
            m[at.CHANNEL0] + at.CHANNEL_WORDS * t[place + 1 + entry],
        )
        if t[row + wiring.ENDLESS] == 0:
            m[port + at.CHANNEL], m[channel + at.CONSUMER] = channel, program
            m[channel + at.RELEASE_FIELD] = rank + ins - column
            columns[rank], columns[rank + ins] = PORTS + entry, PORTS + every + entry
            m[program + at.ELASTIC] |= elastic(t, row)
            stream &= t[row + wiring.CAPACITY] <= ROOMY
            port, rank = port + at.INPUT, rank + 1
    rank += ins
    for entry in range(others):
        row, channel = (
            channel_of(t[outputs + entry]),
            m[at.CHANNEL0] + at.CHANNEL_WORDS * t[outputs + entry],
        )
        if t[row + wiring.ENDLESS] == 0:
            m[port + at.CHANNEL], m[channel + at.PRODUCER] = channel, program
            m[channel + at.PUT_FIELD] = rank - column
            columns[rank] = PORTS + 2 * every + entry
            m[program + at.ELASTIC] |= elastic(t, row)
            stream &= t[row + wiring.CAPACITY] <= ROOMY and t[row + wiring.WIDTH] == 0
            stream &= m[channel + at.CONSUMER] != program
            port, rank = port + at.OUTPUT, rank + 1
    fields = 1 + 2 * ins + outs
    forms[form], forms[form + 1], forms[form + 2], forms[form + 3] = stream, ins, outs, column
    forms[form + 4], forms[form + 5] = fields, m[program + at.STRIDE]
    return fields


@spliced
def lay_programs(m: Ints, t: Ints, columns: Ints, forms: Ints) -> None:
    """Programs and their ports."""
    place, number, column, shared = component_of(t, t[wiring.COMPONENTS]), 0, 0, 0
    for owner in range(m[at.COMPONENTS]):
        row, component = component_of(t, owner), m[at.COMPONENT0] + at.COMPONENT_WORDS * owner
        p, q = t[row + wiring.P], t[row + wiring.Q]
        for position in range(m[component + at.COUNT]):
            program = m[at.PROGRAM0] + at.BLOCK * number
            m[program + at.OWNER], m[program + at.POSITION] = component, position
            m[program + at.NUMBER] = number
            m[program + at.TICKS], m[program + at.TICKS_PER_DEMAND] = 2 * p if q > 0 else 0, 2 * q
            m[program + at.TICKS_SHIFT] = digits(p) if p & (p - 1) == 0 else -1
            m[program + at.ALONE] = m[component + at.KIND] == at.LONE
            m[program + at.FINISH] = -1
            m[program + at.DEFERRED] = m[program + at.ELIGIBLE] = m[program + at.SEEN] = at.NEVER
            if m[component + at.KIND] == at.PORT:
                m[program + at.SHARED], m[program + at.SHARED_NUMBER] = 1, shared
                shared += 1
            column += lay_ports(m, t, columns, forms, program, place, column, FORM * number)
            place += 1 + t[place]
            place += 1 + t[place]
            number += 1
    m[at.SHARED_COUNT] = shared


@spliced
def lay_grants(m: Ints, ordered: int) -> None:
    """What tells how soon a grant matters elsewhere, unless grants are made in the order of time, none ahead of another."""
    if ordered:
        m[at.SHARED_COUNT] = max(m[at.SHARED_COUNT], at.FORESIGHT + 1)
    shared, programs = m[at.SHARED_COUNT], m[at.PROGRAMS]
    if shared > at.FORESIGHT:
        return
    m[at.FIRST_GRANTS], m[at.DISTANCES] = taken(m, shared), taken(m, shared * programs)
    for number in range(programs):
        program = m[at.PROGRAM0] + at.BLOCK * number
        if m[program + at.SHARED]:
            m[m[at.FIRST_GRANTS] + m[program + at.SHARED_NUMBER]] = at.NEVER
            distances(m, program, m[at.DISTANCES] + programs * m[program + at.SHARED_NUMBER])


@spliced
def lay_many(m: Ints) -> None:
    """The calendar, places of first cycles and cycles in service, used where nothing is leapt over."""
    ports = m[at.PORTS_END] - m[at.PORTS]
    if ports == 0:
        return
    m[at.MANY] = 1
    if m[at.SHARED_COUNT] > at.FORESIGHT:
        m[at.DAY_WORDS] = words_of(ports)
        m[at.DAYS] = taken(m, at.WINDOW * words_of(ports))
    for number in range(ports):
        component = m[m[at.PORTS] + number]
        count = m[component + at.COUNT]
        m[component + at.DAY_WORD] = m[at.DAYS] + number // WORD_BITS
        m[component + at.DAY_BIT] = 1 << number % WORD_BITS
        m[component + at.SERVED] = taken(m, at.WINDOW // WORD_BITS)
        m[component + at.EXPECTED] = taken(m, words_of(count) + count)
        m[component + at.SLOTS] = m[component + at.EXPECTED] + words_of(count)
        for slot in range(m[component + at.SLOTS], m[at.HEAP]):
            m[slot] = at.NEVER


@spliced
def lay_leaps(m: Ints) -> None:
    """Places of kept states, where leaps are looked for; whatever they are, but for what says that they are none."""
    size = m[at.HEAP]
    if m[at.PORTS] == m[at.PORTS_END] or m[at.CROWDS] != m[at.CROWDS_END] or size > at.MOST_KEPT:
        return
    slots = min(at.ECHO_SLOTS, 1 << (digits(at.ECHO_WORDS // size) - 1))
    fine, scratch, echoes = size, 2 * size, 3 * size
    m[at.HEAP] = (3 + slots) * size
    m[at.LEAPING], m[at.KEPT_WORDS], m[at.SCRATCH], m[at.FINE] = 1, size, scratch, fine
    m[at.ECHOES], m[at.ECHO_MASK], m[at.CREDIT_LEFT] = echoes, slots - 1, at.CREDIT_AT_FIRST
    m[fine + at.KEPT_EPOCH] = -1
    for slot in range(slots):
        m[echoes + slot * size + at.KEPT_EPOCH] = -1
    m[at.POWER] = m[at.FLOOR] = at.SHORTEST


@spliced
def lay_tapes(m: Ints, bins: int, entries: int) -> None:
    """Places of the tapes of the components, behind the bins; nothing is leapt over without loops."""
    size = entries + 1  # a loop may follow the last
    if m[at.LEAPING]:
        size += at.LOOP_WORDS * at.MOST_LOOPS
    for number in range(m[at.COMPONENTS]):
        component = m[at.COMPONENT0] + at.COMPONENT_WORDS * number
        m[component + at.TAPE] = bins + size * number
        m[component + at.LOOPS] = m[component + at.TAPE] + entries + 1
    m[at.ENTRIES], m[at.SUMS] = entries, bins + size * m[at.COMPONENTS]


@apart
def laid(
    m: Ints,
    size: int,
    t: Ints,
    told: int,
    columns: Ints,
    forms: Ints,
    leap: int,
    ordered: int,
    bins: int,
    entries: int,
) -> int:
    """Lay out a network.

    Parameters
    ----------
    m : ndarray of int64, shape (size,)
        The memory.
    t : ndarray of int64, shape (told,)
        The network; see :mod:`simulator.engine.fast.wiring`.
    columns, forms : ndarray of int64
        Are set to the fields of a run that matter in time, program after program, and to the forms of the programs.
    leap, ordered : int
        Whether leaps may be looked for; whether ports are granted in the order of time, none ahead of what follows from another's
        grant.
    bins, entries : int
        Words of all bins, behind which the tapes lie; entries of a tape.

    Returns
    -------
    int
        0, or how many words there must be if those there are may be too few; then nothing is laid out.
    """
    most = bound(t, told, leap)
    if most > size:
        return most
    lay_header(m, t)
    lay_channels(m, t)
    lay_components(m, t)
    lay_programs(m, t, columns, forms)
    lay_grants(m, ordered)
    if leap:
        lay_leaps(m)
    if not m[at.LEAPING]:
        lay_many(m)
    lay_tapes(m, bins, entries)
    return 0
