"""On-chip memory of one operand, in front of an edge of a systolic array."""

from __future__ import annotations

from simulator.hardware.quantity import Bytes, BytesPerCycle, Count, Cycles
from simulator.hardware.specification import Specification


class Sram(Specification):
    """A buffer with a bank per lane of its edge.

    Attributes
    ----------
    capacity : Bytes
    row : Bytes
        What one access of a bank delivers: consecutive values of one lane.
    read_bandwidth, write_bandwidth : BytesPerCycle
        Of the read and the write port, all banks together.
    read_latency : Cycles
    tile_buffers : Count
        Pieces in flight; 2 is double buffering.
    """

    capacity: Bytes
    row: Bytes
    read_bandwidth: BytesPerCycle
    write_bandwidth: BytesPerCycle
    read_latency: Cycles
    tile_buffers: Count


class OperandSrams(Specification):
    """One memory per operand."""

    inputs: Sram
    weights: Sram
