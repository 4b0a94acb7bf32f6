"""Main memory with rows: streams whose time follows from the timings by hand, from the engine.

On one channel, without refresh, in clocks of the memory; column, activate and burst as in :class:`simulator.plan.state.Rows`::

    other rows of one bank     rcd + (n - 1) max(rc, rcd + rtp + rp) + cl + bl
    a row of each bank         rcd + (n - 1) // 4 max(faw, 4 rrd_s) + (n - 1) % 4 rrd_s + cl + bl
    write, read, write, ..     rcd + (n / 2 - 1) (wr + rw) + wr + cl + bl         in one open row, with
                               wr = cwl + bl + max(wtr_s, wtr_l), rw = cl + bl + turn - cwl

and with refresh, of a stream of consecutive addresses over all channels, of the peak::

    (refi - rfc - rcd) / refi          rows are opened again after every refresh, then the bus is never idle

The first three hold exactly, the last but for its beginning and its end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from simulator.errors import InputError
from simulator.hardware import load, override
from simulator.hardware.components.timing import names
from simulator.hardware.organisations.stationary import Stationary
from simulator.plan import Access, Component, Plan, Program, RunWriter
from simulator.plan.state import Rows
from simulator.registry import resolve
from validation.claims import Claim, within

SOURCE = "derived: the definitions of the timings (JEDEC terms), see the claims' module"
COUNT, LONG = 1000, 40_000


def claims() -> Iterator[Claim]:
    """Every timing that comes with the package, beside a clock of 1 GHz."""
    for name in names():
        of = state(name)
        quiet, said = replace(of, refi=0), f"{name}: {COUNT} bursts"
        yield exact(
            f"{said} from other rows of one bank", one_bank(quiet), cycles(quiet, rows_of_one_bank(quiet))
        )
        yield exact(
            f"{said} from a row of each bank in turn", each_bank(quiet), cycles(quiet, banks_in_turn(quiet))
        )
        yield exact(f"{said} written and read in turn", turns(quiet), cycles(quiet, *halves(quiet)))
        yield stream(name, of)


def state(name: str) -> Rows:
    """A memory beside a clock of 1 GHz."""
    machine = override(load("highlight"), {"dram.timing": name})
    if isinstance(machine, Stationary) and (found := machine.components.dram.state(machine.clock.value)):
        return found
    raise InputError(f"{name}: is no memory with rows")


def exact(name: str, clocks: int, measured: int) -> Claim:
    """A claim about cycles, from the clock the last burst ends at; all timings here have whole ratios of clocks."""
    return within(name, clocks, measured, "clock", 0, SOURCE)


def one_bank(of: Rows) -> int:
    """Last clock of reads from another row each."""
    return of.rcd + (COUNT - 1) * max(of.rc, of.rcd + of.rtp + of.rp) + of.cl + of.bl


def each_bank(of: Rows) -> int:
    """Last clock of reads from another bank each."""
    fours, rest = divmod(COUNT - 1, 4)
    return of.rcd + fours * max(of.faw, 4 * of.rrd_s) + rest * of.rrd_s + of.cl + of.bl


def turns(of: Rows) -> int:
    """Last clock of writes and reads in turn."""
    wr, rw = of.cwl + of.bl + max(of.wtr_s, of.wtr_l), of.cl + of.bl + of.turn - of.cwl
    return of.rcd + (COUNT // 2 - 1) * (wr + rw) + wr + of.cl + of.bl


def address(of: Rows, group: int, bank: int, row: int, column: int = 0) -> int:
    """Address of a burst of channel 0."""
    burst = ((row * of.banks + bank) * (of.row // of.burst) + column) * of.groups + group
    stripe, within_stripe = divmod(burst * of.burst, of.stripe)
    return stripe * of.stripe * of.channels + within_stripe


def rows_of_one_bank(of: Rows) -> tuple[bool, list[int]]:
    """Reads, each from another row."""
    return False, [address(of, 0, 0, i) for i in range(COUNT)]


def banks_in_turn(of: Rows) -> tuple[bool, list[int]]:
    """Reads, each from a closed row of another bank, neighbours from other groups."""
    all_banks = of.groups * of.banks
    return False, [
        address(of, i % of.groups, i // of.groups % of.banks, i // all_banks) for i in range(COUNT)
    ]


def halves(of: Rows) -> tuple[tuple[bool, list[int]], tuple[bool, list[int]]]:
    """As many writes and reads of one burst in one row."""
    places = [address(of, 0, 0, 0)] * (COUNT // 2)
    return (True, places), (False, places)


def stream(name: str, of: Rows) -> Claim:
    """Consecutive transfers over all channels, as a share of the peak."""
    size = max(of.burst, of.channels * of.burst // 2)
    places = [i * size for i in range(LONG)]
    took = run(of, [(False, places)], size)
    p, q = of.rate
    share, expected = Fraction(LONG * size * q, took * p), Fraction(of.refi - of.rfc - of.rcd, of.refi)
    text = f"{name}: a stream, as a share of the peak"
    return Claim(text, expected, share, "1", Fraction(1, 100), SOURCE, "relative")


def cycles(of: Rows, *programs: tuple[bool, list[int]]) -> int:
    """Last clock, from the run length on a machine whose cycle is the memory's clock."""
    return run(replace(of, clock=(1, 1)), programs, of.burst)


def run(of: Rows, programs: Sequence[tuple[bool, list[int]]], size: int) -> int:
    """Cycles until all accesses are over, on the fast engine."""
    parts = tuple(_program(str(i), write, places, size) for i, (write, places) in enumerate(programs))
    dram = Component("dram", "dram", "dram", 1, of.rate, "round_robin", parts, of)
    took: int = resolve("engine", "fast")(Plan((dram,), ())).cycles
    return took


def _program(name: str, write: bool, places: list[int], size: int) -> Program:
    writer = RunWriter(0, 0, 0)
    writer.add(len(places), size)
    chunk = writer.chunk()
    table = np.array([(1, place, 0) for place in places], dtype=np.int64)
    return Program(name, (), (), (), lambda: iter([chunk]), Access(write, lambda: iter([table])))
