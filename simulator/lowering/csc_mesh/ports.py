"""Programs of an element's ports: flits into the scratch pads, and flits of partial sums out.

An item is a flit; one of no flits (sums that start at zero, a visit without rows) is an item too. A thing of b bits that
begins at bit s of its message takes its place with flit s // F and is there with the last flit; a sum leaves with flit
(s + b - 1) // F::

    message        bits                                        flits
    tile           columns x address + words x word            ceil(bits / F), at least one
    fiber          address + entries x (value + run)           ceil(bits / F)
    sums           rows x width                                ceil(bits / F), none at the first tile along K
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from simulator.lowering.blocks import gather, plain
from simulator.lowering.csc.tiles import Stretch, Tile, Tiles
from simulator.plan import Chunk, RunWriter

Counts = NDArray[np.int64]

MANY = 1 << 8
"""Elements and streams, or more: what each tells at a time is short."""


def flits(bits: Counts | int, flit: int) -> Counts:
    """Flits of messages of so many bits."""
    return -(-np.atleast_1d(np.asarray(bits, dtype=np.int64)) // flit)


def sizes(bits: Counts, flit: int) -> tuple[Counts, Counts, Counts]:
    """(Bits, 1 at the first, 1 at the last) of every flit of messages of so many bits, each at least 1."""
    count = flits(bits, flit)
    last = np.cumsum(count) - 1
    size = np.full(int(count.sum()), flit, dtype=np.int64)
    size[last] = bits - (count - 1) * flit
    ends, starts = np.zeros_like(size), np.zeros_like(size)
    ends[last], starts[last - count + 1] = 1, 1
    return size, starts, ends


def tile_bits(tiles: Tiles, tile: Tile) -> int:
    """Bits of a tile of weights, at least one: a tile without columns is told too."""
    return max(1, tiles.tile_bits(tile))


def tile_flits(tiles: Tiles, tile: Tile, flit: int) -> int:
    """Flits of a tile of weights."""
    return int(flits(tile_bits(tiles, tile), flit)[0])


def fiber_flits(tiles: Tiles, stretch: Stretch, flit: int) -> Counts:
    """Flits of the fibers of a stretch."""
    return flits(tiles.fiber_bits(tiles.fibers(stretch).entries), flit)


def sum_flits(tiles: Tiles, tile: Tile, flit: int) -> int:
    """Flits of the sums of a visit."""
    return int(flits(tiles.sums_bits(tile), flit)[0])


def weight_loads(tiles: Tiles, flit: int) -> Iterator[Chunk]:
    """Items: flits of tiles. Fields: demand in bits, work, take flit, words of space, addresses of space, releases, put
    tile, weight_spad_write, weight_metadata_write.
    """
    spad = tiles.machine.components.weights

    def block(tile: Tile) -> Chunk:
        demand, starts, ends = sizes(np.array([tile_bits(tiles, tile)]), flit)
        begin = tile.columns * spad.address.value + np.arange(tiles.weights[tile].words) * tiles.weight_bits
        words = np.bincount(begin // flit, minlength=len(demand))
        addresses = starts * tile.columns
        values = words * spad.word.value
        writer = RunWriter(3, 1, 2)
        takes: list[int | Counts] = [1, words, addresses]
        writer.add(len(demand), demand, takes=takes, puts=[ends], actions=[values, values + addresses])
        return writer.chunk()

    return gather((block(tile) for tile in tiles.tiles), among=MANY)


def input_loads(tiles: Tiles, flit: int) -> Iterator[Chunk]:
    """Items: flits of fibers. Fields: demand in bits, work, take flit, entries of space, address of space, releases, put
    fiber, iact_spad_write, iact_metadata_write.
    """
    spad = tiles.machine.components.inputs
    entry = tiles.machine.value_bits.inputs.value + spad.run.value

    def block(stretch: Stretch) -> Chunk:
        fibers = tiles.fibers(stretch)
        bits = tiles.fiber_bits(fibers.entries)
        demand, starts, ends = sizes(bits, flit)
        count = flits(bits, flit)
        within = np.arange(len(fibers.coordinate)) - np.repeat(fibers.start[:-1], fibers.entries)
        begin = spad.address.value + within * entry
        held = np.bincount(
            np.repeat(np.cumsum(count) - count, fibers.entries) + begin // flit, minlength=len(demand)
        )
        writer = RunWriter(3, 1, 2)
        takes: list[int | Counts] = [1, held, starts]
        writer.add(len(demand), demand, takes=takes, puts=[ends], actions=[held, held + starts])
        return writer.chunk()

    return gather((block(stretch) for stretch in tiles.told()), among=MANY)


def _sums(tiles: Tiles, tile: Tile, flit: int) -> tuple[Counts, Counts, Counts, Counts, int]:
    """(Bits of every flit of a visit's sums, 1 at the first, 1 at the last, the sum of each bit's flit, 1 if there are any)."""
    bits = tiles.sums_bits(tile)
    demand, starts, ends = sizes(np.array([max(1, bits)]), flit)
    return demand, starts, ends, np.arange(tile.rows), int(bits > 0)


def sum_loads(tiles: Tiles, flit: int) -> Iterator[Chunk]:
    """Items: flits of the sums of a visit, cleared in a cycle for the first tile along K. Fields: demand in bits, work, take
    entries of space, flit, releases, put visit, psum_spad_write.
    """
    width = tiles.machine.components.psums.width.value

    def block(tile: Tile) -> Chunk:
        demand, _, ends, number, some = _sums(tiles, tile, flit)
        if tile.first or not some:
            rows = tile.rows
            return plain([(tiles.visits, 1, 1, rows, 0, rows, 0, 1, rows)])
        held = np.bincount(number * width // flit, minlength=len(demand))
        writer = RunWriter(2, 1, 1)
        takes: list[int | Counts] = [held, 1]
        writer.add(tiles.visits * len(demand), demand, takes=takes, puts=[ends], actions=[held])
        return writer.chunk()

    return gather((block(tile) for tile in tiles.tiles), among=MANY)


def sum_drains(tiles: Tiles, flit: int, lowest: bool) -> Iterator[Chunk]:
    """Items: flits of the sums of a visit. Fields: demand in bits, work, take visit's end, last write, releases, put entries of
    space, flit put away or on, [flit of outputs, of the `lowest` of a column], psum_spad_read, drain_word.
    """
    width = tiles.machine.components.psums.width.value

    def block(stretch: Stretch) -> Chunk:
        tile = stretch.tile
        visits, out = stretch.n1 - stretch.n0, int(tile.last)
        demand, starts, _, number, some = _sums(tiles, tile, flit)
        left = np.bincount(((number + 1) * width - 1) // flit, minlength=len(demand))
        written = (tiles.turns(stretch.tile).issues(tiles.fibers(stretch)) > 0).astype(np.int64)
        first = np.tile(starts, visits)
        writer = RunWriter(2, 2 + lowest, 2)
        takes = [first, np.repeat(written, len(demand)) * first]
        left, demand = np.tile(left, visits), np.tile(demand, visits)
        puts: list[int | Counts] = [left, some * (1 - out), *([some * out] if lowest else [])]
        writer.add(len(first), demand, takes=takes, puts=puts, actions=[left, out * left])
        return writer.chunk()

    return gather((block(stretch) for stretch in tiles.told()), among=MANY)
