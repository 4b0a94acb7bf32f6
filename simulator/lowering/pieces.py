"""Programs that move pieces, which are fetched at once, and outputs: bursts from DRAM, filled into a buffer, bursts to DRAM."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from simulator.lowering.blocks import gather, plain
from simulator.lowering.memory import WORD
from simulator.lowering.streams import spread
from simulator.plan import Chunk, RunWriter


@dataclass(frozen=True)
class Piece:
    """Something fetched at once: DRAM bytes, bytes of data and of metadata in the buffer."""

    dram: int
    data: int
    metadata: int


def told(columns: list[NDArray[np.integer] | int], count: int, inputs: int, outputs: int) -> Chunk:
    """Items given field by field (demand, work, takes, releases, puts, actions), the first and the last by themselves."""
    writer = RunWriter(inputs, outputs, len(columns) - 2 - 2 * inputs - outputs)
    ports = np.split(np.arange(2, len(columns)), np.cumsum([inputs, inputs, outputs]))
    for begin, end in ((0, 1), (1, count - 1), (count - 1, count if count > 1 else 0)):
        if begin < end:
            fields = [_constant(column, begin, end) for column in columns]
            writer.add(end - begin, fields[0], fields[1], *([fields[i] for i in port] for port in ports))
    return writer.chunk()


def _constant(column: NDArray[np.integer] | int, begin: int, end: int) -> NDArray[np.integer] | int:
    """A part of a field, as a number if all its items have the same."""
    if isinstance(column, (int, np.integer)):
        return int(column)
    part = column[begin:end]
    return int(part[0]) if part[0] == part[-1] and (part == part[0]).all() else part


def at(count: int, place: int, value: bool | int = 1) -> NDArray[np.int64]:
    """`value` at one place of so many zeros."""
    found = np.zeros(count, dtype=np.int64)
    found[place] = value
    return found


def dram_reads(pieces: Iterable[Piece], burst: int) -> Iterator[Chunk]:
    """Items: bursts. Fields: demand, work, take space, release, put burst, dram_read."""

    def block(size: int) -> Chunk:
        count = -(-size // burst)
        sizes = np.full(count, burst)
        sizes[-1] = size - (count - 1) * burst
        first = at(count, 0)
        return told([sizes, sizes, first, first, 1, -(-sizes // WORD)], count, 1, 1)

    return gather(block(max(1, piece.dram)) for piece in pieces)


def fills(pieces: Iterable[Piece], burst: int, row: int, word: int) -> Iterator[Chunk]:
    """Items: bursts, written in rows and words as they arrive. Fields: demand, work, take burst, release, put ready, sram_write,
    metadata_write.
    """

    def block(size: int, data: int, metadata: int) -> Chunk:
        count = -(-max(1, size) // burst)
        rows, words = (spread(n, count).astype(np.int64) for n in (-(-data // row), metadata // word))
        moved = np.maximum(1, rows * row + words * word)
        return told([moved, moved, 1, 1, at(count, -1), rows, words], count, 1, 1)

    return gather(block(piece.dram, piece.data, piece.metadata) for piece in pieces)


def dram_writes(sizes: Iterable[int], burst: int) -> Iterator[Chunk]:
    """Items: bursts of outputs, `sizes` bytes each time. Fields: demand, work, take, release, dram_write."""

    @cache
    def block(size: int) -> Chunk:
        full, rest = divmod(size - 1, burst)
        body = (full, burst, burst, 1, 1, -(-burst // WORD))
        return plain([body, (1, rest + 1, rest + 1, 1, 1, -(-(rest + 1) // WORD))])

    return gather(block(size) for size in sizes)


def lines(rows: int, columns: int, bits: int, burst: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Outputs of every item that drains `columns` columns of `rows` outputs, at most a burst of one column each, and the DRAM
    bursts it fills; the last one is closed however full it is.
    """
    line = max(1, 8 * burst // bits)
    values = np.tile(np.minimum(line, rows - np.arange(0, rows, line)), columns)
    used = np.cumsum(values) * bits
    filled = used // (8 * burst)
    filled[-1] = -(-used[-1] // (8 * burst))
    return values, np.diff(filled, prepend=0)
