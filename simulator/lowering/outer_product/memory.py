"""Programs of DRAM and GLB: pieces in as bursts, slabs out to all units that share them.

A piece is fetched as ceil(bytes / burst) bursts; the GLB writes its rows and metadata words in proportion as they arrive. A
read moves one slab of one tile to every unit of its row (A) or column (B), in order of k, then of tiles: its data words, the words
of its element bits, and once per word of them the tile's upper bits.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from simulator.lowering.addresses import Regions, Transfer, bursts
from simulator.lowering.blocks import gather, plain
from simulator.lowering.memory import WORD
from simulator.lowering.outer_product.context import Context
from simulator.lowering.outer_product.operands import TENSORS, Piece, Tensor
from simulator.lowering.outer_product.units import finished, tile_bytes
from simulator.lowering.streams import spread
from simulator.mapping import Tile
from simulator.plan import Chunk, RunWriter


def regions(context: Context) -> Regions:
    """Where the pieces of a layer lie: by group, block of M or N, first slab; tiles of outputs by group, block, unit."""
    dram, grid = context.machine.components.dram, context.operands.geometry
    burst, across = dram.burst.value, context.operands.units[1]

    def loads(tensor: Tensor) -> Iterator[Transfer]:
        side = TENSORS.index(tensor)
        for visit in context.visits:
            if visit.fetch[side]:
                piece = visit.group, (visit.row, visit.column)[side], visit.first_window
                yield Transfer(piece, bursts(context.piece(tensor, visit).dram, burst))

    def stores() -> Iterator[Transfer]:
        for visit, row, column in finished(context):
            block = visit.row * grid.column_tiles + visit.column
            size = tile_bytes(context, visit, row, column)
            yield Transfer((visit.group, block, row * across + column), bursts(size, burst))

    return Regions(dram, {**{tensor: partial(loads, tensor) for tensor in TENSORS}, "outputs": stores})


def dram_reads(context: Context, tensor: Tensor) -> Iterator[Chunk]:
    """Items: bursts. Fields: demand, work, take space, release space, put burst, dram_read."""
    burst = context.machine.components.dram.burst.value

    def block(piece: Piece) -> Chunk:
        size = max(1, piece.dram)
        count = -(-size // burst)
        rest = size - (count - 1) * burst
        words, last = -(-burst // WORD), -(-rest // WORD)
        body = [(1, burst, burst, 1, 1, 1, words), (count - 2, burst, burst, 0, 0, 1, words)]
        alone = int(count == 1)
        return plain([*(body if count > 1 else []), (1, rest, rest, alone, alone, 1, last)])

    return gather(block(piece) for piece in context.fetches(tensor))


def glb_fills(context: Context, tensor: Tensor) -> Iterator[Chunk]:
    """Items: bursts, written as they arrive. Fields: demand, work, take burst, release, put ready, sram_write,
    metadata_write.
    """
    glb, burst = context.machine.components.glb, context.machine.components.dram.burst.value
    row, word = glb.row.value, glb.metadata_word.value

    def block(piece: Piece) -> Chunk:
        bursts = -(-max(1, piece.dram) // burst)
        rows, words = spread(-(-piece.data // row), bursts), spread(piece.metadata // word, bursts)
        moved = np.maximum(1, rows * row + words * word)
        ready = np.zeros(bursts, dtype=np.int32)
        ready[-1] = 1
        writer = RunWriter(1, 1, 2)
        writer.add(bursts, moved, takes=[1], puts=[ready], actions=[rows, words])
        return writer.chunk()

    return gather(block(piece) for piece in context.fetches(tensor))


def slab_reads(context: Context, tensor: Tensor) -> Iterator[Chunk]:
    """Items: a slab of a tile. Fields: demand, work, take ready, release, put to every unit, put space, sram_read,
    metadata_read.
    """
    glb, operands = context.machine.components.glb, context.operands
    row, word = glb.row.value, glb.metadata_word.value
    side, (down, across) = TENSORS.index(tensor), operands.units
    per_word = 8 * word

    def block(visit: Tile) -> Chunk:
        index = visit.row if side == 0 else visit.column
        at = np.s_[operands.tiles(tensor, index), visit.first_window : visit.first_window + visit.windows]
        data = operands.data_bytes(tensor)[visit.group][at].T
        upper = (np.arange(visit.windows) % per_word == 0)[:, None]
        words = operands.metadata_words(tensor)[visit.group][at].T + upper
        items = data.size
        first, last = np.zeros(items, np.int32), np.zeros(items, np.int32)
        first[0], last[-1] = visit.fetch[side], visit.last[side]
        tile = np.tile(np.arange(data.shape[1]), data.shape[0])
        rows, columns = context.at_work(visit)
        puts = [
            (tile == (r, c)[side]).astype(np.int32) if r in rows and c in columns else 0
            for r in range(down)
            for c in range(across)
        ]
        writer = RunWriter(1, down * across + 1, 2)
        writer.add(
            items,
            np.maximum(1, data + words * word),
            takes=[first],
            releases=[last],
            puts=[*puts, last],
            actions=[-(-data // row), words],
        )
        return writer.chunk()

    return gather(block(visit) for visit in context.visits)
