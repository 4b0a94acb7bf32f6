"""DRAM stepped clock by clock: a queue, a state machine per bank, and one rule per timing.

A request enters the queue, in order, when it is ready and there is room; it leaves the queue when it is finished. In
every clock each channel looks at what its queue holds, oldest first: the oldest access may use the data bus; the banks
of the others are made ready meanwhile, but no activate overtakes an older one, and no bank is closed under an older
access. A refresh closes all banks.

Every command is written down, so that each pair of commands can be checked against the timings afterwards
(:func:`violations`), whatever put them in this order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from simulator.plan.state import Rows


@dataclass(frozen=True)
class Request:
    """One request: bytes [address, address + size), there from cycle `ready` on."""

    write: bool
    address: int
    size: int
    ready: int


@dataclass(frozen=True)
class Command:
    """A command in the clock it was given: ``ACT``, ``PRE``, ``RD``, ``WR``, or ``REF`` to all banks of a channel."""

    clock: int
    name: str
    channel: int
    group: int = -1
    bank: int = -1
    row: int = -1


@dataclass
class Access:
    """One burst of a request, and the clock its data is over once that is known."""

    request: int
    write: bool
    channel: int
    group: int
    bank: int
    row: int
    over: int | None = None


@dataclass
class Dram:
    """All channels."""

    of: Rows
    queue: list[Access] = field(default_factory=list)
    open: dict[tuple[int, int, int], int] = field(default_factory=dict)
    log: list[Command] = field(default_factory=list)

    def tick(self, clock: int) -> None:
        """One clock of every channel."""
        of = self.of
        if of.refi and clock >= of.refi and clock % of.refi < of.rfc:
            if clock % of.refi == 0:
                self.open.clear()
                self.log += [Command(clock, "REF", channel) for channel in range(of.channels)]
            return
        for channel in range(of.channels):
            self._channel(clock, [a for a in self.queue if a.channel == channel and a.over is None])

    def _channel(self, clock: int, waiting: list[Access]) -> None:
        used: set[tuple[int, int, int]] = set()
        will_be_open = dict(self.open)
        activates_wait = False
        for place, access in enumerate(waiting):
            bank = (access.channel, access.group, access.bank)
            if will_be_open.get(bank) != access.row:
                if bank not in used and not self._prepared(clock, access, activates_wait):
                    activates_wait = True
                activates_wait = activates_wait or bank in used
                will_be_open[bank] = access.row
            used.add(bank)
            if place == 0 and self.open.get(bank) == access.row and self._may(clock, access, _column(access)):
                self._give(clock, access, _column(access))
                access.over = clock + (self.of.cwl if access.write else self.of.cl) + self.of.bl
                self._channel(clock, waiting[1:])
                return

    def _prepared(self, clock: int, access: Access, wait: bool) -> bool:
        """Close and open the access's bank as far as this clock allows; whether its row is open then."""
        bank = (access.channel, access.group, access.bank)
        if bank in self.open and self._may(clock, access, "PRE"):
            self._give(clock, access, "PRE")
            del self.open[bank]
        if wait or bank in self.open or not self._may(clock, access, "ACT"):
            return False
        self._give(clock, access, "ACT")
        self.open[bank] = access.row
        return True

    def _may(self, clock: int, access: Access, name: str) -> bool:
        command = _command(clock, access, name)
        return all(gap <= clock for gap in earliest(self.of, self.log, command))

    def _give(self, clock: int, access: Access, name: str) -> None:
        self.log.append(_command(clock, access, name))


def _column(access: Access) -> str:
    return "WR" if access.write else "RD"


def _command(clock: int, access: Access, name: str) -> Command:
    return Command(clock, name, access.channel, access.group, access.bank, access.row)


def gap(of: Rows, first: Command, then: Command) -> int | None:
    """Clocks that must lie between two commands of one channel; None when they have nothing to do with each other."""
    group, bank = first.group == then.group, (first.group, first.bank) == (then.group, then.bank)
    match first.name, then.name:
        case "ACT", "ACT":
            return max(of.rrd_s, of.rrd_l if group else 0, of.rc if bank else 0)
        case "PRE", "ACT" if bank:
            return of.rp
        case "ACT", "PRE" if bank:
            return of.ras
        case "RD", "PRE" if bank:
            return of.rtp
        case "WR", "PRE" if bank:
            return of.cwl + of.bl + of.wr
        case "ACT", "RD" | "WR" if bank:
            return of.rcd
        case "RD" | "WR", "RD" | "WR":
            least = max(of.ccd_s, of.bl, of.ccd_l if group else 0)
            if first.name == "RD" and then.name == "WR":
                return max(least, of.cl + of.bl + of.turn - of.cwl)
            if first.name == "WR" and then.name == "RD":
                return max(least, of.cwl + of.bl + max(of.wtr_s, of.wtr_l if group else 0))
            return least
        case "REF", _:
            return of.rfc
    return None


REACH = 400
"""Commands of a channel looked back at: any older one has long been followed by a later one of its kind."""


def earliest(of: Rows, log: Sequence[Command], command: Command) -> Iterator[int]:
    """Clocks from which each earlier command lets `command` be given."""
    before = [c for c in log[-REACH:] if c.channel == command.channel]
    for first in before:
        least = gap(of, first, command)
        if least is not None:
            yield first.clock + least
    activates = [c.clock for c in before if c.name == "ACT"]
    if command.name == "ACT" and len(activates) >= 4:
        yield activates[-4] + of.faw


def violations(of: Rows, log: Sequence[Command]) -> list[str]:
    """Commands given before another command let them."""
    return [
        f"{command} may be given from {first} on"
        for place, command in enumerate(log)
        for first in earliest(of, log[:place], command)
        if first > command.clock
    ]


def useful(log: Sequence[Command]) -> list[Command]:
    """Activates whose row was accessed before it was closed; one given just before a refresh may be in vain."""
    found, given = [], dict[tuple[int, int, int], Command]()
    for command in log:
        bank = command.channel, command.group, command.bank
        if command.name == "ACT":
            given[bank] = command
        elif command.name == "REF":
            given = {place: act for place, act in given.items() if place[0] != command.channel}
        elif command.name in ("RD", "WR") and bank in given:
            found.append(given.pop(bank))
    return found


def bursts(of: Rows, number: int, request: Request) -> Iterator[Access]:
    """The accesses of a request, burst by burst."""
    first = request.address - request.address % of.burst
    for address in range(first, request.address + request.size if request.size else first, of.burst):
        stripe, within = divmod(address, of.stripe)
        turn, channel = divmod(stripe, of.channels)
        column, group = divmod((turn * of.stripe + within) // of.burst, of.groups)
        row, bank = divmod(column // (of.row // of.burst), of.banks)
        yield Access(number, request.write, channel, group, bank, row)


def serve(of: Rows, requests: Sequence[Request]) -> tuple[list[tuple[int, int]], list[Command]]:
    """First and last cycle on the port of every request, granted in order, and the commands given.

    Parameters
    ----------
    of : Rows
    requests : sequence of Request

    Returns
    -------
    spans : list of (int, int)
    log : list of Command
    """
    p, q = of.clock
    dram, clock, entered = Dram(of), 0, 0
    granted: int | None = None
    spans: list[tuple[int, int]] = []
    own: list[list[Access]] = [list(bursts(of, n, request)) for n, request in enumerate(requests)]
    cycle = -1
    while len(spans) < len(requests):
        cycle += 1
        if granted is None and requests[len(spans)].ready <= cycle:
            granted = cycle
        while clock * q < (cycle + 1) * p:
            while entered < min(len(requests), len(spans) + of.queue) and requests[entered].ready <= cycle:
                dram.queue += own[entered]
                entered += 1
            dram.tick(clock)
            clock += 1
        overs = [access.over for access in own[len(spans)]]
        if granted is not None and all(over is not None and over * q <= (cycle + 1) * p for over in overs):
            dram.queue = [access for access in dram.queue if access.request != len(spans)]
            spans.append((granted, cycle))
            granted = None
    return spans, dram.log
