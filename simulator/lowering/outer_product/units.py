"""Programs of the units and of the drain.

A unit's item is a tile and one slab of each operand; its service time is that of :mod:`simulator.datapath.outer_product`. The
first item of a tile needs the accumulation buffer free, the last hands it to the drain, which visits the units in turn and takes a
line of every bank at a time.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from simulator.lowering.bursts import WORD
from simulator.lowering.outer_product.context import Context
from simulator.lowering.outer_product.telling import parts, rows, turns, unit_items, varying
from simulator.plan import Chunk

ACTIONS = ["mac", "mac_gated", "line_write", "line_read", "mask_read", "psum_read", "psum_write"]
MASK_BITS = 4
"""Bits of a bitmask a line buffer reads at once (fixes the unit of `mask_read`)."""


def items(context: Context, row: int, column: int) -> Iterator[Chunk]:
    """Items: slabs of a tile of the unit. Fields: demand, work, take A, B, space, releases, put tile, ACTIONS."""
    operands, seen = context.operands, context.visits
    unit, (down, across) = operands.unit, operands.units
    masks = -(-unit.tile_rows // MASK_BITS) + -(-unit.tile_columns // MASK_BITS)
    sizes = unit.rows * unit.columns, masks, unit.depth, operands.view.K
    mine = np.flatnonzero((context.at_work(0) > row) & (context.at_work(1) > column))
    group = seen.group[mine]
    places = seen.row[mine] * down + row, seen.column[mine] * across + column
    at = (*places, *(x[mine] for x in (seen.first_window, seen.windows, seen.begin, seen.end)))
    for part in parts(group, at[3]):
        number = int(group[part.start])
        found = operands.service[number]
        written = operands.occupancy["weights"][number], operands.occupancy["inputs"][number]
        table = np.empty((8, int(at[3][part].sum())), dtype=np.int32)
        told = tuple(x[part] for x in at)
        unit_items(told, (found.cycles, found.steps, found.products, found.reads), written, sizes, table)
        yield varying(table, [0, 1, -1, -1, 6, -1, -1, 6, 7, 1, 2, 3, 4, 5, 1, 1])


def drains(context: Context) -> Iterator[Chunk]:
    """Items: a line of every bank, that is `bank_rows` rows of a tile's outputs. Fields: demand, work, take tiles, releases,
    put spaces, put bursts, psum_read, drain_word.
    """
    done, (down, across) = context.finished, context.operands.units
    width, line = context.machine.value_bits.outputs.value, context.operands.unit.bank_rows
    lines = -(-done.rows // line)
    for part in parts(np.zeros_like(lines), lines):
        tile = np.repeat(np.arange(part.start, part.stop), lines[part])
        number = np.arange(len(tile)) - np.repeat(np.cumsum(lines[part]) - lines[part], lines[part])
        before, after = number * line, np.minimum((number + 1) * line, done.rows[tile])
        last = after == done.rows[tile]
        values = (after - before) * done.columns[tile]
        size = -(-values * width // 8)
        mine = (done.row * across + done.column)[tile][:, None] == np.arange(down * across)
        take, space = mine & (number == 0)[:, None], mine & last[:, None]
        bursts = _filled(context, after * done.columns[tile], last) - _filled(
            context, before * done.columns[tile]
        )
        yield rows(np.ones_like(size), size, size, take, take, space, bursts, values, values)


def _filled(
    context: Context, outputs: NDArray[np.int64], last: NDArray[np.bool_] | bool = False
) -> NDArray[np.int64]:
    """DRAM bursts that so many outputs of a tile fill; the last one is closed however full it is."""
    width, burst = context.machine.value_bits.outputs.value, 8 * context.machine.components.dram.burst.value
    return (outputs * width + np.where(last, burst - 1, 0)) // burst


def most_bursts(context: Context) -> int:
    """DRAM bursts that a line of a tile fills at most."""
    most = 0
    for rows_, columns in np.unique(np.stack([context.finished.rows, context.finished.columns]), axis=1).T:
        line = context.operands.unit.bank_rows
        before = np.arange(0, rows_, line)
        after = np.minimum(before + line, rows_)
        filled = _filled(context, after * columns, after == rows_) - _filled(context, before * columns)
        most = max(most, int(filled.max()))
    return most


def dram_writes(context: Context) -> Iterator[Chunk]:
    """Items: bursts. Fields: demand, work, take, release, dram_write."""
    burst, size = context.machine.components.dram.burst.value, context.output_bytes()
    full, one = (size - 1) // burst, np.ones_like(size)
    rest = size - full * burst
    body = (full, burst, burst, one, one, -(-burst // WORD))
    tail = (one, rest, rest, one, one, -(-rest // WORD))
    yield from turns(body, tail)
