"""Programs of DRAM and GLB: bursts in, rows filled, rows read.

A tile is fetched as ceil(bytes / burst) bursts of data, then of metadata; the GLB fills whole rows from them,
then words of metadata, and hands the tile over when its last row is written. Reads are whole aligned rows of
data, and metadata words in groups of a row's size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from simulator.lowering.blocks import gather, plain
from simulator.lowering.context import Context
from simulator.lowering.streams import Stream, spread
from simulator.mapping import Tile
from simulator.plan import Chunk, RunWriter

WORD = 8
"""Bytes of a DRAM word, the unit its energy is counted in."""


def fetched(context: Context, tile: Tile, tensor: str) -> tuple[int, int, int]:
    """(DRAM bytes, GLB data rows, GLB metadata bytes) of the tile of `tensor` fetched before `tile`."""
    t, g, widths = context.tiling, context.geometry, context.widths
    if tensor == "weights":
        return _fetched_weights(context, tile)
    columns = range(tile.column, min(tile.column + t.column_tiles, g.column_tiles))
    total, _ = context.operands.dram_inputs(
        tile.group, tile.first_window, tile.windows, tile.column, len(columns)
    )
    rows = metadata = 0
    for column in columns:
        data, meta = context.streams(_at(tile, column))
        rows += data.rows
        metadata += -(-meta.bits // widths.word) * (widths.word // 8) if meta else 0
    return total, rows, metadata


def _at(tile: Tile, column: int) -> Tile:
    return Tile(**{**vars(tile), "column": column})


def _fetched_weights(context: Context, tile: Tile) -> tuple[int, int, int]:
    t, g, widths = context.tiling, context.geometry, context.widths
    bits = rows = metadata = metadata_bits = 0
    for row in range(tile.row, min(tile.row + t.row_tiles, g.row_tiles)):
        for window in range(tile.first_window, tile.first_window + tile.windows):
            data, meta = context.operands.weight_bits(row, window)
            bits += data
            metadata_bits += meta
            rows += -(-data // widths.row)
            metadata += -(-meta // widths.word) * (widths.word // 8)
    return -(-bits // 8) + -(-metadata_bits // 8), rows, metadata


def dram_reads(context: Context, tensor: str) -> Iterator[Chunk]:
    """Items: bursts. Fields: demand, work, take space, release space, put burst, dram_read."""
    burst = context.machine.components.dram.burst.value
    which = ("weights", "inputs").index(tensor)
    spaces = 1 if tensor == "weights" or not context.operands.compressed else 2
    none, one = (0,) * spaces, (1,) * spaces

    def blocks() -> Iterator[Chunk]:
        for tile in context.tiles:
            if tile.fetch[which]:
                size = fetched(context, tile, tensor)[0]
                full, rest = divmod(max(size, 1), burst)
                rest, full = (rest, full) if rest else (burst, full - 1)
                words, last = -(-burst // WORD), -(-rest // WORD)
                rows = [
                    (1, burst, burst, *one, *one, 1, words),
                    (full - 1, burst, burst, *none, *none, 1, words),
                ]
                end = none if full else one
                yield plain([*(rows if full else []), (1, rest, rest, *end, *end, 1, last)])

    return gather(blocks())


def glb_fills(context: Context, tensor: str) -> Iterator[Chunk]:
    """Items: rows, then groups of metadata words. Fields: demand, work, take burst, release, put ready(s),
    sram_write, metadata_write.
    """
    machine = context.machine.components
    row, word, burst = machine.glb.row.value, machine.glb.metadata_word.value, machine.dram.burst.value
    which = ("weights", "inputs").index(tensor)
    ready = 1 if tensor == "weights" or not context.operands.compressed else 2

    def blocks() -> Iterator[Chunk]:
        for tile in context.tiles:
            if not tile.fetch[which]:
                continue
            size, rows, metadata = fetched(context, tile, tensor)
            groups = -(-metadata // row)
            sizes = [row] * rows + [min(row, metadata - i * row) for i in range(groups)]
            takes = spread(max(1, -(-size // burst)), len(sizes))
            words = [0] * rows + [-(-part // word) for part in sizes[rows:]]
            writes = [1] * rows + [0] * groups
            done = [0] * (len(sizes) - 1) + [1]
            writer = RunWriter(1, ready, 2)
            shared = writer.vector(done)
            writer.add(
                len(sizes),
                writer.vector(sizes),
                takes=[writer.vector(takes)],
                puts=[shared] * ready,
                actions=[writer.vector(writes), writer.vector(words)],
            )
            yield writer.chunk()

    return gather(blocks())


def weight_reads(context: Context) -> Iterator[Chunk]:
    """Items: a row of weights, a group of metadata words. Fields: demand, work, take ready, release, put row,
    put space, sram_read, metadata_read.
    """
    glb = context.machine.components.glb
    row, word = glb.row.value, glb.metadata_word.value
    known: dict[tuple[int, bool, int, int, bool, bool], Chunk] = {}

    def block(tile: Tile) -> Chunk:
        rows: list[tuple[int, ...]] = []
        for p in range(tile.windows):
            data, metadata = context.operands.weight_bits(tile.row, tile.first_window + p)
            count, size = -(-data // context.widths.row), -(-metadata // context.widths.word) * word
            groups, rest = divmod(size, row)
            take = int(tile.fetch[0] and p == 0)
            rows.append((1, row, row, take, 0, 1, 0, 1, 0))
            rows.append((count - 1, row, row, 0, 0, 1, 0, 1, 0))
            rows.append((groups, row, row, 0, 0, 1, 0, 0, row // word))
            rows.append((1 if rest else 0, rest, rest, 0, 0, 1, 0, 0, rest // word))
        return plain(_hand_back([r for r in rows if r[0]], tile.last[0], release=4, space=6))

    def blocks() -> Iterator[Chunk]:
        for tile in context.tiles:
            ragged = tile.first_window + tile.windows == context.geometry.windows
            key = (context.rows_of(tile), ragged, tile.windows, 0, tile.fetch[0], tile.last[0])
            if key not in known:
                known[key] = block(tile)
            yield known[key]

    return gather(blocks())


def _hand_back(rows: Sequence[tuple[int, ...]], last: bool, release: int, space: int) -> list[tuple[int, ...]]:
    """Let the last item of the last run release its tile and return the space."""
    if not last:
        return list(rows)
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
    known: dict[tuple[int, int, int, bool, bool], Chunk] = {}

    def block(flow: Stream, fetch: bool, last: bool) -> Chunk:
        actions = (0, row // word) if metadata else (1, 0)
        tail = actions
        size = row
        if metadata:
            words = -(-flow.bits // context.widths.word) - (flow.rows - 1) * (row // word)
            tail, size = (0, words), words * word
        head = [(1 if flow.rows > 1 else 0, row, row, int(fetch), 0, 1, 0, *actions)]
        head.append((flow.rows - 2, row, row, 0, 0, 1, 0, *actions))
        take = int(fetch and flow.rows == 1)
        rows = [*[r for r in head if r[0] > 0], (1, size, size, take, 0, 1, 0, *tail)]
        return plain(_hand_back(rows, last, release=4, space=6))

    def blocks() -> Iterator[Chunk]:
        for tile in context.tiles:
            flow = context.streams(tile)[1 if metadata else 0]
            assert flow is not None
            key = (flow.rows, flow.bits if metadata else 0, 0, tile.fetch[1], tile.last[1])
            if key not in known:
                known[key] = block(flow, tile.fetch[1], tile.last[1])
            yield known[key]

    return gather(blocks())
