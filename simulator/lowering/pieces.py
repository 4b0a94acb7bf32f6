"""Programs that move pieces, which are fetched at once, and outputs: bursts from DRAM, filled into a buffer, bursts to DRAM."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from simulator.jit import kernel
from simulator.lowering.blocks import gather, plain
from simulator.lowering.bursts import WORD
from simulator.lowering.streams import spread
from simulator.plan import Chunk
from simulator.plan.runs import COUNT, DEMAND, PERIOD


@dataclass(frozen=True)
class Piece:
    """Something fetched at once: DRAM bytes, bytes of data and of metadata in the buffer."""

    dram: int
    data: int
    metadata: int


def told(columns: Sequence[NDArray[np.integer] | int], count: int, inputs: int, outputs: int) -> Chunk:
    """Items given field by field (demand, work, takes, releases, puts, actions), the first and the last by themselves.

    A field that all items of a run have alike is a number there; ports are `inputs` takes and releases and `outputs` puts.
    """
    assert len(columns) >= 2 + 2 * inputs + outputs
    fields = np.empty((len(columns), count), dtype=np.int64)
    for field, column in zip(fields, columns, strict=True):
        field[:] = column
    runs = np.ones((min(count, 3), DEMAND + len(columns)), dtype=np.int64)
    varies, vectors = np.zeros(runs.shape, dtype=np.uint8), np.empty(fields.size, dtype=np.int32)
    return Chunk(runs, varies, vectors[: _tell(fields, runs, varies, vectors)].copy())


@kernel
def _tell(
    fields: NDArray[np.int64],
    runs: NDArray[np.int64],
    varies: NDArray[np.uint8],
    vectors: NDArray[np.int32],
) -> int:
    """Fill the runs of the first item, of those between and of the last, each if there is one; how many vector values there are."""
    count, size = fields.shape[1], 0
    for run in range(len(runs)):
        begin = 0 if run == 0 else 1 if run == 1 and count > 2 else count - 1
        part = fields[:, begin : count - 1 if run == 1 and count > 2 else begin + 1]
        items = part.shape[1]
        runs[run, COUNT] = items
        for f in range(len(part)):
            values, different = part[f], False
            for i in range(items):
                different |= values[i] != values[0]
            runs[run, DEMAND + f] = size if different else values[0]
            if different:
                runs[run, PERIOD], varies[run, DEMAND + f] = items, 1
                for i in range(items):
                    vectors[size + i] = values[i]
                size += items
    return size


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
