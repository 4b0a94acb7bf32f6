"""What a series is to the machine: counts per pass, and sizes of pieces that hold all terms of an accumulator tile.

Weights are stored term by term, each as N slots of every M with their places. Inputs that are decomposed on their way lie in
memory as they are: a pass of the first term reads its rows, what it leaves stays in the units for the passes of the others.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulator.datapath.code import Code
from simulator.lowering.fibers import Widths
from simulator.lowering.operands import Operands
from simulator.lowering.terms.view import Kept, Turned
from simulator.mapping import Geometry, Pass
from simulator.sparsity.spans import column_counts
from simulator.workload.matrix import GemmView

Ints = NDArray[np.int64]


class SeriesOperands(Operands):
    """Exact counts of a layer run as a series; see :class:`simulator.lowering.operands.Operands`.

    Attributes
    ----------
    column_counts : list of ndarray of float64, shape (passes, windows, window)
        Per group: non-zeros that a pass multiplies at each coordinate of K.
    picks : list of list of ndarray of uint8, shape (rows of the layer, blocks)
        Per group and term: non-zeros it has of each block.
    """

    def __init__(self, view: Kept, code: Code, geometry: Geometry, widths: Widths) -> None:
        self.kept = view
        self.side = view.asked.side
        self.picks: list[list[NDArray[np.uint8]]] = []
        turned: GemmView = view if self.side == "weights" else Turned(view)
        super().__init__(turned, code, geometry, widths, ["uncompressed"])

    def _weights(self, group: int) -> NDArray[np.float64]:
        g = self.geometry
        counts = np.zeros((len(g.passes), g.windows * g.window), dtype=np.float64)
        self.picks.append([])
        labels = self.kept.labels(group, 0, g.M)
        for term in range(len(self.code.terms)):
            mask = labels == term + 1
            self.picks[-1].append(_per_block(mask, self.code.choices, g.windows * g.window))
            at = [i for i, each in enumerate(g.passes) if each.term == term]
            edges = np.array([*(g.passes[i].start for i in at), g.M], dtype=np.int64)
            counts[at, : g.K] = column_counts(mask, np.arange(len(mask)), edges)
        return counts.reshape(len(g.passes), g.windows, g.window)

    def weight_bits(self, row: int, window: int) -> tuple[int, int]:
        """(Data, metadata) bits that a pass reads of the global buffer, for a window."""
        each = self.geometry.passes[row]
        rows, term = each.stop - each.start, self.code.terms[each.term]
        if self.side == "weights":
            return rows * term.slots * self.widths.weights, rows * term.metadata_bits
        return (rows * self.geometry.window * self.widths.weights if each.reads else 0), 0

    def tile_bytes(self, row: int) -> tuple[int, int, int]:
        """(DRAM bytes without what inputs share, GLB bytes of data, GLB bytes of metadata) of a window of an accumulator tile."""
        found = [self.weight_bits(i, 0) for i in self.loads(row)]
        data = sum(-(-bits // self.widths.row) for bits, _ in found) * (self.widths.row // 8)
        words = sum(-(-bits // self.widths.word) for _, bits in found) * (self.widths.word // 8)
        return sum(-(-(bits + more) // 8) for bits, more in found), data, words

    def loads(self, row: int) -> list[int]:
        """Passes of an accumulator tile."""
        return self._loads_of[row]

    @cached_property
    def _loads_of(self) -> list[list[int]]:
        found: list[list[int]] = [[] for _ in range(self.geometry.row_tiles)]
        for number, each in enumerate(self.geometry.passes):
            found[each.row].append(number)
        return found

    def stationary_pieces(self, windows: int) -> tuple[Ints, Ints, Ints]:
        """(DRAM bytes, GLB data rows, GLB metadata bytes) of all pieces of so many windows, by group, accumulator tile and piece.

        Returns
        -------
        three ndarray of int64, shape (groups, row tiles, pieces)
        """
        g = self.geometry
        firsts = np.arange(0, g.windows, windows)
        count = np.minimum(windows, g.windows - firsts)
        per = np.array([self.tile_bytes(row) for row in range(g.row_tiles)], dtype=np.int64)
        size, data, words = (
            np.broadcast_to(part[:, None] * count, (g.groups, g.row_tiles, len(count))) for part in per.T
        )
        if self.side == "inputs":
            rows = np.append(firsts * g.window, g.K)
            elements = [
                self.kept.recorded.unique_tiles(group, rows, g.edges)[..., 0] for group in range(g.groups)
            ]
            size = -(-np.stack(elements) * self.widths.weights // 8)
        return size, data // (self.widths.row // 8), words

    def _piece(self, tensor: str, windows: int) -> tuple[int, int]:
        if tensor == "weights":
            tiles = [self.tile_bytes(tile) for tile in range(self.geometry.row_tiles)]
            return windows * max(data for _, data, _ in tiles), windows * max(words for _, _, words in tiles)
        bits = int(self.sums[0].max())
        return windows * max(1, -(-bits // self.widths.row)) * (self.widths.row // 8), 0

    def total(self, tensor: str, windows: int) -> int:
        """See :class:`simulator.mapping.Sizes`."""
        if tensor == "inputs":
            return super().total(tensor, windows)
        if (tensor, windows) not in self._totals:
            self._totals[tensor, windows] = int(self.stationary_pieces(windows)[0].sum())
        return self._totals[tensor, windows]

    def blocks(self, each: Pass, group: int) -> NDArray[np.uint8]:
        """Non-zeros a pass takes of each block, shape (rows, windows, blocks of a window)."""
        g = self.geometry
        found = self.picks[group][each.term][each.start : each.stop]
        return found.reshape(each.stop - each.start, g.windows, g.window // self.code.choices)


def _per_block(mask: NDArray[np.bool_], length: int, size: int) -> NDArray[np.uint8]:
    """Non-zeros of each block of rows filled up to `size` coordinates."""
    filled = np.pad(mask, ((0, 0), (0, size - mask.shape[1])))
    found: NDArray[np.uint8] = filled.reshape(len(mask), -1, length).sum(axis=2, dtype=np.uint8)
    return found
