"""Programs from the row buffers to the accumulators, a step at a time.

A pass over a tile of r rows issues r x columns x the multiplications of a row and step, of which the effectual
ones (both operands non-zero) are `mac` and, with gating, the rest `mac_gated`. A column of partial sums is
read and written once per pass, not read in the first. Actions that depend on data are counted when the last
step of a pass (or stream) is done.
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
            data, metadata = context.operands.weight_bits(tile.row, tile.first_window + p)
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
    order, first = kinds(context.loads, v.end, v.windows)
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

    def template(tile: Tile) -> Chunk:
        count, columns, rows = tile.steps, tile.columns, tile.rows

        def passes(p: int) -> list[tuple[int, ...]]:
            table: list[tuple[int, ...]] = []
            space, column = int(tile.begin and p == 0), int(tile.end and p == tile.windows - 1)
            window = tile.first_window + p
            coordinates = min(coded.window, context.geometry.K - window * coded.window)
            issued = coded.issues(*context.geometry.span(tile.row), coordinates) * columns
            sums = rows * columns
            muxes = issued if coded.choices > 1 else 0
            counts = (issued, 0, muxes, issued, 0 if space else sums, sums)
            none = (0,) * len(counts)
            if count > 1:
                table.append((1, cycles, work, 1, 1, space, 0, 1, space, column, 0, *none))
                table.append((count - 2, cycles, work, 0, 1, space, 0, 1, space, column, 0, *none))
            first = int(count == 1)
            table.append((1, cycles, work, first, 1, space, 1, 1, space, column, 1, *counts))
            return table

        return plain(along(tile.windows, passes))

    v = context.visits
    order, kind = kinds(v.columns, v.rows, context.loads, v.windows, v.begin, v.end)
    chunks = tell(order, Blocks.of([template(v.tile(visit)) for visit in kind]), v.turn, merge=False)
    return _with_macs(chunks, context) if gating else chunks


def _with_macs(chunks: Iterator[Chunk], context: Context) -> Iterator[Chunk]:
    """Move what is not effectual from `mac` to `mac_gated` in the last run of every pass, passes in execution
    order.
    """
    effectual = _effectual(context)
    at = 0
    for chunk in chunks:
        runs = chunk.runs.copy()
        mac = runs.shape[1] - len(ARRAY_ACTIONS)
        last = np.flatnonzero(runs[:, mac] > 0)
        counts = effectual[at : at + len(last)]
        at += len(last)
        runs[last, mac + 1] = runs[last, mac] - counts
        runs[last, mac] = counts
        yield Chunk(runs, chunk.varies, chunk.vectors)


def _effectual(context: Context) -> NDArray[np.int64]:
    """Effectual multiplications of every pass, in execution order."""
    v = context.visits
    whole = np.cumsum(v.windows)
    passes = np.arange(int(whole[-1])) + np.repeat(v.first_window - whole + v.windows, v.windows)
    group, row, column = (np.repeat(part, v.windows) for part in (v.group, v.row, v.column))
    found: NDArray[np.int64] = np.stack(context.operands.effectual)[group, row, passes, column]
    return found
