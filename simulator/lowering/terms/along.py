"""Operands of a sum of products whose terms lie one after the other along K.

Every term has counts of its own, as if it were a layer; here the windows of all terms are one sequence, term after term or
interleaved, so that a piece of K may hold windows of several terms. Inputs are stored in a format of fixed size (codes and
scales), so that their bits do not depend on the data.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.datapath.code import Code
from simulator.lowering.fibers import Widths
from simulator.lowering.operands import Operands
from simulator.mapping import Geometry
from simulator.workload.matrix import GemmView
from simulator.workload.span import Span


class TermOperands(Operands):
    """See :class:`simulator.lowering.operands.Operands`.

    Attributes
    ----------
    terms : list of Operands
    order : list of (int, int)
        Term and window of the term, in the order they run.
    """

    def __init__(
        self, view: GemmView, code: Code, geometry: Geometry, widths: Widths, interleaved: bool
    ) -> None:
        self.view, self.code, self.geometry, self.widths = view, code, geometry, widths
        self._pieces: dict[tuple[str, int], tuple[int, int]] = {}
        self.terms = [self._term(i, term) for i, term in enumerate(code.terms)]
        self.order = [(i, w) for i, term in enumerate(self.terms) for w in range(term.geometry.windows)]
        if interleaved:
            self.order.sort(key=lambda at: (self._end(*at), at))
        self.format = self.terms[0].format
        self.data_bits = [self._ordered([term.data_bits[0] for term in self.terms])]
        self.metadata_bits = [self._ordered([term.metadata_bits[0] for term in self.terms])]
        self.sums = self._sums((self.data_bits, self.metadata_bits))

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
        each = [term.effectual[0].transpose(1, 0, 2) for term in self.terms]
        return [np.ascontiguousarray(self._ordered(each).transpose(1, 0, 2))]

    @cached_property
    def regular(self) -> bool:
        """Columns are alike; windows are not, see :meth:`place`."""
        return True

    def _end(self, term: int, window: int) -> int:
        """The coordinate after the last that a window covers."""
        g = self.terms[term].geometry
        return min(g.K, (window + 1) * g.window)

    def _ordered(self, each: list[NDArray[Any]]) -> NDArray[Any]:
        """Arrays of every term, windows along the first axis, as one in the order windows run."""
        first = np.cumsum([0, *(len(one) for one in each)])
        return np.concatenate(each)[[first[term] + window for term, window in self.order]]

    def _at(self, window: int) -> tuple[Operands, int]:
        """The term of a window, and the window's number there."""
        term, own = self.order[window]
        return self.terms[term], own

    def alike(self, first: int, windows: int) -> list[tuple[int, int]]:
        """See :meth:`simulator.lowering.operands.Operands.alike`."""

        def key(p: int) -> tuple[int, int, bool, bool]:
            term, window = self.order[first + p]
            return term, self.terms[term].layout(window)[1], p == 0, p == windows - 1

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

    def dram_inputs(self, group: int, first: int, windows: int, column: int) -> int:
        """See :meth:`simulator.lowering.operands.Operands.dram_inputs`."""
        size = 0
        for i, term in enumerate(self.terms):
            some = [window for of, window in self.order[first : first + windows] if of == i]
            if some:  # neighbours, in whatever order terms run
                size += term.dram_inputs(group, some[0], len(some), column)
        return size

    def dram_pieces(self, windows: int) -> NDArray[np.int64]:
        """See :meth:`simulator.lowering.operands.Operands.dram_pieces`."""
        g = self.geometry
        firsts = range(0, g.windows, windows)

        def sizes(column: int) -> list[int]:
            return [self.dram_inputs(0, w, min(windows, g.windows - w), column) for w in firsts]

        full, last = sizes(0), sizes(g.column_tiles - 1)
        return np.array([*full * (g.column_tiles - 1), *last], dtype=np.int64)
