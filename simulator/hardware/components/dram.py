"""Main memory."""

from __future__ import annotations

from simulator.hardware.quantity import Bytes, BytesPerCycle, Cycles
from simulator.hardware.specification import Specification


class Dram(Specification):
    """Off-chip memory, shared by all tensors.

    Attributes
    ----------
    bandwidth : BytesPerCycle
        Reads and writes together.
    latency : Cycles
        From the end of a transfer on the bus to its arrival.
    burst : Bytes
        Smallest transfer; all transfers are whole bursts.
    """

    bandwidth: BytesPerCycle
    latency: Cycles
    burst: Bytes
