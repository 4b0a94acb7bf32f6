"""DRAM with open rows and refresh, an access at a time (:mod:`simulator.engine.contract`, "Banks and rows").

What happened is kept as clocks; NEVER stands for what never happened and makes every term with it vanish.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from simulator.engine.reference.stream import Item
from simulator.plan.state import Rows

NEVER = -(1 << 60)


@dataclass
class Past:
    """Last clocks of a bank, a group or a channel: activate, read and written column; and the row a bank holds open."""

    act: int = NEVER
    read: int = NEVER
    written: int = NEVER
    row: int | None = None

    @property
    def column(self) -> int:
        """Last column clock."""
        return max(self.read, self.written)


@dataclass
class Channel:
    """One channel: the interval of its last access, and what happened to it, its groups and its banks."""

    interval: int = 0
    whole: Past = field(default_factory=Past)
    groups: dict[int, Past] = field(default_factory=dict)
    banks: dict[tuple[int, int], Past] = field(default_factory=dict)
    acts: deque[int] = field(default_factory=lambda: deque([NEVER] * 4, maxlen=4))


@dataclass(frozen=True)
class Place:
    """Where a burst lies."""

    channel: int
    group: int
    bank: int
    row: int


def place(state: Rows, burst: int) -> Place:
    """Where burst number `burst` lies."""
    address = burst * state.burst
    channel = address // state.stripe % state.channels
    inside = address // (state.stripe * state.channels) * state.stripe + address % state.stripe
    page = inside // (state.burst * state.groups) // (state.row // state.burst)
    return Place(channel, inside // state.burst % state.groups, page % state.banks, page // state.banks)


class Controller:
    """All channels of a DRAM component, and how many rows were opened."""

    def __init__(self, state: Rows) -> None:
        self.state = state
        self.channels = [Channel() for _ in range(state.channels)]
        self.entered = self.opened = 0
        self.finished: deque[int] = deque(maxlen=state.queue)

    def grant(self, item: Item, ready: int, cycle: int) -> int:
        """See :class:`simulator.engine.reference.port.Service`."""
        before = self.opened
        self.entered = max(self.entered, self._clock(ready))
        if len(self.finished) == self.state.queue:
            self.entered = max(self.entered, self._clock(self.finished[0] + 1))
        burst, end = self.state.burst, 0
        beyond = -(-(item.address + item.demand) // burst) if item.demand else 0
        for number in range(item.address // burst, beyond):
            end = max(end, self._access(place(self.state, number), item.write))
        p, q = self.state.clock
        self.finished.append(max(cycle, -(-end * q // p) - 1))
        return self.opened - before

    def finish(self, cycle: int, rated: int) -> int:
        """See :class:`simulator.engine.reference.port.Service`."""
        return self.finished[-1]

    def _clock(self, cycle: int) -> int:
        """First clock that begins in or after `cycle`."""
        p, q = self.state.clock
        return -(-cycle * p // q)

    def _access(self, at: Place, write: bool) -> int:
        """Clock one access ends at."""
        state, channel = self.state, self.channels[at.channel]
        interval = channel.interval
        if state.refi:
            interval = max(interval, self.entered // state.refi)
        while True:
            opened = self._open_row(channel, at, interval)
            first = max(self.entered, interval * state.refi + (state.rfc if interval else 0))
            act = self._activate(channel, at, opened, first)
            column = self._column(channel, at, write, max(first, NEVER if act is None else act + state.rcd))
            if not state.refi or column < (interval + 1) * state.refi:
                break
            interval += 1
        self._note(channel, at, write, interval, act, column)
        return column + (state.cwl if write else state.cl) + state.bl

    def _open_row(self, channel: Channel, at: Place, interval: int) -> int | None:
        """The row open in a bank during an interval."""
        return _bank(channel, at).row if interval == channel.interval else None

    def _activate(self, channel: Channel, at: Place, opened: int | None, first: int) -> int | None:
        """Clock of the activate an access needs; None when its row is open."""
        state, bank, group = self.state, _bank(channel, at), _group(channel, at)
        if opened == at.row:
            return None
        after = first
        if opened is not None:
            pre = max(
                first,
                bank.act + state.ras,
                bank.read + state.rtp,
                bank.written + state.cwl + state.bl + state.wr,
            )
            after = pre + state.rp
        return max(
            after,
            bank.act + state.rc,
            group.act + state.rrd_l,
            channel.whole.act + state.rrd_s,
            channel.acts[0] + state.faw,
        )

    def _column(self, channel: Channel, at: Place, write: bool, first: int) -> int:
        """Clock of the column access, from `first` on."""
        state, whole, group = self.state, channel.whole, _group(channel, at)
        spaced = max(first, whole.column + max(state.ccd_s, state.bl), group.column + state.ccd_l)
        if write:
            return max(spaced, whole.read + state.cl + state.bl + state.turn - state.cwl)
        burst = state.cwl + state.bl
        return max(spaced, whole.written + burst + state.wtr_s, group.written + burst + state.wtr_l)

    def _note(
        self, channel: Channel, at: Place, write: bool, interval: int, act: int | None, column: int
    ) -> None:
        """An access happened."""
        if interval > channel.interval:
            channel.interval = interval
            for bank in channel.banks.values():
                bank.row = None
        if act is not None:
            self.opened += 1
            channel.acts.append(act)
        for past in (channel.whole, _group(channel, at), _bank(channel, at)):
            past.act = past.act if act is None else act
            if write:
                past.written = column
            else:
                past.read = column
        _bank(channel, at).row = at.row


def _bank(channel: Channel, at: Place) -> Past:
    return channel.banks.setdefault((at.group, at.bank), Past())


def _group(channel: Channel, at: Place) -> Past:
    return channel.groups.setdefault(at.group, Past())
