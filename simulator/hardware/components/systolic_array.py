"""A grid of multipliers that hand their operands to their neighbours."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from simulator.hardware.components.array import MAX_MULTIPLIERS
from simulator.hardware.quantity import Bits, Count, Cycles
from simulator.hardware.specification import Specification


class SystolicArray(Specification):
    """R x C multipliers in lock step; a value crosses one link per step.

    Attributes
    ----------
    rows, columns : Count
        R and C.
    dataflow : str
        What stays in the multipliers: ``os`` partial sums, ``ws`` weights, ``is`` inputs.
    drain : str
        Way of finished sums out of an ``os`` array: ``shift`` down the columns through the neighbour links, or
        ``direct``, a link of its own for every multiplier. ``ws`` and ``is`` sums always flow down the columns.
    crossing : str
        Links a wavefront crosses when a fold fills only a part: those of the ``whole`` array, or the ``used`` ones.
    accumulators : Count
        Partial sums below each column (``ws``, ``is``): stream positions worked on before the next tile.
    accumulator : Bits
    operand_buffers : Count
        Sets of registers for the operand that stays (``ws``, ``is``); with 2 the next fold's is pushed in during the current one.
    output_buffers : Count
        Tiles of outputs between the start of their first fold and the end of their drain; 1: a tile waits for the one before.
    latency : Cycles
        From a sum leaving the array to the drain.
    queue : Count
        Steps of operands waiting at each edge.
    """

    rows: Count
    columns: Count
    dataflow: Literal["os", "ws", "is"]
    drain: Literal["shift", "direct"]
    crossing: Literal["whole", "used"]
    accumulators: Count
    accumulator: Bits
    operand_buffers: Count
    output_buffers: Count
    latency: Cycles
    queue: Count

    @property
    def multipliers(self) -> int:
        """R x C."""
        return self.rows.value * self.columns.value

    @model_validator(mode="after")
    def _size(self) -> Self:
        if self.multipliers > MAX_MULTIPLIERS:
            raise ValueError(f"rows x columns = {self.multipliers}: at most {MAX_MULTIPLIERS} multipliers")
        return self
