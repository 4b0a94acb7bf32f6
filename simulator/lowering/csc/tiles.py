"""The tiles of a layer, the visits to them, and what each stage does in a visit.

A layer is visited in the order: group, rows of M, columns of K, positions of N. A tile of weights stays for all N; a visit
is one position n: a fiber of inputs over the tile's columns, and a set of partial sums over its rows.

::

    bits of a tile    words x word x (value + run) + columns x address
    bits of a fiber   entries x (value + run) + address

Programs are told for a batch of visits at a time (:mod:`.batch`), so that memory does not grow with N.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from functools import cached_property
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from simulator.datapath import csc
from simulator.errors import InfeasibleError
from simulator.hardware.organisations.csc import Csc
from simulator.lowering.csc.batch import Batch, Met, Stretch, Tile
from simulator.plan import Chunk
from simulator.workload.matrix import GemmView

STRETCH = 1 << 11
"""Visits to a tile whose fibers are worked out, and told, at a time."""

TOGETHER, SHORT = 1 << 13, 1 << 9
"""Visits told at a time, to one or more tiles, of a layer and of each of the many parts of one."""

KEPT = 1 << 26
"""Bytes of fibers kept for the next tile of rows that meets them, and as many of each thing that is told of them."""


class Sized(Protocol):
    """Something that takes memory."""

    @property
    def nbytes(self) -> int:
        """Bytes of it."""
        ...


S = TypeVar("S", bound=Sized)


class Store(Generic[S]):
    """What is asked for again: the latest of so many bytes."""

    def __init__(self, size: int = KEPT) -> None:
        self._room = size
        self._known: OrderedDict[object, S] = OrderedDict()

    def get(self, what: object, make: Callable[[], S]) -> S:
        """What has a name, made if it is not there."""
        found = self._known.get(what)
        if found is None:
            found = self._known[what] = make()
            self._room -= found.nbytes
            while self._room < 0 and len(self._known) > 1:
                _, oldest = self._known.popitem(last=False)
                self._room += oldest.nbytes
        return found


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
        self._inputs: dict[tuple[int, ...], NDArray[np.int64]] = {}
        self._fibers, self._met = Store[csc.Fibers](), Store[Met]()
        self._products, self._told = Store[csc.Products](), Store[Chunk]()
        self._visits = TOGETHER

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
        _ = self.tiles, self.turns
        part = copy(self)
        part.n0, part.n1 = n0, n1
        part._visits = SHORT
        return part

    def sharing(self, other: Tiles) -> Tiles:
        """These tiles, with the fibers that `other` has worked out, and what is told of them."""
        self._fibers, self._met, self._inputs = other._fibers, other._met, other._inputs
        self._products, self._told = other._products, other._told
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

    def cut(self, tile: Tile, most: int) -> Iterator[Stretch]:
        """The visits to a tile, `most` of a stretch at a time."""
        for whole in self.stretches(tile):
            for n in range(whole.n0, whole.n1, most):
                end = min(whole.n1, n + most)
                begins, ends = whole.begin and n == whole.n0, whole.end and end == whole.n1
                yield Stretch(tile, n, end, begins, ends)

    @cached_property
    def batches(self) -> tuple[Batch, ...]:
        """All visits in order, as they are told: part of those to a tile, or all those to some tiles of a row or to whole rows."""
        across, most, found = len(self.spans), self._visits, list[Batch]()
        together = max(1, most // self.visits)
        step = together - together % across if together >= across else together
        rows = max(step, across)
        for row in range(0, len(self.tiles), rows):
            for first in range(row, min(len(self.tiles), row + rows), step):
                tiles = self.tiles[first : min(first + step, row + rows)]
                if self.visits <= min(most, STRETCH):
                    stretches = tuple(Stretch(tile, self.n0, self.n1, True, True) for tile in tiles)
                    found.append(Batch(stretches, first))
                else:
                    found += [Batch((part,), first) for part in self.cut(tiles[0], most)]
        return tuple(found)

    def met(self, batch: Batch) -> Met:
        """The fibers that a batch meets, and what turns they make."""
        fibers = (self.fibers(stretch) for stretch in batch.stretches)
        return self._met.get(batch.inputs, lambda: Met.of(batch, list(fibers)))

    def products(self, batch: Batch) -> csc.Products:
        """What a batch gives the multiplier."""
        return self._products.get(batch, lambda: self._multiplied(batch))

    def _multiplied(self, batch: Batch) -> csc.Products:
        visited = batch.first + np.arange(len(batch.stretches)), batch.begin[:-1]
        counted = self.machine.components.mac.lanes.value > 1
        return self.turns.products(self.met(batch).fibers, self.window, visited, counted)

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
        spad = self.machine.components.weights
        addressed, held = 1 << spad.address.value, spad.words
        for tile, words in self.weights.items():
            longest = int(np.diff(words.start).max(initial=0)) if words.words >= addressed else 0
            if words.words <= held and longest < addressed:
                continue
            place = f"machine {self.machine.name!r}: weights [{tile.m0}:{tile.m1}, {tile.k0}:{tile.k1}]"
            if words.words > held:
                raise InfeasibleError(
                    f"{place} take {words.words} words of {spad.word.value}, weights.entries holds {held}; lower mapping.tile.M "
                    "or mapping.tile.K"
                )
            raise InfeasibleError(
                f"{place} have a column of {longest} words, addresses of {spad.address.value} b tell fewer than "
                f"{addressed} apart; lower mapping.tile.M"
            )

    def fibers(self, stretch: Stretch) -> csc.Fibers:
        """The stored inputs of a stretch, or of a shorter one."""
        tile = stretch.tile
        begin = stretch.n0 - (stretch.n0 - self.n0) % STRETCH
        end = min(self.n1, begin + STRETCH)
        part = tile.group, tile.k0, tile.k1, begin, end

        def stored() -> csc.Fibers:
            return csc.fibers(self.view.inputs_mask(*part), self.machine.components.inputs.run.value)

        found = self._fibers.get(part, stored)
        whole = (begin, end) == (stretch.n0, stretch.n1)
        return found if whole else found.part(stretch.n0 - begin, stretch.n1 - begin)

    def entries(self, tile: Tile) -> Iterator[NDArray[np.int32]]:
        """Stored inputs per visit to a tile, a stretch at a time."""
        return (self.fibers(stretch).entries for stretch in self.stretches(tile))

    @cached_property
    def work(self) -> tuple[int, int]:
        """(Effectual multiplications, turns of the multiplier) of all visits."""
        met = np.concatenate([self._occupied(tile) for tile in self.tiles])
        columns = self.turns.first[self.turns.group].astype(np.int64), self.turns.group.astype(np.int64)
        values, turns = (int(np.diff(each, append=each[-1:]) @ met) for each in columns)
        return values, turns

    def _occupied(self, tile: Tile) -> NDArray[np.int64]:
        """Non-zero inputs of each column, and none for what the turns have besides."""
        key = tile.group, tile.k0, tile.k1, self.n0, self.n1
        if key not in self._inputs:
            found = np.zeros(tile.columns + 2, dtype=np.int64)
            for stretch in self.stretches(tile):
                named = self.fibers(stretch).coordinate
                found += np.bincount(named[named >= 0], minlength=len(found))
            self._inputs[key] = found
        return self._inputs[key]

    def once(self, what: object, make: Callable[[], Chunk]) -> Chunk:
        """A chunk that comes again for other tiles of rows, told when it is first asked for; `what` is all it depends on."""
        return self._told.get(what, make)

    @cached_property
    def turns(self) -> csc.Turns:
        """The turns that the columns of all tiles take."""
        lanes = self.machine.components.mac.lanes.value
        return csc.turns([self.weights[tile] for tile in self.tiles], lanes)

    @cached_property
    def fetched(self) -> NDArray[np.int32]:
        """Values that each turn reads."""
        return self.turns.fetched.astype(np.int32) * self.machine.components.weights.word.value

    @cached_property
    def words(self) -> NDArray[np.int64]:
        """Words of every tile."""
        return np.array([self.weights[tile].words for tile in self.tiles], dtype=np.int64)

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

    @cached_property
    def widths(self) -> NDArray[np.int64]:
        """Columns of every tile, int64."""
        return np.array([tile.columns for tile in self.tiles], dtype=np.int64)

    @cached_property
    def bits(self) -> NDArray[np.int64]:
        """Bits of every tile of weights as it comes, int64: addresses, then words."""
        return self.widths * self.machine.components.weights.address.value + self.words * self.weight_bits

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
