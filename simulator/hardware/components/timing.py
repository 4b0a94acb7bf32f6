"""Banks, rows and refresh of main memory, by name or number by number."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Literal, Self

from pydantic import model_validator

from simulator.errors import InputError, suggest
from simulator.hardware.document import read
from simulator.hardware.quantity import MAX_RATIO, Bytes, Clocks, Count, Cycles, Hertz, Picojoules
from simulator.hardware.specification import Specification
from simulator.paths import data_path, data_root
from simulator.plan.state import Rows

SIMPLE = "simple"
"""Main memory is its bandwidth and its latency."""

FOLDER = "dram"
SUFFIX = ".yaml"


class Timing(Specification):
    """A DRAM interface; what the times mean is written in :class:`simulator.plan.state.Rows`.

    Attributes
    ----------
    kind : str
        ``rows``.
    name : str
        Of the part, e.g. ``DDR4-2400``.
    clock : Hertz
        Of its commands; times are counted in it.
    latency : Cycles
        Of the machine: from the end of a burst on the memory's bus to its arrival.
    queue : Count
        Requests the controller knows at once.
    channels, groups, banks : Count
        Channels, bank groups per channel, banks per group.
    row, burst, stripe : Bytes
        Open row of a bank of a channel; column access; consecutive addresses on one channel.
    activate : Picojoules
        Energy of opening a row on all devices of a channel, and of closing it again.
    bl, cl, cwl, rcd, rp, ras, rc, rrd_s, rrd_l, faw, ccd_s, ccd_l, rtp, wr, wtr_s, wtr_l, turn, refi, rfc : Clocks
    """

    kind: Literal["rows"]
    name: str
    clock: Hertz
    latency: Cycles
    queue: Count
    channels: Count
    groups: Count
    banks: Count
    row: Bytes
    burst: Bytes
    stripe: Bytes
    bl: Clocks
    cl: Clocks
    cwl: Clocks
    rcd: Clocks
    rp: Clocks
    ras: Clocks
    rc: Clocks
    rrd_s: Clocks
    rrd_l: Clocks
    faw: Clocks
    ccd_s: Clocks
    ccd_l: Clocks
    rtp: Clocks
    wr: Clocks
    wtr_s: Clocks
    wtr_l: Clocks
    turn: Clocks
    refi: Clocks
    rfc: Clocks
    activate: Picojoules

    def rows(self, clock: int) -> Rows:
        """The memory beside a machine of `clock` Hz.

        Raises
        ------
        InputError
            The ratio of the clocks is too fine to be exact in 64-bit integers.
        """
        ratio = Fraction(self.clock.value, clock)
        if max(ratio.numerator, ratio.denominator) > MAX_RATIO:
            raise InputError(
                f"dram.timing.clock {self.clock.text!r} beside clock {clock} Hz is {ratio} clocks a cycle: as a ratio p/q "
                f"in lowest terms, neither may exceed {MAX_RATIO}"
            )
        numbers = {name: getattr(self, name).value for name in Rows.__dataclass_fields__ if name != "clock"}
        return Rows(clock=(ratio.numerator, ratio.denominator), **numbers)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        found = self.rows(self.clock.value).problems()
        if found:
            raise ValueError("; ".join(found))
        return self


def names() -> tuple[str, ...]:
    """Timings that come with the package."""
    folder = data_root("hwconfigs") / FOLDER
    return tuple(sorted(path.stem for path in folder.iterdir() if path.suffix == SUFFIX))


def named(timing: Any) -> Any:
    """The data of a timing given by name, None for ``simple``; anything but text is left as it is.

    Raises
    ------
    ValueError
        No such timing.
    """
    if not isinstance(timing, str):
        return timing
    if timing == SIMPLE:
        return None
    if timing not in names():
        raise ValueError(f"{timing!r}: no such timing; {suggest(timing, (SIMPLE, *names()))}")
    return read(data_path("hwconfigs", f"{FOLDER}/{timing}{SUFFIX}")).data
