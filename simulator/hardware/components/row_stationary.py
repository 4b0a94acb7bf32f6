"""An array of processing elements with scratch pads, and the buffer beside it."""

from __future__ import annotations

from simulator.hardware.quantity import Bits, Bytes, BytesPerCycle, Count, Cycles
from simulator.hardware.specification import Specification


class Buffer(Specification):
    """The global buffer: inputs as they are, weights on their way, partial sums.

    Attributes
    ----------
    capacity : Bytes
    read_bandwidth, write_bandwidth : BytesPerCycle
        Of a port that all tensors share.
    read_latency : Cycles
    tile_buffers : Count
        Pieces of weights, and of inputs that are not kept, that are held at once.
    """

    capacity: Bytes
    read_bandwidth: BytesPerCycle
    write_bandwidth: BytesPerCycle
    read_latency: Cycles
    tile_buffers: Count


class Grid(Specification):
    """The elements.

    Attributes
    ----------
    rows, columns : Count
        Filter rows lie along the rows, output rows along the columns.
    inputs, weights, psums : Count
        Entries of the scratch pads of an element.
    word : Bits
        Of a partial sum.
    latency : Cycles
        From the last multiplication of an output column to its sums at the end of a column of elements.
    queue : Count
        Output columns whose inputs wait in front of the array.
    """

    rows: Count
    columns: Count
    inputs: Count
    weights: Count
    psums: Count
    word: Bits
    latency: Cycles
    queue: Count

    @property
    def count(self) -> int:
        """Elements."""
        return self.rows.value * self.columns.value


class Runs(Specification):
    """Run-length coding of inputs and outputs in DRAM.

    Attributes
    ----------
    run : Bits
        Of a run of zeros in front of a value.
    """

    run: Bits


class Finish(Specification):
    """The way of finished outputs to DRAM: non-linearity, requantisation, coding.

    Attributes
    ----------
    bandwidth : BytesPerCycle
    queue : Count
        Output columns waiting in front of it.
    """

    bandwidth: BytesPerCycle
    queue: Count
