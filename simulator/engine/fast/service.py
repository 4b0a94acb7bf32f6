"""Service of components with a state: banks that ports share, DRAM with open rows and refresh.

The state of a component (of a store, when banks are shared) is a block of words: what kind it is, its numbers, and what
happened so far. Clocks of what never happened are far below all others, so that every term with one vanishes from a maximum.
Where the items of a program lie is a block too: the next address, its stride, the runs of addresses that follow, and how many
rows they opened.
"""

from __future__ import annotations

from dataclasses import astuple

import numpy as np
from numpy.typing import NDArray

from simulator.jit import inlined, kernel, spliced
from simulator.plan.state import Banks, Rows, State

Ints = NDArray[np.int64]
NEVER = -(1 << 60)

# Every state block
KIND = 0
BANKS, ROWS = 1, 2

# Banks: then the cycle from which each bank is free
COUNT, WORD, OCCUPANCY, FREE = 1, 2, 3, 4

# Rows: p, q, then the numbers in the order of the plan's description
P, Q, QUEUE, CHANNELS, GROUPS, GROUP_BANKS, ROW, BURST, STRIPE, BL, CL, CWL, RCD, RP, RAS, RC = range(1, 17)
RRD_S, RRD_L, FAW, CCD_S, CCD_L, RTP, WR, WTR_S, WTR_L, TURN, REFI, RFC = range(17, 29)
ENTERED, GRANTED, RING, CHANNEL, CHANNEL_WORDS = 29, 30, 31, 32, 33
HEAD = 34
# A channel: interval of its last access, its last four activates; then a past each for itself, its groups, its banks
INTERVAL, ACTS, WHOLE = 0, 1, 5
# A past: last activate, read column and written column; of a bank also the row opened last, and the interval that was in
ACT, READ, WRITTEN, PAST = 0, 1, 2, 3
OPENED, OPENED_IN, BANK_PAST = 3, 4, 5

# Where items lie
WRITES, ADDRESS, STEP, LEFT, NEXT_RUN, LAST_RUN, ACTIVATED, PLACE_WORDS = 0, 1, 2, 3, 4, 5, 6, 7
RUN_COUNT, RUN_BASE, RUN_STRIDE, RUN_WORDS = 0, 1, 2, 3

# Requests kept until they are told: how many, then cycle, write and address of each
REQUEST_WORDS = 3


def block(state: State) -> list[int]:
    """The words of a state before anything happened."""
    if isinstance(state, Banks):
        return [BANKS, state.banks, state.word, state.occupancy, *[0] * state.banks]
    return _rows(state)


def _rows(state: Rows) -> list[int]:
    clock, *numbers = astuple(state)
    groups, banks = state.groups, state.groups * state.banks
    channel = [0, *[NEVER] * 4, *[NEVER] * (PAST * (1 + groups)), *[NEVER, NEVER, NEVER, -1, -1] * banks]
    head = [ROWS, *clock, *numbers, 0, 0, HEAD, HEAD + state.queue, len(channel)]
    return [*head, *[0] * state.queue, *channel * state.channels]


@inlined
def ceil(a: int, b: int) -> int:
    """The ceiling of a / b, neither negative."""
    return (a + b - 1) // b


@kernel
def touch(m: Ints, s: int, address: int, demand: int, cycle: int) -> int:
    """Cycle of the last word of an item granted in `cycle`."""
    banks = m[s + COUNT]
    beyond = ceil(address + demand, m[s + WORD]) if demand > 0 else 0
    for word in range(address // m[s + WORD], beyond):
        bank = s + FREE + word % banks
        cycle = max(cycle, m[bank])
        m[bank] = cycle + m[s + OCCUPANCY]
    return cycle


@kernel
def locate(m: Ints, s: int, burst: int) -> tuple[int, int, int, int]:
    """Blocks of the channel, of the group's and of the bank's past, and the row, of a burst."""
    address = burst * m[s + BURST]
    stripe, turn = m[s + STRIPE], m[s + STRIPE] * m[s + CHANNELS]
    number = address // stripe % m[s + CHANNELS]
    column = (address // turn * stripe + address % stripe) // m[s + BURST]
    groups, banks = m[s + GROUPS], m[s + GROUP_BANKS]
    group, page = column % groups, column // groups // (m[s + ROW] // m[s + BURST])
    channel = s + m[s + CHANNEL] + number * m[s + CHANNEL_WORDS]
    first = channel + WHOLE + PAST
    bank = first + PAST * groups + BANK_PAST * (group * banks + page % banks)
    return channel, first + PAST * group, bank, page // banks


@spliced
def activate(m: Ints, s: int, where: tuple[int, int, int, int], interval: int, first: int) -> int:
    """Clock of the activate an access from `first` on in `interval` needs; NEVER when its row is open."""
    channel, group, bank, row = where
    act: int = first
    if m[bank + OPENED_IN] == interval:
        if m[bank + OPENED] == row:
            return NEVER
        act = max(first, m[bank + ACT] + m[s + RAS], m[bank + READ] + m[s + RTP])
        act = max(act, m[bank + WRITTEN] + m[s + CWL] + m[s + BL] + m[s + WR]) + m[s + RP]
    act = max(act, m[bank + ACT] + m[s + RC], m[group + ACT] + m[s + RRD_L])
    clock: int = max(act, m[channel + WHOLE + ACT] + m[s + RRD_S], m[channel + ACTS] + m[s + FAW])
    return clock


@spliced
def column_clock(m: Ints, s: int, where: tuple[int, int, int, int], write: bool, first: int) -> int:
    """Clock of the column access, from `first` on."""
    whole, group, bl = where[0] + WHOLE, where[1], m[s + BL]
    last, of_group = max(m[whole + READ], m[whole + WRITTEN]), max(m[group + READ], m[group + WRITTEN])
    clock: int = max(first, last + max(m[s + CCD_S], bl), of_group + m[s + CCD_L])
    if write:
        clock = max(clock, m[whole + READ] + m[s + CL] + bl + m[s + TURN] - m[s + CWL])
    else:
        written = m[s + CWL] + bl
        clock = max(clock, m[whole + WRITTEN] + written + m[s + WTR_S])
        clock = max(clock, m[group + WRITTEN] + written + m[s + WTR_L])
    return clock


@kernel
def access(m: Ints, s: int, place: int, burst: int) -> int:
    """Clock one access ends at."""
    where, write = locate(m, s, burst), m[place + WRITES] != 0
    channel, group, bank, row = where
    interval, refi = m[channel + INTERVAL], m[s + REFI]
    if refi > 0:
        interval = max(interval, m[s + ENTERED] // refi)
    act = column = NEVER
    while True:
        first = max(m[s + ENTERED], interval * refi + m[s + RFC] if interval > 0 else 0)
        act = activate(m, s, where, interval, first)
        column = column_clock(m, s, where, write, max(first, act + m[s + RCD]))
        if refi == 0 or column < (interval + 1) * refi:
            break
        interval += 1
    m[channel + INTERVAL] = interval
    if act != NEVER:
        for older in range(channel + ACTS, channel + ACTS + 3):
            m[older] = m[older + 1]
        m[channel + ACTS + 3] = act
        m[channel + WHOLE + ACT], m[group + ACT], m[bank + ACT] = act, act, act
        m[bank + OPENED], m[bank + OPENED_IN] = row, interval
        m[place + ACTIVATED] += 1
    kind = WRITTEN if write else READ
    m[channel + WHOLE + kind], m[group + kind], m[bank + kind] = column, column, column
    end: int = column + (m[s + CWL] if write else m[s + CL]) + m[s + BL]
    return end


@kernel
def transfer(m: Ints, s: int, place: int, demand: int, ready: int, cycle: int) -> int:
    """Last cycle in service of an item of a DRAM, granted in `cycle`, ready since `ready`."""
    p, q, queue, entered = m[s + P], m[s + Q], m[s + QUEUE], m[s + ENTERED]
    slot = s + m[s + RING] + m[s + GRANTED] % queue
    entered = max(entered, ceil(ready * p, q))
    if m[s + GRANTED] >= queue:
        entered = max(entered, ceil((m[slot] + 1) * p, q))
    m[s + ENTERED] = entered
    address, end = m[place + ADDRESS], 0
    beyond = ceil(address + demand, m[s + BURST]) if demand > 0 else 0
    for burst in range(address // m[s + BURST], beyond):
        end = max(end, access(m, s, place, burst))
    last: int = max(cycle, ceil(end * q, p) - 1)
    m[slot] = last
    m[s + GRANTED] += 1
    return last


@kernel
def serve(m: Ints, s: int, place: int, demand: int, ready: int, cycle: int, rated: int) -> int:
    """Last cycle in service of an item granted in `cycle`; `rated` is what its rate alone gives."""
    if m[s + KIND] == BANKS:
        return max(rated, touch(m, s, m[place + ADDRESS], demand, cycle))
    return transfer(m, s, place, demand, ready, cycle)


@kernel
def move_on(m: Ints, place: int) -> None:
    """Go to the address of a program's next item."""
    m[place + ADDRESS] += m[place + STEP]
    m[place + LEFT] -= 1
    if m[place + LEFT] == 0 and m[place + NEXT_RUN] < m[place + LAST_RUN]:
        begin(m, place)


@kernel
def begin(m: Ints, place: int) -> None:
    """Go to the next run of addresses."""
    run = m[place + NEXT_RUN]
    m[place + LEFT], m[place + ADDRESS] = m[run + RUN_COUNT], m[run + RUN_BASE]
    m[place + STEP], m[place + NEXT_RUN] = m[run + RUN_STRIDE], run + RUN_WORDS


@spliced
def ask(m: Ints, requests: int, place: int, cycle: int) -> None:
    """Keep a request until it is told."""
    entry = requests + 1 + REQUEST_WORDS * m[requests]
    m[entry], m[entry + 1], m[entry + 2] = cycle, m[place + WRITES], m[place + ADDRESS]
    m[requests] += 1
