"""Programs that bring operands into the scratch pads and take sums out: store, links.

A burst is an item of the store; on its link a tile of weights is its addresses and then its words, one item each, a fiber
of inputs one item, the sums of a visit one item. An item waits for the entries of the scratch pad that it fills.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from simulator.lowering import addresses
from simulator.lowering.addresses import Regions, Transfer
from simulator.lowering.blocks import gather, plain
from simulator.lowering.csc.tiles import Stretch, Tile, Tiles
from simulator.plan import Chunk, RunWriter

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


def _moved(sizes: NDArray[np.int64], burst: int, per_piece: bool, outward: bool) -> Chunk:
    """Items: bursts of pieces. Fields: demand, work, (take, release | put), words."""
    demand, ends = bursts(sizes, burst)
    token: NDArray[np.int64] | int = ends if per_piece else 1
    if per_piece and outward:
        token = np.roll(ends, 1)  # the first burst of a piece takes it
    writer = RunWriter(int(outward), int(not outward), 1)
    ports = [token]
    writer.add(
        len(demand),
        demand,
        takes=ports if outward else (),
        puts=() if outward else ports,
        actions=[-(-demand // WORD)],
    )
    return writer.chunk()


def regions(tiles: Tiles) -> Regions:
    """Where the pieces of a layer lie: weights by tile, fibers of inputs by columns of K, sums of outputs by rows of M, both in
    the order of N.
    """
    dram = tiles.machine.components.dram
    burst = dram.burst.value

    def weights() -> Iterator[Transfer]:
        for tile in tiles.tiles:
            size = -(-tiles.tile_bits(tile) // 8)
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
    known: dict[int, Chunk] = {}

    def blocks() -> Iterator[Chunk]:
        for tile in tiles.tiles:
            size = -(-tiles.tile_bits(tile) // 8)
            if size not in known:
                known[size] = _moved(np.array([size]), burst, False, False)
            yield known[size]

    return gather(blocks())


def input_bursts(tiles: Tiles) -> Iterator[Chunk]:
    """Items: bursts of inputs. Fields: demand, work, put fiber with its last burst, dram_read."""
    for tile in tiles.tiles:
        for stretch in tiles.stretches(tile):
            yield tiles.once(("bursts", *stretch.inputs), partial(_input_bursts, tiles, stretch))


def _input_bursts(tiles: Tiles, stretch: Stretch) -> Chunk:
    bits = tiles.fiber_bits(tiles.fibers(stretch).entries)
    return _moved(-(-bits // 8), tiles.machine.components.dram.burst.value, True, False)


def output_bursts(tiles: Tiles) -> Iterator[Chunk]:
    """Items: bursts of outputs. Fields: demand, work, take visit with its first burst, release, dram_write."""
    burst = tiles.machine.components.dram.burst.value
    for tile in tiles.tiles:
        if tile.last:
            for stretch in tiles.stretches(tile):
                size, visits = tiles.output_bytes(tile), stretch.n1 - stretch.n0
                told = partial(_moved, np.full(visits, size, dtype=np.int64), burst, True, True)
                yield tiles.once(("outputs", size, visits), told)


def weight_loads(tiles: Tiles) -> Iterator[Chunk]:
    """Items: the addresses of a tile, then its words. Fields: demand in bits, work, take bursts, words of space,
    addresses of space, releases, put tile, weight_spad_write, weight_metadata_write.
    """
    spad = tiles.machine.components.weights
    burst, word = 8 * tiles.machine.components.dram.burst.value, spad.word.value

    def block(tile: Tile) -> Chunk:
        words, address = tiles.weights[tile].words, tile.columns * spad.address.value
        demand = np.full(words + 1, tiles.weight_bits, dtype=np.int64)
        demand[0] = address
        takes = np.diff(-(-np.cumsum(demand) // burst), prepend=0)
        write, addresses, last = (np.zeros(words + 1, dtype=np.int64) for _ in range(3))
        write[1:], addresses[0], last[-1] = 1, tile.columns, 1
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

    return gather(block(tile) for tile in tiles.tiles)


def input_loads(tiles: Tiles) -> Iterator[Chunk]:
    """Items: a fiber. Fields: demand in bits, work, take fiber, entries of space, address of space, releases, put
    fiber, iact_spad_write, iact_metadata_write.
    """
    for tile in tiles.tiles:
        for stretch in tiles.stretches(tile):
            yield tiles.once(("loads", *stretch.inputs), partial(_input_loads, tiles, stretch))


def _input_loads(tiles: Tiles, stretch: Stretch) -> Chunk:
    entries = tiles.fibers(stretch).entries.astype(np.int64)
    writer = RunWriter(3, 1, 2)
    demand = tiles.fiber_bits(entries)
    takes: list[int | NDArray[np.int64]] = [1, entries, 1]
    writer.add(len(entries), demand, takes=takes, puts=[1], actions=[entries, entries + 1])
    return writer.chunk()


def sum_loads(tiles: Tiles) -> Iterator[Chunk]:
    """Items: the sums of a visit, cleared in a cycle for the first tile along K. Fields: demand in bits, work, take
    entries of space, sums put away, releases, put visit, psum_spad_write.
    """

    def row(tile: Tile) -> Chunk:
        demand, back = (1, 0) if tile.first else (tiles.sums_bits(tile), 1)
        return plain([(tiles.visits, demand, demand, tile.rows, back, tile.rows, back, 1, tile.rows)])

    return gather(row(tile) for tile in tiles.tiles)


def sum_drains(tiles: Tiles) -> Iterator[Chunk]:
    """Items: the sums of a visit. Fields: demand in bits, work, take visit's end, last write, releases, put entries of
    space, sums put away, outputs, psum_spad_read, drain_word.
    """
    for tile in tiles.tiles:
        out, bits = int(tile.last), tiles.sums_bits(tile)
        for stretch in tiles.stretches(tile):
            issues = tiles.turns(tile).issues(tiles.fibers(stretch))
            written: int | NDArray[np.int64] = 1 if issues.all() else (issues > 0).astype(np.int64)
            writer = RunWriter(2, 3, 2)
            puts = [tile.rows, 1 - out, out]
            actions = [tile.rows, out * tile.rows]
            writer.add(len(issues), bits, takes=[1, written], puts=puts, actions=actions)
            yield writer.chunk()
