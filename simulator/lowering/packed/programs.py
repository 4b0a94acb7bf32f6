"""Programs of a packed machine, from DRAM to DRAM.

A visit is a tile of columns and a round of weights. Its items: for the controller, the round's bitmask, then each column's; for
the buffer's data port and the networks, beats of weights, then columns; behind the multipliers, columns.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from simulator.datapath.packed import Counts
from simulator.lowering.blocks import gather, plain
from simulator.lowering.memory import WORD
from simulator.lowering.packed.tiles import Tile, Tiles
from simulator.lowering.streams import spread
from simulator.plan import Chunk, RunWriter

ARRAY = ["mac", "mac_gated", "operand_read", "operand_write"]


def told(columns: list[NDArray[np.integer] | int], count: int, inputs: int, outputs: int) -> Chunk:
    """Items given field by field (demand, work, takes, releases, puts, actions), the first and the last by themselves."""
    table = np.empty((count, len(columns)), dtype=np.int64)
    for number, column in enumerate(columns):
        table[:, number] = column
    writer = RunWriter(inputs, outputs, len(columns) - 2 - 2 * inputs - outputs)
    for part in (table[:1], table[1:-1], table[-1:] if count > 1 else table[:0]):
        if len(part):
            fields = [int(c[0]) if (c == c[0]).all() else c for c in part.T]
            ports = np.split(np.arange(2, len(fields)), np.cumsum([inputs, inputs, outputs]))
            writer.add(len(part), fields[0], fields[1], *([fields[i] for i in port] for port in ports))
    return writer.chunk()


def at(count: int, place: int, value: bool | int = 1) -> Counts:
    """`value` at one place of so many zeros."""
    found = np.zeros(count, dtype=np.int64)
    found[place] = value
    return found


# --- memories -------------------------------------------------------------------------------------------------------


def dram_reads(tiles: Tiles, tensor: str) -> Iterator[Chunk]:
    """Items: bursts. Fields: demand, work, take space, release, put burst, dram_read."""
    burst = tiles.machine.components.dram.burst.value

    def block(size: int) -> Chunk:
        count = -(-size // burst)
        sizes = np.full(count, burst)
        sizes[-1] = size - (count - 1) * burst
        first = at(count, 0)
        return told([sizes, sizes, first, first, 1, -(-sizes // WORD)], count, 1, 1)

    return gather(block(max(1, piece.dram)) for piece in tiles.pieces(tensor))


def glb_fills(tiles: Tiles, tensor: str) -> Iterator[Chunk]:
    """Items: bursts, written as they arrive. Fields: demand, work, take burst, release, put ready, sram_write, metadata_write."""
    parts = tiles.machine.components
    row, word = parts.glb.row.value, parts.glb.metadata_word.value

    def block(size: int, data: int, metadata: int) -> Chunk:
        count = -(-max(1, size) // parts.dram.burst.value)
        rows, words = (spread(n, count).astype(np.int64) for n in (-(-data // row), metadata // word))
        moved = np.maximum(1, rows * row + words * word)
        return told([moved, moved, 1, 1, at(count, -1), rows, words], count, 1, 1)

    return gather(block(p.dram, p.data, p.metadata) for p in tiles.pieces(tensor))


def dram_writes(tiles: Tiles) -> Iterator[Chunk]:
    """Items: bursts of outputs. Fields: demand, work, take, release, dram_write."""
    burst = tiles.machine.components.dram.burst.value

    def block(size: int) -> Chunk:
        full, rest = divmod(size - 1, burst)
        body = (full, burst, burst, 1, 1, -(-burst // WORD))
        return plain([body, (1, rest + 1, rest + 1, 1, 1, -(-(rest + 1) // WORD))])

    return gather(block(size) for size in written(tiles))


def written(tiles: Tiles) -> Iterator[int]:
    """DRAM bytes of the outputs of every visit that has some."""
    bits = tiles.machine.value_bits.outputs.value
    for tile, number in tiles.visits():
        if rows := int(tiles.rounds[tile].ended[number]):
            yield -(-rows * tile.columns * bits // 8)


# --- from the buffer to the multipliers -----------------------------------------------------------------------------


def _edges(tiles: Tiles, tile: Tile, number: int) -> tuple[bool, bool, bool, bool]:
    """Whether the visit is the first and the last of its piece of weights, and of its tile."""
    begin, end = number == 0, number == len(tiles.rounds[tile]) - 1
    if tiles.hold == "round":
        return True, True, begin, end
    return begin and tile.first, end and tile.last, begin, end


def masks(tiles: Tiles) -> Iterator[Chunk]:
    """Items: a round's bitmask, a column's. Fields: demand, work, take weights, inputs, releases, put places, metadata_read."""
    word = tiles.machine.components.glb.metadata_word.value

    def block(tile: Tile, number: int) -> Chunk:
        weights, column = tiles.masks_read(tile, number)
        first, last, begin, end = _edges(tiles, tile, number)
        count = 1 + tile.columns
        words = np.full(count, column)
        words[0] = weights
        takes = [at(count, 0, first), at(count, 1, begin)]
        releases = [at(count, 0, last), at(count, -1, end)]
        return told([words * word, words * word, *takes, *releases, 1, words], count, 2, 1)

    return gather(block(*visit) for visit in tiles.visits())


def reads(tiles: Tiles) -> Iterator[Chunk]:
    """Items: a beat of weights, the values of a column. Fields: demand, work (b), take places, release, put values, put space of
    weights, of inputs, sram_read.
    """
    bits, row = tiles.machine.value_bits, tiles.machine.components.glb.row.value

    def block(tile: Tile, number: int) -> Chunk:
        load, steps = tiles.loads(tile, number), tiles.steps(tile, number)
        _, last, _, end = _edges(tiles, tile, number)
        size = np.concatenate([load * bits.weights.value, steps.fetched * bits.inputs.value])
        beats, count = len(load), len(size)
        take = np.ones(count, dtype=np.int64)
        take[1:beats] = 0
        demand = np.maximum(1, size)
        spaces = [at(count, beats - 1, last), at(count, -1, end)]
        return told([demand, demand, take, take, 1, *spaces, -(-size // (8 * row))], count, 1, 3)

    return gather(block(*visit) for visit in tiles.visits())


def distributions(tiles: Tiles) -> Iterator[Chunk]:
    """Items: a beat of weights, the values of a column. Fields: demand, work, take values, room, releases, put column, put loaded,
    noc_byte.
    """
    bits = tiles.machine.value_bits

    def block(tile: Tile, number: int) -> Chunk:
        load, steps = tiles.loads(tile, number), tiles.steps(tile, number)
        beats, count = len(load), len(load) + tile.columns
        demand = np.concatenate([np.ones_like(load), steps.cycles])
        size = np.concatenate([load * bits.weights.value, steps.delivered * bits.inputs.value])
        column = np.ones(count, dtype=np.int64)
        column[:beats] = 0
        room, loaded = at(count, 0), at(count, beats - 1)
        return told([demand, demand, 1, room, 1, room, column, loaded, -(-size // 8)], count, 2, 2)

    return gather(block(*visit) for visit in tiles.visits())


# --- multipliers and behind -----------------------------------------------------------------------------------------


def multiplications(tiles: Tiles) -> Iterator[Chunk]:
    """Items: a column. Fields: demand, work, take column, loaded, releases, put sums, put room, then :data:`ARRAY`."""
    path = tiles.machine.datapath

    def block(tile: Tile, number: int) -> Chunk:
        steps, part = tiles.steps(tile, number), tiles.rounds[tile].part(number)
        held, count = part.stop - part.start, tile.columns
        macs = steps.products if path.gating else np.full(count, held)
        latched = (held if path.zeros == "sent" else steps.products) + at(count, 0, held)
        begin, end = at(count, 0), at(count, -1)
        actions = [macs, held - macs, 2 * macs, latched]
        return told([1, steps.products, 1, begin, 1, end, 1, end, *actions], count, 2, 2)

    return gather(block(*visit) for visit in tiles.visits())


def reductions(tiles: Tiles) -> Iterator[Chunk]:
    """Items: the sums of a column. Fields: demand, work, take sums, release, put finished, psum_read, psum_write."""

    def block(tile: Tile, number: int) -> Chunk:
        rounds = tiles.rounds[tile]
        sums, done = max(1, int(rounds.clusters[number])), int(rounds.ended[number] > 0)
        kept = rounds.shared[number : number + 2].tolist()
        return plain([(tile.columns, sums, sums, 1, 1, done, *kept)])

    return gather(block(*visit) for visit in tiles.visits())


def drains(tiles: Tiles) -> Iterator[Chunk]:
    """Items: at most a burst of a column's outputs. Fields: demand, work, take sums, release, put bursts, drain_word."""

    def block(rows: int, columns: int) -> Chunk:
        values, put = lines(tiles, rows, columns)
        each = len(values) // columns
        size = -(-values * tiles.machine.value_bits.outputs.value // 8)
        take, release = (np.tile(at(each, place), columns) for place in (0, -1))
        return told([size, size, take, release, put, values], len(values), 1, 1)

    def blocks() -> Iterator[Chunk]:
        known: dict[tuple[int, int], Chunk] = {}
        for tile, number in tiles.visits():
            key = (int(tiles.rounds[tile].ended[number]), tile.columns)
            if key[0] and key not in known:
                known[key] = block(*key)
            if key[0]:
                yield known[key]

    return gather(blocks())


def lines(tiles: Tiles, rows: int, columns: int) -> tuple[Counts, Counts]:
    """Outputs of every item of a visit's drain, and the DRAM bursts it fills; the last one is closed however full it is."""
    bits, burst = tiles.machine.value_bits.outputs.value, 8 * tiles.machine.components.dram.burst.value
    line = max(1, burst // bits)
    values = np.tile(np.minimum(line, rows - np.arange(0, rows, line)), columns)
    used = np.cumsum(values) * bits
    filled = used // burst
    filled[-1] = -(-used[-1] // burst)
    return values, np.diff(filled, prepend=0)
