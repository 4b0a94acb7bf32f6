"""Operands of a sum of products whose terms lie one after the other along K: windows of one term, then of the next.

Every term has counts of its own, as if it were a layer; here its windows follow those of the term before, so that a piece of K may
end in one term and begin in another. Inputs are stored in a format of fixed size (codes and scales), so that their bits do not
depend on the data.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from simulator.datapath.code import Code
from simulator.lowering.operands import Operands, Widths
from simulator.mapping import Geometry
from simulator.workload.matrix import GemmView
from simulator.workload.span import Span


class TermOperands(Operands):
    """See :class:`simulator.lowering.operands.Operands`.

    Attributes
    ----------
    terms : list of Operands
    edges : ndarray of int64, shape (terms + 1,)
        First window of every term, and how many there are.
    """

    def __init__(self, view: GemmView, code: Code, geometry: Geometry, widths: Widths) -> None:
        self.view, self.code, self.geometry, self.widths = view, code, geometry, widths
        self._pieces: dict[tuple[str, int], tuple[int, int]] = {}
        self.terms = [self._term(i, term) for i, term in enumerate(code.terms)]
        self.edges = np.cumsum([0, *(term.geometry.windows for term in self.terms)])
        self.format = self.terms[0].format
        self.data_bits = [np.concatenate([term.data_bits[0] for term in self.terms])]
        self.metadata_bits = [np.concatenate([term.metadata_bits[0] for term in self.terms])]

    def _term(self, number: int, code: Code) -> Operands:
        depth = self.view.K // len(self.code.terms)
        assert code.widths is not None
        assert code.inputs is not None
        return Operands(
            Span(self.view, number * depth, (number + 1) * depth),
            code,
            replace(self.geometry, K=depth, window=code.window, terms=()),
            replace(self.widths, weights=code.widths[0], inputs=code.widths[1]),
            [code.inputs[0]],
        )

    @cached_property
    def effectual(self) -> list[NDArray[np.int64]]:
        """Per group: effectual multiplications per pass, shape (row tiles, windows, column tiles)."""
        return [np.concatenate([term.effectual[0] for term in self.terms], axis=1)]

    @cached_property
    def regular(self) -> bool:
        """Columns are alike; windows are not, see :meth:`place`."""
        return True

    def _at(self, window: int) -> tuple[Operands, int]:
        """The term of a window, and the window's number there."""
        term = int(np.searchsorted(self.edges, window, side="right")) - 1
        return self.terms[term], window - int(self.edges[term])

    def alike(self, first: int, windows: int) -> list[tuple[int, int]]:
        """See :meth:`simulator.lowering.operands.Operands.alike`."""

        def key(p: int) -> tuple[int, int, bool, bool]:
            term, window = self._at(first + p)
            covered = term.layout(window)[1]
            return self.terms.index(term), covered, p == 0, p == windows - 1

        found = []
        for _, run in groupby(range(windows), key):
            places = list(run)
            found.append((places[0], len(places)))
        return found

    def layout(self, window: int) -> tuple[Code, int]:
        """See :meth:`simulator.lowering.operands.Operands.layout`."""
        term, own = self._at(window)
        return term.layout(own)

    def through(self, inputs: NDArray[Any]) -> NDArray[Any]:
        """See :meth:`simulator.lowering.operands.Operands.through`."""
        parts = np.split(inputs, len(self.terms))
        return np.concatenate([term.through(part) for term, part in zip(self.terms, parts, strict=True)])

    def place(self, window: NDArray[np.int64]) -> NDArray[np.int64]:
        """See :meth:`simulator.lowering.operands.Operands.place`."""
        return window

    def weight_bits(self, row: int, window: int) -> tuple[int, int]:
        """See :meth:`simulator.lowering.operands.Operands.weight_bits`."""
        term, own = self._at(window)
        return term.weight_bits(row, own)

    # --- sizes, for the mapping ---------------------------------------------------------------------------------------

    def _piece(self, tensor: str, windows: int) -> tuple[int, int]:
        if tensor == "inputs":
            return super()._piece(tensor, windows)
        row, word = self.widths.row, self.widths.word
        each = [
            max(
                (-(-data // row) * (row // 8), -(-metadata // word) * (word // 8))
                for data, metadata in (
                    self.weight_bits(tile, window) for tile in range(self.geometry.row_tiles)
                )
            )
            for window in range(self.geometry.windows)
        ]
        sums = np.add.reduceat(np.array(each), np.arange(0, len(each), windows), axis=0)
        return int(sums[:, 0].max()), int(sums[:, 1].max())

    def total(self, tensor: str, windows: int) -> int:
        """See :class:`simulator.mapping.Sizes`."""
        return sum(term.total(tensor, min(windows, term.geometry.windows)) for term in self.terms)

    def dram_inputs(self, group: int, first: int, windows: int, column: int, columns: int) -> tuple[int, int]:
        """See :meth:`simulator.lowering.operands.Operands.dram_inputs`."""
        size = metadata = 0
        for term, begin, end in zip(self.terms, self.edges[:-1], self.edges[1:], strict=True):
            start, stop = max(first, int(begin)), min(first + windows, int(end))
            if start < stop:
                some = term.dram_inputs(group, start - int(begin), stop - start, column, columns)
                size, metadata = size + some[0], metadata + some[1]
        return size, metadata

    def dram_pieces(self, windows: int) -> NDArray[np.int64]:
        """See :meth:`simulator.lowering.operands.Operands.dram_pieces`."""
        g = self.geometry
        firsts = range(0, g.windows, windows)

        def sizes(column: int) -> list[int]:
            return [self.dram_inputs(0, w, min(windows, g.windows - w), column, 1)[0] for w in firsts]

        full, last = sizes(0), sizes(g.column_tiles - 1)
        return np.array([*full * (g.column_tiles - 1), *last], dtype=np.int64)
