"""Main memory."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, ClassVar

from pydantic import field_validator

from simulator.energy import Row
from simulator.hardware.components.timing import SIMPLE, Timing, named, names
from simulator.hardware.quantity import Bytes, BytesPerCycle, Cycles
from simulator.hardware.specification import Specification
from simulator.plan.state import ACTIVATE, Rows


class Dram(Specification):
    """Off-chip memory, shared by all tensors: a bandwidth and a latency, or banks, rows and refresh.

    Attributes
    ----------
    bandwidth : BytesPerCycle
        Reads and writes together.
    latency : Cycles
        From the end of a transfer on the bus to its arrival.
    burst : Bytes
        Most that a transfer moves; a piece takes up whole bursts, of which the last may be moved in part.
    timing : Timing or None
        By the name of one that comes with the package (``LPDDR4``) or number by number; it takes the place of bandwidth and
        latency. None (``simple``): a transfer takes those.
    """

    optional: ClassVar[Mapping[str, tuple[str, ...]]] = {"timing": (SIMPLE, *names())}

    bandwidth: BytesPerCycle
    latency: Cycles
    burst: Bytes
    timing: Timing | None = None

    @field_validator("timing", mode="before")
    @classmethod
    def _named(cls, timing: Any) -> Any:
        return named(timing)

    def state(self, clock: int) -> Rows | None:
        """Its banks and rows beside a machine of `clock` Hz, None without a timing."""
        return None if self.timing is None else self.timing.rows(clock)

    def peak(self, clock: int) -> Fraction | None:
        """Bytes per cycle at most, None when unlimited."""
        state = self.state(clock)
        return self.bandwidth.value if state is None else Fraction(*state.rate)

    @property
    def arrival(self) -> int:
        """Cycles from the end of a transfer to its arrival."""
        return self.latency.value if self.timing is None else self.timing.latency.value

    @property
    def energy_rows(self) -> dict[str, Row]:
        """Energy of what it counts itself, by action."""
        if self.timing is None:
            return {}
        energy, per = self.timing.activate, f"one row of {self.timing.name} opened and closed"
        origin, assumed = energy.source or energy.assumed or "", energy.source is None
        return {ACTIVATE: Row(ACTIVATE, energy.value, per, self.timing.name, origin, assumed)}

    @property
    def assumption(self) -> str:
        """How its time is told, in words."""
        if self.timing is None:
            return f"DRAM is its bandwidth ({self.bandwidth.text}) and its latency ({self.latency.text}), without rows or banks"
        return f"DRAM is {self.timing.name} with open rows, banks and refresh; its stated bandwidth and latency do not count"
