"""Main memory and the global buffer as levels of a hierarchy, in words of a machine's values."""

from __future__ import annotations

from fractions import Fraction

from simulator.hardware.components import Dram, Glb
from simulator.hardware.hierarchy import Storage, Timing

_WORD = 64
"""Bits of a word of main memory, what the energy tables charge."""


def dram(name: str, part: Dram, clock: int, bits: int) -> Storage:
    """Main memory beside a machine of `clock` Hz: reads and writes share its bandwidth."""
    return Storage(
        name,
        name,
        "DRAM",
        1,
        1,
        1,
        bits,
        block_size=max(1, _WORD // bits),
        metadata_bits=_WORD,
        shared_bandwidth=_words(part.peak(clock), bits),
        timing=Timing(latency=max(1, part.arrival)),
    )


def glb(name: str, part: Glb, bits: int) -> Storage:
    """The global buffer: a row is one access."""
    word = part.metadata_word.value
    return Storage(
        name,
        name,
        "SRAM",
        1,
        1,
        1,
        bits,
        block_size=8 * part.row.value // bits,
        capacity=8 * part.data_capacity.value // bits,
        metadata_bits=8 * word,
        metadata_capacity=part.metadata_capacity.value // word or None,
        read_bandwidth=_words(part.read_bandwidth.value, bits),
        write_bandwidth=_words(part.write_bandwidth.value, bits),
        timing=Timing(latency=part.read_latency.value, slots=part.tile_buffers.value),
    )


def _words(bandwidth: Fraction | None, bits: int) -> Fraction | None:
    return None if bandwidth is None else bandwidth * 8 / bits
