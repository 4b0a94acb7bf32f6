"""Tiles of columns, the rounds of weights that each meets, and what both take in the memories.

::

    for group
      for tile of N               its inputs stay in the global buffer
        for round                 a filling of the multipliers
          for n in the tile       a column streams past

Weights stay in the global buffer for a ``group`` if they fit beside the inputs, and are fetched again, round by round, for each
tile otherwise. With b bits per value, of a piece

    DRAM        ceil(non-zeros b / 8) + ceil(places / 8)              a convolution's repeated inputs are there once
    buffer      values in whole data words, bitmask in whole metadata words, of a piece of weights, of each column of inputs
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from simulator.datapath.packed import Counts, Rounds, Steps, bits, pack, stream
from simulator.errors import InfeasibleError
from simulator.hardware.organisations.packed import Packed
from simulator.lowering.pieces import Piece
from simulator.sparsity.spans import column_counts
from simulator.workload.matrix import GemmView

KEPT = 1 << 28
"""Bytes of steps kept for the programs that share them."""

AT_ONCE = 1 << 20
"""Numbers of a table of rounds worked out at once."""


@dataclass(frozen=True)
class Tile:
    """Columns n0 <= n < n1 of a group; whether it is the group's first, last."""

    group: int
    n0: int
    n1: int
    first: bool
    last: bool

    @property
    def columns(self) -> int:
        """Columns of inputs."""
        return self.n1 - self.n0


@dataclass
class Known:
    """What tiles are known to be, however long their weights stay.

    Attributes
    ----------
    rounds : dict of Tile to Rounds
    pieces : dict of Tile to Piece
        Of inputs.
    seen : (Tile, ndarray of bool)
        The inputs read last.
    """

    rounds: dict[Tile, Rounds] = field(default_factory=dict)
    pieces: dict[Tile, Piece] = field(default_factory=dict)
    seen: tuple[Tile, NDArray[np.bool_]] | None = None


class Tiles:
    """A layer cut into tiles of `columns`, weights kept for a ``group`` or a ``round``."""

    def __init__(
        self,
        machine: Packed,
        view: GemmView,
        columns: int,
        hold: str,
        known: Known | None = None,
    ) -> None:
        self._known = Known() if known is None else known
        self.machine, self.view, self.columns, self.hold = machine, view, columns, hold
        self._steps: OrderedDict[tuple[int, int, int], Steps] = OrderedDict()
        self._last: tuple[Tile, NDArray[np.uint64]] | None = None
        self._loads: dict[int, Counts] = {}

    @cached_property
    def tiles(self) -> tuple[Tile, ...]:
        """All tiles in order."""
        n = self.view.N
        return tuple(
            Tile(g, start, min(n, start + self.columns), start == 0, start + self.columns >= n)
            for g in range(self.view.groups)
            for start in range(0, n, self.columns)
        )

    @cached_property
    def rounds(self) -> dict[Tile, Rounds]:
        """The rounds of every tile."""
        for tile in self.tiles:
            if tile not in self._known.rounds:
                self._known.rounds[tile] = self._packed(tile)
        return {tile: self._known.rounds[tile] for tile in self.tiles}

    def _packed(self, tile: Tile) -> Rounds:
        path, parts = self.machine.datapath, self.machine.components
        mask = self.view.weights_mask(tile.group)
        if path.unmatched == "dropped":
            mask = mask & self._inputs(tile).any(axis=1)
        return pack(mask, parts.array.multipliers, path.rows == "whole")

    def _inputs(self, tile: Tile) -> NDArray[np.bool_]:
        """The inputs' mask of a tile, the last one kept."""
        if (seen := self._known.seen) is None or seen[0] != tile:
            seen = tile, self.view.inputs_mask(tile.group, 0, self.view.K, tile.n0, tile.n1)
            self._known.seen = seen
        return seen[1]

    def visits(self) -> Iterator[tuple[Tile, int]]:
        """Every tile and round, in order."""
        for tile in self.tiles:
            for number in range(len(self.rounds[tile])):
                yield tile, number

    def steps(self, tile: Tile, number: int) -> Steps:
        """What the columns of `tile` ask for in a round."""
        batch, place = divmod(number, self._batch)
        key = (tile.group, tile.n0, batch)
        if key not in self._steps:
            first, rounds = batch * self._batch, self.rounds[tile]
            numbers = range(first, min(len(rounds), first + self._batch))
            array, path = self.machine.components.array, self.machine.datapath
            sizes = array.unit_multipliers.value, self.machine.components.distribution.values.value
            self._steps[key] = stream(rounds, numbers, self._bits(tile), *sizes, path.zeros == "sent")
            if len(self._steps) > max(2, KEPT // (32 * self.columns * self._batch)):
                self._steps.popitem(last=False)
        return self._steps[key][place]

    @property
    def _batch(self) -> int:
        """Rounds worked out at a time."""
        units, k = self.machine.components.array.units.value, self.view.K
        return max(1, AT_ONCE // ((units + 2) * max(k, self.columns)))

    def _bits(self, tile: Tile) -> NDArray[np.uint64]:
        """The inputs' mask of a tile as words, the last one kept."""
        if self._last is None or self._last[0] != tile:
            self._last = tile, bits(self._inputs(tile))
        return self._last[1]

    def loads(self, tile: Tile, number: int) -> Counts:
        """Values that enter the units in each beat of loading a round; one beat at least."""
        parts, part = self.machine.components, self.rounds[tile].part(number)
        unit, values, held = (
            parts.array.unit_multipliers.value,
            parts.distribution.values.value,
            part.stop - part.start,
        )
        if held not in self._loads:
            full, rest = divmod(held, unit)
            beats = np.arange(max(1, -(-(unit if full else rest) // values))) * values
            entered = full * np.clip(unit - beats, 0, values) + np.clip(rest - beats, 0, values)
            self._loads[held] = np.asarray(entered)
        return self._loads[held]

    def masks_read(self, tile: Tile, number: int) -> tuple[int, int]:
        """Metadata words the controller reads of the weights for a round, and of every column for it."""
        rounds, width = self.rounds[tile], 8 * self._units[1]
        start, stop = rounds.starts[number : number + 2].tolist()
        base = start if self.hold == "round" else 0
        k = rounds.size[1]
        span = (start % k, (stop - 1) % k + 1) if start // k == (stop - 1) // k else (0, k)
        return _touched(start - base, stop - base, width), _touched(span[0], span[1], width)

    # --- sizes ------------------------------------------------------------------------------------------------------

    @cached_property
    def _units(self) -> tuple[int, int]:
        glb = self.machine.components.glb
        return glb.word, glb.metadata_word.value

    def values_bytes(self, counts: Counts, bits: int) -> Counts:
        """Bytes of whole data words that so many values take."""
        word = self._units[0]
        return -(-counts * bits // (8 * word)) * word

    def mask_bytes(self, places: Counts | int) -> Counts:
        """Bytes of whole metadata words that so many bits take."""
        word = self._units[1]
        return -(-np.asarray(places, dtype=np.int64) // (8 * word)) * word

    @cached_property
    def weight_pieces(self) -> tuple[Piece, ...]:
        """Pieces of weights in the order they are fetched."""
        bits = self.machine.value_bits.weights.value
        pieces: list[Piece] = []
        for _, edges, before in self._weight_cuts():
            places, stored = np.diff(edges), np.diff(before)
            data, masks = self.values_bytes(stored, bits), self.mask_bytes(places)
            dram = -(-stored * bits // 8) + -(-places // 8)
            pieces += [
                Piece(*sizes) for sizes in zip(*(x.tolist() for x in (dram, data, masks)), strict=True)
            ]
        return tuple(pieces)

    def _weight_cuts(self) -> Iterator[tuple[int, Counts, Counts]]:
        """Group, places where its pieces begin and end, and non-zeros before each, whenever pieces of weights are fetched."""
        for tile in self.tiles:
            if self.hold == "round" or tile.first:
                whole = np.array([0, self.view.M * self.view.K])
                edges = self.rounds[tile].starts if self.hold == "round" else whole
                flat = self.view.weights_mask(tile.group).ravel()
                stored = [np.count_nonzero(flat[i:j]) for i, j in pairwise(edges.tolist())]
                yield tile.group, edges, np.cumsum([0, *stored])

    def weight_starts(self) -> Iterator[tuple[int, int]]:
        """Group of every piece of weights, and DRAM bytes of the group's weights before it."""
        bits = self.machine.value_bits.weights.value
        for group, edges, before in self._weight_cuts():
            for start in (before * bits // 8 + edges // 8)[:-1].tolist():
                yield group, start

    @cached_property
    def input_pieces(self) -> tuple[Piece, ...]:
        """Pieces of inputs, one per tile."""
        for tile in self.tiles:
            if tile not in self._known.pieces:
                self._known.pieces[tile] = self._input_piece(tile)
        return tuple(self._known.pieces[tile] for tile in self.tiles)

    def _input_piece(self, tile: Tile) -> Piece:
        bits, k = self.machine.value_bits.inputs.value, self.view.K
        counts = column_counts(self._inputs(tile), np.arange(k), np.array([0, k]))[0]
        elements, nonzeros = self.view.unique_inputs(tile.group, 0, k, tile.n0, tile.n1)
        dram = -(-nonzeros * bits // 8) + -(-elements // 8)
        masks = tile.columns * int(self.mask_bytes(k))
        return Piece(dram, int(self.values_bytes(counts, bits).sum()), masks)

    def pieces(self, tensor: str) -> tuple[Piece, ...]:
        """Pieces of a tensor in the order they are fetched."""
        return self.weight_pieces if tensor == "weights" else self.input_pieces

    def slots(self, tensor: str) -> int:
        """Pieces of a tensor the global buffer has room for."""
        return min(self.machine.components.glb.tile_buffers.value, len(self.pieces(tensor)))

    @cached_property
    def storage(self) -> tuple[int, int]:
        """Bytes of data and of metadata in the global buffer."""
        data = metadata = 0
        for tensor in ("weights", "inputs"):
            pieces, slots = self.pieces(tensor), self.slots(tensor)
            data += slots * max(piece.data for piece in pieces)
            metadata += slots * max(piece.metadata for piece in pieces)
        return data, metadata

    @property
    def fits(self) -> bool:
        """Whether the global buffer and the accumulators hold it."""
        parts = self.machine.components
        room = parts.glb.data_capacity.value, parts.glb.metadata_capacity.value
        if self.columns > parts.reduction.accumulators.value:
            return False
        return all(need <= have for need, have in zip(self.storage, room, strict=True))

    @property
    def traffic(self) -> int:
        """DRAM bytes read."""
        return sum(piece.dram for tensor in ("weights", "inputs") for piece in self.pieces(tensor))


def _touched(start: int, stop: int, width: int) -> int:
    """Words of `width` bits that the places start <= i < stop, of which there are some, lie in."""
    return (stop - 1) // width - start // width + 1


def choose(machine: Packed, view: GemmView) -> Tiles:
    """The widest tile beside which all weights of a group stay, or the widest of all, whichever fetches less.

    Raises
    ------
    InfeasibleError
        A single column, or the one asked for, does not fit.
    """
    wanted = machine.mapping.tile["N"]
    sizes = [min(view.N, wanted)] if wanted else _widths(view.N)
    known = Known()
    found = [_widest(machine, view, sizes, hold, known) for hold in ("group", "round")]
    fitting = [tiles for tiles in found if tiles.fits]
    if fitting:
        return min(fitting, key=lambda tiles: tiles.traffic)
    (data, metadata), glb = found[-1].storage, machine.components.glb
    raise InfeasibleError(
        f"a tile of {sizes[-1]} columns of inputs over all {view.K} of K, and its rounds of weights, take {data} B of data and "
        f"{metadata} B of metadata, the GLB has {glb.data_capacity.value} B and {glb.metadata_capacity.value} B; partial sums "
        f"take {sizes[-1]} accumulators, reduction.accumulators is {machine.components.reduction.accumulators.value}: raise "
        "those, or lower mapping.tile.N"
    )


def _widest(machine: Packed, view: GemmView, sizes: list[int], hold: str, known: Known) -> Tiles:
    """The first that fits, or else the last."""
    for columns in sizes:
        tiles = Tiles(machine, view, columns, hold, known)
        if tiles.fits:
            break
    return tiles


def _widths(n: int) -> list[int]:
    return [n, *(2**i for i in range((n - 1).bit_length() - 1, -1, -1) if 2**i < n)]
