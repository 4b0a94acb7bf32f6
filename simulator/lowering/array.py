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

from simulator.lowering.blocks import gather, plain
from simulator.lowering.context import Context
from simulator.lowering.streams import Stream
from simulator.mapping import Tile
from simulator.plan import Chunk, RunWriter

ARRAY_ACTIONS = ["mac", "mac_gated", "value_mux", "operand_read", "psum_read", "psum_write"]


def refills(context: Context) -> Iterator[Chunk]:
    """Items: a row into the weight registers. Fields: demand, work, take row, take space, releases, put
    weights, operand_write.
    """
    glb = context.machine.components.glb
    row, word = glb.row.value, glb.metadata_word.value
    known: dict[tuple[tuple[int, int], bool, int], Chunk] = {}

    def block(tile: Tile) -> Chunk:
        rows: list[tuple[int, ...]] = []
        for p in range(tile.windows):
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
            rows.append(first)
            rows.append((len(body), row, row, 1, 0, 1, 0, 0, 0))
            if len(sizes) > 1:
                rows.append((1, sizes[-1], sizes[-1], 1, 0, 1, 0, 1, values))
        return plain(rows)

    def blocks() -> Iterator[Chunk]:
        for tile in context.tiles:
            key = (context.load(tile), tile.end, tile.windows)
            if key not in known:
                known[key] = block(tile)
            yield known[key]

    return gather(blocks())


def fetches(context: Context) -> Iterator[Chunk]:
    """Items: a window. Fields: demand, work, take data row, [take metadata row], releases, put window,
    fetch_write, fetch_read, window_shift.
    """
    row = context.machine.components.glb.row.value
    known: dict[int, tuple[tuple[Stream, Stream | None], Chunk]] = {}

    def block(data: Stream, metadata: Stream | None) -> Chunk:
        flows, arrived = [data], (data.rows - 1) * row + context.tail(data, False)
        if metadata is not None:
            flows.append(metadata)
            arrived += (metadata.rows - 1) * row + context.tail(metadata, True)
        used = sum(-(-flow.bits // 8) for flow in flows)
        writer = RunWriter(len(flows), 1, 3)
        periods = {len(flow.takes) for flow in flows}
        if len(periods) > 1:
            flows = [_stretched(flow) for flow in flows]
        takes = [writer.vector(flow.takes) for flow in flows]
        releases = [writer.vector(flow.releases) for flow in flows]
        writer.add(data.steps - 1, 1, takes=takes, releases=releases, puts=[1], actions=[0, 0, 0])
        writer.add(
            1,
            1,
            takes=[flow.last_take for flow in flows],
            releases=[flow.last_release for flow in flows],
            puts=[1],
            actions=[arrived, used, used],
        )
        return writer.chunk()

    def blocks() -> Iterator[Chunk]:
        for tile in context.tiles:
            flows = context.streams(tile)
            if id(flows) not in known:
                known[id(flows)] = (flows, block(*flows))
            yield known[id(flows)][1]

    return gather(blocks())


def _stretched(flow: Stream) -> Stream:
    """The same stream with a value per step instead of a period."""
    takes = np.resize(flow.takes, flow.steps)
    releases = np.resize(flow.releases, flow.steps)
    return Stream(
        takes, releases, flow.last_take, flow.last_release, flow.steps, flow.rows, flow.bits, flow.held
    )


def windows(context: Context, demand: int, per_column: int, per_row: int) -> Iterator[Chunk]:
    """Items: a window passed on. Fields: demand, work, take, release, put, one action counted per column and
    row of the tile.
    """
    known: dict[tuple[int, int, int], Chunk] = {}

    def blocks() -> Iterator[Chunk]:
        for tile in context.tiles:
            columns, steps = tile.columns, tile.steps
            rows = tile.rows
            key = (columns, rows, tile.windows)
            if key not in known:
                count = tile.windows * columns * (per_column + per_row * rows)
                item = (demand, demand, 1, 1, 1)
                known[key] = plain([(tile.windows * steps - 1, *item, 0), (1, *item, count)])
            yield known[key]

    return gather(blocks())


def steps(context: Context) -> Iterator[Chunk]:
    """Items: a step of all lanes. Fields: demand, work, take weights, window, space, releases, put columns,
    put refill space, then the actions.
    """
    array = context.machine.components.array
    cycles = context.code.cycles
    work = array.multipliers * cycles
    known: dict[tuple[int, int, tuple[int, int], int, bool, bool], Chunk] = {}
    gating, coded = context.machine.datapath.gating, context.code

    def template(tile: Tile) -> Chunk:
        count, columns, rows = tile.steps, tile.columns, tile.rows
        table: list[tuple[int, ...]] = []
        for p in range(tile.windows):
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
        return plain(table)

    def blocks() -> Iterator[Chunk]:
        for tile in context.tiles:
            key = (tile.columns, tile.rows, context.load(tile), tile.windows, tile.begin, tile.end)
            if key not in known:
                known[key] = template(tile)
            yield known[key]

    chunks = gather(blocks(), merge=False)
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
    tiles = context.tiles
    windows = np.array([tile.windows for tile in tiles])
    first = np.array([tile.first_window for tile in tiles])
    passes = (
        np.arange(windows.sum())
        - np.repeat(np.cumsum(windows) - windows, windows)
        + np.repeat(first, windows)
    )
    at = [
        np.repeat(np.array([getattr(t, name) for t in tiles]), windows) for name in ("group", "row", "column")
    ]
    found: NDArray[np.int64] = np.stack(context.operands.effectual)[at[0], at[1], passes, at[2]]
    return found
