"""Programs of the pipeline: addresses and entries of inputs, addresses and words of weights, multiply, add, write.

An item is a turn of :mod:`simulator.datapath.csc`; every visit has at least one turn in each stage up to the words of weights,
so that its end is known although nothing may reach the multiplier.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from simulator.lowering.blocks import gather, plain
from simulator.lowering.csc.tiles import Stretch, Tile, Tiles
from simulator.plan import Chunk, RunWriter

Flags = NDArray[np.int64]


def _stretches(tiles: Tiles) -> Iterator[Stretch]:
    for tile in tiles.tiles:
        yield from tiles.stretches(tile)


def _ends(counts: NDArray[np.int32]) -> Flags:
    """1 at the last of every group of so many, all at least 1."""
    ends = np.zeros(int(counts.sum()), dtype=np.int64)
    ends[np.cumsum(counts) - 1] = 1
    return ends


def _starts(counts: NDArray[np.int32]) -> Flags:
    """1 at the first of every group of so many, all at least 1."""
    return np.roll(_ends(counts), 1)


def input_addresses(tiles: Tiles) -> Iterator[Chunk]:
    """Items: where a fiber ends. Fields: demand, work, take fiber, release, put fiber, iact_metadata_read."""

    def row(_: Tile) -> Chunk:
        return plain([(tiles.visits, 1, 1, 1, 1, 1, 1)])

    return gather(row(tile) for tile in tiles.tiles)


def input_reads(tiles: Tiles) -> Iterator[Chunk]:
    """Items: a stored input, or that there is none. Fields: demand, work, take fiber, release, put input onwards, entry
    of space, address of space, iact_spad_read, iact_metadata_read.
    """
    for stretch in _stretches(tiles):
        reads = tiles.turns(stretch).reads
        stored = np.repeat((tiles.fibers(stretch).entries > 0).astype(np.int64), reads)
        writer = RunWriter(1, 3, 2)
        puts: list[int | Flags] = [1, stored, _ends(reads)]
        writer.add(len(stored), 1, takes=[_starts(reads)], puts=puts, actions=[stored, stored])
        yield writer.chunk()


def weight_addresses(tiles: Tiles) -> Iterator[Chunk]:
    """Items: where a column begins and ends. Fields: demand, work, take input, tile, releases, put column, addresses of
    space, weight_metadata_read.
    """
    for stretch in _stretches(tiles):
        columns = tiles.turns(stretch).columns.astype(np.int64)
        fresh, done = np.zeros_like(columns), np.zeros_like(columns)
        fresh[0], done[-1] = stretch.begin, stretch.tile.columns * stretch.end
        writer = RunWriter(2, 2, 1)
        writer.add(len(columns), 1, takes=[1, fresh], puts=[1, done], actions=[2 * columns])
        yield writer.chunk()


def weight_reads(tiles: Tiles) -> Iterator[Chunk]:
    """Items: values of a word, or that there are none. Fields: demand, work, take column, sums, releases, put values, end
    of the visit, words of space, weight_spad_read, weight_metadata_read.
    """
    word = tiles.machine.components.weights.word.value
    for stretch in _stretches(tiles):
        turns = tiles.turns(stretch)
        per_visit = np.add.reduceat(turns.words, np.cumsum(turns.reads) - turns.reads).astype(np.int32)
        done = np.zeros(len(turns.values), dtype=np.int64)
        done[-1] = tiles.weights[stretch.tile].words * stretch.end
        read = turns.fetched.astype(np.int64) * word
        writer = RunWriter(2, 3, 2)
        takes = [_starts(turns.words), _starts(per_visit)]
        puts = [(turns.values > 0).astype(np.int64), _ends(per_visit), done]
        writer.add(len(done), 1, takes=takes, puts=puts, actions=[read, read])
        yield writer.chunk()


def multiplications(tiles: Tiles) -> Iterator[Chunk]:
    """Items: values times an input. Fields: demand, work, take values, release, put products, mac, mac_gated."""
    lanes = tiles.machine.components.mac.lanes.value
    for values in _issued(tiles):
        writer = RunWriter(1, 1, 2)
        writer.add(len(values), 1, values, takes=[1], puts=[1], actions=[values, lanes - values])
        yield writer.chunk()


def _issued(tiles: Tiles) -> Iterator[Flags]:
    """Values of every turn of the multiplier, a stretch at a time."""
    for stretch in _stretches(tiles):
        values = tiles.turns(stretch).values
        yield values[values > 0].astype(np.int64)


def sum_reads(tiles: Tiles) -> Iterator[Chunk]:
    """Items: products added. Fields: demand, work, take products, [sums written], releases, put sums, psum_spad_read."""
    waits = not tiles.machine.components.psums.forwarding
    for stretch, values in zip(_stretches(tiles), _issued(tiles), strict=True):
        writer = RunWriter(1 + waits, 1, 1)
        takes: list[int | Flags] = [1]
        if waits:
            takes.append(tiles.turns(stretch).awaits.astype(np.int64))
        writer.add(len(values), 1, takes=takes, puts=[1], actions=[values])
        yield writer.chunk()


def sum_writes(tiles: Tiles) -> Iterator[Chunk]:
    """Items: sums written. Fields: demand, work, take sums, release, put end of the visit, [sums written],
    psum_spad_write.
    """
    waits = not tiles.machine.components.psums.forwarding
    for stretch, values in zip(_stretches(tiles), _issued(tiles), strict=True):
        turns = tiles.turns(stretch)
        ends = _ends(turns.issues[turns.issues > 0])
        writer = RunWriter(1, 1 + waits, 1)
        puts = [ends, turns.awaited.astype(np.int64)] if waits else [ends]
        writer.add(len(values), 1, takes=[1], puts=puts, actions=[values])
        yield writer.chunk()
