"""Visits that are told together, and what turns their inputs make.

A turn of the inputs makes the same turns of the weights whenever it names the same column of the same tile: told is one block of
runs for every kind of turn of a tile, and which blocks are visited. A kind is a column (one more than there are: nothing),
whether the turn is the first of its visit, the last of it, the last of all visits to its tile::

    kind = ((column x 2 + first) x 2 + last) x 2 + end

Kinds are those of the inputs alone, so that all tiles of the same columns share them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulator.datapath.csc import Fibers
from simulator.lowering.csc import runs

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Tile:
    """A tile of weights: rows m0 <= m < m1, columns k0 <= k < k1 of a group; whether it is the first, the last along K."""

    group: int
    m0: int
    m1: int
    k0: int
    k1: int
    first: bool
    last: bool

    @property
    def rows(self) -> int:
        """Rows of weights, partial sums of a visit."""
        return self.m1 - self.m0

    @property
    def columns(self) -> int:
        """Columns of weights."""
        return self.k1 - self.k0


@dataclass(frozen=True)
class Stretch:
    """Visits n0 <= n < n1 to a tile."""

    tile: Tile
    n0: int
    n1: int
    begin: bool
    end: bool

    @property
    def inputs(self) -> tuple[int, ...]:
        """Which fibers it meets."""
        return self.tile.group, self.tile.k0, self.tile.k1, self.n0, self.n1


@dataclass(frozen=True, eq=False)
class Batch:
    """Stretches of visits to tiles that follow one another.

    Attributes
    ----------
    stretches : tuple of Stretch
        One of each tile.
    first : int
        Number of the first tile.
    """

    stretches: tuple[Stretch, ...]
    first: int

    @cached_property
    def begin(self) -> Ints:
        """First visit of each stretch, and the end of the last."""
        visits = [stretch.n1 - stretch.n0 for stretch in self.stretches]
        return np.cumsum([0, *visits])

    @cached_property
    def inputs(self) -> tuple[tuple[int, ...], ...]:
        """Which fibers are met."""
        return tuple(stretch.inputs for stretch in self.stretches)


@dataclass(frozen=True, eq=False)
class Met:
    """What a batch meets.

    Attributes
    ----------
    fibers : Fibers
        Of all stretches, one behind the other.
    entries : ndarray of int64, shape (visits,)
        Stored inputs of each.
    order : ndarray of int64, shape (turns,)
        Kind of every turn, by its number among those of the batch.
    kinds : ndarray of int64, shape (kinds,)
        Stretch by stretch.
    begin : ndarray of int64, shape (stretches + 1,)
        First of the kinds of each stretch.
    turn : ndarray of int64, shape (stretches + 1,)
        First turn of each stretch.
    """

    fibers: Fibers
    entries: Ints
    order: Ints
    kinds: Ints
    begin: Ints
    turn: Ints

    @classmethod
    def of(cls, batch: Batch, fibers: list[Fibers]) -> Met:
        """What the stretches of a batch meet, whose fibers are given."""
        if len(fibers) == 1:
            all_of_them = fibers[0]
        else:
            counts = np.concatenate([each.entries for each in fibers])
            start = np.zeros(len(counts) + 1, dtype=np.int32)
            np.cumsum(counts, out=start[1:])
            all_of_them = Fibers(start, np.concatenate([each.coordinate for each in fibers]))
        columns = np.array([stretch.tile.columns for stretch in batch.stretches], dtype=np.int64)
        ends = np.array([stretch.end for stretch in batch.stretches], dtype=np.uint8)
        found = runs.kinds(batch.begin, all_of_them.start, all_of_them.coordinate, columns, ends)
        return cls(all_of_them, all_of_them.entries.astype(np.int64), *found)

    @cached_property
    def named(self) -> NDArray[np.int32]:
        """1 for every turn that names a column of weights."""
        return runs.named(self.fibers.start, self.fibers.coordinate)

    @property
    def nbytes(self) -> int:
        """Bytes that are kept."""
        return self.fibers.coordinate.nbytes + 2 * self.order.nbytes + 2 * self.entries.nbytes
