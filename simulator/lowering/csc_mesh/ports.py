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
from functools import cache

import numpy as np
from numpy.typing import NDArray

from simulator.lowering.blocks import gather, plain
from simulator.lowering.csc.batch import Batch, Tile
from simulator.lowering.csc.tiles import Tiles
from simulator.lowering.kinds import Blocks, Row
from simulator.plan import Chunk, RunWriter, Visits

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


def tile_bits(tiles: Tiles) -> Counts:
    """Bits of every tile of weights, at least one: a tile without columns is told too."""
    return np.maximum(1, tiles.bits)


def sum_flits(tiles: Tiles, tile: Tile, flit: int) -> int:
    """Flits of the sums of a visit."""
    return -(-tiles.sums_bits(tile) // flit)


def weight_loads(tiles: Tiles, flit: int) -> Iterator[Chunk]:
    """Items: flits of tiles. Fields: demand in bits, work, take flit, words of space, addresses of space, releases, put
    tile, weight_spad_write, weight_metadata_write.
    """
    spad = tiles.machine.components.weights

    def block(words: int, columns: int, bits: int) -> Chunk:
        demand, starts, ends = sizes(np.array([bits]), flit)
        begin = columns * spad.address.value + np.arange(words) * tiles.weight_bits
        held = np.bincount(begin // flit, minlength=len(demand))
        addresses = starts * columns
        values = held * spad.word.value
        writer = RunWriter(3, 1, 2)
        takes: list[int | Counts] = [1, held, addresses]
        writer.add(len(demand), demand, takes=takes, puts=[ends], actions=[values, values + addresses])
        return writer.chunk()

    def told(words: int, columns: int, bits: int) -> Chunk:
        return tiles.once(("weights", flit, words, columns), lambda: block(words, columns, bits))

    each = zip(tiles.words.tolist(), tiles.widths.tolist(), tile_bits(tiles).tolist(), strict=True)
    return gather((told(*one) for one in each), among=MANY)


def input_loads(tiles: Tiles, flit: int) -> Iterator[Chunk]:
    """Items: flits of fibers. Fields: demand in bits, work, take flit, entries of space, address of space, releases, put
    fiber, iact_spad_write, iact_metadata_write.
    """
    spad, value = tiles.machine.components.inputs, tiles.machine.value_bits.inputs.value
    known = _input_loads(tiles.columns, spad.address.value, value + spad.run.value, flit)
    for batch in tiles.batches:

        def told(batch: Batch = batch) -> Chunk:
            return visited(known, tiles.met(batch).entries)

        yield tiles.once(("loads", flit, batch.inputs), told)


@cache
def _input_loads(most: int, address: int, entry: int, flit: int) -> Blocks:
    """Loads of a fiber of 0 .. most entries of so many bits behind an address."""
    blocks = list[list[Row]]()
    for entries in range(most + 1):
        demand, starts, ends = sizes(np.array([address + entries * entry]), flit)
        held = np.bincount((address + np.arange(entries) * entry) // flit, minlength=len(demand))
        one = np.ones_like(held)
        blocks.append(alike(demand, demand, *[one, held, starts] * 2, ends, held, held + starts))
    return Blocks.plain(blocks)


def alike(*fields: Counts) -> list[Row]:
    """Rows (count, fields...) of items of which those that are alike and follow one another are a run."""
    table = np.array(fields).T
    new = np.flatnonzero(np.append(True, (table[1:] != table[:-1]).any(axis=1)))
    counts = np.diff(new, append=len(table)).tolist()
    return [(count, *row) for count, row in zip(counts, table[new].tolist(), strict=True)]


def visited(blocks: Blocks, order: Counts) -> Chunk:
    """Blocks without vectors, visited in this order."""
    return Chunk(blocks.runs, blocks.varies, blocks.vectors, Visits(blocks.counts, order))


def _sums(rows: int, width: int, flit: int) -> tuple[Counts, Counts, Counts, Counts, int]:
    """(Bits of every flit of a visit's sums, 1 at the first, 1 at the last, the sum of each bit's flit, 1 if there are any)."""
    demand, starts, ends = sizes(np.array([max(1, rows * width)]), flit)
    return demand, starts, ends, np.arange(rows), int(rows > 0)


def sum_loads(tiles: Tiles, flit: int) -> Iterator[Chunk]:
    """Items: flits of the sums of a visit, cleared in a cycle for the first tile along K. Fields: demand in bits, work, take
    entries of space, flit, releases, put visit, psum_spad_write.
    """
    width, visits = tiles.machine.components.psums.width.value, tiles.visits

    def block(first: bool, rows: int) -> Chunk:
        demand, _, ends, number, some = _sums(rows, width, flit)
        if first or not some:
            return plain([(visits, 1, 1, rows, 0, rows, 0, 1, rows)])
        held = np.bincount(number * width // flit, minlength=len(demand))
        writer = RunWriter(2, 1, 1)
        takes: list[int | Counts] = [held, 1]
        writer.add(visits * len(demand), demand, takes=takes, puts=[ends], actions=[held])
        return writer.chunk()

    def told(first: bool, rows: int) -> Chunk:
        return tiles.once(("sums", flit, visits, first, rows), lambda: block(first, rows))

    return gather((told(tile.first, tile.rows) for tile in tiles.tiles), among=MANY)


def sum_drains(tiles: Tiles, flit: int, lowest: bool) -> Iterator[Chunk]:
    """Items: flits of the sums of a visit. Fields: demand in bits, work, take visit's end, last write, releases, put entries of
    space, flit put away or on, [flit of outputs, of the `lowest` of a column], psum_spad_read, drain_word.
    """
    width = tiles.machine.components.psums.width.value

    for batch in tiles.batches:
        each = [(stretch.tile.rows, int(stretch.tile.last)) for stretch in batch.stretches]
        kinds = tuple(dict.fromkeys(each))
        kind = np.array([2 * kinds.index(one) for one in each], dtype=np.int64)
        written = tiles.products(batch).issues > 0
        blocks = _sum_drains(kinds, width, flit, lowest)
        yield visited(blocks, np.repeat(kind, np.diff(batch.begin)) + written)


@cache
def _sum_drains(kinds: tuple[tuple[int, int], ...], width: int, flit: int, lowest: bool) -> Blocks:
    """Drains of visits to tiles of so many rows, outputs or not, each when nothing was written and when something was."""
    blocks = list[list[Row]]()
    for rows, out in kinds:
        demand, starts, _, number, some = _sums(rows, width, flit)
        left = np.bincount(((number + 1) * width - 1) // flit, minlength=len(demand))
        on = [np.full_like(left, some * (1 - out)), *([np.full_like(left, some * out)] if lowest else [])]
        blocks += [
            alike(demand, demand, *[starts, written * starts] * 2, left, *on, left, out * left)
            for written in (0, 1)
        ]
    return Blocks.plain(blocks)
