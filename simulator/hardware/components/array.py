"""The multipliers, their weight registers and their accumulators."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from simulator.hardware.quantity import Bits, BytesPerCycle, Count, Cycles
from simulator.hardware.specification import Specification

MAX_MULTIPLIERS = 2**24


class Array(Specification):
    """Arrays of rows of PEs in lock step.

    Attributes
    ----------
    arrays, rows, pes, macs : Count
        Arrays; rows (of M) per array; PEs per row; multipliers per PE.
    latency : Cycles
        Depth of multiply, reduce, accumulate.
    operand_buffers : Count
        Sets of weight registers; 2 is double buffering.
    refill_bandwidth : BytesPerCycle
        Into the weight registers.
    columns : Count
        Accumulators per row: columns of N kept on chip.
    accumulator : Bits
    queue : Count
        Windows waiting in front of the arrays.
    shared_window : bool or "auto"
        True: all arrays work on the same window, on different rows of M. False: each on a column of its own.
        ``auto``: the split of arrays along M and N that streams a layer's inputs in the fewest cycles.
    """

    arrays: Count
    rows: Count
    pes: Count
    macs: Count
    latency: Cycles
    operand_buffers: Count
    refill_bandwidth: BytesPerCycle
    columns: Count
    accumulator: Bits
    queue: Count
    shared_window: Literal[True, False, "auto"]

    @property
    def multipliers(self) -> int:
        """Multipliers of all arrays."""
        return self.arrays.value * self.rows.value * self.pes.value * self.macs.value

    @model_validator(mode="after")
    def _size(self) -> Self:
        if self.multipliers > MAX_MULTIPLIERS:
            raise ValueError(
                f"arrays x rows x pes x macs = {self.multipliers}: at most {MAX_MULTIPLIERS} multipliers"
            )
        return self
