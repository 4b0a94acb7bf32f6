"""Inputs as they are stored: non-zeros per coordinate and column tile, bits per window and column.

What a window takes that lies within a tap of a convolution depends on where in the image it is, not on the tap it is read through.
So it is told once for every position of the image, and the windows of the matrix are the Toeplitz matrix of those. Other matrices
are read tile by tile, never whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.mapping import Geometry
from simulator.sparsity.formats import Bitmask, BlockList, CoordinatePayload, DensityBound, Format, Scaled
from simulator.sparsity.spans import row_counts
from simulator.workload.matrix import GemmView

_BLOCK = 1 << 25

Bits = tuple[NDArray[Any], NDArray[Any]]
"""Bits of data and of metadata, integers, shape (windows, N)."""


@dataclass(frozen=True)
class Widths:
    """Bits per value of each tensor, the GLB's row and metadata word in bits, and whether windows are stored
    ragged.
    """

    weights: int
    inputs: int
    outputs: int
    row: int
    word: int
    ragged: bool


@dataclass(frozen=True)
class Fibers:
    """The inputs of a layer in some formats, None the one of plain values."""

    view: GemmView
    geometry: Geometry
    widths: Widths
    forms: Mapping[str, Format | None]

    def read(self, group: int) -> tuple[NDArray[np.int64], dict[str, Bits]]:
        """Non-zeros per coordinate and column tile, shape (K, column tiles), and the bits in every format."""
        g, images = self.geometry, self.view.images
        if images is not None and self.view.channels % g.window == 0:
            channels = slice(group * self.view.channels, (group + 1) * self.view.channels)
            bits = {name: self._unrolled(form, images[:, channels]) for name, form in self.forms.items()}
            return self.view.row_counts(group, g.columns), bits
        counts, parts = list[NDArray[np.int64]](), list[dict[str, Bits]]()
        per_read = max(1, _BLOCK // max(1, g.windows * g.window * g.columns)) * g.columns
        for n in range(0, g.N, per_read):
            mask = np.ascontiguousarray(self.view.inputs_mask(group, 0, g.K, n, min(g.N, n + per_read)))
            counts.append(row_counts(mask, g.columns))
            parts.append({name: self._bits(form, mask) for name, form in self.forms.items()})
        return _beside(counts), {
            name: (_beside([part[name][0] for part in parts]), _beside([part[name][1] for part in parts]))
            for name in self.forms
        }

    def _unrolled(self, form: Format | None, images: NDArray[np.bool_]) -> Bits:
        """Bits of a convolution whose windows lie within taps; what an empty window takes is what one in the padding does."""
        g, size = self.geometry, images.shape
        if (same := self._same(form, g.K)) is not None:
            return _each(same, g.N)
        empty = self._bits(form, np.zeros((g.window, 1), dtype=np.bool_))
        rows = np.ascontiguousarray(images.transpose(1, 0, 2, 3)).reshape(size[1], -1)
        found = []
        for part, none in zip(self._bits(form, rows), empty, strict=True):
            more = (part - none[0, 0]).reshape(len(part), size[0], *size[2:]).swapaxes(0, 1)
            found.append(self.view.unrolled(more) + none[0, 0])
        return found[0], found[1]

    def _bits(self, form: Format | None, mask: NDArray[np.bool_]) -> Bits:
        """Bits of the windows of every column of `mask`, shape (rows, columns)."""
        g, (rows, columns) = self.geometry, mask.shape
        if (same := self._same(form, rows)) is not None:
            return _each(same, columns)
        assert form is not None
        windows = -(-rows // g.window)
        if isinstance(form, (Bitmask, CoordinatePayload)):
            edges = np.minimum(np.arange(windows + 1) * g.window, rows)
            values, places = form.columns(mask, edges, self.widths.inputs)
            if isinstance(form, Bitmask):  # the last window is filled up
                places = np.full_like(values, g.window)
            return values.astype(np.int32, copy=False), places.astype(np.int32, copy=False)
        padded = np.pad(mask, ((0, windows * g.window - rows), (0, 0)))
        fibers = padded.reshape(windows, g.window, columns).transpose(0, 2, 1).reshape(-1, g.window)
        bits = form.bits(fibers, self.widths.inputs)
        data, metadata = (part.reshape(windows, columns) for part in (bits.data, bits.metadata))
        return data.astype(np.int32), metadata.astype(np.int32)

    def _same(self, form: Format | None, rows: int) -> Bits | None:
        """Bits of the windows of so many rows where they take as many whatever they hold, shape (windows, 1); None otherwise."""
        g = self.geometry
        sizes = np.full((-(-rows // g.window), 1), g.window, dtype=np.int32)
        if self.widths.ragged and rows % g.window:
            sizes[-1] = rows % g.window
        if form is None:
            return sizes * self.widths.inputs, np.zeros_like(sizes)
        if isinstance(form, Scaled):
            return sizes * self.widths.inputs, -(-sizes // form.vector) * form.scale_bits
        if isinstance(form, (BlockList, DensityBound)):
            one = form.bits(np.zeros((1, g.window), dtype=np.bool_), self.widths.inputs)
            return np.full_like(sizes, one.data), np.full_like(sizes, one.metadata)
        return None


def _each(bits: Bits, columns: int) -> Bits:
    """Bits of one column as those of so many."""
    data, metadata = (np.broadcast_to(part, (len(part), columns)) for part in bits)
    return data, metadata


def _beside(parts: list[NDArray[Any]]) -> NDArray[Any]:
    """Columns after columns."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
