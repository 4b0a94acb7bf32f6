"""Programs from the row buffers to the accumulators, a step at a time.

A pass over a tile of r rows issues r x columns x the multiplications of a row and step, of which the effectual
ones (both operands non-zero) are `mac` and, with gating, the rest `mac_gated`. A column of partial sums is
read and written once per pass, not read in the first. Actions of a pass (or stream) are counted when its last step is done,
effectual and gated multiplications when the last of a visit is.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from simulator.lowering.blocks import plain
from simulator.lowering.context import Context
from simulator.lowering.flows import fetch_blocks
from simulator.lowering.kinds import Blocks, kinds, tell
from simulator.lowering.memory import along
from simulator.mapping import Tile
from simulator.plan import Chunk

ARRAY_ACTIONS = ["mac", "mac_gated", "value_mux", "operand_read", "psum_read", "psum_write"]


def refills(context: Context) -> Iterator[Chunk]:
    """Items: a row into the weight registers. Fields: demand, work, take row, take space, releases, put
    weights, operand_write.
    """
    glb = context.machine.components.glb
    row, word = glb.row.value, glb.metadata_word.value

    def block(tile: Tile) -> Chunk:
        def window(p: int) -> list[tuple[int, ...]]:
            data, metadata = context.operands.weight_bits(tile.load, tile.first_window + p)
            size = -(-metadata // context.widths.word) * word
            count, groups, rest = -(-data // context.widths.row), *divmod(size, row)
            sizes = [row] * (count + groups) + ([rest] if rest else [])
            values = data // context.widths.weights
            body = sizes[1:-1] if len(sizes) > 1 else []
            first = (
                1,
                sizes[0],
                sizes[0],
                1,
                1,
                1,
                1,
                int(len(sizes) == 1),
                values if len(sizes) == 1 else 0,
            )
            rows: list[tuple[int, ...]] = [first, (len(body), row, row, 1, 0, 1, 0, 0, 0)]
            if len(sizes) > 1:
                rows.append((1, sizes[-1], sizes[-1], 1, 0, 1, 0, 1, values))
            return rows

        return plain(along(tile.windows, window))

    v = context.visits
    order, first = kinds(context.loads, context.ragged, v.windows)
    return tell(order, Blocks.of([block(v.tile(visit)) for visit in first]), v.turn)


def fetches(context: Context) -> Iterator[Chunk]:
    """Items: a window. Fields: demand, work, take data row, [take metadata row], releases, put window,
    fetch_write, fetch_read, window_shift.
    """
    flows, row = context.flows, context.machine.components.glb.row.value
    parts = [flows.data] if flows.metadata is None else [flows.data, flows.metadata]
    arrived = sum((part.rows - 1) * row + context.tail(part, i == 1) for i, part in enumerate(parts))
    used = sum(-(-part.bits // 8) for part in parts)
    blocks = fetch_blocks(flows, [arrived, used, used])
    return tell(flows.kind[context.stream], blocks, context.visits.turn)


def windows(context: Context, demand: int, per_column: int, per_row: int) -> Iterator[Chunk]:
    """Items: a window passed on. Fields: demand, work, take, release, put, one action counted per column and
    row of the tile.
    """
    item = (demand, demand, 1, 1, 1)

    def block(tile: Tile) -> Chunk:
        count = tile.windows * tile.columns * (per_column + per_row * tile.rows)
        return plain([(tile.windows * tile.steps - 1, *item, 0), (1, *item, count)])

    v = context.visits
    order, first = kinds(v.columns, v.rows, v.windows)
    return tell(order, Blocks.of([block(v.tile(visit)) for visit in first]), v.turn)


def steps(context: Context) -> Iterator[Chunk]:
    """Items: a step of all lanes. Fields: demand, work, take weights, window, space, releases, put columns,
    put refill space, then the actions.
    """
    array = context.machine.components.array
    cycles = context.code.cycles
    work = array.multipliers * cycles
    gating, coded = context.machine.datapath.gating, context.code

    def issue(tile: Tile, p: int) -> int:
        window = tile.first_window + p
        coordinates = min(coded.window, context.geometry.K - window * coded.window)
        return context.issues(tile, coordinates) * tile.columns

    def template(tile: Tile) -> Chunk:
        count, columns, rows = tile.steps, tile.columns, tile.rows

        def passes(p: int) -> list[tuple[int, ...]]:
            table: list[tuple[int, ...]] = []
            space, column = tile.spaces * int(tile.begin and p == 0), int(tile.end and p == tile.windows - 1)
            issued, sums = issue(tile, p), rows * columns
            muxes = issued if coded.choices > 1 else 0
            counts = (0 if gating else issued, 0, muxes, issued, 0 if space else sums, sums)
            none = (0,) * len(counts)
            if count > 1:
                table.append((1, cycles, work, 1, 1, space, 0, 1, space, column, 0, *none))
                table.append((count - 2, cycles, work, 0, 1, space, 0, 1, space, column, 0, *none))
            first = int(count == 1)
            table.append((1, cycles, work, first, 1, space, 1, 1, space, column, 1, *counts))
            return table

        return plain(along(tile.windows, passes))

    v = context.visits
    order, kind = kinds(v.columns, v.rows, context.loads, v.windows, v.begin, v.end, v.spaces, context.ragged)
    blocks = Blocks.of([template(v.tile(visit)) for visit in kind])
    if not gating:
        return tell(order, blocks, v.turn)
    actions = np.zeros((len(order), len(ARRAY_ACTIONS)), dtype=np.int64)
    tiles = [v.tile(visit) for visit in kind]
    issued = np.array([sum(issue(tile, p) for p in range(tile.windows)) for tile in tiles])[order]
    actions[:, 0] = effectual(context)
    actions[:, 1] = issued - actions[:, 0]
    return tell(order, blocks, v.turn, actions)


def effectual(context: Context) -> NDArray[np.int64]:
    """Effectual multiplications of every visit, shape (V,)."""
    v = context.visits
    whole = np.cumsum(v.windows)
    passes = np.arange(int(whole[-1])) + np.repeat(v.first_window - whole + v.windows, v.windows)
    group, row, column = (np.repeat(part, v.windows) for part in (v.group, v.load, v.column))
    found = np.stack(context.operands.effectual)[group, row, passes, column]
    sums: NDArray[np.int64] = np.add.reduceat(found, whole - v.windows)
    return sums
