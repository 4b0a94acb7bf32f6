"""Programs of the pipeline: addresses and entries of inputs, addresses and words of weights, multiply, add, write.

An item is a turn of :mod:`simulator.datapath.csc`; every visit has at least one turn in each stage up to the words of weights,
so that its end is known although nothing may reach the multiplier. Turns that ask for the same are a run; what depends on how many
inputs a fiber stores, or on which column of a tile they name, is told once and visited.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from simulator.lowering.csc import runs
from simulator.lowering.csc.batch import Batch
from simulator.lowering.csc.tiles import Tiles
from simulator.plan import Chunk, Visits

Ints = NDArray[np.int64]
NONE = np.zeros(0, dtype=np.int32)
ACTION = -1
"""Column of the last action."""


def chunk(
    table: Ints, vectors: NDArray[np.int32] = NONE, *columns: int, visits: Visits | None = None
) -> Chunk:
    """Runs whose `columns` are offsets into vectors."""
    varies = np.zeros(table.shape, dtype=np.uint8)
    for column in columns:
        varies[:, column] = 1
    return Chunk(table, varies, vectors, visits)


def of_entries(table: Ints, counts: Ints, entries: Ints) -> Chunk:
    """Blocks of `counts` runs for fibers of 0, 1, .. stored inputs, visited for fibers of so many."""
    return chunk(table, visits=Visits(counts, entries))


def input_addresses(tiles: Tiles) -> Iterator[Chunk]:
    """Items: where a fiber ends. Fields: demand, work, take fiber, release, put fiber, iact_metadata_read."""
    table = np.ones((1, 8), dtype=np.int64)
    table[0, 0] = tiles.visits * len(tiles.tiles)
    yield chunk(table)


def input_reads(tiles: Tiles) -> Iterator[Chunk]:
    """Items: a stored input, or that there is none. Fields: demand, work, take fiber, release, put input onwards, entry
    of space, address of space, iact_spad_read, iact_metadata_read.
    """
    blocks = runs.input_reads(tiles.columns)
    for batch in tiles.batches:

        def told(batch: Batch = batch) -> Chunk:
            return of_entries(*blocks, tiles.met(batch).entries)

        yield tiles.once(("reads", batch.inputs), told)


def weight_addresses(tiles: Tiles) -> Iterator[Chunk]:
    """Items: where a column begins and ends. Fields: demand, work, take input, tile, releases, put column, addresses of
    space, weight_metadata_read.
    """
    for batch in tiles.batches:
        yield tiles.once(("columns", batch.inputs), partial(_weight_addresses, tiles, batch))


def _weight_addresses(tiles: Tiles, batch: Batch) -> Chunk:
    met = tiles.met(batch)
    begins = np.array([each.begin for each in batch.stretches], dtype=np.int64)
    ends = np.array([each.tile.columns * each.end for each in batch.stretches], dtype=np.int64)
    if met.named.all():
        return chunk(runs.weight_addresses(met.turn, begins, ends, 2))
    return chunk(runs.weight_addresses(met.turn, begins, ends, ACTION), 2 * met.named, ACTION)


def weight_reads(tiles: Tiles) -> Iterator[Chunk]:
    """Items: values of a word, or that there are none. Fields: demand, work, take column, sums, releases, put values, end
    of the visit, words of space, weight_spad_read, weight_metadata_read.
    """
    turns, first = tiles.turns, tiles.turns.start[tiles.turns.base[:-1]]
    first = np.append(first, len(turns.values))
    for batch in tiles.batches:
        met = tiles.met(batch)
        table, counts = runs.weight_reads(
            turns.base, turns.start, turns.values, tiles.words, batch.first, met.kinds, met.begin
        )
        fetched = tiles.fetched[first[batch.first] : first[batch.first + len(batch.stretches)]]
        yield chunk(table, fetched, -2, ACTION, visits=Visits(counts, met.order))


def multiplications(tiles: Tiles) -> Iterator[Chunk]:
    """Items: values times an input. Fields: demand, work, take values, release, put products, mac, mac_gated."""
    lanes = tiles.machine.components.mac.lanes.value
    for batch in tiles.batches:
        total, values = _issued(tiles, batch)
        table = np.ones((1 if total else 0, 9), dtype=np.int64)
        table[:, 0] = total
        if values is None:
            table[:, -2:] = 1, 0
            yield chunk(table)
        else:
            table[:, [1, 3, -2, -1]] = total, 0, 0, total
            yield chunk(table, np.concatenate([values, lanes - values]), 3, -2, -1)


def _issued(tiles: Tiles, batch: Batch) -> tuple[int, NDArray[np.int32] | None]:
    """Turns of the multiplier over a batch and, unless all are of one value, how many of each."""
    products = tiles.products(batch)
    if tiles.machine.components.mac.lanes.value == 1:
        return int(products.issues.sum()), None
    return len(products.values), products.values


def sum_reads(tiles: Tiles) -> Iterator[Chunk]:
    """Items: products added. Fields: demand, work, take products, [sums written], releases, put sums, psum_spad_read."""
    waits = not tiles.machine.components.psums.forwarding
    for batch in tiles.batches:
        total, values = _issued(tiles, batch)
        waiting = tiles.products(batch).waits
        marks = runs.marked(total, waiting, waiting[:0])
        table = np.ones((len(marks), 6 + 2 * (1 + waits)), dtype=np.int64)
        if waits:
            table[:, 5] = table[:, 7] = marks[:, 1]
        yield _valued(table, marks[:, 0], values)


def sum_writes(tiles: Tiles) -> Iterator[Chunk]:
    """Items: sums written. Fields: demand, work, take sums, release, put end of the visit, [sums written],
    psum_spad_write.
    """
    waits = not tiles.machine.components.psums.forwarding
    for batch in tiles.batches:
        total, values = _issued(tiles, batch)
        products = tiles.products(batch)
        ends = np.cumsum(products.issues)[products.issues > 0] - 1
        marks = runs.marked(total, ends, products.waited)
        table = np.ones((len(marks), 8 + waits), dtype=np.int64)
        table[:, 6 : 7 + waits] = marks[:, 1 : 2 + waits]
        yield _valued(table, marks[:, 0], values)


def _valued(table: Ints, counts: Ints, values: NDArray[np.int32] | None) -> Chunk:
    """Runs of so many items, whose last action is the values of each, 1 if they are not told."""
    table[:, 0] = counts
    if values is None:
        return chunk(table)
    table[:, 1], table[:, ACTION] = counts, np.cumsum(counts) - counts
    return chunk(table, values, ACTION)
