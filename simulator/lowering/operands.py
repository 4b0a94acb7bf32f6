"""What the recorded operands are to the machine: counts per tile, exactly.

    effectual(r, w, c) = sum over k in window w of  nnzA(row tile r, k) * nnzB(k, column tile c)

the multiplications of a pass whose operands are both non-zero. Bits of inputs per (window, column) come from
the format's exact count; weights store their slots per row and window. Masks are read tile by tile, never
whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.datapath.code import Code
from simulator.lowering.fibers import Fibers, Widths
from simulator.lowering.streams import Stream, largest, stream
from simulator.mapping import Geometry
from simulator.sparsity.formats import BlockList, CoordinatePayload, DensityBound, Format, Scaled, resolve
from simulator.sparsity.spans import column_counts, tile_sums
from simulator.workload.matrix import GemmView

_BLOCK = 1 << 25


class Operands:
    """Exact per-tile counts of one layer for one code and geometry.

    Attributes
    ----------
    column_counts : list of ndarray of float64, shape (row tiles, windows, window)
        Per group: non-zero weights of a row tile at each coordinate of K (exact integers in a float, for the
        product below).
    row_counts : list of ndarray of float64, shape (windows, window, column tiles)
        Per group: non-zero inputs of a column tile at each coordinate of K.
    data_bits, metadata_bits : list of ndarray of int32, shape (windows, N)
        Per group: bits of the inputs stored per window and column, in the chosen format.
    sums : ndarray of int64, shape (2, groups, windows, column tiles)
        Both, added up over column tiles.
    format : str
        The inputs' format with the fewest bits over the layer.
    """

    def __init__(
        self, view: GemmView, code: Code, geometry: Geometry, widths: Widths, formats: list[str]
    ) -> None:
        self.view, self.code, self.geometry, self.widths = view, code, geometry, widths
        self._pieces: dict[tuple[str, int], tuple[int, int]] = {}
        self._totals: dict[tuple[str, int], int] = {}
        self._loads: dict[tuple[int, int], tuple[int, int]] = {}
        self.column_counts = [self._weights(group) for group in range(view.groups)]
        forms = {name: None if name == "uncompressed" else self._format(name) for name in formats}
        fibers = Fibers(view, geometry, widths, forms)
        counts, bits = zip(*(fibers.read(group) for group in range(view.groups)), strict=True)
        self.row_counts = [self._padded(each) for each in counts]
        sums = {name: self._sums(zip(*(each[name] for each in bits), strict=True)) for name in formats}
        self.format = min(formats, key=lambda name: int(sums[name].sum()))
        self.sums = sums[self.format]
        self.data_bits, self.metadata_bits = ([each[self.format][part] for each in bits] for part in range(2))

    def _padded(self, counts: NDArray[np.int64]) -> NDArray[np.float64]:
        """Counts per coordinate of K as those of whole windows."""
        g = self.geometry
        padded = np.zeros((g.windows * g.window, g.column_tiles), dtype=np.float64)
        padded[: g.K] = counts
        return padded.reshape(g.windows, g.window, g.column_tiles)

    def _weights(self, group: int) -> NDArray[np.float64]:
        g = self.geometry
        padded = np.zeros((g.row_tiles, g.windows * g.window), dtype=np.float64)
        edges = g.edges
        if self.code.rows is not None:
            mask, order = self.view.weights_mask(group), self.code.rows.order[group]
            padded[:, : g.K] = column_counts(mask, order, edges)
            return padded.reshape(g.row_tiles, g.windows, g.window)
        tile = 0
        while tile < g.row_tiles:  # as many row tiles as can be read at once
            stop = int(np.searchsorted(edges, edges[tile] + max(1, _BLOCK // g.K), "right")) - 1
            stop = min(g.row_tiles, max(tile + 1, stop))
            mask = self.view.weights_mask(group, int(edges[tile]), int(edges[stop]))
            some = edges[tile : stop + 1] - edges[tile]
            padded[tile:stop, : g.K] = column_counts(mask, np.arange(len(mask)), some)
            tile = stop
        return padded.reshape(g.row_tiles, g.windows, g.window)

    def _format(self, name: str) -> Format:
        if self.code.inputs is not None and name == self.code.inputs[0]:
            return self.code.inputs[1]
        if name == "coordinate_payload":
            blocks = max(1, self.code.window // self.code.choices)
            return CoordinatePayload(lengths=(blocks, self.code.choices))
        return resolve(name)

    @property
    def stored_format(self) -> Format:
        """The format the inputs are stored in."""
        return self._format(self.format)

    @cached_property
    def fixed(self) -> bool:
        """Whether windows take as many bits whatever they hold, so that their rows follow from sizes alone."""
        return not self.compressed or isinstance(self.stored_format, (Scaled, BlockList, DensityBound))

    @property
    def sized(self) -> bool:
        """Whether bytes of pieces in DRAM follow from sizes alone too: no zero of theirs is left out."""
        return self.fixed and (not self.compressed or self.code.inputs is not None)

    @property
    def compressed(self) -> bool:
        """Whether the inputs carry metadata."""
        return self.format != "uncompressed"

    @cached_property
    def effectual(self) -> list[NDArray[np.int64]]:
        """Per group: effectual multiplications per pass, shape (row tiles, windows, column tiles)."""
        return [
            np.rint(np.matmul(a.transpose(1, 0, 2), b)).astype(np.int64).transpose(1, 0, 2)
            for a, b in zip(self.column_counts, self.row_counts, strict=True)
        ]

    # --- windows one by one -----------------------------------------------------------------------------------------

    def alike(self, first: int, windows: int) -> list[tuple[int, int]]:
        """Runs of windows that are alike, among so many from `first` on: (the first of the run, counted from `first`; how many).

        The first window and the last are by themselves.
        """
        if windows < 3:
            return [(p, 1) for p in range(windows)]
        return [(0, 1), (1, windows - 2), (windows - 1, 1)]

    def layout(self, window: int) -> tuple[Code, int]:
        """The layout a window runs as, and how many coordinates of K it covers."""
        g = self.geometry
        return self.code, min(g.window, g.K - window * g.window)

    def through(self, inputs: NDArray[Any]) -> NDArray[Any]:
        """Inputs (K, N) through their stored format and back."""
        form = self.stored_format
        return form.decode(form.encode(np.ascontiguousarray(inputs.T))).T

    def place(self, window: NDArray[np.int64]) -> NDArray[np.int64]:
        """A number for every first window of a piece that tells pieces of unlike windows apart."""
        return np.zeros_like(window)

    def weight_bits(self, row: int, window: int) -> tuple[int, int]:
        """(Data, metadata) bits of one pass' weights: a row tile of one window."""
        g = self.geometry
        key = row, min(g.window, g.K - window * g.window)
        if key not in self._loads:
            values, metadata = self.code.held(*g.span(row), key[1])
            self._loads[key] = values * self.widths.weights, metadata
        return self._loads[key]

    def streams(self, group: int, column: int, first: int, windows: int) -> tuple[Stream, Stream | None]:
        """Row traffic of a column tile's data and (when the inputs are compressed) metadata over some windows."""
        g = self.geometry
        at = np.s_[first : first + windows, column * g.columns : min(g.N, (column + 1) * g.columns)]
        data = stream(self._steps(self.data_bits[group][at]), self.widths.row)
        if not self.compressed:
            return data, None
        return data, stream(self._steps(self.metadata_bits[group][at]), self.widths.row)

    @cached_property
    def regular(self) -> bool:
        """Whether all columns of all windows but the last have equally many bits."""
        if self.fixed:
            return True
        found = [*self.data_bits, *(self.metadata_bits if self.compressed else [])]
        if any((bits[0] != bits[0, 0]).any() for bits in found):
            return False
        sets = (self.data_bits, self.metadata_bits)
        alike = all((bits[:-1] == bits[0, 0]).all() and (bits == bits[:, :1]).all() for bits in found)
        return alike and all((each == bits[0]).all() for bits in sets for each in bits[1:])

    def _steps(self, bits: NDArray[np.int32]) -> NDArray[np.int64]:
        abreast = self.geometry.abreast
        steps = np.add.reduceat(bits, np.arange(0, bits.shape[1], abreast), axis=1, dtype=np.int64)
        return steps.ravel()

    # --- Sizes, for the mapping -------------------------------------------------------------------------------------

    def piece(self, tensor: str, windows: int) -> tuple[int, int]:
        """See :class:`simulator.mapping.Sizes`."""
        if (tensor, windows) not in self._pieces:
            self._pieces[tensor, windows] = self._piece(tensor, windows)
        return self._pieces[tensor, windows]

    def _piece(self, tensor: str, windows: int) -> tuple[int, int]:
        row, word = self.widths.row, self.widths.word
        if tensor == "weights":
            data, metadata = self._fullest
            return windows * -(-data // row) * (row // 8), windows * -(-metadata // word) * (word // 8)
        data, metadata = largest(self.sums, windows).tolist()
        filled = max(row // 8, -(-data // row) * (row // 8))  # an empty stream has a row too
        return filled, -(-metadata // word) * (word // 8)

    @cached_property
    def _fullest(self) -> tuple[int, int]:
        """Most values and most bits of metadata that a row tile has of a window."""
        tiles = {self.weight_bits(tile, 0) for tile in range(self.geometry.row_tiles)}
        return max(data for data, _ in tiles), max(metadata for _, metadata in tiles)

    def _sums(self, bits: Iterable[Iterable[NDArray[np.int32]]]) -> NDArray[np.int64]:
        """Sums over column tiles of some quantities, per group by window and column."""
        return np.array([[tile_sums(each, self.geometry.columns) for each in some] for some in bits])

    @cached_property
    def _until(self) -> NDArray[np.int64]:
        """Bits of data, of metadata and, where the view's elements are distinct, non-zeros of all windows before each one, and of
        all, shape (3, groups, windows + 1, column tiles).
        """
        _, groups, windows, tiles = self.sums.shape
        found = np.zeros((3, groups, windows + 1, tiles), dtype=np.int64)
        found[:2, :, 1:] = self.sums
        if self.view.distinct:
            found[2, :, 1:] = [counts.sum(axis=1) for counts in self.row_counts]
        return found.cumsum(axis=2)

    def total(self, tensor: str, windows: int) -> int:
        """See :class:`simulator.mapping.Sizes`; inputs are judged by their first piece, which overlaps others
        as the rest do.
        """
        key = tensor, 0 if tensor == "weights" else windows  # weights are as many bytes however they are cut
        if key not in self._totals:
            self._totals[key] = self._total(tensor, windows)
        return self._totals[key]

    def _total(self, tensor: str, windows: int) -> int:
        g = self.geometry
        if tensor == "weights":
            whole = self.code.held(0, g.M, g.window)
            last = self.code.held(0, g.M, g.K - (g.windows - 1) * g.window)
            values, metadata = ((g.windows - 1) * a + b for a, b in zip(whole, last, strict=True))
            bits = values * self.widths.weights + metadata
            return g.groups * -(-bits // 8)
        size = self.dram_inputs(0, 0, windows, 0)
        columns, coordinates = min(g.N, g.columns), min(g.K, windows * g.window)
        return g.groups * -(-size * g.N * g.K // (columns * coordinates))

    def dram_inputs(self, group: int, first: int, windows: int, column: int) -> int:
        """Data and metadata bytes of a tile of inputs in DRAM: each element of the raw tensor once."""
        g, last = self.geometry, first + windows
        k0, k1 = first * g.window, min(g.K, last * g.window)
        n0, n1 = column * g.columns, min(g.N, (column + 1) * g.columns)
        elements = expanded = (k1 - k0) * (n1 - n0)
        unique = None if self.view.distinct else self.view.unique_inputs(group, k0, k1, n0, n1)
        if unique is not None:
            elements = unique[0]
        if not self.compressed:
            return -(-elements * self.widths.inputs // 8)
        at = self._until[:, group, :, column]
        data, metadata, nonzeros = (at[:, last] - at[:, first]).tolist()
        stored = self._stored(data, nonzeros if unique is None else unique[1], elements, expanded)
        return int(stored + _scaled(metadata, elements, expanded))

    def _stored(self, data: Any, nonzeros: Any, elements: Any, expanded: Any) -> Any:
        """Bytes of data of tiles in DRAM: bits as they are in the GLB, non-zeros and elements of the raw tensor, elements."""
        if self.code.inputs is not None:  # fixed occupancy: zeros that fill up a block are stored too
            return _scaled(data, elements, expanded)
        return -(-nonzeros * self.widths.inputs // 8)

    def dram_pieces(self, windows: int) -> NDArray[np.int64]:
        """Bytes of :meth:`dram_inputs` of all tiles of so many windows, by group, column tile and piece, shape (tiles,)."""
        g = self.geometry
        edges = np.append(np.arange(0, g.windows, windows), g.windows)
        rows, columns = np.minimum(edges * g.window, g.K), np.append(np.arange(0, g.N, g.columns), g.N)
        expanded = np.diff(rows) * np.diff(columns)[:, None]
        elements, unique = np.stack([expanded] * g.groups), None
        if not self.view.distinct:
            pairs = np.stack([self.view.unique_tiles(group, rows, columns) for group in range(g.groups)])
            elements, unique = pairs[..., 0], pairs[..., 1]
        if not self.compressed:
            return (-(-elements * self.widths.inputs // 8)).ravel()
        data, metadata, nonzeros = np.diff(self._until[:, :, edges], axis=2).swapaxes(2, 3)
        found = self._stored(data, nonzeros if unique is None else unique, elements, expanded)
        return np.ravel(found + _scaled(metadata, elements, expanded))


def _scaled(bits: Any, elements: Any, expanded: Any) -> Any:
    """Bytes of so many bits when every element is stored once."""
    once = -(-bits * elements // expanded)
    return -(-once // 8)
