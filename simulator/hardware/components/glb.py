"""The global buffer."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from simulator.hardware.quantity import Bytes, BytesPerCycle, Capacity, Count, Cycles
from simulator.hardware.specification import Specification


class Glb(Specification):
    """On-chip buffer with a data and a metadata partition.

    Attributes
    ----------
    data_capacity, metadata_capacity : Bytes
        The metadata partition may be absent (0 B).
    row : Bytes
        One aligned row of data, the unit of a data access.
    metadata_word : Bytes
        One word of metadata, the unit of a metadata access; a row is a whole number of words.
    read_bandwidth, write_bandwidth : BytesPerCycle
        Of the read and the write port; data and metadata share them.
    read_latency : Cycles
    tile_buffers : Count
        Tiles of an operand in flight; 2 is double buffering.
    """

    data_capacity: Bytes
    metadata_capacity: Capacity
    row: Bytes
    metadata_word: Bytes
    read_bandwidth: BytesPerCycle
    write_bandwidth: BytesPerCycle
    read_latency: Cycles
    tile_buffers: Count

    @model_validator(mode="after")
    def _whole_words(self) -> Self:
        row, word = self.row.value, self.metadata_word.value
        if row % word:
            raise ValueError(f"row is {row} B, metadata_word {word} B: a row must be a whole number of words")
        return self
