"""Programs from the row buffers to the accumulators, a step at a time.

A pass over a tile of r rows issues r x columns x the multiplications of a row and step, of which the effectual
ones (both operands non-zero) are `mac` and, with gating, the rest `mac_gated`. A column of partial sums is
read and written once per pass, not read in the first. Actions of a pass (or stream) are counted when its last step is done,
effectual and gated multiplications when the last of a visit is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from simulator.datapath.code import Code
from simulator.lowering.context import Context
from simulator.lowering.flows import fetch_blocks
from simulator.lowering.kinds import Blocks, Row, kinds, tell
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

    def block(tile: Tile) -> list[Row]:
        def window(p: int) -> list[Row]:
            data, metadata = context.operands.weight_bits(tile.load, tile.first_window + p)
            size = -(-metadata // context.widths.word) * word
            count, groups, rest = -(-data // context.widths.row), *divmod(size, row)
            sizes = [row] * (count + groups) + ([rest] if rest else [])
            coded = context.operands.layout(tile.first_window + p)[0]
            values = data // (context.widths.weights if coded.widths is None else coded.widths[0])
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
            rows: list[Row] = [first, (len(body), row, row, 1, 0, 1, 0, 0, 0)]
            if len(sizes) > 1:
                rows.append((1, sizes[-1], sizes[-1], 1, 0, 1, 0, 1, values))
            return rows

        return along(context, tile, window)

    v = context.visits
    order, first = kinds(context.loads, context.ragged, v.windows, context.place)
    return tell(order, Blocks.plain(block(v.tile(visit)) for visit in first), v.turn)


def fetches(context: Context) -> Iterator[Chunk]:
    """Items: a window. Fields: demand, work, take data row, [take metadata row], releases, put window,
    fetch_write, fetch_read, window_shift.
    """
    flows, row = context.flows, context.machine.components.glb.row.value
    parts = [flows.data] if flows.metadata is None else [flows.data, flows.metadata]
    arrived = sum((part.rows - 1) * row + tail for part, tail in zip(parts, context.tails, strict=True))
    used = sum(-(-part.bits // 8) for part in parts)
    blocks = fetch_blocks(flows, [arrived, used, used])
    return tell(flows.kind[context.stream], blocks, context.visits.turn)


Passed = Callable[[Code], tuple[int, int, int]]
"""Of a window: demand, and what is counted per column and per row and column of the tile."""


def windows(context: Context, passed: Passed) -> Iterator[Chunk]:
    """Items: a window passed on. Fields: demand, work, take, release, put, one action counted per column and
    row of the tile.
    """

    def block(tile: Tile) -> list[Row]:
        items: list[Row] = []
        count = 0
        for p, times in context.operands.alike(tile.first_window, tile.windows):
            demand, per_column, per_row = passed(context.operands.layout(tile.first_window + p)[0])
            count += times * tile.columns * (per_column + per_row * tile.rows)
            item = (demand, demand, 1, 1, 1)
            if items and items[-1][1:-1] == item:
                items[-1] = (items[-1][0] + times * tile.steps, *item, 0)
            else:
                items.append((times * tile.steps, *item, 0))
        *before, (steps, *last, _) = items
        return [*before, (steps - 1, *last, 0), (1, *last, count)]

    v = context.visits
    order, first = kinds(v.columns, v.rows, v.windows, context.place)
    return tell(order, Blocks.plain(block(v.tile(visit)) for visit in first), v.turn)


def steps(context: Context) -> Iterator[Chunk]:
    """Items: a step of all lanes. Fields: demand, work, take weights, window, space, releases, put columns,
    put refill space, then the actions.
    """
    gating, turn = context.machine.datapath.gating, context.visits.turn
    order, blocks, issued = context.known.get("steps told", lambda: _steps(context))
    if not gating:
        return tell(order, blocks, turn)
    actions = np.zeros((len(order), len(ARRAY_ACTIONS)), dtype=np.int64)
    actions[:, 0] = effectual(context)
    actions[:, 1] = issued - actions[:, 0]
    return tell(order, blocks, turn, actions)


def _steps(context: Context) -> tuple[NDArray[np.int64], Blocks, NDArray[np.int64]]:
    """Kind of every visit, the blocks of the kinds, and multiplications that every visit issues, shape (V,)."""
    multipliers = context.machine.components.array.multipliers
    gating = context.machine.datapath.gating

    def issue(tile: Tile, p: int) -> int:
        return context.issues(tile, p) * tile.columns

    def template(tile: Tile) -> list[Row]:
        count, columns, rows = tile.steps, tile.columns, tile.rows

        def passes(p: int) -> list[Row]:
            table: list[Row] = []
            coded = context.operands.layout(tile.first_window + p)[0]
            cycles, work = coded.cycles, multipliers * coded.cycles
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

        return along(context, tile, passes)

    v = context.visits
    keys = (
        v.columns,
        v.rows,
        context.loads,
        v.windows,
        v.begin,
        v.end,
        v.spaces,
        context.ragged,
        context.place,
    )
    order, kind = kinds(*keys)
    tiles = [v.tile(visit) for visit in kind]
    issued = np.array([sum(issue(tile, p) for p in range(tile.windows)) for tile in tiles])
    return order, Blocks.plain(map(template, tiles)), issued[order]


def effectual(context: Context) -> NDArray[np.int64]:
    """Effectual multiplications of every visit, shape (V,)."""
    v, counts = context.visits, np.stack(context.operands.effectual)
    groups, loads, windows, columns = counts.shape
    until = np.zeros((groups, loads, windows + 1, columns), dtype=np.int64)
    np.cumsum(counts, axis=2, out=until[:, :, 1:])
    first, flat = (
        ((v.group * loads + v.load) * (windows + 1) + v.first_window) * columns + v.column,
        until.ravel(),
    )
    found: NDArray[np.int64] = flat[first + v.windows * columns] - flat[first]
    return found
