"""Multipliers that any values can be brought to: units with a distribution network in front and a tree of adders behind."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from simulator.hardware.components.array import MAX_MULTIPLIERS
from simulator.hardware.components.glb import Glb
from simulator.hardware.quantity import Bits, BytesPerCycle, Count, Cycles
from simulator.hardware.specification import Specification


class MaskedGlb(Glb):
    """A global buffer whose metadata partition, the bitmasks, has a port of its own.

    Attributes
    ----------
    mask_bandwidth : BytesPerCycle
        Of bitmasks to the controller, which decides from them what is read of the data.
    """

    mask_bandwidth: BytesPerCycle


class Distribution(Specification):
    """The networks that bring values to multipliers, one per unit; inside a unit a value reaches any set of multipliers.

    Attributes
    ----------
    values : Count
        Different values that enter a unit in a cycle.
    latency : Cycles
        From entering the network to a multiplier.
    queue : Count
        Columns of streamed values, or beats of stationary ones, waiting in front of it.
    """

    values: Count
    latency: Cycles
    queue: Count


class PackedArray(Specification):
    """Units of multipliers; the stationary values fill one unit after the other.

    Attributes
    ----------
    units, unit_multipliers : Count
    stationary_buffers : Count
        Stationary values a multiplier holds: 1, the next are loaded when the last column has been multiplied; 2, meanwhile.
    queue : Count
        Columns of streamed values waiting at the multipliers.
    """

    units: Count
    unit_multipliers: Count
    stationary_buffers: Count
    queue: Count

    @property
    def multipliers(self) -> int:
        """Multipliers of all units."""
        return self.units.value * self.unit_multipliers.value

    @model_validator(mode="after")
    def _size(self) -> Self:
        if self.multipliers > MAX_MULTIPLIERS:
            raise ValueError(
                f"units x unit_multipliers = {self.multipliers}: at most {MAX_MULTIPLIERS} multipliers"
            )
        return self


class Reduction(Specification):
    """A tree of adders over all multipliers that sums neighbours in clusters of any size, and the sums kept below it.

    Attributes
    ----------
    level_latency : Cycles
        Of a level; there are ceil(log2(multipliers)), one at least.
    sums : Count
        Sums that leave the tree in a cycle.
    accumulators : Count
        Partial sums of the one row that two rounds share: the columns streamed before the next round.
    accumulator : Bits
    queue : Count
        Columns of sums waiting behind the multipliers, besides those in the tree.
    """

    level_latency: Cycles
    sums: Count
    accumulators: Count
    accumulator: Bits
    queue: Count
