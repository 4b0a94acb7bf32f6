"""The network that brings windows of the streamed operand to the arrays."""

from __future__ import annotations

from simulator.hardware.quantity import BytesPerCycle, Count, Cycles
from simulator.hardware.specification import Specification


class Distribute(Specification):
    """A broadcast link.

    Attributes
    ----------
    bandwidth : BytesPerCycle
    latency : Cycles
    queue : Count
        Windows waiting in front of it.
    """

    bandwidth: BytesPerCycle
    latency: Cycles
    queue: Count
