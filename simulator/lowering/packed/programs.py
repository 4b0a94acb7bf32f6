"""Programs of a packed machine, from DRAM to DRAM.

A visit is a tile of columns and a round of weights. Its items: for the controller, the round's bitmask, then each column's; for
the buffer's data port and the networks, beats of weights, then columns; behind the multipliers, columns.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from simulator.datapath.packed import Counts
from simulator.lowering import pieces
from simulator.lowering.addresses import Regions, Transfer, bursts
from simulator.lowering.blocks import gather, plain
from simulator.lowering.packed.tiles import Tile, Tiles
from simulator.lowering.pieces import at, told
from simulator.plan import Chunk

ARRAY = ["mac", "mac_gated", "operand_read", "operand_write"]


def written(tiles: Tiles) -> Iterator[int]:
    """DRAM bytes of the outputs of every visit that has some."""
    bits = tiles.machine.value_bits.outputs.value
    for tile, number in tiles.visits():
        if rows := int(tiles.rounds[tile].ended[number]):
            yield -(-rows * tile.columns * bits // 8)


def regions(tiles: Tiles) -> Regions:
    """Where the pieces of a layer lie: weights of a group by their place in it, inputs by tile, outputs by tile and round."""
    dram = tiles.machine.components.dram
    burst = dram.burst.value

    def weights() -> Iterator[Transfer]:
        for (group, start), piece in zip(tiles.weight_starts(), tiles.weight_pieces, strict=True):
            yield Transfer((group,), bursts(piece.dram, burst), start // burst)

    def inputs() -> Iterator[Transfer]:
        for tile, piece in zip(tiles.tiles, tiles.input_pieces, strict=True):
            yield Transfer((tile.group, tile.n0), bursts(piece.dram, burst))

    def outputs() -> Iterator[Transfer]:
        some = ((tile, number) for tile, number in tiles.visits() if tiles.rounds[tile].ended[number])
        for (tile, number), size in zip(some, written(tiles), strict=True):
            yield Transfer((tile.group, tile.n0, number), bursts(size, burst))

    return Regions(dram, {"weights": weights, "inputs": inputs, "outputs": outputs})


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
    """Outputs of every item of a visit's drain, and the bursts it fills; see :mod:`simulator.lowering.pieces`."""
    bits, burst = tiles.machine.value_bits.outputs.value, tiles.machine.components.dram.burst.value
    return pieces.lines(rows, columns, bits, burst)
