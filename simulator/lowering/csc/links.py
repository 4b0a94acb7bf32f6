"""Programs that bring operands into the scratch pads and take sums out: store, links.

A burst is an item of the store; on its link a tile of weights is its addresses and then its words, one item each, a fiber
of inputs one item, the sums of a visit one item. An item waits for the entries of the scratch pad that it fills.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from simulator.lowering import addresses
from simulator.lowering.addresses import Regions, Transfer
from simulator.lowering.blocks import gather, plain
from simulator.lowering.csc import runs
from simulator.lowering.csc.batch import Batch
from simulator.lowering.csc.pipeline import chunk, of_entries
from simulator.lowering.csc.tiles import Tiles
from simulator.plan import Chunk, RunWriter, Visits

Ints = NDArray[np.int64]

WORD = 8
"""Bytes of a word of the store, the unit its energy is counted in."""


def bursts(sizes: NDArray[np.int64], burst: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(Bytes of every burst, 1 where it is the last of its piece) of pieces of so many bytes, at least 1 each."""
    count = -(-sizes // burst)
    total = np.full(int(count.sum()), burst, dtype=np.int64)
    last = np.cumsum(count) - 1
    total[last] = sizes - (count - 1) * burst
    ends = np.zeros_like(total)
    ends[last] = 1
    return total, ends


def _outward(size: int, burst: int, pieces: int) -> Chunk:
    """Items: bursts of pieces of one size. Fields: demand, work, take piece with its first burst, release, words."""
    demand, _ = bursts(np.array([size]), burst)
    some = [(0, min(1, len(demand))), (1, len(demand) - 1), (max(1, len(demand) - 1), len(demand))]
    rows = [
        (
            end - begin,
            int(demand[begin]),
            int(demand[begin]),
            int(begin == 0),
            int(begin == 0),
            _words(demand[begin]),
        )
        for begin, end in some
        if end > begin
    ]
    if len(rows) == 1:
        (_, *fields), *_ = rows
        return plain([(pieces, *fields)])
    block = plain(rows)
    order = np.zeros(pieces, dtype=np.int64)
    return Chunk(block.runs, block.varies, block.vectors, Visits(np.array([len(rows)]), order))


def _words(size: int) -> int:
    """Words of a burst."""
    return -(-int(size) // WORD)


def _inward(sizes: NDArray[np.int64], burst: int, per_piece: bool) -> tuple[Ints, Ints]:
    """Runs of the bursts of pieces of some sizes, and how many each has. Fields: demand, work, put piece with its last burst, or
    put burst, words.
    """
    rows, counts = list[tuple[int, ...]](), list[int]()
    for size in sizes.tolist():
        full, left = (size - 1) // burst, (size - 1) % burst + 1
        told = [
            (full, 1, burst, burst, int(not per_piece), _words(burst)),
            (1, 1, left, left, 1, _words(left)),
        ]
        told = [row for row in told if row[0]]
        rows += told
        counts.append(len(told))
    return np.array(rows, dtype=np.int64), np.array(counts, dtype=np.int64)


def regions(tiles: Tiles) -> Regions:
    """Where the pieces of a layer lie: weights by tile, fibers of inputs by columns of K, sums of outputs by rows of M, both in
    the order of N.
    """
    dram = tiles.machine.components.dram
    burst = dram.burst.value

    def weights() -> Iterator[Transfer]:
        for tile, size in zip(tiles.tiles, (-(-tiles.bits // 8)).tolist(), strict=True):
            yield Transfer((tile.group, tile.m0, tile.k0), addresses.bursts(size, burst))

    def inputs() -> Iterator[Transfer]:
        for tile in tiles.tiles:
            for stretch in tiles.stretches(tile):
                bits = tiles.fiber_bits(tiles.fibers(stretch).entries)
                yield Transfer((tile.group, tile.k0, stretch.n0), int((-(-bits // (8 * burst))).sum()))

    def outputs() -> Iterator[Transfer]:
        for tile in tiles.tiles:
            if tile.last:
                each = addresses.bursts(tiles.output_bytes(tile), burst)
                yield Transfer((tile.group, tile.m0), tiles.visits * each)

    return Regions(dram, {"weights": weights, "inputs": inputs, "outputs": outputs})


def weight_bursts(tiles: Tiles) -> Iterator[Chunk]:
    """Items: bursts of weights. Fields: demand, work, put burst, dram_read."""
    burst = tiles.machine.components.dram.burst.value
    sizes, order = np.unique(-(-tiles.bits // 8), return_inverse=True)
    table, counts = _inward(sizes, burst, False)
    yield chunk(table, visits=Visits(counts, order.astype(np.int64)))


def input_bursts(tiles: Tiles) -> Iterator[Chunk]:
    """Items: bursts of inputs. Fields: demand, work, put fiber with its last burst, dram_read."""
    bits = tiles.fiber_bits(np.arange(tiles.columns + 1))
    blocks = _inward(-(-bits // 8), tiles.machine.components.dram.burst.value, True)
    for batch in tiles.batches:

        def told(batch: Batch = batch) -> Chunk:
            return of_entries(*blocks, tiles.met(batch).entries)

        yield tiles.once(("bursts", batch.inputs), told)


def output_bursts(tiles: Tiles) -> Iterator[Chunk]:
    """Items: bursts of outputs. Fields: demand, work, take visit with its first burst, release, dram_write."""
    burst = tiles.machine.components.dram.burst.value
    for tile in tiles.tiles:
        if tile.last:
            for stretch in tiles.stretches(tile):
                size, visits = tiles.output_bytes(tile), stretch.n1 - stretch.n0
                yield tiles.once(("outputs", size, visits), partial(_outward, size, burst, visits))


def weight_loads(tiles: Tiles) -> Iterator[Chunk]:
    """Items: the addresses of a tile, then its words. Fields: demand in bits, work, take bursts, words of space,
    addresses of space, releases, put tile, weight_spad_write, weight_metadata_write.
    """
    spad = tiles.machine.components.weights
    burst, word = 8 * tiles.machine.components.dram.burst.value, spad.word.value

    @cache
    def block(words: int, columns: int) -> Chunk:
        demand = np.full(words + 1, tiles.weight_bits, dtype=np.int64)
        demand[0] = columns * spad.address.value
        takes = np.diff(-(-np.cumsum(demand) // burst), prepend=0)
        write, addresses, last = (np.zeros(words + 1, dtype=np.int64) for _ in range(3))
        write[1:], addresses[0], last[-1] = 1, columns, 1
        writer = RunWriter(3, 1, 2)
        values = write * word
        writer.add(
            words + 1,
            demand,
            takes=[takes, write, addresses],
            puts=[last],
            actions=[values, values + addresses],
        )
        return writer.chunk()

    return gather(
        block(words, columns)
        for words, columns in zip(tiles.words.tolist(), tiles.widths.tolist(), strict=True)
    )


def input_loads(tiles: Tiles) -> Iterator[Chunk]:
    """Items: a fiber. Fields: demand in bits, work, take fiber, entries of space, address of space, releases, put
    fiber, iact_spad_write, iact_metadata_write.
    """
    entries = np.arange(tiles.columns + 1)
    table = np.ones((len(entries), 13), dtype=np.int64)
    table[:, 2] = table[:, 3] = tiles.fiber_bits(entries)
    table[:, 5] = table[:, 8] = table[:, 11] = entries
    table[:, 12] = entries + 1
    for batch in tiles.batches:

        def told(batch: Batch = batch) -> Chunk:
            return of_entries(table, np.ones_like(entries), tiles.met(batch).entries)

        yield tiles.once(("loads", batch.inputs), told)


def sum_loads(tiles: Tiles) -> Iterator[Chunk]:
    """Items: the sums of a visit, cleared in a cycle for the first tile along K. Fields: demand in bits, work, take
    entries of space, sums put away, releases, put visit, psum_spad_write.
    """

    @cache
    def row(first: bool, rows: int, bits: int) -> Chunk:
        demand, back = (1, 0) if first else (bits, 1)
        return plain([(tiles.visits, demand, demand, rows, back, rows, back, 1, rows)])

    return gather(row(tile.first, tile.rows, tiles.sums_bits(tile)) for tile in tiles.tiles)


def sum_drains(tiles: Tiles) -> Iterator[Chunk]:
    """Items: the sums of a visit. Fields: demand in bits, work, take visit's end, last write, releases, put entries of
    space, sums put away, outputs, psum_spad_read, drain_word.
    """
    for batch in tiles.batches:
        some = [each.tile for each in batch.stretches]
        bits, rows, out = (
            np.array(column, dtype=np.int64)
            for column in zip(*((tiles.sums_bits(tile), tile.rows, tile.last) for tile in some), strict=True)
        )
        yield chunk(runs.drains(batch.begin, tiles.products(batch).issues, bits, rows, out))
