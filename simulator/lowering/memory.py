"""Programs of DRAM and GLB: bursts in, rows filled, rows read.

A piece is fetched as ceil(bytes / burst) bursts. The GLB writes its rows and metadata words as they arrive, in
proportion, and hands the piece over when its last burst is written. Reads are whole aligned rows of
data (of a stream of inputs' last row, the data words in use), and metadata words in groups of a row's size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from simulator.lowering import bursts
from simulator.lowering.context import Context
from simulator.lowering.kinds import Blocks, Row, kinds, tell
from simulator.mapping import Tile
from simulator.plan import Chunk


def dram_reads(context: Context, tensor: str) -> Iterator[Chunk]:
    """Items: bursts. Fields: demand, work, take space, release space, put burst, dram_read."""
    burst = context.machine.components.dram.burst.value
    which = ("weights", "inputs").index(tensor)
    spaces = 1 if tensor == "weights" or not context.operands.compressed else 2
    sizes = context.pieces(tensor)[0][context.visits.fetch[which]]
    order, first = kinds(sizes)
    return tell(order, bursts.reads(sizes[first], burst, spaces), context.visits.turn)


def glb_fills(context: Context, tensor: str) -> Iterator[Chunk]:
    """Items: bursts, written as they arrive. Fields: demand, work, take burst, release, put ready(s),
    sram_write, metadata_write.
    """
    machine = context.machine.components
    row, word, burst = machine.glb.row.value, machine.glb.metadata_word.value, machine.dram.burst.value
    which = ("weights", "inputs").index(tensor)
    ready = 1 if tensor == "weights" or not context.operands.compressed else 2
    fetched = context.visits.fetch[which]
    pieces = np.array([part[fetched] for part in context.pieces(tensor)])
    order, first = kinds(*pieces)
    return tell(order, bursts.fills(pieces[:, first], burst, row, word, ready), context.visits.turn)


def weight_reads(context: Context) -> Iterator[Chunk]:
    """Items: a row of weights, a group of metadata words. Fields: demand, work, take ready, release, put row,
    put space, sram_read, metadata_read.
    """
    glb = context.machine.components.glb
    row, word = glb.row.value, glb.metadata_word.value

    def block(tile: Tile) -> list[Row]:
        def window(p: int) -> list[Row]:
            data, metadata = context.operands.weight_bits(tile.load, tile.first_window + p)
            count, size = -(-data // context.widths.row), -(-metadata // context.widths.word) * word
            groups, rest = divmod(size, row)
            take = int(tile.fetch[0] and p == 0)
            return [
                (1, row, row, take, 0, 1, 0, 1, 0),
                (count - 1, row, row, 0, 0, 1, 0, 1, 0),
                (groups, row, row, 0, 0, 1, 0, 0, row // word),
                (1 if rest else 0, rest, rest, 0, 0, 1, 0, 0, rest // word),
            ]

        rows = [r for r in along(context, tile, window) if r[0]]
        return _hand_back(rows, release=4, space=6) if tile.last[0] else rows

    v = context.visits
    some = np.flatnonzero(v.reads)
    keys = (context.loads, context.ragged, v.windows, *v.uses(0), context.place)
    order, first = kinds(*(key[some] for key in keys))
    return tell(order, Blocks.plain(block(v.tile(int(some[kind]))) for kind in first), v.turn)


def along(context: Context, tile: Tile, rows: Callable[[int], list[Row]]) -> list[Row]:
    """Rows of every window of a piece, those of windows that are alike told once."""
    runs = context.operands.alike(tile.first_window, tile.windows)
    return [row for p, times in runs for row in rows(p) * times]


def _hand_back(rows: Sequence[Row], release: int, space: int) -> list[Row]:
    """Let the last item of the last run release its tile and return the space."""
    *before, final = rows
    end = list(final)
    end[0], end[release], end[space] = 1, 1, 1
    return [*before, (final[0] - 1, *final[1:]), tuple(end)]


def input_reads(context: Context, metadata: bool) -> Iterator[Chunk]:
    """Items: a row of a tile's stream. Fields: demand, work, take ready, release, put row, put space,
    sram_read, metadata_read.
    """
    glb = context.machine.components.glb
    row, word = glb.row.value, glb.metadata_word.value

    flow = context.flows.metadata if metadata else context.flows.data
    assert flow is not None
    v, counts, tails = context.visits, flow.rows[context.stream], context.tails[int(metadata)][context.stream]
    pieces = np.array([counts, tails, v.fetch[1], v.last[1]])
    order, first = kinds(*pieces)
    return tell(order, bursts.rows(pieces[:, first], row, word if metadata else 0), v.turn)
