"""Outer-product units and their accumulation buffers."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from simulator.hardware.quantity import Bits, Count, Cycles
from simulator.hardware.specification import Specification

WORD = 64
"""Rows or columns a bitmask word holds."""


class Units(Specification):
    """Outer-product units, each on a tile of outputs of its own.

    Attributes
    ----------
    rows, columns : Count
        Units side by side along M and along N; a row shares A, a column shares B.
    tile_rows, tile_columns : Count
        Outputs of a unit's tile, at most 64 each.
    depth : Count
        Coordinates of K of an item: what one instruction covers.
    step_rows, step_columns : Count
        Multipliers, by operand: what an operand's non-zeros are rounded up to.
    latency : Cycles
        From the last step of a tile to its sums.
    operand_buffers : Count
        Operand tiles of one item a unit's line buffers hold, of each operand; 2 is double buffering.
    """

    rows: Count
    columns: Count
    tile_rows: Count
    tile_columns: Count
    depth: Count
    step_rows: Count
    step_columns: Count
    latency: Cycles
    operand_buffers: Count

    @property
    def multipliers(self) -> int:
        """Multipliers of all units."""
        return self.rows.value * self.columns.value * self.step_rows.value * self.step_columns.value

    @model_validator(mode="after")
    def _fits_a_word(self) -> Self:
        for name in ("tile_rows", "tile_columns"):
            size = getattr(self, name).value
            if size > WORD:
                raise ValueError(f"{name} is {size}: a bitmask word holds at most {WORD}")
        return self


class Accumulation(Specification):
    """The accumulation buffer of a unit: one tile of partial sums in banks.

    Attributes
    ----------
    bank_rows, bank_columns : Count
        Banks along the rows and the columns of a tile.
    bank_words : Count
        Partial sums of one row that an access of a bank reads, adds to and writes.
    bandwidth : Count
        Words per cycle through its port.
    queue : Count
        Steps the operand collector in front of it holds.
    word : Bits
        Width of a partial sum.
    """

    bank_rows: Count
    bank_columns: Count
    bank_words: Count
    bandwidth: Count
    queue: Count
    word: Bits
