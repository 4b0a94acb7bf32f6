"""Programs of the pipeline: addresses and entries of inputs, addresses and words of weights, multiply, add, write.

An item is a turn of :mod:`simulator.datapath.csc`; every visit has at least one turn in each stage up to the words of weights,
so that its end is known although nothing may reach the multiplier. Turns that ask for the same are a run.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
from numpy.typing import NDArray

from simulator.lowering.blocks import gather, plain
from simulator.lowering.csc import runs
from simulator.lowering.csc.tiles import Stretch, Tile, Tiles
from simulator.plan import Chunk

NONE = np.zeros(0, dtype=np.int32)
ACTION = -1
"""Column of the last action."""


def _chunk(table: NDArray[np.int64], vectors: NDArray[np.int32] = NONE, *columns: int) -> Chunk:
    """Runs whose `columns` are offsets into vectors."""
    varies = np.zeros(table.shape, dtype=np.uint8)
    for column in columns:
        varies[:, column] = 1
    return Chunk(table, varies, vectors)


def input_addresses(tiles: Tiles) -> Iterator[Chunk]:
    """Items: where a fiber ends. Fields: demand, work, take fiber, release, put fiber, iact_metadata_read."""

    def row(_: Tile) -> Chunk:
        return plain([(tiles.visits, 1, 1, 1, 1, 1, 1)])

    return gather(row(tile) for tile in tiles.tiles)


def input_reads(tiles: Tiles) -> Iterator[Chunk]:
    """Items: a stored input, or that there is none. Fields: demand, work, take fiber, release, put input onwards, entry
    of space, address of space, iact_spad_read, iact_metadata_read.
    """
    for stretch in tiles.told():
        told = partial(_input_reads, tiles, stretch)
        yield tiles.once(("reads", *stretch.inputs), told)


def _input_reads(tiles: Tiles, stretch: Stretch) -> Chunk:
    return _chunk(runs.input_reads(tiles.fibers(stretch).start))


def weight_addresses(tiles: Tiles) -> Iterator[Chunk]:
    """Items: where a column begins and ends. Fields: demand, work, take input, tile, releases, put column, addresses of
    space, weight_metadata_read.
    """
    for stretch in tiles.told():
        told = partial(_weight_addresses, tiles, stretch)
        yield tiles.once(("columns", *stretch.inputs, stretch.begin, stretch.end), told)


def _weight_addresses(tiles: Tiles, stretch: Stretch) -> Chunk:
    fibers = tiles.fibers(stretch)
    named = runs.named(fibers.start, fibers.coordinate)
    first = np.unique(np.array([0, min(1, len(named) - 1), len(named) - 1]))
    table = np.ones((len(first), 11), dtype=np.int64)
    table[:, 0] = table[:, 1] = np.diff(np.append(first, len(named)))
    table[:, [5, 7, 9]] = 0
    table[0, [5, 7]], table[-1, 9] = stretch.begin, stretch.tile.columns * stretch.end
    if named.all():
        table[:, 1], table[:, ACTION] = 1, 2
        return _chunk(table)
    table[:, ACTION] = first
    return _chunk(table, 2 * named.astype(np.int32), ACTION)


def weight_reads(tiles: Tiles) -> Iterator[Chunk]:
    """Items: values of a word, or that there are none. Fields: demand, work, take column, sums, releases, put values, end
    of the visit, words of space, weight_spad_read, weight_metadata_read.
    """
    word = tiles.machine.components.weights.word.value
    for stretch in tiles.told():
        turns, fibers = tiles.turns(stretch.tile), tiles.fibers(stretch)
        table = runs.weight_reads(turns.start, turns.values, fibers.start, fibers.coordinate)
        table[-1, 10] = tiles.weights[stretch.tile].words * stretch.end
        yield _chunk(table, turns.fetched.astype(np.int32) * word, -2, ACTION)


def multiplications(tiles: Tiles) -> Iterator[Chunk]:
    """Items: values times an input. Fields: demand, work, take values, release, put products, mac, mac_gated."""
    lanes = tiles.machine.components.mac.lanes.value
    for stretch in tiles.told():
        total, values = _issued(tiles, stretch)
        table = np.ones((1 if total else 0, 9), dtype=np.int64)
        table[:, 0] = total
        if values is None:
            table[:, -2:] = 1, 0
            yield _chunk(table)
        else:
            table[:, [1, 3, -2, -1]] = total, 0, 0, total
            yield _chunk(table, np.concatenate([values, lanes - values]), 3, -2, -1)


def _issued(tiles: Tiles, stretch: Stretch) -> tuple[int, NDArray[np.int32] | None]:
    """Turns of the multiplier over a stretch and, unless all are of one value, how many of each."""
    turns, fibers = tiles.turns(stretch.tile), tiles.fibers(stretch)
    if tiles.machine.components.mac.lanes.value == 1:
        return int(turns.issues(fibers).sum()), None
    values = turns.issued(fibers)
    return len(values), values


def sum_reads(tiles: Tiles) -> Iterator[Chunk]:
    """Items: products added. Fields: demand, work, take products, [sums written], releases, put sums, psum_spad_read."""
    waits = not tiles.machine.components.psums.forwarding
    for stretch in tiles.told():
        total, values = _issued(tiles, stretch)
        waiting, _ = tiles.turns(stretch.tile).waits(tiles.fibers(stretch), tiles.window)
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
    for stretch in tiles.told():
        total, values = _issued(tiles, stretch)
        turns, fibers = tiles.turns(stretch.tile), tiles.fibers(stretch)
        issues = turns.issues(fibers)
        ends = np.cumsum(issues)[issues > 0] - 1
        marks = runs.marked(total, ends, turns.waits(fibers, tiles.window)[1])
        table = np.ones((len(marks), 8 + waits), dtype=np.int64)
        table[:, 6 : 7 + waits] = marks[:, 1 : 2 + waits]
        yield _valued(table, marks[:, 0], values)


def _valued(table: NDArray[np.int64], counts: NDArray[np.int64], values: NDArray[np.int32] | None) -> Chunk:
    """Runs of so many items, whose last action is the values of each, 1 if they are not told."""
    table[:, 0] = counts
    if values is None:
        return _chunk(table)
    table[:, 1], table[:, ACTION] = counts, np.cumsum(counts) - counts
    return _chunk(table, values, ACTION)
