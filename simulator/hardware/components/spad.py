"""What surrounds the multiplier of a processing element: links, scratch pads, and the latches between stages."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from simulator.hardware.quantity import Bits, BytesPerCycle, Count, Cycles
from simulator.hardware.specification import Specification


class Links(Specification):
    """Ways into and out of the element, one per tensor; partial sums have one each way.

    Attributes
    ----------
    weights_bandwidth, inputs_bandwidth, psums_bandwidth : BytesPerCycle
    latency : Cycles
        From the last bits of something on a link to its use, and from partial sums put away to their return.
    """

    weights_bandwidth: BytesPerCycle
    inputs_bandwidth: BytesPerCycle
    psums_bandwidth: BytesPerCycle
    latency: Cycles


class InputSpad(Specification):
    """Compressed inputs: a word holds a value and its run.

    Attributes
    ----------
    entries, addresses : Count
        Words, and addresses: one more than the fibers held.
    run, address : Bits
    """

    entries: Count
    addresses: Count
    run: Bits
    address: Bits

    @model_validator(mode="after")
    def _delimits(self) -> Self:
        if self.addresses.value < 2:
            raise ValueError(
                f"addresses is {self.addresses.value}: a fiber lies between two, so at least 2 are needed"
            )
        return self


class WeightSpad(Specification):
    """Compressed weights: a word holds `word` values, each with its run; an address counts words.

    Attributes
    ----------
    entries, word, addresses : Count
        Values in all, values per word, and addresses: one per column held.
    run, address : Bits
    """

    entries: Count
    word: Count
    addresses: Count
    run: Bits
    address: Bits

    @model_validator(mode="after")
    def _whole_words(self) -> Self:
        if self.entries.value % self.word.value:
            raise ValueError(
                f"entries is {self.entries.value}, word {self.word.value}: entries must be a whole number of words"
            )
        return self

    @property
    def words(self) -> int:
        """Words in all."""
        return self.entries.value // self.word.value


class PsumSpad(Specification):
    """Partial sums being accumulated.

    Attributes
    ----------
    entries : Count
    width : Bits
    latency : Cycles
        From reading a partial sum to having written it.
    forwarding : bool
        Whether a sum can be added to again before it is written; if not, who needs it waits.
    """

    entries: Count
    width: Bits
    latency: Cycles
    forwarding: Literal[True, False]


class Mac(Specification):
    """The multiplier.

    Attributes
    ----------
    lanes : Count
        Values multiplied by one input at once, all of one word of weights.
    latency : Cycles
        From its operands to the adder.
    """

    lanes: Count
    latency: Cycles


class Stages(Specification):
    """Latches between the stages of the pipeline.

    Attributes
    ----------
    queue : Count
        Entries; 2 let something pass every cycle.
    """

    queue: Count
