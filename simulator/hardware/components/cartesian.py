"""Processing elements that multiply all with all, their buffers, and what joins them."""

from __future__ import annotations

from simulator.hardware.quantity import Bits, Bytes, BytesPerCycle, Count, Cycles
from simulator.hardware.specification import Specification


class WeightFifo(Specification):
    """Weights on their way to all elements at once, and where they wait in each.

    Attributes
    ----------
    bandwidth : BytesPerCycle
        Of the broadcast.
    latency : Cycles
    entries : Count
        Vectors of weights held in an element; a block of weights takes at most half of them.
    run : Bits
        Of a run of zeros in front of a weight.
    """

    bandwidth: BytesPerCycle
    latency: Cycles
    entries: Count
    run: Bits


class InputRam(Specification):
    """Inputs of an element's tile, compressed, all channels.

    Attributes
    ----------
    bandwidth : BytesPerCycle
        At which tiles are dealt to the elements, one after the other.
    capacity : Bytes
        Of one element, for one tile.
    tile_buffers : Count
        Tiles held at once; 2 lets the next load under the current one.
    run : Bits
        Of a run of zeros in front of an input.
    """

    bandwidth: BytesPerCycle
    capacity: Bytes
    tile_buffers: Count
    run: Bits


class Elements(Specification):
    """The array of processing elements.

    Attributes
    ----------
    rows, columns : Count
    weights, inputs : Count
        Operands of a step, multiplied all with all.
    latency : Cycles
        From the last step to the sums.
    """

    rows: Count
    columns: Count
    weights: Count
    inputs: Count
    latency: Cycles

    @property
    def count(self) -> int:
        """Elements."""
        return self.rows.value * self.columns.value

    @property
    def multipliers(self) -> int:
        """Multipliers of all elements."""
        return self.count * self.weights.value * self.inputs.value


class Crossbar(Specification):
    """The scatter network of an element.

    Attributes
    ----------
    entries : Count
        Products that can wait behind each multiplier.
    """

    entries: Count


class Accumulators(Specification):
    """Partial sums of an element: accumulator (k, p, q) is in bank q + row_skew p + filter_skew k.

    Attributes
    ----------
    banks : Count
    entries : Count
        Sums of a bank.
    row_skew, filter_skew : Count
    tile_buffers : Count
        Sets of sums; with 2, one leaves while the other is added to.
    word : Bits
    """

    banks: Count
    entries: Count
    row_skew: Count
    filter_skew: Count
    tile_buffers: Count
    word: Bits


class Exchange(Specification):
    """Sums of outputs that belong to other elements, sent to these.

    Attributes
    ----------
    bandwidth : BytesPerCycle
        Out of an element.
    latency : Cycles
    """

    bandwidth: BytesPerCycle
    latency: Cycles


class PostProcessing(Specification):
    """The unit of an element that finishes its outputs: adds what others sent, requantises, compresses.

    Attributes
    ----------
    bandwidth : BytesPerCycle
        Of partial sums, own and received.
    tile_buffers : Count
        Finished tiles that wait for the way out.
    run : Bits
        Of a run of zeros in front of an output.
    """

    bandwidth: BytesPerCycle
    tile_buffers: Count
    run: Bits
