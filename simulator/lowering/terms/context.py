"""What the programs of a layer share when it runs as a series; see :class:`simulator.lowering.context.Context`.

A visit is a pass over one window. A piece of inputs in the global buffer begins every window in a row of its own, since each is
read once per pass; a piece of weights is what its passes read, window after window.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulator.lowering.context import Context
from simulator.lowering.flows import Flows, flows, spans_of
from simulator.lowering.kinds import kinds
from simulator.lowering.terms.operands import SeriesOperands
from simulator.mapping import Tile

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class SeriesContext(Context):
    """One layer on one machine as a series."""

    operands: SeriesOperands

    @property
    def called(self) -> dict[str, str]:
        """See :class:`Context`."""
        if self.operands.side == "weights":
            return super().called
        return {"weights": "inputs", "inputs": "weights"}

    @property
    def shares(self) -> int:
        """See :class:`Context`."""
        each = self.geometry.passes[0].row
        return sum(p.spaces for p in self.geometry.passes if p.row == each and p.begin)

    @cached_property
    def flows(self) -> Flows:
        """Row traffic of the streams of single windows."""
        return flows(self.operands, 1, spans_of(self.geometry, 1))

    @cached_property
    def stream(self) -> Ints:
        """The stream of every visit, shape (V,)."""
        v, g = self.visits, self.geometry
        found: Ints = (v.group * g.column_tiles + v.column) * g.windows + v.first_window
        return found

    @cached_property
    def loads(self) -> Ints:
        """A number for passes that are alike, shape (V,)."""
        g = self.geometry
        size = np.array([p.stop - p.start for p in g.passes])
        return kinds(np.array([p.term for p in g.passes]), size)[0][self.visits.load]

    def _pieces(self, tensor: str) -> tuple[Ints, ...]:
        v, g, t = self.visits, self.geometry, self.tiling
        count = t.pieces(g)
        if tensor == "weights":
            at = (v.group * g.row_tiles + v.row) * count + v.piece
            return tuple(part.reshape(-1)[at] for part in self.operands.stationary_pieces(t.windows))
        rows = self.flows.data.rows.reshape(-1, g.windows)
        whole = np.add.reduceat(rows, np.arange(0, g.windows, t.windows), axis=1).reshape(-1)
        at = (v.group * g.column_tiles + v.column) * count + v.piece
        sizes = self.operands.dram_pieces(t.windows)[at]
        return sizes, whole[at], np.zeros_like(sizes)

    def begins(self, tile: Tile) -> int:
        """See :class:`Context`."""
        return tile.first_window // self.tiling.windows * self.tiling.windows

    def weights_at(self, tile: Tile) -> int:
        """See :class:`Context`."""
        ops, window = self.operands, tile.first_window - self.begins(tile)
        _, data, words = ops.tile_bytes(tile.row)
        before = window * (data + words)
        for load in ops.loads(tile.row):
            if load == tile.load:
                return before
            bits, more = ops.weight_bits(load, tile.first_window)
            before += -(-bits // ops.widths.row) * (ops.widths.row // 8)
            before += -(-more // ops.widths.word) * (ops.widths.word // 8)
        raise AssertionError("a visit is a pass of its tile")

    def inputs_at(self, tile: Tile) -> int:
        """See :class:`Context`."""
        g, first = self.geometry, self.begins(tile)
        stream = (tile.group * g.column_tiles + tile.column) * g.windows
        rows = self.flows.data.rows[stream + first : stream + tile.first_window]
        return int(rows.sum()) * (self.widths.row // 8)

    def issues(self, tile: Tile, p: int) -> int:
        """See :class:`Context`."""
        return tile.rows * self.code.terms[self.geometry.passes[tile.load].term].slots
