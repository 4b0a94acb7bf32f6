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
from simulator.lowering.bursts import WORD
from simulator.lowering.outer_product.context import Context
from simulator.lowering.outer_product.operands import TENSORS, Tensor
from simulator.lowering.outer_product.telling import fill_items, parts, slab_items, turns, varying
from simulator.plan import Chunk


def regions(context: Context) -> Regions:
    """Where the pieces of a layer lie: by group, block of M or N, first slab; tiles of outputs by group, block, unit."""
    dram, grid = context.machine.components.dram, context.operands.geometry
    burst, across = dram.burst.value, context.operands.units[1]

    def loads(tensor: Tensor) -> Iterator[Transfer]:
        names = zip(*(part.tolist() for part in context.fetched(tensor)), strict=True)
        for name, size in zip(names, context.fetches(tensor).dram.tolist(), strict=True):
            yield Transfer(name, bursts(size, burst))

    def stores() -> Iterator[Transfer]:
        seen, done = context.visits, context.finished
        block = (seen.row * grid.column_tiles + seen.column)[done.visit]
        told = seen.group[done.visit], block, done.row * across + done.column, context.output_bytes()
        for group, place, unit, size in zip(*(part.tolist() for part in told), strict=True):
            yield Transfer((group, place, unit), bursts(size, burst))

    return Regions(dram, {**{tensor: partial(loads, tensor) for tensor in TENSORS}, "outputs": stores})


def dram_reads(context: Context, tensor: Tensor) -> Iterator[Chunk]:
    """Items: bursts. Fields: demand, work, take space, release space, put burst, dram_read."""
    burst = context.machine.components.dram.burst.value
    size = np.maximum(1, context.fetches(tensor).dram)
    count = -(-size // burst)
    rest, alone = size - (count - 1) * burst, (count == 1).astype(np.int64)
    words = -(-burst // WORD)
    first = (1 - alone, burst, burst, 1, 1, 1, words)
    body = (np.maximum(0, count - 2), burst, burst, 0, 0, 1, words)
    yield from turns(first, body, (1, rest, rest, alone, alone, 1, -(-rest // WORD)))


def glb_fills(context: Context, tensor: Tensor) -> Iterator[Chunk]:
    """Items: bursts, written as they arrive. Fields: demand, work, take burst, release, put ready, sram_write,
    metadata_write.
    """
    glb, burst = context.machine.components.glb, context.machine.components.dram.burst.value
    row, word = glb.row.value, glb.metadata_word.value
    pieces = context.fetches(tensor)
    count, data, metadata = -(-np.maximum(1, pieces.dram) // burst), -(-pieces.data // row), pieces.metadata
    for part in parts(np.zeros_like(count), count):
        table = np.empty((4, int(count[part].sum())), dtype=np.int32)
        fill_items(count[part], data[part], metadata[part] // word, (row, word), table)
        yield varying(table, [0, 0, -1, -1, 3, 1, 2])


def slab_reads(context: Context, tensor: Tensor) -> Iterator[Chunk]:
    """Items: a slab of a tile. Fields: demand, work, take ready, release, put to every unit, put space, sram_read,
    metadata_read.
    """
    glb, operands, seen = context.machine.components.glb, context.operands, context.visits
    side, units = TENSORS.index(tensor), operands.units
    tiles, others = context.at_work(side), context.at_work(1 - side)
    whole = bool((others == units[1 - side]).all())
    sharing = 1 if whole else units[1 - side]
    at = ((seen.row, seen.column)[side], tiles, seen.first_window, seen.windows)
    edges = seen.fetch[side], seen.last[side], others
    puts: list[int | None] = []
    for place in np.ndindex(units):
        puts.append(5 + place[side] * sharing + (0 if whole else place[1 - side]))
    for part in parts(seen.group, seen.windows * tiles):
        group = int(seen.group[part.start])
        sizes = operands.data_bytes(tensor)[group], operands.metadata_words(tensor)[group]
        items = int((seen.windows[part] * tiles[part]).sum())
        table = np.empty((5 + units[side] * sharing, items), dtype=np.int32)
        told = tuple(x[part] for x in (*at, *edges))
        slab_items(told, (units[side], sharing), *sizes, (glb.row.value, glb.metadata_word.value), table)
        yield varying(table, [0, 0, 3, 4, *puts, 4, 1, 2])
