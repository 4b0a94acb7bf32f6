"""The tiles of a layer, the visits to them, and what each stage does in a visit.

A layer is visited in the order: group, rows of M, columns of K, positions of N. A tile of weights stays for all N; a visit
is one position n: a fiber of inputs over the tile's columns, and a set of partial sums over its rows.

::

    bits of a tile    words x word x (value + run) + columns x address
    bits of a fiber   entries x (value + run) + address

Programs are told for a stretch of visits at a time, so that memory does not grow with N.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.datapath import csc
from simulator.errors import InfeasibleError
from simulator.hardware.organisations.csc import Csc
from simulator.plan import Chunk
from simulator.workload.matrix import GemmView

STRETCH, SHORT = 1 << 11, 1 << 6
"""Visits told at a time, of a layer and of each of the many parts of one."""

KEPT = 1 << 26
"""Bytes of fibers kept for the next tile of rows that meets them, and of what is told of them."""


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


class Tiles:
    """A layer, or the part of it that an element works on, cut into tiles of at most `rows` x `columns` weights.

    Parameters
    ----------
    machine : Csc
    view : GemmView
    rows, columns : int
    cuts : sequence of (int, int), optional
        First row and end of the tiles of M; by default all of M, `rows` at a time.
    spans : sequence of (int, int, bool, bool), optional
        First column and end of the tiles of K, and whether sums begin, end there; by default all of K, `columns` at a time.

    Attributes
    ----------
    n0, n1 : int
        Positions n0 <= n < n1 that are visited; all of N unless it is a :meth:`part`.
    """

    def __init__(
        self,
        machine: Csc,
        view: GemmView,
        rows: int,
        columns: int,
        cuts: Sequence[tuple[int, int]] | None = None,
        spans: Sequence[tuple[int, int, bool, bool]] | None = None,
    ) -> None:
        self.machine, self.view, self.rows, self.columns = machine, view, rows, columns
        self.cuts = cuts or [(m, min(view.M, m + rows)) for m in range(0, view.M, rows)]
        self.spans = spans or [
            (k, min(view.K, k + columns), k == 0, k + columns >= view.K) for k in range(0, view.K, columns)
        ]
        self.n0, self.n1 = 0, view.N
        self._fibers: OrderedDict[tuple[int, ...], csc.Fibers] = OrderedDict()
        self._turns: dict[Tile, csc.Turns] = {}
        self._told: OrderedDict[object, Chunk] = OrderedDict()
        self._room = KEPT
        self._visits = STRETCH

    @cached_property
    def tiles(self) -> tuple[Tile, ...]:
        """All tiles in order."""
        return tuple(
            Tile(g, m0, m1, k0, k1, first, last)
            for g in range(self.view.groups)
            for m0, m1 in self.cuts
            for k0, k1, first, last in self.spans
        )

    def part(self, n0: int, n1: int) -> Tiles:
        """The same tiles, visited at positions n0 <= n < n1; what is stored is worked out once for all parts."""
        assert self.tiles
        assert self.weights
        part = copy(self)
        part.n0, part.n1 = n0, n1
        part._told, part._room = OrderedDict(), KEPT // 64
        part._visits = SHORT
        return part

    def sharing(self, other: Tiles) -> Tiles:
        """These tiles, with the fibers that `other` has worked out."""
        self._fibers = other._fibers
        return self

    @property
    def visits(self) -> int:
        """Positions visited."""
        return self.n1 - self.n0

    def stretches(self, tile: Tile) -> Iterator[Stretch]:
        """The visits to a tile, a stretch at a time."""
        for n in range(self.n0, self.n1, STRETCH):
            end = min(self.n1, n + STRETCH)
            yield Stretch(tile, n, end, n == self.n0, end == self.n1)

    def cut(self, tile: Tile, most: int | None = None) -> Iterator[Stretch]:
        """The visits to a tile, `most` of a stretch at a time; by default as they are told."""
        most = most or self._visits
        for whole in self.stretches(tile):
            for n in range(whole.n0, whole.n1, most):
                end = min(whole.n1, n + most)
                begins, ends = whole.begin and n == whole.n0, whole.end and end == whole.n1
                yield Stretch(tile, n, end, begins, ends)

    def told(self) -> Iterator[Stretch]:
        """All visits in order, as they are told."""
        return (stretch for tile in self.tiles for stretch in self.cut(tile))

    @cached_property
    def weights(self) -> dict[Tile, csc.Columns]:
        """The words of every tile."""
        spad = self.machine.components.weights
        word, run = spad.word.value, spad.run.value
        found = {}
        for tile in self.tiles:
            mask = self.view.weights_mask(tile.group, tile.m0, tile.m1)[:, tile.k0 : tile.k1]
            found[tile] = csc.columns(mask, word, run)
        return found

    def check(self) -> None:
        """Whether every tile fits its scratch pad.

        Raises
        ------
        InfeasibleError
            The first that does not.
        """
        for tile, words in self.weights.items():
            self._check(tile, words)

    def _check(self, tile: Tile, words: csc.Columns) -> None:
        spad = self.machine.components.weights
        place = f"machine {self.machine.name!r}: weights [{tile.m0}:{tile.m1}, {tile.k0}:{tile.k1}]"
        if words.words > spad.words:
            raise InfeasibleError(
                f"{place} take {words.words} words of {spad.word.value}, weights.entries holds {spad.words}; lower mapping.tile.M "
                "or mapping.tile.K"
            )
        longest = int(np.diff(words.start).max(initial=0))
        if longest >= 1 << spad.address.value:
            raise InfeasibleError(
                f"{place} have a column of {longest} words, addresses of {spad.address.value} b tell fewer than "
                f"{1 << spad.address.value} apart; lower mapping.tile.M"
            )

    def fibers(self, stretch: Stretch) -> csc.Fibers:
        """The stored inputs of a stretch, or of a shorter one."""
        tile = stretch.tile
        begin = stretch.n0 - (stretch.n0 - self.n0) % STRETCH
        end = min(self.n1, begin + STRETCH)
        key = tile.group, tile.k0, tile.k1, begin, end
        if key not in self._fibers:
            mask = self.view.inputs_mask(tile.group, tile.k0, tile.k1, begin, end)
            self._fibers[key] = csc.fibers(mask, self.machine.components.inputs.run.value)
            if len(self._fibers) > max(4, KEPT // (4 * STRETCH * self.columns)):
                self._fibers.popitem(last=False)
        found = self._fibers[key]
        whole = (begin, end) == (stretch.n0, stretch.n1)
        return found if whole else found.part(stretch.n0 - begin, stretch.n1 - begin)

    def once(self, what: object, make: Callable[[], Chunk]) -> Chunk:
        """A chunk that comes again for other tiles of rows, told when it is first asked for; `what` is all it depends on."""
        if what not in self._told:
            self._told[what] = make()
            self._room -= self._told[what].nbytes
            while self._room < 0 and len(self._told) > 1:
                _, oldest = self._told.popitem(last=False)
                self._room += oldest.nbytes
        return self._told[what]

    def turns(self, tile: Tile) -> csc.Turns:
        """The turns that the columns of a tile take."""
        if tile not in self._turns:
            self._turns[tile] = csc.turns(self.weights[tile], self.machine.components.mac.lanes.value)
        return self._turns[tile]

    @property
    def window(self) -> int:
        """Turns of the multiplier within which a sum just added to is not added to again."""
        psums = self.machine.components.psums
        return 0 if psums.forwarding else psums.latency.value

    # --- Sizes --------------------------------------------------------------------------------------------------

    @property
    def weight_bits(self) -> int:
        """Bits of a word of weights with its runs."""
        spad = self.machine.components.weights
        return spad.word.value * (self.machine.value_bits.weights.value + spad.run.value)

    def tile_bits(self, tile: Tile) -> int:
        """Bits of a tile of weights as it comes: addresses, then words."""
        address = self.machine.components.weights.address.value
        return tile.columns * address + self.weights[tile].words * self.weight_bits

    def fiber_bits(self, entries: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
        """Bits of fibers of so many entries, int64."""
        spad = self.machine.components.inputs
        per_entry = self.machine.value_bits.inputs.value + spad.run.value
        return entries.astype(np.int64) * per_entry + spad.address.value

    def sums_bits(self, tile: Tile) -> int:
        """Bits of the partial sums of a visit."""
        return tile.rows * self.machine.components.psums.width.value

    def output_bytes(self, tile: Tile) -> int:
        """Bytes of the outputs of a visit in the store."""
        return -(-tile.rows * self.machine.value_bits.outputs.value // 8)
