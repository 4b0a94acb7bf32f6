"""Programs of the units and of the drain.

A unit's item is a tile and one slab of each operand; its service time is that of :mod:`simulator.datapath.outer_product`. The
first item of a tile needs the accumulation buffer free, the last hands it to the drain, which visits the units in turn and takes a
line of every bank at a time.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from simulator.lowering.blocks import gather, plain
from simulator.lowering.memory import WORD
from simulator.lowering.outer_product.context import Context
from simulator.mapping import Tile
from simulator.plan import Chunk, RunWriter

ACTIONS = ["mac", "mac_gated", "line_write", "line_read", "mask_read", "psum_read", "psum_write"]
MASK_BITS = 4
"""Bits of a bitmask a line buffer reads at once (fixes the unit of `mask_read`)."""


def items(context: Context, row: int, column: int) -> Iterator[Chunk]:
    """Items: slabs of a tile of the unit. Fields: demand, work, take A, B, space, releases, put tile, ACTIONS."""
    operands = context.operands
    unit, (down, across) = operands.unit, operands.units
    masks = -(-unit.tile_rows // MASK_BITS) + -(-unit.tile_columns // MASK_BITS)

    def block(visit: Tile) -> Chunk:
        m, n = visit.row * down + row, visit.column * across + column
        span = slice(visit.first_window, visit.first_window + visit.windows)
        found = operands.service[visit.group]
        cycles, steps, products, reads = (
            table[m, n, span] for table in (found.cycles, found.steps, found.products, found.reads)
        )
        written = (
            operands.occupancy["weights"][visit.group][m, span]
            + operands.occupancy["inputs"][visit.group][n, span]
        )
        coordinates = np.minimum(unit.depth, operands.view.K - unit.depth * np.arange(span.start, span.stop))
        gated = steps * (unit.rows * unit.columns) - products
        space, done = np.zeros(visit.windows, np.int32), np.zeros(visit.windows, np.int32)
        space[0], done[-1] = visit.begin, visit.end
        scanned = np.where(steps > 0, masks * coordinates, 0)
        writer = RunWriter(3, 1, len(ACTIONS))
        actions = [products, gated, written, reads, scanned, products, products]
        writer.add(visit.windows, cycles, products, takes=[1, 1, space], puts=[done], actions=actions)
        return writer.chunk()

    def blocks() -> Iterator[Chunk]:
        for visit in context.visits:
            rows, columns = context.at_work(visit)
            if row in rows and column in columns:
                yield block(visit)

    return gather(blocks())


def tile_bytes(context: Context, visit: Tile, row: int, column: int) -> int:
    """DRAM bytes of one unit's tile of outputs."""
    rows, columns = context.outputs(visit, row, column)
    return -(-rows * columns * context.machine.value_bits.outputs.value // 8)


def drains(context: Context) -> Iterator[Chunk]:
    """Items: a line of every bank, that is `bank_rows` rows of a tile's outputs. Fields: demand, work, take tiles, releases,
    put spaces, put bursts, psum_read, drain_word.
    """
    width = context.machine.value_bits.outputs.value
    down, across = context.operands.units
    known: dict[tuple[int, int, int], Chunk] = {}

    def block(unit: int, rows: int, columns: int) -> Chunk:
        values, table = line_values(context, rows, columns), []
        bursts = line_bursts(context, rows, columns)
        for i, count in enumerate(values.tolist()):
            take = [int(i == 0 and u == unit) for u in range(down * across)]
            space = [int(i == len(values) - 1 and u == unit) for u in range(down * across)]
            size = -(-count * width // 8)
            table.append((1, size, size, *take, *take, *space, int(bursts[i]), count, count))
        return plain(table)

    def blocks() -> Iterator[Chunk]:
        for visit, row, column in finished(context):
            key = (row * across + column, *context.outputs(visit, row, column))
            if key not in known:
                known[key] = block(*key)
            yield known[key]

    return gather(blocks(), merge=False)


def line_values(context: Context, rows: int, columns: int) -> NDArray[np.int64]:
    """Outputs of each line of a tile."""
    line = context.operands.unit.bank_rows
    return np.minimum(line, rows - np.arange(0, rows, line)) * columns


def line_bursts(context: Context, rows: int, columns: int) -> NDArray[np.int64]:
    """DRAM bursts that each line of a tile fills; the last one is closed however full it is."""
    width, burst = context.machine.value_bits.outputs.value, 8 * context.machine.components.dram.burst.value
    bits = np.cumsum(line_values(context, rows, columns)) * width
    filled = bits // burst
    filled[-1] = -(-bits[-1] // burst)
    return np.diff(filled, prepend=0)


def finished(context: Context) -> Iterator[tuple[Tile, int, int]]:
    """Tiles of outputs in the order they are drained: visit, row and column of the unit."""
    for visit in context.visits:
        if visit.end:
            rows, columns = context.at_work(visit)
            for row in rows:
                for column in columns:
                    yield visit, row, column


def dram_writes(context: Context) -> Iterator[Chunk]:
    """Items: bursts. Fields: demand, work, take, release, dram_write."""
    burst = context.machine.components.dram.burst.value
    known: dict[int, Chunk] = {}

    def block(size: int) -> Chunk:
        count = -(-size // burst)
        rest = size - (count - 1) * burst
        return plain(
            [(count - 1, burst, burst, 1, 1, -(-burst // WORD)), (1, rest, rest, 1, 1, -(-rest // WORD))]
        )

    def blocks() -> Iterator[Chunk]:
        for place in finished(context):
            size = tile_bytes(context, *place)
            if size not in known:
                known[size] = block(size)
            yield known[size]

    return gather(blocks())
