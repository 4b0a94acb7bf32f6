"""Programs of DRAM and GLB: bursts in, rows filled, rows read.

A piece is fetched as ceil(bytes / burst) bursts. The GLB writes its rows and metadata words as they arrive, in
proportion, and hands the piece over when its last burst is written. Reads are whole aligned rows of
data (of a stream of inputs' last row, the data words in use), and metadata words in groups of a row's size.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from simulator.lowering.blocks import gather, plain
from simulator.lowering.context import Context
from simulator.lowering.streams import Stream, spread
from simulator.mapping import Tile
from simulator.plan import Chunk, RunWriter

WORD = 8
"""Bytes of a DRAM word, the unit its energy is counted in."""


def fetched(context: Context, tile: Tile, tensor: str) -> tuple[int, int, int]:
    """(DRAM bytes, GLB data rows, GLB metadata bytes) of the piece of `tensor` that `tile` uses."""
    place = (tile.row,) if tensor == "weights" else (tile.group, tile.column)
    key = (tensor, *place, tile.first_window, tile.windows)
    if key not in context.pieces:
        context.pieces[key] = _fetched(context, tile, tensor)
    return context.pieces[key]


def _fetched(context: Context, tile: Tile, tensor: str) -> tuple[int, int, int]:
    widths = context.widths
    word = widths.word // 8
    if tensor == "weights":
        bits = [context.operands.weight_bits(tile.row, tile.first_window + p) for p in range(tile.windows)]
        size = -(-sum(data for data, _ in bits) // 8) + -(-sum(metadata for _, metadata in bits) // 8)
        rows = sum(-(-data // widths.row) for data, _ in bits)
        return size, rows, sum(-(-metadata // widths.word) * word for _, metadata in bits)
    size = context.operands.dram_inputs(tile.group, tile.first_window, tile.windows, tile.column, 1)[0]
    data, meta = context.streams(tile)
    return size, data.rows, -(-meta.bits // widths.word) * word if meta else 0


def dram_reads(context: Context, tensor: str) -> Iterator[Chunk]:
    """Items: bursts. Fields: demand, work, take space, release space, put burst, dram_read."""
    burst = context.machine.components.dram.burst.value
    which = ("weights", "inputs").index(tensor)
    spaces = 1 if tensor == "weights" or not context.operands.compressed else 2
    none, one = (0,) * spaces, (1,) * spaces
    known: dict[int, Chunk] = {}

    def block(size: int) -> Chunk:
        count = max(1, -(-size // burst))
        rest = max(1, size - (count - 1) * burst)
        words, last = -(-burst // WORD), -(-rest // WORD)
        rows = [(1, burst, burst, *one, *one, 1, words), (count - 2, burst, burst, *none, *none, 1, words)]
        end = one if count == 1 else none
        return plain([*(rows if count > 1 else []), (1, rest, rest, *end, *end, 1, last)])

    def blocks() -> Iterator[Chunk]:
        for tile in context.tiles:
            if tile.fetch[which]:
                size = fetched(context, tile, tensor)[0]
                if size not in known:
                    known[size] = block(size)
                yield known[size]

    return gather(blocks())


def glb_fills(context: Context, tensor: str) -> Iterator[Chunk]:
    """Items: bursts, written as they arrive. Fields: demand, work, take burst, release, put ready(s),
    sram_write, metadata_write.
    """
    machine = context.machine.components
    row, word, burst = machine.glb.row.value, machine.glb.metadata_word.value, machine.dram.burst.value
    which = ("weights", "inputs").index(tensor)
    ready = 1 if tensor == "weights" or not context.operands.compressed else 2
    none, done = [0] * ready, [1] * ready
    known: dict[tuple[int, int, int], Chunk] = {}

    def block(size: int, rows: int, metadata: int) -> Chunk:
        bursts = max(1, -(-size // burst))
        writes, words = spread(rows, bursts), spread(-(-metadata // word), bursts)
        fields = [_constant(part) for part in (writes * row + words * word, writes, words)]
        writer = RunWriter(1, ready, 2)
        body = [field if isinstance(field, int) else field[:-1] for field in fields]
        last = [field if isinstance(field, int) else int(field[-1]) for field in fields]
        writer.add(bursts - 1, body[0], takes=[1], puts=none, actions=body[1:])
        writer.add(1, last[0], takes=[1], puts=done, actions=last[1:])
        return writer.chunk()

    def blocks() -> Iterator[Chunk]:
        for tile in context.tiles:
            if tile.fetch[which]:
                key = fetched(context, tile, tensor)
                if key not in known:
                    known[key] = block(*key)
                yield known[key]

    return gather(blocks())


def _constant(values: NDArray[np.int32]) -> int | NDArray[np.int32]:
    return int(values[0]) if (values == values[0]).all() else values


def weight_reads(context: Context) -> Iterator[Chunk]:
    """Items: a row of weights, a group of metadata words. Fields: demand, work, take ready, release, put row,
    put space, sram_read, metadata_read.
    """
    glb = context.machine.components.glb
    row, word = glb.row.value, glb.metadata_word.value
    known: dict[tuple[tuple[int, int], bool, int, bool, bool], Chunk] = {}

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
            key = (context.load(tile), tile.end, tile.windows, tile.fetch[0], tile.last[0])
            if key not in known:
                known[key] = block(tile)
            yield known[key]

    return gather(blocks())


def _hand_back(
    rows: Sequence[tuple[int, ...]], last: bool, release: int, space: int
) -> list[tuple[int, ...]]:
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
    known: dict[tuple[int, int, bool, bool], Chunk] = {}

    def block(flow: Stream, fetch: bool, last: bool) -> Chunk:
        size = context.tail(flow, metadata)
        actions, tail = ((0, row // word), (0, size // word)) if metadata else ((1, 0), (1, 0))
        head = [(1 if flow.rows > 1 else 0, row, row, int(fetch), 0, 1, 0, *actions)]
        head.append((flow.rows - 2, row, row, 0, 0, 1, 0, *actions))
        take = int(fetch and flow.rows == 1)
        rows = [*[r for r in head if r[0] > 0], (1, size, size, take, 0, 1, 0, *tail)]
        return plain(_hand_back(rows, last, release=4, space=6))

    def blocks() -> Iterator[Chunk]:
        for tile in context.tiles:
            flow = context.streams(tile)[1 if metadata else 0]
            assert flow is not None
            key = (flow.rows, context.tail(flow, metadata), tile.fetch[1], tile.last[1])
            if key not in known:
                known[key] = block(flow, tile.fetch[1], tile.last[1])
            yield known[key]

    return gather(blocks())
