"""The global buffer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import model_validator

from simulator.hardware.quantity import Bytes, BytesPerCycle, Capacity, Count, Cycles
from simulator.hardware.specification import Specification
from simulator.plan.state import Banks
from simulator.units import UNLIMITED


class Glb(Specification):
    """On-chip buffer with a data and a metadata partition.

    Attributes
    ----------
    data_capacity, metadata_capacity : Bytes
        The metadata partition may be absent (0 B).
    row : Bytes
        One aligned row of data, the unit of a data access.
    data_word : Bytes or None
        What the read port moves at once: of the last row of a stream of inputs only the words in use are read. None:
        whole rows only. A row is a whole number of words.
    metadata_word : Bytes
        One word of metadata, the unit of a metadata access; a row is a whole number of words.
    read_bandwidth, write_bandwidth : BytesPerCycle
        Of the read and the write port; data and metadata share them.
    read_latency : Cycles
    tile_buffers : Count
        Tiles of an operand in flight; 2 is double buffering.
    banks : Count or None
        Single-ported banks of rows that both ports share; consecutive rows lie in consecutive banks. None (``unlimited``):
        ports never meet in a bank.
    """

    optional: ClassVar[Mapping[str, tuple[str, ...]]] = {"banks": (UNLIMITED,)}

    data_capacity: Bytes
    metadata_capacity: Capacity
    row: Bytes
    data_word: Bytes | None = None
    metadata_word: Bytes
    read_bandwidth: BytesPerCycle
    write_bandwidth: BytesPerCycle
    read_latency: Cycles
    tile_buffers: Count
    banks: Count | None = None

    @model_validator(mode="after")
    def _whole_words(self) -> Self:
        words = {"metadata_word": self.metadata_word.value, "data_word": self.word}
        for name, word in words.items():
            if self.row.value % word:
                raise ValueError(
                    f"row is {self.row.value} B, {name} {word} B: a row must be a whole number of words"
                )
        return self

    @property
    def word(self) -> int:
        """Bytes of data the read port moves at once."""
        return (self.data_word or self.row).value

    @property
    def state(self) -> Banks | None:
        """Its banks, None when they are not told."""
        return None if self.banks is None else Banks("glb", self.banks.value, self.row.value)
