"""What a stateful component is built of: whole numbers only, no names of products.

What they mean in time is written once, in :mod:`simulator.engine.contract`, "Banks" and "Rows".
"""

from __future__ import annotations

from dataclasses import dataclass

ACTIVATE = "dram_activate"
"""The action that components with rows count themselves: how many are needed depends on the order of grants."""


@dataclass(frozen=True)
class Banks:
    """Banks of a memory that its ports share.

    Attributes
    ----------
    store : str
        Components that name one store share its banks; they must agree on the numbers below.
    banks : int
    word : int
        Bytes a bank gives at once; consecutive words lie in consecutive banks.
    occupancy : int
        Cycles an access keeps its bank.
    """

    store: str
    banks: int
    word: int
    occupancy: int = 1

    def problems(self) -> list[str]:
        """What is wrong with the numbers, in words."""
        return _below_one(self, ("banks", "word", "occupancy"))


@dataclass(frozen=True)
class Rows:
    """DRAM with banks, open rows and refresh; times in DRAM clocks unless said otherwise.

    Attributes
    ----------
    clock : (int, int)
        p / q DRAM clocks per cycle.
    queue : int
        Items the controller knows at once, the one on the bus included.
    channels, groups, banks : int
        Channels; bank groups per channel; banks per group.
    row, burst, stripe : int
        Bytes of an open row, of one column access, and of consecutive addresses on one channel; a row and a stripe are whole
        bursts.
    bl, cl, cwl : int
        Clocks a burst is on the bus; from a read, from a write to its burst.
    rcd, rp, ras, rc : int
        Activate to access; precharge to activate; activate to precharge; activate to activate of one bank.
    rrd_s, rrd_l, faw : int
        Activate to activate of other groups, of one group; window of any four activates.
    ccd_s, ccd_l : int
        Access to access of other groups, of one group.
    rtp, wr : int
        Read to precharge; end of a written burst to precharge.
    wtr_s, wtr_l, turn : int
        End of a written burst to a read of other groups, of one group; idle bus from a read burst to a written one.
    refi, rfc : int
        Clocks from refresh to refresh (0: never), and those it keeps a channel, precharge included.
    """

    clock: tuple[int, int]
    queue: int
    channels: int
    groups: int
    banks: int
    row: int
    burst: int
    stripe: int
    bl: int
    cl: int
    cwl: int
    rcd: int
    rp: int
    ras: int
    rc: int
    rrd_s: int
    rrd_l: int
    faw: int
    ccd_s: int
    ccd_l: int
    rtp: int
    wr: int
    wtr_s: int
    wtr_l: int
    turn: int
    refi: int
    rfc: int

    @property
    def rate(self) -> tuple[int, int]:
        """Bytes per cycle of all data buses together, as a ratio."""
        p, q = self.clock
        return self.channels * self.burst * p, self.bl * q

    def problems(self) -> list[str]:
        """What is wrong with the numbers, in words."""
        sizes = ("queue", "channels", "groups", "banks", "row", "burst", "stripe", "bl")
        found = _below_one(self, sizes)
        times = tuple(name for name in _numbers(self) if name not in sizes)
        found += [f"{name} must not be negative" for name in times if getattr(self, name) < 0]
        if min(self.clock) < 1:
            found.append("clock must be a ratio of whole numbers above 0")
        if not found:
            found += [
                f"{name} must be whole bursts"
                for name in ("row", "stripe")
                if getattr(self, name) % self.burst
            ]
        return found + self._refresh_problems()

    def _refresh_problems(self) -> list[str]:
        if self.refi == 0:
            return []
        found = []
        # An access from closed banks, whatever was done before the refresh, fits between two refreshes.
        if self.rfc < max(self.rc, self.faw, self.rrd_l, self.rrd_s):
            found.append("rfc must be at least rc, faw and rrd")
        if self.refi <= self.rfc + self.rcd + self.longest:
            found.append("refi is too short for an access between two refreshes")
        return found

    @property
    def longest(self) -> int:
        """Most clocks by which one access holds up the next of its channel."""
        read = max(self.ccd_s, self.ccd_l, self.bl, self.cl + self.bl + self.turn - self.cwl)
        return max(read, self.cwl + self.bl + max(self.wtr_s, self.wtr_l))


State = Banks | Rows


def _numbers(state: State) -> tuple[str, ...]:
    return tuple(name for name, value in vars(state).items() if isinstance(value, int))


def _below_one(state: State, names: tuple[str, ...]) -> list[str]:
    return [f"{name} must be at least 1" for name in names if getattr(state, name) < 1]
