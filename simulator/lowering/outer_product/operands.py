"""What the recorded operands are to outer-product units: slabs, their storage, and the service time of every item.

A slab is a unit's tile of one operand over `depth` consecutive k: its non-zeros in order, and a bitmask of two levels, one bit for
the slab and, if it holds anything, one per coordinate:

    bits(slab) = nnz value_bits + 1 + (nnz > 0) rows k

In the GLB the values of a slab fill whole data words, its element bits whole metadata words; the upper bits of a tile are packed
in words of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simulator.datapath.outer_product import Service, Unit, pack, pack_columns, service
from simulator.mapping import Geometry
from simulator.workload.matrix import GemmView

Tensor = Literal["weights", "inputs"]
TENSORS: tuple[Tensor, Tensor] = ("weights", "inputs")
_COLUMNS = 1 << 12
"""Columns of inputs read at once."""


@dataclass(frozen=True)
class Blocks(Geometry):
    """Accumulator tiles of all units together; `cycles` is what the slower unit of each needs, summed up."""

    cycles: int = 0

    @property
    def steps(self) -> int:
        """Cycles of the whole layer, to rank mappings by."""
        return self.cycles


@dataclass(frozen=True)
class Storage:
    """Widths of values and of the GLB's words.

    Attributes
    ----------
    weights, inputs : int
        Bits of a value.
    row, data_word, metadata_word : int
        Bytes.
    """

    weights: int
    inputs: int
    row: int
    data_word: int
    metadata_word: int


@dataclass(frozen=True)
class Piece:
    """A block's tiles of an operand over some slabs: DRAM bytes, GLB bytes of data and of metadata."""

    dram: int
    data: int
    metadata: int


@dataclass(frozen=True)
class Pieces:
    """Many pieces: arrays of int64 of one shape."""

    dram: NDArray[np.int64]
    data: NDArray[np.int64]
    metadata: NDArray[np.int64]

    def at(self, *index: NDArray[np.int64]) -> Pieces:
        """Those at a place."""
        return Pieces(self.dram[index], self.data[index], self.metadata[index])


class Operands:
    """Exact counts of one layer.

    Parameters
    ----------
    view : GemmView
    unit : Unit
    units : (int, int)
        Units along M and along N.
    storage : Storage
    """

    def __init__(self, view: GemmView, unit: Unit, units: tuple[int, int], storage: Storage) -> None:
        self.view, self.unit, self.units, self.storage = view, unit, units, storage
        self._pieces: dict[tuple[Tensor, int, int, int, int], Piece] = {}
        self._largest: dict[tuple[str, int], tuple[int, int]] = {}
        self._all: dict[tuple[Tensor, int], Pieces] = {}
        a = [pack(view.weights_mask(group), unit.tile_rows) for group in range(view.groups)]
        b = [self._inputs(group) for group in range(view.groups)]
        self.occupancy = {
            "weights": [self._occupancy(w) for w in a],
            "inputs": [self._occupancy(w) for w in b],
        }
        self.service: list[Service] = [service(unit, *words) for words in zip(a, b, strict=True)]

    def _inputs(self, group: int) -> NDArray[np.uint64]:
        view, tile = self.view, self.unit.tile_columns
        step = max(1, _COLUMNS // tile) * tile
        parts = [
            pack_columns(view.inputs_mask(group, 0, view.K, n, min(view.N, n + step)), tile)
            for n in range(0, view.N, step)
        ]
        return np.concatenate(parts)

    def _occupancy(self, words: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Non-zeros of every slab, shape (tiles, slabs)."""
        starts = np.arange(0, words.shape[1], self.unit.depth)
        return np.add.reduceat(np.bitwise_count(words), starts, axis=1, dtype=np.int64)

    @cached_property
    def geometry(self) -> Blocks:
        """The layer in accumulator tiles of all units."""
        view, unit, (rows, columns) = self.view, self.unit, self.units
        cycles = 0
        for found in self.service:
            tiles = found.cycles.sum(axis=2, dtype=np.int64)
            down = np.maximum.reduceat(tiles, np.arange(0, tiles.shape[0], rows), axis=0)
            cycles += int(np.maximum.reduceat(down, np.arange(0, tiles.shape[1], columns), axis=1).sum())
        size = rows * unit.tile_rows, columns * unit.tile_columns
        return Blocks(view.groups, view.M, view.N, view.K, *size, unit.depth, 1, cycles=cycles)

    def tiles(self, tensor: Tensor, block: int) -> slice:
        """Tiles of a block of `tensor`."""
        side = self.units[TENSORS.index(tensor)]
        return slice(block * side, min((block + 1) * side, len(self.occupancy[tensor][0])))

    def data_bytes(self, tensor: Tensor) -> list[NDArray[np.int64]]:
        """GLB bytes of the values of every slab, shape (tiles, slabs) per group."""
        return self._data[tensor]

    def metadata_words(self, tensor: Tensor) -> list[NDArray[np.int64]]:
        """GLB metadata words of the element bits of every slab, shape (tiles, slabs) per group."""
        return self._metadata[tensor]

    @cached_property
    def _data(self) -> dict[Tensor, list[NDArray[np.int64]]]:
        word = self.storage.data_word
        widths = {"weights": self.storage.weights, "inputs": self.storage.inputs}
        return {t: [-(-n * widths[t] // (8 * word)) * word for n in self.occupancy[t]] for t in TENSORS}

    @cached_property
    def _metadata(self) -> dict[Tensor, list[NDArray[np.int64]]]:
        word = 8 * self.storage.metadata_word
        return {t: [-(-self._places(t) * (n > 0) // word) for n in self.occupancy[t]] for t in TENSORS}

    def _places(self, tensor: Tensor) -> NDArray[np.int64]:
        """Coordinates of every slab, shape (tiles, slabs)."""
        view, unit = self.view, self.unit
        size, tile = (view.M, unit.tile_rows) if tensor == "weights" else (view.N, unit.tile_columns)
        return np.outer(_parts(size, tile), _parts(view.K, unit.depth))

    def upper_words(self, slabs: int) -> int:
        """Metadata words that hold the upper bits of `slabs` slabs of a tile."""
        return -(-slabs // (8 * self.storage.metadata_word))

    # --- pieces, for the memories and the mapping -------------------------------------------------------------------

    def sized(self, tensor: Tensor, group: int, block: int, first: int, slabs: int) -> Piece:
        """A piece as it is stored."""
        key = (tensor, group, block, first, slabs)
        if key not in self._pieces:
            self._pieces[key] = self._sized(*key)
        return self._pieces[key]

    def _sized(self, tensor: Tensor, group: int, block: int, first: int, slabs: int) -> Piece:
        tiles = self.tiles(tensor, block)
        at = np.s_[tiles, first : first + slabs]
        word = self.storage.metadata_word
        words = int(self.metadata_words(tensor)[group][at].sum()) + (
            tiles.stop - tiles.start
        ) * self.upper_words(slabs)
        occupancy = self.occupancy[tensor][group][at]
        elements = int(((occupancy > 0) * self._places(tensor)[at]).sum()) + occupancy.size
        values = int(occupancy.sum())
        if tensor == "inputs":
            elements, values = self._unique(group, block, first, slabs, elements)
        width = self.storage.weights if tensor == "weights" else self.storage.inputs
        size = -(-values * width // 8) + -(-elements // 8)
        return Piece(size, int(self.data_bytes(tensor)[group][at].sum()), words * word)

    def pieces(self, tensor: Tensor, slabs: int) -> Pieces:
        """All pieces of so many slabs, shape (groups, blocks, pieces of a block)."""
        key = tensor, slabs
        if key not in self._all:
            self._all[key] = self._cut(tensor, slabs)
        return self._all[key]

    def _cut(self, tensor: Tensor, slabs: int) -> Pieces:
        tiles, windows = self.occupancy[tensor][0].shape
        blocks = np.arange(0, tiles, self.units[TENSORS.index(tensor)])
        starts = np.arange(0, windows, slabs)

        def total(table: NDArray[np.int64]) -> NDArray[np.int64]:
            return np.add.reduceat(np.add.reduceat(table, blocks, axis=0), starts, axis=1)

        word, shape = self.storage.metadata_word, (self.view.groups, len(blocks), len(starts))
        upper = total(np.ones((tiles, 1), dtype=np.int64) * (np.arange(windows) % slabs % (8 * word) == 0))
        width = self.storage.weights if tensor == "weights" else self.storage.inputs
        found = Pieces(*(np.zeros(shape, dtype=np.int64) for _ in range(3)))
        places = self._places(tensor)
        for group, held in enumerate(self.occupancy[tensor]):
            bits, values = total((held > 0) * places + 1), total(held)
            if tensor == "inputs" and self._repeats:
                bits, values = self._once(group, slabs, bits)
            found.dram[group] = -(-values * width // 8) + -(-bits // 8)
            found.data[group] = total(self.data_bytes(tensor)[group])
            found.metadata[group] = (total(self.metadata_words(tensor)[group]) + upper) * word
        return found

    @property
    def _repeats(self) -> bool:
        """Whether the matrix of inputs holds an element twice, or padding: only of a convolution of more than single points."""
        einsum = self.view.layer.einsum
        size = dict(einsum.ranks)
        if einsum.operation != "conv2d":
            return False
        return (size["r"], size["s"]) != (1, 1) or any(einsum.parameters["padding"])

    def _once(
        self, group: int, slabs: int, bits: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """As :meth:`_unique`, of all pieces of inputs of a group."""
        found = np.zeros((2, *bits.shape), dtype=np.int64)
        for block, piece in np.ndindex(bits.shape):
            found[:, block, piece] = self._unique(group, block, piece * slabs, slabs, int(bits[block, piece]))
        return found[0], found[1]

    def _unique(self, group: int, block: int, first: int, slabs: int, bits: int) -> tuple[int, int]:
        """Bitmask bits and values of a piece of inputs in DRAM: a convolution's repeated elements are there once."""
        g = self.geometry
        k0, k1 = first * g.window, min(g.K, (first + slabs) * g.window)
        n0, n1 = block * g.columns, min(g.N, (block + 1) * g.columns)
        elements, nonzeros = self.view.unique_inputs(group, k0, k1, n0, n1)
        return -(-bits * elements // ((k1 - k0) * (n1 - n0))), nonzeros

    def piece(self, tensor: str, windows: int) -> tuple[int, int]:
        """See :class:`simulator.mapping.Sizes`."""
        key = tensor, windows
        if key not in self._largest:
            self._largest[key] = self._piece("weights" if tensor == "weights" else "inputs", windows)
        return self._largest[key]

    def _piece(self, name: Tensor, windows: int) -> tuple[int, int]:
        data = max(self._most(name, part, windows) for part in self.data_bytes(name))
        words = max(self._most(name, part, windows) for part in self.metadata_words(name))
        upper = self.units[TENSORS.index(name)] * self.upper_words(windows)
        return data, (words + upper) * self.storage.metadata_word

    def _most(self, tensor: Tensor, sizes: NDArray[np.int64], windows: int) -> int:
        side = self.units[TENSORS.index(tensor)]
        blocks = np.add.reduceat(sizes, np.arange(0, sizes.shape[0], side), axis=0)
        return int(np.add.reduceat(blocks, np.arange(0, sizes.shape[1], windows), axis=1).max())

    def total(self, tensor: str, windows: int) -> int:
        """See :class:`simulator.mapping.Sizes`; a convolution's inputs are judged by their first piece."""
        g = self.geometry
        if tensor == "weights":
            bits = sum(int(n.sum()) * self.storage.weights + n.size for n in self.occupancy["weights"])
            return -(-(bits + g.groups * g.M * g.K) // 8)
        size = self.sized("inputs", 0, 0, 0, min(windows, g.windows)).dram
        columns, coordinates = min(g.N, g.columns), min(g.K, windows * g.window)
        return g.groups * -(-size * g.N * g.K // (columns * coordinates))


def _parts(size: int, part: int) -> NDArray[np.int64]:
    """Lengths of the parts of `size`, the last ragged."""
    starts = np.arange(0, size, part, dtype=np.int64)
    return np.minimum(part, size - starts)
