"""Programs from the accumulators to DRAM.

A column of outputs leaves when its reduction ends, r values of `outputs` bits, or in the compressed format
its non-zeros and their metadata, packed into DRAM bursts; a tile's last burst may be short. The non-zeros of
a layer's output are an input of timing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.lowering.blocks import gather, plain
from simulator.lowering.context import Context
from simulator.lowering.memory import WORD
from simulator.mapping import Tile
from simulator.plan import Chunk, RunWriter
from simulator.sparsity.formats import CoordinatePayload


@dataclass(frozen=True)
class Outputs:
    """Where the output's non-zeros come from, and how they are stored.

    Attributes
    ----------
    mask : ndarray of bool, shape (groups, M, N), or None
        Recorded non-zeros; None: every output is written.
    format : str
        ``uncompressed`` or ``coordinate_payload``.
    provenance : str
    """

    mask: NDArray[np.bool_] | None
    format: str
    provenance: str


def output_format(mask: NDArray[np.bool_] | None, compress: bool, bits: int, provenance: str) -> Outputs:
    """Choose the smaller of the two formats; without a compression unit or a mask it is uncompressed."""
    if mask is None or not compress:
        return Outputs(mask, "uncompressed", provenance)
    fibers = mask.transpose(0, 2, 1).reshape(-1, mask.shape[1])
    stored = _format().bits(fibers, bits)
    packed = int(stored.data.sum()) + int(stored.metadata.sum())
    return Outputs(mask, "coordinate_payload" if packed < mask.size * bits else "uncompressed", provenance)


def _format() -> CoordinatePayload:
    return CoordinatePayload(lengths=(8, 4))


def column_bits(context: Context, outputs: Outputs, tile: Tile) -> NDArray[np.int64]:
    """Bits leaving with each step of the tile's last pass."""
    g, width = context.geometry, context.widths.outputs
    rows, columns = tile.rows, tile.columns
    if outputs.format == "uncompressed" or outputs.mask is None:
        bits = np.full(columns, rows * width, dtype=np.int64)
    else:
        m, n = g.span(tile.row)[0], tile.column * g.columns
        fibers = outputs.mask[tile.group, m : m + rows, n : n + columns].T
        stored = _format().bits(np.ascontiguousarray(fibers), width)
        bits = np.asarray(stored.data + stored.metadata, dtype=np.int64)
    return np.add.reduceat(bits, np.arange(0, columns, g.abreast))


def drains(context: Context) -> Iterator[Chunk]:
    """Items: the columns of a step. Fields: demand, work, take, release, put column space, put onwards,
    psum_read, drain_word.
    """
    width = context.widths.outputs
    known: dict[tuple[int, int], Chunk] = {}

    def blocks() -> Iterator[Chunk]:
        for tile in context.tiles:
            if not tile.end:
                continue
            rows, columns, abreast = tile.rows, tile.columns, context.geometry.abreast
            if (rows, columns) not in known:
                full, rest = divmod(columns, abreast)
                size, last = -(-rows * abreast * width // 8), -(-rows * rest * width // 8)
                words, end = rows * abreast, rows * rest
                known[rows, columns] = plain(
                    [
                        (full, size, size, 1, 1, 1, 1, words, words),
                        (int(rest > 0), last, last, 1, 1, 1, 1, end, end),
                    ]
                )
            yield known[rows, columns]

    return gather(blocks())


def packs(context: Context, outputs: Outputs) -> Iterator[Chunk]:
    """Items: the columns of a step, packed into bursts. Fields: demand, work, take, release, put bursts,
    compress_value.
    """
    burst = 8 * context.machine.components.dram.burst.value
    counted = outputs.format != "uncompressed"
    known: dict[tuple[int, int], Chunk] = {}

    def block(tile: Tile) -> Chunk:
        used = np.cumsum(column_bits(context, outputs, tile))
        filled = used // burst
        filled[-1] = max(1, -(-used[-1] // burst))
        writer = RunWriter(1, 1, 1)
        values = tile.rows * tile.columns if counted else 0
        puts = np.diff(filled, prepend=0)
        body, last = puts[:-1], int(puts[-1])
        uniform = len(body) > 0 and bool((body == body[0]).all())
        writer.add(len(body), 1, takes=[1], puts=[int(body[0]) if uniform else body], actions=[0])
        writer.add(1, 1, takes=[1], puts=[last], actions=[values])
        return writer.chunk()

    def blocks() -> Iterator[Chunk]:
        for tile in context.tiles:
            if tile.end and counted:
                yield block(tile)
            elif tile.end:
                key = (tile.rows, tile.columns)
                if key not in known:
                    known[key] = block(tile)
                yield known[key]

    return gather(blocks())


def dram_writes(context: Context, outputs: Outputs) -> Iterator[Chunk]:
    """Items: bursts. Fields: demand, work, take, release, dram_write."""
    burst = context.machine.components.dram.burst.value
    known: dict[int, Chunk] = {}

    def block(size: int) -> Chunk:
        count = max(1, -(-size // burst))
        rest = size - (count - 1) * burst
        row = (burst, burst, 1, 1, -(-burst // WORD))
        return plain([(count - 1, *row), (1, rest, rest, 1, 1, -(-rest // WORD))])

    def blocks() -> Iterator[Chunk]:
        for tile in context.tiles:
            if tile.end:
                size = tile_bytes(context, outputs, tile)
                if size not in known:
                    known[size] = block(size)
                yield known[size]

    return gather(blocks())


def tile_bytes(context: Context, outputs: Outputs, tile: Tile) -> int:
    """Bytes of the tile's outputs in DRAM."""
    return -(-int(column_bits(context, outputs, tile).sum()) // 8)
